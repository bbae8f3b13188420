// A study from files to evidence, on both engines.
#include "foundation/archive.h"
#include "foundation/file.h"
#include "places/places.h"
#include "study/default_codebook.h"
#include "study/erase.h"
#include "study/evidence.h"
#include "study/exchange/formats.h"
#include "study/gather.h"
#include "study/import_file.h"
#include "study/merge.h"
#include "study/source.h"
#include "study/turns.h"
#include "study/vocabulary.h"
#include "testing/studies.h"

namespace understory::study {

INSTANTIATE_TEST_SUITE_P(Engines, Studies, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(Studies, BeginWithACodebookInSevenLanguages) {
  Transaction transaction = workspace().write();
  const Codebook codebook = load_codebook(transaction, make(transaction));
  EXPECT_GE(codebook.codes.size(), 60u);
  for (const Code& code : codebook.codes) {
    EXPECT_TRUE(is_one_of(kCodeKinds, code.kind)) << code.path;
    EXPECT_FALSE(code.definition.empty() || code.include.empty() || code.exclude.empty()) << code.path;
    for (const char* language : {"km", "ne", "hi", "bn", "th", "vi"})
      EXPECT_TRUE(code.names.contains(language)) << code.path;
  }
  EXPECT_EQ(codebook.find_path("Causes/Poverty")->kind, "cause");
  EXPECT_EQ(create_study(transaction, {{{}, "", "Experiences"}}).error().code(), "already_exists");
}

TEST_P(Studies, TablesBecomeEvidenceWithTheRightSpeakers) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  bring_all(transaction, study);
  const Evidence evidence = load_evidence(transaction, study);
  ASSERT_EQ(evidence.respondents.size(), 4u);
  EXPECT_EQ(evidence.codings.size(), 6u);
  EXPECT_EQ(evidence.links.size(), 1u);
  for (const auto& respondent : evidence.respondents) EXPECT_TRUE(respondent.asked);
  // The second “debt” of Phally's first turn is hers; “No work here” is Dara's; both speak in one conversation.
  std::map<std::string, std::string> said;
  for (const auto& coding : evidence.codings) {
    ASSERT_EQ(coding.respondent_count, 1);
    const auto& person = evidence.respondents[evidence.coding_respondents[coding.first_respondent]];
    said[evidence.codebook.codes[coding.code].path + " " + person.role] = person.gender;
  }
  EXPECT_TRUE(said.contains("Causes/Poverty/No paid work nearby youth"));
  EXPECT_TRUE(said.contains("Causes/Poverty/No land or lost land farmer"));
  int clusters = 0;
  for (const auto& respondent : evidence.respondents) clusters = std::max(clusters, respondent.cluster + 1);
  EXPECT_EQ(clusters, 3);
}

TEST_P(Studies, AStudyMovesToAnotherWorkspaceWhole) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction), other = [&] {
    NewStudy wanted;
    wanted.study.name = "Other";
    wanted.default_codebook = false;
    return *create_study(transaction, wanted);
  }();
  bring_all(transaction, study);
  const auto written = write_qdpx(*gather(transaction, study, {}), QdpxPreset::kNvivo);
  const auto report = bring(transaction, other, "move.qdpx", written->bytes);
  ASSERT_TRUE(report) << report.error().sentence();
  EXPECT_TRUE(report->complete()) << report->text();
  const Evidence a = load_evidence(transaction, study), b = load_evidence(transaction, other);
  EXPECT_EQ(b.codings.size(), a.codings.size());
  EXPECT_EQ(b.links.size(), a.links.size());
  EXPECT_EQ(b.respondents.size(), a.respondents.size());
  EXPECT_EQ(b.codebook.codes.size(), a.codebook.codes.size());
  EXPECT_EQ(b.coding_respondents.size(), a.coding_respondents.size());
}

TEST_P(Studies, WhatIdentifiesIsMaskedWhereverItIsShown) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  bring_all(transaction, study);
  const Evidence evidence = load_evidence(transaction, study);
  std::vector<int> all;
  for (std::size_t i = 0; i < evidence.codings.size(); ++i) all.push_back(static_cast<int>(i));
  int translated = 0;
  for (const Passage& passage : open_passages(transaction, evidence, all, true)) {
    EXPECT_EQ((passage.before + passage.quote + passage.after + passage.translation).find("000-555"),
              std::string::npos);
    translated += !passage.translation.empty();
  }
  EXPECT_GE(translated, 3);
  const auto lines = list_sources(transaction, study);
  EXPECT_EQ(lines.size(), 6u);  // an interview and its translation, a group, two answers and one answer's translation
  EXPECT_FALSE(search_texts(transaction, study, "OWE money").empty());
  EXPECT_TRUE(search_texts(transaction, study, "nowhere said").empty());
  EXPECT_TRUE(search_texts(transaction, study, "000-555").empty());  // to say where it stands would tell it
}

