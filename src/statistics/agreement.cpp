#include "statistics/agreement.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace understory::statistics {

namespace {

constexpr double kNothing = 1e-12;  // 1 − pe below this: no variation

struct Margins {
  double total = 0;
  std::vector<double> rows, columns;
};

// Proportions and their margins.
Confusion proportions(const Confusion& table, Margins& margins) {
  const std::size_t q = table.size();
  margins.rows.assign(q, 0);
  margins.columns.assign(q, 0);
  for (const auto& row : table) margins.total = std::accumulate(row.begin(), row.end(), margins.total);
  Confusion p = table;
  for (std::size_t i = 0; i < q; ++i)
    for (std::size_t j = 0; j < q; ++j) {
      p[i][j] = margins.total > 0 ? table[i][j] / margins.total : 0;
      margins.rows[i] += p[i][j];
      margins.columns[j] += p[i][j];
    }
  return p;
}

// What the coefficients for many coders share: how often each unit was put in each category.
struct Counts {
  std::vector<std::vector<double>> of;  // unit × category
  std::vector<double> ratings;          // per unit
  double units = 0, paired_units = 0;   // with one rating or more, with two or more
  double agreement = 0;                 // mean over paired units
  std::vector<double> share;            // category: mean over units of its share of the unit's ratings
};

Counts counts_of(const Ratings& ratings) {
  Counts counts;
  counts.share.assign(ratings.categories, 0);
  for (const auto& unit : ratings.units) {
    std::vector<double> row(ratings.categories, 0);
    for (int category : unit)
      if (category != kMissing) ++row[category];
    const double r = std::accumulate(row.begin(), row.end(), 0.0);
    if (r == 0) continue;
    ++counts.units;
    for (int k = 0; k < ratings.categories; ++k) counts.share[k] += row[k] / r;
    if (r >= 2) {
      ++counts.paired_units;
      double agreed = 0;
      for (double n : row) agreed += n * (n - 1);
      counts.agreement += agreed / (r * (r - 1));
    }
    counts.of.push_back(std::move(row));
    counts.ratings.push_back(r);
  }
  for (double& share : counts.share) share /= std::max(counts.units, 1.0);
  counts.agreement /= std::max(counts.paired_units, 1.0);
  return counts;
}

// Gwet's linearised variance (2014, ch. 5): `chance_of` gives a unit's own part of the chance agreement.
template <typename ChanceOf>
MaybeCoefficient chance_corrected(const Counts& counts, double chance, ChanceOf&& chance_of) {
  if (counts.paired_units == 0 || 1 - chance < kNothing) return std::nullopt;
  const double value = (counts.agreement - chance) / (1 - chance), n = counts.units;
  double squares = 0;
  for (std::size_t u = 0; u < counts.of.size(); ++u) {
    const double r = counts.ratings[u];
    double own = 0;
    if (r >= 2) {
      double agreed = 0;
      for (double count : counts.of[u]) agreed += count * (count - 1);
      own = n / counts.paired_units * (agreed / (r * (r - 1)) - chance) / (1 - chance);
    }
    const double linear = own - 2 * (1 - value) * (chance_of(u) - chance) / (1 - chance);
    squares += (linear - value) * (linear - value);
  }
  return Coefficient{value, n > 1 ? std::sqrt(squares / (n * (n - 1))) : -1};
}

double sum_of_squares(const std::vector<double>& values) {
  return std::inner_product(values.begin(), values.end(), values.begin(), 0.0);
}

}  // namespace

Confusion confusion(const Ratings& ratings, int first_coder, int second_coder) {
  Confusion table(ratings.categories, std::vector<double>(ratings.categories, 0));
  for (const auto& unit : ratings.units)
    if (unit[first_coder] != kMissing && unit[second_coder] != kMissing) ++table[unit[first_coder]][unit[second_coder]];
  return table;
}

MaybeCoefficient cohen_kappa(const Confusion& table) {
  Margins margins;
  const Confusion p = proportions(table, margins);
  const std::size_t q = p.size();
  double seen = 0, chance = 0;
  for (std::size_t k = 0; k < q; ++k) {
    seen += p[k][k];
    chance += margins.rows[k] * margins.columns[k];
  }
  if (margins.total <= 0 || 1 - chance < kNothing) return std::nullopt;
  const double kappa = (seen - chance) / (1 - chance);
  double a = 0, b = 0;
  for (std::size_t i = 0; i < q; ++i)
    for (std::size_t j = 0; j < q; ++j) {
      if (i == j)
        a += p[i][i] * std::pow(1 - (margins.rows[i] + margins.columns[i]) * (1 - kappa), 2);
      else
        b += p[i][j] * std::pow(margins.columns[i] + margins.rows[j], 2);
    }
  b *= (1 - kappa) * (1 - kappa);
  const double c = std::pow(kappa - chance * (1 - kappa), 2);
  return Coefficient{kappa, std::sqrt(std::max(0.0, a + b - c) / (margins.total * (1 - chance) * (1 - chance)))};
}

