#include "server/open_findings.h"

#include <algorithm>

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

findings::Author OpenFindings::author() const {
  // What they could have read, by whichever of their roles: not what the route's right covers alone.
  const people::Reach reach = people::reach(visit_.person, people::Right::kSeePassages, study_);
  return {visit_.person.account, study::limits_of(visit_.transaction, study_, reach)};
}

bool OpenFindings::words_of(const findings::Author& author) const {
  if (limits_.none()) return true;
  // It was not written down what they knew: then it is open to themselves alone.
  if (!author.knew) return author.account && author.account == visit_.person.account;
  const study::Limits& knew = *author.knew;
  return (limits_.everything || !knew.everything) &&
         (limits_.everything || std::includes(limits_.locations.begin(), limits_.locations.end(),
                                              knew.locations.begin(), knew.locations.end())) &&
         std::includes(knew.without_sources.begin(), knew.without_sources.end(), limits_.without_sources.begin(),
                       limits_.without_sources.end());
}

}  // namespace understory::server
