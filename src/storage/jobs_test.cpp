// Work that is done later: taken once, watched, stopped, and taken over from a worker that fell silent.
#include "storage/jobs.h"

#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "foundation/clock.h"
#include "testing/workspace.h"

namespace understory::storage {

class Jobs : public testing_support::OnBothEngines {};
INSTANTIATE_TEST_SUITE_P(Engines, Jobs, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(Jobs, TwoWorkersNeverTakeTheSameJob) {
  const auto other = std::move(*Workspace::open(folder()));  // as another server has it
  {
    Transaction transaction = workspace().write();
    for (int i = 0; i < 20; ++i) enqueue(transaction, "report", "{}");
    transaction.commit();
  }
  std::mutex mutex;
  std::multiset<std::int64_t> taken;
  std::vector<std::thread> workers;
  for (int w = 0; w < 4; ++w)
    workers.emplace_back([&, &here = w % 2 ? *other : workspace()] {
      for (;;) {
        Transaction transaction = here.write();
        const auto job = claim_job(transaction);
        transaction.commit();
        if (!job) return;
        const std::lock_guard lock(mutex);
        taken.insert(job->id.value);
      }
    });
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(taken.size(), 20u);
  EXPECT_EQ(std::set<std::int64_t>(taken.begin(), taken.end()).size(), 20u);
}

TEST_P(Jobs, AJobTellsHowFarItIsAndCanBeStopped) {
  std::optional<Job> job;
  {
    Transaction transaction = workspace().write();
    enqueue(transaction, "report", "{}");
    job = claim_job(transaction);
    ASSERT_TRUE(job);
    transaction.commit();
  }
  EXPECT_TRUE(report_progress(workspace(), *job, "progress.sources", 3, 10));
  {
    Transaction transaction = workspace().write();
    EXPECT_EQ(find_job(transaction, job->id)->done, 3);
    stop_job(transaction, job->id);
    EXPECT_FALSE(finish_job(transaction, *job, "{}"));
    transaction.commit();
  }
  EXPECT_FALSE(report_progress(workspace(), *job, "progress.sources", 4, 10));
}

TEST_P(Jobs, AJobWhoseWorkerFellSilentIsAnothersAndNoLongerHis) {
  const auto other = std::move(*Workspace::open(folder()));  // as another server has it
  const auto claim = [](Workspace& here) {
    Transaction transaction = here.write();
    const auto job = claim_job(transaction);
    transaction.commit();
    return job;
  };
  const Milliseconds noon = 1'790'000'000'000;
  std::optional<FixedClock> clock(std::in_place, noon);
  {
    Transaction transaction = workspace().write();
    enqueue(transaction, "report", "{}");
    transaction.commit();
  }
  const auto first = claim(workspace());
  ASSERT_TRUE(first);
  clock.emplace(noon + 4 * 60'000);
  EXPECT_FALSE(claim(*other));
  EXPECT_TRUE(report_progress(workspace(), *first, "progress.sources", 1, 10));  // heard of again
  clock.emplace(noon + 8 * 60'000);
  EXPECT_FALSE(claim(*other));
  clock.emplace(noon + 10 * 60'000);
  const auto second = claim(*other);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->id, first->id);
  // The first wakes up.
  EXPECT_FALSE(report_progress(workspace(), *first, "progress.sources", 2, 10));
  {
    Transaction transaction = workspace().write();
    EXPECT_FALSE(has_job(transaction, *first));
    EXPECT_FALSE(finish_job(transaction, *first, "{\"rows\":1}"));
    EXPECT_FALSE(fail_job(transaction, *first, "disk_full"));
    EXPECT_EQ(find_job(transaction, first->id)->state, "running");
    transaction.commit();
  }
  EXPECT_TRUE(report_progress(*other, *second, "progress.sources", 5, 10));
  Transaction transaction = other->write();
  EXPECT_TRUE(has_job(transaction, *second));
  EXPECT_TRUE(finish_job(transaction, *second, "{\"rows\":2}"));
  EXPECT_FALSE(finish_job(transaction, *second, "{\"rows\":3}"));
  EXPECT_EQ(find_job(transaction, second->id)->outcome, "{\"rows\":2}");
}

}  // namespace understory::storage
