// P20 for what phones sent: what was erased does not come back, and nobody else's words are taken for it.
#include "study/erase_submission_test.h"

namespace understory::study {

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

}  // namespace understory::study
