// Words hidden at the desk, and links from one passage to another, on both engines.
#include "study/mask.h"

#include <gmock/gmock.h>

#include "study/evidence.h"
#include "study/gather.h"
#include "study/link.h"
#include "testing/studies.h"

namespace understory::study {

class DeskMasks : public Studies {
 protected:
  void bring_in(Transaction& transaction) {
    study_ = make(transaction);
    bring_all(transaction, study_);
    for (const SourceLine& line : list_sources(transaction, study_)) {
      if (line.name == "Group") group_ = line.id;
      if (line.name == "One (English)") english_ = line.id;
    }
  }
  Span words(Transaction& transaction, Id source, const std::string& quote) {
    const std::string text = open_text(transaction, study_, source)->text;
    const auto at = static_cast<std::int64_t>(text.find(quote));
    return {at, at + static_cast<std::int64_t>(quote.size())};
  }
  std::string shown(Transaction& transaction, Id source) {
    const auto opened = open_source(transaction, study_, source);
    return masked(opened->text, opened->masks).text;
  }
  Id study_, group_, english_;
  const Id anita_ = Id::make(), rafiq_ = Id::make();
};
INSTANTIATE_TEST_SUITE_P(Engines, DeskMasks, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(DeskMasks, WhatIsMaskedIsHiddenWhereverItIsShown) {
  Transaction transaction = workspace().write();
  bring_in(transaction);
  const Id one = coder_of(transaction, study_, anita_, "anita"), two = coder_of(transaction, study_, rafiq_, "rafiq");
  const std::string before = shown(transaction, group_);
  const auto put =
      put_mask(transaction, study_, {group_, one, words(transaction, group_, "Phally"), "name", "a farmer", true});
  ASSERT_TRUE(put) << put.error().sentence();
  EXPECT_EQ(*put, 2);
  EXPECT_EQ(shown(transaction, group_),
            "Facilitator: Why?\n\n[a farmer]: Debt, always debt.\n\nDara: No work here.\n\n[a farmer]: And no land.\n");
  // Positions stay what they are.
  const auto opened = open_source(transaction, study_, group_);
  EXPECT_EQ(masked(opened->text, opened->masks, MaskedBy::kSigns).text.find("Phally"), std::string::npos);
  const auto code_points = [](const std::string& text) {
    return std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xC0) != 0x80; });
  };
  EXPECT_EQ(code_points(masked(opened->text, opened->masks, MaskedBy::kSigns).text), code_points(opened->text));
  EXPECT_TRUE(search_texts(transaction, study_, "Phally").empty());
  // Only the beginning of a mask says what stands instead.
  EXPECT_EQ(masked(opened->text, {opened->masks[0].span.start + 2, opened->masks[0].span.end + 6}, opened->masks).text,
            "▮▮▮▮: Debt");
  // It goes out and comes in with the study.
  const Material out = *gather(transaction, study_, {});
  EXPECT_EQ(
      std::count_if(out.masks.begin(), out.masks.end(), [](const auto& mask) { return mask.instead == "a farmer"; }),
      2);

  EXPECT_EQ(
      lift_masks(transaction, study_, group_, words(transaction, group_, "Phally"), two, false, false).error().code(),
      "not_your_mask");
  EXPECT_EQ(words_beneath(transaction, study_, group_, words(transaction, group_, "Phally"))->at(0), "Phally");
  EXPECT_EQ(*lift_masks(transaction, study_, group_, words(transaction, group_, "Phally"), one, false, true), 2);
  EXPECT_EQ(shown(transaction, group_), before);
  EXPECT_EQ(
      lift_masks(transaction, study_, group_, words(transaction, group_, "Phally"), one, true, false).error().code(),
      "not_found");
  // What was imported is nobody's at the desk: whoever leads the study may lift it.
  const Span phone = words(transaction, english_, "000-555-014");
  EXPECT_EQ(lift_masks(transaction, study_, english_, phone, one, false, false).error().code(), "not_your_mask");
  EXPECT_EQ(*lift_masks(transaction, study_, english_, phone, {}, true, false), 1);
}

