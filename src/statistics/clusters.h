// People interviewed together speak alike: a focus group of eight is less than eight people asked one by one.
#pragma once
#include <vector>

#include "statistics/proportions.h"

namespace understory::statistics {

struct Cluster {
  double size = 0, successes = 0;
};

// Intra-class correlation by the ANOVA estimator for binary data with unequal cluster sizes (Donner & Klar 2000;
// Ridout, Demétrio & Firth 1999, Biometrics 55:137): ρ = (MSB − MSW) / (MSB + (m0 − 1) MSW),
// m0 = (N − Σm²/N)/(k − 1). Cut to [0, 1]. Nothing when fewer than two clusters, no cluster above one person, or nobody
// differs from anybody.
std::optional<double> intra_class_correlation(const std::vector<Cluster>& clusters);

// One ρ for many items asked of the same people: the sums of squares of all samples (items × locations) are added
// before they are divided. A single code in a handful of groups gives a ρ anywhere between 0 and 1; the pooled one is
// steady (Kish 1965, §5.6: portable measures of homogeneity). Nothing when no sample has both groups and variation.
std::optional<double> pooled_correlation(const std::vector<std::vector<Cluster>>& samples);

// 1 + (m̄ − 1)ρ with m̄ = Σm²/Σm, the size of the cluster a person finds himself in: for equal clusters it is their size.
double design_effect(const std::vector<Cluster>& clusters, double correlation);

struct ClusteredShare {
  double share = 0;
  Bounds bounds;
  double design_effect = 1;
  double effective_n = 0;
};
// Wilson's interval with n divided by the design effect. Without a ρ to go by, the sample's own is used; where
// everybody or nobody said it there is none, and each cluster counts as one person, the cautious end.
ClusteredShare clustered_share(const std::vector<Cluster>& clusters, std::optional<double> correlation = std::nullopt);

}  // namespace understory::statistics
