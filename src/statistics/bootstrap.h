// Asking similar informants again: cluster bootstrap of shares, ranks and first places (Davison & Hinkley 1997, §3.8;
// ranks as in Hall & Miller 2009). Clusters (people interviewed together) are drawn with replacement within each
// stratum (location), as many as there are.
#pragma once
#include <cstdint>
#include <vector>

#include "statistics/proportions.h"

namespace understory::statistics {

struct Sample {
  int items = 0, strata = 0;
  std::vector<int> stratum;        // person → 0 … strata − 1
  std::vector<int> cluster;        // person → any number; people with the same number were interviewed together
  std::vector<std::uint8_t> said;  // people × items, 0 or 1
  std::vector<std::pair<int, int>> pairs;  // items whose shares to compare, over all strata together
};

struct ResampledItem {
  Bounds share;                     // 2.5 % and 97.5 % of the drawn shares
  int rank_low = 0, rank_high = 0;  // likewise of the ranks; 1 is first, equals share the better rank
  double p_first = 0;               // of draws in which it stood first alone
  double p_tied_first = 0;          // of draws in which it stood first with another
};
struct Resampled {
  int draws = 0;
  std::vector<std::vector<ResampledItem>> strata;        // [stratum][item]; a stratum without people has no ranks
  std::vector<ResampledItem> overall;                    // [item], all strata pooled
  std::vector<double> p_first_everywhere;                // [item]: first alone in every stratum that has people
  std::vector<Bounds> differences;                       // [pair]: share of the first less share of the second
  std::vector<std::vector<Bounds>> stratum_differences;  // [stratum][pair]
};

// draws ≥ 1. The same sample and seed give the same result on every machine, in whatever order the people stand.
Resampled resample(const Sample& sample, std::uint64_t seed, int draws);

// Quantile of drawn values by linear interpolation between order statistics (Hyndman & Fan 1996, type 7).
double quantile(std::vector<double>& values, double probability);

}  // namespace understory::statistics
