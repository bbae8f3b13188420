#include "findings/ask.h"

#include <algorithm>

#include "findings/answering.h"
#include "findings/overlaps.h"

namespace understory::findings {

using study::Evidence;

Result<Answer> ask(const Evidence& evidence, const Question& question, const std::string& language) {
  switch (question.ask) {
    case Ask::kCauses: return ask_causes(evidence, question, language);
    case Ask::kRisks: return ask_risks(evidence, question, language);
    case Ask::kStrategies: return ask_strategies(evidence, question, language);
    case Ask::kTrend: return ask_trend(evidence, question, language);
    case Ask::kCooccurrence: return ask_cooccurrence(evidence, question, language);
    case Ask::kLinks: return ask_links(evidence, question, language);
    case Ask::kAgreement: return ask_agreement(evidence, question, language);
    case Ask::kSaturation: return ask_saturation(evidence, question, language);
  }
  throw std::logic_error("a question nobody answers");
}

namespace {

Result<Tally> tally_of(const Evidence& evidence, const Question& question) {
  Question pooled = question;
  switch (question.ask) {
    case Ask::kCauses: return tally_causes(evidence, question, "en");
    case Ask::kRisks: return tally_risks(evidence, question, "en");
    case Ask::kStrategies: return tally_strategies(evidence, question, "en");
    case Ask::kTrend: return tally_trend(evidence, question, "en");
    default: pooled.by = "none"; return tally_codes(evidence, pooled, "en");
  }
}

Problem not_there(std::string_view what, std::string_view name) {
  return Problem(problems::kNotFound, {{"what", std::string(what)}, {"name", std::string(name)}});
}

}  // namespace

Result<std::vector<int>> codings_behind(const Evidence& evidence, const Question& question, std::string_view group,
                                        std::string_view item) {
  const Tally counted = TRY(tally_of(evidence, question));
  int wanted = -1;
  for (int i = 0; i < counted.item_count(); ++i)
    if (counted.items.list[i].key == item) wanted = i;
  if (wanted < 0) return tl::unexpected(not_there("row of this answer", item));
  std::vector<int> found;
  bool known = group == "(all)";
  for (std::size_t g = 0; g < counted.groups.size(); ++g) {
    if (group != "(all)" && group != counted.groups[g].key) continue;
    known = true;
    found.insert(found.end(), counted.codings[g][wanted].begin(), counted.codings[g][wanted].end());
  }
  if (!known) return tl::unexpected(not_there("group of this answer", group));
  // Codings stand by source, place, code and coder: the same words under the same code by two coders are one passage.
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end(),
                          [&](int left, int right) {
                            const auto &a = evidence.codings[left], &b = evidence.codings[right];
                            return a.source == b.source && a.start == b.start && a.end == b.end && a.code == b.code;
                          }),
              found.end());
  return found;
}

}  // namespace understory::findings
