// Changing a codebook, on both engines: what becomes of codings, and that nobody writes over what they did not see.
#include "study/codebook_change.h"

#include "study/codebook.h"
#include "study/coding.h"
#include "study/source.h"
#include "testing/studies.h"

namespace understory::study {

class CodebookChanges : public Studies {
 protected:
  void begin(Transaction& transaction) {
    study_ = make(transaction);
    bring_all(transaction, study_);
    for (const SourceLine& line : list_sources(transaction, study_))
      if (line.name == "Group") source_ = line.id;
  }
  Id code(Transaction& transaction, std::string_view path) {
    const Codebook book = load_codebook(transaction, study_);
    const Code* found = book.find_path(path);
    return found ? found->id : Id{};
  }
  std::int64_t seen(Transaction& transaction) { return newest_change(transaction, study_, Id{}); }
  static std::string outcome(const Result<void>& result) {
    return result ? "done" : std::string(result.error().code());
  }
  Id study_, source_;
};
INSTANTIATE_TEST_SUITE_P(Engines, CodebookChanges, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(CodebookChanges, CodesAreMadeChangedAndMoved) {
  Transaction transaction = workspace().write();
  begin(transaction);
  const Id causes = code(transaction, "Causes");
  CodeFields fields;
  fields.name = "Floods";
  fields.names = {{"km", "ទឹកជំនន់"}};
  fields.colour = "#0072B2";
  const auto made = add_code(transaction, study_, causes, fields);
  ASSERT_TRUE(made) << made.error().sentence();
  EXPECT_EQ(code(transaction, "Causes/Floods"), *made);
  const Codebook book = load_codebook(transaction, study_);
  EXPECT_EQ(book.find(*made)->kind, "cause");  // as what it stands under
  EXPECT_EQ(book.find(*made)->colour, "#0072b2");
  EXPECT_EQ(book.find(*made)->names.at("km"), "ទឹកជំនន់");
  fields.name = "floods";
  EXPECT_EQ(add_code(transaction, study_, causes, fields).error().code(), "already_exists");
  fields.name = " ";
  EXPECT_EQ(add_code(transaction, study_, causes, fields).error().code(), "missing_value");
  fields.name = "Drought";
  EXPECT_EQ(add_code(transaction, study_, Id::make(), fields).error().code(), "not_found");
  fields.colour = "red";
  EXPECT_EQ(add_code(transaction, study_, causes, fields).error().code(), "invalid_value");

  const std::int64_t number = seen(transaction);
  CodeFields change;
  change.name = "Floods and drought";
  change.kind = "vulnerability";
  change.names = {{"km", ""}, {"ne", "बाढी"}};
  EXPECT_EQ(outcome(change_code(transaction, study_, *made, change, number)), "done");
  EXPECT_EQ(outcome(change_code(transaction, study_, *made, change, number)), "changed_meanwhile");
  const Codebook after = load_codebook(transaction, study_);
  EXPECT_EQ(after.find(*made)->kind, "vulnerability");
  EXPECT_EQ(after.find(*made)->names.count("km"), 0u);
  EXPECT_EQ(after.find(*made)->names.at("ne"), "बाढी");

  const Id poverty = code(transaction, "Causes/Poverty");
  EXPECT_EQ(outcome(move_code(transaction, study_, causes, poverty, seen(transaction))), "invalid_value");
  EXPECT_EQ(outcome(move_code(transaction, study_, *made, poverty, seen(transaction))), "done");
  EXPECT_TRUE(code(transaction, "Causes/Poverty/Floods and drought"));
  EXPECT_EQ(outcome(move_code(transaction, study_, *made, {}, seen(transaction))), "done");
  EXPECT_TRUE(code(transaction, "Floods and drought"));
}

TEST_P(CodebookChanges, AMergeDoesWhatWasShownAndLosesNoCoding) {
  Transaction transaction = workspace().write();
  begin(transaction);
  const Id debt = code(transaction, "Causes/Poverty/Debt"), poverty = code(transaction, "Causes/Poverty");
  const Id coder = coder_of(transaction, study_, Id::make(), "anita");
  const auto put = [&](Id of, std::int64_t from, std::int64_t to) {
    return put_coding(transaction, study_, {{}, source_, of, coder, {from, to}}, 1000)->coding.id;
  };
  // The same words by the same coder with both: one goes, and its memo stays with the source.
  put(poverty, 0, 5);
  const Id twice = put(debt, 0, 5);
  put(debt, 6, 11);
  ASSERT_TRUE(add_memo(transaction, study_, {source_, twice, coder, "", "Both."}));
  const auto count = [&] { return open_source(transaction, study_, source_)->codings.size(); };
  const std::size_t before = count();
  const auto shown = look_at_merge(transaction, study_, debt, poverty);
  ASSERT_TRUE(shown) << shown.error().sentence();
  EXPECT_EQ(shown->same, 1);
  EXPECT_GE(shown->codings, 2);
  EXPECT_EQ(look_at_merge(transaction, study_, poverty, debt).error().code(), "invalid_value");  // into its own branch
  EXPECT_EQ(look_at_merge(transaction, study_, debt, Id::make()).error().code(), "not_found");
  const std::int64_t number = seen(transaction);
  const auto merged = merge_codes(transaction, study_, debt, poverty, number);
  ASSERT_TRUE(merged) << merged.error().sentence();
  EXPECT_EQ(merged->codings, shown->codings);
  EXPECT_EQ(merged->same, shown->same);
  EXPECT_EQ(count(), before - 1);
  EXPECT_FALSE(code(transaction, "Causes/Poverty/Debt"));
  const auto source = open_source(transaction, study_, source_);
  for (const auto& coding : source->codings) EXPECT_NE(coding.code, debt);
  for (const auto& link : source->links) {
    EXPECT_NE(link.from, debt);
    EXPECT_NE(link.to, debt);
  }
  EXPECT_EQ(source->memos.size(), 1u);
  EXPECT_EQ(merge_codes(transaction, study_, debt, poverty, number).error().code(), "changed_meanwhile");
}

TEST_P(CodebookChanges, ASplitMovesTheChosenCodingsAlone) {
  Transaction transaction = workspace().write();
  begin(transaction);
  const Id debt = code(transaction, "Causes/Poverty/Debt"), poverty = code(transaction, "Causes/Poverty");
  const auto passages = passages_of_code(transaction, study_, debt);
  ASSERT_GE(passages.size(), 2u);
  CodeFields fields;
  fields.name = "Debt to lenders";
  const Id lenders = *add_code(transaction, study_, poverty, fields);
  const std::int64_t number = seen(transaction);
  const auto moved = recode(transaction, study_, debt, lenders, {passages[0].coding, Id::make()}, number);
  ASSERT_TRUE(moved) << moved.error().sentence();
  EXPECT_EQ(*moved, 1);
  EXPECT_EQ(passages_of_code(transaction, study_, debt).size(), passages.size() - 1);
  EXPECT_EQ(passages_of_code(transaction, study_, lenders).at(0).coding, passages[0].coding);
  EXPECT_EQ(recode(transaction, study_, debt, lenders, {}, number).error().code(), "changed_meanwhile");
  EXPECT_EQ(recode(transaction, study_, debt, Id::make(), {}, seen(transaction)).error().code(), "not_found");
  // What it was before is kept.
  bool kept = false;
  for (const Change& change : changes_after(transaction, study_, passages[0].source, 0))
    kept = kept || (change.what == "recode" && change.record == passages[0].coding && change.code == debt);
  EXPECT_TRUE(kept);
}

}  // namespace understory::study
