#include "statistics/clusters.h"

#include <algorithm>

namespace understory::statistics {

namespace {

struct Sums {
  double n = 0, successes = 0, squares = 0, within = 0;
  bool together = false;  // some cluster has more than one person
};

Sums sums_of(const std::vector<Cluster>& clusters) {
  Sums sums;
  for (const Cluster& cluster : clusters) {
    if (cluster.size <= 0) continue;
    sums.n += cluster.size;
    sums.successes += cluster.successes;
    sums.squares += cluster.size * cluster.size;
    sums.within += cluster.successes * (cluster.size - cluster.successes) / cluster.size;
    sums.together = sums.together || cluster.size > 1;
  }
  return sums;
}

double count_of(const std::vector<Cluster>& clusters) {
  return static_cast<double>(std::count_if(clusters.begin(), clusters.end(), [](const Cluster& each) { return each.size > 0; }));
}

}  // namespace

std::optional<double> intra_class_correlation(const std::vector<Cluster>& clusters) {
  const Sums sums = sums_of(clusters);
  const double k = count_of(clusters);
  if (k < 2 || !sums.together || sums.n <= k || sums.successes <= 0 || sums.successes >= sums.n) return std::nullopt;
  const double total = sums.successes * (sums.n - sums.successes) / sums.n;
  const double between = (total - sums.within) / (k - 1), within = sums.within / (sums.n - k);
  const double m0 = (sums.n - sums.squares / sums.n) / (k - 1), below = between + (m0 - 1) * within;
  if (below <= 0) return std::nullopt;
  return std::clamp((between - within) / below, 0.0, 1.0);
}

double design_effect(const std::vector<Cluster>& clusters, double correlation) {
  const Sums sums = sums_of(clusters);
  return sums.n <= 0 ? 1 : 1 + (sums.squares / sums.n - 1) * correlation;
}

ClusteredShare clustered_share(const std::vector<Cluster>& clusters) {
  const Sums sums = sums_of(clusters);
  ClusteredShare result;
  if (sums.n <= 0) return result;
  result.share = sums.successes / sums.n;
  if (sums.together) {
    if (sums.successes <= 0 || sums.successes >= sums.n) result.design_effect = sums.n / count_of(clusters);
    else result.design_effect = design_effect(clusters, intra_class_correlation(clusters).value_or(1));
  }
  result.effective_n = sums.n / result.design_effect;
  result.bounds = wilson(result.share * result.effective_n, result.effective_n);
  return result;
}

}  // namespace understory::statistics
