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
  const double p1 = successes1 / n1, p2 = successes2 / n2, d = p1 - p2;
  const Bounds b1 = wilson(successes1, n1, z), b2 = wilson(successes2, n2, z);
  const auto square = [](double x) { return x * x; };
  return {d,
          {d - std::sqrt(square(p1 - b1.low) + square(b2.high - p2)),
           d + std::sqrt(square(b1.high - p1) + square(p2 - b2.low))}};
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
