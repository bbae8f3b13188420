// Forms from end to end as people meet them on pages: brought, filled in without script, sent once however often the
// button is pressed, reviewed, edited; and phones enrolled.
#include <gmock/gmock.h>

#include "collect/quarantine.h"
#include "collect/record.h"
#include "server/packing.h"
#include "testing/who_may.h"

namespace understory::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Relevance, a constraint, a repeat, a choice, a date, a calculated value, two languages.
constexpr const char* kForm = R"xml(<?xml version="1.0"?>
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:jr="http://openrosa.org/javarosa" xmlns:orx="http://openrosa.org/xforms">
<h:head><h:title>Household</h:title><model>
<itext><translation lang="English (en)"><text id="name"><value>Village</value></text><text id="left"><value>Has anybody left?</value></text></translation>
<translation lang="ខ្មែរ (km)"><text id="name"><value>ភូមិ</value></text><text id="left"><value>មានអ្នកចាកចេញទេ?</value></text></translation></itext>
<instance><data id="household" version="1"><village/><left/><why/><born/><person jr:template=""><age/></person><total/><photo/>
<orx:meta><orx:instanceID/></orx:meta></data></instance>
<bind nodeset="/data/village" type="string" required="true()"/>
<bind nodeset="/data/left" type="select1"/>
<bind nodeset="/data/why" type="string" relevant="/data/left = 'yes'"/>
<bind nodeset="/data/born" type="date"/>
<bind nodeset="/data/person/age" type="int" constraint=". &lt; 120" jr:constraintMsg="Nobody is that old"/>
<bind nodeset="/data/total" type="int" calculate="count(/data/person)"/>
<bind nodeset="/data/photo" type="binary"/>
<bind nodeset="/data/orx:meta/orx:instanceID" type="string"/></model></h:head>
<h:body><input ref="/data/village"><label ref="jr:itext('name')"/><hint>As people call it</hint></input>
<select1 ref="/data/left"><label ref="jr:itext('left')"/><item><label>Yes</label><value>yes</value></item><item><label>No</label><value>no</value></item></select1>
<input ref="/data/why"><label>Why did they leave</label></input>
<input ref="/data/born"><label>Born on</label></input>
<group ref="/data/person"><label>Person</label><repeat nodeset="/data/person"><input ref="/data/person/age"><label>Age</label></input></repeat></group>
<upload ref="/data/photo" mediatype="image/*"><label>Photo</label></upload></h:body></h:html>)xml";

std::string unescaped(std::string text) {
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&apos;", "'"}, {"&amp;", "&"}})
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
  return text;
}

std::string between(const std::string& text, const std::string& from, const std::string& to) {
  const std::size_t begin = text.find(from);
  if (begin == std::string::npos) return "";
  const std::size_t start = begin + from.size();
  return text.substr(start, text.find(to, start) - start);
}

// What a page's hidden fields hold, as a browser sends them back.
std::string hidden(const std::string& page, const std::string& name) {
  return unescaped(between(page, "name=\"" + name + "\" value=\"", "\""));
}

std::string header(const Response& response, std::string_view name) {
  for (const auto& [each, value] : response.headers)
    if (each == name) return value;
  return "";
}

