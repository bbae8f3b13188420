#include "findings/ask.h"

#include <algorithm>
#include <set>

#include "findings/answering.h"
#include "findings/overlaps.h"

namespace understory::findings {

using study::Evidence;

namespace {

constexpr std::size_t kMostRowsOfGroup = 10;  // of a group's ranked tables; its other tables are whole

Result<Answer> ask_unsplit(const Evidence& evidence, const Question& question, const std::string& language) {
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

// These are answered over everybody at once, and split by asking again among the people of each group.
bool asked_again_by_group(const Question& question) {
  switch (question.ask) {
    case Ask::kCooccurrence:
    case Ask::kLinks:
    case Ask::kAgreement: return question.by != "none";
    // Sources have a location and a language of their own, their tellers the rest.
    case Ask::kSaturation: return question.by != "none" && question.by != "location" && question.by != "language";
    default: return false;
  }
}

// The rows of one group's table, under its name.
void add_rows(Table& table, Table part, const Cell& group) {
  static const std::set<std::string> ranked{"cooccurrence", "links", "threads", "robustness"};
  if (ranked.contains(part.key) && part.rows.size() > kMostRowsOfGroup) part.rows.resize(kMostRowsOfGroup);
  const bool named = part.columns[0].first == "group";
  if (table.columns.empty()) {
    table.key = part.key;
    table.title = part.title;
    table.columns = part.columns;
    if (!named) table.columns.insert(table.columns.begin(), {"group", "findings.column.group"});
  }
  for (std::size_t i = 0; i < part.rows.size(); ++i) {
    std::vector<Cell> row = std::move(part.rows[i]);
    if (named)
      row[0] = group;
    else
      row.insert(row.begin(), group);
    table.rows.push_back(std::move(row));
    if (i < part.row_codes.size()) table.row_codes.push_back(part.row_codes[i]);
  }
}

Result<Answer> ask_by_group(const Evidence& evidence, const Question& question, const std::string& language) {
  const Tally counted = TRY(tally_codes(evidence, question, language));
  Question part = question;
  part.by = "none";
  Answer answer = TRY(ask_unsplit(evidence, part, language));
  answer.question = question;
  std::vector<Table> tables;
  const auto add = [&](const Answer& of_group, const std::string& label) {
    const Cell group = label.rfind('#', 0) == 0 ? Cell(Words{label.substr(1)}) : Cell(label);
    for (const Table& table : of_group.tables) {
      auto found = std::find_if(tables.begin(), tables.end(), [&](const Table& each) { return each.key == table.key; });
      if (found == tables.end()) found = tables.insert(tables.end(), Table{});
      add_rows(*found, table, group);
    }
  };
  std::vector<Group> shown;
  for (const Group& group : counted.groups) {
    if (group.label == kNotKnown || group.asked == 0) continue;  // in the whole they are
    part.among[question.by] = {group.key};
    add(TRY(ask_unsplit(evidence, part, language)), group.label);
    shown.push_back(group);
  }
  // The other two count sources, and say of each group themselves how few there are.
  if (question.ask == Ask::kCooccurrence || question.ask == Ask::kLinks) warn_of_thin(answer, shown);
  add(answer, "#findings.all_groups");
  answer.tables = std::move(tables);
  answer.threads.clear();  // everybody's, and the tables are each group's
  answer.all_threads = 0;
  return answer;
}

}  // namespace

Result<Answer> ask(const Evidence& evidence, const Question& question, const std::string& language) {
  return asked_again_by_group(question) ? ask_by_group(evidence, question, language)
                                        : ask_unsplit(evidence, question, language);
}

namespace {

Result<Tally> tally_of(const Evidence& evidence, const Question& question) {
  switch (question.ask) {
    case Ask::kCauses: return tally_causes(evidence, question, "en");
    case Ask::kRisks: return tally_risks(evidence, question, "en");
    case Ask::kStrategies: return tally_strategies(evidence, question, "en");
    case Ask::kTrend: return tally_trend(evidence, question, "en");
    default: return tally_codes_together(evidence, question, "en");
  }
}

Problem not_there(std::string_view what, std::string_view name) {
  return Problem(problems::kNotFound, {{"what", std::string(what)}, {"name", std::string(name)}});
}

// Codings stand by source, place, code and coder: the same words under the same code by two coders are one passage.
void once_each(const Evidence& evidence, std::vector<int>& codings) {
  std::sort(codings.begin(), codings.end());
  codings.erase(std::unique(codings.begin(), codings.end(),
                            [&](int left, int right) {
                              const auto &a = evidence.codings[left], &b = evidence.codings[right];
                              return a.source == b.source && a.start == b.start && a.end == b.end && a.code == b.code;
                            }),
                codings.end());
}

Result<int> item_named(const Tally& counted, std::string_view item) {
  for (int i = 0; i < counted.item_count(); ++i)
    if (counted.items.list[i].key == item) return i;
  return tl::unexpected(not_there("row of this answer", item));
}

Result<void> require_group(const Tally& counted, std::string_view group) {
  if (group == "(all)") return {};
  for (const Group& each : counted.groups)
    if (each.key == group) return {};
  return tl::unexpected(not_there("group of this answer", group));
}

}  // namespace

Result<std::vector<int>> codings_behind(const Evidence& evidence, const Question& question, std::string_view group,
                                        std::string_view item) {
  const Tally counted = TRY(tally_of(evidence, question));
  const int wanted = TRY(item_named(counted, item));
  TRY(require_group(counted, group));
  std::vector<int> found;
  for (std::size_t g = 0; g < counted.groups.size(); ++g)
    if (group == "(all)" || group == counted.groups[g].key)
      found.insert(found.end(), counted.codings[g][wanted].begin(), counted.codings[g][wanted].end());
  once_each(evidence, found);
  return found;
}

Result<Against> codings_against(const Evidence& evidence, const Question& question, std::string_view group,
                                std::string_view item) {
  const Tally counted = TRY(tally_of(evidence, question));
  const int wanted = TRY(item_named(counted, item));
  TRY(require_group(counted, group));
  Against against;
  std::vector<char> counts(counted.people.size());
  for (std::size_t person = 0; person < counts.size(); ++person) {
    if (group != "(all)" && group != counted.groups[counted.group_of[person]].key) continue;
    ++against.asked;
    counts[person] = !counted.has_said(static_cast<int>(person), wanted);
    against.people += counts[person];
  }
  // Of each person and item the first passage.
  std::set<std::pair<int, int>> heard;
  std::set<int> spoke;
  for (std::size_t g = 0; g < counted.groups.size(); ++g)
    for (int i = 0; i < counted.item_count(); ++i)
      for (int coding : counted.codings[g][i]) {
        const auto& each = evidence.codings[coding];
        for (int r = 0; i != wanted && r < each.respondent_count; ++r) {
          const int person = counted.person_of[evidence.coding_respondents[each.first_respondent + r]];
          if (person < 0 || !counts[person] || !heard.insert({person, i}).second) continue;
          spoke.insert(person);
          against.codings.push_back(coding);
        }
      }
  against.silent = against.people - static_cast<std::int64_t>(spoke.size());
  once_each(evidence, against.codings);
  return against;
}

Result<ToldLinks> links_behind(const Evidence& evidence, const Question& question, std::string_view from,
                               std::string_view to, bool prevents) {
  const Tally counted = TRY(tally_of(evidence, question));
  const int first = TRY(item_named(counted, from))
  , second = TRY(item_named(counted, to));
  const auto stands_for = [&](int code, int item) {
    return question.level == "all"
               ? counted.items.list[item].code == evidence.codebook.codes[code].id
               : std::count(counted.items.of_code[code].begin(), counted.items.of_code[code].end(), item) > 0;
  };
  ToldLinks told{evidence, {}};
  told.evidence.codings.clear();
  for (const auto& link : evidence.links) {
    if (evidence.coders[link.coder].machine || link.sign > 0 == prevents) continue;
    if (!stands_for(link.from, first) || !stands_for(link.to, second)) continue;
    bool counts = false;
    for (int r = 0; r < link.respondent_count; ++r)
      counts = counts || counted.person_of[evidence.coding_respondents[link.first_respondent + r]] >= 0;
    if (!counts) continue;
    told.evidence.codings.push_back({link.id, link.source, link.from, link.coder, link.start, link.end,
                                     link.first_respondent, link.respondent_count});
  }
  for (std::size_t i = 0; i < told.evidence.codings.size(); ++i) told.codings.push_back(static_cast<int>(i));
  once_each(told.evidence, told.codings);
  return told;
}

}  // namespace understory::findings
