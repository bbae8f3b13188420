#include "server/job_list.h"

#include <algorithm>
#include <tuple>

#include "people/whole.h"
#include "storage/nightly.h"

namespace understory::server {

std::optional<JobKind> job_kind(std::string_view kind) {
  if (kind == storage::kBackupJob) return JobKind{"backup", people::Right::kKeepMachine, {}, false};
  for (const auto& [prefix, name, of_whole] :
       {std::tuple{kLearningJob, "learn", false}, std::tuple{kImportJob, "import", true}})
    if (kind.starts_with(prefix))
      if (const auto study = Id::parse(kind.substr(prefix.size())))
        return JobKind{name, people::Right::kChangeStudy, *study, of_whole};
  return std::nullopt;
}

bool sees_jobs(const people::Person& person, const JobKind& kind) {
  if (!people::decide(person, kind.right, {kind.study, {}, {}}).allowed) return false;
  return !kind.of_whole || people::has_whole(person, kind.right, kind.study);
}

std::vector<storage::Job> open_jobs(storage::Transaction& transaction, const people::Person& person,
                                    const std::vector<Id>& studies, bool machine, std::size_t limit) {
  std::vector<std::string> kinds;
  if (machine) kinds.emplace_back(storage::kBackupJob);
  for (const Id study : studies)
    for (const std::string_view prefix : {kLearningJob, kImportJob})
      kinds.push_back(std::string(prefix) + study.text());
  std::vector<storage::Job> jobs;
  for (const std::string& kind : kinds) {
    const auto known = job_kind(kind);
    if (!known || !sees_jobs(person, *known)) continue;
    for (storage::Job& job : storage::newest_jobs(transaction, kind, static_cast<std::int64_t>(limit)))
      jobs.push_back(std::move(job));
  }
  std::sort(jobs.begin(), jobs.end(), [](const storage::Job& left, const storage::Job& right) {
    return std::tie(left.created_at, left.id) > std::tie(right.created_at, right.id);
  });
  if (jobs.size() > limit) jobs.resize(limit);
  return jobs;
}

bool can_be_stopped(const storage::Job& job) { return is_going(job) && !job.kind.starts_with(kImportJob); }

}  // namespace understory::server
