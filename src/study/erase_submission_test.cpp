// P20 for what phones sent: an erased submission is gone with what was made of it, and does not come back.
#include "study/erase_submission.h"

#include <boost/json.hpp>

#include "collect/entities.h"
#include "collect/export/csv_zip.h"
#include "collect/intake.h"
#include "collect/submissions.h"
#include "collect/webhook.h"
#include "people/audit.h"
#include "places/places.h"
#include "storage/blobs.h"
#include "study/evidence.h"
#include "study/gather.h"
#include "study/source.h"
#include "study/study.h"
#include "study/take_submissions.h"
#include "testing/workspace.h"

namespace understory::study {

namespace {

constexpr std::string_view kForm =
    R"xml(<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:jr="http://openrosa.org/javarosa"
 xmlns:entities="http://www.opendatakit.org/xforms/entities"><h:head><h:title>E</h:title><model entities:entities-version="2024.1.0">
<instance><data id="e" version="1"><place/><who/><why/><photo/>
<child jr:template=""><code/><told/></child><job jr:template=""><work/></job>
<meta><instanceID/><entity dataset="wells" id="" create="1"><label/></entity></meta></data></instance>
<bind nodeset="/data/photo" type="binary"/><bind nodeset="/data/why" type="string" entities:saveto="why"/></model></h:head><h:body>
<input ref="/data/place"/><input ref="/data/who"/><input ref="/data/why"/><upload ref="/data/photo" mediatype="image/*"/>
<group ref="/data/child"><repeat nodeset="/data/child"><input ref="/data/child/code"/><input ref="/data/child/told"/></repeat></group>
<group ref="/data/job"><repeat nodeset="/data/job"><input ref="/data/job/work"/></repeat></group></h:body></h:html>)xml";

constexpr std::string_view kMapping = R"({"consent_on_paper": true, "place": "/data/place",
 "respondent": {"name": "/data/who"}, "answers": [{"question": "/data/why"}],
 "rows": [{"repeat": "/data/child", "respondent": {"name": "/data/child/code"},
           "answers": [{"question": "/data/child/told"}]},
          {"repeat": "/data/job", "answers": [{"question": "/data/job/work"}]}]})";

struct Filled {
  std::string number, who = "SR-01", why = "Debt.", child = "SR-01a", edits, entity;
  std::string action = R"(create="1")";
  std::string xml() const {
    return "<data id=\"e\" version=\"1\"><place>KH-20</place><who>" + who + "</who><why>" + why +
           "</why><photo>p.jpg</photo><child><code>" + child + "</code><told>Told " + why +
           "</told></child><job><work>Work " + why + "</work></job><meta><instanceID>" + number + "</instanceID>" +
           (edits.empty() ? "" : "<deprecatedID>" + edits + "</deprecatedID>") +
           (entity.empty() ? ""
                           : "<entity dataset=\"wells\" " + action + " id=\"" + entity + "\"><label>Label " + why +
                                 "</label></entity>") +
           "</meta></data>";
  }
};
constexpr const char* kWell = "12345678-1234-4123-8234-123456789001";
constexpr const char* kOther = "12345678-1234-4123-8234-123456789002";

}  // namespace

