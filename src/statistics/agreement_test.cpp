// Reference values for agreement. "R1" … "R13" name the data sets; each says where its value was published.
#include "statistics/agreement.h"

#include <gtest/gtest.h>

#include <numeric>

#include "statistics/random.h"

namespace understory::statistics {

namespace {

constexpr double kTolerance = 5e-7;
constexpr int x = kMissing;

// One text per coder, a character per unit; "·" written as "." is missing.
Ratings by_coder(const std::vector<std::string>& coders, const std::string& categories) {
  Ratings ratings{static_cast<int>(categories.size()),
                  std::vector<std::vector<int>>(coders[0].size(), std::vector<int>(coders.size(), kMissing))};
  for (std::size_t c = 0; c < coders.size(); ++c)
    for (std::size_t u = 0; u < coders[c].size(); ++u)
      if (const std::size_t at = categories.find(coders[c][u]); at != std::string::npos)
        ratings.units[u][c] = static_cast<int>(at);
  return ratings;
}

// Counts of coders per category → units; which coder said what does not matter to the coefficients it is used for.
Ratings by_counts(const std::vector<std::vector<int>>& counts) {
  Ratings ratings{static_cast<int>(counts[0].size()), {}};
  int coders = 0;
  for (const auto& row : counts) coders = std::max(coders, std::accumulate(row.begin(), row.end(), 0));
  for (const auto& row : counts) {
    std::vector<int> unit;
    for (std::size_t k = 0; k < row.size(); ++k) unit.insert(unit.end(), row[k], static_cast<int>(k));
    unit.resize(coders, kMissing);
    ratings.units.push_back(unit);
  }
  return ratings;
}

Ratings krippendorff_c() { return by_coder({"123321412...", "1233224125.3", ".3332342251.", "12332441251."}, "12345"); }
Ratings raw_four_raters() {
  return by_coder({"123321412...", "1233224125..", ".33323422513", "12332441251."}, "12345");
}

Ratings diagnoses() {
  const std::string rows =
      "444444 222555 233335 555555 222444 113333 333355 113334 114444 555555 144444 124444 222333 144444 224445 333335 "
      "111455 111112 224444 133555 "
      "555555 244444 224555 114444 144445 222224 111155 224444 133333 555555";
  Ratings ratings{5, {}};
  for (std::size_t at = 0; at < rows.size(); at += 7) {
    std::vector<int> unit;
    for (int i = 0; i < 6; ++i) unit.push_back(rows[at + i] - '1');
    ratings.units.push_back(unit);
  }
  return ratings;
}

}  // namespace

TEST(Agreement, R1KrippendorffsFourObserversHaveThePublishedAlphaInEveryMetric) {
  const Ratings ratings = krippendorff_c();
  EXPECT_NEAR(krippendorff_alpha(ratings)->value, 0.743421052632, kTolerance);              // NLTK test_disagreement.py
  EXPECT_NEAR(krippendorff_alpha(ratings, Metric::kOrdinal)->value, 0.815388, kTolerance);  // Krippendorff 2011
  EXPECT_NEAR(krippendorff_alpha(ratings, Metric::kInterval)->value, 0.849107, kTolerance);
  EXPECT_NEAR(krippendorff_alpha(ratings, Metric::kRatio)->value, 0.797403, kTolerance);
}

TEST(Agreement, CircularAndBipolarMetricsOnTheSameData) {  // computed apart, pair by pair, from the definitions of 2011
  const Ratings ratings = krippendorff_c();
  EXPECT_NEAR(krippendorff_alpha(ratings, Metric::kCircular)->value, 0.789980, kTolerance);
  EXPECT_NEAR(krippendorff_alpha(ratings, Metric::kBipolar)->value, 0.834991, kTolerance);
  // On a circle of five the first and the last are neighbours; on a line they are furthest apart.
  const Ratings ends{5, {{0, 4}, {1, 1}, {2, 2}, {3, 3}}};
  EXPECT_GT(krippendorff_alpha(ends, Metric::kCircular)->value, krippendorff_alpha(ends, Metric::kInterval)->value);
}

TEST(Agreement, AUnitOnlyOneCoderRatedChangesNothingInAlpha) {
  Ratings ratings = krippendorff_c();
  std::erase_if(ratings.units,
                [](const std::vector<int>& unit) { return std::count(unit.begin(), unit.end(), kMissing) > 2; });
  EXPECT_EQ(ratings.units.size(), 11u);
  EXPECT_NEAR(krippendorff_alpha(ratings)->value, 0.743421052632, kTolerance);
}

TEST(Agreement, MissingIsNoCategory) {  // NLTK issues 2865 and 2732: 0.333 where 1 is right
  const Ratings ratings{2, {{0, 0, x}, {1, x, 1}, {x, 0, 0}}};
  EXPECT_NEAR(krippendorff_alpha(ratings)->value, 1, kTolerance);
}

TEST(Agreement, R2IrrcacRawFourRatersWithStandardErrors) {  // irrCAC overview vignette
  const Ratings ratings = raw_four_raters();
  EXPECT_NEAR(percent_agreement(ratings), 0.8181818, kTolerance);
  EXPECT_NEAR(gwet_ac1(ratings)->value, 0.77544, 5e-6);
  EXPECT_NEAR(gwet_ac1(ratings)->standard_error, 0.14295, 5e-6);
  EXPECT_NEAR(fleiss_kappa(ratings)->value, 0.76117, 5e-6);
  EXPECT_NEAR(fleiss_kappa(ratings)->standard_error, 0.15302, 5e-6);
  EXPECT_NEAR(krippendorff_alpha(ratings)->value, 0.74342, 5e-6);
  EXPECT_NEAR(krippendorff_alpha(ratings)->standard_error, 0.14548, 5e-6);
  EXPECT_NEAR(conger_kappa(ratings)->value, 0.76282, 5e-6);
  EXPECT_NEAR(brennan_prediger(ratings)->value, 0.77273, 5e-6);
}

TEST(Agreement, R3AndR4KrippendorffsTwoObservers) {  // Krippendorff 2011, A and B
  EXPECT_NEAR(krippendorff_alpha(by_coder({"0100000010", "1110010000"}, "01"))->value, 0.095238, kTolerance);
  EXPECT_NEAR(krippendorff_alpha(by_coder({"aabbdcccedda", "babbbccceddd"}, "abcde"))->value, 0.691964, kTolerance);
}

TEST(Agreement, R5ThreeCodersFifteenUnitsNominalAndInterval) {  // Wikipedia, "Krippendorff's alpha"
  const Ratings ratings = by_coder({".....34121133.3", "1.213343.......", "..21344.21133.4"}, "1234");
  EXPECT_NEAR(krippendorff_alpha(ratings)->value, 0.691358, kTolerance);
  EXPECT_NEAR(krippendorff_alpha(ratings, Metric::kInterval)->value, 0.810845, kTolerance);
}

TEST(Agreement, R6AlphaMayBeBelowZero) {  // NLTK test_easy
  const Ratings ratings{2, {{0, 1, 1}, {0, 1, x}, {x, x, 1}}};
  EXPECT_NEAR(krippendorff_alpha(ratings)->value, -0.333333, kTolerance);
}

TEST(Agreement, R7ThreeAbstractors) {  // irrCAC cont3x3abstractors
  const Confusion table{{13, 0, 0}, {0, 20, 7}, {0, 4, 56}};
  EXPECT_NEAR(cohen_kappa(table)->value, 0.7964094, kTolerance);
  EXPECT_NEAR(cohen_kappa(table)->standard_error, 0.05891072, kTolerance);
  EXPECT_NEAR(scott_pi(table)->value, 0.7962397, kTolerance);
  Ratings ratings{3, {}};
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j)
      ratings.units.insert(ratings.units.end(), static_cast<std::size_t>(table[i][j]), {i, j});
  EXPECT_NEAR(gwet_ac1(ratings)->value, 0.8493305, kTolerance);
  EXPECT_NEAR(brennan_prediger(ratings)->value, 0.835, kTolerance);
  EXPECT_NEAR(krippendorff_alpha(ratings)->value, 0.7972585, kTolerance);
  EXPECT_NEAR(percent_agreement(ratings), 0.89, kTolerance);
  EXPECT_NEAR(cohen_kappa(confusion(ratings, 0, 1))->value, 0.7964094, kTolerance);
}

