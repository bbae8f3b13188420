#include "statistics/proportions.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>

namespace understory::statistics {

Bounds wilson(double successes, double n, double z) {
  if (n <= 0) return {0, 1};
  const double p = successes / n, z2 = z * z;
  const double centre = p + z2 / (2 * n), half = z * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n)), scale = 1 + z2 / n;
  // At the ends the formula is 0 or 1 but for rounding.
  return {successes <= 0 ? 0 : std::max(0.0, (centre - half) / scale),
          successes >= n ? 1 : std::min(1.0, (centre + half) / scale)};
}

Bounds agresti_coull(double successes, double n, double z) {
  if (n <= 0) return {0, 1};
  const double wide = n + z * z, p = (successes + z * z / 2) / wide, half = z * std::sqrt(p * (1 - p) / wide);
  return {std::max(0.0, p - half), std::min(1.0, p + half)};
}

Difference newcombe(double successes1, double n1, double successes2, double n2, double z) {
  if (n1 <= 0 || n2 <= 0) return {0, {-1, 1}};
  return difference_of(successes1 / n1, wilson(successes1, n1, z), successes2 / n2, wilson(successes2, n2, z));
}

Difference difference_of(double share1, Bounds bounds1, double share2, Bounds bounds2) {
  const double d = share1 - share2;
  return {d,
          {d - std::hypot(share1 - bounds1.low, bounds2.high - share2),
           d + std::hypot(bounds1.high - share1, share2 - bounds2.low)}};
}

std::optional<Ratio> risk_ratio(double successes1, double n1, double successes2, double n2, double z) {
  if (n1 <= 0 || n2 <= 0 || successes2 <= 0) return std::nullopt;
  const double value = (successes1 / n1) / (successes2 / n2);
  double a = successes1, c = successes2, m1 = n1, m2 = n2;
  if (a == 0 || a == m1 || c == m2) a += 0.5, c += 0.5, m1 += 1, m2 += 1;
  const double log_ratio = std::log((a / m1) / (c / m2)),
               half = z * std::sqrt(std::max(0.0, 1 / a - 1 / m1 + 1 / c - 1 / m2));
  return Ratio{value, {successes1 <= 0 ? 0 : std::exp(log_ratio - half), std::exp(log_ratio + half)}};
}

double sign_test(int plus, int minus) {
  const int n = plus + minus;
  if (n == 0) return 1;
  const boost::math::binomial_distribution<double> half(n, 0.5);
  return std::min(1.0, 2 * boost::math::cdf(half, std::min(plus, minus)));
}

}  // namespace understory::statistics
