// A mapping made by pointing, from the first guess to a study; and by which clock a page's times are written.
#include <gmock/gmock.h>

#include "study/from_submissions.h"
#include "testing/who_may.h"

namespace understory::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kForm = R"xml(<?xml version="1.0"?>
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:jr="http://openrosa.org/javarosa" xmlns:orx="http://openrosa.org/xforms">
<h:head><h:title>Visit</h:title><model>
<itext><translation lang="English (en)"><text id="why"><value>Why do people &lt;leave&gt;?</value></text></translation>
<translation lang="ខ្មែរ (km)"><text id="why"><value>ហេតុអ្វី?</value></text></translation></itext>
<instance><data id="home" version="1"><consent/><who/><sex/><why/><at/><child jr:template=""><code/><told/></child>
<orx:meta><orx:instanceID/></orx:meta></data></instance>
<bind nodeset="/data/consent" type="select1"/><bind nodeset="/data/sex" type="select1"/><bind nodeset="/data/at" type="time"/>
<bind nodeset="/data/orx:meta/orx:instanceID" type="string"/></model></h:head>
<h:body><select1 ref="/data/consent"><label>May we?</label><item><label>Yes</label><value>yes</value></item><item><label>No</label><value>no</value></item></select1>
<input ref="/data/who"><label>Code</label></input>
<select1 ref="/data/sex"><label>Sex</label><item><label>Woman</label><value>female</value></item><item><label>Rather not</label><value>not_said</value></item></select1>
<input ref="/data/why"><label ref="jr:itext('why')"/></input><input ref="/data/at"><label>At</label></input>
<group ref="/data/child"><label>Child</label><repeat nodeset="/data/child"><input ref="/data/child/code"><label>Code of the child</label></input>
<input ref="/data/child/told"><label>What the child told</label></input></repeat></group></h:body></h:html>)xml";

using Fields = std::vector<std::pair<std::string, std::string>>;

const Fields kPointed{{"is:/data/consent", "consent"},
                      {"yes:/data/consent", "yes"},
                      {"is:/data/who", "pseudonym"},
                      {"is:/data/sex", "gender"},
                      {"is:/data/why", "answer"},
                      {"asked:/data/why", "cause"},
                      {"is:/data/child/code", "row_pseudonym"},
                      {"is:/data/child/told", "row_answer"},
                      {"means:/data/sex:female", "female"},
                      {"means:/data/sex:not_said", ""}};

std::string header(const Response& response, std::string_view name) {
  for (const auto& [each, value] : response.headers)
    if (each == name) return value;
  return "";
}

class MappingPages : public WhoMay {
 protected:
  void SetUp() override {
    WhoMay::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    rooms_ = two_studies(workspace());
    add("anita", {{{}, Role::kResearcher, rooms_.study, ""}});
    researcher_ = enter("anita");
    auto transaction = workspace().write();
    const auto made = collect::take_form(transaction, {kForm, "home.xml", rooms_.study, {}, false});
    ASSERT_TRUE(made) << made.error().sentence();
    form_ = made->form.id;
    transaction.commit();
    address_ = "/forms/" + form_.text();
  }
  void send(const std::string& number, const std::string& answers) {
    collect::Post post;
    post.sender.person.active = post.sender.person.at_machine = true;
    post.sender.study = rooms_.study;
    post.sender.place = "KH-20";
    post.route = "test";
    post.xml =
        "<data id=\"home\" version=\"1\">" + answers + "<meta><instanceID>" + number + "</instanceID></meta></data>";
    EXPECT_TRUE(collect::take_in(workspace(), *people::audit_key(workspace()), post));
  }
  Response post(const std::string& target, const std::string& session, Fields fields, const std::string& deed = "") {
    fields.insert(fields.begin(), {"form", people::form_token(session)});
    if (!deed.empty()) fields.emplace_back("do", deed);
    Request request = asked("POST", target, session, fields);
    for (const auto& [name, value] : fields) request.parts.push_back({name, "", "", Upload(value)});
    return answer(workspace(), request);
  }
  std::string kept() {
    auto transaction = workspace().read();
    return collect::form_mapping(transaction, form_);
  }
  Rooms rooms_;
  Id form_;
  std::string researcher_, address_;
};
INSTANTIATE_TEST_SUITE_P(Engines, MappingPages, testing_support::BothEngines(), testing_support::engine_name);