TEST_P(Studies, ExportsOfTheSameStudyAreTheSameBytes) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  bring_all(transaction, study);
  const Material material = *gather(transaction, study, {});
  EXPECT_EQ(write_codings_csv(material), write_codings_csv(*gather(transaction, study, {})));
  EXPECT_EQ(*write_xlsx(material), *write_xlsx(*gather(transaction, study, {})));
  const std::string codings = write_codings_csv(material);
  EXPECT_NE(codings.find("One,Svay Rieng"), std::string::npos);
  EXPECT_EQ(std::count(codings.begin(), codings.end(), '\n'), 7);
  const auto sheets = read_xlsx(*write_xlsx(material), "out.xlsx");
  ASSERT_TRUE(sheets) << sheets.error().sentence();
  EXPECT_EQ(sheets->at(0).rows.size(), 6u);
  EXPECT_EQ(load_codebook(transaction, study).codes.size(), material.codes.size());
}

// PostgreSQL sorts as its database was made to; evidence is in the order of bytes, so that answers are the same.
TEST_P(Studies, EvidenceHasOneOrderOnEveryDatabase) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  Material material;
  for (const char* guid : {"B1", "a1", "a_2", "A10"}) {
    MaterialSource source;
    source.guid = source.name = guid;
    source.kind = "interview";
    source.text = std::string(10 * (1 + material.sources.size()), 'x');
    material.sources.push_back(source);
  }
  ASSERT_TRUE(merge(transaction, study, material, {}));
  std::vector<std::int64_t> lengths;
  for (const auto& source : load_evidence(transaction, study).sources) lengths.push_back(source.byte_length);
  EXPECT_EQ(lengths, (std::vector<std::int64_t>{40, 10, 20, 30}));  // A10, B1, a1, a_2
}

TEST_P(Studies, ASearchDoesNotReachIntoAMask) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  Material material;
  MaterialSource source;
  source.name = "Talk";
  source.kind = "interview";
  source.text = "She met them. ស្រី came with the ﬁeld of Tom.\n";
  material.sources.push_back(source);
  for (const char* words : {"ស្រី", "ﬁeld of Tom"}) {
    MaterialMask mask;
    mask.source = 0;
    mask.span.quote = words;
    material.masks.push_back(mask);
  }
  ASSERT_TRUE(merge(transaction, study, material, {}));
  for (const char* words : {"ស", "them. ស", "ស្រី", "fi", "the f", "tom"})
    EXPECT_TRUE(search_texts(transaction, study, words).empty()) << words;
  ASSERT_EQ(search_texts(transaction, study, "came with").size(), 1u);
  const Source opened = *open_source(transaction, study, list_sources(transaction, study)[0].id);
  const MaskedText hidden = masked(opened.text, opened.masks);
  // A span that cuts a mask is widened over it, so that its ends are characters of the masked text.
  const auto inside = static_cast<std::int64_t>(opened.text.find("of Tom"));
  EXPECT_EQ(hidden.text.substr(hidden.at(inside), 3), "▮");
  EXPECT_EQ(hidden.text.substr(hidden.at(inside, MaskedText::Edge::kAfter), 1), ".");
}

TEST_P(Studies, TextsAndNamesLieSealedInTheDatabase) {
  {
    Transaction transaction = workspace().write();
    bring_all(transaction, make(transaction));
    transaction.commit();
  }
  if (GetParam() == storage::Engine::kPostgres)
    GTEST_SKIP() << "the file is looked at on SQLite; the columns are the same";
  std::string all;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) all += *read_file(entry.path());
  for (const char* secret : {"They owe money", "always debt", "SR-01", "Phally", "Anita", "000-555"})
    EXPECT_EQ(all.find(secret), std::string::npos) << secret;
  EXPECT_NE(all.find("village chief"), std::string::npos);  // facts are plain
}

TEST(DefaultCodebook, EveryCodeHasItsGuidanceAndItsNamesInSixMoreLanguages) {
  const auto material = default_codebook();
  ASSERT_TRUE(material);
  EXPECT_GE(material->codes.size(), 60u);
  for (const MaterialCode& code : material->codes) {
    EXPECT_FALSE(code.definition.empty() || code.include.empty() || code.exclude.empty()) << code.name;
    for (const char* language : {"km", "ne", "hi", "bn", "th", "vi"})
      EXPECT_TRUE(code.names.contains(language)) << code.name << " " << language;
  }
}

}  // namespace understory::study