double cohen_kappa_null_error(const Confusion& table) {
  Margins margins;
  proportions(table, margins);
  double chance = 0, third = 0;
  for (std::size_t k = 0; k < table.size(); ++k) {
    const double product = margins.rows[k] * margins.columns[k];
    chance += product;
    third += product * (margins.rows[k] + margins.columns[k]);
  }
  return std::sqrt(std::max(0.0, chance + chance * chance - third) / (margins.total * (1 - chance) * (1 - chance)));
}

MaybeCoefficient weighted_kappa(const Confusion& table, const Confusion& disagreement) {
  Margins margins;
  const Confusion p = proportions(table, margins);
  double seen = 0, chance = 0;
  for (std::size_t i = 0; i < p.size(); ++i)
    for (std::size_t j = 0; j < p.size(); ++j) {
      seen += disagreement[i][j] * p[i][j];
      chance += disagreement[i][j] * margins.rows[i] * margins.columns[j];
    }
  if (margins.total <= 0 || chance < kNothing) return std::nullopt;
  return Coefficient{1 - seen / chance};
}

MaybeCoefficient weighted_kappa(const Confusion& table, Weights weights) {
  const double widest = std::max(static_cast<double>(table.size()) - 1, 1.0);
  Confusion disagreement(table.size(), std::vector<double>(table.size(), 0));
  for (std::size_t i = 0; i < table.size(); ++i)
    for (std::size_t j = 0; j < table.size(); ++j) {
      const double apart = std::abs(static_cast<double>(i) - static_cast<double>(j)) / widest;
      disagreement[i][j] = weights == Weights::kLinear ? apart : apart * apart;
    }
  return weighted_kappa(table, disagreement);
}

MaybeCoefficient scott_pi(const Confusion& table) {
  Margins margins;
  const Confusion p = proportions(table, margins);
  double seen = 0, chance = 0;
  for (std::size_t k = 0; k < p.size(); ++k) {
    seen += p[k][k];
    chance += std::pow((margins.rows[k] + margins.columns[k]) / 2, 2);
  }
  if (margins.total <= 0 || 1 - chance < kNothing) return std::nullopt;
  return Coefficient{(seen - chance) / (1 - chance)};
}

MaybeCoefficient fleiss_kappa(const Ratings& ratings) {
  const Counts counts = counts_of(ratings);
  return chance_corrected(counts, sum_of_squares(counts.share), [&](std::size_t unit) {
    return std::inner_product(counts.share.begin(), counts.share.end(), counts.of[unit].begin(), 0.0) /
           counts.ratings[unit];
  });
}

double fleiss_kappa_null_error(const Ratings& ratings) {
  const Counts counts = counts_of(ratings);
  const double units = counts.units, coders = ratings.units.empty() ? 0 : static_cast<double>(ratings.units[0].size());
  double spread = 0, skew = 0;
  for (double share : counts.share) {
    spread += share * (1 - share);
    skew += share * (1 - share) * (1 - 2 * share);
  }
  return std::sqrt(2 * std::max(0.0, spread * spread - skew) / (units * coders * (coders - 1))) / spread;
}

MaybeCoefficient gwet_ac1(const Ratings& ratings) {
  const Counts counts = counts_of(ratings);
  const double q = ratings.categories;
  if (q < 2) return std::nullopt;
  double chance = 0;
  for (double share : counts.share) chance += share * (1 - share) / (q - 1);
  return chance_corrected(counts, chance, [&](std::size_t unit) {
    double own = 0;
    for (std::size_t k = 0; k < counts.share.size(); ++k) own += counts.of[unit][k] * (1 - counts.share[k]);
    return own / counts.ratings[unit] / (q - 1);
  });
}

MaybeCoefficient brennan_prediger(const Ratings& ratings) {
  if (ratings.categories < 2) return std::nullopt;
  const Counts counts = counts_of(ratings);
  const double chance = 1.0 / ratings.categories;
  return chance_corrected(counts, chance, [&](std::size_t) { return chance; });
}

MaybeCoefficient conger_kappa(const Ratings& ratings) {
  const Counts counts = counts_of(ratings);
  const std::size_t coders = ratings.units.empty() ? 0 : ratings.units[0].size();
  std::vector<std::vector<double>> habits;  // coder × category: share of what the coder rated
  for (std::size_t coder = 0; coder < coders; ++coder) {
    std::vector<double> habit(ratings.categories, 0);
    double rated = 0;
    for (const auto& unit : ratings.units)
      if (unit[coder] != kMissing) ++habit[unit[coder]], ++rated;
    if (rated == 0) continue;
    for (double& share : habit) share /= rated;
    habits.push_back(std::move(habit));
  }
  const double g = static_cast<double>(habits.size());
  if (g < 2 || counts.paired_units == 0) return std::nullopt;
  double chance = 0;
  for (int k = 0; k < ratings.categories; ++k) {
    double mean = 0, variance = 0;
    for (const auto& habit : habits) mean += habit[k] / g;
    for (const auto& habit : habits) variance += (habit[k] - mean) * (habit[k] - mean) / (g - 1);
    chance += mean * mean - variance / g;
  }
  if (1 - chance < kNothing) return std::nullopt;
  return Coefficient{(counts.agreement - chance) / (1 - chance)};
}

