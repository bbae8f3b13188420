// Reference values and properties of shares, tests, associations and resampling.
#include <gtest/gtest.h>

#include <cmath>

#include "statistics/association.h"
#include "statistics/bootstrap.h"
#include "statistics/clusters.h"
#include "statistics/distinctive_words.h"
#include "statistics/network.h"
#include "statistics/ordinal.h"
#include "statistics/random.h"
#include "statistics/saturation.h"
#include "statistics/tables.h"

namespace understory::statistics {

TEST(Random, TheSameSeedDrawsTheSameForEver) {  // computed from the authors' definition; an answer's seed depends on it
  Random random(42);
  EXPECT_EQ(random.next(), 0x15780b2e0c2ec716u);
  EXPECT_EQ(random.next(), 0x6104d9866d113a7eu);
}

TEST(Random, BoundedDrawsAreEvenAndInside) {
  Random random(1);
  std::vector<int> seen(7, 0);
  for (int i = 0; i < 70000; ++i) ++seen.at(random.below(7));
  for (int count : seen) EXPECT_NEAR(count, 10000, 400);
  EXPECT_EQ(random.below(1), 0u);
  for (int i = 0; i < 1000; ++i) {
    const double unit = random.unit();
    EXPECT_TRUE(unit >= 0 && unit < 1);
  }
}

TEST(Proportions, WilsonHasNewcombesPublishedValues) {  // Newcombe 1998, Stat. Med. 17:857, table I
  const struct {
    double k, n, low, high;
  } published[] = {{81, 263, .2553, .3662},
                   {15, 148, .0624, .1605},
                   {0, 20, 0, .1611},
                   {1, 29, .0061, .1718},
                   {8, 10, .4902, .9433}};
  for (const auto& each : published) {
    const Bounds bounds = wilson(each.k, each.n);
    EXPECT_NEAR(bounds.low, each.low, 5e-5);
    EXPECT_NEAR(bounds.high, each.high, 5e-5);
  }
}

TEST(Proportions, IntervalsHoldTheShareAndStayBetweenNothingAndAll) {
  for (int n = 1; n <= 40; ++n)
    for (int k = 0; k <= n; ++k) {
      const double p = static_cast<double>(k) / n;
      const Bounds w = wilson(k, n), a = agresti_coull(k, n), mirrored = wilson(n - k, n);
      EXPECT_LE(0, w.low);
      EXPECT_LE(w.low, p);
      EXPECT_LE(p, w.high);
      EXPECT_LE(w.high, 1);
      EXPECT_NEAR(w.low, 1 - mirrored.high, 1e-12);
      if (k < n) EXPECT_LT(w.low, wilson(k + 1, n).low + 1e-15);
      EXPECT_LE(a.low, w.low + 1e-12);  // Agresti & Coull's is never the narrower
      EXPECT_GE(a.high, w.high - 1e-12);
    }
  EXPECT_EQ(wilson(0, 0).high, 1);
}

TEST(Proportions, NewcombesDifferenceHasThePublishedValues) {  // Newcombe 1998, Stat. Med. 17:873, table II, method 10
  const struct {
    double a, m, b, n, d, low, high;
  } published[] = {{56, 70, 48, 80, .2, .0524, .3339},
                   {9, 10, 3, 10, .6, .1705, .8090},
                   {10, 10, 0, 10, 1, .6075, 1},
                   {10, 10, 0, 20, 1, .6791, 1}};
  for (const auto& each : published) {
    const Difference difference = newcombe(each.a, each.m, each.b, each.n);
    EXPECT_NEAR(difference.value, each.d, 1e-12);
    EXPECT_NEAR(difference.bounds.low, each.low, 5e-5);
    EXPECT_NEAR(difference.bounds.high, each.high, 5e-5);
  }
}

TEST(Proportions, RiskRatioWithItsLogInterval) {  // by hand: exp(ln 2 ± 1.96 √(1/20 − 1/100 + 1/10 − 1/100))
  const auto ratio = risk_ratio(20, 100, 10, 100);
  EXPECT_NEAR(ratio->value, 2, 1e-12);
  EXPECT_NEAR(ratio->bounds.low, 2 * std::exp(-kZ95 * std::sqrt(.13)), 1e-9);
  EXPECT_NEAR(ratio->bounds.high, 2 * std::exp(kZ95 * std::sqrt(.13)), 1e-9);
  EXPECT_FALSE(risk_ratio(5, 10, 0, 10));
  EXPECT_EQ(risk_ratio(0, 10, 5, 10)->value, 0);
  EXPECT_LT(risk_ratio(0, 10, 5, 10)->bounds.high, 2);
}

TEST(Proportions, SignTest) {
  EXPECT_NEAR(sign_test(9, 1), 2 * 11.0 / 1024, 1e-12);
  EXPECT_EQ(sign_test(0, 0), 1);
  EXPECT_EQ(sign_test(5, 5), 1);
}

TEST(Ordinal, TwoCategoriesAreTheOddsRatioOfAFourfoldTable) {  // with Woolf's standard error
  const auto shift = cumulative_logit({8, 12}, {15, 5});
  EXPECT_NEAR(shift->odds_ratio, 12.0 * 15 / (8 * 5), 1e-8);
  EXPECT_NEAR(shift->bounds.low, 4.5 * std::exp(-kZ95 * std::sqrt(1 / 8.0 + 1 / 12.0 + 1 / 15.0 + 1 / 5.0)), 1e-6);
}

TEST(Ordinal, MoreCategoriesHaveTheValuesOfStatsmodels) {  // OrderedModel(distr="logit"), 0.14
  const auto shift = cumulative_logit({5, 8, 9, 4}, {9, 7, 3, 2});
  EXPECT_NEAR(std::log(shift->odds_ratio), 1.087107, 2e-6);
  EXPECT_NEAR(std::log(shift->bounds.high / shift->odds_ratio) / kZ95, 0.554818, 0.01);  // its information is observed
  EXPECT_NEAR(std::log(cumulative_logit({13, 1, 0}, {12, 30, 29})->odds_ratio), -4.181145, 2e-6);
  // Turning the groups or the scale turns the sign; a category nobody stands in changes nothing.
  EXPECT_NEAR(cumulative_logit({9, 7, 3, 2}, {5, 8, 9, 4})->odds_ratio, 1 / shift->odds_ratio, 1e-8);
  EXPECT_NEAR(cumulative_logit({4, 9, 8, 5}, {2, 3, 7, 9})->odds_ratio, 1 / shift->odds_ratio, 1e-8);
  EXPECT_NEAR(cumulative_logit({5, 8, 0, 9, 4}, {9, 7, 0, 3, 2})->p, shift->p, 1e-12);
}

TEST(Ordinal, NothingWhereThereIsNothingToCompare) {
  EXPECT_EQ(cumulative_logit({0, 0, 0}, {1, 2, 3}).error(), NoShift::kNothingToCompare);
  EXPECT_EQ(cumulative_logit({5, 0, 0}, {7, 0, 0}).error(), NoShift::kNothingToCompare);
  EXPECT_EQ(cumulative_logit({5, 0, 0}, {0, 4, 7}).error(), NoShift::kApart);  // the ratio has no bound
  EXPECT_NEAR(cumulative_logit({5, 5, 5}, {5, 5, 5})->odds_ratio, 1, 1e-9);
}

TEST(Clusters, NinetySixPeopleInTwelveGroupsOfEight) {  // ρ = .2 → design effect 2.4, effective n 40
  const std::vector<Cluster> groups(12, Cluster{8, 3});
  EXPECT_NEAR(design_effect(groups, .2), 2.4, 1e-12);
  EXPECT_NEAR(96 / design_effect(groups, .2), 40, 1e-12);
}

TEST(Clusters, AnovaEstimatorByHand) {
  // Two groups of four, 4 and 0 successes: MSB = 2, MSW = 0 → ρ = 1. Then 3 and 1: MSB = .5, MSW = 1.5/6 = .25 → 1/5.
  EXPECT_NEAR(*intra_class_correlation({{4, 4}, {4, 0}}), 1, 1e-12);
  EXPECT_NEAR(*intra_class_correlation({{4, 3}, {4, 1}}), .25 / 1.25, 1e-12);
  EXPECT_EQ(*intra_class_correlation({{4, 2}, {4, 2}}), 0);  // negative, cut
  EXPECT_FALSE(intra_class_correlation({{1, 1}, {1, 0}}));
  EXPECT_FALSE(intra_class_correlation({{4, 0}, {4, 0}}));
}

TEST(Clusters, ThePooledCorrelationAddsSumsOfSquaresBeforeItDivides) {
  // Two items in two groups of four: (4, 0) gives SSB 2, SSW 0; (3, 1) gives SSB .5, SSW 1.5. MSB = 1.25, MSW = .125.
  EXPECT_NEAR(*pooled_correlation({{{4, 4}, {4, 0}}, {{4, 3}, {4, 1}}}), (1.25 - .125) / (1.25 + 3 * .125), 1e-12);
  EXPECT_NEAR(*pooled_correlation({{{4, 3}, {4, 1}}, {{4, 0}, {4, 0}}}), *intra_class_correlation({{4, 3}, {4, 1}}),
              1e-12);
  EXPECT_FALSE(pooled_correlation({{{1, 1}, {1, 0}}}));
  EXPECT_NEAR(clustered_share(std::vector<Cluster>(12, Cluster{8, 3}), .2).effective_n, 40, 1e-12);
}

TEST(Clusters, PeopleAskedOneByOneGiveWilsonsInterval) {
  std::vector<Cluster> alone(10, Cluster{1, 1});
  alone[0].successes = alone[1].successes = 0;
  const ClusteredShare share = clustered_share(alone);
  EXPECT_EQ(share.design_effect, 1);
  EXPECT_NEAR(share.bounds.low, .4902, 5e-5);
  EXPECT_NEAR(share.bounds.high, .9433, 5e-5);
}

TEST(Clusters, WhereAllSayTheSameEachGroupCountsAsOnePerson) {
  const ClusteredShare share = clustered_share(std::vector<Cluster>(5, Cluster{8, 0}));
  EXPECT_EQ(share.effective_n, 5);
  EXPECT_EQ(share.bounds.high, wilson(0, 5).high);
  EXPECT_EQ(clustered_share({}).effective_n, 0);
}

TEST(Tables, FisherHasThePublishedValues) {
  EXPECT_NEAR(fisher_exact(3, 1, 1, 3), .4857, 5e-5);     // the lady tasting tea, two-sided
  EXPECT_NEAR(fisher_exact(1, 9, 11, 3), .002759, 5e-7);  // Wikipedia's dieting table
  EXPECT_EQ(fisher_exact(0, 0, 5, 3), 1);
}

TEST(Tables, ExactChiSquaredOfATwoByTwoOrdersTablesLikeFisherDoesHere) {
  const ChiSquared tested = chi_squared({{1, 9}, {11, 3}}, 1);
  EXPECT_TRUE(tested.exact);
  EXPECT_NEAR(tested.p, .002759, 5e-7);
  EXPECT_EQ(tested.degrees, 1);
}

TEST(Tables, MonteCarloComesCloseToTheExactValue) {
  const std::vector<std::vector<std::int64_t>> narrow{{4, 8}, {9, 4}, {2, 10}}, wide{{4, 8, 0}, {9, 3, 1}, {2, 9, 1}};
  const ChiSquared exact = chi_squared(narrow, 1);
  ASSERT_TRUE(exact.exact);
  EXPECT_NEAR(exact.statistic, 7.535120435, 1e-8);  // by hand: Σ (o − e)² / e
  const ChiSquared drawn = chi_squared(wide, 5, 20000), again = chi_squared(wide, 5, 20000);
  EXPECT_FALSE(drawn.exact);
  EXPECT_EQ(drawn.p, again.p);
  EXPECT_GT(drawn.p, 0);
  EXPECT_LT(drawn.p, .1);
}

TEST(Tables, LargeTablesOfTwoColumnsAreDrawn) {
  std::vector<std::vector<std::int64_t>> table;
  for (int i = 0; i < 7; ++i) table.push_back({8 + i % 3, 16 - i % 3});
  const ChiSquared tested = chi_squared(table, 3, 4000);
  EXPECT_FALSE(tested.exact);
  EXPECT_GT(tested.p, .9);
  table[0] = {24, 0};
  table[1] = {0, 24};
  EXPECT_NEAR(chi_squared(table, 3, 4000).p, 1.0 / 4001, 1e-9);
}

TEST(Tables, EmptyRowsAndColumnsLeaveNothingToTest) {
  EXPECT_EQ(chi_squared({}, 1).p, 1);
  EXPECT_EQ(chi_squared({{3, 0}, {5, 0}}, 1).p, 1);
  EXPECT_EQ(chi_squared({{3, 4}, {0, 0}}, 1).p, 1);
}

TEST(Tables, BenjaminiAndHochbergsOwnFifteenPValues) {  // JRSS B 57:289, §4.1: four rejected
  const std::vector<double> p{.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344,
                              .0459, .3240, .4262, .5719, .6528, .7590, 1};
  const Adjusted adjusted = benjamini_hochberg(p);
  EXPECT_EQ(std::count(adjusted.rejected.begin(), adjusted.rejected.end(), true), 4);
  EXPECT_NEAR(adjusted.p[0], .0015, 1e-12);
  EXPECT_NEAR(adjusted.p[3], .035625, 1e-12);
  EXPECT_EQ(adjusted.p[14], 1);
  EXPECT_TRUE(benjamini_hochberg({}).p.empty());
}

TEST(Association, ByHand) {
  const Together counts{6, 10, 12, 40};
  EXPECT_NEAR(jaccard(counts), 6.0 / 16, 1e-12);
  EXPECT_NEAR(lift(counts), 6.0 * 40 / 120, 1e-12);
  EXPECT_NEAR(phi(counts), (6.0 * 24 - 4.0 * 6) / std::sqrt(10.0 * 30 * 12 * 28), 1e-12);
  EXPECT_TRUE(std::isnan(jaccard({0, 0, 0, 10})));
  EXPECT_TRUE(std::isnan(phi({10, 10, 10, 10})));
}

TEST(Association, HypergeometricTailByHand) {  // two cards of four aces drawn from a pack: P(both aces)
  EXPECT_NEAR(hypergeometric_tail(2, 4, 2, 52), 4.0 * 3 / (52 * 51), 1e-12);
  EXPECT_NEAR(hypergeometric_tail(0, 4, 2, 52), 1, 1e-12);
}

TEST(DistinctiveWords, AWordOfOneGroupStandsOutAndSwappingGroupsTurnsTheSign) {
  const std::vector<WordCount> counts{{"debt", 40, 10, 5}, {"school", 10, 42, 5}, {"the", 500, 505, 100}};
  const auto found = distinctive_words(counts);
  EXPECT_GT(found[0].z, 1.96);
  EXPECT_LT(found[1].z, -1.96);
  EXPECT_LT(std::abs(found[2].z), 1.96);
  // Equation 16 by hand for "debt": y1 = 45 of 660, y2 = 15 of 667.
  const double delta = std::log(45.0 / (660 - 45)) - std::log(15.0 / (667 - 15));
  EXPECT_NEAR(found[0].log_odds, delta, 1e-12);
  EXPECT_NEAR(found[0].z, delta / std::sqrt(1.0 / 45 + 1.0 / 15), 1e-12);
  std::vector<WordCount> swapped = counts;
  for (WordCount& each : swapped) std::swap(each.first, each.second);
  EXPECT_NEAR(distinctive_words(swapped)[0].log_odds, -found[0].log_odds, 1e-12);
}

TEST(Network, MaximumFlowHasTheTextbookValue) {  // Cormen, Leiserson, Rivest & Stein, §26.2: 23
  const std::vector<Channel> channels{{0, 1, 16}, {0, 2, 13}, {2, 1, 4},  {1, 3, 12}, {3, 2, 9},
                                      {2, 4, 14}, {4, 3, 7},  {3, 5, 20}, {4, 5, 4}};
  EXPECT_EQ(maximum_flow(6, channels, 0, 5), 23);
  EXPECT_EQ(maximum_flow(6, channels, 5, 0), 0);
  EXPECT_EQ(maximum_flow(6, channels, 1, 1), 0);
  EXPECT_EQ(maximum_flow(2, {{0, 1, 2}, {0, 1, 3}}, 0, 1), 5);  // side by side
}

TEST(Saturation, GuestNameyAndChensWayOfCounting) {
  // Base of 4 sources: 10 codes. Sources 5 and 6 bring one new: 10 %. 6 and 7 none: saturated after 5.
  const std::vector<std::vector<int>> codes{{0, 1, 2}, {2, 3, 4, 5}, {6, 7}, {8, 9, 0}, {10, 1}, {2, 3}, {4, 4}};
  const Saturation found = saturation(codes);
  EXPECT_EQ(found.base_codes, 10);
  ASSERT_EQ(found.runs.size(), 2u);
  EXPECT_NEAR(found.runs[0].ratio, .1, 1e-12);
  EXPECT_EQ(found.runs[1].new_codes, 0);
  EXPECT_EQ(found.reached, 5);
  EXPECT_EQ(found.cumulative, (std::vector<int>{3, 6, 8, 10, 11, 11, 11}));
  EXPECT_EQ(saturation({{1}, {2}}).base_codes, 0);
  EXPECT_EQ(saturation({{}, {}, {}, {}, {}, {}}).reached, 0);
}

namespace {

// `people` asked one by one in each stratum; item i is said by the first counts[s][i] of them.
Sample sample_of(int people, const std::vector<std::vector<int>>& counts) {
  Sample sample;
  sample.strata = static_cast<int>(counts.size());
  sample.items = static_cast<int>(counts[0].size());
  for (int s = 0; s < sample.strata; ++s)
    for (int p = 0; p < people; ++p) {
      sample.stratum.push_back(s);
      sample.cluster.push_back(s * people + p);
      for (int i = 0; i < sample.items; ++i) sample.said.push_back(p < counts[s][i]);
    }
  return sample;
}

}  // namespace

TEST(Bootstrap, TheSameSeedGivesTheSameAnswer) {
  const Sample sample = sample_of(24, {{13, 11, 4}, {14, 11, 2}});
  const Resampled one = resample(sample, 9, 500), two = resample(sample, 9, 500), other = resample(sample, 10, 500);
  EXPECT_EQ(one.overall[0].share.low, two.overall[0].share.low);
  EXPECT_EQ(one.p_first_everywhere, two.p_first_everywhere);
  EXPECT_NE(one.p_first_everywhere, other.p_first_everywhere);
}

TEST(Bootstrap, TheOrderOfPeopleDoesNotMatter) {
  const Sample sample = sample_of(24, {{13, 11, 4}, {14, 11, 2}});
  Sample turned = sample;
  for (int i = 0; i < sample.items; ++i)
    for (std::size_t p = 0; p < sample.stratum.size(); ++p) {
      const std::size_t other = sample.stratum.size() - 1 - p;
      turned.said[p * sample.items + i] = sample.said[other * sample.items + i];
      turned.stratum[p] = sample.stratum[other];
      turned.cluster[p] = sample.cluster[other];
    }
  const Resampled one = resample(sample, 9, 500), two = resample(turned, 9, 500);
  EXPECT_EQ(one.p_first_everywhere, two.p_first_everywhere);
  EXPECT_EQ(one.strata[1][2].share.high, two.strata[1][2].share.high);
}

TEST(Bootstrap, AClearFirstIsFirstEverywhere) {
  const Resampled drawn = resample(sample_of(200, {{180, 40, 20}, {170, 60, 10}}), 1, 1000);
  EXPECT_EQ(drawn.p_first_everywhere[0], 1);
  EXPECT_EQ(drawn.p_first_everywhere[1], 0);
  EXPECT_EQ(drawn.strata[0][0].rank_low, 1);
  EXPECT_EQ(drawn.strata[0][0].rank_high, 1);
  EXPECT_EQ(drawn.strata[1][2].rank_low, 3);
}

TEST(Bootstrap, EqualItemsShareTheFirstPlaceAndNeitherIsFirstAlone) {
  const Resampled drawn = resample(sample_of(20, {{10, 10}}), 1, 500);  // said by the very same people
  EXPECT_EQ(drawn.overall[0].p_first, 0);
  EXPECT_EQ(drawn.overall[0].p_tied_first, 1);
  EXPECT_EQ(drawn.overall[1].rank_high, 1);
}

TEST(Bootstrap, SharesSpreadAsTheBinomialDoes) {
  const Resampled drawn = resample(sample_of(100, {{50, 20}}), 3, 4000);
  EXPECT_NEAR(drawn.overall[0].share.low, .402, .015);  // .5 ± 1.96 · .05
  EXPECT_NEAR(drawn.overall[0].share.high, .598, .015);
}

TEST(Bootstrap, PeopleInterviewedTogetherAreDrawnTogether) {
  Sample sample = sample_of(40, {{20, 0}});
  for (std::size_t p = 0; p < sample.cluster.size(); ++p)
    sample.cluster[p] = static_cast<int>(p / 10);  // four groups of ten: all, all, none, none
  const Resampled drawn = resample(sample, 3, 2000);
  EXPECT_LE(drawn.overall[0].share.low, .25);
  EXPECT_GE(drawn.overall[0].share.high, .75);
}

TEST(Bootstrap, DifferencesOfPairsAndEmptyStrata) {
  Sample sample = sample_of(50, {{40, 10}});
  sample.strata = 2;  // nobody was asked in the second
  sample.pairs = {{0, 1}, {0, 0}};
  const Resampled drawn = resample(sample, 3, 1000);
  EXPECT_GT(drawn.differences[0].low, .4);
  EXPECT_LT(drawn.differences[0].high, .8);
  EXPECT_EQ(drawn.differences[1].low, 0);
  EXPECT_EQ(drawn.strata[1][0].rank_low, 0);
  EXPECT_GT(drawn.p_first_everywhere[0], .99);
}

TEST(Bootstrap, QuantilesInterpolate) {  // R: quantile(c(1, 2, 3, 4), c(.25, .5)) → 1.75, 2.5
  std::vector<double> values{4, 1, 3, 2};
  EXPECT_EQ(quantile(values, .25), 1.75);
  EXPECT_EQ(quantile(values, .5), 2.5);
  EXPECT_EQ(quantile(values, 1), 4);
}

}  // namespace understory::statistics
