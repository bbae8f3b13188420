// Does one group stand higher on an ordered scale than another?
#pragma once
#include <tl/expected.hpp>
#include <vector>

#include "statistics/proportions.h"

namespace understory::statistics {

struct OrdinalShift {
  double odds_ratio = 1;  // of standing in a higher category, first group against second; > 1: the first stands higher
  Bounds bounds;          // 95 %, Wald's on the log scale with the expected information
  double p = 1;           // two-sided, Wald's
};
// Why there is no shift to tell.
enum class NoShift {
  kNothingToCompare,  // a group is empty, or all stand in one category
  kApart,             // the groups do not overlap on the scale: the ratio would be 0 or without bound
  kNotFound,          // the fit did not come to rest
};
// Cumulative logit model with proportional odds (McCullagh 1980, JRSS B 42:109), fitted by Fisher scoring: how many of
// each group stand in each category, lowest first.
tl::expected<OrdinalShift, NoShift> cumulative_logit(const std::vector<double>& first,
                                                     const std::vector<double>& second);

}  // namespace understory::statistics
