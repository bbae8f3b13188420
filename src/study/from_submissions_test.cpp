// Submissions as evidence: the pure part here, the whole way on both engines below.
#include "study/from_submissions.h"

#include "collect/forms.h"
#include "collect/intake.h"
#include "collect/submissions.h"
#include "people/audit.h"
#include "places/places.h"
#include "study/erase.h"
#include "study/gather.h"
#include "study/merge.h"
#include "study/source.h"
#include "study/study.h"
#include "study/take_submissions.h"
#include "testing/workspace.h"

namespace understory::study {

namespace {

constexpr std::string_view kForm =
    R"xml(<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
 xmlns:jr="http://openrosa.org/javarosa"><h:head><h:title>H</h:title><model><itext>
<translation lang="English (en)" default="true()"><text id="why"><value>Why, for US$$ or not?</value></text></translation>
<translation lang="Khmer (km)"><text id="why"><value>ហេតុអ្វី?</value></text></translation></itext>
<instance><data id="h" version="1"><consent/><keep/><place/><language/><today/><who/><age/><sex/><work/><why/><done/>
<label_of_group/><size/><people jr:template=""><label/><code/><age_of/></people><turn jr:template=""><who_speaks/><speaker/><said/></turn>
<note jr:template=""><noted/></note><meta><instanceID/></meta></data></instance></model></h:head><h:body>
<input ref="/data/consent"/><input ref="/data/keep"/><input ref="/data/place"/><input ref="/data/language"/>
<input ref="/data/today"/><input ref="/data/who"/><input ref="/data/age"/><input ref="/data/sex"/><input ref="/data/work"/>
<input ref="/data/why"><label ref="jr:itext('why')"/></input><input ref="/data/done"><label>What is done?</label></input>
<input ref="/data/label_of_group"/><input ref="/data/size"/>
<group ref="/data/people"><repeat nodeset="/data/people"><input ref="/data/people/label"/><input ref="/data/people/code"/><input ref="/data/people/age_of"/></repeat></group>
<group ref="/data/turn"><repeat nodeset="/data/turn"><input ref="/data/turn/who_speaks"/><input ref="/data/turn/speaker"/><input ref="/data/turn/said"/></repeat></group>
<group ref="/data/note"><repeat nodeset="/data/note"><input ref="/data/note/noted"/></repeat></group>
</h:body></h:html>)xml";

constexpr std::string_view kMapping = R"({
 "consent": [{"question": "/data/consent", "is": "yes"}, {"question": "/data/keep", "is": "yes"}],
 "place": "/data/place", "language": "/data/language", "told_on": "/data/today",
 "respondent": {"name": "/data/who", "age_band": "/data/age", "gender": "/data/sex", "role": "/data/work"},
 "answers": [{"question": "/data/why", "asked": "cause"}, {"question": "/data/done"}],
 "group": {"name": "/data/label_of_group",
  "participants": {"repeat": "/data/people", "label": "/data/people/label", "name": "/data/people/code", "age_band": "/data/people/age_of"},
  "turns": {"repeat": "/data/turn", "speaker": "/data/turn/speaker", "said": "/data/turn/said", "who_speaks": "/data/turn/who_speaks",
            "facilitator": "f", "facilitator_called": {"": "Facilitator", "km": "អ្នកសម្របសម្រួល"}},
  "together": {"repeat": "/data/note", "said": "/data/note/noted", "size": "/data/size"}},
 "values": {"gender": {"not_said": ""}}
})";

std::string filled(const std::string& answers) { return "<data id=\"h\" version=\"1\">" + answers + "</data>"; }
std::string household(const std::string& who, const std::string& why, const std::string& more = "") {
  return filled(
      "<consent>yes</consent><keep>yes</keep><place>KH-20</place><language>km</language><today>2026-02-11</"
      "today><who>" +
      who + "</who><age>65_and_over</age><sex>not_said</sex><work>village_chief</work><why>" + why + "</why><done/>" +
      more);
}

// One run over submissions as each_submission() would give them, into a study.
struct Told {
  std::string instance_id, xml;
  const char* left_out = nullptr;
};

struct Mapped {
  collect::Form form = collect::read_form(kForm, "h.xml")->form;
  std::vector<collect::Table> tables = collect::tables_of(form);
  SubmissionMapping mapping = *read_submission_mapping(kMapping);