class FormsPages : public WhoMay {
 protected:
  void SetUp() override {
    WhoMay::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    rooms_ = two_studies(workspace());
    add("anita", {{{}, Role::kResearcher, rooms_.study, ""}});
    add("dara", {{{}, Role::kEnumerator, rooms_.study, ""}});
    researcher_ = enter("anita");
    enumerator_ = enter("dara");
  }
  Response post(const std::string& address, const std::string& session,
                std::vector<std::pair<std::string, std::string>> fields, std::vector<Part> files = {}) {
    fields.insert(fields.begin(), {"form", people::form_token(session)});
    Request request = asked("POST", address, session, fields);
    for (const auto& [name, value] : fields) request.parts.push_back({name, "", "", Upload(value)});
    for (Part& file : files) request.parts.push_back(std::move(file));
    return answer(workspace(), request);
  }
  // Brings the form on the page; its address.
  std::string bring() {
    const Response made = post("/forms", researcher_, {{"study", rooms_.study.text()}},
                               {{"file", "household.xml", "text/xml", Upload(std::string(kForm))}});
    EXPECT_EQ(made.status, 303) << made.body;
    return header(made, "Location");
  }
  // The next page, when `answers` were given on `page` and a button pressed.
  Response pressed(const std::string& address, const std::string& session, const std::string& page,
                   std::vector<std::pair<std::string, std::string>> answers, std::vector<Part> files = {}) {
    for (const char* name : {"version", "mark", "asked_in", "state"}) answers.emplace_back(name, hidden(page, name));
    return post(address, session, std::move(answers), std::move(files));
  }
  std::vector<collect::Submission> kept() {
    auto transaction = workspace().read();
    return collect::submissions(transaction, collect::find_form(transaction, "household")->id, {});
  }
  std::string newest_xml(Id submission) {
    auto transaction = workspace().read();
    return collect::instances_of(transaction, submission)->back().xml;
  }
  Rooms rooms_;
  std::string researcher_, enumerator_;
};
INSTANTIATE_TEST_SUITE_P(Engines, FormsPages, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(FormsPages, AFormIsBroughtAndRefusedWithItsPlace) {
  const std::string address = bring();
  const Response page = get(address, researcher_);
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr("household"));
  const Response list = get("/forms", enumerator_);
  EXPECT_THAT(list.body, HasSubstr(address + "/fill"));
  EXPECT_THAT(list.body, Not(HasSubstr(address + "/submissions")));
  const Response refused = post("/forms", researcher_, {{"study", rooms_.study.text()}},
                                {{"file", "bad.xml", "text/xml", Upload(std::string("<h:html>\n<oops"))}});
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(refused.body, HasSubstr("bad.xml, line 2"));
  // Of a study this person does not keep: as of one that is not there.
  const Response elsewhere = post("/forms", researcher_, {{"study", rooms_.other_study.text()}},
                                  {{"file", "household.xml", "text/xml", Upload(std::string(kForm))}});
  EXPECT_EQ(elsewhere.status, 404);
  EXPECT_EQ(post("/forms", researcher_, {{"study", ""}}, {{"file", "f.xml", "", Upload(std::string(kForm))}}).status,
            403);
  EXPECT_EQ(post(address, researcher_, {{"do", "state"}, {"state", "closed"}}).status, 303);
  EXPECT_EQ(get(address + "/fill", enumerator_).status, 404);
  EXPECT_THAT(get("/forms", enumerator_).body, Not(HasSubstr(address + "/fill")));
}

TEST_P(FormsPages, ADraftIsPublishedAndItsListBrought) {
  std::string xml = kForm;
  const std::string select =
      "<item><label>Yes</label><value>yes</value></item><item><label>No</label><value>no</value>"
      "</item>";
  xml.replace(xml.find(select), select.size(),
              "<itemset nodeset=\"instance('ways')/root/item\"><value ref=\"name\"/><label ref=\"label\"/></itemset>");
  xml.insert(xml.find("<bind "), "<instance id=\"ways\" src=\"jr://file-csv/ways.csv\"/>");
  const Response made = post("/forms", researcher_, {{"study", rooms_.study.text()}, {"draft", "1"}},
                             {{"file", "household.xml", "text/xml", Upload(xml)}});
  ASSERT_EQ(made.status, 303) << made.body;
  const std::string address = header(made, "Location");
  EXPECT_EQ(get(address + "/fill", enumerator_).status, 404);
  const Response page = get(address, researcher_);
  EXPECT_THAT(page.body, HasSubstr("<code>ways.csv</code> <strong>is missing</strong>"));
  const std::string version = hidden(page.body, "version");
  EXPECT_EQ(post(address, enumerator_, {{"version", version}, {"do", "publish"}}).status, 404);
  EXPECT_EQ(post(address, researcher_, {{"version", version}, {"do", "publish"}}).status, 303);
  EXPECT_THAT(get(address + "/fill", enumerator_).body, HasSubstr("No choices here yet"));
  EXPECT_EQ(post(address, researcher_, {{"version", version}, {"do", "file"}},
                 {{"file", "C:\\lists\\ways.csv", "text/csv", Upload(std::string("name,label\nbus,By bus\n"))}})
                .status,
            303);
  EXPECT_THAT(get(address, researcher_).body, HasSubstr("<code>ways.csv</code> is here"));
  EXPECT_THAT(get(address + "/fill", enumerator_).body, HasSubstr("value=\"bus\"> By bus"));
}

