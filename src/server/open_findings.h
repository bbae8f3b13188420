// Which kept findings are open to whoever asks, and which words about them: decided here alone, for lists, comments and
// reports alike.
#pragma once
#include "findings/kept.h"
#include "server/visit.h"
#include "study/limits.h"

namespace understory::server {

// For somebody who may know part of a study, a finding is there when its question names no location that is not open
// to them and whoever named it could then know no more than they may now: names and comments may hold what was told
// elsewhere. What becomes of the author later changes nothing.
class OpenFindings {
 public:
  OpenFindings(const Visit& visit, Id study) : visit_(visit), study_(study), limits_(visit.limits(study)) {}

  bool question(const findings::Question& question);
  bool finding(const findings::KeptFinding& kept) { return question(kept.question) && words_of(kept.kept_by); }
  // What somebody wrote who then knew so much.
  bool words_of(const findings::Author& author) const;
  // Whoever writes now, and what they know.
  findings::Author author() const;
  bool everything() const { return limits_.none(); }

 private:
  const Visit& visit_;
  Id study_;
  study::Limits limits_;
  std::optional<std::set<std::string>> names_;  // of the locations that are open
};

}  // namespace understory::server
