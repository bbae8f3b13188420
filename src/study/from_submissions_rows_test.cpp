// Open answers within repeats: rows of the respondent and of others, again and again, on both engines.
#include "collect/forms.h"
#include "collect/intake.h"
#include "collect/submissions.h"
#include "people/audit.h"
#include "places/places.h"
#include "study/erase.h"
#include "study/from_submissions.h"
#include "study/gather.h"
#include "study/source.h"
#include "study/study.h"
#include "study/take_submissions.h"
#include "testing/workspace.h"

namespace understory::study {

namespace {

constexpr std::string_view kForm =
    R"xml(<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
 xmlns:jr="http://openrosa.org/javarosa"><h:head><h:title>R</h:title><model>
<instance><data id="r" version="1"><place/><who/><why/>
<child jr:template=""><code/><sex/><told/><wish jr:template=""><wanted/></wish></child>
<job jr:template=""><work/></job><meta><instanceID/></meta></data></instance></model></h:head><h:body>
<input ref="/data/place"/><input ref="/data/who"/><input ref="/data/why"/>
<group ref="/data/child"><repeat nodeset="/data/child"><input ref="/data/child/code"/><input ref="/data/child/sex"/><input ref="/data/child/told"><label>What did they tell?</label></input>
<group ref="/data/child/wish"><repeat nodeset="/data/child/wish"><input ref="/data/child/wish/wanted"/></repeat></group></repeat></group>
<group ref="/data/job"><repeat nodeset="/data/job"><input ref="/data/job/work"/></repeat></group></h:body></h:html>)xml";

constexpr std::string_view kMapping = R"({"consent_on_paper": true, "place": "/data/place",
 "respondent": {"name": "/data/who"}, "answers": [{"question": "/data/why"}],
 "rows": [{"repeat": "/data/child", "respondent": {"name": "/data/child/code", "gender": "/data/child/sex"},
           "answers": [{"question": "/data/child/told", "asked": "cause"}]},
          {"repeat": "/data/child/wish", "answers": [{"question": "/data/child/wish/wanted"}]},
          {"repeat": "/data/job", "answers": [{"question": "/data/job/work"}]}]})";

std::string child(const std::string& code, const std::string& told, const std::string& wish = "") {
  return "<child><code>" + code + "</code><sex>female</sex><told>" + told + "</told>" +
         (wish.empty() ? "" : "<wish><wanted>" + wish + "</wanted></wish>") + "</child>";
}
std::string job(const std::string& work) { return "<job><work>" + work + "</work></job>"; }
std::string filled(const std::string& rows, const std::string& who = "SR-01") {
  return "<data id=\"r\" version=\"1\"><place>KH-20</place><who>" + who + "</who><why>Debt.</why>" + rows + "</data>";
}

