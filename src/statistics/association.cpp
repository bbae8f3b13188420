#include "statistics/association.h"

#include <cmath>
#include <limits>

namespace understory::statistics {

namespace {

double divided(double top, double bottom) {
  return bottom > 0 ? top / bottom : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

double jaccard(const Together& counts) {
  return divided(static_cast<double>(counts.both), static_cast<double>(counts.first + counts.second - counts.both));
}

double lift(const Together& counts) {
  return divided(static_cast<double>(counts.both) * static_cast<double>(counts.total),
                 static_cast<double>(counts.first) * static_cast<double>(counts.second));
}

double phi(const Together& counts) {
  const double n11 = static_cast<double>(counts.both), n1 = static_cast<double>(counts.first),
               n2 = static_cast<double>(counts.second), n = static_cast<double>(counts.total);
  return divided(n11 * n - n1 * n2, std::sqrt(n1 * (n - n1) * n2 * (n - n2)));
}

}  // namespace understory::statistics
