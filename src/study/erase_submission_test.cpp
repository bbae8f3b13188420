// P20 for what phones sent: an erased submission is gone with what was made of it, and does not come back.
#include "study/erase_submission.h"

#include <boost/json.hpp>

#include "collect/encrypted.h"
#include "collect/entities.h"
#include "collect/export/csv_zip.h"
#include "collect/intake.h"
#include "collect/quarantine.h"
#include "collect/submissions.h"
#include "collect/webhook.h"
#include "people/audit.h"
#include "places/places.h"
#include "storage/blobs.h"
#include "study/evidence.h"
#include "study/gather.h"
#include "study/merge.h"
#include "study/source.h"
#include "study/study.h"
#include "study/take_submissions.h"
#include "testing/encrypting_phone.h"
#include "testing/workspace.h"

namespace understory::study {

namespace {

constexpr std::string_view kForm =
    R"xml(<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:jr="http://openrosa.org/javarosa"
 xmlns:entities="http://www.opendatakit.org/xforms/entities"><h:head><h:title>E</h:title><model entities:entities-version="2024.1.0">
<instance><data id="e" version="1"><place/><who/><age/><why/><photo/>
<child jr:template=""><code/><told/></child><job jr:template=""><work/></job>
<meta><instanceID/><entity dataset="wells" id="" create="1"><label/></entity></meta></data></instance>
<bind nodeset="/data/photo" type="binary"/><bind nodeset="/data/why" type="string" entities:saveto="why"/></model></h:head><h:body>
<input ref="/data/place"/><input ref="/data/who"/><input ref="/data/age"/><input ref="/data/why"/><upload ref="/data/photo" mediatype="image/*"/>
<group ref="/data/child"><repeat nodeset="/data/child"><input ref="/data/child/code"/><input ref="/data/child/told"/></repeat></group>
<group ref="/data/job"><repeat nodeset="/data/job"><input ref="/data/job/work"/></repeat></group></h:body></h:html>)xml";

constexpr std::string_view kMapping = R"({"consent_on_paper": true, "place": "/data/place",
 "respondent": {"name": "/data/who", "age_band": "/data/age"}, "answers": [{"question": "/data/why"}],
 "rows": [{"repeat": "/data/child", "respondent": {"name": "/data/child/code"},
           "answers": [{"question": "/data/child/told"}]},
          {"repeat": "/data/job", "answers": [{"question": "/data/job/work"}]}]})";

