#include "statistics/continuum.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace understory::statistics {

namespace {

constexpr double kNothing = 1e-12;

// Sorted, merged, cut to the continuum; gaps left out.
std::vector<Stretch> tidy(std::vector<Stretch> stretches, std::int64_t length) {
  std::erase_if(stretches, [&](Stretch& each) {
    each.start = std::max<std::int64_t>(each.start, 0);
    each.end = std::min(each.end, length);
    return each.start >= each.end;
  });
  std::sort(stretches.begin(), stretches.end(), [](const Stretch& left, const Stretch& right) {
    return left.start != right.start ? left.start < right.start : left.end < right.end;
  });
  std::vector<Stretch> merged;
  for (Stretch each : stretches) {
    if (!merged.empty() && merged.back().value == each.value && each.start <= merged.back().end) {
      merged.back().end = std::max(merged.back().end, each.end);
      continue;
    }
    if (!merged.empty()) each.start = std::max(each.start, merged.back().end);
    if (each.start < each.end) merged.push_back(each);
  }
  return merged;
}

std::vector<Stretch> with_gaps(const std::vector<Stretch>& stretches, std::int64_t length) {
  std::vector<Stretch> all;
  std::int64_t at = 0;
  for (const Stretch& each : stretches) {
    if (each.start > at) all.push_back({at, each.start, 0});
    all.push_back(each);
    at = each.end;
  }
  if (at < length) all.push_back({at, length, 0});
  return all;
}

double sum(const std::vector<double>& values) {
  double total = 0;
  for (double value : values) total += value;
  return total;
}

// e_cc of the expected coincidences, and e_c· with them.
struct Expected {
  double total, below;
  std::vector<double> rows;
};
Expected expected_of(const std::vector<double>& length, const std::vector<double>& squares, int width) {
  Expected expected{sum(length), 0, std::vector<double>(width, 0)};
  for (int c = 0; c < width; ++c)
    for (int k = 0; k < width; ++k) expected.rows[c] += length[c * width + k];
  expected.below = expected.total * expected.total - sum(squares);
  return expected;
}
double expected_cell(const Expected& expected, const std::vector<double>& squares, int c, int k) {
  return expected.total * (expected.rows[c] * expected.rows[k] - (c == k ? squares[c] : 0)) / expected.below;
}

std::optional<double> alpha_over(const std::vector<double>& length, const std::vector<double>& squares, int width) {
  const Expected expected = expected_of(length, squares, width);
  if (expected.total <= 0 || expected.below <= 0) return std::nullopt;
  double seen = expected.total, chance = expected.total;
  for (int c = 0; c < width; ++c) {
    seen -= length[c * width + c];
    chance -= expected_cell(expected, squares, c, c);
  }
  if (chance < kNothing * expected.total) return std::nullopt;
  return 1 - seen / chance;
}

}  // namespace

Coincidences::Coincidences(int value_count)
    : values(value_count),
      length((value_count + 1) * (value_count + 1), 0),
      squares(value_count + 1, 0),
      met(length.size(), 0),
      met_squares(value_count + 1, 0),
      share(value_count + 1, 0) {}

Coincidences& Coincidences::operator+=(const Coincidences& other) {
  const auto add = [](std::vector<double>& to, const std::vector<double>& from) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i];
  };
  add(length, other.length);
  add(squares, other.squares);
  add(met, other.met);
  add(met_squares, other.met_squares);
  add(share, other.share);
  positions += other.positions;
  pair_agreement += other.pair_agreement;
  return *this;
}

