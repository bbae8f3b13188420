#include "study/machine_coder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "statistics/random.h"
#include "study/coding.h"
#include "study/evidence.h"
#include "study/suggestions.h"
#include "testing/studies.h"

namespace understory::study {
namespace {

// A made-up language: passages about debt hold its words, others others; `noise` of them are coded the other way.
std::vector<PassageToLearn> invented(int sources, double noise) {
  const std::vector<std::string> debt{"owes money", "the loan", "moneylender came", "interest grew", "borrowed rice"};
  const std::vector<std::string> other{"the school", "rain fell", "market day", "her brother", "mango trees"};
  statistics::Random random(7);
  std::vector<PassageToLearn> passages;
  for (int source = 0; source < sources; ++source)
    for (int i = 0; i < 10; ++i) {
      const bool is = random.below(3) == 0;
      const auto& words = is ? debt : other;
      std::string text = words[random.below(5)] + " and " + words[random.below(5)] + " " + other[random.below(5)];
      const bool coded = random.unit() < noise ? !is : is;
      passages.push_back(
          {source, source % 2 ? "en" : "km", text, true, coded ? std::vector<int>{0, 1} : std::vector<int>{}});
    }
  return passages;
}
const std::vector<int> kParents{-1, 0};
const std::vector<bool> kWanted{false, true};  // the code above only groups

TEST(MachineCoder, SaysHowWellItDoesOnWhatItHasNotSeen) {
  auto passages = invented(20, 0);
  passages.push_back({99, "en", "the moneylender came and interest grew", false, {}});
  passages.push_back({99, "en", "rain fell on the mango trees", false, {}});
  const auto learnt = learn(passages, kParents, kWanted);
  ASSERT_TRUE(learnt);
  ASSERT_EQ(learnt->lines.size(), 3u);  // the code, and in two languages
  const Measured& all = learnt->lines[0].measured;
  EXPECT_EQ(all.passages, 200);
  EXPECT_GT(all.f1(), 0.9);
  EXPECT_FALSE(learnt->lines[0].abstains);
  EXPECT_EQ(learnt->lines[1].measured.passages + learnt->lines[2].measured.passages, 200);
  ASSERT_FALSE(learnt->suggested.empty());
  const Suggested& suggested = learnt->suggested.back();
  EXPECT_EQ(suggested.passage, 200);
  EXPECT_EQ(suggested.code, 1);
  EXPECT_THAT(suggested.reason.words, testing::Contains("moneylender"));
  ASSERT_FALSE(suggested.reason.like.empty());
  for (const int like : suggested.reason.like) EXPECT_EQ(passages[like].codes, (std::vector<int>{0, 1}));
}

TEST(MachineCoder, AbstainsWhereItIsNotRightOftenEnough) {
  auto passages = invented(20, 0.5);  // coded by the toss of a coin
  passages.push_back({99, "en", "the moneylender came and interest grew", false, {}});
  const auto learnt = learn(passages, kParents, kWanted);
  ASSERT_TRUE(learnt);
  ASSERT_FALSE(learnt->lines.empty());
  EXPECT_TRUE(learnt->lines[0].abstains);
  EXPECT_TRUE(learnt->suggested.empty());
}

TEST(MachineCoder, NeedsPassagesInSeveralSources) {
  const auto one = learn(invented(1, 0), kParents, kWanted);
  ASSERT_TRUE(one);
  EXPECT_TRUE(one->lines.empty());
  EXPECT_EQ(one->too_few, 1);
  const auto none = learn({}, {}, {});
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->lines.empty());
}

TEST(MachineCoder, StopsWhenAsked) {
  const auto stopped = learn(invented(20, 0), kParents, kWanted, {}, [](auto, auto done, auto) { return done < 2; });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code(), "stopped");
}

class Machine : public Studies {
 protected:
  // Open answers about debt and about other things; the last ones nobody has coded.
  Id told(Transaction& transaction) {
    const Id study = make(transaction);
    const auto passages = invented(60, 0);
    std::string survey =
        "respondent,location,age_band,gender,role,place,language,why,why_en,what_is_done,what_is_done_en\n";
    std::string codings = "source,coder,code,quote,occurrence\n";
    for (int i = 0; i < 60; ++i) {
      const PassageToLearn& passage = passages[i * 10];
      survey += fmt::format("SR-{},Svay Rieng,18-24,female,farmer,KH-20,en,{},,,\n", 100 + i, passage.text);
      if (i < 50)
        codings += fmt::format("SR-{}/why,Anita,Causes/{},{},\n", 100 + i,
                               passage.codes.empty() ? "Poverty/No paid work nearby" : "Poverty/Debt", passage.text);
    }
    EXPECT_TRUE(bring(transaction, study, "survey.csv", survey));
    EXPECT_TRUE(bring(transaction, study, "codings.csv", codings));
    return study;
  }
};

