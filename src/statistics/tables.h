// Tests on tables of counts, and how many of many tests to believe.
#pragma once
#include <cstdint>
#include <vector>

namespace understory::statistics {

// Fisher's exact test of [[a, b], [c, d]], two-sided: the probability of all tables with these margins that are no
// likelier than this one (Fisher 1935; the convention of R's fisher.test). All ≥ 0. 1 where a margin is 0.
double fisher_exact(std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d);

// P(X ≥ both) for X hypergeometric: `both` of `total` fall in two sets of sizes `first` and `second` by chance.
double hypergeometric_tail(std::int64_t both, std::int64_t first, std::int64_t second, std::int64_t total);

struct ChiSquared {
  double statistic = 0;
  int degrees = 0;
  double p = 1;
  bool exact = false;      // all tables with these margins were gone through
  std::int64_t draws = 0;  // Monte Carlo (Hope 1968): p = (1 + draws at least as far out) / (1 + draws)
};
// Pearson's χ² of a table of counts [row][column], with p from the distribution given the margins: exact where at most
// 20,000 tables with two columns have them, else Monte Carlo with `seed`. Rows and columns that sum to 0 are left out;
// p = 1 when fewer than two of either are left. Never the asymptotic p: villages give small counts.
ChiSquared chi_squared(const std::vector<std::vector<std::int64_t>>& table, std::uint64_t seed, int draws = 2000);

struct Adjusted {
  std::vector<double> p;       // Benjamini & Hochberg (1995) step-up adjusted, in the order given
  std::vector<bool> rejected;  // at `level`
};
// False discovery rate over all given p-values (JRSS B 57:289).
Adjusted benjamini_hochberg(const std::vector<double>& p, double level = 0.05);

}  // namespace understory::statistics
