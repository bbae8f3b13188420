// What do people do about it: protect themselves, intervene, or only spread the word?
#include "findings/answering.h"
#include "statistics/proportions.h"

namespace understory::findings {

using study::Evidence;

namespace {

constexpr std::string_view kMeanings[] = {"awareness", "self_protection", "intervention"};
constexpr int kAwareness = 0, kAny = 3, kOnlyAwareness = 4;

// The rule of the question over what one source's human codings name: bit i for kMeanings[i].
std::vector<unsigned> named_by_source(const Evidence& evidence) {
  std::vector<unsigned> named(evidence.sources.size(), 0);
  for (const auto& coding : evidence.codings) {
    if (evidence.coders[coding.coder].machine) continue;
    for (int i = 0; i < 3; ++i)
      if (evidence.codebook.codes[coding.code].meaning == kMeanings[i]) named[coding.source] |= 1u << i;
  }
  return named;
}

void add_only_awareness(Answer& answer, const Evidence& evidence, const Tally& tally) {
  const auto item = [&](std::string_view key) {
    for (std::size_t i = 0; i < answer.items.size(); ++i)
      if (answer.items[i].key == key) return static_cast<int>(i);
    return -1;
  };
  const int any = item("any"), only = item("only_awareness");
  Table table{"only_awareness",
              {"findings.table.only_awareness", {}},
              {{"group", "findings.column.group"},
               {"only_awareness", "findings.column.only_awareness_people"},
               {"share", "findings.column.share_interval"},
               {"sources", "findings.column.only_awareness_sources"}},
              {},
              {}};
  const std::vector<unsigned> named = named_by_source(evidence);
  std::int64_t all_sources = 0, all_only = 0;
  for (std::size_t g = 0; g <= answer.groups.size(); ++g) {
    const bool whole = g == answer.groups.size();
    if (whole && g < 2) break;
    const Estimate& of_any = whole ? answer.overall[any] : answer.cells[g][any];
    const Estimate& of_only = whole ? answer.overall[only] : answer.cells[g][only];
    std::int64_t sources = all_sources, only_sources = all_only;
    if (!whole) {
      sources = only_sources = 0;
      for (std::size_t s = 0; s < evidence.sources.size(); ++s) {
        if (named[s] == 0) continue;
        bool in_group = false;
        for (int respondent : evidence.sources[s].respondents) {
          const int person = tally.person_of[respondent];
          in_group = in_group || (person >= 0 && tally.group_of[person] == static_cast<int>(g));
        }
        if (!in_group) continue;
        ++sources;
        only_sources += named[s] == 1u << kAwareness;
      }
      all_sources += sources;
      all_only += only_sources;
    }
    const statistics::Bounds bounds =
        statistics::wilson(static_cast<double>(of_only.mentioned), static_cast<double>(of_any.mentioned));
    const std::string& label = whole ? "#findings.all_groups" : answer.groups[g].label;
    table.rows.push_back({label.rfind('#', 0) == 0 ? Cell(Words{label.substr(1)}) : Cell(label),
                          Counted{of_only.mentioned, of_any.mentioned},
                          of_any.mentioned == 0 ? Cell()
                                                : Cell(Interval{static_cast<double>(of_only.mentioned) /
                                                                    static_cast<double>(of_any.mentioned),
                                                                bounds.low, bounds.high}),
                          Counted{only_sources, sources}});
  }
  // Groups that share a source (speakers of one focus group, split by gender) count it once each, but once in all.
  if (answer.groups.size() > 1) {
    std::int64_t sources = 0, only_sources = 0;
    for (std::size_t s = 0; s < named.size(); ++s) {
      bool counts = false;
      for (int respondent : evidence.sources[s].respondents) counts = counts || tally.person_of[respondent] >= 0;
      sources += named[s] != 0 && counts;
      only_sources += named[s] == 1u << kAwareness && counts;
    }
    table.rows.back().back() = Counted{only_sources, sources};
  }
  answer.tables.insert(answer.tables.begin(), std::move(table));

  const Estimate& of_any = answer.overall[any];
  const Estimate& of_only = answer.overall[only];
  if (of_any.mentioned == 0) return;
  const statistics::Bounds bounds =
      statistics::wilson(static_cast<double>(of_only.mentioned), static_cast<double>(of_any.mentioned));
  const char* key = bounds.low > 0.5 ? "findings.only_awareness_most" : "findings.only_awareness";
  answer.sentences.insert(
      answer.sentences.begin(),
      Message{key, {{"k", of_only.mentioned}, {"n", of_any.mentioned}, {"low", bounds.low}, {"high", bounds.high}}});
}

}  // namespace

Result<Tally> tally_strategies(const Evidence& evidence, const Question& question, const std::string& language) {
  if (question.level == "all")
    return tally(evidence, question, items_of_kind(evidence, "strategy", "all", language), "strategy");
  Items items;
  items.of_code.resize(evidence.codebook.codes.size());
  for (std::string_view meaning : kMeanings)
    items.add({std::string(meaning), {}, "#findings.strategy." + std::string(meaning)});
  items.add({"any", {}, "#findings.strategy.any"});
  items.add({"only_awareness", {}, "#findings.strategy.only_awareness"});
  for (int code = 0; code < static_cast<int>(evidence.codebook.codes.size()); ++code) {
    const study::Code& each = evidence.codebook.codes[code];
    for (int i = 0; i < 3; ++i)
      if (each.meaning == kMeanings[i]) items.speaks(code, i);
    if (each.kind == "strategy" && each.parent) items.speaks(code, kAny);
  }
  Tally counted = TRY(tally(evidence, question, std::move(items), "strategy"));
  for (int person = 0; person < static_cast<int>(counted.people.size()); ++person) {
    std::uint8_t* row = counted.said.data() + static_cast<std::size_t>(person) * counted.item_count();
    row[kAny] = row[kAny] || row[0] || row[1] || row[2];
    row[kOnlyAwareness] = row[kAwareness] && !row[1] && !row[2];
  }
  for (std::size_t g = 0; g < counted.groups.size(); ++g)
    for (int coding : counted.codings[g][kAwareness]) {
      const auto& each = evidence.codings[coding];
      for (int i = 0; i < each.respondent_count; ++i) {
        const int person = counted.person_of[evidence.coding_respondents[each.first_respondent + i]];
        if (person >= 0 && counted.group_of[person] == static_cast<int>(g) &&
            counted.has_said(person, kOnlyAwareness)) {
          counted.codings[g][kOnlyAwareness].push_back(coding);
          break;
        }
      }
    }
  return counted;
}

Result<Answer> ask_strategies(const Evidence& evidence, const Question& question, const std::string& language) {
  const Tally counted = TRY(tally_strategies(evidence, question, language));
  Answer answer = begin_answer(evidence, question);
  const bool kinds_of_strategy = question.level == "top";
  fill(answer, evidence, counted, {!kinds_of_strategy, !kinds_of_strategy, true});
  if (answer.items.empty() || answer.overall[0].asked == 0) {
    answer.warnings.push_back({"findings.warn.no_codes", {{"kind", "strategy"}}});
    return answer;
  }
  if (kinds_of_strategy) add_only_awareness(answer, evidence, counted);
  add_warnings(answer, evidence, counted);
  return answer;
}

}  // namespace understory::findings
