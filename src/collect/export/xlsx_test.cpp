// Workbooks and maps.
#include "collect/export/xlsx.h"

#include "collect/export/export_test.h"
#include "collect/export/geojson.h"
#include "foundation/archive.h"

namespace understory::collect {

namespace {

constexpr const char* kForm = R"(<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml">
<h:head><h:title>Places</h:title><model><instance><data id="places: a/b"><n/><d/><g><where/></g><other/><way/>
<turn><where/></turn><meta><instanceID/></meta></data></instance>
<bind nodeset="/data/n" type="int"/><bind nodeset="/data/d" type="decimal"/>
<bind nodeset="/data/g/where" type="geopoint"/><bind nodeset="/data/other" type="geopoint"/>
<bind nodeset="/data/way" type="geotrace"/><bind nodeset="/data/turn/where" type="geopoint"/>
</model></h:head><h:body><input ref="/data/n"><label>n</label></input>
<group ref="/data/turn"><repeat nodeset="/data/turn"><input ref="/data/turn/where"><label>w</label></input></repeat>
</group></h:body></h:html>)";

std::string geojson(const Outline& outline, const Box& box, std::string_view field = "") {
  std::string out;
  const auto written = write_geojson(outline, box.walk(), field, into(out));
  return written ? out : written.error().sentence();
}

}  // namespace

// While it is written, all of it lies in memory without a name.
TEST(Xlsx, LiesInNoFile) {
  const Outline outline = outline_of_xml(kForm);
  Box box;
  for (int i = 0; i < 2000; ++i)
    box.add("uuid:" + std::to_string(i), "<data id='places: a/b'><n>12</n><d>" + std::to_string(i) + "</d></data>");
  // What this process has open: other tests have files of their own in these folders.
  const auto open_files = [] {
    std::multiset<std::string> open;
    for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      open.insert(std::filesystem::read_symlink(each.path(), gone).string());
    }
    return open;
  };
  const auto before = open_files();
  int nameless = 0, others = 0;
  std::string bytes;
  const Walk walk = [&](const std::function<bool(const Opened&)>& reader) {
    box.walk()(reader);
    for (const std::string& at : open_files()) {
      nameless += at.starts_with("/memfd:a workbook");
      others += !before.contains(at) && (at.starts_with("/tmp/") || at.starts_with("/dev/shm"));
    }
  };
  ASSERT_TRUE(write_xlsx(outline, walk, into(bytes)));
  EXPECT_GE(nameless, 3) << "two sheets and the workbook";
  EXPECT_EQ(others, 0);
  EXPECT_TRUE(Archive::open(bytes, "out.xlsx"));
  EXPECT_GT(bytes.size(), 10'000u);
}

TEST(Xlsx, NumbersAreNumbersAndNothingIsAFormula) {
  const Outline outline = outline_of_xml(kForm);
  Box box;
  box.add("uuid:1",
          "<data id='places: a/b'><n>12</n><d>=1+1</d><g><where>11.5 104.9 3</where></g>"
          "<turn><where>by the river</where></turn></data>");
  box.add("uuid:2", "<data id='places: a/b'><n>1234567890123456789</n><d>007.50</d></data>");
  box.add("uuid:3", "").unreadable = true;
  std::string bytes;
  ASSERT_TRUE(write_xlsx(outline, box.walk(), into(bytes)));
  const auto archive = Archive::open(bytes, "out.xlsx");
  ASSERT_TRUE(archive) << archive.error().sentence();
  const std::string first = *archive->read("xl/worksheets/sheet1.xml"),
                    second = *archive->read("xl/worksheets/sheet2.xml");
  EXPECT_NE(first.find("<c r=\"B2\"><v>12</v></c>"), std::string::npos) << first;
  EXPECT_NE(first.find("<c r=\"C2\" t=\"inlineStr\"><is><t>=1+1</t></is></c>"), std::string::npos);
  EXPECT_NE(first.find("<c r=\"D2\"><v>11.5</v></c><c r=\"E2\"><v>104.9"), std::string::npos);
  EXPECT_NE(first.find("<c r=\"B3\" t=\"inlineStr\"><is><t>1234567890123456789</t></is></c>"), std::string::npos);
  EXPECT_NE(first.find("<c r=\"C3\"><v>7.5</v></c>"), std::string::npos);
  EXPECT_NE(first.find("not decrypted"), std::string::npos);
  EXPECT_EQ(first.find("<f>"), std::string::npos);
  EXPECT_NE(second.find("by the river"), std::string::npos);
  EXPECT_NE(second.find("uuid:1/turn[1]"), std::string::npos);
  EXPECT_EQ(sheet_names(outline), (std::vector<std::string>{"places_ a_b", "turn"}));
}

TEST(Xlsx, SheetNamesFitAndDiffer) {
  Outline outline;
  outline.form.id = "ការពិភាក្សាជាក្រុមស្តីពីការជួញដូរមនុស្សនិងការធ្វើចំណាកស្រុក";
  outline.form.nodes.resize(4);
  outline.form.nodes[1].name = "a_repeat_with_a_name_that_is_too_long_one";
  outline.form.nodes[2].name = "A_repeat_with_a_name_that_is_too_long_two";
  outline.form.nodes[3].name = "History";
  for (int i = 0; i < 4; ++i) outline.tables.push_back({i, i - 1, "", {}, {}});
  const std::vector<std::string> names = sheet_names(outline);
  EXPECT_EQ(names[1], "a_repeat_with_a_name_that_is_to");
  EXPECT_EQ(names[2], "A_repeat_with_a_name_that_is_~2");
  EXPECT_EQ(names[3], "History_");
}

TEST(GeoJson, TheFirstPlaceOfEachSubmission) {
  const Outline outline = outline_of_xml(kForm);
  Box box;
  box.add("uuid:1", "<data id='p'><n>3</n><g><where>11.5 104.9</where></g><other>1 2</other></data>");
  box.add("uuid:2", "<data id='p'><g><where>nowhere</where></g><other>1 2</other><way>1 2; 3 4</way></data>");
  box.add("uuid:3", "<data id='p'><n>3</n></data>");
  box.add("uuid:4", "").unreadable = true;
  EXPECT_EQ(geojson(outline, box),
            R"({"type":"FeatureCollection","features":[
{"type":"Feature","id":"uuid:1","geometry":{"type":"Point","coordinates":[104.9,11.5]},"properties":{"fieldpath":"/g/where","submissionDate":"2026-11-18T11:06:41.000Z","n":3}},
{"type":"Feature","id":"uuid:2","geometry":{"type":"Point","coordinates":[2,1]},"properties":{"fieldpath":"/other","submissionDate":"2026-11-18T11:06:42.000Z"}}
]}
)");
  EXPECT_EQ(geojson(outline, box, "way"),
            R"({"type":"FeatureCollection","features":[
{"type":"Feature","id":"uuid:2","geometry":{"type":"LineString","coordinates":[[2,1],[4,3]]},"properties":{"fieldpath":"/way","submissionDate":"2026-11-18T11:06:42.000Z"}}
]}
)");
  EXPECT_EQ(geojson(outline, box, "n"),
            "field: “n” is not a valid place outside repeats. There are: g/where, other, way.");
}

}  // namespace understory::collect