constexpr const char* kTold =
    "<consent>yes</consent><who>SR-50</who><sex>not_said</sex><why>Debt &amp; drink.</why>"
    "<child><code>SR-51</code><told>No school.</told></child><child><code>SR-52</code><told>Hunger.</told></child>";

TEST_P(MappingPages, AGuessIsMarkedAndKeptByNobody) {
  const Response page = get(address_ + "/mapping", researcher_);
  ASSERT_EQ(page.status, 200) << page.body;
  EXPECT_THAT(page.body, HasSubstr("a guess"));
  EXPECT_THAT(page.body, HasSubstr("Why do people &lt;leave&gt;?"));
  EXPECT_THAT(page.body, HasSubstr("<option value=\"answer\" selected>"));
  EXPECT_THAT(page.body, HasSubstr("<option value=\"pseudonym\" selected>"));
  EXPECT_THAT(page.body, HasSubstr("Nothing was sent yet"));
  EXPECT_THAT(page.body, Not(HasSubstr("<script")));
  EXPECT_THAT(get(address_ + "/mapping?lang=km", researcher_).body, HasSubstr("ហេតុអ្វី?"));
  EXPECT_EQ(kept(), "{}");
  EXPECT_THAT(get(address_, researcher_).body, HasSubstr(address_ + "/mapping"));
}

TEST_P(MappingPages, PointedSavedAndTakenIntoTheStudy) {
  send("uuid:1", kTold);
  // To look again shows what would become of the newest, and keeps nothing.
  const Response looked = post(address_ + "/mapping", researcher_, kPointed, "look");
  ASSERT_EQ(looked.status, 200) << looked.body;
  for (const char* part : {"SR-51/told", "No school.", "Debt &amp; drink.", "SR-50"})
    EXPECT_THAT(looked.body, HasSubstr(part));
  EXPECT_EQ(kept(), "{}");
  // What is missing stands beside its question, and nothing is kept until it is there.
  Fields lacking = kPointed;
  std::erase_if(lacking, [](const auto& field) {
    return field.first == "yes:/data/consent" || field.first == "means:/data/sex:not_said";
  });
  const Response refused = post(address_ + "/mapping", researcher_, lacking, "save");
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(refused.body, HasSubstr("Say which answer is a yes."));
  EXPECT_THAT(refused.body, HasSubstr("or that they mean nothing: not_said"));
  EXPECT_EQ(kept(), "{}");

  const Response saved = post(address_ + "/mapping", researcher_, kPointed, "save");
  ASSERT_EQ(saved.status, 303) << saved.body;
  const auto mapping = study::read_submission_mapping(kept());
  ASSERT_TRUE(mapping) << kept();
  EXPECT_EQ(mapping->consent.at(0).is, "yes");
  EXPECT_EQ(mapping->answers.at(0).asked, "cause");
  EXPECT_EQ(mapping->rows.at(0).repeat, "/data/child");
  EXPECT_EQ(mapping->values.at("gender"), (std::map<std::string, std::string>{{"not_said", ""}}));
  // The page of what is kept sends the same again: what it shows is what stands there.
  const std::string before = kept();
  const Response page = get(header(saved, "Location"), researcher_);
  EXPECT_THAT(page.body, HasSubstr("Take submissions now"));
  EXPECT_THAT(page.body, Not(HasSubstr("a guess")));
  EXPECT_EQ(post(address_ + "/mapping", researcher_, kPointed, "save").status, 303);
  EXPECT_EQ(kept(), before);

  const Response taken = post(address_ + "/take", researcher_, {{"study", rooms_.study.text()}});
  ASSERT_EQ(taken.status, 200) << taken.body;
  EXPECT_THAT(taken.body, HasSubstr("new in the study"));
  {
    auto transaction = workspace().read();
    std::set<std::string> names;
    for (const auto& each : study::list_sources(transaction, rooms_.study)) names.insert(each.name);
    for (const char* name : {"SR-50/why", "SR-51/told", "SR-52/told"}) EXPECT_TRUE(names.contains(name)) << name;
  }
  EXPECT_THAT(post(address_ + "/take", researcher_, {{"study", rooms_.study.text()}}).body,
              Not(HasSubstr("new in the study</td>")));
  // Not into a study of others.
  EXPECT_EQ(post(address_ + "/take", researcher_, {{"study", rooms_.other_study.text()}}).status, 404);
}