TEST(Agreement, R8SasTableWithErrorsUnderBothHypotheses) {  // SAS FREQ by way of statsmodels
  const Confusion table{{0, 4, 1}, {0, 8, 0}, {0, 1, 5}};
  EXPECT_NEAR(cohen_kappa(table)->value, 0.4842, 5e-5);
  EXPECT_NEAR(cohen_kappa(table)->standard_error, 0.1380, 5e-5);
  EXPECT_NEAR(cohen_kappa_null_error(table), 0.1484, 5e-5);
  EXPECT_NEAR(cohen_kappa(table)->value / cohen_kappa_null_error(table), 3.2626, 5e-4);
  EXPECT_NEAR(cohen_kappa(table)->value - 1.959963985 * cohen_kappa(table)->standard_error, 0.2137, 5e-5);
  EXPECT_NEAR(cohen_kappa(table)->value + 1.959963985 * cohen_kappa(table)->standard_error, 0.7547, 5e-5);
  EXPECT_NEAR(weighted_kappa(table, Weights::kLinear)->value, 0.4701, 5e-5);
}

TEST(Agreement, R9CohensProportions) {  // Cohen 1968
  const Confusion table{{.44, .07, .09}, {.05, .20, .05}, {.01, .03, .06}};
  EXPECT_NEAR(cohen_kappa(table)->value, 0.491525, kTolerance);
  EXPECT_NEAR(weighted_kappa(table, {{0, 1, 3}, {1, 0, 6}, {3, 6, 0}})->value, 0.348, 5e-4);
}

