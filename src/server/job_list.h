// Work that goes on by itself, as people see it: which kinds there are, and whose work is open to whom.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "people/rights.h"
#include "storage/jobs.h"

namespace understory::server {

inline constexpr std::string_view kLearningJob = "learn/";  // and the study: each has its own newest job
inline constexpr std::string_view kImportJob = "import/";   // likewise

// What a kind is about, and the right it takes to see its jobs and to stop one.
struct JobKind {
  std::string name;  // backup, learn, import
  people::Right right = people::Right::kKeepMachine;
  Id study;               // none: the machine
  bool of_whole = false;  // takes the right for all of the study
};
// Nothing for kinds of another program: those are open to nobody.
std::optional<JobKind> job_kind(std::string_view kind);

// Whoever keeps the machine sees backups; whoever may change a study sees what it learns, and whoever may change all of
// it what is brought in.
bool sees_jobs(const people::Person& person, const JobKind& kind);

// The newest that are open to this person, of the machine and these studies; newest first, at most `limit`.
std::vector<storage::Job> open_jobs(storage::Transaction& transaction, const people::Person& person,
                                    const std::vector<Id>& studies, bool machine, std::size_t limit);

inline bool is_going(const storage::Job& job) { return job.state == "queued" || job.state == "running"; }

// Can somebody who sees it stop it? What is brought in has the turn to write, and is stopped where it is sent from.
bool can_be_stopped(const storage::Job& job);

}  // namespace understory::server
