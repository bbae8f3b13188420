#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "foundation/catalogue.h"
#include "foundation/clock.h"
#include "foundation/csv.h"
#include "foundation/file.h"
#include "foundation/id.h"
#include "foundation/json_writer.h"
#include "foundation/log.h"
#include "foundation/resource.h"
#include "foundation/result.h"
#include "foundation/text.h"
#include "foundation/xml.h"

namespace understory {

namespace foundation {
std::span<const Resource> resources();
}

namespace {

Result<int> half(int number) {
  if (number % 2)
    return fail(problems::kInvalidValue,
                {{"where", "half"}, {"value", std::to_string(number)}, {"what", "even number"}, {"hint", ""}});
  return number / 2;
}
Result<int> quarter(int number) { return TRY(half(TRY(half(number)))); }

}  // namespace

TEST(Result, TryHandsAProblemUp) {
  EXPECT_EQ(*quarter(8), 2);
  ASSERT_FALSE(quarter(6));
  EXPECT_EQ(quarter(6).error().code(), "invalid_value");
  EXPECT_EQ(quarter(6).error().details().at("value"), "3");
}

TEST(Problem, SentencesHaveTheirDetailsInPlace) {
  EXPECT_EQ(Problem(problems::kNotFound, {{"what", "study"}, {"name", "A"}}).sentence(),
            "There is no study called “A” here.");
  EXPECT_EQ(problems::kNotFound.status, 404);
}

TEST(Id, TextFormReadsBackAndSortsByTime) {
  Id last;
  for (int i = 0; i < 1000; ++i) {
    const Id id = Id::make();
    EXPECT_LT(last.value, id.value);
    EXPECT_EQ(Id::parse(id.text()), id);
    EXPECT_EQ(id.text().size(), 13u);
    last = id;
  }
  EXPECT_FALSE(Id::parse(""));
  EXPECT_FALSE(Id::parse("../../etc"));
  EXPECT_FALSE(Id::parse("zzzzzzzzzzzzz"));
}

TEST(Guid, AnyCommonFormIsRead) {
  EXPECT_EQ(normal_guid("{0D62985D-B147-5D01-A9B5-CAE5DCD98342}"), "0d62985d-b147-5d01-a9b5-cae5dcd98342");
  EXPECT_FALSE(normal_guid("0d62985d"));
  EXPECT_NE(make_guid(), make_guid());
}

TEST(Clock, TimesOfXmlAreRead) {
  EXPECT_EQ(parse_time("1970-01-01T00:00:01Z"), 1000);
  EXPECT_EQ(parse_time("2026-11-24T08:16:34+07:00"), *parse_time("2026-11-24T01:16:34Z"));
  EXPECT_EQ(iso_time(*parse_time("2026-11-24T08:16:34.5Z")), "2026-11-24T08:16:34Z");
  EXPECT_FALSE(parse_time("yesterday"));
  EXPECT_TRUE(is_date("2024-02-29"));
  EXPECT_FALSE(is_date("2025-02-29"));
}

TEST(Text, Utf16AndByteOrderMarksAreDecoded) {
  const auto plain = decode_text("\xEF\xBB\xBFខ្មែរ", "a.txt");
  EXPECT_EQ(plain->text, "ខ្មែរ");
  EXPECT_TRUE(plain->byte_order_mark);
  const auto wide = decode_text(std::string("\xFF\xFE\x3D\xD8\x00\xDE\x41\x00", 8), "a.txt");
  EXPECT_EQ(wide->text, "😀A");
  const auto wrong = decode_text("ab\ncd\xE9 ef", "latin.txt");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().details().at("line"), "2");
  EXPECT_EQ(first_invalid_utf8("\xC0\x80"), 0u);
  EXPECT_EQ(first_invalid_utf8("a\xED\xA0\x80"), 1u);
}

TEST(Text, CharactersOfKhmerAndFamilyEmojiAreWhole) {
  const std::string text = "ខ្ញុំ👨‍👩‍👧!";
  const Graphemes graphemes(text);
  const std::int64_t person = static_cast<std::int64_t>(std::string("ខ្ញុំ").size());
  EXPECT_TRUE(graphemes.is_boundary(person));
  EXPECT_EQ(graphemes.after(person + 1), static_cast<std::int64_t>(text.size()) - 1);
  EXPECT_EQ(graphemes.before(3), 0);
}