TEST(Agreement, R10FleissPsychiatricDiagnoses) {  // Fleiss 1971
  const Ratings ratings = diagnoses();
  std::vector<int> columns(5, 0);
  for (const auto& unit : ratings.units)
    for (int category : unit) ++columns[category];
  EXPECT_EQ(columns, (std::vector<int>{26, 26, 30, 55, 43}));
  EXPECT_NEAR(fleiss_kappa(ratings)->value, 0.4302445, kTolerance);
  EXPECT_NEAR(fleiss_kappa(ratings)->value / fleiss_kappa_null_error(ratings), 17.65183, 5e-6);  // irr's z
  EXPECT_NEAR(cohen_kappa(confusion(ratings, 0, 1))->value, 0.651163, kTolerance);
  EXPECT_NEAR(krippendorff_alpha(ratings)->value, 0.433410, kTolerance);
  EXPECT_NEAR(gwet_ac1(ratings)->value, 0.447885, kTolerance);
}

TEST(Agreement, R11FleissWikipediaTable) {
  const Ratings ratings = by_counts({{0, 0, 0, 0, 14},
                                     {0, 2, 6, 4, 2},
                                     {0, 0, 3, 5, 6},
                                     {0, 3, 9, 2, 0},
                                     {2, 2, 8, 1, 1},
                                     {7, 7, 0, 0, 0},
                                     {3, 2, 6, 3, 0},
                                     {2, 5, 3, 2, 2},
                                     {6, 5, 2, 1, 0},
                                     {0, 2, 2, 3, 7}});
  EXPECT_NEAR(fleiss_kappa(ratings)->value, 0.209931, kTolerance);
}

