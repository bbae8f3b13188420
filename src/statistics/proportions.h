// Shares and their intervals. Counts may be fractions: an effective sample is seldom whole.
#pragma once
#include <optional>

namespace understory::statistics {

inline constexpr double kZ95 = 1.959963984540054;  // 97.5 % quantile of the normal distribution

struct Bounds {
  double low = 0, high = 1;
};

// Wilson's score interval (Wilson 1927, JASA 22:209): (p + z²/2n ± z√(p(1−p)/n + z²/4n²)) / (1 + z²/n).
// 0 ≤ successes ≤ n. n = 0 gives [0, 1].
Bounds wilson(double successes, double n, double z = kZ95);

// Agresti & Coull (1998, Am. Stat. 52:119): Wald's interval around (x + z²/2)/(n + z²), cut to [0, 1].
Bounds agresti_coull(double successes, double n, double z = kZ95);

struct Difference {
  double value = 0;  // p1 − p2
  Bounds bounds{-1, 1};
};
// Difference of two independent shares with Newcombe's hybrid score interval (1998, Stat. Med. 17:873, method 10).
Difference newcombe(double successes1, double n1, double successes2, double n2, double z = kZ95);
// The same from any two shares and their intervals, by squaring and adding their arms (Zou & Donner 2008, Stat. Med.
// 27:1693); with Wilson's intervals it is Newcombe's.
Difference difference_of(double share1, Bounds bounds1, double share2, Bounds bounds2);

struct Ratio {
  double value = 0;
  Bounds bounds;
};
// p1 / p2 with the log interval of Katz et al. (1978, Biometrics 34:469). With a zero count, ½ is added to every cell
// of the 2×2 table for the interval (Haldane 1956; Anscombe 1956) while the value keeps the counts; nothing when p2 = 0
// or a group is empty.
std::optional<Ratio> risk_ratio(double successes1, double n1, double successes2, double n2, double z = kZ95);

// Two-sided sign test (binomial, p = ½) of `plus` against `minus`; ties are left out before. 1 when both are 0.
double sign_test(int plus, int minus);

}  // namespace understory::statistics