TEST_P(FormsPages, FilledInFromEndToEnd) {
  const std::string address = bring() + "/fill";
  const Response first = get(address, enumerator_);
  ASSERT_EQ(first.status, 200) << first.body;
  EXPECT_THAT(first.body, HasSubstr("As people call it"));
  EXPECT_THAT(first.body, Not(HasSubstr("Why did they leave")));
  EXPECT_LT(packed(first.body).size(), 15'000u);
  EXPECT_THAT(first.body, Not(HasSubstr("<script")));

  // What became relevant appears; what is missing is said at the question and in the summary that links to it.
  const Response checked = pressed(address, enumerator_, first.body, {{"/data/left", "yes"}, {"do", "check"}});
  ASSERT_EQ(checked.status, 200) << checked.body;
  EXPECT_THAT(checked.body, HasSubstr("Why did they leave"));
  EXPECT_THAT(checked.body, HasSubstr("<a href=\"#q1\">Village: This must be answered.</a>"));
  EXPECT_THAT(checked.body, HasSubstr("aria-describedby=\"q1h q1e\""));

  // A repeat, and a language: nothing is lost by either.
  Response page = pressed(address, enumerator_, checked.body,
                          {{"/data/village", "Prey <Veng> & \"co\"\r\nsouth"},
                           {"/data/why", "debt"},
                           {"/data/born#day", "១៣"},
                           {"/data/born#month", "5"},
                           {"/data/born#year", "1999"},
                           {"add", "/data person"}});
  ASSERT_EQ(page.status, 200) << page.body;
  EXPECT_THAT(page.body, HasSubstr("name=\"/data/person[1]/age\""));
  EXPECT_THAT(page.body, HasSubstr("value=\"1999\""));
  page = pressed(address, enumerator_, page.body, {{"/data/person[1]/age", "200"}, {"add", "/data person"}});
  page = pressed(address, enumerator_, page.body, {{"/data/person[2]/age", "31"}, {"language", "ខ្មែរ (km)"}});
  EXPECT_THAT(page.body, HasSubstr("មានអ្នកចាកចេញទេ?"));
  EXPECT_THAT(page.body, HasSubstr("value=\"31\""));

  // What the form does not allow is not sent.
  const Response wrong = pressed(address, enumerator_, page.body, {{"do", "send"}});
  EXPECT_EQ(wrong.status, 422);
  EXPECT_THAT(wrong.body, HasSubstr("Nobody is that old"));
  EXPECT_TRUE(kept().empty());
  const Response removed = pressed(address, enumerator_, wrong.body, {{"remove", "/data/person[1]"}});
  EXPECT_THAT(removed.body, HasSubstr("value=\"31\""));
  EXPECT_THAT(removed.body, Not(HasSubstr("person[2]")));

  // The picture is chosen before the last look, and is there after it.
  const Response pictured = pressed(address, enumerator_, removed.body, {{"do", "check"}},
                                    {{"/data/photo", "IMG 1.jpg", "image/jpeg", Upload(std::string("picture"))}});
  EXPECT_THAT(pictured.body, HasSubstr("IMG 1.jpg"));
  const Response sent = pressed(address, enumerator_, pictured.body, {{"do", "send"}});
  ASSERT_EQ(sent.status, 303) << sent.body;
  const Response receipt = get(header(sent, "Location"), enumerator_);
  ASSERT_EQ(receipt.status, 200);
  ASSERT_EQ(kept().size(), 1u);
  const collect::Submission submission = kept()[0];
  EXPECT_THAT(receipt.body, HasSubstr(submission.id.text()));
  EXPECT_EQ(submission.attachments_present, 1);
  EXPECT_EQ(submission.waits_for, collect::WaitsFor::kNothing);
  const std::string xml = newest_xml(submission.id);
  for (const char* part : {"<left>yes</left>", "<why>debt</why>", "<born>1999-05-13</born>", "<age>31</age>",
                           "<total>1</total>", "<photo>IMG 1.jpg</photo>", "Prey &lt;Veng&gt;"})
    EXPECT_THAT(xml, HasSubstr(part));
  EXPECT_THAT(xml, Not(HasSubstr("200")));

  // Pressed twice: one record, and the receipt says so. Nobody else's receipt opens.
  const Response again = pressed(address, enumerator_, pictured.body, {{"do", "send"}});
  EXPECT_EQ(again.status, 303);
  const Response changed = pressed(address, enumerator_, pictured.body, {{"/data/why", "other"}, {"do", "send"}});
  EXPECT_EQ(changed.status, 303);
  EXPECT_THAT(header(changed, "Location"), HasSubstr("again=1"));
  EXPECT_THAT(get(header(changed, "Location"), enumerator_).body, HasSubstr("sent before"));
  EXPECT_EQ(kept().size(), 1u);
  EXPECT_THAT(newest_xml(submission.id), HasSubstr("<why>debt</why>"));
  EXPECT_EQ(get(header(sent, "Location"), researcher_).status, 404);
}

TEST_P(FormsPages, APageThatWasNotMadeHereIsNotTaken) {
  const std::string address = bring() + "/fill";
  const Response page = get(address, enumerator_);
  std::string state = hidden(page.body, "state");
  const std::size_t at = state.find("uuid:");
  ASSERT_NE(at, std::string::npos);
  state[at + 5] = state[at + 5] == 'a' ? 'b' : 'a';
  const Response forged = post(address, enumerator_,
                               {{"version", hidden(page.body, "version")},
                                {"mark", hidden(page.body, "mark")},
                                {"state", state},
                                {"/data/village", "x"},
                                {"do", "send"}});
  EXPECT_EQ(forged.status, 403);
  // Nor in another person's name.
  EXPECT_EQ(pressed(address, researcher_, page.body, {{"/data/village", "x"}, {"do", "send"}}).status, 403);
  EXPECT_TRUE(kept().empty());
}

TEST_P(FormsPages, WhatWasSentIsReviewedAndEdited) {
  const std::string form = bring();
  const Response page = get(form + "/fill", enumerator_);
  ASSERT_EQ(pressed(form + "/fill", enumerator_, page.body,
                    {{"/data/village", "Kandal"}, {"/data/left", "no"}, {"do", "send"}})
                .status,
            303);
  const Id id = kept().at(0).id;
  const std::string address = "/submissions/" + id.text();
  const Response list = get(form + "/submissions", researcher_);
  EXPECT_THAT(list.body, HasSubstr(address));
  EXPECT_THAT(list.body, HasSubstr("dara"));
  EXPECT_THAT(list.body, HasSubstr("received (1)"));
  const Response shown = get(address, researcher_);
  ASSERT_EQ(shown.status, 200) << shown.body;
  for (const char* part : {"Village", "Kandal", "Has anybody left?",
                           "<td>No</td><td class=\"raw\" data-label=\"As it was sent\"><code>no</code></td>"})
    EXPECT_THAT(shown.body, HasSubstr(part));
  EXPECT_THAT(get(address + "?lang=km", researcher_).body, HasSubstr("មានអ្នកចាកចេញទេ?"));
  EXPECT_EQ(get(address, enumerator_).status, 404);

  EXPECT_EQ(post(form + "/submissions", researcher_,
                 {{"submission", id.text()}, {"comment", "Well told"}, {"do", "approved"}})
                .status,
            303);
  EXPECT_EQ(kept().at(0).state, collect::ReviewState::kApproved);
  EXPECT_THAT(get(address, researcher_).body, HasSubstr("Well told"));
  // All or none.
  EXPECT_EQ(post(form + "/submissions", researcher_,
                 {{"submission", id.text()}, {"submission", Id::make().text()}, {"do", "rejected"}})
                .status,
            404);
  EXPECT_EQ(kept().at(0).state, collect::ReviewState::kApproved);

  const Response edit = get(address + "/edit", researcher_);
  ASSERT_EQ(edit.status, 200) << edit.body;
  EXPECT_THAT(edit.body, HasSubstr("value=\"Kandal\""));
  const Response edited =
      pressed(address + "/edit", researcher_, edit.body, {{"/data/village", "Takeo"}, {"do", "send"}});
  ASSERT_EQ(edited.status, 303) << edited.body;
  EXPECT_EQ(header(edited, "Location"), address);
  ASSERT_EQ(kept().size(), 1u);
  EXPECT_EQ(kept().at(0).edits, 1);
  EXPECT_EQ(kept().at(0).state, collect::ReviewState::kEdited);
  EXPECT_THAT(get(address, researcher_).body,
              HasSubstr("<td data-label=\"Before\">Kandal</td><td data-label=\"After\">Takeo</td>"));
  // An edit of what was edited meanwhile changes nothing.
  EXPECT_EQ(pressed(address + "/edit", researcher_, edit.body, {{"/data/village", "Other"}, {"do", "send"}}).status,
            303);
  EXPECT_EQ(kept().at(0).edits, 1);
  EXPECT_THAT(newest_xml(id), HasSubstr("Takeo"));
}

TEST_P(FormsPages, PlacesLimitWhatIsReadAndCounted) {
  const Sent sent = one_sent(workspace(), rooms_);
  add("nepal", {{{}, Role::kResearcher, rooms_.study, "NP"}});
  add("cambodia", {{{}, Role::kResearcher, rooms_.study, "KH"}});
  const std::string list = "/forms/" + sent.form.text() + "/submissions",
                    one = "/submissions/" + sent.submission.text();
  const std::string far = enter("nepal"), near = enter("cambodia");
  EXPECT_THAT(get(list, near).body, HasSubstr(one));
  EXPECT_THAT(get(list, far).body, Not(HasSubstr(one)));
  EXPECT_THAT(get(list, far).body, HasSubstr("received (0)"));
  const Id none = Id::make();
  Response hidden = get(one, far), absent = get("/submissions/" + none.text(), far);
  EXPECT_EQ(hidden.status, 404);
  const auto without = [](std::string text, const std::string& word) {
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word)) text.erase(at, word.size());
    return text;
  };
  EXPECT_EQ(without(hidden.body, sent.submission.text()), without(absent.body, none.text()));
  EXPECT_EQ(post(list, far, {{"submission", sent.submission.text()}, {"do", "rejected"}}).status, 404);
  // Files go out inert, to whoever may read them.
  const std::string file = one + "/attachments/" + sent.attachment.text();
  const Response brought = get(file, near);
  ASSERT_EQ(brought.status, 200);
  EXPECT_EQ(brought.content_type, "application/octet-stream");
  EXPECT_THAT(header(brought, "Content-Disposition"), HasSubstr("attachment"));
  std::string bytes;
  for (auto piece = brought.pieces->next(); piece && !piece->empty(); piece = brought.pieces->next()) bytes += *piece;
  EXPECT_EQ(bytes, "picture");
  EXPECT_EQ(get(file, far).status, 404);
}

