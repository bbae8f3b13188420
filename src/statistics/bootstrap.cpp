#include "statistics/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "statistics/random.h"

namespace understory::statistics {

namespace {

// One stratum's clusters with their columns summed once: a draw then only adds rows, 16 bits a column, side by side.
struct Stratum {
  int clusters = 0;
  std::vector<std::uint16_t> sums;  // clusters × width
  std::vector<std::uint16_t> sizes;
};

// What the draws of one stratum (or of all together) add up to.
class Collector {
 public:
  Collector(int items, int draws, std::size_t pairs)
      : items_(items),
        shares_(static_cast<std::size_t>(items) * draws),
        ranks_(static_cast<std::size_t>(items) * (items + 1)),
        first_(items),
        tied_(items),
        differences_(pairs, std::vector<double>(draws)),
        draws_(draws) {}

  // Returns the item that stands first alone, or −1.
  int take(int draw, const std::uint32_t* sums, std::uint32_t n, const std::vector<std::pair<int, int>>& pairs) {
    histogram_.assign(n + 2, 0);
    for (int i = 0; i < items_; ++i) {
      ++histogram_[sums[i]];
      shares_[static_cast<std::size_t>(i) * draws_ + draw] = static_cast<float>(sums[i]) / static_cast<float>(n);
    }
    for (std::uint32_t value = n + 1; value-- > 0;)
      histogram_[value] += histogram_[value + 1];  // items with at least this much
    int first = -1, at_first = 0;
    for (int i = 0; i < items_; ++i) {
      const int rank = 1 + histogram_[sums[i] + 1];
      ++ranks_[static_cast<std::size_t>(i) * (items_ + 1) + rank];
      if (rank == 1) first = i, ++at_first;
    }
    if (at_first == 1)
      ++first_[first];
    else
      for (int i = 0; i < items_; ++i)
        if (histogram_[sums[i] + 1] == 0) ++tied_[i];
    for (std::size_t p = 0; p < pairs.size(); ++p)
      differences_[p][draw] =
          (static_cast<double>(sums[pairs[p].first]) - static_cast<double>(sums[pairs[p].second])) / n;
    return at_first == 1 ? first : -1;
  }

  std::vector<ResampledItem> results() {
    std::vector<ResampledItem> results(items_);
    std::vector<double> shares(draws_);
    for (int i = 0; i < items_; ++i) {
      std::copy_n(shares_.begin() + static_cast<std::ptrdiff_t>(i) * draws_, draws_, shares.begin());
      results[i].share = {quantile(shares, 0.025), quantile(shares, 0.975)};
      const auto row = ranks_.begin() + static_cast<std::ptrdiff_t>(i) * (items_ + 1);
      results[i].rank_low = rank_at(row, 0.025);
      results[i].rank_high = rank_at(row, 0.975);
      results[i].p_first = static_cast<double>(first_[i]) / draws_;
      results[i].p_tied_first = static_cast<double>(tied_[i]) / draws_;
    }
    return results;
  }

  std::vector<Bounds> differences() {
    std::vector<Bounds> bounds;
    for (auto& values : differences_) bounds.push_back({quantile(values, 0.025), quantile(values, 0.975)});
    return bounds;
  }

 private:
  // The smallest rank that at least this part of the draws does not exceed.
  int rank_at(std::vector<std::uint32_t>::const_iterator row, double probability) const {
    const double wanted = probability * draws_;
    std::uint64_t seen = 0;
    for (int rank = 1; rank <= items_; ++rank) {
      seen += row[rank];
      if (static_cast<double>(seen) >= wanted && seen > 0) return rank;
    }
    return items_;
  }