  Material run(const std::vector<Told>& told, SubmissionSurroundings surroundings) const {
    FromSubmissions from(mapping, form, tables, std::move(surroundings));
    for (const Told& each : told) {
      if (each.left_out) {
        from.leave_out(each.instance_id, each.left_out);
        continue;
      }
      auto record = collect::Record::read(each.xml, form, tables);
      EXPECT_TRUE(record) << record.error().sentence();
      from.add(each.instance_id, *record);
    }
    return from.finish();
  }
  // Without a study: nothing is held, KH-20 lies in Svay Rieng.
  Material run(const std::vector<Told>& told) const {
    return run(told,
               {[](std::string_view words) { return (std::string(16, '#') + std::string(words)).substr(words.size()); },
                [](const std::string&) { return std::nullopt; }, [](const std::string&) { return false; },
                [](const std::string&, const std::string&) { return false; },
                [](const std::string&, const std::string&) { return false; },
                [](const std::string& code) { return std::string(code == "KH-20" ? "Svay Rieng" : ""); },
                [](const std::string& code) { return code == "KH-20" || code == "KH-2"; }});
  }
};

bool says(const ImportReport& report, std::string_view words) {
  for (const ImportLine& line : report.lines)
    if (line.what.find(words) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST(SubmissionMapping, IsTheSameAfterwards) {
  const auto mapping = read_submission_mapping(kMapping);
  ASSERT_TRUE(mapping) << mapping.error().sentence();
  const std::string written = write_submission_mapping(*mapping);
  const auto again = read_submission_mapping(written);
  ASSERT_TRUE(again) << again.error().sentence();
  EXPECT_EQ(write_submission_mapping(*again), written);
  EXPECT_EQ(again->consent.size(), 2u);
  EXPECT_EQ(again->group->facilitator_called.at("km"), "អ្នកសម្របសម្រួល");
  EXPECT_TRUE(check_submission_mapping(*again, Mapped().form));
}

TEST(SubmissionMapping, WhatIsWrongIsNamed) {
  const auto code = [](std::string_view json) {
    const auto read = read_submission_mapping(json);
    return read ? std::string("read") : std::string(read.error().code()) + ": " + read.error().sentence();
  };
  EXPECT_NE(code("").find("invalid_value"), std::string::npos);
  EXPECT_NE(code("[]").find("invalid_value"), std::string::npos);
  EXPECT_NE(code(R"({"respondent": {"name": "/a/b"}})").find("missing_value"), std::string::npos);  // no consent
  EXPECT_NE(code(R"({"consent": [], "respondent": {"name": "/a/b"}})").find("“consent”"), std::string::npos);
  EXPECT_EQ(code(R"({"consent_on_paper": true, "respondent": {"name": "/a/b"}})"), "read");
  EXPECT_NE(code(R"({"consent_on_paper": true})").find("respondent"), std::string::npos);
  EXPECT_NE(code(R"({"consent_on_paper": true, "respondents": {}})").find("“respondents”"), std::string::npos);
  EXPECT_NE(code(std::string(20, '[')).find("invalid_value"), std::string::npos);
  const collect::Form form = Mapped().form;
  const auto checked = [&](const std::string& more) {
    return check_submission_mapping(
        *read_submission_mapping("{\"consent_on_paper\": true, \"respondent\": {\"name\": \"/data/who\"}, " + more +
                                 "}"),
        form);
  };
  EXPECT_TRUE(checked(R"("answers": [{"question": "/data/why"}])"));
  EXPECT_FALSE(checked(R"("answers": [{"question": "/data/wy"}])"));
  EXPECT_FALSE(checked(R"("answers": [{"question": "/data/turn/said"}])"));  // many answers
  EXPECT_FALSE(checked(R"("answers": [{"question": "/data/turn"}])"));       // a repeat
  EXPECT_FALSE(
      checked(R"("group": {"name": "/data/who", "together": {"repeat": "/data/note", "said": "/data/turn/said"}})"));
}

TEST(FromSubmissions, AnAnswerIsASourceOfItsRespondent) {
  const Material material = Mapped().run({{"uuid:1", household("SR-01", "គេជំពាក់បំណុល")}});
  ASSERT_EQ(material.respondents.size(), 1u);
  const MaterialRespondent& respondent = material.respondents[0];
  EXPECT_EQ(respondent.name, "SR-01");
  EXPECT_EQ(respondent.age_band, "65 and over");
  EXPECT_EQ(respondent.gender, "");
  EXPECT_EQ(respondent.role, "village chief");
  EXPECT_EQ(respondent.place_code, "KH-20");
  ASSERT_EQ(material.locations.size(), 1u);
  EXPECT_EQ(material.locations[0].name, "Svay Rieng");
  ASSERT_EQ(material.sources.size(), 2u);
  EXPECT_EQ(material.sources[0].name, "SR-01/why");
  EXPECT_EQ(material.sources[0].text, "គេជំពាក់បំណុល");
  EXPECT_EQ(material.sources[0].question, "ហេតុអ្វី?");
  EXPECT_EQ(material.sources[0].asked, "cause");
  EXPECT_EQ(material.sources[0].told_on, "2026-02-11");
  EXPECT_FALSE(material.sources[0].is_read);
  EXPECT_EQ(material.sources[1].text, "");  // asked, and said nothing
  EXPECT_TRUE(material.sources[1].is_read);
  EXPECT_NE(material.sources[0].guid, material.sources[1].guid);
  EXPECT_EQ(material.sources[0].guid[14], '8');
}

TEST(FromSubmissions, WithoutConsentNothingIsTaken) {
  for (const char* answers :
       {"<who>SR-01</who><why>x</why>", "<consent>no</consent><keep>yes</keep><who>SR-01</who><why>x</why>",
        "<consent>yes</consent><keep>no</keep><who>SR-01</who><why>x</why>",
        "<consent>yes</consent><who>SR-01</who><why>x</why>", "<consent/><keep/><who>SR-01</who><why>x</why>"}) {
    const Material material = Mapped().run({{"uuid:1", filled(answers)}});
    EXPECT_TRUE(material.respondents.empty() && material.sources.empty() && material.locations.empty()) << answers;
    EXPECT_EQ(material.report.of("submission left out", Outcome::kKept), 1) << answers;
    EXPECT_TRUE(material.report.complete());  // a wish is no loss
  }
}

TEST(FromSubmissions, WhatIsMissingOrUnknownIsNamed) {
  const std::string yes = "<consent>yes</consent><keep>yes</keep>";
  const Material material = Mapped().run(
      {{"uuid:1",
        filled(
            yes +
            "<who>SR-01</who><place>KH-99</place><age>old</age><sex>x</sex><why>a</why>")},  // nothing of it is known
       {"uuid:2", filled(yes + "<who>SR-02</who><place>KH-2</place><why>b</why>")},          // a place in no location
       {"uuid:3", filled(yes + "<why>c</why>")},                                             // nobody
       {"uuid:4", filled(yes + "<who>SR-01</who><why>d</why>")}});                           // the same code
  ASSERT_EQ(material.respondents.size(), 2u);
  EXPECT_EQ(material.respondents[0].place_code, "");
  EXPECT_EQ(material.respondents[0].attributes.at("place"), "KH-99");
  EXPECT_EQ(material.respondents[0].attributes.at("age"), "old");
  EXPECT_EQ(material.respondents[0].attributes.at("gender"), "x");
  EXPECT_EQ(material.respondents[1].place_code, "KH-2");
  EXPECT_EQ(material.respondents[1].location, -1);
  ASSERT_EQ(material.sources.size(), 3u);  // done was not there: not asked
  EXPECT_EQ(material.sources[2].name, "SR-01/why (2)");
  EXPECT_TRUE(says(material.report, "no place of the gazetteer"));
  EXPECT_TRUE(says(material.report, "in no location"));
  EXPECT_TRUE(says(material.report, "another submission gives the same code"));
  EXPECT_TRUE(says(material.report, "two submissions with this code tell different facts"));
  EXPECT_EQ(material.report.of("submission", Outcome::kUnusable), 1);
}

TEST(FromSubmissions, AFocusGroupKeepsItsSpeakers) {
  const std::string yes = "<consent>yes</consent><keep>yes</keep><place>KH-20</place><language>km</language>";
  const Material material = Mapped().run({{"uuid:1", filled(yes + R"(<label_of_group>SR-FG1</label_of_group>
<people><label>Phally</label><code>SR-07</code><age_of>25-34</age_of></people><people><label>Dara</label><code>SR-08</code></people>
<turn><who_speaks>f</who_speaks><said>ហេតុអ្វី?</said></turn><turn><speaker>Phally</speaker><said>Debt.
Dara: I did not say this.</said></turn><turn><said>laughter</said></turn><turn><speaker>Dara</speaker><said> No land. </said></turn><turn><speaker>Dara</speaker><said/></turn>)")}});
  ASSERT_EQ(material.sources.size(), 1u);
  const MaterialSource& source = material.sources[0];
  EXPECT_EQ(source.name, "SR-FG1 focus group");
  EXPECT_EQ(source.kind, "focus_group");
  EXPECT_EQ(source.text,
            "អ្នកសម្របសម្រួល: ហេតុអ្វី?\n\nPhally: Debt. Dara: I did not say this.\n\n– laughter\n\nDara: No land.\n");
  ASSERT_EQ(source.speakers.size(), 2u);
  EXPECT_EQ(source.speakers[1].label, "Dara");
  EXPECT_EQ(material.respondents[1].name, "SR-08");
  EXPECT_EQ(material.respondents[0].age_band, "25-34");

  const Material twins =
      Mapped().run({{"uuid:1", filled(yes + "<label_of_group>SR-FG1</label_of_group><people><label>A</"
                                            "label><code>SR-07</code></people><people><label>A</label><code>SR-08</"
                                            "code></people><turn><speaker>A</speaker><said>Debt.</said></turn>")}});
  EXPECT_TRUE(says(twins.report, "belong to neither"));
  EXPECT_EQ(twins.sources[0].speakers[0].label, "");

  const Material together =
      Mapped().run({{"uuid:1", filled(yes + "<label_of_group>SR-FG2</label_of_group><size>7</size><note><noted>Poor.</"
                                            "noted></note><note><noted>Debt.</noted></note>")}});
  ASSERT_EQ(together.sources.size(), 1u);
  EXPECT_EQ(together.sources[0].text, "– Poor.\n\n– Debt.\n");
  EXPECT_EQ(together.respondents[0].kind, "group");
  EXPECT_EQ(together.respondents[0].size, 7);
}

// The whole way: published, sent in, taken into a study.
class TakenSubmissions : public testing_support::OnBothEngines {
 protected:
  void SetUp() override {
    OnBothEngines::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    auto transaction = workspace().write();
    ASSERT_TRUE(places::install_builtin_places(transaction));
    NewStudy wanted;
    wanted.study.name = "Experiences";
    study_ = *create_study(transaction, wanted);
    ASSERT_TRUE(ensure_location(transaction, study_, "Svay Rieng", "KH-20"));
    const auto published = collect::take_form(transaction, {std::string(kForm), "h.xml", study_, {}, false});
    ASSERT_TRUE(published) << published.error().sentence();
    form_ = published->form.id;
    collect::set_form_mapping(transaction, form_, kMapping);
    transaction.commit();
    key_.emplace(*people::audit_key(workspace()));
  }
  // Sends one in; `edits`: the instance it replaces.
  void send(const std::string& instance_id, std::string xml, const std::string& edits = "") {
    std::string meta = "<meta><instanceID>" + instance_id + "</instanceID>";
    if (!edits.empty()) meta += "<deprecatedID>" + edits + "</deprecatedID>";
    xml.insert(xml.rfind("</data>"), meta + "</meta>");
    collect::Post post;
    post.sender.person.at_machine = true;
    post.xml = xml;
    const auto receipt = collect::take_in(workspace(), *key_, post);
    ASSERT_TRUE(receipt) << receipt.error().sentence();
    ASSERT_EQ(receipt->waits_for, collect::WaitsFor::kNothing);
    submissions_[instance_id] = receipt->submission;
  }
  ImportReport take(const TakeOptions& options = {}) {
    auto transaction = workspace().write();
    auto report = take_submissions(transaction, study_, form_, options);
    EXPECT_TRUE(report) << report.error().sentence();
    transaction.commit();
    return report.value_or(ImportReport());
  }
  Material held() {
    auto transaction = workspace().read();
    return *gather(transaction, study_, {}, {});
  }
  // The newest text of a source by its name; "(none)" where there is none.
  std::string text(const std::string& name) {
    const Material material = held();
    for (const MaterialSource& source : material.sources)
      if (source.name == name) return source.text;
    return "(none)";
  }
  Id study_, form_;
  std::map<std::string, Id> submissions_;
  std::optional<vault::SigningKey> key_;
};

TEST_P(TakenSubmissions, AgainChangesNothing) {
  send("uuid:1", household("SR-01", "Debt."));
  send("uuid:2", household("SR-02", "No land."));
  const ImportReport first = take();
  EXPECT_EQ(first.of("source", Outcome::kRead), 4) << first.text();
  EXPECT_EQ(first.of("respondent", Outcome::kRead), 2);
  const Material before = held();
  const ImportReport second = take();
  EXPECT_EQ(second.of("source", Outcome::kMerged), 4) << second.text();
  EXPECT_EQ(second.of("source", Outcome::kRead), 0);
  EXPECT_TRUE(second.lines.empty()) << second.text();
  const Material after = held();
  ASSERT_EQ(after.sources.size(), before.sources.size());
  EXPECT_EQ(after.respondents.size(), before.respondents.size());
  for (std::size_t i = 0; i < after.sources.size(); ++i) EXPECT_EQ(after.sources[i].guid, before.sources[i].guid);
  EXPECT_EQ(text("SR-01/why"), "Debt.");
  EXPECT_EQ(after.locations.size(), 1u);
}

TEST_P(TakenSubmissions, AnEditIsANewVersionAndItsCodingsAreCarriedOver) {
  send("uuid:1", household("SR-01", "Debt, and no land."));
  take();
  {
    auto transaction = workspace().write();
    Material codings;
    codings.coders.push_back({"", "anita"});
    MaterialCode cause;
    cause.name = "Causes";
    cause.reference = true;
    codings.codes.push_back(cause);
    MaterialSource source;
    source.name = "SR-01/why";
    source.reference = true;
    codings.sources.push_back(source);
    for (const char* quote : {"Debt", "no land"}) {
      MaterialCoding coding;
      coding.source = coding.code = coding.coder = 0;
      coding.span.quote = quote;
      codings.codings.push_back(coding);
    }
    ASSERT_EQ(merge(transaction, study_, codings, {})->of("coding", Outcome::kRead), 2);
    transaction.commit();
  }
  send("uuid:1b", household("SR-01", "Debt, and the flood."), "uuid:1");
  const ImportReport report = take();
  EXPECT_EQ(report.of("source", Outcome::kChanged), 1) << report.text();
  EXPECT_EQ(report.of("coding carried over", Outcome::kRead), 1) << report.text();
  EXPECT_EQ(report.of("coding", Outcome::kUnusable), 1) << report.text();  // named, for a person to look at
  EXPECT_TRUE(says(report, "version 2"));
  EXPECT_TRUE(take().lines.empty());  // and then it is as it is
}

TEST_P(TakenSubmissions, WhatIsTakenBackIsNamedAndNotThrownAway) {
  send("uuid:1", household("SR-01", "Debt."));
  send("uuid:2", filled("<consent>no</consent><who>SR-02</who><why>Never.</why>"));
  ImportReport report = take();
  EXPECT_EQ(report.of("submission left out", Outcome::kKept), 1) << report.text();
  EXPECT_EQ(text("SR-02/why"), "(none)");
  EXPECT_EQ(held().respondents.size(), 1u);

  std::string withdrawn = household("SR-01", "Debt.");
  withdrawn.replace(withdrawn.find("<keep>yes"), 9, "<keep>no");
  send("uuid:1b", withdrawn, "uuid:1");
  report = take();
  EXPECT_TRUE(says(report, "Consent was not given. What an earlier run took of it is still in the study"))
      << report.text();
  EXPECT_EQ(report.lines[0].where, "SR-01/why");
  EXPECT_EQ(text("SR-01/why"), "Debt.");
}

TEST_P(TakenSubmissions, RejectedOnesStayOutAndApprovedOnesMayBeAskedFor) {
  send("uuid:1", household("SR-01", "Debt."));
  send("uuid:2", household("SR-02", "No land."));
  {
    auto transaction = workspace().write();
    ASSERT_TRUE(collect::review(transaction, submissions_["uuid:1"], {}, collect::ReviewState::kRejected, "A trial."));
    transaction.commit();
  }
  TakeOptions approved;
  approved.approved_only = true;
  EXPECT_EQ(take(approved).of("submission left out", Outcome::kKept), 2);
  EXPECT_TRUE(held().sources.empty());
  const ImportReport report = take();
  EXPECT_EQ(report.of("submission left out", Outcome::kKept), 1);
  EXPECT_EQ(text("SR-01/why"), "(none)");
  EXPECT_EQ(text("SR-02/why"), "No land.");
  {
    auto transaction = workspace().write();
    ASSERT_TRUE(
        collect::review(transaction, submissions_["uuid:2"], {}, collect::ReviewState::kRejected, "A trial too."));
    transaction.commit();
  }
  EXPECT_TRUE(says(take(), "It was rejected. What an earlier run took"));
}

TEST_P(TakenSubmissions, WhatSomebodyMayNotReadIsNotTakenForThem) {
  send("uuid:1", household("SR-01", "Debt."));
  send("uuid:2", household("SR-02", "No land."));
  TakeOptions options;
  options.among.without = {submissions_["uuid:1"]};
  EXPECT_EQ(take(options).of("submission", Outcome::kRead), 1);
  EXPECT_EQ(text("SR-01/why"), "(none)");
  EXPECT_EQ(text("SR-02/why"), "No land.");
  options.among = {};
  options.among.places.emplace();  // of no place
  EXPECT_EQ(take(options).of("submission", Outcome::kRead), 0);
}

TEST_P(TakenSubmissions, ACodeThatWasChangedIsLeftToAPerson) {
  send("uuid:1", household("SR-10", "Debt."));
  take();
  send("uuid:1b", household("SR-01", "Debt."), "uuid:1");
  const ImportReport report = take();
  EXPECT_TRUE(says(report, "An edit gave it the code of “SR-01/why”")) << report.text();
  EXPECT_EQ(text("SR-10/why"), "Debt.");
  EXPECT_EQ(text("SR-01/why"), "(none)");
  EXPECT_EQ(held().respondents.size(), 1u);
}

TEST_P(TakenSubmissions, WhatWasErasedStaysOut) {
  send("uuid:1", household("SR-01", "Debt."));
  send("uuid:2", household("SR-02", "No land."));
  take();
  {
    auto transaction = workspace().write();
    for (const Respondent& each : list_respondents(transaction, study_))
      if (each.name == "SR-01") {
        ASSERT_TRUE(erase_respondent(transaction, study_, each.id));
      }
    transaction.commit();
  }
  const ImportReport report = take();
  EXPECT_TRUE(says(report, "was erased from this study")) << report.text();
  EXPECT_EQ(text("SR-01/why"), "(none)");
  EXPECT_EQ(held().respondents.size(), 1u);
}

TEST_P(TakenSubmissions, AnAnswerThatCameByATableBeforeIsTheSameOne) {
  {
    auto transaction = workspace().write();
    Material table;
    MaterialRespondent respondent;
    respondent.name = "SR-01";
    respondent.role = "farmer";
    table.respondents.push_back(respondent);
    MaterialSource source;
    source.name = "SR-01/why";
    source.kind = "open_answer";
    source.text = "Debt.";
    source.speakers.push_back({"", 0});
    table.sources.push_back(source);
    ASSERT_TRUE(merge(transaction, study_, table, {}));
    transaction.commit();
  }
  send("uuid:1", household("SR-01", "Debt."));
  const ImportReport report = take();
  EXPECT_EQ(report.of("source", Outcome::kMerged), 1) << report.text();
  EXPECT_TRUE(says(report, "The study's own role was kept")) << report.text();
  ASSERT_EQ(held().respondents.size(), 1u);
  EXPECT_EQ(held().respondents[0].role, "farmer");
  EXPECT_EQ(held().respondents[0].age_band, "65 and over");  // was not known
  send("uuid:1b", household("SR-01", "Debt, and drink."), "uuid:1");
  EXPECT_TRUE(says(take(), "version 2"));
  EXPECT_EQ(text("SR-01/why"), "Debt, and drink.");
}

TEST_P(TakenSubmissions, UnknownPlacesAndMissingMappingsAreNamed) {
  send("uuid:1", filled("<consent>yes</consent><keep>yes</keep><place>0815</place><who>SR-01</who><why>Debt.</why>"));
  const ImportReport report = take();
  EXPECT_TRUE(says(report, "no place of the gazetteer")) << report.text();
  ASSERT_EQ(held().respondents.size(), 1u);
  EXPECT_EQ(held().respondents[0].attributes.at("place"), "0815");
  auto transaction = workspace().write();
  collect::set_form_mapping(transaction, form_, "{}");
  EXPECT_EQ(take_submissions(transaction, study_, form_, {}).error().code(), "missing_value");
  NewStudy other;
  other.study.name = "Another";
  EXPECT_EQ(take_submissions(transaction, *create_study(transaction, other), form_, {}).error().code(), "forbidden");
}

INSTANTIATE_TEST_SUITE_P(Engines, TakenSubmissions, testing_support::BothEngines(), testing_support::engine_name);

}  // namespace understory::study
