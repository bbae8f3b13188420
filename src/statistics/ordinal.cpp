#include "statistics/ordinal.h"

#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numeric>

namespace understory::statistics {

namespace {

using Matrix = std::vector<std::vector<double>>;

constexpr int kMostSteps = 200;
constexpr double kConverged = 1e-10;
constexpr double kUnbounded = 12;  // a log odds ratio further out than this is on its way to infinity

// a x = b by Gauss's elimination with pivots; nothing where a is singular.
std::optional<std::vector<double>> solve(Matrix a, std::vector<double> b) {
  const std::size_t n = b.size();
  for (std::size_t i = 0; i < n; ++i) {
    std::size_t pivot = i;
    for (std::size_t row = i + 1; row < n; ++row)
      if (std::abs(a[row][i]) > std::abs(a[pivot][i])) pivot = row;
    if (std::abs(a[pivot][i]) < 1e-12) return std::nullopt;
    std::swap(a[i], a[pivot]);
    std::swap(b[i], b[pivot]);
    for (std::size_t row = i + 1; row < n; ++row) {
      const double factor = a[row][i] / a[i][i];
      for (std::size_t column = i; column < n; ++column) a[row][column] -= factor * a[i][column];
      b[row] -= factor * b[i];
    }
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t column = i + 1; column < n; ++column) b[i] -= a[i][column] * b[column];
    b[i] /= a[i][i];
  }
  return b;
}

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

// Score and expected information at thresholds θ (all but the last parameter) and shift β (the last):
// P(category ≤ j) = logistic(θ_j − β) in the first group, logistic(θ_j) in the second.
void differentiate(const std::vector<double> counts[2], const std::vector<double>& at, std::vector<double>& score,
                   Matrix& information) {
  const std::size_t thresholds = at.size() - 1;
  score.assign(at.size(), 0);
  information.assign(at.size(), std::vector<double>(at.size(), 0));
  for (int group = 0; group < 2; ++group) {
    const double shift = group == 0 ? at.back() : 0,
                 n = std::accumulate(counts[group].begin(), counts[group].end(), 0.0);
    for (std::size_t k = 0; k <= thresholds; ++k) {
      const double upper = k < thresholds ? logistic(at[k] - shift) : 1,
                   lower = k > 0 ? logistic(at[k - 1] - shift) : 0;
      const double share = std::max(upper - lower, 1e-300);
      std::vector<double> slope(at.size(), 0);
      if (k < thresholds) slope[k] = upper * (1 - upper);
      if (k > 0) slope[k - 1] = -lower * (1 - lower);
      if (group == 0) slope.back() = -(upper * (1 - upper) - lower * (1 - lower));
      for (std::size_t i = 0; i < at.size(); ++i) {
        score[i] += counts[group][k] / share * slope[i];
        for (std::size_t j = 0; j < at.size(); ++j) information[i][j] += n * slope[i] * slope[j] / share;
      }
    }
  }
}

bool ordered(const std::vector<double>& at) {
  for (std::size_t j = 1; j + 1 < at.size(); ++j)
    if (at[j] <= at[j - 1]) return false;
  return true;
}

}  // namespace

tl::expected<OrdinalShift, NoShift> cumulative_logit(const std::vector<double>& first,
                                                     const std::vector<double>& second) {
  std::vector<double> counts[2];  // without categories nobody stands in
  for (std::size_t k = 0; k < first.size(); ++k)
    if (first[k] + second[k] > 0) {
      counts[0].push_back(first[k]);
      counts[1].push_back(second[k]);
    }
  const double n[2] = {std::accumulate(first.begin(), first.end(), 0.0),
                       std::accumulate(second.begin(), second.end(), 0.0)};
  if (counts[0].size() < 2 || n[0] <= 0 || n[1] <= 0) return tl::unexpected(NoShift::kNothingToCompare);
  std::vector<double> at;
  double below = 0;
  for (std::size_t k = 0; k + 1 < counts[0].size(); ++k) {
    below += counts[0][k] + counts[1][k];
    at.push_back(std::log(below / (n[0] + n[1] - below)));
  }
  at.push_back(0);
  std::vector<double> score;
  Matrix information;
  for (int step = 0; step < kMostSteps; ++step) {
    differentiate(counts, at, score, information);
    auto move = solve(information, score);
    if (!move) return tl::unexpected(NoShift::kNotFound);
    std::vector<double> next = at;
    for (double length = 1; length > 1e-6; length /= 2) {
      for (std::size_t i = 0; i < at.size(); ++i) next[i] = at[i] + length * (*move)[i];
      if (ordered(next)) break;
    }
    double furthest = 0;
    for (std::size_t i = 0; i < at.size(); ++i) furthest = std::max(furthest, std::abs(next[i] - at[i]));
    at = next;
    if (std::abs(at.back()) > kUnbounded) return tl::unexpected(NoShift::kApart);
    if (furthest > kConverged) continue;
    std::vector<double> unit(at.size(), 0);
    unit.back() = 1;
    differentiate(counts, at, score, information);
    const auto column = solve(information, unit);
    if (!column) return tl::unexpected(NoShift::kNotFound);
    const double error = std::sqrt(column->back()), shift = at.back();
    const boost::math::normal_distribution<double> normal;
    return OrdinalShift{std::exp(shift),
                        {std::exp(shift - kZ95 * error), std::exp(shift + kZ95 * error)},
                        2 * boost::math::cdf(boost::math::complement(normal, std::abs(shift) / error))};
  }
  return tl::unexpected(NoShift::kNotFound);
}

}  // namespace understory::statistics