// What lacks a file, to be worked through one by one; by whoever may read it, and counted so.
TEST_P(FormsPages, WhatLacksAFileIsAList) {
  const Sent sent = one_sent(workspace(), rooms_);
  const auto send = [&](const std::string& number, const std::string& photo, const std::string& place) {
    collect::Post post;
    post.sender.person.active = post.sender.person.at_machine = true;
    post.sender.study = rooms_.study;
    post.sender.place = place;
    post.route = "test";
    post.xml = "<data id=\"visit\" version=\"1\"><told>x</told><photo>" + photo + "</photo><meta><instanceID>" +
               number + "</instanceID></meta></data>";
    return collect::take_in(workspace(), *people::audit_key(workspace()), post)->submission;
  };
  const Id first = send("uuid:l1", "lost one.jpg", "KH-20"), second = send("uuid:l2", "lost two.jpg", "KH-20");
  send("uuid:l3", "lost three.jpg", "NP");
  add("cambodia", {{{}, Role::kResearcher, rooms_.study, "KH"}});
  const std::string near = enter("cambodia"), list = "/forms/" + sent.form.text() + "/submissions";
  EXPECT_THAT(get(list, researcher_).body, HasSubstr("Lack a file (3)"));
  const std::string lacking = list + "?list=lacking";
  const Response page = get(lacking, near);
  EXPECT_THAT(page.body, HasSubstr("Lack a file (2)"));
  EXPECT_THAT(page.body, HasSubstr("Missing: lost one.jpg"));
  EXPECT_THAT(page.body, Not(HasSubstr("lost three.jpg")));
  EXPECT_THAT(page.body, Not(HasSubstr(sent.submission.text())));  // nothing is missing of it
  EXPECT_THAT(page.body, HasSubstr("2 submissions open to you"));
  // One after the other, and back: the list stands in the address.
  const std::string of_second = "/submissions/" + second.text() + "?list=lacking";
  EXPECT_THAT(page.body, HasSubstr(of_second));
  const Response shown = get(of_second, near);
  EXPECT_THAT(shown.body, HasSubstr("href=\"" + lacking + "\""));
  EXPECT_THAT(shown.body, HasSubstr("href=\"/submissions/" + first.text() + "?list=lacking\" rel=\"next\""));
  EXPECT_THAT(get("/submissions/" + first.text() + "?list=lacking", near).body, Not(HasSubstr("rel=\"next\"")));
  const Response reviewed = post(of_second, near, {{"do", "has_issues"}, {"comment", "lost for good"}});
  EXPECT_EQ(header(reviewed, "Location"), of_second);
  const std::string filtered = list + "?list=lacking&state=received&from=2020-01-01";
  EXPECT_THAT(get(filtered, near).body, Not(HasSubstr("lost two.jpg")));
  const Response chosen = post(filtered, near, {{"submission", first.text()}, {"do", "approved"}});
  EXPECT_EQ(header(chosen, "Location"), filtered);
  EXPECT_THAT(get(filtered, near).body, HasSubstr("None of those open to you lacks a file."));
}

