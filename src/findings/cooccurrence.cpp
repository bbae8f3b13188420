// Which things are named together? The respondent is counted, whatever the stretch within which codes must meet.
#include <algorithm>
#include <set>

#include "findings/answering.h"
#include "findings/overlaps.h"
#include "statistics/association.h"
#include "statistics/tables.h"
#include "study/vocabulary.h"

namespace understory::findings {

using study::Evidence;

namespace {

constexpr std::size_t kMostPairs = 60;  // shown; all are tested

using PairsSaid = std::map<std::pair<int, int>, std::set<int>>;  // (item, item) → people

PairsSaid within_respondent(const Tally& tally) {
  PairsSaid pairs;
  for (int person = 0; person < static_cast<int>(tally.people.size()); ++person)
    for (int a = 0; a < tally.item_count(); ++a)
      if (tally.has_said(person, a))
        for (int b = a + 1; b < tally.item_count(); ++b)
          if (tally.has_said(person, b)) pairs[{a, b}].insert(person);
  return pairs;
}

void add_pair(PairsSaid& pairs, const Evidence& evidence, const Tally& tally, int first, int second) {
  for (int a : tally.items.of_code[evidence.codings[first].code])
    for (int b : tally.items.of_code[evidence.codings[second].code]) {
      if (a == b) continue;
      each_shared_respondent(evidence, first, second, [&](int respondent) {
        const int person = tally.person_of[respondent];
        if (person >= 0 && tally.has_said(person, a) && tally.has_said(person, b))
          pairs[std::minmax(a, b)].insert(person);
      });
    }
}

PairsSaid within_overlap(const Evidence& evidence, const Tally& tally) {
  PairsSaid pairs;
  each_overlap(evidence, [&](int a, int b) { add_pair(pairs, evidence, tally, a, b); });
  return pairs;
}

PairsSaid within_paragraph(const Evidence& evidence, const Tally& tally) {
  std::map<std::pair<int, int>, std::vector<int>> in_turn;  // (source, turn) → codings
  for (int c = 0; c < static_cast<int>(evidence.codings.size()); ++c) {
    const auto& coding = evidence.codings[c];
    if (evidence.coders[coding.coder].machine || tally.items.of_code[coding.code].empty()) continue;
    const int last = turn_of(evidence, coding.source, coding.end - 1);
    for (int turn = turn_of(evidence, coding.source, coding.start); turn <= last; ++turn)
      in_turn[{coding.source, turn}].push_back(c);
  }
  PairsSaid pairs;
  for (const auto& [turn, codings] : in_turn)
    for (std::size_t i = 0; i < codings.size(); ++i)
      for (std::size_t j = i + 1; j < codings.size(); ++j) add_pair(pairs, evidence, tally, codings[i], codings[j]);
  return pairs;
}

}  // namespace

Result<Tally> tally_codes(const Evidence& evidence, const Question& question, const std::string& language) {
  if (!question.kind.empty())
    return tally(evidence, question, items_of_kind(evidence, question.kind, question.level, language), question.kind);
  Items items;
  items.of_code.resize(evidence.codebook.codes.size());
  for (std::string_view kind : study::kCodeKinds) {
    const Items some = items_of_kind(evidence, kind, question.level, language);
    const int first = static_cast<int>(items.list.size());
    for (const Item& item : some.list) items.add(item);
    for (std::size_t code = 0; code < some.of_code.size(); ++code)
      for (int item : some.of_code[code]) items.speaks(static_cast<int>(code), first + item);
  }
  return tally(evidence, question, std::move(items), "");
}

Result<Tally> tally_codes_together(const Evidence& evidence, Question question, const std::string& language) {
  question.by = "none";
  return tally_codes(evidence, question, language);
}

Result<Answer> ask_cooccurrence(const Evidence& evidence, const Question& question, const std::string& language) {
  const Tally counted = TRY(tally_codes_together(evidence, question, language));
  Answer answer = begin_answer(evidence, question);
  fill(answer, evidence, counted, {false, true, false});
  std::vector<std::int64_t> said(counted.item_count(), 0);
  for (std::size_t person = 0; person < counted.people.size(); ++person)
    for (int i = 0; i < counted.item_count(); ++i) said[i] += counted.has_said(static_cast<int>(person), i);

  const PairsSaid pairs = question.within == "overlap"     ? within_overlap(evidence, counted)
                          : question.within == "paragraph" ? within_paragraph(evidence, counted)
                                                           : within_respondent(counted);
  const auto n = static_cast<std::int64_t>(counted.people.size());
  struct Row {
    int a, b;
    statistics::Together together;
    double p;
  };
  std::vector<Row> rows;
  for (const auto& [pair, people] : pairs) {
    const statistics::Together together{static_cast<std::int64_t>(people.size()), said[pair.first], said[pair.second],
                                        n};
    rows.push_back({pair.first, pair.second, together,
                    statistics::hypergeometric_tail(together.both, together.first, together.second, n)});
  }
  // All pairs of things that somebody named are tested, the pairs nobody joined too (their p is 1).
  std::vector<double> p;
  for (const Row& row : rows) p.push_back(row.p);
  std::int64_t named = std::count_if(said.begin(), said.end(), [](std::int64_t count) { return count > 0; });
  p.resize(std::max<std::size_t>(p.size(), static_cast<std::size_t>(named * (named - 1) / 2)), 1.0);
  const statistics::Adjusted adjusted = statistics::benjamini_hochberg(p);

  std::vector<std::size_t> order(rows.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t l, std::size_t r) { return rows[l].together.both > rows[r].together.both; });
  if (order.size() > kMostPairs) order.resize(kMostPairs);
  const bool tested = question.within == "respondent";  // the hypergeometric law speaks of people, not of passages
  Table table{"cooccurrence",
              {"findings.table.cooccurrence", {{"within", question.within}}},
              {{"first", "findings.column.first"},
               {"second", "findings.column.second"},
               {"both", "findings.column.both"},
               {"jaccard", "findings.column.jaccard"},
               {"lift", "findings.column.lift"},
               {"phi", "findings.column.phi"},
               {"p", "findings.column.p"},
               {"p_adjusted", "findings.column.p_adjusted"}},
              {},
              {}};
  for (std::size_t at : order) {
    const Row& row = rows[at];
    table.rows.push_back({counted.items.list[row.a].label, counted.items.list[row.b].label,
                          Counted{row.together.both, n}, statistics::jaccard(row.together),
                          statistics::lift(row.together), statistics::phi(row.together), tested ? Cell(row.p) : Cell(),
                          tested ? Cell(adjusted.p[at]) : Cell()});
    table.row_codes.push_back(counted.items.list[row.a].code);
  }
  if (!rows.empty() && !order.empty()) {
    const Row& first = rows[order[0]];
    answer.sentences.push_back({"findings.together",
                                {{"first", counted.items.list[first.a].label},
                                 {"second", counted.items.list[first.b].label},
                                 {"k", first.together.both},
                                 {"n", n},
                                 {"within", question.within}}});
  } else {
    answer.sentences.push_back({"findings.nothing_together", {}});
  }
  answer.tables.push_back(std::move(table));
  add_warnings(answer, evidence, counted);
  return answer;
}

}  // namespace understory::findings
