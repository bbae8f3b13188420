// What a server does by itself: telling others never waits for a job, and looking for learning is not done every time.
#include "server/maintenance.h"

#include <condition_variable>
#include <mutex>

#include "collect/webhook.h"
#include "server/learning.h"
#include "testing/receiver.h"
#include "testing/who_may.h"

namespace understory::server {

class MaintenanceGoesOn : public testing_support::OnBothEngines {};
INSTANTIATE_TEST_SUITE_P(Engines, MaintenanceGoesOn, testing_support::BothEngines(), testing_support::engine_name);

// The job goes on until the webhook was told; if it never were, for as long as nobody waits for.
TEST_P(MaintenanceGoesOn, AWebhookIsToldWhileAJobIsRunning) {
  const Rooms rooms = two_studies(workspace());
  const Sent sent = one_sent(workspace(), rooms);
  testing_support::Receiver receiver({"204 No Content"});
  {
    auto transaction = workspace().write();
    ASSERT_TRUE(collect::add_webhook(transaction, sent.form, receiver.url(), {}));
    transaction.commit();
  }
  std::mutex mutex;
  std::condition_variable changed;
  bool begun = false, told = false, told_meanwhile = false;
  constexpr auto kPatience = std::chrono::seconds(60);
  const Maintenance maintenance(workspace(),
                                {std::chrono::milliseconds(1), std::chrono::milliseconds(20), std::chrono::minutes(1)},
                                [&](const std::function<bool()>&) {
                                  std::unique_lock lock(mutex);
                                  begun = true;
                                  changed.notify_all();
                                  if (changed.wait_for(lock, kPatience, [&] { return told; })) told_meanwhile = true;
                                  changed.notify_all();
                                });
  std::unique_lock lock(mutex);
  ASSERT_TRUE(changed.wait_for(lock, kPatience, [&] { return begun; }));
  lock.unlock();
  {
    auto transaction = workspace().write();
    collect::tell_webhooks(transaction, sent.submission, collect::Happened::kReviewed);
    transaction.commit();
  }
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (receiver.came().empty() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(receiver.came().size(), 1u);
  lock.lock();
  told = true;
  changed.notify_all();
  EXPECT_TRUE(changed.wait_for(lock, kPatience, [&] { return told_meanwhile; }));
}

}  // namespace understory::server
