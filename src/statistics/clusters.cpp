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
  return static_cast<double>(
      std::count_if(clusters.begin(), clusters.end(), [](const Cluster& each) { return each.size > 0; }));
}

}  // namespace

namespace {

struct Anova {
  double between = 0, within = 0, between_degrees = 0, within_degrees = 0;
  double sizes = 0;  // m0, weighed by the degrees between
};

void add(Anova& anova, const std::vector<Cluster>& clusters) {
  const Sums sums = sums_of(clusters);
  const double k = count_of(clusters);
  if (k < 2 || !sums.together || sums.n <= k || sums.successes <= 0 || sums.successes >= sums.n) return;
  anova.between += sums.successes * (sums.n - sums.successes) / sums.n - sums.within;
  anova.within += sums.within;
  anova.between_degrees += k - 1;
  anova.within_degrees += sums.n - k;
  anova.sizes += sums.n - sums.squares / sums.n;  // m0 · (k − 1)
}

}  // namespace

std::optional<double> pooled_correlation(const std::vector<std::vector<Cluster>>& samples) {
  Anova anova;
  for (const auto& clusters : samples) add(anova, clusters);
  if (anova.between_degrees == 0) return std::nullopt;
  const double between = anova.between / anova.between_degrees, within = anova.within / anova.within_degrees,
               m0 = anova.sizes / anova.between_degrees;
  const double below = between + (m0 - 1) * within;
  if (below <= 0) return std::nullopt;
  return std::clamp((between - within) / below, 0.0, 1.0);
}

std::optional<double> intra_class_correlation(const std::vector<Cluster>& clusters) {
  return pooled_correlation({clusters});
}

double design_effect(const std::vector<Cluster>& clusters, double correlation) {
  const Sums sums = sums_of(clusters);
  return sums.n <= 0 ? 1 : 1 + (sums.squares / sums.n - 1) * correlation;
}

ClusteredShare clustered_share(const std::vector<Cluster>& clusters, std::optional<double> correlation) {
  const Sums sums = sums_of(clusters);
  ClusteredShare result;
  if (sums.n <= 0) return result;
  result.share = sums.successes / sums.n;
  if (sums.together) {
    if (!correlation) correlation = intra_class_correlation(clusters);
    result.design_effect = correlation ? design_effect(clusters, *correlation) : sums.n / count_of(clusters);
  }
  result.effective_n = sums.n / result.design_effect;
  result.bounds = wilson(result.share * result.effective_n, result.effective_n);
  return result;
}

}  // namespace understory::statistics