TEST_P(DeskMasks, MasksThatTouchBecomeOneAndBadOnesAreRefused) {
  Transaction transaction = workspace().write();
  bring_in(transaction);
  const Id one = coder_of(transaction, study_, anita_, "anita");
  const Span number = words(transaction, english_, "000-555-014");
  ASSERT_TRUE(
      put_mask(transaction, study_, {english_, one, {number.start - 7, number.start + 3}, "other", "", false, true}));
  const auto masks = open_text(transaction, study_, english_)->masks;
  ASSERT_EQ(masks.size(), 1u);
  EXPECT_EQ(masks[0].span, (Span{number.start - 7, number.end}));
  const auto refused = [&](NewMask wanted) {
    const auto put = put_mask(transaction, study_, wanted);
    return put ? "" : std::string(put.error().code());
  };
  const Span they = words(transaction, english_, "They");
  EXPECT_EQ(refused({english_, one, they, "secret", "", false}), "invalid_value");
  EXPECT_EQ(refused({english_, one, they, "name", "THEY all", false}), "invalid_value");
  EXPECT_EQ(refused({english_, one, they, "name", "a\nb", false}), "invalid_value");
  EXPECT_EQ(refused({english_, one, they, "name", std::string(61, 'x'), false}), "invalid_value");
  EXPECT_EQ(refused({english_, one, {5, 5}, "name", "", false}), "invalid_value");
  EXPECT_EQ(refused({english_, one, {5, 5000}, "name", "", false}), "invalid_value");
  EXPECT_EQ(refused({Id::make(), one, they, "name", "", false}), "not_found");
  EXPECT_EQ(open_text(transaction, study_, english_)->masks.size(), 1u);
}

TEST_P(DeskMasks, NobodyUncoversWhatAnotherHidByMaskingOverIt) {
  Transaction transaction = workspace().write();
  bring_in(transaction);
  const Id one = coder_of(transaction, study_, anita_, "anita"), two = coder_of(transaction, study_, rafiq_, "rafiq");
  const Span phally = words(transaction, group_, "Phally"), why = words(transaction, group_, "Why?");
  ASSERT_TRUE(put_mask(transaction, study_, {group_, one, phally, "name", "a farmer", false}));
  const std::string before = shown(transaction, group_);
  const auto put = [&](Id coder, Span span, const std::string& instead, bool leads = false) {
    const auto made = put_mask(transaction, study_, {group_, coder, span, "name", instead, false, leads});
    return made ? "" : std::string(made.error().code());
  };
  const auto lift = [&](Id coder, Span span) {
    const auto lifted = lift_masks(transaction, study_, group_, span, coder, false, false);
    return lifted ? "" : std::string(lifted.error().code());
  };
  // A right guess and a wrong one are refused alike, whichever part of it is touched.
  EXPECT_EQ(put(two, phally, ""), "not_your_mask");
  EXPECT_EQ(put(two, phally, "Phally"), "not_your_mask");
  EXPECT_EQ(put(two, phally, "Dara"), "not_your_mask");
  EXPECT_EQ(put(two, {why.start, phally.start + 1}, ""), "not_your_mask");
  EXPECT_EQ(put({}, phally, ""), "not_your_mask");
  EXPECT_EQ(lift(two, phally), "not_your_mask");
  EXPECT_EQ(shown(transaction, group_), before);
  // Everywhere: the same words in the open are hidden, those under the mask of another stay theirs.
  const std::string text = open_text(transaction, study_, group_)->text;
  const auto second = static_cast<std::int64_t>(text.find("Phally", static_cast<std::size_t>(phally.end)));
  const auto everywhere =
      put_mask(transaction, study_, {group_, two, {second, second + 6}, "name", "a woman", true, false});
  ASSERT_TRUE(everywhere) << everywhere.error().sentence();
  EXPECT_EQ(*everywhere, 1);
  EXPECT_THAT(shown(transaction, group_),
              testing::AllOf(testing::HasSubstr("[a farmer]"), testing::HasSubstr("[a woman]")));
  EXPECT_EQ(lift(one, {second, second + 6}), "not_your_mask");
  // Whoever leads may mask over it. No more is hidden: it stays whose it was. More is: only who leads may lift it.
  EXPECT_EQ(put(two, phally, "somebody", true), "");
  EXPECT_EQ(lift(two, phally), "not_your_mask");
  EXPECT_EQ(put(two, {why.start, phally.end}, "", true), "");
  EXPECT_EQ(lift(one, phally), "not_your_mask");
  EXPECT_EQ(lift(two, why), "not_your_mask");
  EXPECT_THAT(shown(transaction, group_), testing::Not(testing::HasSubstr("Phally")));
  EXPECT_EQ(*lift_masks(transaction, study_, group_, phally, two, true, false), 1);
}

