// CSV files as ODK Central lays them out.
#include "collect/export/csv_zip.h"

#include <set>

#include "collect/export/export_test.h"
#include "collect/export/values.h"
#include "foundation/archive.h"
#include "foundation/csv.h"
#include "foundation/xml.h"

namespace understory::collect {

namespace {

using Files = std::map<std::string, std::string>;

Files files(const Outline& outline, const Box& box, const CsvOptions& options = {}, const Media& media = {}) {
  std::string bytes;
  const auto written = write_csv_zip(outline, box.walk(), options, media, into(bytes));
  EXPECT_TRUE(written) << written.error().sentence();
  const auto archive = Archive::open(bytes, "out.zip");
  EXPECT_TRUE(archive) << archive.error().sentence();
  Files out;
  if (archive)
    for (const std::string& name : archive->names()) out[name] = archive->read(name).value_or("cannot be read");
  return out;
}

}  // namespace

TEST(Values, NumbersKeepEveryDigit) {
  EXPECT_EQ(json_number("+07.50"), "7.50");
  EXPECT_EQ(json_number(".5"), "0.5");
  EXPECT_EQ(json_number("-0"), "-0");
  EXPECT_EQ(json_number("12345678901234567890.123"), "12345678901234567890.123");
  EXPECT_EQ(json_number("1E+5"), "1e+5");
  for (const char* bad : {"", "-", ".", "1,5", "0x10", "NaN", "INF", "1e", "1e9999", "12 34", "១២"})
    EXPECT_EQ(json_number(bad), "") << bad;
  EXPECT_EQ(json_integer("0012"), "12");
  EXPECT_EQ(json_integer("12.0"), "12");
  EXPECT_EQ(json_integer("9223372036854775807"), "9223372036854775807");
  for (const char* bad : {"12.5", "9223372036854775808", "abc", "1e2"}) EXPECT_EQ(json_integer(bad), "") << bad;
}

TEST(Values, PlacesAreGeoJson) {
  EXPECT_EQ(geometry(AnswerType::kGeopoint, "11.55 104.91 12 4.5"),
            R"({"type":"Point","coordinates":[104.91,11.55,12],"properties":{"accuracy":4.5}})");
  EXPECT_EQ(geometry(AnswerType::kGeopoint, "11.55 104.91"), R"({"type":"Point","coordinates":[104.91,11.55]})");
  EXPECT_EQ(geometry(AnswerType::kGeotrace, "51 1 0 0; 52 2 0 0"),
            R"({"type":"LineString","coordinates":[[1,51,0],[2,52,0]]})");
  EXPECT_EQ(geometry(AnswerType::kGeoshape, "53 3; 54 4; 55 5"),
            R"({"type":"Polygon","coordinates":[[[3,53],[4,54],[5,55],[3,53]]]})");
  for (const char* bad : {"", "11", "north east", "91 0 0 0", "0 181", "1 2 3 4 5", "1 2 x"})
    EXPECT_EQ(geometry(AnswerType::kGeopoint, bad), "") << bad;
  EXPECT_EQ(geometry(AnswerType::kGeotrace, "51 1"), "");
  EXPECT_EQ(geometry(AnswerType::kGeotrace, "51 1; x"), "");
  EXPECT_EQ(geometry(AnswerType::kGeoshape, "51 1; 52 2"), "");
}

TEST(Values, WhatIsNoneOfItsTypeIsNullInJsonAndStaysInCsv) {
  const auto json = [](AnswerType type, const char* text) {
    JsonWriter writer;
    write_json(writer, type, text);
    return writer.text();
  };
  const auto csv = [](AnswerType type, const char* text) {
    std::string line;
    append_csv(line, type, text);
    return line;
  };
  EXPECT_EQ(json(AnswerType::kInteger, "many"), "null");
  EXPECT_EQ(csv(AnswerType::kInteger, "many"), "many");
  EXPECT_EQ(json(AnswerType::kGeopoint, "by the river"), "null");
  EXPECT_EQ(csv(AnswerType::kGeopoint, "by the river"), "by the river,,,");
  EXPECT_EQ(csv(AnswerType::kGeopoint, "11.5 -104.9"), "11.5,-104.9,,");
  EXPECT_EQ(csv(AnswerType::kGeopoint, nullptr), ",,,");
  EXPECT_EQ(json(AnswerType::kDate, "2026-02-30"), "null");
  EXPECT_EQ(json(AnswerType::kDate, "2026-02"), "null");
  EXPECT_EQ(json(AnswerType::kDate, "2026-02-28"), "\"2026-02-28\"");
  EXPECT_EQ(json(AnswerType::kDateTime, "2026-02-28T10:11:12.500+07:00"), "\"2026-02-28T10:11:12.500+07:00\"");
  EXPECT_EQ(json(AnswerType::kDateTime, "2026-02-28T10:11:12"), "\"2026-02-28T10:11:12Z\"");
  EXPECT_EQ(json(AnswerType::kDateTime, "yesterday"), "null");
  EXPECT_EQ(json(AnswerType::kBoolean, "1"), "true");
  EXPECT_EQ(json(AnswerType::kBoolean, "yes"), "null");
  EXPECT_EQ(json(AnswerType::kText, ""), "null");
  EXPECT_EQ(json(AnswerType::kText, nullptr), "null");
  EXPECT_EQ(csv(AnswerType::kText, "=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
  EXPECT_EQ(csv(AnswerType::kText, "ការ\u200Bងារ"), "ការ\u200Bងារ");
}

class CsvZip : public CentralForms {};

TEST_F(CsvZip, OneTable) {
  Box box;
  Kept& one = box.add("one", instance("simple.one"));
  one.submitter = "Sokha";
  one.submission.device_id = "collect:1";
  one.submission.state = ReviewState::kHasIssues;
  one.submission.edits = 2;
  one.submission.form_version = "v7";
  one.submission.attachments_present = 1;
  one.submission.attachments_expected = 3;
  EXPECT_EQ(files(form("simple"), box),
            (Files{{"simple.csv",
                    "SubmissionDate,meta-instanceID,name,age,KEY,SubmitterID,SubmitterName,AttachmentsPresent,"
                    "AttachmentsExpected,Status,ReviewState,DeviceID,Edits,FormVersion\n"
                    "2026-11-18T11:06:41.000Z,one,Alice,30,one,,Sokha,1,3,,hasIssues,collect:1,2,v7\n"}}));
}

TEST_F(CsvZip, RepeatsAreFilesOfTheirOwn) {
  Box box;
  for (const char* name : {"one", "two", "three"})
    box.add(std::string("r") + name, instance(std::string("withrepeat.") + name));
  const Files out = files(form("withrepeat"), box);
  EXPECT_EQ(out.size(), 2u);
  EXPECT_EQ(out.at("withrepeat-child.csv"),
            "name,age,PARENT_KEY,KEY\n"
            "Billy,4,rtwo,rtwo/children/child[1]\n"
            "Blaine,6,rtwo,rtwo/children/child[2]\n"
            "Candace,2,rthree,rthree/children/child[1]\n");

  Box nested;
  nested.add("double", instance("doubleRepeat.double"));
  const Files deep = files(form("doubleRepeat"), nested);
  EXPECT_EQ(deep.at("doubleRepeat-child.csv"),
            "name,PARENT_KEY,KEY\n"
            "Alice,double,double/children/child[1]\n"
            "Bob,double,double/children/child[2]\n"
            "Chelsea,double,double/children/child[3]\n");
  EXPECT_EQ(deep.at("doubleRepeat-toy.csv").substr(0, 140),
            "name,PARENT_KEY,KEY\n"
            "Twilight Sparkle,double/children/child[2],double/children/child[2]/toys/toy[1]\n"
            "Pinkie Pie,double/children/child[2],doubl");

  Box grouped;
  grouped.add("uuid:g", instance("groupRepeat.one"));
  EXPECT_EQ(files(form("groupRepeat"), grouped).at("groupRepeat-child_repeat.csv"),
            "name,address-city,address-country,PARENT_KEY,KEY\n"
            "John,Toronto,Canada,uuid:g,uuid:g/child_repeat[1]\n"
            "Jane,New York,US,uuid:g,uuid:g/child_repeat[2]\n");
}

TEST_F(CsvZip, EveryAnswerOfEveryCentralSubmissionComesOutAsItWasTold) {
  int checked = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "instances")) {
    const std::string file = entry.path().filename().string(), name = file.substr(0, file.find('.'));
    if (name == "encrypted") continue;  // its answers are not in it
    const std::string xml = *read_file(entry.path());
    Box box;
    box.add("uuid:kept", xml);
    const Outline outline = form(name);
    const auto record = Record::read(xml, outline.form, outline.tables);
    ASSERT_TRUE(record) << record.error().sentence();
    // What the tables hold, whatever the table.
    std::multiset<std::string, std::less<>> out;
    for (const auto& [table, content] : files(outline, box)) {
      const auto read = read_csv(content, table);
      ASSERT_TRUE(read) << read.error().sentence();
      for (const auto& row : read->rows) out.insert(row.begin(), row.end());
    }
    const auto take = [&](std::string_view text) {
      const auto found = out.find(text);
      if (found == out.end()) return false;
      out.erase(found);
      return true;
    };
    const std::function<void(const pugi::xml_node&, const std::string&)> check = [&](const pugi::xml_node& element,
                                                                                     const std::string& path) {
      const std::string text = element.child_value();
      const auto& unknown = record->unknown();  // answers to what the form does not ask
      if (std::find(unknown.begin(), unknown.end(), path) != unknown.end()) return;
      for (const pugi::xml_node& child : element.children())
        if (child.type() == pugi::node_element) check(child, path + "/" + std::string(local_name(child.name())));
      if (text.find_first_not_of(" \r\n\t") == std::string::npos) return;
      ++checked;
      bool whole = take(text);
      if (!whole && read_point(text)) {  // in four columns
        whole = true;
        for (std::string_view part : chosen(text)) whole &= take(part);
      }
      EXPECT_TRUE(whole) << file << ": " << path << " = " << text;
    };
    const auto document = XmlDocument::parse(xml, file);
    ASSERT_TRUE(document);
    check(document->root(), "/" + std::string(local_name(document->root().name())));
  }
  EXPECT_GT(checked, 150);
}

TEST_F(CsvZip, ABlankOneIsARowWithoutAnswers) {
  Box box;
  box.add("uuid:blank", "<data id='simple'><meta><instanceID/></meta><name/><age/></data>");
  box.add("uuid:bare", "<data id='simple'/>");
  const auto table = read_csv(files(form("simple"), box).at("simple.csv"), "x");
  ASSERT_EQ(table->rows.size(), 2u);
  for (const auto& row : table->rows)
    EXPECT_EQ((std::vector<std::string>(row.begin() + 1, row.begin() + 4)), (std::vector<std::string>{"", "", ""}));
}

// A column that only an older version had, and which version each row was told in.
TEST(CsvVersions, AreOneTable) {
  const auto form = [](const std::string& version, const std::string& fields) {
    return *read_form(
        "<h:html xmlns='http://www.w3.org/2002/xforms' xmlns:h='http://www.w3.org/1999/xhtml'><h:head>"
        "<model><instance><data id='f' version='" +
            version + "'>" + fields +
            "<meta><instanceID/></meta></data></instance></model></h:head>"
            "<h:body/></h:html>",
        "form.xml");
  };
  const FormRead newer = form("2", "<kept/><added/>"), older = form("1", "<gone/><kept/>");
  Box box;
  box.add("a", "<data id='f' version='1'><gone>x</gone><kept>y</kept></data>").submission.form_version = "1";
  box.add("b", "<data id='f' version='2'><kept>z</kept><added>=w</added></data>").submission.form_version = "2";
  const std::string all = files(outline_of({&newer.form, &older.form}), box).at("f.csv");
  const auto table = read_csv(all, "f.csv");
  ASSERT_TRUE(table);
  const auto cell = [&](int row, const std::string& column) {
    const auto at = std::find(table->header.begin(), table->header.end(), column) - table->header.begin();
    return table->rows[static_cast<std::size_t>(row)].at(static_cast<std::size_t>(at));
  };
  EXPECT_EQ(cell(0, "gone") + cell(0, "kept") + cell(0, "added") + cell(0, "FormVersion"), "xy1");
  EXPECT_EQ(cell(1, "gone") + cell(1, "kept") + cell(1, "added") + cell(1, "FormVersion"), "z'=w2");
  const std::string newest = files(outline_of({&newer.form, &older.form}, false), box).at("f.csv");
  EXPECT_EQ(newest.substr(0, newest.find('\n')).find("gone"), std::string::npos);
}

TEST_F(CsvZip, GroupPathsAndManyAnswers) {
  Box box;
  for (const char* name : {"one", "two", "three"}) box.add(name, instance(std::string("selectMultiple.") + name));
  CsvOptions options;
  options.split_select_multiples = true;
  const std::string out = files(form("selectMultiple"), box, options).at("selectMultiple.csv");
  EXPECT_EQ(out.substr(0, out.find(",KEY")),
            "SubmissionDate,meta-instanceID,q1,q1/a,q1/b,q1/c,g1-q2,g1-q2/m,g1-q2/x,g1-q2/y,g1-q2/z");
  EXPECT_NE(out.find(",one,a b,1,1,0,x y z,0,1,1,1,one,"), std::string::npos) << out;
  EXPECT_NE(out.find(",two,b,0,1,0,m x,1,1,0,0,two,"), std::string::npos) << out;
  EXPECT_NE(out.find(",three,\" b c\",0,1,1,,,,,,three,"), std::string::npos) << out;

  options = {};
  options.group_paths = false;
  options.byte_order_mark = true;
  const std::string plain = files(form("selectMultiple"), box, options).at("selectMultiple.csv");
  EXPECT_EQ(plain.substr(0, plain.find(",KEY")), "\xEF\xBB\xBFSubmissionDate,instanceID,q1,q2");
}

TEST_F(CsvZip, AnUnreadableOneSpoilsNothing) {
  Box box;
  box.add("rone", instance("withrepeat.one"));
  Kept& closed = box.add("uuid:closed", "");
  closed.unreadable = true;
  box.add("broken", "<data id='withrepeat'><name>");
  box.add("rtwo", instance("withrepeat.two"));
  const Files out = files(form("withrepeat"), box);
  const auto table = read_csv(out.at("withrepeat.csv"), "x");
  ASSERT_TRUE(table) << table.error().sentence();
  ASSERT_EQ(table->rows.size(), 4u);
  const std::vector<std::string> cells{
      "2026-11-18T11:06:42.000Z", "", "", "", "uuid:closed", "", "", "0", "0", "not decrypted", "", "", "0", ""};
  EXPECT_EQ(table->rows[1], cells);
  EXPECT_EQ(table->rows[2][9], "not readable");
  EXPECT_EQ(table->rows[3][2], "Bob");
  EXPECT_EQ(read_csv(out.at("withrepeat-child.csv"), "x")->rows.size(), 2u);
}

TEST_F(CsvZip, AnEncryptedOneIsNotTakenForBlank) {
  Box box;
  box.add("uuid:sealed", instance("encrypted.one"));
  const auto table = read_csv(files(form("encrypted"), box).at("encrypted.csv"), "x");
  ASSERT_TRUE(table);
  EXPECT_NE(std::find(table->rows.at(0).begin(), table->rows[0].end(), "not decrypted"), table->rows[0].end());
}

TEST_F(CsvZip, AttachmentsLieInMedia) {
  Box box;
  box.add("one", instance("simple.one"));
  const Media media = [](const std::function<Result<void>(const MediaFile&)>& reader) -> Result<void> {
    const auto file = [&](std::string name, std::string instance, std::string content) {
      return reader({std::move(name), std::move(instance), [content](const Sink& sink) { return sink(content); }});
    };
    TRY(file("រូប.jpg", "one", "picture"));
    TRY(file("../x.txt", "one", ""));
    TRY(reader({"half.jpg", "one", [](const Sink& sink) -> Result<void> {
                  TRY(sink("ha"));
                  return fail(problems::kDamaged, {{"what", "an attachment"}, {"reason", "it is cut short"}});
                }}));
    return file("រូប.jpg", "uuid:two", std::string(300'000, 'x'));
  };
  const Files out = files(form("simple"), box, {}, media);
  EXPECT_EQ(out.size(), 6u);
  EXPECT_EQ(out.at("media/half.jpg"), "ha");
  EXPECT_EQ(out.at("media/not-whole.txt"), "media/half.jpg\n");
  EXPECT_EQ(out.at("media/រូប.jpg"), "picture");
  EXPECT_EQ(out.at("media/_.._x.txt"), "");
  EXPECT_EQ(out.at("media/uuid_two/រូប.jpg"), std::string(300'000, 'x'));
}

TEST_F(CsvZip, NoFileIsLeftOutHoweverManyAreCalledAlike) {
  Box box;
  box.add("one", instance("simple.one"));
  const Media media = [](const std::function<Result<void>(const MediaFile&)>& reader) -> Result<void> {
    const auto file = [&](std::string name, std::string instance, std::string content) {
      return reader({std::move(name), std::move(instance), [content](const Sink& sink) { return sink(content); }});
    };
    TRY(file("a.jpg", "one", "1"));
    TRY(file("a.jpg", "two", "2"));
    TRY(file("a.jpg", "two", "3"));
    TRY(file("a.jpg", "two", "4"));
    TRY(file("a/b", "one", "5"));
    TRY(file("a_b", "one", "6"));
    return file("a:b", "one", "7");
  };
  const Files out = files(form("simple"), box, {}, media);
  EXPECT_EQ(out.at("media/a.jpg"), "1");
  EXPECT_EQ(out.at("media/two/a.jpg"), "2");
  EXPECT_EQ(out.at("media/two/a (2).jpg"), "3");
  EXPECT_EQ(out.at("media/two/a (3).jpg"), "4");
  std::multiset<std::string> contents;
  for (const auto& [name, content] : out)
    if (name.rfind("media/", 0) == 0) contents.insert(content);
  EXPECT_EQ(contents, (std::multiset<std::string>{"1", "2", "3", "4", "5", "6", "7"}));
}

TEST_F(CsvZip, TheFirstBytesGoOutBeforeTheFirstSubmissionIsReadAndAFullDiskIsToldOn) {
  std::string bytes;
  std::size_t before = 0;
  const Walk walk = [&](const std::function<bool(const Opened&)>&) { before = bytes.size(); };
  ASSERT_TRUE(write_csv_zip(form("simple"), walk, {}, {}, into(bytes)));
  EXPECT_GT(before, 0u);

  Box box;
  for (int i = 0; i < 3000; ++i) box.add("uuid:" + std::to_string(i * 7919), instance("withrepeat.two"));
  int calls = 0;
  const auto failed = write_csv_zip(form("withrepeat"), box.walk(), {}, {}, [&](std::string_view) -> Result<void> {
    if (++calls > 2) return fail(problems::kStopped);
    return {};
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), "stopped");
  EXPECT_LE(calls, 3);
  EXPECT_THROW((void)write_csv_zip(form("simple"), box.walk(), {}, {},
                                   [](std::string_view) -> Result<void> { throw std::runtime_error("gone"); }),
               std::runtime_error);
}

}  // namespace understory::collect
