// REFI-QDA: each program's way of counting is found out, and every segment read exactly.
#include "study/exchange/offsets.h"

#include <gtest/gtest.h>

#include "foundation/archive.h"
#include "study/exchange/formats.h"

namespace understory::study {

namespace {

std::string words_of(const Material& material, const MaterialCoding& coding) {
  return material.sources[coding.source].text.substr(coding.span.bytes.start, coding.span.bytes.length());
}

// A project as some program writes it: one source, each of `quotes` selected, counted by `reading`.
struct Convention {
  std::string name, origin;
  Reading reading;
  bool byte_order_mark = false, crlf = false, utf16_file = false, names = true;
};

std::string utf16(const std::string& text) {
  std::string out = "\xFF\xFE";
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const int length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    std::uint32_t code = length == 1 ? byte : byte & (0xFF >> (length + 1));
    for (int i = 1; i < length; ++i) code = code << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3F);
    at += length;
    const auto put = [&](std::uint32_t unit) {
      out += static_cast<char>(unit & 0xFF), out += static_cast<char>(unit >> 8);
    };
    if (code < 0x10000)
      put(code);
    else
      put(0xD800 + ((code - 0x10000) >> 10)), put(0xDC00 + ((code - 0x10000) & 0x3FF));
  }
  return out;
}

// The formatter cannot tell how wide these are.
// clang-format off
constexpr const char* kLines[] = {
    "I: 😀😀 សួស្តី! How was the road?",
    "SR-01: គេជំពាក់ម៉ៃក្រូហិរញ្ញវត្ថុ ហើយទៅឆ្ងាយ។ 👨‍👩‍👧 They left, all of them.",
    "I: เขาไปไหน 🚚 and who took them?",
    "SR-01: A woman of the next village; everybody knows her. Café later."};
// clang-format on
constexpr const char* kQuotes[] = {"គេជំពាក់ម៉ៃក្រូហិរញ្ញវត្ថុ", "They left, all of them.", "who took them?",
                                   "A woman of the next village", "everybody knows her"};

std::string text_with(bool crlf) {
  std::string text;
  for (const char* line : kLines) text += std::string(line) + (crlf ? "\r\n" : "\n");
  return text;
}

// The number a program would write for a byte of the text.
std::int64_t position(const std::string& text, std::size_t byte, const Convention& convention) {
  const OffsetMap map(text);
  std::int64_t at = convention.reading.unit == Unit::kUtf8    ? static_cast<std::int64_t>(byte)
                    : convention.reading.unit == Unit::kUtf16 ? *map.utf16_of_byte(byte)
                                                              : *map.code_point_of_byte(byte);
  if (!convention.reading.newline_counts_two)
    for (std::size_t cr = text.find("\r\n"); cr < byte; cr = text.find("\r\n", cr + 1)) --at;
  if (convention.reading.counts_byte_order_mark) at += convention.reading.unit == Unit::kUtf8 ? 3 : 1;
  return at;
}

std::string project_of(const Convention& convention, bool with_origin) {
  const std::string text = text_with(convention.crlf);
  std::string selections;
  int number = 0;
  for (const std::string quote : kQuotes) {
    const std::size_t start = text.find(quote), end = start + quote.size();
    selections += fmt::format(
        "<PlainTextSelection guid=\"00000000-0000-4000-8000-00000000001{0}\" {1} startPosition=\"{2}\" "
        "endPosition=\"{3}\"><Coding guid=\"00000000-0000-4000-8000-00000000002{0}\" "
        "creatingUser=\"00000000-0000-4000-8000-000000000001\"><CodeRef "
        "targetGUID=\"00000000-0000-4000-8000-000000000002\"/></Coding></PlainTextSelection>",
        number++, convention.names ? "name=\"" + quote + "\"" : "", position(text, start, convention),
        position(text, end, convention) - (convention.reading.end_inclusive ? 1 : 0));
  }
  const std::string project = fmt::format(
      "<?xml version=\"1.0\" encoding=\"utf-8\"?><Project xmlns=\"urn:QDA-XML:project:1.0\" name=\"p\" {}><Users><User "
      "guid=\"00000000-0000-4000-8000-000000000001\" name=\"A\"/></Users>"
      "<CodeBook><Codes><Code guid=\"00000000-0000-4000-8000-000000000002\" name=\"Debt\" "
      "isCodable=\"true\"/></Codes></CodeBook><Sources><TextSource guid=\"00000000-0000-4000-8000-000000000003\" "
      "name=\"one\" plainTextPath=\"internal://one%20text.txt\">{}</TextSource></Sources></Project>",
      with_origin ? "origin=\"" + convention.origin + "\"" : "", selections);
  std::string file = convention.utf16_file ? utf16(text) : (convention.byte_order_mark ? "\xEF\xBB\xBF" : "") + text;
  return *write_archive({{"Project.qde", project}, {"Sources/one text.txt", file}});
}

const Convention kConventions[] = {
    {"spec", "Some Tool 1.5", {Unit::kCodePoint, false, true, true}},
    {"NVivoMac", "NVivo for Mac 15.0.0", {Unit::kUtf16, false, true, false}},
    {"NVivoWindows", "NVivo 14", {Unit::kUtf16, false, true, false}, true, true},
    {"NVivoWindowsUtf16", "NVivo 12", {Unit::kUtf16, false, true, false}, true, true, true},
    {"qc", "qc 1.3.2", {Unit::kCodePoint, false, true, false}},
    {"QualCoder", "QualCoder 3.5", {Unit::kCodePoint, false, false, false}, true, false},
    {"QualCoderForMaxqda", "QualCoder 3.5", {Unit::kCodePoint, false, false, false}, true, true},
    {"ATLASti", "ATLAS.ti 24", {Unit::kCodePoint, false, false, false}, false, true},
    {"TaguetteBytes", "Taguette 1.5.2", {Unit::kUtf8, false, true, false}},
    {"markCounted", "Old Tool", {Unit::kCodePoint, true, true, false}, true, false},
};

}  // namespace

class Conventions : public ::testing::TestWithParam<Convention> {};
INSTANTIATE_TEST_SUITE_P(Programs, Conventions, ::testing::ValuesIn(kConventions),
                         [](const auto& info) { return info.param.name; });

TEST_P(Conventions, EverySegmentIsReadExactly) {
  for (bool with_origin : {true, false}) {
    const auto material = read_qdpx(project_of(GetParam(), with_origin), "p.qdpx");
    ASSERT_TRUE(material) << material.error().sentence();
    ASSERT_EQ(material->codings.size(), std::size(kQuotes));
    for (std::size_t i = 0; i < std::size(kQuotes); ++i)
      EXPECT_EQ(words_of(*material, material->codings[i]), kQuotes[i])
          << (with_origin ? "with" : "without") << " origin";
    EXPECT_TRUE(material->report.complete());
    EXPECT_GT(material->report.readings.at(0).score, 0.9);
  }
}

TEST_P(Conventions, WithoutNamesTheOriginDecidesWhatBordersCannot) {
  Convention convention = GetParam();
  if (convention.origin == "Some Tool 1.5" || convention.origin == "Old Tool")
    GTEST_SKIP() << "no origin anybody knows and no words: borders alone";
  convention.names = false;
  const auto material = read_qdpx(project_of(convention, true), "p.qdpx");
  ASSERT_TRUE(material);
  for (std::size_t i = 0; i < std::size(kQuotes); ++i) EXPECT_EQ(words_of(*material, material->codings[i]), kQuotes[i]);
}

}  // namespace understory::study