TEST(Text, BoundariesAreTheNearestOnesFromEveryByte) {
  const std::string text = "ខ្ញុំទៅ😀👨‍👩‍👧 e\u0301tude\r\n\tไปตลาด <b>";
  const Graphemes graphemes(text);
  std::vector<std::int64_t> boundaries;
  for (std::int64_t at = 0; at <= static_cast<std::int64_t>(text.size()); ++at)
    if (graphemes.is_boundary(at)) boundaries.push_back(at);
  const OffsetMap map(text);
  for (std::int64_t at = 0; at <= static_cast<std::int64_t>(text.size()); ++at) {
    EXPECT_EQ(graphemes.before(at), *std::prev(std::upper_bound(boundaries.begin(), boundaries.end(), at))) << at;
    EXPECT_EQ(graphemes.after(at), *std::lower_bound(boundaries.begin(), boundaries.end(), at)) << at;
    EXPECT_TRUE(map.code_point_of_byte(graphemes.before(at))) << at;
  }
}

TEST(Text, OffsetsAreCountedThreeWays) {
  std::string text = "a😀ខé";
  for (int i = 0; i < 400; ++i) text += "ក😀";
  const OffsetMap map(text);
  EXPECT_EQ(map.byte_of_code_point(2), 5);
  EXPECT_EQ(map.byte_of_utf16(3), 5);
  EXPECT_FALSE(map.byte_of_utf16(2));
  EXPECT_EQ(map.code_point_length(), 804);
  EXPECT_EQ(map.utf16_length(), 804 + 401);
  for (std::int64_t at = 0; at <= map.code_point_length(); at += 7)
    EXPECT_EQ(map.code_point_of_byte(*map.byte_of_code_point(at)), at);
  EXPECT_FALSE(map.byte_of_code_point(805));
}

TEST(Text, KhmerAndThaiHaveWordsAndBreaks) {
  EXPECT_GT(words("ខ្ញុំទៅផ្សារទិញត្រី", "km").size(), 3u);
  EXPECT_GT(words("ฉันไปตลาดซื้อปลา", "th").size(), 3u);
  EXPECT_NE(with_break_opportunities("ខ្ញុំទៅផ្សារ").find("\xE2\x80\x8B"), std::string::npos);
  EXPECT_EQ(with_break_opportunities("I go to market"), "I go to market");
  EXPECT_EQ(fold("ខ្ញុំ\xE2\x80\x8Bទៅ  ABC"), fold("ខ្ញុំទៅ abc"));
}

TEST(Text, SentencesEndAtEveryScriptsOwnMark) {
  EXPECT_EQ(sentences("ខ្ញុំទៅ។ គាត់មក៕ Fine. यह है।").size(), 4u);
  EXPECT_EQ(paragraphs("one\r\n\r\n  \ntwo").size(), 2u);
}

