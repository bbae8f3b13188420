#include "server/learning.h"

#include <sys/resource.h>

#include <future>

#include "foundation/log.h"
#include "people/audit.h"
#include "server/job_list.h"
#include "study/problems.h"
#include "study/suggestions.h"

namespace understory::server {

namespace {

constexpr Milliseconds kHeard = 5'000;  // how often a job says how far it is
constexpr Milliseconds kAfterFailure = 24 * 3'600'000;
constexpr int kGivesWay = 10;  // nice(2)

std::string kind_of(Id study) { return std::string(kLearningJob) + study.text(); }

std::vector<Id> due(storage::Transaction& transaction, Milliseconds at) {
  std::vector<Id> studies;
  if (transaction.locked()) return studies;
  for (const Id study : study::studies_to_learn(transaction, at)) {
    const auto last = storage::newest_job(transaction, kind_of(study));
    const bool on_its_way = last && (last->state == "queued" || last->state == "running");
    const bool failed = last && last->state != "done" && at - last->changed_at < kAfterFailure;
    if (!on_its_way && !failed) studies.push_back(study);
  }
  return studies;
}

Result<study::LearntStudy> learn(storage::Workspace& workspace, Id study, const Progress& progress) {
  // On Linux of this thread alone, which ends with it.
  setpriority(PRIO_PROCESS, 0, kGivesWay);
  auto transaction = workspace.read();
  if (transaction.locked()) return fail(problems::kLocked);
  const auto before = study::machine_report(transaction, study);
  if (!before) return fail(problems::kNotFound, {{"what", "machine coder"}, {"name", study.text()}});  // removed since
  study::MachineOptions options;
  options.precision = before->precision;
  return study::learn_from(transaction, study, options, progress);
}

void keep(storage::Workspace& workspace, const storage::Job& job, Id study, const study::LearntStudy& learnt) {
  const auto key = people::audit_key(workspace);
  if (!key) throw std::runtime_error(key.error().sentence());
  auto transaction = workspace.write();
  // Somebody may have stopped it, locked stories or removed the machine coder meanwhile: then nothing is kept.
  if (transaction.locked() || !study::machine_report(transaction, study)) {
    storage::fail_job(transaction, job, problems::kStopped.code);
  } else if (storage::finish_job(transaction, job, "{}")) {
    study::keep_learnt(transaction, study, learnt);
    people::record(transaction, *key, {{}, "code", "server", "study", study, "done", "the machine coder learnt"});
  }
  transaction.commit();
}

}  // namespace

bool learning_is_due(storage::Transaction& transaction, Milliseconds at) { return !due(transaction, at).empty(); }

void ask_for_learning(storage::Transaction& transaction, Milliseconds at) {
  for (const Id study : due(transaction, at)) storage::enqueue(transaction, kind_of(study), "{}");
}

bool is_learning(const storage::Job& job) { return job.kind.starts_with(kLearningJob); }

void learn_by_itself(storage::Workspace& workspace, const storage::Job& job, const std::function<bool()>& go_on,
                     Milliseconds limit) {
  const Id study = Id::parse(job.kind.substr(kLearningJob.size())).value_or(Id{});
  const Milliseconds begun = now();
  Milliseconds heard = begun;
  bool given_up = false;
  const Progress progress = [&](std::string_view step, std::int64_t done, std::int64_t of) {
    if (go_on && !go_on()) return !(given_up = true);
    const Milliseconds at = now();
    if (at - begun > limit) return false;
    if (at - heard < kHeard) return true;
    heard = at;
    return storage::report_progress(workspace, job, step, done, of);
  };
  std::string_view why = "unforeseen";
  try {
    const auto learnt = std::async(std::launch::async, [&] { return learn(workspace, study, progress); }).get();
    if (given_up) return;  // the server ends: whoever comes next takes it up
    if (learnt) return keep(workspace, job, study, *learnt);
    why = learnt.error().code();
  } catch (const std::exception& error) {
    log::write(log::Level::kError, std::string("the machine coder did not learn by itself: ") + error.what());
  }
  auto transaction = workspace.write();
  storage::fail_job(transaction, job, why);
  transaction.commit();
  log::write(log::Level::kInfo, "the machine coder did not learn by itself: " + std::string(why));
}

}  // namespace understory::server
