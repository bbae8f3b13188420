#include "server/maintenance.h"

#include <condition_variable>
#include <mutex>

#include "collect/webhook.h"
#include "foundation/clock.h"
#include "foundation/log.h"
#include "people/audit.h"
#include "server/job_list.h"
#include "server/learning.h"
#include "storage/blob_ahead.h"
#include "storage/nightly.h"

namespace understory::server {

namespace {

using Clock = std::chrono::steady_clock;
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

struct Waiting {
  bool backup, job, learning;
  bool any() const { return backup || job || learning; }
};
Waiting what_waits(storage::Workspace& workspace, const storage::BackupPlan& plan, Look look) {
  auto transaction = workspace.read();
  return {storage::backup_is_due(transaction, plan, now()), storage::a_job_waits(transaction),
          look == Look::kAlsoForLearning && learning_is_due(transaction, now())};
}

// Takes turns with pauses between them, until it is asked to stop.
std::jthread every(const Maintenance::Times& times, Maintenance::Turn turn) {
  return std::jthread([times, turn = std::move(turn)](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    for (auto pause = times.first; !stop.stop_requested(); pause = times.pause) {
      changed.wait_for(lock, stop, pause, [] { return false; });
      if (!stop.stop_requested()) turn([&] { return !stop.stop_requested(); });
    }
  });
}

void tidy_up(storage::Workspace& workspace) try {
  if (const int left = storage::erase_blobs_left_ahead(workspace))
    log::write(log::Level::kInfo, fmt::format("erased {} files of posts that were cut short", left));
} catch (const std::exception& error) {
  complain(std::string("what was left behind is not erased: ") + error.what());
}

// What is due; learning is looked for less often than the rest, and what was left behind is erased now and then.
Maintenance::Turn what_is_due(storage::Workspace& workspace, const Maintenance::Times& times) {
  return [&workspace, times, looked = Clock::time_point::min(),
          tidied = Clock::time_point::min()](const std::function<bool()>& go_on) mutable {
    // No difference is taken of the earliest time there is.
    const bool look = looked == Clock::time_point::min() || Clock::now() - looked >= times.learning;
    if (look) looked = Clock::now();
    do_what_is_due(workspace, go_on, look ? Look::kAlsoForLearning : Look::kPastLearning);
    if (!go_on() || Clock::now() <= tidied) return;
    tidy_up(workspace);
    tidied = Clock::now() + kTidy;
  };
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

bool do_what_is_due(storage::Workspace& workspace, const std::function<bool()>& go_on, Look look) try {
  const auto plan = storage::backup_plan(workspace);
  if (!plan) {
    complain("no backups are made: " + plan.error().sentence());
    return false;
  }
  const Waiting waits = what_waits(workspace, *plan, look);
  if (!waits.any()) return false;
  std::optional<storage::Job> job;
  {
    auto transaction = workspace.write();
    if (waits.backup && storage::backup_is_due(transaction, *plan, now()))
      storage::ask_for_backup(transaction, *plan, now(), true);
    if (waits.learning) ask_for_learning(transaction, now());
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
    // Files are brought in by whoever sent them; one that was not heard of for so long went with its server. Else it is
    // of a newer program.
    storage::fail_job(transaction, *job, job->kind.starts_with(kImportJob) ? "server_ended" : "unknown_job");
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

Maintenance::Maintenance(storage::Workspace& workspace, const Times& times)
    : Maintenance(workspace, times, what_is_due(workspace, times)) {}

Maintenance::Maintenance(storage::Workspace& workspace, const Times& times, Turn work)
    : telling_(every(times, [&workspace](const auto& go_on) { tell_others(workspace, go_on); })),
      working_(every(times, std::move(work))) {}

Maintenance::~Maintenance() {
  // Both are asked before either is waited for.
  telling_.request_stop();
  working_.request_stop();
}

}  // namespace understory::server
