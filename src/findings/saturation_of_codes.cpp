// Do new conversations still bring new themes?
#include <algorithm>
#include <numeric>

#include "findings/answering.h"
#include "statistics/saturation.h"
#include "study/vocabulary.h"

namespace understory::findings {

using study::Evidence;

namespace {

constexpr int kBase = 4, kRun = 2;
constexpr double kThreshold = 0.05;

std::string group_of_source(const Evidence& evidence, const Evidence::EvidenceSource& source, const std::string& by) {
  if (by == "none") return "all";
  if (by == "language") return source.language;
  return source.location < 0 ? "" : evidence.locations[source.location].name;
}

// Sources that count: read, told by people who count; conversations, or open answers where a study has nothing else.
std::vector<int> counted_sources(const Evidence& evidence, const Tally& tally) {
  std::vector<int> conversations, others;
  for (int s = 0; s < static_cast<int>(evidence.sources.size()); ++s) {
    const auto& source = evidence.sources[s];
    if (!source.is_read || source.translation) continue;
    const bool counts =
        source.respondents.empty() || std::any_of(source.respondents.begin(), source.respondents.end(),
                                                  [&](int respondent) { return tally.person_of[respondent] >= 0; });
    if (!counts) continue;
    (source.kind == "open_answer" ? others : conversations).push_back(s);
  }
  std::vector<int>& chosen = conversations.empty() ? others : conversations;
  std::stable_sort(chosen.begin(), chosen.end(), [&](int left, int right) {
    const auto &a = evidence.sources[left], &b = evidence.sources[right];
    return std::tie(a.told_on, a.id.value) < std::tie(b.told_on, b.id.value);  // of one day: as they were brought in
  });
  return chosen;
}

}  // namespace

Result<Answer> ask_saturation(const Evidence& evidence, const Question& question, const std::string& language) {
  const Tally counted = TRY(tally_codes_together(evidence, question, language));
  Answer answer = begin_answer(evidence, question);
  const std::vector<int> sources = counted_sources(evidence, counted);
  std::vector<std::vector<int>> codes(evidence.sources.size());
  for (const auto& coding : evidence.codings) {
    if (evidence.coders[coding.coder].machine) continue;
    for (int item : counted.items.of_code[coding.code]) codes[coding.source].push_back(item);
  }
  std::vector<std::pair<std::string, std::vector<int>>> groups;  // in the order people expect
  for (int s : sources) {
    const std::string group = group_of_source(evidence, evidence.sources[s], question.by);
    auto found = std::find_if(groups.begin(), groups.end(), [&](const auto& each) { return each.first == group; });
    if (found == groups.end()) found = groups.insert(groups.end(), {group, {}});
    found->second.push_back(s);
  }
  std::sort(groups.begin(), groups.end(), [&](const auto& left, const auto& right) {
    const auto place = [&](const std::string& group) {
      for (std::size_t i = 0; i < evidence.locations.size(); ++i)
        if (evidence.locations[i].name == group) return i;
      return evidence.locations.size();
    };
    return std::pair{place(left.first), left.first} < std::pair{place(right.first), right.first};
  });

  Table table{"saturation",
              {"findings.table.saturation", {{"base", std::int64_t{kBase}}, {"run", std::int64_t{kRun}}}},
              {{"group", "findings.column.group"},
               {"sources", "findings.column.sources"},
               {"base_codes", "findings.column.base_codes"},
               {"codes", "findings.column.codes"},
               {"new_codes", "findings.column.new_in_last_run"},
               {"ratio", "findings.column.new_over_base"},
               {"reached", "findings.column.reached_after"}},
              {},
              {}};
  Table curve{"saturation_curve",
              {"findings.table.saturation_curve", {}},
              {{"group", "findings.column.group"},
               {"position", "findings.column.position"},
               {"codes", "findings.column.codes"}},
              {},
              {}};
  std::int64_t reached = 0, large_enough = 0;
  for (const auto& [group, members] : groups) {
    std::vector<std::vector<int>> told;
    for (int s : members) told.push_back(codes[s]);
    const statistics::Saturation found = statistics::saturation(told, kBase, kRun, kThreshold);
    const bool has_words = question.by == "language" && study::is_one_of(study::kLanguages, group);
    const std::string label = group.empty()           ? std::string(kNotKnown)
                              : question.by == "none" ? "#findings.everybody"
                              : has_words             ? "#language." + group
                                                      : group;
    const Cell name = label.rfind('#', 0) == 0 ? Cell(Words{label.substr(1)}) : Cell(label);
    answer.groups.push_back({group.empty() ? "unknown" : group, label, static_cast<std::int64_t>(members.size())});
    const bool measured = !found.runs.empty();
    large_enough += measured;
    reached += found.reached > 0;
    table.rows.push_back({name, static_cast<std::int64_t>(members.size()),
                          measured ? Cell(std::int64_t{found.base_codes}) : Cell(),
                          found.cumulative.empty() ? std::int64_t{0} : std::int64_t{found.cumulative.back()},
                          measured ? Cell(std::int64_t{found.runs.back().new_codes}) : Cell(),
                          measured ? Cell(Share{found.runs.back().ratio}) : Cell(),
                          found.reached > 0 ? Cell(std::int64_t{found.reached})
                          : measured        ? Cell(Words{"findings.not_reached"})
                                            : Cell(Words{"findings.too_few_sources"})});
    for (std::size_t i = 0; i < found.cumulative.size(); ++i)
      curve.rows.push_back({name, static_cast<std::int64_t>(i + 1), std::int64_t{found.cumulative[i]}});
  }
  answer.sentences.push_back(
      {"findings.saturation_reached",
       {{"reached", reached}, {"groups", static_cast<std::int64_t>(groups.size())}, {"by", question.by}}});
  if (large_enough < static_cast<std::int64_t>(groups.size()))
    answer.warnings.push_back({"findings.warn.too_few_sources", {{"n", static_cast<std::int64_t>(kBase + kRun)}}});
  answer.warnings.push_back({"findings.warn.order_matters", {}});
  answer.tables.push_back(std::move(table));
  answer.tables.push_back(std::move(curve));
  return answer;
}

}  // namespace understory::findings
