#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "collect/form.h"
#include "collect/record.h"
#include "foundation/file.h"
#include "testing/workspace.h"

namespace understory::collect {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A form of the given model and body around an instance.
std::string form_with(const std::string& instance, const std::string& model = "", const std::string& body = "") {
  return "<h:html xmlns=\"http://www.w3.org/2002/xforms\" xmlns:h=\"http://www.w3.org/1999/xhtml\"\n"
         " xmlns:jr=\"http://openrosa.org/javarosa\" xmlns:orx=\"http://openrosa.org/xforms\"\n"
         " xmlns:entities=\"http://www.opendatakit.org/xforms/entities\">\n"
         "<h:head><h:title>Title</h:title><model>\n<instance>" +
         instance + "</instance>\n" + model + "</model></h:head>\n<h:body>" + body + "</h:body></h:html>";
}

FormRead read(const std::string& xml) {
  auto form = read_form(xml, "form.xml");
  EXPECT_TRUE(form) << form.error().sentence();
  return form ? *form : FormRead{};
}

std::string refused(const std::string& xml) {
  const auto form = read_form(xml, "form.xml");
  return form ? "accepted" : form.error().sentence();
}

const Node& node(const Form& form, const std::string& path) {
  for (const Node& each : form.nodes)
    if (each.path == path) return each;
  ADD_FAILURE() << "no node " << path;
  return form.nodes.front();
}

TEST(FormReader, ReadsWhatAFormIsAndWhatItAsks) {
  const Form form =
      read(form_with(
               "<data id=\"f\" version=\"3\"><age>7</age><sex/><g><note/></g><p jr:template=\"\"><name/></p><photo/>"
               "<orx:meta><orx:instanceID/></orx:meta></data>",
               "<bind nodeset=\"/data/age\" type=\"xsd:int\" required=\"true()\" constraint=\". &lt; 120\" "
               "jr:constraintMsg=\"Too "
               "old\"/><bind nodeset=\"/data/sex\" type=\"string\"/><bind nodeset=\"/data/orx:meta/orx:instanceID\" "
               "jr:preload=\"uid\"/>",
               "<input ref=\"/data/age\"><label>Age of <output value=\"/data/p[1]/name\"/>: "
               "$</label><hint>years</hint></input>"
               "<select1 ref=\"/data/sex\" "
               "appearance=\"minimal\"><label>Sex</label><item><label>F</label><value>f</value></item>"
               "</select1><group ref=\"/data/g\"><label>G</label><input ref=\"note\"><label>N</label></input></group>"
               "<group><label>People</label><repeat nodeset=\"/data/p\" jr:count=\"/data/age\"><input "
               "ref=\"/data/p/name\"/>"
               "</repeat></group><upload ref=\"/data/photo\" mediatype=\"image/*\"/>"))
          .form;
  EXPECT_EQ(form.id, "f");
  EXPECT_EQ(form.version, "3");
  EXPECT_EQ(form.title, "Title");
  EXPECT_TRUE(form.has_instance_id);
  const Node& age = node(form, "/data/age");
  EXPECT_EQ(age.type, AnswerType::kInteger);
  EXPECT_EQ(age.value, "7");
  EXPECT_EQ(age.constraint, ". < 120");
  EXPECT_EQ(age.required, "true()");
  EXPECT_EQ(age.constraint_message.each.at(0).text, "Too old");
  EXPECT_EQ(age.label.each.at(0).text, "Age of ${/data/p[1]/name}: $$");
  EXPECT_EQ(age.hint.each.at(0).text, "years");
  EXPECT_EQ(age.asked, 0);
  const Node& sex = node(form, "/data/sex");
  EXPECT_EQ(sex.type, AnswerType::kSelectOne);
  EXPECT_EQ(sex.appearance, "minimal");
  EXPECT_EQ(sex.choices.at(0).value, "f");
  EXPECT_EQ(node(form, "/data/g").shape, Node::Shape::kGroup);
  EXPECT_EQ(node(form, "/data/g/note").control, Control::kInput) << "a relative reference stands in its group's";
  const Node& people = node(form, "/data/p");
  EXPECT_EQ(people.shape, Node::Shape::kRepeat);
  EXPECT_EQ(people.repeat_count, "/data/age");
  EXPECT_EQ(people.label.each.at(0).text, "People");
  EXPECT_EQ(node(form, "/data/photo").type, AnswerType::kFile);
  EXPECT_EQ(node(form, "/data/photo").media_type, "image/*");
  EXPECT_TRUE(node(form, "/data/meta/instanceID").meta);
  EXPECT_EQ(node(form, "/data/meta/instanceID").preload, "uid");
}

TEST(FormReader, TakesTheDefaultLanguageFirstAndEveryLanguageOfAText) {
  const Form form = read(form_with("<data id=\"f\"><a/></data>",
                                   "<itext><translation lang=\"en\"><text id=\"a\"><value>Village</value><value "
                                   "form=\"image\">jr://images/v.png</value></text></translation><translation "
                                   "lang=\"km\" default=\"true()\"><text "
                                   "id=\"a\"><value>ភូមិ</value></text></translation></itext>",
                                   "<input ref=\"/data/a\"><label ref=\"jr:itext('a')\"/></input>"))
                        .form;
  EXPECT_THAT(form.languages, ElementsAre("km", "en"));
  const Node& a = node(form, "/data/a");
  ASSERT_EQ(a.label.each.size(), 2u);
  EXPECT_EQ(a.label.each[0].text, "ភូមិ");
  EXPECT_EQ(a.label.each[1].image, "v.png");
  ASSERT_EQ(form.files.size(), 1u);
  EXPECT_EQ(form.files[0].kind, "image");
}

TEST(FormReader, KnowsInstancesFilesActionsAndEntities) {
  const Form form =
      read(form_with(
               "<data id=\"f\" orx:version=\"9\"><c/><n/><meta><entity dataset=\"people\" id=\"\" "
               "create=\"1\"><label/></entity>"
               "</meta></data>",
               "<instance id=\"c\" src=\"jr://file-csv/c.csv\"/><instance "
               "id=\"in\"><root><item><name>x</name></item></root>"
               "</instance><instance id=\"last\" src=\"jr://instance/last-saved\"/>"
               "<bind nodeset=\"/data/n\" calculate=\"pulldata('hospitals', 'a', 'b', 'c')\" entities:saveto=\"name\"/>"
               "<bind nodeset=\"/data/meta/entity/@id\" type=\"string\"/><setvalue event=\"odk-instance-first-load\" "
               "ref=\"/data/meta/entity/@id\" value=\"uuid()\"/><bind nodeset=\"/data/meta/entity/label\" "
               "calculate=\"/data/n\"/>",
               "<select1 ref=\"/data/c\"><itemset nodeset=\"instance('c')/root/item[x = /data/n]\"><value "
               "ref=\"name\"/><label "
               "ref=\"label\"/></itemset><setvalue event=\"xforms-value-changed\" "
               "ref=\"/data/n\">it's</setvalue></select1>"))
          .form;
  EXPECT_EQ(form.version, "9");
  ASSERT_EQ(form.instances.size(), 3u);
  EXPECT_EQ(form.instances[1].xml, "<root><item><name>x</name></item></root>");
  ASSERT_EQ(form.files.size(), 2u);
  EXPECT_EQ(form.files[0].name, "c.csv");
  EXPECT_EQ(form.files[1].name, "hospitals.csv");
  EXPECT_EQ(node(form, "/data/c").item_set->value, "name");
  EXPECT_EQ(node(form, "/data/n").save_to, "name");
  ASSERT_EQ(form.set_values.size(), 2u);
  EXPECT_EQ(form.set_values[0].trigger, "/data/c");
  EXPECT_EQ(form.set_values[0].value, "\"it's\"");
  ASSERT_EQ(form.entities.size(), 1u);
  EXPECT_EQ(form.entities[0].list, "people");
  EXPECT_EQ(form.entities[0].id, "uuid()");
  EXPECT_EQ(form.entities[0].create, "'1'");
  EXPECT_EQ(form.entities[0].update, "");
  EXPECT_EQ(form.entities[0].label, "/data/n");
  EXPECT_EQ(form.attributes.at(0).path, "/data/meta/entity/@id");
}

TEST(FormReader, TakesTheTemplateAsTheShapeOfARepeatAndFurtherCopiesAsNoNames) {
  const Form form = read(form_with("<data id=\"f\"><r><a/></r><r jr:template=\"\"><a/><b/></r><r><a/></r></data>", "",
                                   "<group ref=\"/data/r\"><repeat nodeset=\"/data/r\"/></group>"))
                        .form;
  ASSERT_EQ(form.nodes.size(), 4u);
  EXPECT_EQ(node(form, "/data/r").shape, Node::Shape::kRepeat);
  EXPECT_EQ(node(form, "/data/r/b").shape, Node::Shape::kField);
}

TEST(FormReader, RefusesWithLineAndReason) {
  EXPECT_THAT(refused("<h:html xmlns:h=\"x\"/>"), HasSubstr("line 1: this is no form"));
  EXPECT_THAT(refused(form_with("")), HasSubstr("line 5: the first <instance> is empty"));
  EXPECT_THAT(refused(form_with("<data><a/></data>")), HasSubstr("line 5: <data> in the <instance> has no id"));
  EXPECT_THAT(refused(form_with("<data id=\"f\"><a/></data>", "", "\n<input ref=\"/data/b\"/>")),
              HasSubstr("line 8: <input> asks for “/data/b”, which the instance does not have"));
  EXPECT_THAT(refused(form_with("<data id=\"f\"><a></data>")), HasSubstr("line 5, column"));
  EXPECT_THAT(refused("<!DOCTYPE x><x/>"), HasSubstr("document type"));
}

TEST(FormReader, LetsThroughWhatOdkLetsThroughAndSaysSo) {
  const FormRead form = read(form_with("<data id=\"f\"><a/><a/></data>", "<bind nodeset=\"/data/gone\" type=\"int\"/>",
                                       "<input ref=\"/data/a\"><label ref=\"jr:itext('none')\"/></input>"));
  ASSERT_EQ(form.warnings.size(), 3u);
  EXPECT_THAT(form.warnings[0], HasSubstr("Line 6: the bind of “/data/gone” names nothing"));
  EXPECT_THAT(form.warnings[1], HasSubstr("there is no text “none”"));
  EXPECT_THAT(form.warnings[2], HasSubstr("Line 5: “/data/a” stands twice"));
}

// It would be written into every submission, which nobody could read then. Found by fuzzing.
TEST(FormReader, TakesNoAttributeThatIsNoName) {
  for (const char* name : {"/@&amp;id", "/@&amp;amp;id", "/@1id", "/@-id", "/@i&lt;d", "/@i=d", "/@i/d", "/@a:@&amp;id",
                           ":@&amp;id", ":@id"}) {
    const FormRead form = read(form_with("<data id=\"f\"><a/></data>",
                                         "<bind nodeset=\"/data/a" + std::string(name) + "\" calculate=\"1\"/>"));
    EXPECT_TRUE(form.form.attributes.empty()) << name;
    ASSERT_FALSE(form.warnings.empty()) << name;
    EXPECT_THAT(form.warnings[0], HasSubstr("names nothing in the instance")) << name;
  }
  EXPECT_EQ(read(form_with("<data id=\"f\"><a/></data>", "<bind nodeset=\"/data/a/@ឈ_m-2\" calculate=\"1\"/>"))
                .form.attributes.at(0)
                .name,
            "ឈ_m-2");
}

TEST(FormReader, AFormIsNeverLeftOutAsAWhole) {
  const FormRead form = read(form_with("<data id=\"f\"><a/></data>", "<bind nodeset=\"/data\" relevant=\"false()\"/>"));
  EXPECT_TRUE(form.form.nodes.front().relevant.empty());
  ASSERT_EQ(form.warnings.size(), 1u);
  EXPECT_THAT(form.warnings[0], HasSubstr("Line 6: a form is never left out as a whole"));
}

TEST(FormReader, HoldsNoMoreThanAFormNeeds) {
  std::string many = "<data id=\"f\">";
  for (int i = 0; i < 100'001; ++i) many += "<q" + std::to_string(i) + "/>";
  EXPECT_THAT(refused(form_with(many + "</data>")), HasSubstr("more than 100000 questions"));
  // One long text asked for by many controls must not be held as often.
  std::string body;
  for (int i = 0; i < 1'000; ++i)
    body += "<group ref=\"/data/g" + std::to_string(i) + "\"><label ref=\"jr:itext('t')\"/></group>";
  std::string instance = "<data id=\"f\">";
  for (int i = 0; i < 1'000; ++i) instance += "<g" + std::to_string(i) + "/>";
  EXPECT_THAT(refused(form_with(instance + "</data>",
                                "<itext><translation lang=\"x\"><text id=\"t\"><value>" + std::string(100'000, 'a') +
                                    "</value></text></translation></itext>",
                                body)),
              HasSubstr("asked for too often"));
}

TEST(InstanceId, IsPutInAndNothingElseIsChanged) {
  const std::string whole =
      form_with("<data id=\"f\"><a/></data>", "<bind nodeset=\"/data/a\" type=\"int\"/><!-- </model> -->");
  const std::string made = *with_instance_id(whole, "form.xml");
  const Form form = read(made).form;
  EXPECT_TRUE(form.has_instance_id);
  EXPECT_EQ(node(form, "/data/meta/instanceID").preload, "uid");
  std::string rest = made;
  for (const std::string added :
       {"<orx:meta><orx:instanceID/></orx:meta>",
        "<bind nodeset=\"/data/orx:meta/orx:instanceID\" type=\"string\" readonly=\"true()\" jr:preload=\"uid\"/>"}) {
    ASSERT_NE(rest.find(added), std::string::npos) << made;
    rest.erase(rest.find(added), added.size());
  }
  EXPECT_EQ(rest, whole);
  EXPECT_EQ(*with_instance_id(made, "form.xml"), made);
  // An empty instance, a meta group without the id, no prefixes at all, a byte order mark.
  EXPECT_TRUE(read(*with_instance_id(form_with("<data id=\"f\"/>"), "f")).form.has_instance_id);
  const Form kept = read(*with_instance_id(form_with("<data id=\"f\"><meta><instanceName/></meta></data>"), "f")).form;
  EXPECT_TRUE(kept.has_instance_id);
  EXPECT_EQ(kept.nodes.size(), 4u);
  const std::string bare =
      "\xEF\xBB\xBF<html><head><model><instance><data id='f'><a/></data></instance></model></head></html>";
  const std::string given = *with_instance_id(bare, "f");
  EXPECT_TRUE(read(given).form.has_instance_id);
  EXPECT_EQ(given.rfind("\xEF\xBB\xBF<html>", 0), 0u);
}

// A prefix that can begin no name is declared, and never used. Found by fuzzing.
TEST(InstanceId, IsPutInWithoutAPrefixThatCannotBeWritten) {
  std::string whole = form_with("<data id=\"f\"><a/></data>", "<bind nodeset=\"/data/a\" type=\"int\"/>");
  for (const char* prefix : {"xmlns:jr=", "xmlns:orx="}) whole.insert(whole.find(prefix) + 6, "1");
  const auto made = with_instance_id(whole, "form.xml");
  ASSERT_TRUE(made);
  EXPECT_TRUE(read(*made).form.has_instance_id) << *made;
}

TEST(UnionOf, KeepsTheNewestOrderAndWhatOlderVersionsHad) {
  const Form newest =
      read(form_with("<data id=\"f\" version=\"2\"><b/><g><x/></g></data>", "<bind nodeset=\"/data/b\" type=\"int\"/>"))
          .form;
  const Form older = read(form_with("<old id=\"f\" version=\"1\"><a/><b/><g><y/><x/></g></old>",
                                    "<bind nodeset=\"/old/b\" type=\"date\"/>"))
                         .form;
  const Form all = union_of({&newest, &older});
  std::vector<std::string> paths;
  for (const Node& each : all.nodes) paths.push_back(each.path);
  EXPECT_THAT(paths, ElementsAre("/data", "/data/b", "/data/g", "/data/g/x", "/data/g/y", "/data/a"));
  EXPECT_EQ(node(all, "/data/b").type, AnswerType::kText);
  const auto tables = tables_of(all);
  const auto record = Record::read("<old id=\"f\"><a>1</a><b>2</b><g><y>3</y></g></old>", all, tables);
  ASSERT_TRUE(record);
  EXPECT_THAT(record->tables()[0].rows.at(0).cells,
              ElementsAre(::testing::StrEq("2"), nullptr, ::testing::StrEq("3"), ::testing::StrEq("1")));
}

TEST(UnionOf, AFieldThatBecameAGroupIsBothAndARepeatStaysOne) {
  const Form newest = read(form_with("<data id=\"f\"><a><x/></a><r><z/></r></data>")).form;
  const Form older = read(form_with("<data id=\"f\"><a/><r jr:template=\"\"><z/></r></data>")).form;
  const Form all = union_of({&newest, &older});
  const auto tables = tables_of(all);
  ASSERT_EQ(tables.size(), 2u);
  const auto first = Record::read("<data><a><x>1</x></a><r><z>2</z></r><r><z>3</z></r></data>", all, tables);
  const auto second = Record::read("<data><a>told</a></data>", all, tables);
  EXPECT_THAT(first->tables()[0].rows[0].cells, ElementsAre(::testing::StrEq("1"), nullptr));
  EXPECT_EQ(first->tables()[1].rows.size(), 2u);
  EXPECT_THAT(second->tables()[0].rows[0].cells, ElementsAre(nullptr, ::testing::StrEq("told")));
  EXPECT_THAT(second->unknown(), IsEmpty());
}

TEST(Envelope, IsReadInEveryShapeClientsSend) {
  const auto plain = read_envelope(
      "<data id=\"f\" version=\"2\" xmlns:orx=\"http://openrosa.org/xforms\"><orx:meta><orx:instanceID> uuid:1 "
      "</orx:instanceID><orx:deprecatedID>uuid:0</orx:deprecatedID></orx:meta></data>");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->form_id, "f");
  EXPECT_EQ(plain->version, "2");
  EXPECT_EQ(plain->instance_id, "uuid:1");
  EXPECT_EQ(plain->deprecated_id, "uuid:0");
  EXPECT_EQ(read_envelope("<data id=\"f\" orx:version=\"9\" xmlns:orx=\"o\" instanceID=\"uuid:2\"/>")->version, "9");
  EXPECT_EQ(read_envelope("<data id=\"f\" instanceID=\"uuid:2\"/>")->instance_id, "uuid:2");
  EXPECT_EQ(read_envelope("<data xmlns=\"http://a.org/b\"/>")->form_id, "http://a.org/b");
  const auto sealed = read_envelope(
      "<data id=\"f\" encrypted=\"yes\" xmlns=\"http://opendatakit.org/submissions\"><base64EncryptedKey>k"
      "</base64EncryptedKey><orx:meta xmlns:orx=\"http://openrosa.org/xforms\"><orx:instanceID>uuid:3</orx:instanceID>"
      "</orx:meta><media><file>a.jpg.enc</file></media><media><file>b.jpg.enc</file></media><encryptedXmlFile>"
      "submission.xml.enc</encryptedXmlFile><base64EncryptedElementSignature>s</base64EncryptedElementSignature></"
      "data>");
  ASSERT_TRUE(sealed);
  EXPECT_TRUE(sealed->encrypted);
  EXPECT_EQ(sealed->encrypted_key, "k");
  EXPECT_EQ(sealed->encrypted_xml, "submission.xml.enc");
  EXPECT_EQ(sealed->signature, "s");
  EXPECT_THAT(sealed->media, ElementsAre("a.jpg.enc", "b.jpg.enc"));
  EXPECT_EQ(read_envelope("<data/>").error().code(), "bad_submission");
  EXPECT_EQ(read_envelope("<data>").error().code(), "bad_xml");
}

TEST(Record, RowsCellsAndWhatIsNotKnown) {
  const Form form =
      read(form_with(
               "<data id=\"f\"><a/><g><b/></g><p jr:template=\"\"><n/><photo/><j jr:template=\"\"><y/></j></p></data>",
               "<bind nodeset=\"/data/p/photo\" type=\"binary\"/>"))
          .form;
  const auto tables = tables_of(form);
  const auto record = Record::read(
      "<data id=\"f\"><a>x<![CDATA[<y>]]></a><g/><p><n>1</n><photo>a.jpg</photo><j><y>5</y></j><j/></p>"
      "<p><n/><photo>b.jpg</photo><j><y>6</y></j></p><p><photo>a.jpg</photo></p><a>again</a><new><deep/></new><new/></"
      "data>",
      form, tables);
  ASSERT_TRUE(record);
  const auto& root = record->tables()[0].rows;
  ASSERT_EQ(root.size(), 1u);
  EXPECT_STREQ(root[0].cells[0], "x<y>");
  EXPECT_EQ(root[0].cells[1], nullptr) << "an empty group says nothing about what is in it";
  const auto& people = record->tables()[1].rows;
  ASSERT_EQ(people.size(), 3u);
  EXPECT_STREQ(people[0].cells[0], "1");
  EXPECT_STREQ(people[1].cells[0], "");
  EXPECT_EQ(people[2].cells[0], nullptr);
  EXPECT_EQ(people[2].position, 2);
  const auto& journeys = record->tables()[2].rows;
  ASSERT_EQ(journeys.size(), 3u);
  EXPECT_EQ(journeys[1].parent, 0);
  EXPECT_EQ(journeys[1].position, 1);
  EXPECT_EQ(journeys[2].parent, 1);
  EXPECT_EQ(journeys[2].position, 0);
  EXPECT_THAT(record->attachments(), ElementsAre("a.jpg", "b.jpg"));
  EXPECT_THAT(record->unknown(), ElementsAre("/data/a", "/data/new"));
}

TEST(Record, AFewBytesMakeNoEndlessRows) {
  std::string wide = "<data id=\"f\"><r jr:template=\"\">";
  for (int i = 0; i < 50'000; ++i) wide += "<q" + std::to_string(i) + "/>";
  const Form form = read(form_with(wide + "</r></data>")).form;
  std::string many = "<data id=\"f\">";
  for (int i = 0; i < 1'000; ++i) many += "<r/>";
  const auto record = Record::read(many + "</data>", form, tables_of(form));
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code(), "bad_submission");
}

// Every XForm of the shared data: none falls over, and docs/forms-tried.md says what became of each. It is written
// anew where UNDERSTORY_WRITE_DOCS is set.
// Which are refused and why stands in docs/forms-tried.md, which tests/openrosa/forms.py writes and checks.
TEST(FormsTried, AreReadAndNumbered) {
  const auto data = testing_support::shared_data();
  if (!data) GTEST_SKIP() << "../shared/data is not here";
  int accepted = 0, refused = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(*data / "forms")) {
    if (entry.path().extension() != ".xml") continue;
    const auto content = read_file(entry.path());
    ASSERT_TRUE(content);
    if (content->find("http://www.w3.org/2002/xforms") == std::string::npos) continue;
    const std::string name = entry.path().filename().string();
    if (!read_form(*content, name)) {
      ++refused;
      continue;
    }
    ++accepted;
    const auto named = with_instance_id(*content, name);
    ASSERT_TRUE(named) << name;
    const auto again = read_form(*named, name);
    ASSERT_TRUE(again) << name;
    EXPECT_TRUE(again->form.has_instance_id) << name;
  }
  EXPECT_EQ(accepted, 176);
  EXPECT_EQ(refused, 1);
}

// What was really sent, by the forms it was sent for.
TEST(FormsTried, SubmissionsOfCentralAreReadWhole) {
  const auto data = testing_support::shared_data();
  if (!data) GTEST_SKIP() << "../shared/data is not here";
  int tried = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*data / "forms/central-backend/instances")) {
    const std::string name = entry.path().filename().string();
    const auto form_file = *data / "forms/central-backend/forms" / (name.substr(0, name.find('.')) + ".xml");
    if (!std::filesystem::exists(form_file)) continue;
    const auto form = read_form(*read_file(form_file), form_file.filename().string());
    ASSERT_TRUE(form) << name;
    const std::string sent = *read_file(entry.path());
    const auto envelope = read_envelope(sent);
    ASSERT_TRUE(envelope) << name;
    EXPECT_FALSE(envelope->instance_id.empty()) << name;
    if (envelope->encrypted) continue;
    const auto record = Record::read(sent, form->form, tables_of(form->form));
    ASSERT_TRUE(record) << name;
    EXPECT_EQ(envelope->form_id, form->form.id) << name;
    // Central's own instances hold what their form does not: a meta group, and the plot of repeatEntityTrees.
    for (const std::string& path : record->unknown())
      EXPECT_TRUE(path.rfind("/data/meta", 0) == 0 ||
                  (path == "/data/plot_id" && name.rfind("repeatEntityTrees", 0) == 0))
          << name << " " << path;
    ++tried;
  }
  EXPECT_GT(tried, 30);
}

}  // namespace
}  // namespace understory::collect
