// Blind double coding, agreement and settling, on both engines.
#include "study/blind.h"

#include "study/codebook.h"
#include "study/evidence.h"
#include "study/exchange/formats.h"
#include "study/gather.h"
#include "testing/studies.h"

namespace understory::study {

class BlindCoding : public Studies {
 protected:
  static Id group_of(Transaction& transaction, Id study) {
    for (const SourceLine& line : list_sources(transaction, study))
      if (line.name == "Group") return line.id;
    return {};
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, BlindCoding, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(BlindCoding, NobodySeesOthersNorCountsThemUntilItEnds) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  bring_all(transaction, study);
  const Id group = group_of(transaction, study);
  const Id coder = coder_of(transaction, study, Id::make(), "sokha");
  const Id debt = load_codebook(transaction, study).find_path("Causes/Poverty/Debt")->id;
  ASSERT_TRUE(put_coding(transaction, study, {{}, group, debt, coder, {0, 11}}, 100));
  const auto counted = [&] {
    std::size_t found = 0;
    const Evidence evidence = load_evidence(transaction, study);
    for (const auto& coding : evidence.codings) found += evidence.sources[coding.source].id == group;
    return found;
  };
  const std::size_t before = counted();
  EXPECT_GE(before, 2u);
  EXPECT_FALSE(is_blind(transaction, group));
  set_blind(transaction, study, group, true, Id::make());
  set_blind(transaction, study, group, true, Id::make());
  EXPECT_TRUE(is_blind(transaction, group));
  EXPECT_EQ(blind_sources(transaction, study), std::vector<Id>{group});
  EXPECT_EQ(counted(), 0u);
  Source source = *open_source(transaction, study, group);
  hide_others(source, blindness(transaction, study, coder));
  ASSERT_EQ(source.codings.size(), 1u);
  EXPECT_EQ(source.codings[0].coder, coder);
  hide_others(source, blindness(transaction, study, std::nullopt));
  EXPECT_TRUE(source.codings.empty());
  EXPECT_EQ(settle(transaction, study, group, Id::make(), true, "Clear from the words", {}).error().code(), "blind");
  set_blind(transaction, study, group, false, {});
  EXPECT_EQ(counted(), before);
}

// Whoever exports sees no more than on the screen.
TEST_P(BlindCoding, ExportsHoldWhatWhoeverExportsPutOnAlone) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  bring_all(transaction, study);
  const Id group = group_of(transaction, study);
  const Id own = coder_of(transaction, study, Id::make(), "sokha"),
           other = coder_of(transaction, study, Id::make(), "dara");
  const Id debt = load_codebook(transaction, study).find_path("Causes/Poverty/Debt")->id;
  const Put mine = *put_coding(transaction, study, {{}, group, debt, own, {0, 11}}, 100);
  const Put theirs = *put_coding(transaction, study, {{}, group, debt, other, {0, 11}}, 100);
  ASSERT_TRUE(add_memo(transaction, study, {group, mine.coding.id, own, "", "ownmemo"}));
  ASSERT_TRUE(add_memo(transaction, study, {group, theirs.coding.id, other, "", "canaryone"}));
  ASSERT_TRUE(add_memo(transaction, study, {group, {}, other, "", "canarytwo"}));
  const Material before = *gather(transaction, study, {});
  EXPECT_EQ(before.blind, 0);
  set_blind(transaction, study, group, true, {});
  const auto on_group = [&](const Material& material) {
    std::size_t found = 0;
    for (const MaterialCoding& coding : material.codings) found += material.sources[coding.source].name == "Group";
    return found;
  };
  ASSERT_GE(on_group(before), 5u);  // three came with a file
  for (const std::optional<Id>& coder : {std::optional<Id>(), std::optional<Id>(own)}) {
    GatherOptions options;
    options.coder = coder;
    const Material material = *gather(transaction, study, options);
    EXPECT_EQ(on_group(material), coder ? 1u : 0u);
    EXPECT_EQ(material.codings.size(), before.codings.size() - on_group(before) + (coder ? 1 : 0))
        << "others are whole";
    EXPECT_EQ(material.blind, static_cast<std::int64_t>(on_group(before)) + 3 - (coder ? 2 : 0));
    std::set<std::string> memos;
    for (const MaterialMemo& memo : material.memos) memos.insert(memo.text);
    EXPECT_EQ(memos.count("ownmemo"), coder ? 1u : 0u);
    EXPECT_EQ(memos.count("canaryone") + memos.count("canarytwo"), 0u);
    const auto written = write_qdpx(material, QdpxPreset::kSpec);
    ASSERT_TRUE(written);
  }
  set_blind(transaction, study, group, false, {});
  EXPECT_EQ(gather(transaction, study, {})->codings.size(), before.codings.size());
}

TEST_P(BlindCoding, ADifferenceIsSettledWithWhoAndWhy) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  bring_all(transaction, study);
  const Id group = group_of(transaction, study);
  const Source source = *open_source(transaction, study, group);
  const SourceCoding coding = source.codings.at(0);
  const Id account = Id::make();
  EXPECT_EQ(settle(transaction, study, group, coding.id, false, " x ", account).error().code(), "invalid_value");
  EXPECT_EQ(settle(transaction, study, group, Id::make(), true, "Said so", account).error().code(), "not_found");
  ASSERT_TRUE(settle(transaction, study, group, coding.id, true, "Debt is named", account));
  ASSERT_TRUE(settle(transaction, study, group, coding.id, false, "On reading again it is about land", account));
  EXPECT_EQ(open_source(transaction, study, group)->codings.size(), source.codings.size() - 1);
  const auto settled = settlements(transaction, study, group);
  ASSERT_EQ(settled.size(), 2u);
  EXPECT_TRUE(settled[0].stands);
  EXPECT_FALSE(settled[1].stands);
  EXPECT_EQ(settled[1].reason, "On reading again it is about land");
  EXPECT_EQ(settled[1].account, account);
  EXPECT_EQ(settled[1].coder, coding.coder);
  EXPECT_EQ(settled[1].span, coding.span);
}

TEST(AgreementOnACode, CountsUnitsAndKappa) {
  // 20 units: both on 5, the first alone on 5, the second alone on none. po = .75, pe = .5 × .25 + .5 × .75 = .5.
  const CodeAgreement half = agreement_on({{0, 6}, {4, 10}}, {{5, 10}}, 20);
  EXPECT_EQ(half.both, 5);
  EXPECT_EQ(half.only_one, 5);
  EXPECT_EQ(half.only_other, 0);
  EXPECT_EQ(half.neither, 10);
  EXPECT_EQ(half.same, 0);
  ASSERT_TRUE(half.kappa);
  EXPECT_NEAR(*half.kappa, 0.5, 1e-9);
  const CodeAgreement whole = agreement_on({{0, 3}, {7, 9}}, {{7, 9}, {0, 3}}, 20);
  EXPECT_EQ(whole.same, 2);
  EXPECT_NEAR(*whole.kappa, 1, 1e-9);
  EXPECT_FALSE(agreement_on({{0, 20}}, {{0, 20}}, 20).kappa);  // no variation
}

}  // namespace understory::study
