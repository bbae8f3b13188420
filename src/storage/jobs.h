// Long work as rows a person can watch: queued → running → done | failed | stopped.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "foundation/progress.h"
#include "storage/workspace.h"

namespace understory::storage {

struct Job {
  Id id;
  std::string kind;       // "backup", "learn/" and a study
  std::string arguments;  // JSON of texts; facts only, never a story. "by": the account that asked; else nobody did
  std::string state;
  std::string step;  // what is being done: a catalogue key
  std::int64_t done = 0, of = 0;
  std::string outcome;  // JSON: for done what came out (blob ids), for failed the problem code
  std::int64_t created_at = 0, changed_at = 0;
  Id claim;  // of the worker that has it
};

Id enqueue(Transaction& transaction, std::string_view kind, std::string_view arguments);
// One that whoever makes it does at once.
Job begin_job(Transaction& transaction, std::string_view kind, std::string_view arguments);
// What `arguments` or `outcome` holds under a name, as text; empty: nothing.
std::string member_of(std::string_view json, std::string_view name);
Result<Job> find_job(Transaction& transaction, Id id);
std::optional<Job> newest_job(Transaction& transaction, std::string_view kind);
std::vector<Job> newest_jobs(Transaction& transaction, std::string_view kind, std::int64_t limit);  // newest first
// Is there one to be taken?
bool a_job_waits(Transaction& transaction);
// Takes the oldest queued job (or one whose worker has not been heard of for 5 minutes) for this worker.
// Two workers, also on two servers, never take the same one; a worker whose job was taken by another has it no more.
std::optional<Job> claim_job(Transaction& transaction);
// Each is a transaction of its own, so that others see it; false when somebody asked the job to stop, or another worker
// took it.
bool report_progress(Workspace& workspace, const Job& job, std::string_view step, std::int64_t done, std::int64_t of);
// Is the job still this worker's?
bool has_job(Transaction& transaction, const Job& job);
// By the worker that has it; false, and nothing is changed, when that is no longer so.
bool finish_job(Transaction& transaction, const Job& job, std::string_view outcome);
bool fail_job(Transaction& transaction, const Job& job, std::string_view problem_code);
// By whoever wants it no longer.
void stop_job(Transaction& transaction, Id job);

}  // namespace understory::storage
