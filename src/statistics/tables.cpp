#include "statistics/tables.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "statistics/random.h"

namespace understory::statistics {

namespace {

constexpr std::int64_t kMostTables = 20000;
// Probabilities and statistics that differ by less are equal: rounding must not decide a test.
constexpr double kEqual = 1e-7;

double log_choose(double n, double k) { return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1); }

double log_hypergeometric(double both, double first, double second, double total) {
  return log_choose(first, both) + log_choose(total - first, second - both) - log_choose(total, second);
}

using Table = std::vector<std::vector<std::int64_t>>;

Table without_empty(const Table& table) {
  Table kept;
  if (table.empty()) return kept;
  std::vector<std::size_t> columns;
  for (std::size_t c = 0; c < table[0].size(); ++c)
    if (std::any_of(table.begin(), table.end(), [c](const auto& row) { return row[c] > 0; })) columns.push_back(c);
  for (const auto& row : table) {
    std::vector<std::int64_t> cells;
    for (std::size_t c : columns) cells.push_back(row[c]);
    if (std::any_of(cells.begin(), cells.end(), [](std::int64_t cell) { return cell > 0; }))
      kept.push_back(std::move(cells));
  }
  return kept;
}

struct Margins {
  std::vector<std::int64_t> rows, columns;
  std::int64_t total = 0;
};

Margins margins_of(const Table& table) {
  Margins margins;
  margins.columns.assign(table[0].size(), 0);
  for (const auto& row : table) {
    margins.rows.push_back(std::accumulate(row.begin(), row.end(), std::int64_t{0}));
    for (std::size_t c = 0; c < row.size(); ++c) margins.columns[c] += row[c];
    margins.total += margins.rows.back();
  }
  return margins;
}

double statistic_of(const Table& table, const Margins& margins) {
  double sum = 0;
  for (std::size_t r = 0; r < table.size(); ++r)
    for (std::size_t c = 0; c < table[r].size(); ++c) {
      const double expected = static_cast<double>(margins.rows[r]) * static_cast<double>(margins.columns[c]) /
                              static_cast<double>(margins.total);
      sum += (static_cast<double>(table[r][c]) - expected) * (static_cast<double>(table[r][c]) - expected) / expected;
    }
  return sum;
}

// All tables of two columns with these margins, row by row: the sum of the probabilities of those at least as far out.
class Exact {
 public:
  Exact(const Margins& margins, double statistic) : margins_(margins), statistic_(statistic) {}
  bool feasible() const {
    double tables = 1;
    for (std::int64_t row : margins_.rows) tables *= static_cast<double>(std::min(row, margins_.columns[0]) + 1);
    return margins_.columns.size() == 2 &&
           tables / static_cast<double>(
                        std::min(*std::max_element(margins_.rows.begin(), margins_.rows.end()), margins_.columns[0]) +
                        1) <=
               kMostTables;
  }
  double p() {
    go(0, margins_.columns[0], 0,
       -log_choose(static_cast<double>(margins_.total), static_cast<double>(margins_.columns[0])));
    return std::min(1.0, sum_);
  }

 private:
  void go(std::size_t row, std::int64_t left, double statistic, double log_probability) {
    if (row == margins_.rows.size()) {
      if (left == 0 && statistic >= statistic_ * (1 - kEqual)) sum_ += std::exp(log_probability);
      return;
    }
    const bool last = row + 1 == margins_.rows.size();
    const std::int64_t size = margins_.rows[row];
    for (std::int64_t x = last ? left : 0; x <= std::min(size, left); ++x) {
      const double n = static_cast<double>(margins_.total),
                   e0 = static_cast<double>(size) * static_cast<double>(margins_.columns[0]) / n,
                   e1 = static_cast<double>(size) * static_cast<double>(margins_.columns[1]) / n,
                   d = static_cast<double>(x) - e0;
      go(row + 1, left - x, statistic + d * d / e0 + d * d / e1,
         log_probability + log_choose(static_cast<double>(size), static_cast<double>(x)));
    }
  }
  const Margins& margins_;
  double statistic_, sum_ = 0;
};

// A table with these margins by dealing the columns' cards to the rows.
void deal(std::vector<int>& cards, const Margins& margins, Random& random, Table& table) {
  for (auto& row : table) std::fill(row.begin(), row.end(), 0);
  auto left = static_cast<std::uint32_t>(cards.size());
  for (std::size_t r = 0; r + 1 < margins.rows.size(); ++r)  // what is left belongs to the last row
    for (std::int64_t i = 0; i < margins.rows[r]; ++i) {
      const std::uint32_t at = random.below(left--);
      ++table[r][cards[at]];
      std::swap(cards[at], cards[left]);
    }
  for (std::uint32_t i = 0; i < left; ++i) ++table.back()[cards[i]];
}

// With two columns it is enough to deal the rarer column's cards among the people.
void deal_two(std::vector<int>& people, const Margins& margins, std::size_t rarer, Random& random, Table& table) {
  for (std::size_t r = 0; r < table.size(); ++r) table[r][rarer] = 0, table[r][1 - rarer] = margins.rows[r];
  auto left = static_cast<std::uint32_t>(people.size());
  for (std::int64_t i = 0; i < margins.columns[rarer]; ++i) {
    const std::uint32_t at = random.below(left--);
    ++table[people[at]][rarer];
    --table[people[at]][1 - rarer];
    std::swap(people[at], people[left]);
  }
}

}  // namespace

