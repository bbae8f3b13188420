#include "server/open_findings.h"

#include <algorithm>

#include "people/rights.h"
#include "study/study.h"

namespace understory::server {

bool OpenFindings::question(const findings::Question& question) {
  const auto places = question.among.find("location");
  if (limits_.everything || places == question.among.end()) return true;
  if (!names_) {
    names_.emplace();
    for (const study::Location& each : study::locations(visit_.transaction, study_))
      if (limits_.locations.contains(each.id)) names_->insert(each.name);
  }
  return std::all_of(places->second.begin(), places->second.end(),
                     [&](const std::string& name) { return names_->contains(name); });
}

bool OpenFindings::words_of(Id account) {
  if (limits_.none()) return true;
  if (!account) return false;  // whoever holds the folder knows everything
  if (account == visit_.person.account) return true;
  const auto [at, is_new] = authors_.try_emplace(account, false);
  if (!is_new) return at->second;
  const study::Limits theirs = study::limits_of(
      visit_.transaction, study_,
      people::reach(people::person_of(visit_.transaction, account), people::Right::kSeePassages, study_));
  // Of somebody who may see nothing any more it is not known what they saw.
  const bool known = theirs.everything || !theirs.locations.empty();
  return at->second = known && (limits_.everything || !theirs.everything) &&
                      (limits_.everything || std::includes(limits_.locations.begin(), limits_.locations.end(),
                                                           theirs.locations.begin(), theirs.locations.end())) &&
                      std::includes(theirs.without_sources.begin(), theirs.without_sources.end(),
                                    limits_.without_sources.begin(), limits_.without_sources.end());
}

}  // namespace understory::server
