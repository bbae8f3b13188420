#include "collect/filling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "collect/record.h"
#include "foundation/file.h"
#include "foundation/text.h"
#include "testing/workspace.h"

namespace understory::collect {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::shared_ptr<const FormPlan> planned(const std::string& xml, const std::string& name = "form.xml") {
  auto read = read_form(xml, name);
  EXPECT_TRUE(read) << read.error().sentence();
  return plan_of(std::make_shared<const Form>(std::move(read->form)));
}

std::string form_with(const std::string& instance, const std::string& model, const std::string& body) {
  return "<h:html xmlns=\"http://www.w3.org/2002/xforms\" xmlns:h=\"http://www.w3.org/1999/xhtml\" "
         "xmlns:jr=\"http://openrosa.org/javarosa\" "
         "xmlns:orx=\"http://openrosa.org/xforms\"><h:head><model><instance>" +
         instance + "</instance>" + model + "</model></h:head><h:body>" + body + "</h:body></h:html>";
}

// A world that stands still and counts its ids.
Setting setting() {
  Setting made;
  made.now = 1'700'000'000'000;
  made.offset_minutes = 420;
  made.device_id = "device-1";
  made.username = "dara";
  made.random = [] { return 0.25; };
  made.guid = [n = 0]() mutable { return "guid-" + std::to_string(++n); };
  return made;
}

Filling begun(const std::string& form, Lists lists = {}) {
  return Filling::start(planned(form), std::move(lists), setting());
}

std::string at(const Filling& filling, std::string_view address) {
  const Element* element = filling.find(address);
  return element ? element->text : "nothing there";
}

std::vector<std::string> amiss(const Filling& filling) {
  std::vector<std::string> said;
  for (const Unmet& each : filling.problems())
    said.push_back(std::string(name_of(each.kind)) + " " + each.address +
                   (each.message.empty() ? "" : ": " + each.message));
  return said;
}

std::vector<std::string> values(const std::vector<Offered>& offered) {
  std::vector<std::string> values;
  for (const Offered& each : offered) values.push_back(each.value + "=" + each.label);
  return values;
}

TEST(Filling, ComputesInTheOrderOfWhatDependsOnWhat) {
  Filling filling = begun(form_with(
      "<data id=\"f\"><c/><b/><a>1</a></data>",
      "<bind nodeset=\"/data/c\" calculate=\"/data/b * 10\"/><bind nodeset=\"/data/b\" calculate=\"../a + 1\"/>", ""));
  EXPECT_EQ(at(filling, "/data/c"), "20");
  ASSERT_TRUE(filling.set("/data/a", "4"));
  EXPECT_EQ(at(filling, "/data/c"), "50");
  EXPECT_EQ(filling.set("/data/none", "1").error().code(), "not_found");
}

TEST(Filling, LeavesOutWhatIsNotRelevantAndKeepsItsAnswer) {
  Filling filling = begun(form_with("<data id=\"f\"><a/><g><b>kept</b></g><s/></data>",
                                    "<bind nodeset=\"/data/g\" relevant=\"/data/a = 'y'\"/><bind nodeset=\"/data/s\" "
                                    "calculate=\"concat('[', /data/g/b, ']')\"/>",
                                    ""));
  EXPECT_EQ(at(filling, "/data/s"), "[]") << "what is not relevant is not there";
  EXPECT_THAT(filling.xml(), HasSubstr("<a/><s>[]</s>"));
  ASSERT_TRUE(filling.set("/data/a", "y"));
  EXPECT_EQ(at(filling, "/data/s"), "[kept]");
  EXPECT_THAT(filling.xml(), HasSubstr("<a>y</a><g><b>kept</b></g><s>[kept]</s>"));
}

TEST(Filling, RepeatsAreAddedRemovedAndCounted) {
  Filling filling = begun(form_with(
      "<data id=\"f\"><n>2</n><r jr:template=\"\"><a>new</a><p/></r><total/><q jr:template=\"\"><x/></q></data>",
      "<bind nodeset=\"/data/r/p\" calculate=\"position(..)\"/><bind nodeset=\"/data/total\" "
      "calculate=\"count(/data/r)\"/>",
      "<group ref=\"/data/r\"><repeat nodeset=\"/data/r\" jr:count=\"/data/n\"/></group><group "
      "ref=\"/data/q\"><repeat nodeset=\"/data/q\"/></group>"));
  EXPECT_EQ(at(filling, "/data/total"), "2");
  EXPECT_EQ(at(filling, "/data/r[2]/p"), "2");
  ASSERT_TRUE(filling.set("/data/n", "3"));
  EXPECT_EQ(at(filling, "/data/r[3]/a"), "new");
  ASSERT_TRUE(filling.set("/data/n", "1"));
  EXPECT_EQ(at(filling, "/data/total"), "1");
  EXPECT_EQ(filling.find("/data/r[2]"), nullptr);
  EXPECT_EQ(filling.find("/data/q[1]"), nullptr);
  EXPECT_EQ(*filling.add_repeat("/data", "q"), "/data/q[1]");
  EXPECT_EQ(*filling.add_repeat("/data", "q"), "/data/q[2]");
  ASSERT_TRUE(filling.set("/data/q[2]/x", "second"));
  ASSERT_TRUE(filling.remove_repeat("/data/q[1]"));
  EXPECT_EQ(at(filling, "/data/q[1]/x"), "second");
  EXPECT_FALSE(filling.add_repeat("/data", "n"));
  EXPECT_FALSE(filling.remove_repeat("/data/n"));
  ASSERT_TRUE(filling.set("/data/n", "1e99"));
  ASSERT_TRUE(filling.set("/data/n", "99999999"));
  EXPECT_EQ(at(filling, "/data/total"), "10000") << "nobody's number fills the memory";
}

TEST(Filling, ARepeatMayGrowUntilItsLastCopySaysItIsTheLast) {
  Filling filling = begun(
      form_with("<data id=\"f\"><held/><wanted/><r jr:template=\"\"><last/></r></data>",
                "<bind nodeset=\"/data/held\" calculate=\"count(/data/r)\"/><bind nodeset=\"/data/wanted\" "
                "calculate=\"if(/data/held "
                "= 0 or indexed-repeat(/data/r/last, /data/r, /data/held) = 'no', /data/held + 1, /data/held)\"/>",
                "<group ref=\"/data/r\"><repeat nodeset=\"/data/r\" jr:count=\"/data/wanted\"/></group>"));
  EXPECT_THAT(filling.remarks(), IsEmpty());
  ASSERT_NE(filling.find("/data/r[1]"), nullptr);
  EXPECT_EQ(filling.find("/data/r[2]"), nullptr);
  ASSERT_TRUE(filling.set("/data/r[1]/last", "no"));
  ASSERT_NE(filling.find("/data/r[2]"), nullptr);
  EXPECT_EQ(filling.find("/data/r[3]"), nullptr);
  EXPECT_EQ(at(filling, "/data/held"), "2");
}

TEST(Filling, ActionsPreloadsAndDefaults) {
  Filling filling = begun(form_with(
      "<data id=\"f\"><start/><day/><end/><who/><device/><first/><a>b</a><seen/><r jr:template=\"\"><x/></r><once/>"
      "<orx:meta><orx:instanceID/></orx:meta></data>",
      "<bind nodeset=\"/data/start\" jr:preload=\"timestamp\" jr:preloadParams=\"start\"/><bind nodeset=\"/data/day\" "
      "jr:preload=\"date\" jr:preloadParams=\"today\"/><bind nodeset=\"/data/end\" jr:preload=\"timestamp\" "
      "jr:preloadParams=\"end\"/><bind nodeset=\"/data/who\" jr:preload=\"property\" "
      "jr:preloadParams=\"username\"/><bind "
      "nodeset=\"/data/device\" jr:preload=\"property\" jr:preloadParams=\"deviceid\"/><bind "
      "nodeset=\"/data/orx:meta/orx:instanceID\" jr:preload=\"uid\"/><bind nodeset=\"/data/once\" "
      "calculate=\"once(uuid())\"/><setvalue event=\"odk-instance-first-load\" ref=\"/data/first\" value=\"2 + 3\"/>",
      "<input ref=\"/data/a\"><setvalue event=\"xforms-value-changed\" ref=\"/data/seen\" value=\"concat('saw ', "
      "/data/a)\"/></input><repeat nodeset=\"/data/r\"><setvalue event=\"odk-new-repeat\" ref=\"/data/r/x\" "
      "value=\"position(..) * 10\"/></repeat>"));
  EXPECT_EQ(at(filling, "/data/start"), "2023-11-15T05:13:20.000+07:00");
  EXPECT_EQ(at(filling, "/data/day"), "2023-11-15");
  EXPECT_EQ(at(filling, "/data/end"), "");
  EXPECT_EQ(at(filling, "/data/who"), "dara");
  EXPECT_EQ(at(filling, "/data/device"), "device-1");
  EXPECT_EQ(at(filling, "/data/first"), "5");
  EXPECT_EQ(at(filling, "/data/seen"), "");
  const std::string once = at(filling, "/data/once");
  ASSERT_TRUE(filling.set("/data/a", "c"));
  EXPECT_EQ(at(filling, "/data/seen"), "saw c");
  EXPECT_EQ(at(filling, "/data/once"), once);
  ASSERT_TRUE(filling.add_repeat("/data", "r"));
  ASSERT_TRUE(filling.add_repeat("/data", "r"));
  EXPECT_EQ(at(filling, "/data/r[2]/x"), "20");
  EXPECT_THAT(filling.xml(), HasSubstr("<orx:meta><orx:instanceID>uuid:guid-1</orx:instanceID></orx:meta>"));
  EXPECT_THAT(filling.xml(), HasSubstr("xmlns:orx=\"http://openrosa.org/xforms\""));
  EXPECT_EQ(at(filling, "/data/end"), "2023-11-15T05:13:20.000+07:00");
}

TEST(Filling, SaysWhatIsAmiss) {
  Filling filling = begun(form_with(
      "<data id=\"f\"><age/><name/><why/><day/><sex/><many/><score>11</score></data>",
      "<itext><translation lang=\"en\"><text id=\"m\"><value>Too old: <output value=\". + "
      "0\"/></value></text></translation>"
      "</itext><bind nodeset=\"/data/age\" type=\"int\" constraint=\". &lt; 120\" "
      "jr:constraintMsg=\"jr:itext('m')\"/><bind "
      "nodeset=\"/data/name\" required=\"true()\" jr:requiredMsg=\"A name, please\"/><bind nodeset=\"/data/why\" "
      "required=\"/data/age &gt; 17\" relevant=\"/data/age &gt; 10\"/><bind nodeset=\"/data/day\" type=\"date\"/>",
      "<input ref=\"/data/age\"/><input ref=\"/data/name\"/><input ref=\"/data/why\"/><input "
      "ref=\"/data/day\"/><select1 "
      "ref=\"/data/sex\"><item><label>F</label><value>f</value></item></select1><select "
      "ref=\"/data/many\"><item><value>a"
      "</value></item><item><value>b</value></item></select><range ref=\"/data/score\" start=\"0\" end=\"10\" "
      "step=\"1\"/>"));
  EXPECT_THAT(amiss(filling), ElementsAre("required /data/name: A name, please", "range /data/score"));
  ASSERT_TRUE(filling.set({{"/data/age", "130"},
                           {"/data/name", "x"},
                           {"/data/day", "2024-02-30"},
                           {"/data/sex", "z"},
                           {"/data/many", "a c"},
                           {"/data/score", "3"}}));
  EXPECT_THAT(amiss(filling), ElementsAre("constraint /data/age: Too old: 130", "required /data/why", "type /data/day",
                                          "choice /data/sex", "choice /data/many"));
  ASSERT_TRUE(filling.set({{"/data/age", "abc"}, {"/data/day", ""}, {"/data/sex", "f"}, {"/data/many", "b a"}}));
  EXPECT_THAT(amiss(filling), ElementsAre("type /data/age", "constraint /data/age: Too old: NaN"));
}

TEST(Filling, ChoicesComeFromTheFormFromListsAndByFilter) {
  const std::string form = form_with(
      "<data id=\"f\"><country/><city/><fruit/><label/></data>",
      "<itext><translation lang=\"en\"><text id=\"a\"><value>Apple</value></text></translation><translation "
      "lang=\"km\"><text id=\"a\"><value>ផ្លែប៉ោម</value></text></translation></itext><instance id=\"cities\" "
      "src=\"jr://file-csv/cities.csv\"/><instance "
      "id=\"fruit\"><root><item><itextId>a</itextId><name>apple</name></item>"
      "</root></instance><bind nodeset=\"/data/label\" calculate=\"jr:choice-name(/data/city, '/data/city')\"/>",
      "<select1 ref=\"/data/country\"><item><label>Cambodia</label><value>kh</value></item></select1><select1 "
      "ref=\"/data/city\"><itemset nodeset=\"instance('cities')/root/item[country = /data/country]\"><value "
      "ref=\"name\"/><label ref=\"label\"/></itemset></select1><select1 ref=\"/data/fruit\"><itemset "
      "nodeset=\"instance('fruit')/root/item\"><value ref=\"name\"/><label "
      "ref=\"jr:itext(itextId)\"/></itemset></select1>");
  const Lists lists{
      {"cities.csv",
       *read_list("country,name,label\nkh,pp,Phnom Penh\nkh,sr,Siem Reap\nnp,ktm,Kathmandu\n", "cities.csv")}};
  Filling filling = begun(form, lists);
  EXPECT_THAT(values(filling.choices(*filling.find("/data/country"))), ElementsAre("kh=Cambodia"));
  EXPECT_THAT(values(filling.choices(*filling.find("/data/city"))), IsEmpty());
  ASSERT_TRUE(filling.set({{"/data/country", "kh"}, {"/data/city", "sr"}}));
  EXPECT_THAT(values(filling.choices(*filling.find("/data/city"))), ElementsAre("pp=Phnom Penh", "sr=Siem Reap"));
  EXPECT_EQ(at(filling, "/data/label"), "Siem Reap");
  ASSERT_TRUE(filling.set("/data/country", "np"));
  EXPECT_EQ(at(filling, "/data/city"), "") << "it is offered no more";
  EXPECT_EQ(at(filling, "/data/label"), "");
  EXPECT_THAT(values(filling.choices(*filling.find("/data/fruit"))), ElementsAre("apple=Apple"));
  Setting khmer = setting();
  khmer.language = "km";
  EXPECT_THAT(values(Filling::start(planned(form), lists, khmer)
                         .choices(*Filling::start(planned(form), lists, khmer).find("/data/fruit"))),
              ::testing::SizeIs(1));
  const Filling other = Filling::start(planned(form), lists, khmer);
  EXPECT_THAT(values(other.choices(*other.find("/data/fruit"))), ElementsAre("apple=ផ្លែប៉ោម"));
}

TEST(Filling, TwoQuestionsMayEachOfferWhatTheOtherHasNotChosen) {
  Filling filling = begun(form_with(
      "<data id=\"f\"><a/><b/></data>",
      "<instance id=\"c\"><root><item><name>x</name></item><item><name>y</name></item></root></instance>",
      "<select1 ref=\"/data/a\"><itemset nodeset=\"instance('c')/root/item[name != /data/b]\"><value "
      "ref=\"name\"/></itemset>"
      "</select1><select1 ref=\"/data/b\"><itemset nodeset=\"instance('c')/root/item[name != /data/a]\"><value "
      "ref=\"name\"/></itemset></select1>"));
  EXPECT_THAT(filling.remarks(), IsEmpty());
  ASSERT_TRUE(filling.set("/data/a", "x"));
  ASSERT_TRUE(filling.set("/data/b", "y"));
  EXPECT_EQ(at(filling, "/data/a") + at(filling, "/data/b"), "xy");
  EXPECT_THAT(values(filling.choices(*filling.find("/data/b"))), ElementsAre("y=y"));
}

TEST(Filling, AnEditHasANewIdAndRemembersTheOld) {
  const auto plan = planned(form_with(
      "<data id=\"f\" version=\"2\"><a/><b>default</b><r jr:template=\"\"><x/></r><meta><instanceID/></meta></data>",
      "", ""));
  const std::string sent =
      "<data id=\"f\" version=\"1\"><a>told &amp; "
      "&lt;&#13;\n</a><r><x>1</x></r><r><x>2</x></r><extra>kept</extra><meta>"
      "<instanceID>uuid:old</instanceID></meta></data>";
  auto edit = Filling::load(plan, {}, setting(), sent, Filling::As::kEdit);
  ASSERT_TRUE(edit);
  const std::string written = edit->xml();
  EXPECT_THAT(written, ::testing::StartsWith("<data id=\"f\" version=\"2\" "));
  EXPECT_EQ(written.substr(written.find('>') + 1),
            "<a>told &amp; &lt;&#13;\n</a><b/><r><x>1</x></r><r><x>2</x></r><meta><instanceID>uuid:guid-1</instanceID>"
            "<deprecatedID>uuid:old</deprecatedID></meta><extra>kept</extra></data>");
  const auto envelope = read_envelope(edit->xml());
  EXPECT_EQ(envelope->instance_id, "uuid:guid-1");
  EXPECT_EQ(envelope->deprecated_id, "uuid:old");
  auto draft = Filling::load(plan, {}, setting(), sent, Filling::As::kDraft);
  EXPECT_EQ(read_envelope(draft->xml())->instance_id, "uuid:old");
  EXPECT_EQ(Filling::load(plan, {}, setting(), "<data", Filling::As::kEdit).error().code(), "bad_xml");
}

TEST(Filling, ASubmissionIsCheckedAsItWasSent) {
  const auto plan =
      planned(form_with("<data id=\"f\"><age/><why/><sum/><name/></data>",
                        "<bind nodeset=\"/data/age\" type=\"int\"/><bind nodeset=\"/data/why\" "
                        "required=\"true()\" relevant=\"/data/age &gt; 17\"/><bind nodeset=\"/data/sum\" "
                        "calculate=\"1 + 1\" constraint=\". = 2\"/><bind nodeset=\"/data/name\" required=\"true()\"/>",
                        ""));
  const auto said = [&](const std::string& xml) {
    std::vector<std::string> all;
    const auto unmet = check(plan, {}, setting(), xml);
    for (const Unmet& each : *unmet) all.push_back(std::string(name_of(each.kind)) + " " + each.address);
    return all;
  };
  EXPECT_THAT(said("<data id=\"f\"><age>9</age><sum>2</sum><name>x</name></data>"), IsEmpty());
  EXPECT_THAT(said("<data id=\"f\"><age>abc</age><sum>3</sum><new><deep/></new></data>"),
              ElementsAre("type /data/age", "constraint /data/sum", "required /data/name", "unknown /data/new[1]"));
  EXPECT_THAT(said("<data id=\"f\"><age>20</age><name>x</name></data>"), ElementsAre("required /data/why"));
}

// A byte XML cannot carry is another when it is written. Then what depends on it must not be decided by the one before.
// Found by fuzzing.
TEST(Filling, WhatXmlCannotCarryIsReplacedBeforeAnythingIsComputed) {
  const auto plan = planned(form_with("<data id=\"f\"><age/><g/><meta><instanceID/></meta></data>",
                                      "<bind nodeset=\"/data/age\" type=\"int\"/><bind nodeset=\"/data/g\" "
                                      "relevant=\"/data/age &gt; 1\"/>",
                                      ""));
  auto sent =
      Filling::load(plan, {}, setting(), "<data id=\"f\" x=\"\f\"><age>6\f</age><g>why</g></data>", Filling::As::kEdit);
  ASSERT_TRUE(sent);
  const std::string written = sent->xml();
  EXPECT_NE(written.find("<age>6\xEF\xBF\xBD</age>"), std::string::npos) << written;
  EXPECT_EQ(Filling::load(plan, {}, setting(), written, Filling::As::kDraft)->xml(), written);
  EXPECT_TRUE(sent->set("/data/age", "7\f"));
  EXPECT_EQ(Filling::load(plan, {}, setting(), sent->xml(), Filling::As::kDraft)->xml(), sent->xml());
}

TEST(Filling, ASecondCopyOfWhatIsLeftOutGoesWithIt) {
  const auto plan = planned(form_with("<data id=\"f\"><age/><g/><meta><instanceID/></meta></data>",
                                      "<bind nodeset=\"/data/g\" relevant=\"/data/age &gt; 1\"/>", ""));
  const auto edited = [&](const std::string& age) {
    return Filling::load(plan, {}, setting(), "<data id=\"f\"><age>" + age + "</age><g>a</g><g>b</g><h>c</h></data>",
                         Filling::As::kEdit)
        ->xml();
  };
  EXPECT_NE(edited("2").find("<g>b</g><h>c</h>"), std::string::npos) << edited("2");
  EXPECT_EQ(edited("1").find("<g>"), std::string::npos) << edited("1");
  EXPECT_NE(edited("1").find("<h>c</h>"), std::string::npos);
  EXPECT_EQ(Filling::load(plan, {}, setting(), edited("1"), Filling::As::kDraft)->xml(), edited("1"));
}

TEST(Filling, CirclesAndWhatCannotBeComputedAreRemarkedAndEnd) {
  Filling filling = begun(form_with("<data id=\"f\"><a/><b/><c/></data>",
                                    "<bind nodeset=\"/data/a\" calculate=\"/data/b + 1\"/><bind nodeset=\"/data/b\" "
                                    "calculate=\"/data/a + 1\"/><bind nodeset=\"/data/c\" relevant=\"nobody()\"/>",
                                    ""));
  EXPECT_THAT(filling.remarks(), ::testing::Contains(HasSubstr("in a circle, or on such: /data/a, /data/b")));
  EXPECT_THAT(filling.remarks(), ::testing::Contains(HasSubstr("the function nobody() is not known")));
  EXPECT_TRUE(filling.find("/data/c")->relevant);
}

// No client of ours sends it; whatever does, its words are kept and named.
TEST(Filling, WordsBetweenQuestionsAreNamedAndKept) {
  const auto plan = planned(form_with("<data id=\"f\"><g><a/></g></data>", "", "<input ref=\"/data/g/a\"/>"));
  const std::string sent = "<data id=\"f\">\n <g> told here <a>1</a></g></data>";
  const auto unmet = check(plan, {}, setting(), sent);
  ASSERT_TRUE(unmet);
  ASSERT_EQ(unmet->size(), 1u);
  EXPECT_EQ(unmet->front().kind, Unmet::Kind::kUnknown);
  EXPECT_EQ(unmet->front().address, "/data/g");
  auto edited = Filling::load(plan, {}, setting(), sent, Filling::As::kEdit);
  ASSERT_TRUE(edited);
  EXPECT_NE(edited->xml().find("told here<a>1</a>"), std::string::npos) << edited->xml();
}

}  // namespace
}  // namespace understory::collect
