#include "statistics/saturation.h"

#include <unordered_set>

namespace understory::statistics {

Saturation saturation(const std::vector<std::vector<int>>& codes, int base, int run, double threshold) {
  Saturation result;
  std::unordered_set<int> seen;
  for (const std::vector<int>& source : codes) {
    seen.insert(source.begin(), source.end());
    result.cumulative.push_back(static_cast<int>(seen.size()));
  }
  const int sources = static_cast<int>(codes.size());
  if (sources < base) return result;
  result.base_codes = result.cumulative[base - 1];
  for (int end = base + run; end <= sources && result.base_codes > 0; ++end) {
    const int fresh = result.cumulative[end - 1] - result.cumulative[end - run - 1];
    result.runs.push_back({end, fresh, static_cast<double>(fresh) / result.base_codes});
    if (result.reached == 0 && result.runs.back().ratio <= threshold) result.reached = end - run;
  }
  return result;
}

}  // namespace understory::statistics
