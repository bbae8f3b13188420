// How far two things go together, from the four counts of a 2×2 table.
#pragma once
#include <cstdint>

namespace understory::statistics {

struct Together {
  std::int64_t both = 0, first = 0, second = 0, total = 0;  // first and second count `both` in
};
// each NaN where its denominator is 0
double jaccard(const Together& counts);  // both / (first + second − both); Jaccard 1901
double lift(const Together& counts);     // both · total / (first · second); 1 is independence
double phi(const Together& counts);      // Pearson's correlation of the two, −1 … 1; Yule 1912

}  // namespace understory::statistics