double percent_agreement(const Ratings& ratings) {
  const Counts counts = counts_of(ratings);
  return counts.paired_units > 0 ? counts.agreement : std::numeric_limits<double>::quiet_NaN();
}

namespace {

// δ² of two categories; `n` is how often each was given on paired units.
double difference(Metric metric, std::size_t c, std::size_t k, const std::vector<double>& values,
                  const std::vector<double>& n) {
  if (c == k) return 0;
  switch (metric) {
    case Metric::kNominal: return 1;
    case Metric::kInterval: return (values[c] - values[k]) * (values[c] - values[k]);
    case Metric::kRatio: {
      const double sum = values[c] + values[k];
      return sum == 0 ? 0 : std::pow((values[c] - values[k]) / sum, 2);
    }
    case Metric::kOrdinal: {
      const double between = std::accumulate(n.begin() + static_cast<std::ptrdiff_t>(std::min(c, k)),
                                             n.begin() + static_cast<std::ptrdiff_t>(std::max(c, k)) + 1, 0.0);
      return std::pow(between - (n[c] + n[k]) / 2, 2);
    }
    case Metric::kCircular: {
      const auto [least, most] = std::minmax_element(values.begin(), values.end());
      return std::pow(std::sin(M_PI * (values[c] - values[k]) / (*most - *least + 1)), 2);
    }
    case Metric::kBipolar: {
      const auto [least, most] = std::minmax_element(values.begin(), values.end());
      const double sum = values[c] + values[k];
      return std::pow(values[c] - values[k], 2) / ((sum - 2 * *least) * (2 * *most - sum));
    }
  }
  return 1;
}

// Gwet 2014, ch. 4.3: the linearised variance of nominal α.
double alpha_error(const Counts& counts) {
  double total = 0, units = 0;
  for (double r : counts.ratings)
    if (r >= 2) total += r, ++units;
  if (units < 2) return -1;
  const double mean = total / units;
  std::vector<double> share(counts.share.size(), 0);
  double seen = 0;
  for (std::size_t u = 0; u < counts.of.size(); ++u) {
    const double r = counts.ratings[u];
    if (r < 2) continue;
    double agreed = 0;
    for (std::size_t k = 0; k < share.size(); ++k) {
      share[k] += counts.of[u][k] / mean / units;
      agreed += counts.of[u][k] * (counts.of[u][k] - 1);
    }
    seen += agreed / (mean * (r - 1)) / units;
  }
  const double chance = sum_of_squares(share), alpha = (seen - chance) / (1 - chance);  // without the small-sample term
  double squares = 0;
  for (std::size_t u = 0; u < counts.of.size(); ++u) {
    const double r = counts.ratings[u];
    if (r < 2) continue;
    double agreed = 0, own_chance = 0;
    for (std::size_t k = 0; k < share.size(); ++k) {
      agreed += counts.of[u][k] * (counts.of[u][k] - 1);
      own_chance += share[k] * counts.of[u][k] / mean;
    }
    const double off = (r - mean) / mean;
    const double own = agreed / (mean * (r - 1)) - seen * off;
    const double linear =
        (own - chance) / (1 - chance) - 2 * (1 - alpha) * (own_chance - chance * off - chance) / (1 - chance);
    squares += (linear - alpha) * (linear - alpha);
  }
  return std::sqrt(squares / (units * (units - 1)));
}

}  // namespace

MaybeCoefficient krippendorff_alpha(const Ratings& ratings, Metric metric, const std::vector<double>& given) {
  std::vector<double> values = given;
  for (int k = static_cast<int>(values.size()); k < ratings.categories; ++k) values.push_back(k + 1);
  const Counts counts = counts_of(ratings);
  const std::size_t q = values.size();
  std::vector<double> n(q, 0);
  std::vector<std::vector<double>> coincidences(q, std::vector<double>(q, 0));
  double total = 0;
  for (std::size_t u = 0; u < counts.of.size(); ++u) {
    const double r = counts.ratings[u];
    if (r < 2) continue;
    total += r;
    for (std::size_t c = 0; c < q; ++c) {
      n[c] += counts.of[u][c];
      for (std::size_t k = 0; k < q; ++k)
        coincidences[c][k] += counts.of[u][c] * (counts.of[u][k] - (c == k ? 1 : 0)) / (r - 1);
    }
  }
  double seen = 0, expected = 0;
  for (std::size_t c = 0; c < q; ++c)
    for (std::size_t k = 0; k < q; ++k) {
      const double delta = difference(metric, c, k, values, n);
      seen += coincidences[c][k] * delta;
      expected += n[c] * n[k] * delta / std::max(total - 1, 1.0);
    }
  if (expected <= 0) return std::nullopt;
  Coefficient alpha{1 - seen / expected};
  if (metric == Metric::kNominal) alpha.standard_error = alpha_error(counts);
  return alpha;
}

}  // namespace understory::statistics
