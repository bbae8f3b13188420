// Reference values for stretches on a continuum (R14–R16) and for coding over characters.
#include "statistics/continuum.h"

#include <gtest/gtest.h>

#include "statistics/agreement.h"
#include "statistics/random.h"

namespace understory::statistics {

namespace {

constexpr double kTolerance = 5e-7;

Coincidences counted(const Continuum& continuum, int values) {
  Coincidences counts(values);
  counts.add(continuum);
  return counts;
}

}  // namespace

TEST(Continuum, R14KrippendorffsUnitizingExample) {  // Krippendorff 2004, p. 254; begins at 150
  const Continuum c{300, {{{75, 145}, {220, 250}}, {{70, 150}, {205, 225}, {250, 270}}}};
  const Continuum k{300, {{{30, 90}, {150, 200}}, {{30, 90}, {150, 200}}}};
  const UnitizingDisagreement of_c = alpha_u(c, 1), of_k = alpha_u(k, 1);
  EXPECT_NEAR(of_c.observed, 0.0144, 5e-5);
  EXPECT_NEAR(of_c.expected, 0.0532, 5e-5);
  EXPECT_NEAR(*of_c.alpha(), 0.7286, 5e-4);
  EXPECT_NEAR(of_k.expected, 0.0490, 5e-5);
  EXPECT_NEAR(*of_k.alpha(), 1, kTolerance);
  const UnitizingDisagreement both{of_c.observed + of_k.observed, of_c.expected + of_k.expected};
  EXPECT_NEAR(*both.alpha(), 0.8591, 5e-4);  // DKPro Statistics, Krippendorff2004Test
}

TEST(Continuum, R15ThreeCodersOneValueContiguousGaps) {
  const Continuum continuum{55, {{{3, 14}, {22, 52}}, {{3, 9}, {22, 52}}, {{22, 45}}}};
  EXPECT_NEAR(*u_alpha(counted(continuum, 1)), 0.585891, kTolerance);
  const Continuum inclusive{56, {{{3, 15}, {22, 53}}, {{3, 10}, {22, 53}}, {{22, 46}}}};
  EXPECT_NEAR(*u_alpha(counted(inclusive, 1)), 0.564545, kTolerance);  // why ends are exclusive here
}

TEST(Continuum, R16TheWholeFamily) {
  const Continuum continuum{20,
                            {{{2, 5, 1}, {9, 11, 1}, {12, 20, 2}}, {{2, 5, 1}, {7, 15, 2}}, {{2, 5, 1}, {10, 15, 2}}}};
  const Coincidences counts = counted(continuum, 2);
  EXPECT_NEAR(*u_alpha(counts), 0.473913, kTolerance);
  EXPECT_NEAR(*u_alpha_relevance(counts), 0.432812, 6e-7);
  EXPECT_NEAR(*u_alpha_coding(counts), 0.778882, kTolerance);
  EXPECT_NEAR(u_alpha_coverage(counts), 0.383, 5e-4);
  EXPECT_NEAR(*u_alpha_value(counts, 1), 0.769252, kTolerance);
  EXPECT_NEAR(*u_alpha_value(counts, 2), 0.786971, kTolerance);
}

TEST(Continuum, NvivosDocumentationExample) {  // 1,000 characters, 50 by both, 150 by one only
  const auto even = two_by_two({{0, 125}}, {{75, 200}}, 1000);
  EXPECT_EQ(even.both, 50);
  EXPECT_EQ(even.first, 75);
  EXPECT_EQ(even.second, 75);
  EXPECT_EQ(even.neither, 800);
  EXPECT_NEAR(*two_by_two_kappa(even), 0.3143, 5e-5);
  EXPECT_NEAR(*two_by_two_kappa(two_by_two({{0, 200}}, {{0, 50}}, 1000)), 0.3478, 5e-5);
  const Coincidences counts = counted({1000, {{{0, 125}}, {{75, 200}}}}, 1);
  EXPECT_NEAR(character_agreement(counts), 0.85, kTolerance);
  EXPECT_NEAR(*character_alpha(counts), 0.3146, 5e-5);
  EXPECT_NEAR(*character_ac1(counts), 0.808, 5e-4);
  EXPECT_NEAR(scott_pi({{800, 75}, {75, 50}})->value, 0.3143, 5e-5);
}

TEST(Continuum, ARareCodeLooksGoodOnlyInPercent) {
  const Coincidences counts = counted({1000, {{{0, 5}}, {{2, 7}}}}, 1);
  EXPECT_NEAR(character_agreement(counts), 0.996, 5e-4);
  EXPECT_NEAR(*two_by_two_kappa(two_by_two({{0, 5}}, {{2, 7}}, 1000)), 0.598, 5e-4);
  EXPECT_NEAR(*character_alpha(counts), 0.598, 5e-4);
  EXPECT_NEAR(*character_ac1(counts), 0.996, 5e-4);
}

TEST(Continuum, TouchingAndOverlappingStretchesOfOneValueAreOne) {
  const Coincidences apart = counted({50, {{{0, 10}, {10, 20}, {15, 30}}, {{5, 25}}}}, 1),
                     merged = counted({50, {{{0, 30}}, {{5, 25}}}}, 1);
  EXPECT_EQ(apart.squares, merged.squares);
  EXPECT_EQ(*u_alpha(apart), *u_alpha(merged));
  EXPECT_EQ(*u_alpha_relevance(apart), *u_alpha_relevance(merged));
}

TEST(Continuum, EmptyAndOutlyingStretchesCountForNothing) {
  const Coincidences odd = counted({50, {{{0, 10}, {20, 20}, {45, 90}, {-5, 3}, {60, 70}}, {{5, 25}}}}, 1),
                     plain = counted({50, {{{0, 10}, {45, 50}}, {{5, 25}}}}, 1);
  EXPECT_EQ(odd.length, plain.length);
  EXPECT_EQ(odd.squares, plain.squares);
}

TEST(Continuum, NobodyMarkedOrEverybodyMarkedEverythingIsNoVariation) {
  for (const Continuum& continuum : {Continuum{50, {{}, {}}}, Continuum{50, {{{0, 50}}, {{0, 50}}}}}) {
    const Coincidences counts = counted(continuum, 1);
    EXPECT_FALSE(character_alpha(counts));
    EXPECT_FALSE(u_alpha_relevance(counts));
    EXPECT_FALSE(two_by_two_kappa(two_by_two(continuum.coders[0], continuum.coders[1], 50)));
  }
  EXPECT_FALSE(alpha_u({50, {{}, {}}}, 1).alpha());
}

TEST(Continuum, OneCoderAddsNothing) {
  const Coincidences counts = counted({50, {{{0, 10}}}}, 1);
  EXPECT_EQ(counts.positions, 0);
  EXPECT_FALSE(u_alpha(counts));
  EXPECT_FALSE(character_ac1(counts));
}

// The sweep against the plain definition: one unit per character.
TEST(Continuum, CharactersCountedBySweepEqualCharactersCountedOneByOne) {
  Random random(11);
  for (int round = 0; round < 200; ++round) {
    const int length = 5 + static_cast<int>(random.below(60)), coders = 2 + static_cast<int>(random.below(4));
    Continuum continuum{length, {}};
    Ratings ratings{2, std::vector<std::vector<int>>(length, std::vector<int>(coders, 0))};
    for (int coder = 0; coder < coders; ++coder) {
      std::vector<Stretch> stretches;
      for (std::uint32_t i = random.below(4); i > 0; --i) {
        const int start = static_cast<int>(random.below(length)), end = start + static_cast<int>(random.below(10));
        stretches.push_back({start, end, 1});
        for (int at = start; at < std::min(end, length); ++at) ratings.units[at][coder] = 1;
      }
      continuum.coders.push_back(stretches);
    }
    const Coincidences counts = counted(continuum, 1);
    const auto alpha = krippendorff_alpha(ratings), ac1 = gwet_ac1(ratings);
    ASSERT_EQ(alpha.has_value(), character_alpha(counts).has_value());
    if (alpha) EXPECT_NEAR(*character_alpha(counts), alpha->value, 1e-9);
    if (ac1) EXPECT_NEAR(*character_ac1(counts), ac1->value, 1e-9);
    EXPECT_NEAR(character_agreement(counts), percent_agreement(ratings), 1e-9);
    if (coders == 2) {
      const auto kappa = cohen_kappa(confusion(ratings, 0, 1));
      const auto swept = two_by_two_kappa(two_by_two(continuum.coders[0], continuum.coders[1], length));
      ASSERT_EQ(kappa.has_value(), swept.has_value());
      if (kappa) EXPECT_NEAR(*swept, kappa->value, 1e-9);
    }
  }
}

TEST(Continuum, SumsOverTextsEqualTheSumOfTexts) {
  const Continuum first{30, {{{0, 10}}, {{2, 12}}}}, second{40, {{{5, 9}}, {{20, 25}}, {{6, 8}}}};
  Coincidences together(1), apart = counted(first, 1);
  together.add(first);
  together.add(second);
  apart += counted(second, 1);
  EXPECT_EQ(together.length, apart.length);
  EXPECT_EQ(together.squares, apart.squares);
  EXPECT_EQ(together.pair_agreement, apart.pair_agreement);
}

}  // namespace understory::statistics
