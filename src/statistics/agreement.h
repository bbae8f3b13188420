// Agreement of coders on units: coefficients for categories, with standard errors where the literature gives them.
// Every coefficient is nothing ("no variation") where chance alone would give full agreement; never 0 or 1.
#pragma once
#include <optional>
#include <vector>

namespace understory::statistics {

// Units in rows, coders in columns, categories 0 … categories − 1, kMissing where a coder did not rate the unit.
inline constexpr int kMissing = -1;
struct Ratings {
  int categories = 0;
  std::vector<std::vector<int>> units;
};

struct Coefficient {
  double value = 0;
  double standard_error = -1;  // −1: not known
};
using MaybeCoefficient = std::optional<Coefficient>;

// Two coders, as a table of counts or proportions [first coder's category][second's].
using Confusion = std::vector<std::vector<double>>;
Confusion confusion(const Ratings& ratings, int first_coder, int second_coder);
// Cohen 1960; standard error of Fleiss, Cohen & Everitt 1969 (Psychol. Bull. 72:323).
MaybeCoefficient cohen_kappa(const Confusion& table);
// Standard error under the hypothesis of chance agreement alone (same paper), for a test of κ = 0.
double cohen_kappa_null_error(const Confusion& table);
// Cohen 1968 with agreement weights 1 − |i−j|/(q−1) (linear) or 1 − (i−j)²/(q−1)² (quadratic).
enum class Weights { kLinear, kQuadratic };
MaybeCoefficient weighted_kappa(const Confusion& table, Weights weights);
// Cohen 1968 with weights of disagreement of one's own: 0 where categories agree, more the further they are apart.
MaybeCoefficient weighted_kappa(const Confusion& table, const Confusion& disagreement);
MaybeCoefficient scott_pi(const Confusion& table);  // Scott 1955

// Any number of coders. Units with one rating leave the agreement seen but stay in the chance (Gwet 2014; irrCAC).
MaybeCoefficient fleiss_kappa(const Ratings& ratings);  // Fleiss 1971
// Standard error under chance agreement alone (Fleiss, Nee & Landis 1979, Psychol. Bull. 86:974); every unit has as
// many ratings as there are coders.
double fleiss_kappa_null_error(const Ratings& ratings);
MaybeCoefficient conger_kappa(const Ratings& ratings);      // Conger 1980: coders keep their own habits
MaybeCoefficient brennan_prediger(const Ratings& ratings);  // Brennan & Prediger 1981
MaybeCoefficient gwet_ac1(const Ratings& ratings);          // Gwet 2008; categories available, used or not
double percent_agreement(const Ratings& ratings);  // of pairs on units with two ratings or more; NaN without one

// Circular: values go round, the smallest follows the largest. Bipolar: a step counts more near the ends of the scale,
// which are the smallest and the largest value.
enum class Metric { kNominal, kOrdinal, kInterval, kRatio, kCircular, kBipolar };
// Krippendorff's α (2011, "Computing Krippendorff's Alpha-Reliability"). `values[c]` is what category c measures;
// empty: its number plus one. Units with fewer than two ratings are dropped before anything is counted. The standard
// error is Gwet's (2014, ch. 4), for the nominal metric alone.
MaybeCoefficient krippendorff_alpha(const Ratings& ratings, Metric metric = Metric::kNominal,
                                    const std::vector<double>& values = {});

}  // namespace understory::statistics