bool says(const ImportReport& report, std::string_view words) {
  for (const ImportLine& line : report.lines)
    if (line.what.find(words) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST(SubmissionMapping, RowsAreTheSameAfterwardsAndWhatIsWrongInThemIsNamed) {
  const auto mapping = read_submission_mapping(kMapping);
  ASSERT_TRUE(mapping) << mapping.error().sentence();
  const std::string written = write_submission_mapping(*mapping);
  const auto again = read_submission_mapping(written);
  ASSERT_TRUE(again) << again.error().sentence();
  EXPECT_EQ(write_submission_mapping(*again), written);
  ASSERT_EQ(again->rows.size(), 3u);
  EXPECT_EQ(again->rows[0].respondent->gender, "/data/child/sex");
  EXPECT_FALSE(again->rows[1].respondent);
  const collect::Form form = collect::read_form(kForm, "r.xml")->form;
  EXPECT_TRUE(check_submission_mapping(*again, form));
  const auto refused = [&](const std::string& rows, const std::string& more = "") {
    const auto read = read_submission_mapping(R"({"consent_on_paper": true)" + more + R"(, "rows": )" + rows + "}");
    return !read || !check_submission_mapping(*read, form);
  };
  const std::string who = R"(, "respondent": {"name": "/data/who"})";
  EXPECT_FALSE(refused(R"([{"repeat": "/data/job", "answers": [{"question": "/data/job/work"}]}])", who));
  EXPECT_TRUE(refused(R"([{"repeat": "/data/job", "answers": [{"question": "/data/job/work"}]}])"));  // whose?
  EXPECT_TRUE(refused(R"([{"repeat": "/data/job", "answers": []}])", who));
  EXPECT_TRUE(refused(R"([{"repeat": "/data/job", "answers": [{"question": "/data/child/told"}]}])", who));
  EXPECT_TRUE(refused(R"([{"repeat": "/data/why", "answers": [{"question": "/data/why"}]}])", who));
  EXPECT_TRUE(refused(
      R"([{"repeat": "/data/child", "respondent": {"gender": "/data/child/sex"}, "answers": [{"question": "/data/child/told"}]}])",
      who));
  EXPECT_TRUE(refused(R"([{"repeat": "/data/job", "answer": []}])", who));
  EXPECT_TRUE(refused(R"({})", who));
}

class TakenRows : public testing_support::OnBothEngines {
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
    form_ = collect::take_form(transaction, {std::string(kForm), "r.xml", study_, {}, false})->form.id;
    collect::set_form_mapping(transaction, form_, kMapping);
    transaction.commit();
    key_.emplace(*people::audit_key(workspace()));
  }
  void send(const std::string& instance_id, std::string xml, const std::string& edits = "") {
    std::string meta = "<meta><instanceID>" + instance_id + "</instanceID>";
    if (!edits.empty()) meta += "<deprecatedID>" + edits + "</deprecatedID>";
    xml.insert(xml.rfind("</data>"), meta + "</meta>");
    collect::Post post;
    post.sender.person.active = post.sender.person.at_machine = true;
    post.sender.study = study_;
    post.route = "test";
    post.xml = xml;
    const auto receipt = collect::take_in(workspace(), *key_, post);
    ASSERT_TRUE(receipt) << receipt.error().sentence();
    submission_ = receipt->submission;
  }
  ImportReport take() {
    auto transaction = workspace().write();
    auto report = take_submissions(transaction, study_, form_, {});
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
  void erase(const std::string& pseudonym) {
    auto transaction = workspace().write();
    for (const Respondent& each : list_respondents(transaction, study_))
      if (each.name == pseudonym) {
        ASSERT_TRUE(erase_respondent(transaction, study_, each.id));
      }
    transaction.commit();
  }
  Id study_, form_, submission_;
  std::optional<vault::SigningKey> key_;
};
INSTANTIATE_TEST_SUITE_P(Engines, TakenRows, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(TakenRows, EachRowIsASourceOfItsOwnAndAgainChangesNothing) {
  send("uuid:1",
       filled(child("SR-02", "No school.", "A bicycle") + child("SR-03", "Hunger.") + job("Bricks") + job("Fishing")));
  const ImportReport first = take();
  EXPECT_EQ(first.of("source", Outcome::kRead), 6) << first.text();
  EXPECT_EQ(first.of("respondent", Outcome::kRead), 3);
  const Material material = held();
  std::map<std::string, std::string> whose;
  for (const MaterialSource& source : material.sources) {
    ASSERT_EQ(source.speakers.size(), 1u);
    whose[source.name] = material.respondents[static_cast<std::size_t>(source.speakers[0].respondent)].name;
  }
  EXPECT_EQ(whose, (std::map<std::string, std::string>{{"SR-01/why", "SR-01"},
                                                       {"SR-02/told", "SR-02"},
                                                       {"SR-03/told", "SR-03"},
                                                       {"SR-01/wanted 1.1", "SR-01"},
                                                       {"SR-01/work 1", "SR-01"},
                                                       {"SR-01/work 2", "SR-01"}}));
  EXPECT_EQ(text("SR-03/told"), "Hunger.");
  for (const MaterialRespondent& each : material.respondents)
    EXPECT_EQ(each.gender, each.name == "SR-01" ? "" : "female") << each.name;
  const ImportReport second = take();
  EXPECT_EQ(second.of("source", Outcome::kMerged), 6) << second.text();
  EXPECT_TRUE(second.lines.empty()) << second.text();
}

TEST_P(TakenRows, AnEditOfARowIsANewVersionOfThatRowWhereverItStands) {
  send("uuid:1", filled(child("SR-02", "No school.") + child("SR-03", "Hunger.")));
  take();
  // The rows change places, one is edited, one is new: each stays its own.
  send("uuid:1b", filled(child("SR-04", "New.") + child("SR-03", "Hunger and debt.") + child("SR-02", "No school.")),
       "uuid:1");
  const ImportReport report = take();
  EXPECT_EQ(report.of("source", Outcome::kChanged), 1) << report.text();
  EXPECT_EQ(text("SR-02/told"), "No school.");
  EXPECT_EQ(text("SR-03/told"), "Hunger and debt.");
  EXPECT_EQ(text("SR-04/told"), "New.");
  EXPECT_TRUE(take().lines.empty());
}

TEST_P(TakenRows, ARowThatIsGoneIsNamedAndNobodyCountsTwice) {
  send("uuid:1", filled(child("SR-02", "No school.") + job("Bricks") + job("Fishing")));
  take();
  // Another pseudonym: perhaps the same child. And a job less.
  send("uuid:1b", filled(child("SR-20", "No school.") + job("Bricks")), "uuid:1");
  ImportReport report = take();
  EXPECT_TRUE(says(report, "took this row out or gave it another pseudonym")) << report.text();
  EXPECT_TRUE(says(report, "they may be one person")) << report.text();
  EXPECT_EQ(report.of("source", Outcome::kUnusable), 2) << report.text();  // the child's and the second job
  EXPECT_EQ(text("SR-02/told"), "No school.");
  EXPECT_EQ(text("SR-20/told"), "(none)");
  EXPECT_EQ(text("SR-01/work 2"), "Fishing");
  // Somebody looked, and erased the old one: the new one is taken.
  erase("SR-02");
  report = take();
  EXPECT_EQ(text("SR-20/told"), "No school.") << report.text();
  EXPECT_EQ(text("SR-02/told"), "(none)");
}

TEST_P(TakenRows, WhoWasErasedStaysOutAndTheOthersStay) {
  send("uuid:1", filled(child("SR-02", "No school.") + child("SR-03", "Hunger.")));
  take();
  erase("SR-02");
  // An edit that moves the rows does not bring the erased one back under another's place.
  send("uuid:1b", filled(child("SR-03", "Hunger still.") + child("SR-02", "No school at all.")), "uuid:1");
  const ImportReport report = take();
  EXPECT_TRUE(says(report, "was erased from this study")) << report.text();
  EXPECT_EQ(text("SR-02/told"), "(none)");
  EXPECT_EQ(text("SR-03/told"), "Hunger still.");
  // The respondent's own rows go with the respondent, also one that an edit brings later.
  erase("SR-01");
  send("uuid:1c", filled(child("SR-03", "Hunger still.") + job("Bricks")), "uuid:1b");
  take();
  EXPECT_EQ(text("SR-01/work 1"), "(none)");
  EXPECT_EQ(text("SR-03/told"), "Hunger still.");
}

TEST_P(TakenRows, RowsWithoutAPseudonymAndRejectionsAreNamed) {
  send("uuid:1", filled(child("", "Nobody's words.") + child("SR-02", "No school.") + child("SR-02", "And more.")));
  ImportReport report = take();
  EXPECT_TRUE(says(report, "row 1 gives no pseudonym")) << report.text();
  EXPECT_EQ(text("SR-02/told"), "No school.");
  EXPECT_EQ(text("SR-02/told (2)"), "And more.");
  EXPECT_TRUE(says(report, "this one is number 2"));
  EXPECT_EQ(held().respondents.size(), 2u);
  {
    auto transaction = workspace().write();
    ASSERT_TRUE(collect::review(transaction, submission_, {}, collect::ReviewState::kRejected, "A trial."));
    transaction.commit();
  }
  report = take();
  int named = 0;
  for (const ImportLine& line : report.lines) named += line.what.find("It was rejected.") == 0;
  EXPECT_EQ(named, 3) << report.text();  // why, and two rows
}

TEST_P(TakenRows, ThePreviewShowsTheNewestAndKeepsNothing) {
  send("uuid:1", filled(job("Bricks"), "SR-01"));
  send("uuid:2", filled(child("SR-08", "Hunger.") + job("Fishing"), "SR-07"));
  auto transaction = workspace().read();
  const collect::Form fields = collect::union_of_versions(transaction, form_);
  const auto preview =
      preview_newest(transaction, study_, form_, fields, *read_submission_mapping(kMapping), collect::Wanted{});
  ASSERT_TRUE(preview);
  EXPECT_EQ(preview->submission, submission_);
  ASSERT_EQ(preview->material.sources.size(), 3u);
  EXPECT_EQ(preview->material.respondents[0].name, "SR-07");
  EXPECT_EQ(preview->material.locations[0].name, "Svay Rieng");
  EXPECT_TRUE(gather(transaction, study_, {}, {})->sources.empty());
  collect::Wanted nowhere;
  nowhere.places.emplace();
  EXPECT_FALSE(preview_newest(transaction, study_, form_, fields, *read_submission_mapping(kMapping), nowhere));
  // Half a mapping shows what it would do.
  SubmissionMapping half;
  half.consent_on_paper = true;
  half.respondent.emplace();
  const auto nobody = preview_newest(transaction, study_, form_, fields, half, collect::Wanted{});
  ASSERT_TRUE(nobody);
  EXPECT_TRUE(nobody->material.respondents.empty());
  EXPECT_TRUE(says(nobody->material.report, "gives no pseudonym"));
}

}  // namespace understory::study
