// The machine coder goes on learning as people code, and only then.
#include "server/learning.h"

#include "server/maintenance.h"
#include "study/codebook.h"
#include "study/coding.h"
#include "study/suggestions.h"
#include "testing/studies.h"

namespace understory::server {

using storage::Transaction;

class Learning : public study::Studies {
 protected:
  // A hundred answers about debt and about work, of which the first forty are coded, and what was learnt of them.
  void SetUp() override {
    Studies::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    auto transaction = workspace().write();
    study_ = make(transaction);
    std::string survey =
        "respondent,location,age_band,gender,role,place,language,why,why_en,what_is_done,what_is_done_en\n";
    for (int i = 0; i < 100; ++i)
      survey += fmt::format("SR-{},Svay Rieng,18-24,female,farmer,KH-20,en,{},,,\n", 100 + i, text(i));
    ASSERT_TRUE(bring(transaction, study_, "survey.csv", survey));
    code(transaction, 0, 40);
    const auto learnt = study::learn_from(transaction, study_, {.precision = 0.7});
    ASSERT_TRUE(learnt);
    study::keep_learnt(transaction, study_, *learnt);
    transaction.commit();
    first_ = report().learnt_at;
  }
  static std::string text(int i) {
    const char* words[] = {"the moneylender came and interest grew", "no factory gives work near the village"};
    return fmt::format("{} in year {}", words[i % 2], i);
  }
  void code(Transaction& transaction, int from, int to) {
    std::string codings = "source,coder,code,quote,occurrence\n";
    for (int i = from; i < to; ++i)
      codings += fmt::format("SR-{}/why,Anita,Causes/Poverty/{},{},\n", 100 + i, i % 2 ? "No paid work nearby" : "Debt",
                             text(i));
    ASSERT_TRUE(bring(transaction, study_, fmt::format("codings-{}.csv", from), codings));
  }
  void code(int from, int to) {
    auto transaction = workspace().write();
    code(transaction, from, to);
    transaction.commit();
  }
  study::MachineReport report() {
    auto transaction = workspace().read();
    return study::machine_report(transaction, study_).value_or(study::MachineReport{});
  }
  bool is_due(Milliseconds at) {
    auto transaction = workspace().read();
    return learning_is_due(transaction, at);
  }
  storage::Job claim(Milliseconds at) {
    auto transaction = workspace().write();
    ask_for_learning(transaction, at);
    const auto job = storage::claim_job(transaction);
    EXPECT_TRUE(job && is_learning(*job));
    transaction.commit();
    return job.value_or(storage::Job{});
  }
  std::string state(const storage::Job& job) {
    auto transaction = workspace().read();
    return storage::find_job(transaction, job.id)->state;
  }
  Id study_;
  Milliseconds first_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Engines, Learning, testing_support::BothEngines(), testing_support::engine_name);

constexpr Milliseconds kMinute = 60'000;

TEST_P(Learning, FollowsWhatPeopleCode) {
  EXPECT_EQ(report().codings, 40);
  EXPECT_FALSE(is_due(first_ + 11 * kMinute)) << "nothing was coded";
  code(40, 50);
  EXPECT_FALSE(is_due(first_ + 11 * kMinute)) << "not enough";
  code(50, 62);
  EXPECT_FALSE(is_due(first_ + 9 * kMinute)) << "it rests";
  ASSERT_TRUE(is_due(first_ + 11 * kMinute));
  const storage::Job job = claim(first_ + 11 * kMinute);
  EXPECT_FALSE(is_due(first_ + 11 * kMinute)) << "it is on its way";
  learn_by_itself(workspace(), job);
  EXPECT_EQ(state(job), "done");
  EXPECT_EQ(report().codings, 62);
  EXPECT_DOUBLE_EQ(report().precision, 0.7) << "as whoever taught it wanted";
  EXPECT_FALSE(is_due(report().learnt_at + 11 * kMinute));
  // What is put on at the desk counts as well, and what is taken off.
  {
    auto transaction = workspace().write();
    const Id debt = study::load_codebook(transaction, study_).find_path("Causes/Poverty/Debt")->id;
    const Id coder = study::coder_of(transaction, study_, {}, "");
    int put = 0;
    for (const study::SourceLine& line : study::list_sources(transaction, study_))
      if (line.codings == 0 && line.byte_length > 5 && put < 10) {
        const auto made = study::put_coding(transaction, study_, {{}, line.id, debt, coder, {0, 5}}, line.byte_length);
        ASSERT_TRUE(made);
        ASSERT_TRUE(study::take_coding_off(transaction, study_, line.id, made->coding.id, coder));
        ++put;
      }
    transaction.commit();
  }
  EXPECT_TRUE(is_due(report().learnt_at + 11 * kMinute));
}

TEST_P(Learning, IsDoneAmongWhatIsDue) {
  // Ten minutes ago.
  static const storage::Query kEarlier{"test.learnt_earlier",
                                       "update machine_coder set learnt_at = learnt_at - 700000"};
  code(40, 64);
  {
    auto transaction = workspace().write();
    transaction.run(kEarlier, {});
    transaction.commit();
  }
  // Between two looks for learning, what else is due is done.
  for (int i = 0; i < 5 && do_what_is_due(workspace(), {}, Look::kPastLearning); ++i) {
  }
  EXPECT_EQ(report().codings, 40);
  for (int i = 0; i < 5 && do_what_is_due(workspace()); ++i) {
  }
  EXPECT_EQ(report().codings, 64);
}

TEST_P(Learning, IsOffWhileStoriesAreLockedAndWhereItWasRemoved) {
  code(40, 64);
  const Milliseconds at = first_ + 11 * kMinute;
  ASSERT_TRUE(is_due(at));
  const storage::Job job = claim(at);
  {
    auto transaction = workspace().write();
    study::remove_machine(transaction, study_);
    transaction.commit();
  }
  learn_by_itself(workspace(), job);
  EXPECT_EQ(state(job), "failed");
  EXPECT_EQ(report().learnt_at, 0) << "it is not back";
  EXPECT_FALSE(is_due(at));
  {
    auto transaction = workspace().write();
    const auto learnt = study::learn_from(transaction, study_);
    study::keep_learnt(transaction, study_, *learnt);
    transaction.commit();
  }
  code(64, 90);
  ASSERT_TRUE(is_due(now() + 25 * 60 * kMinute));
  {
    auto transaction = workspace().write();
    ASSERT_TRUE(workspace().put_key_away(std::move(transaction), vault::Secret::random()));
  }
  EXPECT_FALSE(is_due(now() + 25 * 60 * kMinute));
}

TEST_P(Learning, StopsAtItsTimeAndTriesAgainTheNextDay) {
  code(40, 64);
  const Milliseconds at = first_ + 11 * kMinute;
  const storage::Job job = claim(at);
  learn_by_itself(workspace(), job, {}, -1);
  EXPECT_EQ(state(job), "failed");
  EXPECT_EQ(report().learnt_at, first_);
  EXPECT_FALSE(is_due(now() + 60 * kMinute));
  EXPECT_TRUE(is_due(now() + 25 * 60 * kMinute));
  // A server that ends leaves it to the next.
  const storage::Job again = claim(now() + 25 * 60 * kMinute);
  learn_by_itself(workspace(), again, [] { return false; });
  EXPECT_EQ(state(again), "running");
}

}  // namespace understory::server
