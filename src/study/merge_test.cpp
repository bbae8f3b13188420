// What comes again, corrected or in another's words, on both engines.
#include "study/merge.h"
#include "foundation/archive.h"
#include "foundation/file.h"
#include "places/places.h"
#include "study/default_codebook.h"
#include "study/erase.h"
#include "study/evidence.h"
#include "study/exchange/formats.h"
#include "study/gather.h"
#include "study/import_file.h"
#include "study/source.h"
#include "study/turns.h"
#include "study/vocabulary.h"
#include "testing/studies.h"

namespace understory::study {

TEST_P(Studies, ImportingAgainMergesAndChangesNothing) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  bring_all(transaction, study);
  const std::string before = load_evidence(transaction, study).data_hash();
  bring_all(transaction, study);
  EXPECT_EQ(load_evidence(transaction, study).data_hash(), before);
  // The same study by way of a REFI-QDA project: nothing new either.
  for (QdpxPreset preset : {QdpxPreset::kSpec, QdpxPreset::kNvivo, QdpxPreset::kAtlasti, QdpxPreset::kMaxqda}) {
    GatherOptions everything;
    everything.originals = true;
    const auto written = write_qdpx(*gather(transaction, study, everything), preset);
    ASSERT_TRUE(written);
    const auto report = bring(transaction, study, "again.qdpx", written->bytes);
    ASSERT_TRUE(report) << report.error().sentence();
    EXPECT_TRUE(report->complete()) << report->text();
    EXPECT_EQ(report->of("coding", Outcome::kRead), 0) << report->text();
    EXPECT_EQ(report->of("source", Outcome::kRead), 0) << report->text();
    EXPECT_EQ(load_evidence(transaction, study).data_hash(), before);
  }
}

TEST_P(Studies, ACorrectedTextIsANewVersionThatKeepsItsCodings) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  bring_all(transaction, study);
  Material material = *gather(transaction, study, {});
  for (MaterialSource& source : material.sources)
    if (source.name == "Group")
      source.text = "Facilitator: So, why?\n\nPhally: Debt, always debt.\n\nDara: No work.\n\nPhally: And no land.\n";
  material.codings.clear();
  material.links.clear();
  material.masks.clear();
  const auto report = merge(transaction, study, material, {});
  ASSERT_TRUE(report) << report.error().sentence();
  EXPECT_EQ(report->of("coding carried over", Outcome::kRead), 2) << report->text();
  EXPECT_EQ(report->of("coding", Outcome::kUnusable), 1);
}

TEST_P(Studies, WhatATableCannotPlaceIsListedLineByLine) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  bring_all(transaction, study);
  const auto report = bring(transaction, study, "more.csv",
                            "source,coder,code,quote,occurrence\nOne,Anita,Causes/Poverty,words nobody "
                            "said,\nNowhere,Anita,Causes/Poverty,x,\nOne,Anita,Causes/No such code,គេជំពាក់,\n"
                            "One,Anita,Causes/Poverty/Debt,គេជំពាក់បំណុល,\n");
  ASSERT_TRUE(report) << report.error().sentence();
  EXPECT_EQ(report->of("coding", Outcome::kUnusable), 3) << report->text();
  EXPECT_EQ(report->of("coding", Outcome::kMerged), 1);
  EXPECT_NE(report->text().find("row 2"), std::string::npos) << report->text();
}

TEST_P(Studies, TwoPeopleWhoSayTheSameAreTwo) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  ImportOptions options;
  const std::string survey = "respondent,Why do people leave?\nA,Poverty\nB,Poverty\nC,No jobs\n";
  const auto first = bring(transaction, study, "survey.csv", survey);
  ASSERT_TRUE(first) << first.error().sentence();
  EXPECT_EQ(first->of("source", Outcome::kRead), 3) << first->text();
  EXPECT_EQ(list_sources(transaction, study).size(), 3u);
  EXPECT_EQ(bring(transaction, study, "survey.csv", survey)->of("source", Outcome::kMerged), 3);
  // A corrected answer is a new version of the same; another survey's first row is another person.
  const auto corrected = bring(transaction, study, "survey.csv", "respondent,Why do people leave?\nC,No jobs at all\n");
  EXPECT_EQ(corrected->of("source", Outcome::kChanged), 1) << corrected->text();
  EXPECT_EQ(list_sources(transaction, study).size(), 3u);
  for (const char* file : {"one.csv", "two.csv"})
    EXPECT_EQ(
        bring(transaction, study, file, "gender,Why?\nfemale,Debt\nmale,Flood\n")->of("respondent", Outcome::kRead), 2)
        << file;
}