class ErasedSubmissions : public testing_support::OnBothEngines {
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
    form_ = collect::take_form(transaction, {std::string(kForm), "e.xml", study_, {}, false})->form.id;
    collect::set_form_mapping(transaction, form_, kMapping);
    ASSERT_TRUE(collect::add_webhook(transaction, form_, "http://127.0.0.1:9", {}));
    transaction.commit();
    key_.emplace(*people::audit_key(workspace()));
  }
  Result<collect::Receipt> send(const Filled& filled, const std::string& photo = "", bool over = false) {
    collect::Post post;
    post.sender.person.active = post.sender.person.at_machine = true;
    post.sender.study = study_;
    post.sender.device_name = "collect:phone";
    post.sender.over = over;
    post.route = "test";
    post.xml = filled.xml();
    if (!photo.empty())
      post.files.push_back({"p.jpg", "image/jpeg", static_cast<std::int64_t>(photo.size()),
                            [photo](const std::function<void(std::string_view)>& put) { put(photo); }});
    return collect::take_in(workspace(), *key_, post);
  }
  void take() {
    auto transaction = workspace().write();
    const auto report = take_submissions(transaction, study_, form_, {});
    ASSERT_TRUE(report) << report.error().sentence();
    transaction.commit();
  }
  SubmissionErasing tell(Id submission) {
    auto transaction = workspace().read();
    auto told = what_erasing_takes(transaction, submission);
    EXPECT_TRUE(told);
    return std::move(*told);
  }
  void erase(Id submission) {
    auto transaction = workspace().write();
    const auto erasing = what_erasing_takes(transaction, submission);
    ASSERT_TRUE(erasing) << erasing.error().sentence();
    const auto erased = erase_submission(transaction, *key_, *erasing);
    ASSERT_TRUE(erased) << erased.error().sentence();
    transaction.commit();
  }
  std::int64_t kept() {
    auto transaction = workspace().read();
    return collect::count_submissions(transaction, form_, {});
  }
  std::set<std::string> sources() {
    auto transaction = workspace().read();
    std::set<std::string> names;
    for (const SourceLine& line : list_sources(transaction, study_)) names.insert(line.name);
    return names;
  }
  std::set<std::string> respondents() {
    auto transaction = workspace().read();
    std::set<std::string> names;
    for (const Respondent& each : list_respondents(transaction, study_)) names.insert(each.name);
    return names;
  }
  std::string entities() {
    auto transaction = workspace().read();
    const auto list = *collect::find_entity_list(transaction, study_, "wells");
    return collect::entity_csv(transaction, list, *collect::list_secret(transaction, list.id));
  }
  Id study_, form_;
  std::optional<vault::SigningKey> key_;
};
INSTANTIATE_TEST_SUITE_P(Engines, ErasedSubmissions, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(ErasedSubmissions, AreGoneWithAllThatWasMadeOfThem) {
  const Id one = send({.number = "uuid:1", .why = "canaryone"}, "canaryphoto")->submission;
  ASSERT_TRUE(send({.number = "uuid:1b", .why = "canaryedit", .edits = "uuid:1"}));
  const Id two = send({.number = "uuid:2", .who = "SR-02", .why = "Floods.", .child = "SR-02a"}, "photo")->submission;
  take();
  {
    auto transaction = workspace().write();
    ASSERT_TRUE(collect::review(transaction, one, {}, collect::ReviewState::kApproved, "canarycomment"));
    transaction.commit();
  }
  ASSERT_EQ(sources().size(), 6u);
  const SubmissionErasing told = tell(one);
  EXPECT_EQ(told.sent.submissions, std::vector<Id>{one});
  EXPECT_EQ(told.sent.instances.size(), 2u);
  EXPECT_EQ(told.sent.files, 1) << "the edit names the same file";
  EXPECT_EQ(told.sent.comments, 1);
  EXPECT_EQ(told.sources.size(), 3u);
  EXPECT_EQ(told.respondents.size(), 2u);
  EXPECT_FALSE(told.unreadable);
  Id blob;
  {
    auto transaction = workspace().read();
    blob = collect::attachments_of(transaction, one).at(0).blob;
  }
  erase(one);
  auto transaction = workspace().read();
  EXPECT_FALSE(collect::find_submission(transaction, one));
  EXPECT_TRUE(collect::instances_of(transaction, one)->empty());
  EXPECT_TRUE(collect::comments_of(transaction, one).empty());
  EXPECT_FALSE(storage::read_blob(transaction, blob));
  EXPECT_EQ(kept(), 1);
  EXPECT_EQ(sources().size(), 3u);
  EXPECT_EQ(respondents(), (std::set<std::string>{"SR-02", "SR-02a"}));
  EXPECT_EQ(load_evidence(transaction, study_).respondents.size(), 2u);
  const Material left = *gather(transaction, study_, {}, {});
  for (const MaterialSource& source : left.sources) EXPECT_EQ(source.text.find("canary"), std::string::npos);
  for (const auto& delivery : collect::deliveries(transaction, {}, 100)) EXPECT_EQ(delivery.instance_id, "uuid:2");
  for (const auto& import : list_imports(transaction, study_))
    EXPECT_EQ(import.report_json.find("canary"), std::string::npos);
  // What is left opens as before, its receipt too.
  int opened = 0;
  collect::each_submission(transaction, form_, {}, [&](const collect::Opened& each) {
    EXPECT_EQ(each.submission.id, two);
    EXPECT_FALSE(each.unreadable);
    return ++opened > 0;
  });
  EXPECT_EQ(opened, 1);
}

// One whose key is gone or damaged stands in nobody's way, and can be erased itself.
TEST_P(ErasedSubmissions, AreErasedBesideAndAfterOnesThatDoNotOpen) {
  const Id one = send({.number = "uuid:1", .why = "canary"})->submission;
  const Id waits = send({.number = "uuid:2", .why = "other", .edits = "uuid:9"}, "", true)->submission;
  const Id broken = send({.number = "uuid:3", .why = "third"})->submission;
  {
    auto transaction = workspace().write();
    for (const Id each : {waits, broken})
      transaction.destroy_data_key(collect::instances_of(transaction, each)->at(0).id);
    transaction.commit();
  }
  {
    auto transaction = workspace().read();
    const auto instances = collect::instances_of(transaction, broken);
    ASSERT_TRUE(instances);
    EXPECT_TRUE(instances->at(0).unreadable);
  }
  EXPECT_FALSE(tell(one).unreadable);
  EXPECT_TRUE(tell(broken).unreadable);
  erase(one);
  erase(broken);
  EXPECT_EQ(kept(), 0);
}

TEST_P(ErasedSubmissions, DoNotComeBackWithARetryOrATaking) {
  const Filled filled{.number = "uuid:1", .why = "canary"};
  const Id one = send(filled, "photo")->submission;
  const Filled edit{.number = "uuid:1b", .why = "canaryedit", .edits = "uuid:1"};
  ASSERT_TRUE(send(edit));
  take();
  erase(one);
  for (const Filled* again : {&filled, &edit}) {
    const auto receipt = send(*again, "photo");
    ASSERT_TRUE(receipt) << receipt.error().sentence();
    EXPECT_FALSE(receipt->submission);
    EXPECT_TRUE(receipt->repeated);
  }
  EXPECT_EQ(kept(), 0);
  {
    auto transaction = workspace().read();
    EXPECT_TRUE(collect::waiting_submissions(transaction, "").empty());
  }
  // Anything else under that number is told apart, and so is a later edit: nothing is lost unseen.
  EXPECT_EQ(send({.number = "uuid:1", .why = "else"}).error().code(), "other_instance");
  EXPECT_EQ(send({.number = "uuid:1c", .why = "else", .edits = "uuid:1b"}).error().code(), "edit_unknown");
  EXPECT_EQ(send({.number = "uuid:1c", .why = "else", .edits = "uuid:1b"}, "", true).error().code(), "edit_unknown");
  EXPECT_TRUE(send({.number = "uuid:2", .why = "else"}));
  take();
  EXPECT_EQ(kept(), 1);
}

TEST_P(ErasedSubmissions, TakeQuarantinedEditsOfThemAlong) {
  const Id one = send({.number = "uuid:1"})->submission;
  // By a phone that was taken back: kept by themselves. One edits the other.
  const auto first = send({.number = "uuid:1b", .edits = "uuid:1"}, "", true);
  const auto second = send({.number = "uuid:1c", .edits = "uuid:1b"}, "", true);
  const auto other = send({.number = "uuid:9"}, "", true);
  ASSERT_TRUE(first && second && other);
  ASSERT_EQ(first->waits_for, collect::WaitsFor::kDevice);
  EXPECT_EQ(tell(one).sent.submissions.size(), 3u);
  erase(one);
  auto transaction = workspace().read();
  const auto waiting = collect::waiting_submissions(transaction, "");
  ASSERT_EQ(waiting.size(), 1u);
  EXPECT_EQ(waiting[0].id, other->submission);
}

TEST_P(ErasedSubmissions, LeaveOfEntitiesWhatOthersSaid) {
  const Id made = send({.number = "uuid:1", .why = "canaryone", .entity = kWell})->submission;
  ASSERT_TRUE(send({.number = "uuid:2", .why = "Dry.", .entity = kWell, .action = R"(update="1" baseVersion="1")"}));
  const Id alone = send({.number = "uuid:3", .why = "canarytwo", .entity = kOther})->submission;
  EXPECT_NE(entities().find(kOther), std::string::npos);
  EXPECT_EQ(tell(made).sent.entities_left, 1);
  EXPECT_EQ(tell(alone).sent.entities_gone, 1);
  erase(made);
  erase(alone);
  const std::string csv = entities();
  EXPECT_NE(csv.find(std::string(kWell) + ",Label Dry.,2,Dry."), std::string::npos) << csv;
  EXPECT_EQ(csv.find(kOther), std::string::npos);
  EXPECT_EQ(csv.find("canary"), std::string::npos);
  {
    auto transaction = workspace().read();
    const auto list = *collect::find_entity_list(transaction, study_, "wells");
    EXPECT_EQ(collect::deleted_entities(transaction, list.id), std::set<std::string>{kOther}) << "phones forget it";
    collect::each_entity(transaction, list, *collect::list_secret(transaction, list.id),
                         [](const collect::Entity& each) {
                           EXPECT_EQ(each.label.find("canary"), std::string::npos);
                           for (const auto& [property, value] : each.values)
                             EXPECT_EQ(value.find("canary"), std::string::npos);
                           for (const auto& changed : each.overwritten)
                             EXPECT_EQ(changed.before.find("canary"), std::string::npos);
                         });
  }
  // A phone that knows the well goes on from it.
  ASSERT_TRUE(send({.number = "uuid:4", .why = "Full.", .entity = kWell, .action = R"(update="1" baseVersion="2")"}));
  EXPECT_NE(entities().find(std::string(kWell) + ",Label Full.,3,Full."), std::string::npos) << entities();
}

TEST_P(ErasedSubmissions, AreFoundWhenTheMappingWasAnother) {
  const Id one = send({.number = "uuid:1"})->submission;
  take();
  {
    auto transaction = workspace().write();
    collect::set_form_mapping(transaction, form_, "{}");
    transaction.commit();
  }
  // The rows of others go by pseudonyms, which only a mapping names; the respondent's own are found.
  EXPECT_EQ(tell(one).sources.size(), 2u);
  erase(one);
  EXPECT_EQ(sources(), std::set<std::string>{"SR-01a/told"});
}

TEST_P(ErasedSubmissions, NeedSomebodyWhoMayReadThem) {
  const Id one = send({.number = "uuid:1"})->submission;
  {
    auto transaction = workspace().write();
    ASSERT_TRUE(workspace().put_key_away(std::move(transaction), vault::Secret::random()));
  }
  auto transaction = workspace().read();
  EXPECT_THROW((void)what_erasing_takes(transaction, one), storage::DatabaseError);
}

}  // namespace understory::study
