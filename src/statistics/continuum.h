// Agreement on a continuum: coders mark stretches of one text, each where and as long as they see fit. Coefficients
// come from where stretches begin and end (an interval sweep), never from an array of characters.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

namespace understory::statistics {

struct Stretch {
  std::int64_t start = 0, end = 0;  // end exclusive
  int value = 1;                    // 1 … ; 0 is a gap and never given
};

// One text read by two coders or more. Stretches of a coder may come in any order; those of one value that overlap or
// touch are merged; of stretches with different values that overlap, the one that begins later is cut (give each code a
// continuum of its own where codes overlap). What lies outside [0, length) is cut off.
struct Continuum {
  std::int64_t length = 0;
  std::vector<std::vector<Stretch>> coders;
};

// What is added up over texts and coders. Two of them can be added: a study's coefficients come from the sum, and a
// bootstrap over sources adds up the sources it drew.
struct Coincidences {
  explicit Coincidences(int values = 1);
  void add(const Continuum& continuum);  // continua with fewer than two coders add nothing
  Coincidences& operator+=(const Coincidences& other);

  int values;                       // 1 … values; 0 is the gap
  std::vector<double> length;       // (values+1)²: l_ck
  std::vector<double> squares;      // values+1: Σ l² of stretches, Σ l of gaps
  std::vector<double> met;          // (values+1)²: as `length`, but the gap left out
  std::vector<double> met_squares;  // values+1
  double positions = 0;             // Σ length of the texts
  // For the coefficients over characters as units: pairs of coders that agree, per category, and their shares.
  double pair_agreement = 0;  // Σ over positions of the share of agreeing pairs
  std::vector<double> share;  // Σ over positions of each category's share of the coders
};

// Krippendorff, Mathet, Bouvry & Widlöcher 2016 (Quality & Quantity 50:2347); Krippendorff 2019 §12.6. Nothing where
// there is no variation.
std::optional<double> u_alpha(const Coincidences& counts);                   // uα: stretches, values and gaps
std::optional<double> u_alpha_relevance(const Coincidences& counts);         // |uα: marked or not, whatever the value
std::optional<double> u_alpha_coding(const Coincidences& counts);            // cuα: values where both marked something
std::optional<double> u_alpha_value(const Coincidences& counts, int value);  // (k)uα
double u_alpha_coverage(const Coincidences& counts);  // share of all pairs of positions cuα speaks of

// Characters as units, all values as categories beside "not marked".
std::optional<double> character_alpha(const Coincidences& counts);  // Krippendorff's nominal α
std::optional<double> character_ac1(const Coincidences& counts);    // Gwet's AC1
double character_agreement(const Coincidences& counts);             // NaN without a position

// 2×2 over characters of two coders: both, only the first, only the second, neither (NVivo's coding comparison).
struct TwoByTwo {
  double both = 0, first = 0, second = 0, neither = 0;
  TwoByTwo& operator+=(const TwoByTwo& other);
};
TwoByTwo two_by_two(const std::vector<Stretch>& first, const std::vector<Stretch>& second, std::int64_t length);
std::optional<double> two_by_two_kappa(const TwoByTwo& table);  // Cohen's κ

// Krippendorff 1995 (Sociological Methodology 25:47), 2004 §11.6: α_U of one value over one continuum, and over all
// values. Nothing where nobody marked anything.
struct UnitizingDisagreement {
  double observed = 0, expected = 0;
  std::optional<double> alpha() const;
};
UnitizingDisagreement alpha_u(const Continuum& continuum, int value);

}  // namespace understory::statistics
