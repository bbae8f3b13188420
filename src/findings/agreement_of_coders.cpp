// Do coders who read the same source see the same in it? Code by code, with an interval over sources.
#include <algorithm>
#include <cmath>
#include <set>

#include "findings/answering.h"
#include "findings/overlaps.h"
#include "statistics/bootstrap.h"
#include "statistics/continuum.h"
#include "statistics/random.h"

namespace understory::findings {

using statistics::Coincidences;
using statistics::Continuum;
using statistics::Stretch;
using study::Evidence;

namespace {

constexpr double kReliable = 0.8, kTentative = 0.667;  // Krippendorff 2019, ch. 12

struct SharedSource {
  int source;
  std::vector<int> coders;
  std::int64_t length;  // in units
};

bool takes_part(const Evidence& evidence, const Question& question, int coder) {
  return question.machine || !evidence.coders[coder].machine;
}

bool in_question(const Evidence& evidence, const Tally& tally, int source) {
  const auto& people = evidence.sources[source].respondents;
  if (people.empty()) return true;  // documents
  return std::any_of(people.begin(), people.end(), [&](int respondent) { return tally.person_of[respondent] >= 0; });
}

std::vector<SharedSource> shared_sources(const Evidence& evidence, const Question& question, const Tally& tally) {
  std::vector<std::set<int>> coders(evidence.sources.size());
  for (const auto& coding : evidence.codings)
    if (takes_part(evidence, question, coding.coder)) coders[coding.source].insert(coding.coder);
  std::vector<SharedSource> shared;
  for (int s = 0; s < static_cast<int>(coders.size()); ++s) {
    if (coders[s].size() < 2 || !in_question(evidence, tally, s)) continue;
    const auto& source = evidence.sources[s];
    const std::int64_t length = question.unit == "character" ? source.byte_length
                                : question.unit == "paragraph"
                                    ? std::max(1, source.turn_count)
                                    : static_cast<std::int64_t>(std::max<std::size_t>(1, source.respondents.size()));
    shared.push_back({s, {coders[s].begin(), coders[s].end()}, length});
  }
  return shared;
}

// A coding as stretches of units.
void add_stretches(const Evidence& evidence, const Question& question, const Evidence::EvidenceCoding& coding,
                   std::vector<Stretch>& stretches) {
  if (question.unit == "character") {
    stretches.push_back({coding.start, coding.end});
  } else if (question.unit == "paragraph") {
    stretches.push_back(
        {turn_of(evidence, coding.source, coding.start), turn_of(evidence, coding.source, coding.end - 1) + 1});
  } else {
    const auto& people = evidence.sources[coding.source].respondents;
    if (people.empty()) stretches.push_back({0, 1});
    for (int i = 0; i < coding.respondent_count; ++i) {
      const auto at =
          std::find(people.begin(), people.end(), evidence.coding_respondents[coding.first_respondent + i]) -
          people.begin();
      stretches.push_back({at, at + 1});
    }
  }
}

// Nominal α over a resample needs three sums a source: agreeing on the code, disagreeing, agreeing on its absence.
double alpha_of(double both, double one, double neither) {
  const double n = both + one + neither, coded = both + one / 2;
  const double expected = 2 * coded * (n - coded) / std::max(n - 1, 1.0);
  return expected <= 0 ? std::numeric_limits<double>::quiet_NaN() : 1 - one / expected;
}

struct OfCode {
  Coincidences all;
  std::vector<std::array<double, 3>> by_source;
  double kappa_sum = 0, kappa_weight = 0;
  std::int64_t sources = 0;  // in which anybody used the code
};

Cell number(const std::optional<double>& value) { return value ? Cell(*value) : Cell(Words{"findings.no_variation"}); }

}  // namespace

Result<Answer> ask_agreement(const Evidence& evidence, const Question& question, const std::string& language) {
  const Tally counted = TRY(tally_codes_together(evidence, question, language));
  Answer answer = begin_answer(evidence, question);
  answer.groups = counted.groups;
  const std::vector<SharedSource> shared = shared_sources(evidence, question, counted);
  if (shared.empty()) {
    answer.warnings.push_back({"findings.warn.no_shared_sources", {}});
    return answer;
  }
  const int items = counted.item_count();
  // [source][item][coder] → stretches
  std::vector<int> position(evidence.sources.size(), -1);
  for (std::size_t s = 0; s < shared.size(); ++s) position[shared[s].source] = static_cast<int>(s);
  std::vector<std::vector<std::vector<std::vector<Stretch>>>> stretches(shared.size());
  for (std::size_t s = 0; s < shared.size(); ++s)
    stretches[s].assign(items, std::vector<std::vector<Stretch>>(shared[s].coders.size()));
  for (const auto& coding : evidence.codings) {
    const int s = position[coding.source];
    if (s < 0 || !takes_part(evidence, question, coding.coder)) continue;
    const auto coder =
        std::find(shared[s].coders.begin(), shared[s].coders.end(), coding.coder) - shared[s].coders.begin();
    for (int item : counted.items.of_code[coding.code])
      add_stretches(evidence, question, coding, stretches[s][item][coder]);
  }

  Table table{"agreement",
              {"findings.table.agreement", {{"unit", question.unit}}},
              {{"code", "findings.column.item"},
               {"alpha", "findings.column.alpha"},
               {"kappa", "findings.column.kappa"},
               {"ac1", "findings.column.ac1"},
               {"u_alpha", "findings.column.u_alpha"},
               {"agreement", "findings.column.agreement"},
               {"prevalence", "findings.column.prevalence"},
               {"sources", "findings.column.sources_with_code"}},
              {},
              {}};
  std::int64_t reliable = 0, tentative = 0, judged = 0;
  for (int item = 0; item < items; ++item) {
    OfCode of{Coincidences(1), {}};
    for (std::size_t s = 0; s < shared.size(); ++s) {
      Coincidences here(1);
      here.add(Continuum{shared[s].length, stretches[s][item]});
      of.by_source.push_back({here.length[3], here.length[1] + here.length[2], here.length[0]});
      of.all += here;
      of.sources += here.share[1] > 0;
    }
    if (of.sources == 0) continue;
    // Light's κ (1971): the mean over pairs of coders, each weighed by what both read.
    std::map<std::pair<int, int>, statistics::TwoByTwo> of_pair;
    for (std::size_t s = 0; s < shared.size(); ++s)
      for (std::size_t a = 0; a < shared[s].coders.size(); ++a)
        for (std::size_t b = a + 1; b < shared[s].coders.size(); ++b)
          of_pair[{shared[s].coders[a], shared[s].coders[b]}] +=
              statistics::two_by_two(stretches[s][item][a], stretches[s][item][b], shared[s].length);
    for (const auto& [coders, two] : of_pair)
      if (const auto kappa = statistics::two_by_two_kappa(two)) {
        const double weight = two.both + two.first + two.second + two.neither;
        of.kappa_sum += *kappa * weight;
        of.kappa_weight += weight;
      }
    const auto alpha = statistics::character_alpha(of.all);
    Cell alpha_cell = number(alpha);
    if (alpha && question.draws > 0) {
      std::sort(of.by_source.begin(),
                of.by_source.end());  // the draws depend on the codings alone, not on the order of sources
      statistics::Random random(question.seed + static_cast<std::uint64_t>(item));
      std::vector<double> drawn;
      for (int draw = 0; draw < question.draws; ++draw) {
        double both = 0, one = 0, neither = 0;
        for (std::size_t i = 0; i < shared.size(); ++i) {
          const auto& each = of.by_source[random.below(static_cast<std::uint32_t>(shared.size()))];
          both += each[0];
          one += each[1];
          neither += each[2];
        }
        if (const double value = alpha_of(both, one, neither); !std::isnan(value)) drawn.push_back(value);
      }
      const double low = statistics::quantile(drawn, 0.025), high = statistics::quantile(drawn, 0.975);
      alpha_cell = Interval{*alpha, std::min(low, *alpha), std::max(high, *alpha)};
    }
    if (alpha) {
      ++judged;
      reliable += *alpha >= kReliable;
      tentative += *alpha >= kTentative && *alpha < kReliable;
    }
    table.rows.push_back(
        {counted.items.list[item].label, alpha_cell,
         of.kappa_weight > 0 ? Cell(of.kappa_sum / of.kappa_weight) : Cell(Words{"findings.no_variation"}),
         number(statistics::character_ac1(of.all)),
         question.unit == "character" ? number(statistics::u_alpha(of.all)) : Cell(),
         Share{statistics::character_agreement(of.all)}, Share{of.all.share[1] / of.all.positions}, of.sources});
    table.row_codes.push_back(counted.items.list[item].code);
  }
  std::set<int> people;
  for (const SharedSource& each : shared) people.insert(each.coders.begin(), each.coders.end());
  answer.tables.push_back(std::move(table));
  answer.sentences.push_back(
      {"findings.agreement_of",
       {{"sources", static_cast<std::int64_t>(shared.size())}, {"coders", static_cast<std::int64_t>(people.size())}}});
  answer.sentences.push_back(
      {"findings.agreement_levels",
       {{"reliable", reliable}, {"tentative", tentative}, {"below", judged - reliable - tentative}, {"n", judged}}});
  answer.warnings.push_back({"findings.warn.choose_one_coefficient", {}});
  if (question.unit == "character") answer.warnings.push_back({"findings.warn.characters_exaggerate", {}});
  if (question.machine) answer.warnings.push_back({"findings.warn.machine", {}});
  return answer;
}

}  // namespace understory::findings
