// Does one group stand higher on an ordered scale than another?
#pragma once
#include <optional>
#include <vector>

#include "statistics/proportions.h"

namespace understory::statistics {

struct OrdinalShift {
  double odds_ratio = 1;  // of standing in a higher category, first group against second; > 1: the first stands higher
  Bounds bounds;          // 95 %, Wald's on the log scale with the expected information
  double p = 1;           // two-sided, Wald's
};
// Cumulative logit model with proportional odds (McCullagh 1980, JRSS B 42:109), fitted by Fisher scoring: how many of
// each group stand in each category, lowest first. Nothing where a group is empty, where all stand in one category, or
// where the groups do not overlap on the scale (the ratio would be 0 or without bound).
std::optional<OrdinalShift> cumulative_logit(const std::vector<double>& first, const std::vector<double>& second);

}  // namespace understory::statistics