TEST_P(FormsPages, WhatWaitsIsLetInByWhoMayReview) {
  const std::string form = bring();
  const Response page = get(form + "/fill", enumerator_);
  EXPECT_EQ(post(form, researcher_, {{"do", "state"}, {"state", "closed"}}).status, 303);
  const Response sent = pressed(form + "/fill", enumerator_, page.body, {{"/data/village", "Late"}, {"do", "send"}});
  ASSERT_EQ(sent.status, 303) << sent.body;
  EXPECT_THAT(get(header(sent, "Location"), enumerator_).body, HasSubstr("Received and kept"));
  EXPECT_TRUE(kept().empty());
  EXPECT_THAT(get(form + "/submissions", researcher_).body, HasSubstr("Waiting (1)"));
  const Response list = get(form + "/submissions?list=waiting", researcher_);
  EXPECT_THAT(list.body, HasSubstr("after its form was closed"));
  const std::string id = between(list.body, "name=\"submission\" value=\"", "\"");
  EXPECT_EQ(post(form + "/submissions", enumerator_, {{"submission", id}, {"do", "release"}}).status, 404);
  const Response released =
      post(form + "/submissions?list=waiting", researcher_, {{"submission", id}, {"do", "release"}});
  EXPECT_EQ(released.status, 303);
  EXPECT_EQ(header(released, "Location"), form + "/submissions?list=waiting");  // where there may be more
  EXPECT_EQ(kept().size(), 1u);
  EXPECT_THAT(get(header(released, "Location"), researcher_).body, HasSubstr("None that is open to you waits."));
}