TEST(Agreement, R12SixPsychiatristsFifteenPatients) {  // irrCAC distrib.6raters
  const Ratings ratings = by_counts({{0, 0, 0, 6, 0},
                                     {0, 3, 0, 0, 3},
                                     {0, 1, 4, 0, 1},
                                     {0, 0, 0, 0, 6},
                                     {0, 3, 0, 3, 0},
                                     {2, 0, 4, 0, 0},
                                     {0, 0, 4, 0, 2},
                                     {2, 0, 3, 1, 0},
                                     {2, 0, 0, 4, 0},
                                     {0, 0, 0, 0, 6},
                                     {1, 0, 0, 5, 0},
                                     {1, 1, 0, 4, 0},
                                     {0, 3, 3, 0, 0},
                                     {1, 0, 0, 5, 0},
                                     {0, 2, 0, 3, 1}});
  EXPECT_NEAR(gwet_ac1(ratings)->value, 0.4448007, kTolerance);
  EXPECT_NEAR(fleiss_kappa(ratings)->value, 0.4139265, kTolerance);
  EXPECT_NEAR(krippendorff_alpha(ratings)->value, 0.4204384, kTolerance);
  EXPECT_NEAR(brennan_prediger(ratings)->value, 0.4388889, kTolerance);
}

TEST(Agreement, R13RandolphsFixedAndFreeMargins) {  // justusrandolph.net/kappa by way of statsmodels
  EXPECT_NEAR(fleiss_kappa(by_counts({{7, 1}, {3, 5}}))->value, 0.161905, kTolerance);
  EXPECT_NEAR(brennan_prediger(by_counts({{7, 1}, {3, 5}}))->value, 0.214286, kTolerance);
  EXPECT_NEAR(fleiss_kappa(by_counts({{6, 1, 0}, {0, 7, 0}}))->value, 0.708333, kTolerance);
  EXPECT_NEAR(brennan_prediger(by_counts({{6, 1, 0}, {0, 7, 0}}))->value, 0.785714, kTolerance);
}

TEST(Agreement, WithoutVariationThereIsNoCoefficient) {
  const Ratings same{2, {{1, 1}, {1, 1}, {1, 1}}};
  EXPECT_FALSE(krippendorff_alpha(same));
  EXPECT_FALSE(fleiss_kappa(same));
  EXPECT_FALSE(cohen_kappa(confusion(same, 0, 1)));
  EXPECT_FALSE(conger_kappa(same));
  EXPECT_FALSE(scott_pi(confusion(same, 0, 1)));
}

TEST(Agreement, OneCoderAloneAgreesWithNobody) {
  const Ratings alone{2, {{0}, {1}, {0}}};
  EXPECT_FALSE(krippendorff_alpha(alone));
  EXPECT_FALSE(fleiss_kappa(alone));
  EXPECT_FALSE(gwet_ac1(alone));
  EXPECT_TRUE(std::isnan(percent_agreement(alone)));
  EXPECT_FALSE(krippendorff_alpha(Ratings{2, {}}));
}

TEST(Agreement, RenamingCategoriesChangesNothing) {
  Random random(7);
  for (int round = 0; round < 200; ++round) {
    Ratings ratings{4, {}}, renamed{4, {}};
    const int other[] = {2, 0, 3, 1};
    for (int u = 0; u < 12; ++u) {
      std::vector<int> unit, changed;
      for (int c = 0; c < 3; ++c) {
        const int category = static_cast<int>(random.below(5)) - 1;
        unit.push_back(category);
        changed.push_back(category < 0 ? category : other[category]);
      }
      ratings.units.push_back(unit);
      renamed.units.push_back(changed);
    }
    const auto a = krippendorff_alpha(ratings), b = krippendorff_alpha(renamed);
    ASSERT_EQ(a.has_value(), b.has_value());
    if (a) {
      EXPECT_NEAR(a->value, b->value, 1e-12);
      EXPECT_LE(a->value, 1 + 1e-12);
    }
    const auto f = gwet_ac1(ratings), g = gwet_ac1(renamed);
    if (f) EXPECT_NEAR(f->value, g->value, 1e-12);
  }
}

}  // namespace understory::statistics