  int items_;
  std::vector<float> shares_;
  std::vector<std::uint32_t> ranks_, first_, tied_;
  std::vector<std::vector<double>> differences_;
  int draws_;
  std::vector<int> histogram_;
};

// Clusters by what was said in them: the draws then depend on the answers alone, not on the order people came in.
void put_in_order(Stratum& stratum, int items) {
  std::vector<int> order(static_cast<std::size_t>(stratum.clusters));
  for (int c = 0; c < stratum.clusters; ++c) order[c] = c;
  const auto row = [&](int c) { return stratum.sums.begin() + static_cast<std::ptrdiff_t>(c) * items; };
  std::sort(order.begin(), order.end(), [&](int left, int right) {
    if (stratum.sizes[left] != stratum.sizes[right]) return stratum.sizes[left] < stratum.sizes[right];
    return std::lexicographical_compare(row(left), row(left) + items, row(right), row(right) + items);
  });
  Stratum sorted{stratum.clusters, {}, {}};
  for (int c : order) {
    sorted.sums.insert(sorted.sums.end(), row(c), row(c) + items);
    sorted.sizes.push_back(stratum.sizes[c]);
  }
  stratum = std::move(sorted);
}

}  // namespace

double quantile(std::vector<double>& values, double probability) {
  if (values.empty()) return 0;
  const double at = probability * static_cast<double>(values.size() - 1);
  const auto lower = static_cast<std::ptrdiff_t>(std::floor(at));
  std::nth_element(values.begin(), values.begin() + lower, values.end());
  const double low = values[lower];
  if (lower + 1 >= static_cast<std::ptrdiff_t>(values.size())) return low;
  const double high = *std::min_element(values.begin() + lower + 1, values.end());
  return low + (at - static_cast<double>(lower)) * (high - low);
}

Resampled resample(const Sample& sample, std::uint64_t seed, int draws) {
  const int items = sample.items;
  std::vector<Stratum> strata(sample.strata);
  std::vector<std::map<int, int>> index(sample.strata);
  for (std::size_t person = 0; person < sample.stratum.size(); ++person) {
    Stratum& stratum = strata[sample.stratum[person]];
    const auto [at, added] = index[sample.stratum[person]].try_emplace(sample.cluster[person], stratum.clusters);
    if (added) {
      ++stratum.clusters;
      stratum.sums.resize(static_cast<std::size_t>(stratum.clusters) * items);
      stratum.sizes.push_back(0);
    }
    ++stratum.sizes[at->second];
    for (int i = 0; i < items; ++i)
      stratum.sums[static_cast<std::size_t>(at->second) * items + i] += sample.said[person * items + i];
  }

  for (Stratum& stratum : strata) put_in_order(stratum, items);

  Random random(seed);
  std::vector<Collector> collectors;
  for (int s = 0; s < sample.strata; ++s) collectors.emplace_back(items, draws, sample.pairs.size());
  Collector overall(items, draws, sample.pairs.size());
  std::vector<std::uint32_t> first_everywhere(items), sums(items), total(items);
  for (int draw = 0; draw < draws; ++draw) {
    std::fill(total.begin(), total.end(), 0);
    std::uint32_t people = 0;
    int everywhere = -2;  // −2: no stratum yet; −1: not the same one
    for (int s = 0; s < sample.strata; ++s) {
      const Stratum& stratum = strata[s];
      if (stratum.clusters == 0) continue;
      std::fill(sums.begin(), sums.end(), 0);
      std::uint32_t n = 0;
      for (int c = 0; c < stratum.clusters; ++c) {
        const std::uint32_t drawn = random.below(static_cast<std::uint32_t>(stratum.clusters));
        const std::uint16_t* row = stratum.sums.data() + static_cast<std::size_t>(drawn) * items;
        for (int i = 0; i < items; ++i) sums[i] += row[i];
        n += stratum.sizes[drawn];
      }
      const int first = collectors[s].take(draw, sums.data(), n, sample.pairs);
      everywhere = everywhere == -2 || everywhere == first ? first : -1;
      for (int i = 0; i < items; ++i) total[i] += sums[i];
      people += n;
    }
    if (people == 0) continue;
    if (everywhere >= 0) ++first_everywhere[everywhere];
    overall.take(draw, total.data(), people, sample.pairs);
  }

  Resampled result;
  result.draws = draws;
  for (int s = 0; s < sample.strata; ++s) {
    const bool empty = strata[s].clusters == 0;
    result.strata.push_back(empty ? std::vector<ResampledItem>(items) : collectors[s].results());
    result.stratum_differences.push_back(empty ? std::vector<Bounds>(sample.pairs.size(), Bounds{-1, 1})
                                               : collectors[s].differences());
  }
  result.overall = sample.stratum.empty() ? std::vector<ResampledItem>(items) : overall.results();
  result.differences = overall.differences();
  for (std::uint32_t count : first_everywhere) result.p_first_everywhere.push_back(static_cast<double>(count) / draws);
  return result;
}

}  // namespace understory::statistics
