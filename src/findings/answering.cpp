#include "findings/answering.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "statistics/bootstrap.h"
#include "statistics/clusters.h"
#include "statistics/tables.h"

namespace understory::findings {

using statistics::Cluster;
using study::Evidence;

namespace {

constexpr int kThin = 30;         // fewer asked than this: thin evidence (design: the desk's findings)
constexpr int kFewClusters = 10;  // fewer conversations than this: the design effect cannot be trusted, so bootstrap

struct Column {
  std::vector<int> people;  // of a group, or everybody
  bool together = false;    // some were interviewed together
  int clusters = 0;
};

std::vector<Column> columns_of(const Evidence& evidence, const Tally& tally) {
  std::vector<Column> columns(tally.groups.size() + 1);  // the last one is everybody
  for (int person = 0; person < static_cast<int>(tally.people.size()); ++person) {
    columns[tally.group_of[person]].people.push_back(person);
    columns.back().people.push_back(person);
  }
  for (Column& column : columns) {
    std::map<int, int> sizes;
    for (int person : column.people) ++sizes[evidence.respondents[tally.people[person]].cluster];
    column.clusters = static_cast<int>(sizes.size());
    for (const auto& [cluster, size] : sizes) column.together = column.together || size > 1;
  }
  return columns;
}

// If one in each group whose speakers were not told apart said it, or all of them.
std::optional<std::pair<double, double>> group_bounds(const Evidence& evidence, const Tally& tally,
                                                      const Column& column, int item) {
  double low = 0, high = 0, people = 0;
  bool any = false;
  for (int person : column.people) {
    const auto& respondent = evidence.respondents[tally.people[person]];
    const double size = respondent.group ? std::max(1, respondent.size) : 1;
    any = any || respondent.group;
    people += size;
    if (!tally.has_said(person, item)) continue;
    low += 1;
    high += size;
  }
  if (!any || people == 0) return std::nullopt;
  return std::pair{low / people, high / people};
}

std::vector<Cluster> clusters_of(const Evidence& evidence, const Tally& tally, const Column& column, int item) {
  std::map<int, Cluster> clusters;
  for (int person : column.people) {
    Cluster& cluster = clusters[evidence.respondents[tally.people[person]].cluster];
    ++cluster.size;
    cluster.successes += tally.has_said(person, item);
  }
  std::vector<Cluster> list;
  for (const auto& [number, cluster] : clusters) list.push_back(cluster);
  return list;
}

// How alike people interviewed together speak: one ρ for the whole answer, from every item at every group.
std::optional<double> correlation_of(const Evidence& evidence, const Tally& tally, const std::vector<Column>& columns) {
  std::vector<std::vector<Cluster>> samples;
  for (std::size_t g = 0; g + 1 < columns.size(); ++g)
    if (columns[g].together)
      for (int item = 0; item < tally.item_count(); ++item)
        samples.push_back(clusters_of(evidence, tally, columns[g], item));
  return statistics::pooled_correlation(samples);
}

Estimate estimate_of(const Evidence& evidence, const Tally& tally, const Column& column, int item,
                     std::optional<double> correlation, const statistics::ResampledItem* resampled) {
  Estimate estimate;
  estimate.asked = static_cast<std::int64_t>(column.people.size());
  if (estimate.asked == 0) return estimate;
  const std::vector<Cluster> clusters = clusters_of(evidence, tally, column, item);
  for (const Cluster& cluster : clusters) estimate.mentioned += static_cast<std::int64_t>(cluster.successes);
  const statistics::ClusteredShare share = statistics::clustered_share(clusters, correlation);
  estimate.share = share.share;
  estimate.low = share.bounds.low;
  estimate.high = share.bounds.high;
  estimate.design_effect = share.design_effect;
  estimate.method = column.together ? "wilson_deff" : "wilson";
  const bool varies = estimate.mentioned > 0 && estimate.mentioned < estimate.asked;
  if (column.together && column.clusters < kFewClusters && varies && resampled) {
    // Few conversations drawn again are too much alike (one is always itself): never narrower than by design effect.
    estimate.method = "cluster_bootstrap";
    estimate.low = std::min(resampled->share.low, estimate.low);
    estimate.high = std::max(resampled->share.high, estimate.high);
  }
  estimate.group_bounds = group_bounds(evidence, tally, column, item);
  return estimate;
}

void rank(std::vector<Estimate>& estimates, const std::vector<statistics::ResampledItem>* resampled) {
  for (std::size_t i = 0; i < estimates.size(); ++i) {
    if (estimates[i].asked == 0) continue;
    estimates[i].rank = 1;
    for (std::size_t j = 0; j < estimates.size(); ++j) {
      if (estimates[j].mentioned > estimates[i].mentioned) ++estimates[i].rank;
      if (j != i && estimates[j].mentioned == estimates[i].mentioned) estimates[i].tied = true;
    }
    if (!resampled) continue;
    estimates[i].rank_low = (*resampled)[i].rank_low;
    estimates[i].rank_high = (*resampled)[i].rank_high;
    estimates[i].p_first = (*resampled)[i].p_first;
  }
}

template <typename T>
void reorder(std::vector<T>& values, const std::vector<int>& order) {
  std::vector<T> moved;
  for (int at : order) moved.push_back(std::move(values[at]));
  values = std::move(moved);
}

// Do the groups differ, item by item? Exact or Monte Carlo χ², adjusted over all items (Benjamini & Hochberg).
void add_differences(Answer& answer) {
  std::vector<std::size_t> asked;
  for (std::size_t g = 0; g < answer.groups.size(); ++g)
    if (answer.groups[g].asked > 0) asked.push_back(g);
  if (asked.size() < 2 || answer.question.draws == 0) return;  // without draws: counts and intervals alone
  std::vector<double> p;
  std::vector<std::size_t> items;
  const int draws = answer.question.draws;
  for (std::size_t i = 0; i < answer.items.size(); ++i) {
    std::vector<std::vector<std::int64_t>> table;
    for (std::size_t g : asked) {
      const Estimate& cell = answer.cells[g][i];
      table.push_back({cell.mentioned, cell.asked - cell.mentioned});
    }
    if (answer.overall[i].mentioned == 0) continue;
    items.push_back(i);
    p.push_back(statistics::chi_squared(table, answer.question.seed + i, draws).p);
  }
  const statistics::Adjusted adjusted = statistics::benjamini_hochberg(p);
  Table table{"differences",
              {"findings.table.differences", {}},
              {{"item", "findings.column.item"},
               {"lowest_group", "findings.column.lowest"},
               {"lowest", "findings.column.share"},
               {"highest_group", "findings.column.highest"},
               {"highest", "findings.column.share"},
               {"p", "findings.column.p"},
               {"p_adjusted", "findings.column.p_adjusted"}},
              {},
              {}};
  Names differing;
  for (std::size_t n = 0; n < items.size(); ++n) {
    const std::size_t i = items[n];
    std::size_t low = asked[0], high = asked[0];
    for (std::size_t g : asked) {
      if (answer.cells[g][i].share < answer.cells[low][i].share) low = g;
      if (answer.cells[g][i].share > answer.cells[high][i].share) high = g;
    }
    const auto name = [&](std::size_t g) -> Cell {
      const std::string& label = answer.groups[g].label;
      return label.rfind('#', 0) == 0 ? Cell(Words{label.substr(1)}) : Cell(label);
    };
    const std::string& label = answer.items[i].label;
    table.rows.push_back({label.rfind('#', 0) == 0 ? Cell(Words{label.substr(1)}) : Cell(label), name(low),
                          Share{answer.cells[low][i].share}, name(high), Share{answer.cells[high][i].share}, p[n],
                          adjusted.p[n]});
    table.row_codes.push_back(answer.items[i].code);
    if (adjusted.rejected[n]) differing.list.push_back(label);
  }
  if (table.rows.empty()) return;
  answer.tables.push_back(std::move(table));
  if (differing.list.empty())
    answer.sentences.push_back({"findings.no_difference", {{"by", answer.question.by}}});
  else
    answer.sentences.push_back({"findings.differences", {{"by", answer.question.by}, {"items", differing}}});
}

}  // namespace

Answer begin_answer(const Evidence& evidence, const Question& question) {
  Answer answer;
  answer.question = question;
  answer.study_name = evidence.study.name;
  answer.purposive = evidence.study.purposive;
  answer.invented = evidence.study.invented;
  answer.data_hash = evidence.data_hash();
  return answer;
}

void fill(Answer& answer, const Evidence& evidence, const Tally& tally, const Filling& filling) {
  answer.groups = tally.groups;
  answer.items = tally.items.list;
  const std::vector<Column> columns = columns_of(evidence, tally);
  const int items = tally.item_count();
  const std::optional<double> correlation = correlation_of(evidence, tally, columns);

  statistics::Resampled resampled;
  const bool drawn = answer.question.draws > 0 && !tally.people.empty() && items > 0;
  if (drawn) {
    statistics::Sample sample;
    sample.items = items;
    sample.strata = static_cast<int>(tally.groups.size());
    sample.stratum = tally.group_of;
    for (int respondent : tally.people) sample.cluster.push_back(evidence.respondents[respondent].cluster);
    sample.said = tally.said;
    resampled = statistics::resample(sample, answer.question.seed, answer.question.draws);
  }
  for (std::size_t g = 0; g <= tally.groups.size(); ++g) {
    const bool whole = g == tally.groups.size();
    const std::vector<statistics::ResampledItem>* results = !drawn  ? nullptr
                                                            : whole ? &resampled.overall
                                                                    : &resampled.strata[g];
    std::vector<Estimate> estimates;
    for (int i = 0; i < items; ++i) {
      estimates.push_back(estimate_of(evidence, tally, columns[g], i, correlation, results ? &(*results)[i] : nullptr));
      if (!whole)
        estimates.back().codings = tally.codings[g][i];
      else
        for (std::size_t each = 0; each < tally.groups.size(); ++each)
          estimates.back().codings.insert(estimates.back().codings.end(), tally.codings[each][i].begin(),
                                          tally.codings[each][i].end());
      if (whole) {
        std::sort(estimates.back().codings.begin(), estimates.back().codings.end());
        estimates.back().codings.erase(std::unique(estimates.back().codings.begin(), estimates.back().codings.end()),
                                       estimates.back().codings.end());
      }
    }
    if (filling.ranked) rank(estimates, results);
    if (whole)
      answer.overall = std::move(estimates);
    else
      answer.cells.push_back(std::move(estimates));
  }

  std::vector<int> order(items);
  std::iota(order.begin(), order.end(), 0);
  if (filling.by_size)
    std::stable_sort(order.begin(), order.end(), [&](int left, int right) {
      return answer.overall[left].mentioned > answer.overall[right].mentioned;
    });
  reorder(answer.items, order);
  reorder(answer.overall, order);
  for (auto& row : answer.cells) reorder(row, order);
  if (drawn && filling.ranked && !order.empty()) answer.p_first_everywhere = resampled.p_first_everywhere[order[0]];
  if (filling.differences) add_differences(answer);
}

void warn_of_thin(Answer& answer, const std::vector<Group>& groups) {
  Names thin, few;
  for (const Group& group : groups) {
    if (group.asked < kThin) thin.list.push_back(group.label);
    if (group.asked > 0 && group.clusters < kFewClusters && group.clusters < group.asked)
      few.list.push_back(group.label);
  }
  if (!thin.list.empty())
    answer.warnings.push_back({"findings.warn.thin", {{"groups", thin}, {"least", std::int64_t{kThin}}}});
  if (!few.list.empty()) answer.warnings.push_back({"findings.warn.few_conversations", {{"groups", few}}});
}

void add_warnings(Answer& answer, const Evidence& evidence, const Tally& tally) {
  std::int64_t unread = 0;
  for (const Group& group : answer.groups) unread += group.unread;
  if (answer.purposive) answer.warnings.push_back({"findings.warn.purposive", {}});
  warn_of_thin(answer, answer.groups);
  if (unread > 0) answer.warnings.push_back({"findings.warn.unread", {{"n", unread}}});
  if (tally.nobody > 0) answer.warnings.push_back({"findings.warn.nobody", {{"n", tally.nobody}}});
  const auto untold = std::count_if(tally.people.begin(), tally.people.end(),
                                    [&](int respondent) { return evidence.respondents[respondent].group; });
  if (untold > 0)
    answer.warnings.push_back({"findings.warn.groups_not_told_apart", {{"n", static_cast<std::int64_t>(untold)}}});
}

Message share_sentence(const std::string& label, const Estimate& estimate) {
  const char* key = estimate.low > 0.5     ? "findings.most"
                    : estimate.share > 0.5 ? "findings.more_than_half"
                                           : "findings.named_by";
  return {key,
          {{"item", label},
           {"k", estimate.mentioned},
           {"n", estimate.asked},
           {"low", estimate.low},
           {"high", estimate.high}}};
}

}  // namespace understory::findings