void Coincidences::add(const Continuum& continuum) {
  const int width = values + 1;
  const std::size_t coders = continuum.coders.size();
  if (coders < 2 || continuum.length <= 0) return;
  const double pairs = static_cast<double>(coders) - 1;
  std::vector<std::vector<Stretch>> marked, all;
  for (const auto& stretches : continuum.coders) {
    marked.push_back(tidy(stretches, continuum.length));
    all.push_back(with_gaps(marked.back(), continuum.length));
    for (const Stretch& each : all.back()) {
      const double l = static_cast<double>(each.end - each.start);
      squares[each.value] += each.value == 0 ? l : l * l;
    }
  }
  positions += static_cast<double>(continuum.length);

  // One sweep over all borders: between two of them every coder's value stays the same.
  std::vector<std::size_t> at(coders, 0);
  std::vector<double> given(width);
  for (std::int64_t position = 0; position < continuum.length;) {
    std::int64_t next = continuum.length;
    std::fill(given.begin(), given.end(), 0);
    for (std::size_t coder = 0; coder < coders; ++coder) {
      while (all[coder][at[coder]].end <= position) ++at[coder];
      next = std::min(next, all[coder][at[coder]].end);
      ++given[all[coder][at[coder]].value];
    }
    const double l = static_cast<double>(next - position), r = static_cast<double>(coders);
    double agreeing = 0;
    for (int c = 0; c < width; ++c) {
      if (given[c] == 0) continue;
      share[c] += l * given[c] / r;
      agreeing += given[c] * (given[c] - 1);
      for (int k = 0; k < width; ++k) {
        const double met_here = l * given[c] * (given[k] - (c == k ? 1 : 0)) / pairs;
        length[c * width + k] += met_here;
        if (c != 0 && k != 0) met[c * width + k] += met_here;
      }
    }
    pair_agreement += l * agreeing / (r * (r - 1));
    position = next;
  }
  // For cuα: how much of each stretch every other coder marked at all, squared.
  for (std::size_t coder = 0; coder < coders; ++coder)
    for (std::size_t other = 0; other < coders; ++other) {
      if (other == coder) continue;
      std::size_t first = 0;
      for (const Stretch& mine : marked[coder]) {
        double shared = 0;
        while (first < marked[other].size() && marked[other][first].end <= mine.start) ++first;
        for (std::size_t i = first; i < marked[other].size() && marked[other][i].start < mine.end; ++i)
          shared += static_cast<double>(std::min(mine.end, marked[other][i].end) -
                                        std::max(mine.start, marked[other][i].start));
        met_squares[mine.value] += shared * shared / pairs;
      }
    }
}

std::optional<double> u_alpha(const Coincidences& counts) {
  return alpha_over(counts.length, counts.squares, counts.values + 1);
}
std::optional<double> u_alpha_coding(const Coincidences& counts) {
  return alpha_over(counts.met, counts.met_squares, counts.values + 1);
}

std::optional<double> u_alpha_relevance(const Coincidences& counts) {
  const int width = counts.values + 1;
  const Expected expected = expected_of(counts.length, counts.squares, width);
  if (expected.total <= 0 || expected.below <= 0) return std::nullopt;
  double chance = 0;
  for (int k = 1; k < width; ++k) chance += expected_cell(expected, counts.squares, 0, k);
  if (chance < kNothing * expected.total) return std::nullopt;
  return 1 - (expected.rows[0] - counts.length[0]) / chance;
}

std::optional<double> u_alpha_value(const Coincidences& counts, int value) {
  const int width = counts.values + 1;
  const Expected expected = expected_of(counts.met, counts.met_squares, width);
  if (expected.total <= 0 || expected.below <= 0 || expected.rows[value] <= 0) return std::nullopt;
  double row = 0;
  for (int k = 1; k < width; ++k) row += expected_cell(expected, counts.met_squares, value, k);
  const double own = expected_cell(expected, counts.met_squares, value, value);
  if (row - own < kNothing * expected.total) return std::nullopt;
  return 1 - row / expected.rows[value] * (expected.rows[value] - counts.met[value * width + value]) / (row - own);
}

double u_alpha_coverage(const Coincidences& counts) {
  const double total = sum(counts.length);
  return total > 0 ? sum(counts.met) / total : 0;
}

std::optional<double> character_alpha(const Coincidences& counts) {
  const int width = counts.values + 1;
  const double n = sum(counts.length);
  double seen = 0, expected = 0;
  for (int c = 0; c < width; ++c) {
    double row = 0;
    for (int k = 0; k < width; ++k) row += counts.length[c * width + k];
    seen += row - counts.length[c * width + c];
    expected += row * (n - row) / std::max(n - 1, 1.0);
  }
  if (expected < kNothing * std::max(n, 1.0)) return std::nullopt;
  return 1 - seen / expected;
}

std::optional<double> character_ac1(const Coincidences& counts) {
  if (counts.positions <= 0) return std::nullopt;
  double chance = 0;
  for (double share : counts.share) chance += share / counts.positions * (1 - share / counts.positions) / counts.values;
  if (1 - chance < kNothing) return std::nullopt;
  return (counts.pair_agreement / counts.positions - chance) / (1 - chance);
}