TEST_P(MappingPages, WhoMayNotReadSeesNothingOfWhatWasTold) {
  send("uuid:1", kTold);
  ASSERT_EQ(post(address_ + "/mapping", researcher_, kPointed, "save").status, 303);
  EXPECT_THAT(get(address_ + "/mapping", researcher_).body, HasSubstr("No school."));
  add("nepal", {{{}, Role::kResearcher, rooms_.study, "NP"}});
  add("coder", {{{}, Role::kCoder, rooms_.study, ""}});
  const std::string far = enter("nepal"), coder = enter("coder");
  const Response elsewhere = get(address_ + "/mapping", far);
  EXPECT_EQ(elsewhere.status, 200);
  EXPECT_THAT(elsewhere.body, Not(HasSubstr("No school.")));
  EXPECT_THAT(elsewhere.body, HasSubstr("Nothing was sent yet"));
  EXPECT_THAT(elsewhere.body, Not(HasSubstr("Take submissions now")));  // of one place: not the study as a whole
  EXPECT_EQ(post(address_ + "/take", far, {{"study", rooms_.study.text()}}).status, 404);
  EXPECT_EQ(get(address_ + "/mapping", coder).status, 404);
  EXPECT_EQ(post(address_ + "/take", coder, {{"study", rooms_.study.text()}}).status, 404);
}

TEST_P(MappingPages, WhileStoriesAreLockedItSaysSo) {
  send("uuid:1", kTold);
  ASSERT_EQ(post(address_ + "/mapping", researcher_, kPointed, "save").status, 303);
  ASSERT_TRUE(workspace().put_key_away(workspace().write(), vault::Secret::random()));
  // Signed in before, by a session that holds no key.
  const Response page = get(address_ + "/mapping", researcher_);
  EXPECT_EQ(page.status, 200) << page.body;
  EXPECT_THAT(page.body, HasSubstr("Stories are locked"));
  EXPECT_THAT(page.body, Not(HasSubstr("No school.")));
  EXPECT_THAT(page.body, HasSubstr("<option value=\"answer\" selected>"));  // the mapping itself is no story
}

TEST_P(MappingPages, WhatNoPageOfOursSendsIsPassedOver) {
  Fields odd = kPointed;
  odd.insert(odd.end(), {{"is:/data/nowhere", "answer"},
                         {"is:/data/at", "row_answer"},
                         {"is:/data/child/told", "pseudonym"},
                         {"is:/data/at", "everything"},
                         {"means:/data/sex", "x"},
                         {"called:xx", "x"},
                         {":", ""}});
  EXPECT_EQ(post(address_ + "/mapping", researcher_, odd, "save").status, 303);
  const std::string strange = kept();
  EXPECT_EQ(post(address_ + "/mapping", researcher_, kPointed, "save").status, 303);
  EXPECT_EQ(kept(), strange);
}

TEST_P(MappingPages, APagesTimesAreOfTheClockOfItsPlace) {
  add("dara", {{{}, Role::kEnumerator, rooms_.study, "NP"}});
  const std::string nepal = enter("dara");
  const std::string page = get(address_ + "/fill", nepal).body;
  EXPECT_THAT(page, HasSubstr("<option value=\"345\" selected>"));
  add("sok", {{{}, Role::kEnumerator, rooms_.study, "KH-20"}});
  const std::string khmer = enter("sok");
  EXPECT_THAT(get(address_ + "/fill", khmer).body, HasSubstr("<option value=\"420\" selected>"));
  // What was chosen on a page before.
  Request again = asked("GET", address_ + "/fill", khmer);
  again.headers["cookie"] += "; clock=330";
  EXPECT_THAT(answer(workspace(), again).body, HasSubstr("<option value=\"330\" selected>"));
  again.headers["cookie"] = "session=" + khmer + "; clock=1; clock=99999";
  EXPECT_THAT(answer(workspace(), again).body, HasSubstr("<option value=\"420\" selected>"));
}

}  // namespace
}  // namespace understory::server