TEST_P(DeskMasks, AMaskGoesWithACorrectedText) {
  Transaction transaction = workspace().write();
  bring_in(transaction);
  const Id one = coder_of(transaction, study_, anita_, "anita");
  ASSERT_TRUE(put_mask(transaction, study_, {group_, one, words(transaction, group_, "Dara"), "name", "a boy", false}));
  const Codebook book = load_codebook(transaction, study_);
  NewLink link{group_,
               one,
               book.find_path("Causes/Poverty/Debt")->id,
               book.find_path("Causes/Poverty/No land or lost land")->id,
               words(transaction, group_, "always debt"),
               words(transaction, group_, "no land")};
  ASSERT_TRUE(put_link(transaction, study_, link, open_text(transaction, study_, group_)->text.size()));
  Material corrected = *gather(transaction, study_, {});
  const auto source = std::find_if(corrected.sources.begin(), corrected.sources.end(),
                                   [](const auto& each) { return each.name == "Group"; });
  source->text.replace(source->text.find("No work here"), 12, "No work at all here");
  Material only;
  only.sources.push_back(*source);
  only.sources[0].speakers.clear();
  only.sources[0].translation_of = -1;
  only.sources[0].location = -1;
  ASSERT_TRUE(merge(transaction, study_, only, {}));
  Id now;
  for (const SourceLine& line : list_sources(transaction, study_))
    if (line.name == "Group") now = line.id;
  EXPECT_NE(now, group_);
  EXPECT_THAT(shown(transaction, now), testing::HasSubstr("[a boy]: No work at all here"));
  const auto links = open_source(transaction, study_, now)->links;
  ASSERT_EQ(links.size(), 1u);
  EXPECT_EQ(links[0].from_span, words(transaction, now, "always debt"));
  EXPECT_EQ(links[0].to_span, words(transaction, now, "no land"));
}

TEST_P(DeskMasks, ALinkJoinsTwoPassagesAndIsToldWhereItIsWhole) {
  Transaction transaction = workspace().write();
  bring_in(transaction);
  const Id one = coder_of(transaction, study_, anita_, "anita"), two = coder_of(transaction, study_, rafiq_, "rafiq");
  const Codebook book = load_codebook(transaction, study_);
  const auto length = static_cast<std::int64_t>(open_text(transaction, study_, group_)->text.size());
  const NewLink wanted{group_,
                       one,
                       book.find_path("Causes/Poverty/Debt")->id,
                       book.find_path("Causes/Poverty/No land or lost land")->id,
                       words(transaction, group_, "always debt"),
                       words(transaction, group_, "no land")};
  const std::size_t before = load_evidence(transaction, study_).links.size();
  const auto put = put_link(transaction, study_, wanted, length);
  ASSERT_TRUE(put) << put.error().sentence();
  EXPECT_TRUE(put->is_new);
  EXPECT_FALSE(put_link(transaction, study_, wanted, length)->is_new);
  const auto links = open_source(transaction, study_, group_)->links;
  ASSERT_EQ(links.size(), 1u);
  EXPECT_EQ(links[0].from_span, wanted.from_span);
  EXPECT_EQ(links[0].to_span, wanted.to_span);
  EXPECT_EQ(links[0].span, (Span{wanted.from_span.start, wanted.to_span.end}));
  // Phally says both; Dara, who speaks between, has no part in it.
  const Evidence evidence = load_evidence(transaction, study_);
  ASSERT_EQ(evidence.links.size(), before + 1);
  const auto found =
      std::find_if(evidence.links.begin(), evidence.links.end(), [&](const auto& link) { return link.id == put->id; });
  EXPECT_EQ(found->respondent_count, 1);
  EXPECT_EQ(evidence.respondents[evidence.coding_respondents[found->first_respondent]].gender, "female");

  const auto refused = [&](auto&& change) {
    NewLink other = wanted;
    change(other);
    const auto made = put_link(transaction, study_, other, length);
    return made ? "" : std::string(made.error().code());
  };
  EXPECT_EQ(refused([](NewLink& link) { link.to = link.from; }), "invalid_value");
  EXPECT_EQ(refused([](NewLink& link) { link.to = Id::make(); }), "not_found");
  EXPECT_EQ(refused([](NewLink& link) { link.certainty = "sure"; }), "invalid_value");
  EXPECT_EQ(refused([](NewLink& link) { link.to_span = {3, 3}; }), "invalid_value");
  EXPECT_EQ(refused([](NewLink& link) { link.to_span = {3, 30000}; }), "invalid_value");
  EXPECT_EQ(take_link_off(transaction, study_, group_, put->id, two).error().code(), "not_yours");
  EXPECT_EQ(take_link_off(transaction, study_, english_, put->id, one).error().code(), "not_found");
  ASSERT_TRUE(take_link_off(transaction, study_, group_, put->id, one));
  EXPECT_TRUE(open_source(transaction, study_, group_)->links.empty());
}

}  // namespace understory::study