double character_agreement(const Coincidences& counts) {
  return counts.positions > 0 ? counts.pair_agreement / counts.positions : std::numeric_limits<double>::quiet_NaN();
}

TwoByTwo& TwoByTwo::operator+=(const TwoByTwo& other) {
  both += other.both;
  first += other.first;
  second += other.second;
  neither += other.neither;
  return *this;
}

TwoByTwo two_by_two(const std::vector<Stretch>& first, const std::vector<Stretch>& second, std::int64_t length) {
  const std::vector<Stretch> a = tidy(first, length), b = tidy(second, length);
  double in_a = 0, in_b = 0, both = 0;
  for (const Stretch& each : a) in_a += static_cast<double>(each.end - each.start);
  for (const Stretch& each : b) in_b += static_cast<double>(each.end - each.start);
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    both +=
        static_cast<double>(std::max<std::int64_t>(0, std::min(a[i].end, b[j].end) - std::max(a[i].start, b[j].start)));
    if (a[i].end < b[j].end)
      ++i;
    else
      ++j;
  }
  return {both, in_a - both, in_b - both, static_cast<double>(length) - in_a - in_b + both};
}

std::optional<double> two_by_two_kappa(const TwoByTwo& table) {
  const double n = table.both + table.first + table.second + table.neither;
  if (n <= 0) return std::nullopt;
  const double a = (table.both + table.first) / n, b = (table.both + table.second) / n,
               chance = a * b + (1 - a) * (1 - b);
  if (1 - chance < kNothing) return std::nullopt;
  return ((table.both + table.neither) / n - chance) / (1 - chance);
}

std::optional<double> UnitizingDisagreement::alpha() const {
  if (expected <= 0) return std::nullopt;
  return 1 - observed / expected;
}

UnitizingDisagreement alpha_u(const Continuum& continuum, int value) {
  const double m = static_cast<double>(continuum.coders.size()), length = static_cast<double>(continuum.length);
  UnitizingDisagreement result;
  if (m < 2 || length <= 0) return result;
  std::vector<std::vector<Stretch>> all;
  for (const auto& stretches : continuum.coders) {
    std::vector<Stretch> own;
    for (const Stretch& each : stretches)
      if (each.value == value) own.push_back(each);
    all.push_back(with_gaps(tidy(std::move(own), continuum.length), continuum.length));
  }
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t j = 0; j < all.size(); ++j) {
      if (i == j) continue;
      for (const Stretch& g : all[i])
        for (const Stretch& h : all[j]) {
          if (g.end <= h.start || h.end <= g.start) continue;
          const double begins = static_cast<double>(g.start - h.start), ends = static_cast<double>(g.end - h.end),
                       l = static_cast<double>(g.end - g.start), other = static_cast<double>(h.end - h.start);
          if (g.value != 0 && h.value != 0)
            result.observed += begins * begins + ends * ends;
          else if (g.value != 0 && h.start <= g.start && g.end <= h.end)
            result.observed += l * l;
          else if (h.value != 0 && g.start <= h.start && h.end <= g.end)
            result.observed += other * other;
        }
    }
  result.observed /= m * (m - 1) * length * length;
  double units = 0, own_pairs = 0, top = 0;
  for (const auto& stretches : all)
    for (const Stretch& each : stretches)
      if (each.value != 0) {
        ++units;
        const double l = static_cast<double>(each.end - each.start);
        own_pairs += l * (l - 1);
      }
  for (const auto& stretches : all)
    for (const Stretch& each : stretches) {
      if (each.value == 0) continue;
      const double l = static_cast<double>(each.end - each.start);
      double fits = 0;
      for (const auto& others : all)
        for (const Stretch& gap : others)
          if (gap.value == 0 && gap.end - gap.start >= each.end - each.start)
            fits += static_cast<double>(gap.end - gap.start) - l + 1;
      top += (units - 1) / 3 * (2 * l * l * l - 3 * l * l + l) + l * l * fits;
    }
  const double below = m * length * (m * length - 1) - own_pairs;
  if (below > 0) result.expected = 2 / length * top / below;
  return result;
}

}  // namespace understory::statistics
