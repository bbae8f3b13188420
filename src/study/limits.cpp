#include "study/limits.h"

#include "places/places.h"

namespace understory::study {

Limits limits_of(storage::Transaction& transaction, Id study, const people::Reach& reach) {
  Limits limits;
  limits.everything = reach.everything;
  limits.without_sources = reach.without;
  if (reach.everything) return limits;
  for (const Location& location : locations(transaction, study))
    for (const std::string& place : reach.places)
      if (!location.place_code.empty() && places::is_within(transaction, location.place_code, place))
        limits.locations.insert(location.id);
  return limits;
}

Evidence limited(Evidence evidence, const Limits& limits) {
  if (limits.none()) return evidence;
  const auto location_id = [&](int location) { return location < 0 ? Id{} : evidence.locations[location].id; };
  // Old index → new index, -1: taken out.
  std::vector<int> locations(evidence.locations.size(), -1), respondents(evidence.respondents.size(), -1),
      sources(evidence.sources.size(), -1);
  std::vector<char> behind_any(evidence.respondents.size()), behind_open(evidence.respondents.size());
  Evidence kept;
  for (std::size_t i = 0; i < evidence.locations.size(); ++i)
    if (limits.everything || limits.locations.contains(evidence.locations[i].id)) {
      locations[i] = static_cast<int>(kept.locations.size());
      kept.locations.push_back(evidence.locations[i]);
    }
  for (const auto& source : evidence.sources)
    for (const int respondent : source.respondents) {
      behind_any[respondent] = 1;
      if (limits.open(location_id(source.location), source.id)) behind_open[respondent] = 1;
    }
  const auto moved = [](int old, const std::vector<int>& index) { return old < 0 ? -1 : index[old]; };
  for (std::size_t i = 0; i < evidence.respondents.size(); ++i) {
    auto& respondent = evidence.respondents[i];
    if (!limits.everything && !limits.locations.contains(location_id(respondent.location))) continue;
    if (behind_any[i] && !behind_open[i]) continue;
    respondents[i] = static_cast<int>(kept.respondents.size());
    respondent.location = moved(respondent.location, locations);
    kept.respondents.push_back(std::move(respondent));
  }
  for (std::size_t i = 0; i < evidence.sources.size(); ++i) {
    auto& source = evidence.sources[i];
    if (!limits.open(location_id(source.location), source.id)) continue;
    sources[i] = static_cast<int>(kept.sources.size());
    source.location = moved(source.location, locations);
    for (int& respondent : source.respondents) respondent = respondents[respondent];
    std::erase(source.respondents, -1);
    kept.sources.push_back(std::move(source));
  }
  const auto take = [&](auto element, auto& list) {
    if (sources[element.source] < 0) return;
    element.source = sources[element.source];
    const int first = static_cast<int>(kept.coding_respondents.size());
    for (int r = element.first_respondent; r < element.first_respondent + element.respondent_count; ++r)
      if (const int respondent = respondents[evidence.coding_respondents[r]]; respondent >= 0)
        kept.coding_respondents.push_back(respondent);
    element.first_respondent = first;
    element.respondent_count = static_cast<int>(kept.coding_respondents.size()) - first;
    list.push_back(std::move(element));
  };
  for (const auto& coding : evidence.codings) take(coding, kept.codings);
  for (auto& link : evidence.links) take(std::move(link), kept.links);
  kept.study = std::move(evidence.study);
  kept.codebook = std::move(evidence.codebook);
  kept.turns = std::move(evidence.turns);
  kept.coders = std::move(evidence.coders);
  return kept;
}

}  // namespace understory::study
