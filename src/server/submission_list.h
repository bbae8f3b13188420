// A list of submissions as its address says it: which of them, in which state, from when to when. Whoever opens one of
// them takes the list along, and comes back to it.
#pragma once
#include "collect/submissions.h"
#include "server/visit.h"

namespace understory::server {

struct SubmissionList {
  enum class Which { kAll, kLacking, kWaiting };  // "", "lacking" (files that have not come), "waiting" (in quarantine)
  Which which = Which::kAll;
  std::string state, from, to;

  static SubmissionList of(const Request& request);
  std::string query() const;  // "list=lacking&state=received"; empty: nothing is asked for
  std::string address(const collect::KeptForm& form) const;
  std::string address(const collect::Submission& submission) const;
  // Of those that do not wait: what of them this person may read.
  collect::Wanted wanted(const Visit& visit, const collect::KeptForm& form) const;
  // What comes behind one of them; none: it is the last, or none of them.
  Id next(const Visit& visit, const collect::KeptForm& form, Id submission) const;
};

// In quarantine, newest first: what of it this person may read.
std::vector<collect::Submission> waiting_for(const Visit& visit, const collect::KeptForm& form);

}  // namespace understory::server
