// Which kept findings are open to whoever asks, and which words about them: decided here alone, for lists, comments and
// reports alike.
#pragma once
#include <map>

#include "findings/kept.h"
#include "server/visit.h"
#include "study/limits.h"

namespace understory::server {

// For somebody who may know part of a study, a finding is there when its question names no location that is not open
// to them and whoever named it knew no more than they do: names and comments of others may hold what was told
// elsewhere. Asks the database once for each location list and author.
class OpenFindings {
 public:
  OpenFindings(const Visit& visit, Id study) : visit_(visit), study_(study), limits_(visit.limits(study)) {}

  bool question(const findings::Question& question);
  bool finding(const findings::KeptFinding& kept) { return question(kept.question) && words_of(kept.kept_by); }
  // What an account (none: whoever held the folder) wrote.
  bool words_of(Id account);
  bool everything() const { return limits_.none(); }

 private:
  const Visit& visit_;
  Id study_;
  study::Limits limits_;
  std::optional<std::set<std::string>> names_;  // of the locations that are open
  std::map<Id, bool> authors_;
};

}  // namespace understory::server
