// Do people see more of it than before, or less? Compared with when?
#include "findings/answering.h"
#include "findings/overlaps.h"
#include "statistics/ordinal.h"
#include "statistics/proportions.h"
#include "statistics/tables.h"

namespace understory::findings {

using study::Evidence;

namespace {

constexpr std::string_view kDirections[] = {"up", "same", "down", "unknown"};
constexpr int kUp = 0, kSame = 1, kDown = 2;

Cell name_of(const std::string& label) { return label.rfind('#', 0) == 0 ? Cell(Words{label.substr(1)}) : Cell(label); }

// Periods people compared with: person × direction × period code. A direction belongs to a period when their words
// overlap; else to every period the same person named in the same source; else to none (the last place).
struct Periods {
  std::vector<int> codes;
  std::vector<std::uint8_t> said;  // (person × 4 + direction) × (codes + 1) + period
  std::size_t width() const { return codes.size() + 1; }
};

Periods periods_of(const Evidence& evidence, const Tally& tally) {
  Periods periods;
  std::vector<int> period_of_code(evidence.codebook.codes.size(), -1);
  for (int code = 0; code < static_cast<int>(evidence.codebook.codes.size()); ++code)
    if (evidence.codebook.codes[code].meaning == "period") {
      const bool heading = code + 1 < static_cast<int>(evidence.codebook.codes.size()) &&
                           evidence.codebook.codes[code + 1].parent == evidence.codebook.codes[code].id;
      if (heading) continue;
      period_of_code[code] = static_cast<int>(periods.codes.size());
      periods.codes.push_back(code);
    }
  periods.said.assign(tally.people.size() * 4 * periods.width(), 0);
  const auto mark = [&](int person, int direction, std::size_t period) {
    periods.said[(static_cast<std::size_t>(person) * 4 + direction) * periods.width() + period] = 1;
  };

  std::vector<std::uint8_t> placed(evidence.codings.size(), 0);
  each_overlap(evidence, [&](int a, int b) {
    for (const auto& pair : {std::pair{a, b}, std::pair{b, a}}) {
      const int trend = pair.first, when = pair.second;
      const int period = period_of_code[evidence.codings[when].code];
      if (period < 0) continue;
      for (int direction : tally.items.of_code[evidence.codings[trend].code])
        each_shared_respondent(evidence, trend, when, [&](int respondent) {
          if (tally.person_of[respondent] < 0) return;
          mark(tally.person_of[respondent], direction, static_cast<std::size_t>(period));
          placed[trend] = 1;
        });
    }
  });
  // (source, respondent) → periods named anywhere in it
  std::map<std::pair<int, int>, std::vector<int>> named;
  for (const auto& coding : evidence.codings)
    if (const int period = period_of_code[coding.code]; period >= 0 && !evidence.coders[coding.coder].machine)
      for (int i = 0; i < coding.respondent_count; ++i)
        named[{coding.source, evidence.coding_respondents[coding.first_respondent + i]}].push_back(period);
  for (int c = 0; c < static_cast<int>(evidence.codings.size()); ++c) {
    const auto& coding = evidence.codings[c];
    if (placed[c] || evidence.coders[coding.coder].machine) continue;
    for (int direction : tally.items.of_code[coding.code])
      for (int i = 0; i < coding.respondent_count; ++i) {
        const int respondent = evidence.coding_respondents[coding.first_respondent + i],
                  person = tally.person_of[respondent];
        if (person < 0 || !tally.has_said(person, direction)) continue;
        const auto found = named.find({coding.source, respondent});
        if (found == named.end())
          mark(person, direction, periods.codes.size());
        else
          for (int period : found->second) mark(person, direction, static_cast<std::size_t>(period));
      }
  }
  return periods;
}

void add_by_period(Answer& answer, const Evidence& evidence, const Tally& tally, const std::string& language) {
  const Periods periods = periods_of(evidence, tally);
  Table table{"trend_by_period",
              {"findings.table.trend_by_period", {}},
              {{"group", "findings.column.group"}, {"period", "findings.column.period"}},
              {},
              {}};
  for (std::string_view direction : kDirections)
    table.columns.emplace_back(std::string(direction), "findings.trend." + std::string(direction));
  for (std::size_t g = 0; g < tally.groups.size(); ++g)
    for (std::size_t period = 0; period < periods.width(); ++period) {
      std::int64_t counts[4] = {}, total = 0;
      for (int person = 0; person < static_cast<int>(tally.people.size()); ++person)
        if (tally.group_of[person] == static_cast<int>(g))
          for (int direction = 0; direction < 4; ++direction)
            counts[direction] +=
                periods.said[(static_cast<std::size_t>(person) * 4 + direction) * periods.width() + period];
      for (std::int64_t count : counts) total += count;
      if (total == 0) continue;
      const bool named = period < periods.codes.size();
      std::vector<Cell> row{
          name_of(tally.groups[g].label),
          named ? Cell(study::Codebook::name_in(evidence.codebook.codes[periods.codes[period]], language))
                : Cell(Words{"findings.no_period"})};
      for (std::int64_t count : counts) row.push_back(count);
      table.rows.push_back(std::move(row));
      table.row_codes.push_back(named ? evidence.codebook.codes[periods.codes[period]].id : Id{});
    }
  if (!table.rows.empty()) answer.tables.push_back(std::move(table));
}

// How a group sees it against all others: less, the same, more as an ordered scale. Those who said both see no change;
// those who do not know stand in the table above and not on the scale.
void add_against_others(Answer& answer, const Tally& tally) {
  std::vector<std::array<double, 3>> counts(tally.groups.size());
  for (int person = 0; person < static_cast<int>(tally.people.size()); ++person) {
    const bool more = tally.has_said(person, kUp), less = tally.has_said(person, kDown);
    if (more || less || tally.has_said(person, kSame))
      ++counts[tally.group_of[person]][more == less ? 1 : more ? 2 : 0];
  }
  Table table{"trend_against_others",
              {"findings.table.trend_against_others", {}},
              {{"group", "findings.column.group"},
               {"odds_ratio", "findings.column.odds_of_more"},
               {"p", "findings.column.p"},
               {"p_adjusted", "findings.column.p_adjusted"}},
              {},
              {}};
  std::vector<double> p;
  Names apart, not_found;
  for (std::size_t g = 0; g < counts.size(); ++g) {
    std::vector<double> own(counts[g].begin(), counts[g].end()), others(3, 0);
    for (std::size_t other = 0; other < counts.size(); ++other)
      for (int k = 0; k < 3 && other != g; ++k) others[k] += counts[other][k];
    const auto shift = statistics::cumulative_logit(own, others);
    if (!shift) {
      // Left out of the table, it is said why.
      if (shift.error() == statistics::NoShift::kApart) apart.list.push_back(tally.groups[g].label);
      if (shift.error() == statistics::NoShift::kNotFound) not_found.list.push_back(tally.groups[g].label);
      continue;
    }
    p.push_back(shift->p);
    table.rows.push_back({name_of(tally.groups[g].label),
                          Interval{shift->odds_ratio, shift->bounds.low, shift->bounds.high}, shift->p, 1.0});
  }
  const statistics::Adjusted adjusted = statistics::benjamini_hochberg(p);
  for (std::size_t i = 0; i < p.size(); ++i) table.rows[i].back() = adjusted.p[i];
  if (table.rows.size() > 1) answer.tables.push_back(std::move(table));
  if (!apart.list.empty()) answer.warnings.push_back({"findings.warn.trend_apart", {{"groups", std::move(apart)}}});
  if (!not_found.list.empty())
    answer.warnings.push_back({"findings.warn.trend_not_fitted", {{"groups", std::move(not_found)}}});
}

// More against less, person by person: a sign test. Those who said both cancel out.
void add_direction(Answer& answer, const Tally& tally) {
  Table table{"trend_direction",
              {"findings.table.trend_direction", {}},
              {{"group", "findings.column.group"},
               {"more", "findings.trend.up"},
               {"less", "findings.trend.down"},
               {"less_among_changed", "findings.column.less_among_changed"},
               {"p", "findings.column.sign_test"}},
              {},
              {}};
  for (std::size_t g = 0; g < tally.groups.size(); ++g) {
    int up = 0, down = 0;
    for (int person = 0; person < static_cast<int>(tally.people.size()); ++person) {
      if (tally.group_of[person] != static_cast<int>(g)) continue;
      const bool more = tally.has_said(person, kUp), less = tally.has_said(person, kDown);
      up += more && !less;
      down += less && !more;
    }
    if (up + down == 0) continue;
    const statistics::Bounds bounds = statistics::wilson(down, up + down);
    const double p = statistics::sign_test(up, down);
    table.rows.push_back({name_of(tally.groups[g].label), std::int64_t{up}, std::int64_t{down},
                          Interval{static_cast<double>(down) / (up + down), bounds.low, bounds.high}, p});
    if (p < 0.05)
      answer.sentences.push_back({down > up ? "findings.trend_less" : "findings.trend_more",
                                  {{"group", Names{{tally.groups[g].label}}},
                                   {"k", std::int64_t{std::max(up, down)}},
                                   {"n", std::int64_t{up + down}}}});
  }
  if (!table.rows.empty()) answer.tables.push_back(std::move(table));
  if (answer.sentences.empty()) answer.sentences.push_back({"findings.trend_unclear", {}});
}

}  // namespace

Result<Tally> tally_trend(const Evidence& evidence, const Question& question, const std::string& language) {
  Items items;
  items.of_code.resize(evidence.codebook.codes.size());
  for (std::string_view direction : kDirections)
    items.add({std::string(direction), {}, "#findings.trend." + std::string(direction)});
  for (int code = 0; code < static_cast<int>(evidence.codebook.codes.size()); ++code)
    for (int i = 0; i < 4; ++i)
      if (evidence.codebook.codes[code].meaning == kDirections[i]) items.speaks(code, i);
  return tally(evidence, question, std::move(items), "trend");
}

Result<Answer> ask_trend(const Evidence& evidence, const Question& question, const std::string& language) {
  const Tally counted = TRY(tally_trend(evidence, question, language));
  Answer answer = begin_answer(evidence, question);
  fill(answer, evidence, counted, {false, false, false});
  std::int64_t said = 0;
  for (const Estimate& each : answer.overall) said += each.mentioned;
  if (said == 0) {
    answer.warnings.push_back({"findings.warn.no_codes", {{"kind", "trend"}}});
    return answer;
  }
  add_direction(answer, counted);
  add_against_others(answer, counted);
  add_by_period(answer, evidence, counted, language);
  answer.warnings.push_back({"findings.warn.perceived", {}});
  add_warnings(answer, evidence, counted);
  return answer;
}

}  // namespace understory::findings
