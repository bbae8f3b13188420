#include "findings/overlaps.h"

#include <algorithm>

namespace understory::findings {

void each_overlap(const study::Evidence& evidence, const std::function<void(int, int)>& use) {
  const auto& codings = evidence.codings;
  for (std::size_t a = 0; a < codings.size(); ++a) {
    if (evidence.coders[codings[a].coder].machine) continue;
    for (std::size_t b = a + 1;
         b < codings.size() && codings[b].source == codings[a].source && codings[b].start < codings[a].end; ++b)
      if (!evidence.coders[codings[b].coder].machine) use(static_cast<int>(a), static_cast<int>(b));
  }
}

void each_shared_respondent(const study::Evidence& evidence, int first, int second,
                            const std::function<void(int)>& use) {
  const auto& a = evidence.codings[first];
  const auto& b = evidence.codings[second];
  for (int i = 0; i < a.respondent_count; ++i)
    for (int j = 0; j < b.respondent_count; ++j)
      if (evidence.coding_respondents[a.first_respondent + i] == evidence.coding_respondents[b.first_respondent + j])
        use(evidence.coding_respondents[a.first_respondent + i]);
}

int turn_of(const study::Evidence& evidence, int source, std::int32_t byte) {
  const auto& where = evidence.sources[source];
  const auto first = evidence.turns.begin() + where.first_turn, last = first + where.turn_count;
  const auto found =
      std::upper_bound(first, last, byte, [](std::int32_t at, const auto& turn) { return at < turn.end; });
  return where.turn_count == 0 ? 0 : static_cast<int>(std::min(found, last - 1) - first);
}

}  // namespace understory::findings
