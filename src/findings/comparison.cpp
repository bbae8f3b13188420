#include "findings/comparison.h"

#include <algorithm>

#include "findings/ask.h"
#include "statistics/proportions.h"
#include "statistics/tables.h"

namespace understory::findings {

namespace {

Cell named(const std::string& label) { return label.rfind('#', 0) == 0 ? Cell(Words{label.substr(1)}) : Cell(label); }

Result<std::size_t> group_named(const Answer& answer, std::string_view key) {
  for (std::size_t g = 0; g < answer.groups.size(); ++g)
    if (answer.groups[g].key == key) return g;
  return fail(problems::kNotFound, {{"what", "group of this answer"}, {"name", std::string(key)}});
}

// "More often here" and "more often there", of what differs by more than chance.
void say(Answer& answer, const Names& more, const Names& less) {
  const std::string &one = answer.groups[0].label, &other = answer.groups[1].label;
  if (!more.list.empty())
    answer.sentences.push_back({"findings.more_often", {{"group", one}, {"other", other}, {"items", more}}});
  if (!less.list.empty())
    answer.sentences.push_back({"findings.more_often", {{"group", other}, {"other", one}, {"items", less}}});
  if (more.list.empty() && less.list.empty())
    answer.sentences.push_back({"findings.two_alike", {{"group", one}, {"other", other}}});
}

void add_table(Answer& answer) {
  const auto &one = answer.cells[0], &other = answer.cells[1];
  std::vector<double> p;
  for (std::size_t i = 0; i < answer.items.size(); ++i)
    p.push_back(statistics::fisher_exact(one[i].mentioned, one[i].asked - one[i].mentioned, other[i].mentioned,
                                         other[i].asked - other[i].mentioned));
  const statistics::Adjusted adjusted = statistics::benjamini_hochberg(p);
  Table table{"comparison",
              {"findings.table.comparison", {}},
              {{"item", "findings.column.item"},
               {"one", "findings.column.one"},
               {"other", "findings.column.other"},
               {"difference", "findings.column.difference"},
               {"p", "findings.column.p"},
               {"p_adjusted", "findings.column.p_adjusted"}},
              {},
              {}};
  Names more, less, few;
  for (const Group& group : answer.groups)
    if (group.clusters < kLeastConversations) few.list.push_back(group.label);
  for (std::size_t i = 0; i < answer.items.size(); ++i) {
    const statistics::Difference difference = statistics::difference_of(one[i].share, {one[i].low, one[i].high},
                                                                        other[i].share, {other[i].low, other[i].high});
    table.rows.push_back({named(answer.items[i].label), Counted{one[i].mentioned, one[i].asked},
                          Counted{other[i].mentioned, other[i].asked},
                          Interval{difference.value, difference.bounds.low, difference.bounds.high}, p[i],
                          adjusted.p[i]});
    table.row_codes.push_back(answer.items[i].code);
    // Both must hold: the test knows nothing of people interviewed together, the interval nothing of how many were
    // looked at.
    if (!adjusted.rejected[i] || !few.list.empty()) continue;
    if (difference.bounds.low > 0) more.list.push_back(answer.items[i].label);
    if (difference.bounds.high < 0) less.list.push_back(answer.items[i].label);
  }
  if (!few.list.empty())
    answer.warnings.push_back(
        {"findings.warn.too_few_conversations", {{"groups", few}, {"least", kLeastConversations}}});
  else
    say(answer, more, less);
  answer.tables.push_back(std::move(table));
}

}  // namespace

Result<Answer> compare(const study::Evidence& evidence, const Question& question, std::string_view one,
                       std::string_view other, const std::string& language) {
  Answer answer = TRY(ask(evidence, question, language));
  if (answer.cells.empty() || answer.items.empty())
    return fail(problems::kInvalidValue, {{"where", "The question"},
                                          {"value", std::string(kAsks[static_cast<int>(question.ask)])},
                                          {"what", "question whose groups can be compared"},
                                          {"hint", "Compare groups of: causes, risks, strategies, trend."}});
  if (answer.groups.size() < 2) {
    answer.tables.clear();
    answer.sentences.clear();
    answer.warnings = {{"findings.warn.one_group", {}}};
    return answer;
  }
  const std::size_t first = one.empty() ? std::size_t{0} : TRY(group_named(answer, one))
  , second = other.empty() ? std::size_t{first == 0} : TRY(group_named(answer, other));
  if (first == second)
    return fail(problems::kInvalidValue, {{"where", "The question"},
                                          {"value", std::string(one)},
                                          {"what", "pair of groups"},
                                          {"hint", "Choose two groups that are not the same."}});
  const std::vector<Message> warnings = std::move(answer.warnings);
  Answer pair;
  pair.question = question;
  pair.study_name = answer.study_name;
  pair.purposive = answer.purposive;
  pair.invented = answer.invented;
  pair.data_hash = answer.data_hash;
  pair.groups = {answer.groups[first], answer.groups[second]};
  Names small;
  for (const Group& group : pair.groups)
    if (group.asked < kLeastCompared) small.list.push_back(group.label);
  if (!small.list.empty()) {
    pair.warnings.push_back({"findings.warn.too_few_to_compare", {{"groups", small}, {"least", kLeastCompared}}});
    return pair;
  }
  pair.items = std::move(answer.items);
  pair.cells = {std::move(answer.cells[first]), std::move(answer.cells[second])};
  add_table(pair);
  for (const Message& warning : warnings)
    if (warning.key == "findings.warn.purposive" || warning.key == "findings.warn.perceived")
      pair.warnings.push_back(warning);
  return pair;
}

}  // namespace understory::findings
