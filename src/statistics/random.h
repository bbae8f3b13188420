// Random numbers that are the same on every machine and in every year: xoshiro256** (Blackman & Vigna 2021,
// ACM TOMS 47, 36), seeded through splitmix64. An answer stores its seed; the same seed draws the same.
#pragma once
#include <cstdint>

namespace understory::statistics {

class Random {
 public:
  explicit Random(std::uint64_t seed);
  std::uint64_t next();                      // 0 … 2^64 − 1
  std::uint32_t below(std::uint32_t bound);  // 0 … bound − 1, each equally likely (Lemire 2019); bound ≥ 1
  double unit();                             // 0 ≤ x < 1, 53 bits

 private:
  std::uint64_t state_[4];
};

}  // namespace understory::statistics