struct Filled {
  std::string number, who = "SR-01", why = "Debt.", child = "SR-01a", edits, entity;
  std::string action = R"(create="1")", age = "";
  bool answers = true;  // else none was relevant
  std::string xml() const {
    const auto answer = [&](const std::string& name, const std::string& text) {
      return answers ? "<" + name + ">" + text + "</" + name + ">" : std::string();
    };
    return "<data id=\"e\" version=\"1\"><place>KH-20</place><who>" + who + "</who><age>" + age + "</age>" +
           answer("why", why) + "<photo>p.jpg</photo><child><code>" + child + "</code>" +
           answer("told", "Told " + why) + "</child><job>" + answer("work", "Work " + why) + "</job><meta>" +
           (number.empty() ? "" : "<instanceID>" + number + "</instanceID>") +
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
  Result<collect::Receipt> send(const Filled& filled, const std::string& photo = "", bool over = false,
                                Id device = {}) {
    collect::Post post;
    post.sender.device = device;
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
    auto told = what_erasing_takes(transaction, *key_, submission);
    EXPECT_TRUE(told);
    return std::move(*told);
  }
  void erase(Id submission) {
    auto transaction = workspace().write();
    const auto erasing = what_erasing_takes(transaction, *key_, submission);
    ASSERT_TRUE(erasing) << erasing.error().sentence();
    const auto erased = erase_submission(transaction, *key_, *erasing);
    ASSERT_TRUE(erased) << erased.error().sentence();
    transaction.commit();
  }
  std::int64_t kept() {
    auto transaction = workspace().read();
    return collect::count_submissions(transaction, form_, {});
  }
  void set_review(Id submission, collect::ReviewState state) {
    auto transaction = workspace().write();
    ASSERT_TRUE(collect::review(transaction, submission, {}, state, "a reason"));
    transaction.commit();
  }
  // As it was before it was kept what is made of what.
  void forget_marks() {
    static const storage::Query kAll{"test.forget_made", "delete from made_of_submission"};
    auto transaction = workspace().write();
    transaction.run(kAll, {});
    transaction.commit();
  }
  // All that is here is from before edits were marked (migration 022).
  void as_before_marks() {
    static const storage::Query kForget{"test.forget_edit_marks", "delete from instance_edit"};
    static const storage::Query kSubmissions{"test.old_submissions", "update submission set received_at = 1"};
    static const storage::Query kInstances{"test.old_instances", "update instance set received_at = 1"};
    static const storage::Query kErased{"test.old_erased", "update erased_instance set erased_at = 1"};
    auto transaction = workspace().write();
    for (const storage::Query* each : {&kForget, &kSubmissions, &kInstances, &kErased}) transaction.run(*each, {});
    transaction.commit();
  }
  std::string receipts() {
    auto transaction = workspace().read();
    std::string all;
    for (const auto& import : list_imports(transaction, study_)) all += import.report_json;
    return all;
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
  EXPECT_EQ(tell(one).sources.size(), 3u);
  EXPECT_EQ(tell(one).respondents.size(), 2u);
  // Taken by an older program: the rows of others go by pseudonyms, which only a mapping names; the respondent's own
  // are found.
  forget_marks();
  EXPECT_EQ(tell(one).sources.size(), 2u);
  erase(one);
  EXPECT_EQ(sources(), std::set<std::string>{"SR-01a/told"});
}

TEST_P(ErasedSubmissions, TakeRespondentsAlongWhoNeverHadASource) {
  const Id one = send({.number = "uuid:1", .answers = false})->submission;
  const Id two = send({.number = "uuid:2", .child = "SR-02a", .answers = false})->submission;
  take();
  ASSERT_EQ(sources().size(), 0u);
  ASSERT_EQ(respondents(), (std::set<std::string>{"SR-01", "SR-01a", "SR-02a"}));
  EXPECT_EQ(tell(one).respondents.size(), 1u) << "SR-01 is in the other too";
  erase(one);
  EXPECT_EQ(respondents(), (std::set<std::string>{"SR-01", "SR-02a"}));
  take();
  EXPECT_EQ(respondents(), (std::set<std::string>{"SR-01", "SR-02a"}));
  erase(two);
  EXPECT_EQ(respondents().size(), 0u);
}

// The person alone is erased, the submissions stay: taking them again brings that person back no more.
TEST_P(ErasedSubmissions, ThatStayDoNotBringBackWhoWasErased) {
  ASSERT_TRUE(send({.number = "uuid:1", .answers = false}));
  ASSERT_TRUE(send({.number = "uuid:2", .who = "SR-02", .child = "SR-01a", .answers = false}));
  take();
  ASSERT_EQ(respondents(), (std::set<std::string>{"SR-01", "SR-01a", "SR-02"}));
  {
    auto transaction = workspace().write();
    for (const Respondent& each : list_respondents(transaction, study_))
      if (each.name == "SR-01a") ASSERT_TRUE(erase_respondent(transaction, study_, each.id));
    transaction.commit();
  }
  take();
  EXPECT_EQ(respondents(), (std::set<std::string>{"SR-01", "SR-02"}));
  // Another submission may name somebody so: that is somebody else.
  ASSERT_TRUE(send({.number = "uuid:3", .who = "SR-03", .child = "SR-01a", .answers = false}));
  take();
  EXPECT_TRUE(respondents().contains("SR-01a"));
}

TEST_P(ErasedSubmissions, LeaveRespondentsWhomATableKnows) {
  {
    auto transaction = workspace().write();
    Material table;
    MaterialRespondent known;
    known.name = "SR-01";
    known.role = "farmer";
    table.respondents.push_back(known);
    ASSERT_TRUE(merge(transaction, study_, table, {}));
    transaction.commit();
  }
  const Id one = send({.number = "uuid:1", .answers = false})->submission;
  take();
  erase(one);
  EXPECT_EQ(respondents(), std::set<std::string>{"SR-01"});
}

TEST_P(ErasedSubmissions, AreForgottenInReceiptsAboutThoseWhoStay) {
  ASSERT_TRUE(send({.number = "uuid:1", .age = "18-24"}));
  const Id two = send({.number = "uuid:2", .why = "Floods.", .child = "SR-02a", .age = "25-34"})->submission;
  take();
  ASSERT_NE(receipts().find("SR-01"), std::string::npos) << "two ages of one";
  erase(two);
  EXPECT_TRUE(respondents().contains("SR-01"));
  EXPECT_EQ(receipts().find("SR-01"), std::string::npos) << receipts();
}

TEST_P(ErasedSubmissions, TakeEditsAlongThatWereReleased) {
  const Id one = send({.number = "uuid:1", .why = "canary"})->submission;
  const auto edit = send({.number = "uuid:1b", .why = "canaryedit", .edits = "uuid:1"}, "", true);
  const auto other = send({.number = "uuid:9"}, "", true);
  ASSERT_TRUE(edit && other);
  {
    auto transaction = workspace().write();
    for (const Id each : {edit->submission, other->submission}) ASSERT_TRUE(collect::release(transaction, each));
    transaction.commit();
  }
  take();
  ASSERT_EQ(kept(), 3);
  const SubmissionErasing told = tell(one);
  EXPECT_EQ(told.sent.submissions, (std::vector<Id>{one, edit->submission}));
  erase(one);
  EXPECT_EQ(kept(), 1);
  auto transaction = workspace().read();
  const Material left = *gather(transaction, study_, {}, {});
  EXPECT_EQ(left.sources.size(), 3u);
  for (const MaterialSource& source : left.sources) EXPECT_EQ(source.text.find("canary"), std::string::npos);
}

// Before there were marks an edit said only inside what it edits; that it was released meanwhile changes nothing.
TEST_P(ErasedSubmissions, TakeReleasedEditsAlongThatCameBeforeThereWereMarks) {
  const Id one = send({.number = "uuid:1", .why = "canary"})->submission;
  const auto edit = send({.number = "uuid:1b", .why = "canaryedit", .edits = "uuid:1"}, "", true);
  const auto other = send({.number = "uuid:9"}, "", true);
  ASSERT_TRUE(edit && other);
  as_before_marks();
  {
    auto transaction = workspace().write();
    for (const Id each : {edit->submission, other->submission}) ASSERT_TRUE(collect::release(transaction, each));
    transaction.commit();
  }
  EXPECT_EQ(tell(one).sent.submissions, (std::vector<Id>{one, edit->submission}));
  erase(one);
  EXPECT_EQ(kept(), 1);
}

// Numbers of ours were made of the content alone then.
TEST_P(ErasedSubmissions, KnowAgainWhatCameUnderANumberOfTheContentAlone) {
  const Id phone{11}, other{12};
  const Filled gone{.number = "", .why = "canary"}, here{.number = "", .why = "Yes."};
  const std::string photo(1'500'000, 'p');  // one of those that are written ahead
  const auto number_before = [&](const Filled& filled) {
    const std::string digits = vault::hex(key_->mark("instance number", filled.xml()));
    return "uuid:" + digits.substr(0, 8) + "-" + digits.substr(8, 4) + "-" + digits.substr(12, 4) + "-" +
           digits.substr(16, 4) + "-" + digits.substr(20, 12);
  };
  const auto renumber = [&](Id submission, const std::string& number) {
    static const storage::Query kInstance{
        "test.number_of_instance", "update instance set instance_id = ? where workspace_id = ? and submission_id = ?"};
    static const storage::Query kSubmission{
        "test.number_of_submission",
        "update submission set instance_id = ?, current_id = ? where workspace_id = ? and id = ?"};
    auto transaction = workspace().write();
    transaction.run(kInstance, {number, transaction.workspace(), submission});
    transaction.run(kSubmission, {number, number, transaction.workspace(), submission});
    transaction.commit();
  };
  const Id erased = send(gone, "", false, phone)->submission, held = send(here, photo, false, phone)->submission;
  renumber(erased, number_before(gone));
  renumber(held, number_before(here));
  erase(erased);
  as_before_marks();

  const auto again = send(gone, "", false, phone);
  ASSERT_TRUE(again) << again.error().sentence();
  EXPECT_FALSE(again->submission) << "it was erased";
  const auto retried = send(here, photo, false, phone);
  ASSERT_TRUE(retried) << retried.error().sentence();
  EXPECT_EQ(retried->submission, held);
  EXPECT_TRUE(retried->repeated);
  EXPECT_EQ(kept(), 1);
  EXPECT_NE(send(here, "", false, other)->submission, held) << "another phone's is another's";
  EXPECT_EQ(kept(), 2);
  // What is erased or kept since is known by the sender's own number alone.
  const Filled later{.number = "", .why = "Later."};
  const Id new_one = send(later, "", false, phone)->submission;
  renumber(new_one, number_before(later));
  EXPECT_NE(send(later, "", false, phone)->submission, new_one);
}

TEST_P(ErasedSubmissions, LeaveNothingOfEntitiesWhenAllWhoSpokeOfOneAreGone) {
  const Id made = send({.number = "uuid:1", .entity = kWell})->submission;
  const Id changed = send({.number = "uuid:2", .entity = kWell, .action = R"(update="1" baseVersion="1")"})->submission;
  erase(made);
  EXPECT_EQ(tell(changed).sent.entities_gone, 1);
  erase(changed);
  EXPECT_EQ(entities().find(kWell), std::string::npos) << entities();
}

// A form without instanceID: the number is made of who sends and what.
TEST_P(ErasedSubmissions, NeverSwallowWhatAnotherPhoneSends) {
  const Filled yes{.number = "", .who = "SR-01", .why = "Yes."};
  const Id phone{11}, other{12}, third{13};
  const auto one = send(yes, "", false, phone);
  const auto same = send(yes, "", false, other);
  ASSERT_TRUE(one && same);
  EXPECT_NE(one->submission, same->submission) << "two people may say the same";
  EXPECT_TRUE(send(yes, "", false, phone)->repeated);
  EXPECT_EQ(kept(), 2);
  erase(one->submission);
  const auto again = send(yes, "", false, phone);
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->submission) << "the phone that sent it does not bring it back";
  EXPECT_TRUE(send(yes, "", false, other)->submission);
  EXPECT_TRUE(send(yes, "", false, third)->submission);
  EXPECT_EQ(kept(), 2);
}

// Of two with one pseudonym and the same words the second is not the first, whatever became of that.
TEST_P(ErasedSubmissions, AreNotTakenForOnesThatSayTheSame) {
  const Id one = send({.number = "uuid:1"})->submission;
  take();
  ASSERT_EQ(sources().size(), 3u);
  set_review(one, collect::ReviewState::kRejected);
  const Id two = send({.number = "uuid:2"})->submission;
  take();
  EXPECT_EQ(tell(two).sources.size(), 3u);
  std::set<Id> of_both;
  for (const Id each : {one, two})
    for (const auto& source : tell(each).sources) of_both.insert(source.id);
  EXPECT_EQ(of_both.size(), 6u) << "each has its own";
  erase(two);
  EXPECT_EQ(tell(one).sources.size(), 3u);
}

TEST_P(ErasedSubmissions, DoNotBringBackWhatATableBroughtAndWasErased) {
  Material table;
  MaterialRespondent known;
  known.name = "SR-01";
  table.respondents.push_back(known);
  MaterialSource answer;
  answer.name = "SR-01/why";
  answer.kind = "open_answer";
  answer.text = "Debt.";
  answer.speakers.push_back({"", 0});
  table.sources.push_back(answer);
  {
    auto transaction = workspace().write();
    ASSERT_TRUE(merge(transaction, study_, table, {}));
    const auto gone = erase_respondent(transaction, study_, list_respondents(transaction, study_).at(0).id);
    ASSERT_TRUE(gone);
    transaction.commit();
  }
  ASSERT_TRUE(send({.number = "uuid:1"}));
  ASSERT_TRUE(send({.number = "uuid:2", .who = "SR-02", .child = "SR-02a"}));  // says the same, as somebody else
  take();
  EXPECT_EQ(sources(), (std::set<std::string>{"SR-02/why", "SR-02/work 1", "SR-02a/told"}));
  EXPECT_EQ(respondents(), (std::set<std::string>{"SR-02", "SR-02a"}));
  // Nor does the next copy of the table.
  auto transaction = workspace().write();
  ASSERT_TRUE(merge(transaction, study_, table, {}));
  EXPECT_EQ(list_sources(transaction, study_).size(), 3u);
}

// Encrypted towards somebody's own key: what was taken with it at hand is found without it.
TEST_P(ErasedSubmissions, AreFoundThoughNobodyHereCanReadThem) {
  const vault::SubmissionKey own = vault::SubmissionKey::make();
  collect::Published form;
  {
    auto transaction = workspace().write();
    std::string xml(kForm);
    xml.replace(xml.find("id=\"e\""), 6, "id=\"f\"");
    const auto made = collect::take_form(
        transaction, {*collect::with_public_key(xml, "f.xml", own.public_key()), "f.xml", study_, {}, false});
    ASSERT_TRUE(made) << made.error().sentence();
    form = *made;
    collect::set_form_mapping(transaction, form.form.id, kMapping);
    transaction.commit();
  }
  testing_support::FilledIn filled;
  filled.public_key = form.version.public_key;
  filled.form_id = "f";
  filled.version = form.version.version;
  filled.instance_id = "uuid:1";
  filled.xml = Filled{.number = "uuid:1"}.xml();
  filled.xml.replace(filled.xml.find("id=\"e\" version=\"1\""), 18, "id=\"f\" version=\"" + filled.version + "\"");
  const auto sent = testing_support::encrypt_as_phones_do(filled);
  collect::Post post;
  post.sender.person.active = post.sender.person.at_machine = true;
  post.xml = sent.manifest;
  for (const auto& [name, content] : sent.files)
    post.files.push_back({name, "application/octet-stream", static_cast<std::int64_t>(content.size()),
                          [content = content](const auto& put) { put(std::string_view(content)); }});
  const auto receipt = collect::take_in(workspace(), *key_, post);
  ASSERT_TRUE(receipt) << receipt.error().sentence();
  const auto key = std::make_shared<const vault::SubmissionKey>(own);
  {
    auto transaction = workspace().write();
    TakeOptions options;
    options.among.key = key;
    ASSERT_TRUE(take_submissions(transaction, study_, form.form.id, options));
    transaction.commit();
  }
  ASSERT_EQ(sources().size(), 3u);
  EXPECT_EQ(tell(receipt->submission).sources.size(), 3u);
  EXPECT_FALSE(tell(receipt->submission).unreadable);
  // Taken by an older program: with the key all is found again; without it somebody is told.
  forget_marks();
  EXPECT_TRUE(tell(receipt->submission).unreadable);
  {
    auto transaction = workspace().read();
    const auto told = what_erasing_takes(transaction, *key_, receipt->submission, key);
    ASSERT_TRUE(told);
    EXPECT_EQ(told->sources.size(), 3u);
    EXPECT_FALSE(told->unreadable);
  }
}

TEST_P(ErasedSubmissions, NeedSomebodyWhoMayReadThem) {
  const Id one = send({.number = "uuid:1"})->submission;
  {
    auto transaction = workspace().write();
    ASSERT_TRUE(workspace().put_key_away(std::move(transaction), vault::Secret::random()));
  }
  auto transaction = workspace().read();
  EXPECT_THROW((void)what_erasing_takes(transaction, *key_, one), storage::DatabaseError);
}

}  // namespace understory::study