TEST(Text, MarkupIsEscaped) {
  EXPECT_EQ(escape_markup("<a href=\"x\">&'\x01"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;\xEF\xBF\xBD");
}

TEST(Text, IsShortenedBetweenCharacters) {
  EXPECT_EQ(shortened("village", 4), "vill");
  EXPECT_EQ(shortened("ភូមិ", 4), "ភ");  // three bytes a character
  EXPECT_EQ(shortened("ភ", 2), "");
  EXPECT_EQ(shortened("ភ", 3), "ភ");
}

TEST(Text, ColumnsOfATerminal) {
  EXPECT_EQ(display_columns("abc"), 3);
  EXPECT_EQ(display_columns("é\u0301"), 1);
  EXPECT_EQ(display_columns("漢字"), 4);
}

TEST(Csv, IsReadStrictly) {
  const auto table = read_csv(
      "\xEF\xBB\xBF"
      "a;b\n\"x;\"\"y\"\"\n2\";3\n\n",
      "t.csv");
  ASSERT_TRUE(table) << table.error().sentence();
  EXPECT_EQ(table->rows, (std::vector<std::vector<std::string>>{{"x;\"y\"\n2", "3"}}));
  EXPECT_FALSE(read_csv("a,b\n1\n", "t.csv"));
  EXPECT_FALSE(read_csv("a,a\n1,2\n", "t.csv"));
  EXPECT_FALSE(read_csv("a,b\n\"1,2\n", "t.csv"));
  EXPECT_EQ(read_csv("a,b\n1,2,3\n", "t.csv").error().details().at("row"), "2");
  EXPECT_EQ(csv_safe_field("=1+1"), "'=1+1");
  EXPECT_EQ(csv_safe_field("-3.5"), "-3.5");
}

TEST(JsonWriter, NumbersReadAsPeopleWriteThem) {
  JsonWriter out;
  out.object()
      .member("a", 0.25)
      .member("b", std::int64_t{3})
      .member("c", "q\"\n\x01")
      .key("d")
      .array()
      .value(true)
      .null()
      .end_array()
      .end_object();
  EXPECT_EQ(out.text(), "{\"a\":0.25,\"b\":3,\"c\":\"q\\\"\\n\\u0001\",\"d\":[true,null]}");
  EXPECT_EQ(JsonWriter().value(-0.0).text(), "0");
  EXPECT_EQ(JsonWriter().value(1.0 / 0.0).text(), "null");
}

TEST(File, IsWrittenWholeOrNotAtAll) {
  TemporaryFolder folder;
  const auto path = folder.path() / "a.txt";
  ASSERT_TRUE(write_file(path, "one"));
  ASSERT_TRUE(write_file(path, "two"));
  EXPECT_EQ(*read_file(path), "two");
  EXPECT_FALSE(write_file(folder.path() / "no" / "such" / "folder.txt", "x"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);  // no leftovers
  EXPECT_FALSE(read_file(folder.path() / "absent"));
}

TEST(Log, AnEventIsOneLine) {
  EXPECT_EQ(log::one_line("ចុះ failed:\n2026-11-24 info all is well\x1b[2K"),
            "ចុះ failed:\\n2026-11-24 info all is well\\x1b[2K");
}

TEST(Program, RunsWithInputAndSaysWhenItIsMissing) {
  EXPECT_EQ(
      run_program({.program = "cat", .input = std::string(300000, 'x'), .what = "", .package = ""})->output.size(),
      300000u);
  EXPECT_EQ(run_program({.program = "false", .what = "", .package = ""})->status, 1);
  const auto missing = run_program({.program = "no-such-program-here", .what = "reports", .package = "none"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), "program_missing");
}

TEST(Text, PatternsMatchTheWholeTextAndEnd) {
  EXPECT_EQ(matches_whole("[a-z]+", "abc"), true);
  EXPECT_EQ(matches_whole("[a-z]+", "abc1"), false);
  EXPECT_EQ(matches_whole("\\p{Nd}{3}", "១២៣"), true);
  EXPECT_EQ(matches_whole("(", "a"), std::nullopt);
  EXPECT_EQ(matches_whole("(a+)+b", std::string(60, 'a') + "!"), std::nullopt) << "it would take for ever";
  EXPECT_EQ(matches_whole(std::string(20'000, 'a'), "a"), std::nullopt);
}

TEST(Xml, TextInPiecesAndAttributesWithPrefixes) {
  const auto document = XmlDocument::parse("<a>\n<b p:k='1' k='2' xmlns:k='n'>x<![CDATA[<y>]]><c/>z</b></a>", "a.xml");
  ASSERT_TRUE(document);
  const pugi::xml_node b = child_named(document->root(), "b");
  EXPECT_EQ(text_of(b), "x<y>z");
  EXPECT_STREQ(attribute_named(b, "k"), "2");
  EXPECT_EQ(attribute_named(b, "none"), nullptr);
  EXPECT_EQ(document->line_of(b), 2);
  EXPECT_EQ(document->offset_of(b), 5u);
}

TEST(Program, IsHeldToItsMemoryFilesAndErrors) {
  // dd needs a buffer as large as its block.
  ProgramCall call{
      .program = "dd", .arguments = {"if=/dev/zero", "of=/dev/null", "bs=200M", "count=1"}, .what = "", .package = ""};
  EXPECT_EQ(run_program(call)->status, 0);
  call.memory_limit = std::size_t{100} << 20;
  EXPECT_NE(run_program(call)->status, 0);
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "much").string();
  const auto written = run_program({.program = "dd",
                                    .arguments = {"if=/dev/zero", "of=" + file, "bs=64k", "count=64"},
                                    .what = "",
                                    .package = "",
                                    .file_limit = 100000});
  EXPECT_NE(written->status, 0);
  EXPECT_LE(std::filesystem::file_size(file), 100000u);
  const auto complaints = run_program({.program = "sh",
                                       .arguments = {"-c", "head -c 9000 /dev/zero | tr '\\0' e >&2"},
                                       .what = "",
                                       .package = "",
                                       .errors_limit = 8000});
  EXPECT_EQ(complaints->errors.size(), 8000u);
}

TEST(Catalogue, EveryLanguageSaysEverythingEnglishSays) {
  const auto keys = [](const std::string& language) {
    std::set<std::string> found;
    for (const Resource& resource : foundation::resources())
      if (resource.name == "languages/" + language + ".json") {
        // "key": at any depth; nested names joined
        std::vector<std::string> path;
        std::string text(resource.content);
        std::size_t at = 0;
        std::string pending;
        while (at < text.size()) {
          if (text[at] == '"') {
            std::string word;
            for (++at; text[at] != '"'; ++at) word += text[at] == '\\' ? text[++at] : text[at];
            ++at;
            while (text[at] == ' ') ++at;
            if (text[at] == ':')
              pending = word;
            else
              // English problems stand beside their codes (problems.h), phrases where they are said.
              if (path.empty() || (path.front() != "problem" && path.front() != "phrase"))
                found.insert(join(path, ".") + "." + pending);
          } else if (text[at] == '{') {
            if (at > 0) path.push_back(pending);
            ++at;
          } else if (text[at] == '}') {
            if (!path.empty()) path.pop_back();
            ++at;
          } else {
            ++at;
          }
        }
      }
    return found;
  };
  const auto english = keys("en");
  EXPECT_GT(english.size(), 200u);
  for (const std::string& language : Catalogue::languages()) EXPECT_EQ(keys(language), english) << language;
}

TEST(Catalogue, SaysTheWholeOfAProblemInItsReadersLanguage) {
  const Problem problem(problems::kInvalidValue,
                        {{"where", "n"}, {"value", "many"}, {"what", "whole number"}, {"hint", "Write it in digits."}});
  for (const std::string& language : Catalogue::languages()) {
    const Catalogue& words = Catalogue::of(language);
    const std::string said = words.sentence(problem);
    EXPECT_THAT(said, testing::HasSubstr("many"));
    EXPECT_THAT(said, testing::HasSubstr(words.phrase("whole number")));
    EXPECT_THAT(said, testing::HasSubstr(words.phrase("Write it in digits.")));
    if (language != "en") EXPECT_THAT(said, testing::Not(testing::HasSubstr("digits"))) << language;
  }
  // What somebody typed stays as it was typed, even if it is one of our words.
  EXPECT_THAT(Catalogue::of("km").sentence(Problem(problems::kInvalidValue, {{"value", "whole number"}})),
              testing::HasSubstr("“whole number”"));
  EXPECT_EQ(Catalogue::of("km").phrase("Nobody has said this yet."), "Nobody has said this yet.");
}

TEST(Catalogue, SaysSentencesWithNumbersAndFallsBackToEnglish) {
  const Catalogue& english = Catalogue::of("en");
  EXPECT_EQ(english.say({"page.sources_found", {{"n", std::int64_t{1}}, {"translations", std::int64_t{0}}}}), "1 text");
  EXPECT_EQ(english.say({"page.sources_found", {{"n", std::int64_t{2}}, {"translations", std::int64_t{1}}}}),
            "2 texts, one of them a translation");
  EXPECT_EQ(english.say("no.such.key"), "⟦no.such.key⟧");
  EXPECT_EQ(english.percent(0.674), "67%");
  EXPECT_EQ(Catalogue::of("xx").language(), "en");
  EXPECT_TRUE(english.checked());
  EXPECT_FALSE(Catalogue::of("km").checked());         // until a native speaker has read it
  EXPECT_EQ(Catalogue::of("km").percent(0.5), "50%");  // digits and decimal point alike in every language
  EXPECT_EQ(Catalogue::of("km").number(0.771, 2), "0.77");
  EXPECT_EQ(english.number(-0.001, 2), "0.00");
}

}  // namespace understory
