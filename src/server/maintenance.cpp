#include "server/maintenance.h"

#include "collect/webhook.h"
#include "foundation/clock.h"
#include "foundation/log.h"
#include "people/audit.h"
#include "server/learning.h"
#include "storage/blob_ahead.h"
#include "storage/nightly.h"

namespace understory::server {

namespace {

constexpr auto kFirst = std::chrono::seconds(30);  // a start is for people first
constexpr auto kPause = std::chrono::seconds(5);
constexpr auto kTidy = std::chrono::hours(6);

void write_down(storage::Workspace& workspace, std::string_view outcome, std::string reason) {
  const auto key = people::audit_key(workspace);
  if (!key) throw std::runtime_error(key.error().sentence());
  auto transaction = workspace.write();
  people::record(transaction, *key, {{}, "back_up", "server", "", {}, std::string(outcome), std::move(reason)});
  transaction.commit();
}

// What goes wrong every few seconds is said once an hour.
void complain(const std::string& sentence) {
  thread_local std::string said;
  thread_local Milliseconds said_at = 0;
  if (sentence == said && now() - said_at < 3'600'000) return;
  said = sentence;
  said_at = now();
  log::write(log::Level::kError, sentence);
}

bool something_waits(storage::Workspace& workspace, const storage::BackupPlan& plan) {
  auto transaction = workspace.read();
  return storage::backup_is_due(transaction, plan, now()) || storage::a_job_waits(transaction) ||
         learning_is_due(transaction, now());
}

}  // namespace

void tell_others(storage::Workspace& workspace, const std::function<bool()>& go_on) try {
  {
    auto transaction = workspace.read();
    if (!collect::something_is_due(transaction, now())) return;
  }
  const auto key = people::audit_key(workspace);
  if (!key) throw std::runtime_error(key.error().sentence());
  collect::deliver_what_is_due(workspace, *key, go_on);
} catch (const std::exception& error) {
  complain(std::string("webhooks are not delivered: ") + error.what());
}

void tidy_up(storage::Workspace& workspace) try {
  if (const int left = storage::erase_blobs_left_ahead(workspace))
    log::write(log::Level::kInfo, fmt::format("erased {} files of posts that were cut short", left));
} catch (const std::exception& error) {
  complain(std::string("what was left behind is not erased: ") + error.what());
}

bool do_what_is_due(storage::Workspace& workspace, const std::function<bool()>& go_on) try {
  const auto plan = storage::backup_plan(workspace);
  if (!plan) {
    complain("no backups are made: " + plan.error().sentence());
    return false;
  }
  if (!something_waits(workspace, *plan)) return false;
  std::optional<storage::Job> job;
  {
    auto transaction = workspace.write();
    if (storage::backup_is_due(transaction, *plan, now())) storage::ask_for_backup(transaction, *plan, now(), true);
    ask_for_learning(transaction, now());
    job = storage::claim_job(transaction);
    transaction.commit();
  }
  if (!job) return false;
  if (is_learning(*job)) {
    learn_by_itself(workspace, *job, go_on);
    return true;
  }
  if (job->kind != storage::kBackupJob) {
    auto transaction = workspace.write();
    storage::fail_job(transaction, *job, "unknown_job");  // of a newer program
    transaction.commit();
    return true;
  }
  const auto made = storage::make_planned_backup(workspace, *plan, *job, go_on);
  write_down(workspace, made ? "done" : "denied", made ? "content " + made->hash : std::string(made.error().code()));
  log::write(made ? log::Level::kInfo : log::Level::kError,
             made ? fmt::format("backed up {} rows", made->rows) : "the backup failed: " + made.error().sentence());
  return true;
} catch (const std::exception& error) {
  complain(std::string("maintenance failed: ") + error.what());
  return false;
}

Maintenance::Maintenance(storage::Workspace& workspace)
    : thread_([this, &workspace](std::stop_token stop) {
        std::unique_lock lock(mutex_);
        auto tidied = std::chrono::steady_clock::time_point::min();
        for (auto pause = std::chrono::duration_cast<std::chrono::milliseconds>(kFirst); !stop.stop_requested();
             pause = kPause) {
          changed_.wait_for(lock, stop, pause, [] { return false; });
          const auto go_on = [&] { return !stop.stop_requested(); };
          if (go_on()) tell_others(workspace, go_on);
          if (go_on()) do_what_is_due(workspace, go_on);
          if (go_on() && std::chrono::steady_clock::now() > tidied) {
            tidy_up(workspace);
            tidied = std::chrono::steady_clock::now() + kTidy;
          }
        }
      }) {}

Maintenance::~Maintenance() = default;  // std::jthread asks it to stop and waits

}  // namespace understory::server
