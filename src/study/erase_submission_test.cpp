// P20 for what phones sent: an erased submission is gone with all that was made of it.
#include "study/erase_submission_test.h"

namespace understory::study {

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

TEST_P(ErasedSubmissions, LeaveNothingOfEntitiesWhenAllWhoSpokeOfOneAreGone) {
  const Id made = send({.number = "uuid:1", .entity = kWell})->submission;
  const Id changed = send({.number = "uuid:2", .entity = kWell, .action = R"(update="1" baseVersion="1")"})->submission;
  erase(made);
  EXPECT_EQ(tell(changed).sent.entities_gone, 1);
  erase(changed);
  EXPECT_EQ(entities().find(kWell), std::string::npos) << entities();
}

// Encrypted towards somebody's own key: what was taken with it at hand is found without it.
TEST_P(ErasedSubmissions, AreFoundThoughNobodyHereCanReadThem) {
  const vault::SubmissionKey own = vault::SubmissionKey::make();
  collect::Published form;
  {
    auto transaction = workspace().write();
    std::string xml(kErasedForm);
    xml.replace(xml.find("id=\"e\""), 6, "id=\"f\"");
    const auto made = collect::take_form(
        transaction, {*collect::with_public_key(xml, "f.xml", own.public_key()), "f.xml", study_, {}, false});
    ASSERT_TRUE(made) << made.error().sentence();
    form = *made;
    collect::set_form_mapping(transaction, form.form.id, kErasedMapping);
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