TEST_P(Studies, WhatStoodOnACorrectedTextGoesWithIt) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  Material material;
  material.coders.push_back({"", "Anita"});
  material.codes.push_back({});
  material.codes[0].name = "Debt";
  material.codes[0].kind = "cause";
  material.codes.push_back(material.codes[0]);
  material.codes[1].name = "Leaving";
  MaterialSource source;
  source.guid = make_guid();
  source.name = "Talk";
  source.kind = "interview";
  source.text = "Chan Sophal took them away. They owe money. Chan Sophal again.\n";
  material.sources.push_back(source);
  MaterialMask mask;
  mask.source = 0;
  mask.span.quote = "Chan Sophal";
  material.masks.push_back(mask);
  MaterialLink link;
  link.source = link.from = 0;
  link.to = 1;
  link.coder = 0;
  link.span.quote = "They owe money";
  material.links.push_back(link);
  MaterialMemo memo;
  memo.subject = "source";
  memo.index = 0;
  memo.title = "Note";
  memo.text = "told at night";
  material.memos.push_back(memo);
  ASSERT_TRUE(merge(transaction, study, material, {}));
  Material again;
  again.sources.push_back(source);
  again.sources[0].text = "Chan Sophal took them all away. They owe money. And Chan Sophal again.\n";
  const auto report = merge(transaction, study, again, {});
  ASSERT_TRUE(report) << report.error().sentence();
  const auto lines = list_sources(transaction, study);
  ASSERT_EQ(lines.size(), 1u);
  const Source opened = *open_source(transaction, study, lines[0].id);
  EXPECT_EQ(opened.masks.size(), 2u) << report->text();
  EXPECT_EQ(masked(opened.text, opened.masks).text.find("Sophal"), std::string::npos);
  EXPECT_EQ(opened.links.size(), 1u);
  EXPECT_EQ(opened.memos.size(), 1u);
  EXPECT_TRUE(search_texts(transaction, study, "Sophal").empty());
  // A name that is written another way now cannot be found again: said loudly, and the exit code says so too.
  again.sources[0].text = "Chan  Sophal took them all away. They owe money.\n";
  const auto loud = merge(transaction, study, again, {});
  EXPECT_EQ(loud->of("mask", Outcome::kUnusable), 2) << loud->text();
}

// Files of one call are merged as if each came by itself, though the study is asked only once what it holds.
TEST_P(Studies, FilesThatComeTogetherAreMergedAsOneByOne) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += "SR-01: They owe money to lender number " + std::to_string(i) + ".\n\n";
  const std::pair<std::string, std::string> files[] = {
      {"one.txt", text},
      {"two.txt", "SR-02: Short.\n"},
      {"one.txt", text},                         // there already
      {"one.txt", text + "SR-01: And more.\n"},  // corrected
      {"renamed.txt", text},                     // the same under another name
      {"one.txt", "SR-09: Something else.\n"},   // another that happens to have the name
      {"one.txt", text + "SR-01: And more!\n"},  // corrected once more
      {"two.txt", "SR-02: Short.\n"},
  };
  Transaction transaction = workspace().write();
  std::vector<std::string> said[2];
  for (const bool at_once : {false, true}) {
    const Id study = make(transaction, at_once ? "Together" : "One by one");
    const std::int64_t before = find_study(transaction, study)->revision;
    Together together;
    ImportOptions options;
    if (at_once) options.together = &together;
    for (const auto& [name, bytes] : files) {
      const auto report = bring(transaction, study, name, bytes, options);
      ASSERT_TRUE(report) << report.error().sentence();
      said[at_once].push_back(report->text());
    }
    for (const SourceLine& line : list_sources(transaction, study)) {
      const Source opened = *open_source(transaction, study, line.id);
      said[at_once].push_back(line.name + " " + std::to_string(line.version) + " " + opened.text + " " +
                              std::to_string(opened.turns.size()));
    }
    EXPECT_EQ(find_study(transaction, study)->revision - before, at_once ? 0 : std::ssize(files));
    EXPECT_EQ(list_imports(transaction, study).size(), std::size(files));
  }
  EXPECT_EQ(said[0], said[1]);
}

TEST_P(Studies, APlaceInAnotherProgramsWordsIsAFact) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  Material material;
  material.origin = "NVivo";
  MaterialRespondent respondent;
  respondent.name = "SR-01";
  respondent.place_code = "Phnom Penh market";
  material.respondents.push_back(respondent);
  const auto report = merge(transaction, study, material, {});
  ASSERT_TRUE(report) << report.error().sentence();
  EXPECT_EQ(gather(transaction, study, {})->respondents.at(0).attributes.at("place"), "Phnom Penh market");
  material.origin.clear();  // a table's codes are codes
  EXPECT_EQ(merge(transaction, study, material, {}).error().code(), "unknown_place");
}

TEST_P(Studies, CodesThatShareAGuidAreBothKept) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  const std::string file =
      "<CodeBook xmlns=\"urn:QDA-XML:codebook:1.0\" origin=\"x\"><Codes>"
      "<Code guid=\"0D62985D-B147-5D01-A9B5-CAE5DCD98342\" name=\"Landless\" isCodable=\"true\"/>"
      "<Code guid=\"0D62985D-B147-5D01-A9B5-CAE5DCD98342\" name=\"Landless\" isCodable=\"true\"/>"
      "<Code guid=\"0D62985D-B147-5D01-A9B5-CAE5DCD98342\" name=\"In debt\" isCodable=\"true\"/></Codes></CodeBook>";
  for (const Outcome expected : {Outcome::kRead, Outcome::kMerged}) {
    const auto material = read_qdc(file, "twice.qdc");
    ASSERT_TRUE(material);
    const auto report = merge(transaction, study, *material, {});
    ASSERT_TRUE(report) << report.error().sentence();
    EXPECT_EQ(report->of("code", expected), 3) << report->text();
  }
}

}  // namespace understory::study
