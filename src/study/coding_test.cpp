// Coding at the desk, on both engines.
#include "study/coding.h"

#include "study/codebook.h"
#include "study/erase.h"
#include "study/source.h"
#include "study/study.h"
#include "testing/studies.h"

namespace understory::study {

class DeskCoding : public Studies {
 protected:
  struct Room {
    Id study, source, code, other_code;
    std::int64_t length = 0;
  };
  Room room(Transaction& transaction) {
    Room made;
    made.study = make(transaction);
    bring_all(transaction, made.study);
    for (const SourceLine& line : list_sources(transaction, made.study))
      if (line.name == "Group") {
        made.source = line.id;
        made.length = line.byte_length;
      }
    const Codebook book = load_codebook(transaction, made.study);
    made.code = book.find_path("Causes/Poverty/Debt")->id;
    made.other_code = book.find_path("Causes/Poverty")->id;
    return made;
  }
  std::size_t codings(Transaction& transaction, const Room& at) {
    return open_source(transaction, at.study, at.source)->codings.size();
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, DeskCoding, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(DeskCoding, PuttingTwiceIsPuttingOnceAndOnlyOnesOwnComesOff) {
  Transaction transaction = workspace().write();
  const Room at = room(transaction);
  const Id anita = Id::make(), rafiq = Id::make();
  const Id one = coder_of(transaction, at.study, anita, "anita"), two = coder_of(transaction, at.study, rafiq, "rafiq");
  EXPECT_NE(one, two);
  EXPECT_EQ(coder_of(transaction, at.study, anita, "renamed"), one);
  const std::size_t before = codings(transaction, at);
  const Coding wanted{{}, at.source, at.code, one, {0, 11}};
  const auto put = put_coding(transaction, at.study, wanted, at.length);
  ASSERT_TRUE(put) << put.error().sentence();
  EXPECT_TRUE(put->is_new);
  const auto again = put_coding(transaction, at.study, wanted, at.length);
  EXPECT_FALSE(again->is_new);
  EXPECT_EQ(again->coding.id, put->coding.id);
  Coding theirs = wanted;
  theirs.coder = two;
  EXPECT_TRUE(put_coding(transaction, at.study, theirs, at.length)->is_new);
  EXPECT_EQ(codings(transaction, at), before + 2);

  EXPECT_EQ(take_coding_off(transaction, at.study, at.source, put->coding.id, two).error().code(), "not_yours");
  EXPECT_EQ(take_coding_off(transaction, at.study, at.source, Id::make(), one).error().code(), "not_found");
  EXPECT_EQ(taken_off(transaction, at.study, at.source, put->coding.id, one).error().code(), "not_found");
  ASSERT_TRUE(take_coding_off(transaction, at.study, at.source, put->coding.id, one));
  EXPECT_EQ(codings(transaction, at), before + 1);
  // It comes back as itself, to whoever took it off.
  EXPECT_EQ(taken_off(transaction, at.study, at.source, put->coding.id, two).error().code(), "not_found");
  const auto back = taken_off(transaction, at.study, at.source, put->coding.id, one);
  ASSERT_TRUE(back);
  EXPECT_EQ(put_coding(transaction, at.study, *back, at.length)->coding.id, put->coding.id);
  EXPECT_EQ(codings(transaction, at), before + 2);
}

TEST_P(DeskCoding, WhatIsNoStretchAndWhatIsNoCodeIsSaid) {
  Transaction transaction = workspace().write();
  const Room at = room(transaction);
  const Id coder = coder_of(transaction, at.study, Id::make(), "anita");
  for (const Span span : {Span{0, 0}, Span{5, 2}, Span{-1, 3}, Span{0, at.length + 1}})
    EXPECT_EQ(put_coding(transaction, at.study, {{}, at.source, at.code, coder, span}, at.length).error().code(),
              "invalid_value");
  EXPECT_EQ(put_coding(transaction, at.study, {{}, at.source, Id::make(), coder, {0, 3}}, at.length).error().code(),
            "not_found");
}

TEST_P(DeskCoding, AnAccountIsNobodyImported) {
  Transaction transaction = workspace().write();
  const Room at = room(transaction);
  const Id account = Id::make(), coder = coder_of(transaction, at.study, account, "Anita");
  std::vector<std::string> names;
  for (const Coder& each : list_coders(transaction, at.study)) names.push_back(each.name);
  EXPECT_EQ(std::count(names.begin(), names.end(), "Anita"), 1);
  EXPECT_EQ(std::count(names.begin(), names.end(), "Anita (2)"), 1);
  EXPECT_EQ(find_coder_of(transaction, at.study, account), coder);
  EXPECT_FALSE(find_coder_of(transaction, at.study, Id{}));
  const Id machine_holder = coder_of(transaction, at.study, Id{}, "");
  EXPECT_EQ(find_coder_of(transaction, at.study, Id{}), machine_holder);
}

TEST_P(DeskCoding, ChangesAreToldInTheirOrderAndGoWithTheSource) {
  Transaction transaction = workspace().write();
  const Room at = room(transaction);
  const Id coder = coder_of(transaction, at.study, Id::make(), "anita");
  EXPECT_EQ(newest_change(transaction, at.study, at.source), 0);
  const auto first = put_coding(transaction, at.study, {{}, at.source, at.code, coder, {0, 11}}, at.length);
  const auto second = put_coding(transaction, at.study, {{}, at.source, at.other_code, coder, {0, 11}}, at.length);
  ASSERT_TRUE(first && second);
  EXPECT_LT(first->number, second->number);
  ASSERT_TRUE(take_coding_off(transaction, at.study, at.source, first->coding.id, coder));
  enter_change(transaction, at.study, Id{}, {0, "code", at.code, {}, {}, {}});
  std::string told;
  for (const Change& change : changes_after(transaction, at.study, at.source, 0)) told += change.what + " ";
  EXPECT_EQ(told, "add add remove code ");
  EXPECT_EQ(changes_after(transaction, at.study, at.source, second->number).size(), 2u);
  EXPECT_EQ(newest_change(transaction, at.study, at.source), number_of(transaction, at.study));
  // Of another source only what is about the codebook.
  EXPECT_EQ(changes_after(transaction, at.study, Id::make(), 0).size(), 1u);
  ASSERT_TRUE(erase_source(transaction, at.study, at.source));
  EXPECT_EQ(changes_after(transaction, at.study, at.source, 0).size(), 1u);
}

TEST_P(DeskCoding, MemosAreTheirWritersAndNobodyWritesOverWhatTheyDidNotSee) {
  Transaction transaction = workspace().write();
  const Room at = room(transaction);
  const Id one = coder_of(transaction, at.study, Id::make(), "anita"),
           two = coder_of(transaction, at.study, Id::make(), "rafiq");
  const auto coding = put_coding(transaction, at.study, {{}, at.source, at.code, one, {0, 11}}, at.length);
  const auto memo = add_memo(transaction, at.study, {at.source, coding->coding.id, one, "", "Look at the land again."});
  ASSERT_TRUE(memo);
  EXPECT_EQ(add_memo(transaction, at.study, {at.source, Id::make(), one, "", "x"}).error().code(), "not_found");
  const auto change = [&](Id who, std::string_view was, std::string_view text) {
    const auto done = change_memo(transaction, at.study, at.source, *memo, who, was, "", text);
    return done ? std::string("done") : std::string(done.error().code());
  };
  EXPECT_EQ(change(two, "Look at the land again.", "Mine now"), "not_yours");
  EXPECT_EQ(change(one, "Something else", "Over it"), "changed_meanwhile");
  EXPECT_EQ(change(one, "Look at the land again.", "Land and debt."), "done");
  // A memo outlives the coding it was on.
  ASSERT_TRUE(take_coding_off(transaction, at.study, at.source, coding->coding.id, one));
  const auto source = open_source(transaction, at.study, at.source);
  ASSERT_EQ(source->memos.size(), 1u);
  EXPECT_EQ(source->memos[0].subject, "source");
  EXPECT_EQ(source->memos[0].text, "Land and debt.");
  EXPECT_EQ(change(one, "Land and debt.", ""), "done");
  EXPECT_TRUE(open_source(transaction, at.study, at.source)->memos.empty());
}

}  // namespace understory::study