TEST_P(Machine, SuggestsBesideWhatPeopleCodedAndCountsNowhere) {
  auto transaction = workspace().write();
  const Id study = told(transaction);
  const std::string before = load_evidence(transaction, study).data_hash();
  const auto learnt = learn_from(transaction, study);
  ASSERT_TRUE(learnt);
  EXPECT_FALSE(learnt->report.lines.empty());
  const int kept = keep_learnt(transaction, study, *learnt);
  ASSERT_GT(kept, 0);
  EXPECT_EQ(load_evidence(transaction, study).data_hash(), before);

  const auto counts = suggestion_counts(transaction, study);
  ASSERT_FALSE(counts.empty());
  const Id source = counts[0].first;
  const SourceText text = *open_text(transaction, study, source);
  const std::vector<Suggestion> open = suggestions_on(transaction, study, source, text);
  ASSERT_EQ(static_cast<int>(open.size()), counts[0].second);
  EXPECT_FALSE(open[0].words.empty());
  ASSERT_FALSE(open[0].like.empty());
  EXPECT_EQ(open[0].span, (Span{0, open_source(transaction, study, source)->line.byte_length}));

  // Declined, it does not come again; learning again keeps that.
  ASSERT_TRUE(decline_suggestion(transaction, study, source, open[0].id));
  EXPECT_FALSE(decline_suggestion(transaction, study, source, open[0].id));
  EXPECT_FALSE(take_suggestion(transaction, study, source, open[0].id, {}, 1000));
  keep_learnt(transaction, study, *learnt);
  for (const Suggestion& each : suggestions_on(transaction, study, source, text)) EXPECT_NE(each.code, open[0].code);

  const auto report = machine_report(transaction, study);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->lines.size(), learnt->report.lines.size());
  EXPECT_EQ(report->lines[0].measured.right, learnt->report.lines[0].measured.right);

  EXPECT_GT(remove_machine(transaction, study), 0);
  EXPECT_FALSE(machine_report(transaction, study));
  EXPECT_TRUE(suggestion_counts(transaction, study).empty());
}

TEST_P(Machine, WhatAPersonCodesIsSuggestedNoMore) {
  auto transaction = workspace().write();
  const Id study = told(transaction);
  keep_learnt(transaction, study, *learn_from(transaction, study));
  const auto counts = suggestion_counts(transaction, study);
  ASSERT_FALSE(counts.empty());
  const Source source = *open_source(transaction, study, counts[0].first);
  ASSERT_TRUE(bring(transaction, study, "more.csv",
                    "source,coder,code,quote,occurrence\n" + source.line.name + ",Rafiq,Causes/Poverty," +
                        source.text.substr(0, 9) + ",\n"));
  EXPECT_TRUE(suggestions_on(transaction, study, source.line.id, {source.text, source.masks}).empty());
}

TEST_P(Machine, TakenItIsACodingOfWhoeverTookIt) {
  auto transaction = workspace().write();
  const Id study = told(transaction);
  keep_learnt(transaction, study, *learn_from(transaction, study));
  const Id source = suggestion_counts(transaction, study).at(0).first;
  const SourceText text = *open_text(transaction, study, source);
  const Suggestion first = suggestions_on(transaction, study, source, text).at(0);
  const auto length = static_cast<std::int64_t>(text.text.size());
  const Id coder = coder_of(transaction, study, Id{7}, "Sopheap");
  EXPECT_EQ(take_suggestion(transaction, study, Id{1}, first.id, coder, length).error().code(), "not_found")
      << "of another source";
  const auto put = take_suggestion(transaction, study, source, first.id, coder, length);
  ASSERT_TRUE(put) << put.error().sentence();
  EXPECT_EQ(put->coding.coder, coder);
  EXPECT_EQ(put->coding.code, first.code);
  EXPECT_EQ(put->coding.span, first.span);
  EXPECT_FALSE(take_suggestion(transaction, study, source, first.id, coder, length)) << "it is none any more";
}

// What it learnt from may be masked later: then no word of it is told any more.
TEST_P(Machine, WordsThatWereMaskedSinceAreNotTold) {
  auto transaction = workspace().write();
  const Id study = told(transaction);
  keep_learnt(transaction, study, *learn_from(transaction, study));
  const Id source = suggestion_counts(transaction, study).at(0).first;
  const Source before = *open_source(transaction, study, source);
  const std::vector<Suggestion> open = suggestions_on(transaction, study, source, {before.text, before.masks});
  ASSERT_FALSE(open.at(0).words.empty());
  const std::string word = open[0].words[0];
  std::string masks = "source,quote,kind\n";
  masks += before.line.name + "," + word + ",name\n";
  ASSERT_TRUE(bring(transaction, study, "masks.csv", masks));
  const SourceText after = *open_text(transaction, study, source);
  ASSERT_FALSE(after.masks.empty());
  const std::vector<Suggestion> left = suggestions_on(transaction, study, source, after);
  ASSERT_EQ(left.size(), open.size());
  for (const Suggestion& each : left) EXPECT_THAT(each.words, testing::Not(testing::Contains(word)));
  EXPECT_EQ(left[0].words.size() + 1, open[0].words.size()) << "the others are";
}

INSTANTIATE_TEST_SUITE_P(Engines, Machine, testing_support::BothEngines(), testing_support::engine_name);

}  // namespace
}  // namespace understory::study
