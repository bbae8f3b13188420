#include "statistics/one_vs_rest.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace understory::statistics {
namespace {

TEST(Grams, AreCharactersOfAnyScriptAndNeverCrossWhatIsHidden) {
  const std::vector<std::string_view> texts{"ជំពាក់បំណុល", "ជំពាក់បំណុល", "ab▮cd", "ab▮cd"};
  const GramVocabulary vocabulary(texts);
  const auto places = vocabulary.places_in("ជំពាក់");  // 6 characters of 3 bytes: 4 + 3 + 2 n-grams
  EXPECT_EQ(places.size(), 9u);
  for (const auto& place : places) EXPECT_EQ((place.end - place.start) % 3, 0u);
  EXPECT_TRUE(vocabulary.places_in("ab▮cd").empty());
}

TEST(Grams, WeighWhatIsRareMoreAndHaveLengthOne) {
  // "abc" stands in all four texts, "xyz" in two: idf ln(5/5)+1 = 1 and ln(5/3)+1 = 1.5108.
  const std::vector<std::string_view> texts{"abc", "abc", "abc xyz", "abc xyz"};
  const GramVocabulary vocabulary(texts, 2);
  const GramVector both = vocabulary.vector_of("xyz");
  ASSERT_EQ(both.features.size(), 1u);
  EXPECT_NEAR(both.weights[0], 1.0, 1e-6);
  const GramVector all = vocabulary.vector_of("abc xyz");
  double squares = 0;
  for (const float weight : all.weights) squares += double{weight} * weight;
  EXPECT_NEAR(squares, 1.0, 1e-6);
  EXPECT_NEAR(similarity(all, all), 1.0, 1e-6);
  const double abc = similarity(all, vocabulary.vector_of("abc")), xyz = similarity(all, both);
  EXPECT_NEAR(xyz / abc, std::log(5.0 / 3.0) + 1.0, 1e-5);
  EXPECT_TRUE(vocabulary.vector_of("qrs").features.empty());
}

TEST(OneVsRest, LearnsSeveralClassesAtOnceAndTheSameTwice) {
  std::vector<GramVector> texts;
  std::vector<std::vector<int>> classes;
  // Features 0 and 1 tell the classes, 2 tells nothing, a text may belong to both or none.
  for (int i = 0; i < 40; ++i) {
    const bool first = i % 2, second = i % 4 < 2;
    GramVector text;
    if (first) text.features.push_back(0);
    if (second) text.features.push_back(1);
    text.features.push_back(2);
    text.weights.assign(text.features.size(), 1.0f / std::sqrt(static_cast<float>(text.features.size())));
    texts.push_back(text);
    std::vector<int> own;
    if (first) own.push_back(0);
    if (second) own.push_back(1);
    classes.push_back(own);
  }
  const OneVsRest model(texts, classes, 2, 3), again(texts, classes, 2, 3);
  const OneVsRest other(texts, classes, 2, 3, {.seed = 2});
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::vector<double> chances = model.chances(texts[i]);
    EXPECT_EQ(chances, again.chances(texts[i]));
    for (int of_class = 0; of_class < 2; ++of_class) {
      const bool is = std::find(classes[i].begin(), classes[i].end(), of_class) != classes[i].end();
      EXPECT_EQ(chances[of_class] > 0.5, is) << i << " " << of_class;
    }
  }
  EXPECT_GT(model.weight(0, 0), 1.0);
  EXPECT_LT(std::abs(model.weight(1, 0)), 1.0);
  EXPECT_NE(model.chances(texts[0]), other.chances(texts[0]));
}

TEST(OneVsRest, LearnsNothingFromNothing) {
  const OneVsRest model({}, {}, 1, 0);
  EXPECT_DOUBLE_EQ(model.chances({})[0], 0.5);
}

}  // namespace
}  // namespace understory::statistics