double fisher_exact(std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d) {
  const double first = static_cast<double>(a + b), second = static_cast<double>(a + c),
               total = static_cast<double>(a + b + c + d);
  const std::int64_t low = std::max<std::int64_t>(0, a - d), high = std::min(a + b, a + c);
  const double seen = log_hypergeometric(static_cast<double>(a), first, second, total);
  double p = 0;
  for (std::int64_t x = low; x <= high; ++x) {
    const double each = log_hypergeometric(static_cast<double>(x), first, second, total);
    if (each <= seen + kEqual) p += std::exp(each);
  }
  return std::min(1.0, p);
}

double hypergeometric_tail(std::int64_t both, std::int64_t first, std::int64_t second, std::int64_t total) {
  double p = 0;
  for (std::int64_t x = std::max(both, std::max<std::int64_t>(0, first + second - total)); x <= std::min(first, second);
       ++x)
    p += std::exp(log_hypergeometric(static_cast<double>(x), static_cast<double>(first), static_cast<double>(second),
                                     static_cast<double>(total)));
  return std::min(1.0, p);
}

ChiSquared chi_squared(const Table& counts, std::uint64_t seed, int draws) {
  const Table table = without_empty(counts);
  ChiSquared result;
  if (table.size() < 2 || table[0].size() < 2) return result;
  const Margins margins = margins_of(table);
  result.statistic = statistic_of(table, margins);
  result.degrees = static_cast<int>((table.size() - 1) * (table[0].size() - 1));
  Exact exact(margins, result.statistic);
  if (exact.feasible()) {
    result.exact = true;
    result.p = exact.p();
    return result;
  }
  Random random(seed);
  std::vector<int> cards;
  const bool two = margins.columns.size() == 2;
  const std::size_t rarer = two && margins.columns[1] < margins.columns[0] ? 1 : 0;
  const std::vector<std::int64_t>& dealt = two ? margins.rows : margins.columns;
  for (std::size_t i = 0; i < dealt.size(); ++i)
    cards.insert(cards.end(), static_cast<std::size_t>(dealt[i]), static_cast<int>(i));
  Table drawn = table;
  std::int64_t further = 0;
  for (int i = 0; i < draws; ++i) {
    if (two)
      deal_two(cards, margins, rarer, random, drawn);
    else
      deal(cards, margins, random, drawn);
    further += statistic_of(drawn, margins) >= result.statistic * (1 - kEqual);
  }
  result.draws = draws;
  result.p = static_cast<double>(1 + further) / static_cast<double>(1 + draws);
  return result;
}

Adjusted benjamini_hochberg(const std::vector<double>& p, double level) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) { return p[left] > p[right]; });
  Adjusted result;
  result.p.assign(p.size(), 1);
  result.rejected.assign(p.size(), false);
  double least = 1;
  for (std::size_t i = 0; i < order.size(); ++i) {
    least = std::min(least, p[order[i]] * static_cast<double>(p.size()) / static_cast<double>(p.size() - i));
    result.p[order[i]] = least;
    result.rejected[order[i]] = least <= level;
  }
  return result;
}

}  // namespace understory::statistics
