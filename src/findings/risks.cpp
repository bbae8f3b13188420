// Who is at risk of which exploitation? By the age group and gender of those who said it, and of those it is said of.
#include <set>

#include "findings/answering.h"
#include "findings/overlaps.h"
#include "statistics/bootstrap.h"
#include "statistics/proportions.h"
#include "statistics/tables.h"

namespace understory::findings {

using study::Evidence;

namespace {

constexpr std::string_view kWhom[] = {"child", "youth", "adult", "female", "male"};
constexpr int kWhomCount = 5, kChild = 0, kAdult = 2;

Cell name_of(const Item& item) {
  return item.label.rfind('#', 0) == 0 ? Cell(Words{item.label.substr(1)}) : Cell(item.label);
}

// Which of kWhom a code speaks of, −1 for none.
int whom_of(const study::Code& code) {
  for (int whom = 0; whom < kWhomCount; ++whom)
    if (code.meaning == kWhom[whom]) return whom;
  return -1;
}

// For each person and form: of whom they said it, as bits. Said of somebody: the group is coded on words that overlap
// those of the form.
std::vector<std::uint8_t> said_of_whom(const Evidence& evidence, const Tally& tally) {
  std::vector<std::uint8_t> bits(tally.people.size() * tally.item_count(), 0);
  each_overlap(evidence, [&](int a, int b) {
    for (const auto& pair : {std::pair{a, b}, std::pair{b, a}}) {
      const int form = pair.first, group = pair.second;
      const int whom = whom_of(evidence.codebook.codes[evidence.codings[group].code]);
      if (whom < 0) continue;
      for (int item : tally.items.of_code[evidence.codings[form].code])
        each_shared_respondent(evidence, form, group, [&](int respondent) {
          const int person = tally.person_of[respondent];
          if (person >= 0 && tally.has_said(person, item))
            bits[static_cast<std::size_t>(person) * tally.item_count() + item] |= 1u << whom;
        });
    }
  });
  return bits;
}

// Forms × whom, with the difference of children and adults. Both shares are of the same people, so its interval comes
// from the bootstrap, not from Newcombe's formula for two samples.
void add_of_whom(Answer& answer, const Evidence& evidence, const Tally& tally, const std::vector<int>& order) {
  const std::vector<std::uint8_t> bits = said_of_whom(evidence, tally);
  const int items = tally.item_count();
  statistics::Sample sample;
  sample.items = items * kWhomCount;
  sample.strata = static_cast<int>(tally.groups.size());
  sample.stratum = tally.group_of;
  for (int respondent : tally.people) sample.cluster.push_back(evidence.respondents[respondent].cluster);
  bool any = false;
  for (std::size_t cell = 0; cell < bits.size(); ++cell)
    for (int whom = 0; whom < kWhomCount; ++whom) {
      sample.said.push_back(bits[cell] >> whom & 1);
      any = any || sample.said.back();
    }
  if (!any) return;
  for (int item = 0; item < items; ++item)
    sample.pairs.emplace_back(item * kWhomCount + kChild, item * kWhomCount + kAdult);
  statistics::Resampled resampled;
  if (answer.question.draws > 0) resampled = statistics::resample(sample, answer.question.seed, answer.question.draws);

  Table table{"risk_of_whom", {"findings.table.risk_of_whom", {}}, {{"form", "findings.column.form"}}, {}, {}};
  for (std::string_view whom : kWhom)
    table.columns.emplace_back(std::string(whom), "findings.whom." + std::string(whom));
  table.columns.emplace_back("children_less_adults", "findings.column.children_less_adults");
  const auto n = static_cast<std::int64_t>(tally.people.size());
  std::string more;
  for (int item : order) {
    std::vector<Cell> row{name_of(tally.items.list[item])};
    std::int64_t counts[kWhomCount] = {}, total = 0;
    for (std::size_t person = 0; person < tally.people.size(); ++person)
      for (int whom = 0; whom < kWhomCount; ++whom)
        counts[whom] += sample.said[(person * items + item) * kWhomCount + whom];
    for (std::int64_t count : counts) {
      row.push_back(Counted{count, n});
      total += count;
    }
    if (total == 0) continue;
    const double difference = static_cast<double>(counts[kChild] - counts[kAdult]) / static_cast<double>(n);
    if (answer.question.draws > 0) {
      const statistics::Bounds bounds = resampled.differences[item];
      row.push_back(Interval{difference, bounds.low, bounds.high});
      if (bounds.low > 0) more += (more.empty() ? "" : ", ") + tally.items.list[item].label;
    } else {
      row.push_back(difference);
    }
    table.rows.push_back(std::move(row));
    table.row_codes.push_back(tally.items.list[item].code);
  }
  answer.tables.push_back(std::move(table));
  if (!more.empty())
    answer.sentences.push_back({"findings.children_more_at_risk", {{"forms", more}}});
  else
    answer.sentences.push_back({"findings.children_no_difference", {}});
}

// Do the young (under 25) speak of other forms than their elders? Two groups of people: Newcombe's interval.
void add_by_speaker(Answer& answer, const Evidence& evidence, const Tally& tally, const std::vector<int>& order) {
  const std::set<std::string> young{"under 15", "15-17", "18-24"};
  double n[2] = {};
  std::vector<std::array<double, 2>> said(tally.item_count());
  for (int person = 0; person < static_cast<int>(tally.people.size()); ++person) {
    const std::string& band = evidence.respondents[tally.people[person]].age_band;
    if (band.empty()) continue;
    const int older = young.contains(band) ? 0 : 1;
    ++n[older];
    for (int item = 0; item < tally.item_count(); ++item) said[item][older] += tally.has_said(person, item);
  }
  if (n[0] == 0 || n[1] == 0) return;
  Table table{"risk_by_speaker",
              {"findings.table.risk_by_speaker", {}},
              {{"form", "findings.column.form"},
               {"young", "findings.column.young"},
               {"older", "findings.column.older"},
               {"difference", "findings.column.difference"},
               {"ratio", "findings.column.ratio"},
               {"p", "findings.column.p"},
               {"p_adjusted", "findings.column.p_adjusted"}},
              {},
              {}};
  std::vector<double> p;
  for (int item : order) {
    const auto [a, b] = said[item];
    if (a + b == 0) continue;
    const statistics::Difference difference = statistics::newcombe(a, n[0], b, n[1]);
    const auto ratio = statistics::risk_ratio(a, n[0], b, n[1]);
    const auto whole = [](double count) { return static_cast<std::int64_t>(count); };
    p.push_back(statistics::fisher_exact(whole(a), whole(n[0] - a), whole(b), whole(n[1] - b)));
    table.rows.push_back(
        {name_of(tally.items.list[item]), Counted{whole(a), whole(n[0])}, Counted{whole(b), whole(n[1])},
         Interval{difference.value, difference.bounds.low, difference.bounds.high},
         ratio ? Cell(Interval{ratio->value, ratio->bounds.low, ratio->bounds.high}) : Cell(), p.back(), 1.0});
    table.row_codes.push_back(tally.items.list[item].code);
  }
  const statistics::Adjusted adjusted = statistics::benjamini_hochberg(p);
  for (std::size_t i = 0; i < p.size(); ++i) table.rows[i].back() = adjusted.p[i];
  if (!table.rows.empty()) answer.tables.push_back(std::move(table));
}

}  // namespace

Result<Tally> tally_risks(const Evidence& evidence, const Question& question, const std::string& language) {
  const std::string kind = question.kind.empty() ? "exploitation" : question.kind;
  return tally(evidence, question, items_of_kind(evidence, kind, question.level, language), kind);
}

Result<Answer> ask_risks(const Evidence& evidence, const Question& question, const std::string& language) {
  const Tally counted = TRY(tally_risks(evidence, question, language));
  Answer answer = begin_answer(evidence, question);
  fill(answer, evidence, counted, {});
  const std::vector<Message> differences = std::move(answer.sentences);
  answer.sentences.clear();
  if (answer.items.empty()) {
    answer.warnings.push_back({"findings.warn.no_codes", {{"kind", "exploitation"}}});
    return answer;
  }
  if (answer.overall[0].mentioned > 0)
    answer.sentences.push_back(share_sentence(answer.items[0].label, answer.overall[0]));
  else
    answer.sentences.push_back({"findings.nothing_coded", {{"n", answer.overall[0].asked}}});
  std::vector<int> order;  // the answer's order of items, as positions in the tally
  for (const Item& item : answer.items)
    for (int i = 0; i < counted.item_count(); ++i)
      if (counted.items.list[i].key == item.key) order.push_back(i);
  add_of_whom(answer, evidence, counted, order);
  add_by_speaker(answer, evidence, counted, order);
  answer.sentences.insert(answer.sentences.end(), differences.begin(), differences.end());
  add_warnings(answer, evidence, counted);
  return answer;
}

}  // namespace understory::findings