TEST_P(FormsPages, APhoneIsEnrolledShownOnceAndTakenBack) {
  add("keeper", {{{}, Role::kSteward, {}, ""}});
  const std::string keeper = enter("keeper");
  const Response made = post("/devices", keeper, {{"name", "Tablet 7"}, {"study", ""}, {"days", "30"}});
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_THAT(made.body, HasSubstr("<svg"));
  const std::string address = between(made.body, "<code>http://127.0.0.1:8080/v1/key/", "<");
  EXPECT_EQ(address.size(), 64u);
  const Response list = get("/devices", keeper);
  EXPECT_THAT(list.body, HasSubstr("Tablet 7"));
  EXPECT_THAT(list.body, Not(HasSubstr(address)));
  Request fetch = asked("GET", "/v1/key/" + address + "/formList", "");
  EXPECT_EQ(answer(workspace(), fetch).status, 200);
  EXPECT_EQ(post(between(list.body, "action=\"/devices/", "\"").insert(0, "/devices/"), keeper, {}).status, 303);
  EXPECT_NE(answer(workspace(), fetch).status, 200);
  EXPECT_EQ(post("/devices", keeper, {{"name", ""}, {"days", "30"}}).status, 422);
  EXPECT_EQ(post("/devices", keeper, {{"name", "x"}, {"days", "many"}}).status, 422);
  EXPECT_EQ(get("/devices", researcher_).status, 403);
}

}  // namespace
}  // namespace understory::server
