// A study from files to evidence, on both engines.
#include "foundation/file.h"
#include "places/places.h"
#include "study/collect.h"
#include "study/default_codebook.h"
#include "study/erase.h"
#include "study/evidence.h"
#include "study/exchange/archive.h"
#include "study/exchange/formats.h"
#include "study/import_file.h"
#include "study/merge.h"
#include "study/source.h"
#include "study/turns.h"
#include "study/vocabulary.h"
#include "testing/workspace.h"

namespace understory::study {

using storage::Transaction;

class Studies : public testing_support::OnBothEngines {
 protected:
  Id make(Transaction& transaction, const std::string& name = "Experiences") {
    EXPECT_TRUE(places::install_builtin_places(transaction));
    NewStudy wanted;
    wanted.study.name = name;
    wanted.organisations = {"Village Voices"};
    auto made = create_study(transaction, wanted);
    EXPECT_TRUE(made) << made.error().sentence();
    return *made;
  }
  // Files by name, as they would lie beside each other.
  Result<ImportReport> bring(Transaction& transaction, Id study, const std::string& name, const std::string& bytes,
                             const ImportOptions& options = {}) {
    files_[name] = bytes;
    return import_file(transaction, study, bytes, name, options,
                       [this](const std::string& file) -> Result<std::string> {
                         const auto found = files_.find(file);
                         if (found == files_.end())
                           return fail(problems::kFileUnreadable, {{"file", file}, {"reason", "it is not there"}});
                         return found->second;
                       });
  }
  void bring_all(Transaction& transaction, Id study) {
    files_["sources/one.km.txt"] = "I: ហេតុអ្វី?\n\nSR-01: គេជំពាក់បំណុល ហើយទៅឆ្ងាយ។ លេខ 000-555-014\n";
    files_["sources/one.en.txt"] = "I: Why?\n\nSR-01: They owe money and go far. Number 000-555-014\n";
    files_["sources/group.txt"] =
        "Facilitator: Why?\n\nPhally: Debt, always debt.\n\nDara: No work here.\n\nPhally: And no land.\n";
    for (const auto& [name, bytes] : std::initializer_list<std::pair<std::string, std::string>>{
             {"respondents.csv",
              "respondent,location,kind,size,age_band,gender,role,place,language\nSR-01,Svay "
              "Rieng,person,1,50-64,male,village chief,KH-20,km\n"
              "SR-02,Svay Rieng,person,1,25-34,female,farmer,KH-20,en\nSR-03,Svay "
              "Rieng,person,1,18-24,male,youth,KH-20,en\n"},
             {"sources.csv",
              "file,source,kind,location,language,date,respondents,translation_of\nsources/"
              "one.km.txt,One,interview,Svay Rieng,km,2026-02-11,SR-01,\n"
              "sources/one.en.txt,One (English),interview,Svay "
              "Rieng,en,2026-02-11,SR-01,One\nsources/group.txt,Group,focus_group,Svay "
              "Rieng,en,2026-02-12,Phally=SR-02; Dara=SR-03,\n"},
             {"survey.csv",
              "respondent,location,age_band,gender,role,place,language,why,why_en,what_is_done,what_is_done_en\nSR-10,"
              "Svay Rieng,15-17,female,student,KH-20,km,ក្រ។,Poor.,,\n"},
             {"codings.csv",
              "source,coder,code,quote,occurrence\nOne,Anita,Causes/Poverty/Debt,គេជំពាក់បំណុល,\nOne,Rafiq,Causes/"
              "Poverty,គេជំពាក់បំណុល,\nGroup,Anita,Causes/Poverty/Debt,debt,\n"
              "Group,Anita,Causes/Poverty/No paid work nearby,No work here,\nGroup,Anita,Causes/Poverty/No land or "
              "lost land,no land,\nSR-10/why,Anita,Causes/Poverty,ក្រ,\n"},
             {"links.csv",
              "source,coder,from,to,quote,sign,certainty\nOne,Anita,Causes/Poverty/Debt,Routes/Across the land "
              "border,គេជំពាក់បំណុល ហើយទៅឆ្ងាយ,+,said\n"},
             {"masks.csv", "source,quote,kind\nOne,000-555-014,phone\nOne (English),000-555-014,phone\n"}}) {
      const auto report = bring(transaction, study, name, bytes);
      ASSERT_TRUE(report) << name << ": " << report.error().sentence();
      EXPECT_TRUE(report->complete()) << report->text();
    }
  }
  std::map<std::string, std::string> files_;
};
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

TEST_P(Studies, ImportingAgainMergesAndChangesNothing) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  bring_all(transaction, study);
  const std::string before = load_evidence(transaction, study).data_hash();
  bring_all(transaction, study);
  EXPECT_EQ(load_evidence(transaction, study).data_hash(), before);
  // The same study by way of a REFI-QDA project: nothing new either.
  for (QdpxPreset preset : {QdpxPreset::kSpec, QdpxPreset::kNvivo, QdpxPreset::kAtlasti, QdpxPreset::kMaxqda}) {
    CollectOptions everything;
    everything.originals = true;
    const auto written = write_qdpx(*collect(transaction, study, everything), preset);
    ASSERT_TRUE(written);
    const auto report = bring(transaction, study, "again.qdpx", written->bytes);
    ASSERT_TRUE(report) << report.error().sentence();
    EXPECT_TRUE(report->complete()) << report->text();
    EXPECT_EQ(report->of("coding", Outcome::kRead), 0) << report->text();
    EXPECT_EQ(report->of("source", Outcome::kRead), 0) << report->text();
    EXPECT_EQ(load_evidence(transaction, study).data_hash(), before);
  }
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
  const auto written = write_qdpx(*collect(transaction, study, {}), QdpxPreset::kNvivo);
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

TEST_P(Studies, ACorrectedTextIsANewVersionThatKeepsItsCodings) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  bring_all(transaction, study);
  Material material = *collect(transaction, study, {});
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

TEST_P(Studies, BadFilesAreRefusedAndLeaveTheStudyAsItWas) {
  Id study;
  std::string before;
  {
    Transaction transaction = workspace().write();
    study = make(transaction);
    bring_all(transaction, study);
    before = load_evidence(transaction, study).data_hash();
    transaction.commit();
  }
  const std::vector<std::tuple<std::string, std::string, std::string>> bad{
      {"cut.qdpx", std::string("PK\x03\x04") + std::string(40, 'x'), "damaged_archive"},
      {"dtd.qdc", "<!DOCTYPE x [<!ENTITY a \"b\">]><CodeBook/>", "bad_xml"},
      {"latin.csv", "respondent,location\nSR-1,Caf\xE9\n", "wrong_encoding"},
      {"latin.txt", "Caf\xE9", "wrong_encoding"},
      {"nul.csv", std::string("respondent,role\nSR-1,chi\0ef\n", 28), "wrong_encoding"},
      {"missing.csv", "source,coder,code\nOne,Anita,Causes/Poverty\n", "missing_column"},
      {"ragged.csv", "source,coder,code,quote,occurrence\nOne,Anita\n", "bad_table"},
      {"zero.csv",
       "respondent,location,kind,size,age_band,gender,role,place,language\nSR-77,Svay "
       "Rieng,person,1,25-34,male,x,KH-020,km\n",
       "unknown_place"},
      {"band.csv",
       "respondent,location,kind,size,age_band,gender,role,place,language\nSR-77,Svay "
       "Rieng,person,1,young,male,x,KH-20,km\n",
       "invalid_value"},
      {"book.xlsx", "not a workbook", "damaged_archive"},
      {"what.bin", std::string("\x00\x01\x02", 3), "unknown_format"},
  };
  for (const auto& [name, bytes, code] : bad) {
    Transaction transaction = workspace().write();
    const auto report = bring(transaction, study, name, bytes);
    ASSERT_FALSE(report) << name << "\n" << report->text();
    EXPECT_EQ(report.error().code(), code) << name << ": " << report.error().sentence();
  }
  Transaction transaction = workspace().read();
  EXPECT_EQ(load_evidence(transaction, study).data_hash(), before);
}

// P20. What was told is gone with all that hung on it, and does not come back with the next copy of the file.
TEST_P(Studies, AnErasedSourceIsGone) {
  Id study, one;
  std::string sealed_text;
  {
    Transaction transaction = workspace().write();
    study = make(transaction);
    bring_all(transaction, study);
    for (const SourceLine& line : list_sources(transaction, study))
      if (line.name == "One") one = line.id;
    EXPECT_EQ(search_texts(transaction, study, "000-555-014", 10).size(), 0u);  // masked
    EXPECT_GE(search_texts(transaction, study, "បំណុល", 10).size(), 1u);
    transaction.commit();
  }
  std::int64_t codings = 0;
  {
    Transaction transaction = workspace().write();
    codings = load_evidence(transaction, study).codings.size();
    const auto erased = erase_source(transaction, study, one);
    ASSERT_TRUE(erased) << erased.error().sentence();
    EXPECT_EQ(erased->sources.size(), 2u);  // with its translation
    EXPECT_EQ(erased->codings, 2);
    EXPECT_EQ(erased->links, 1);
    EXPECT_GE(erased->files, 1);  // sources.csv named it
    EXPECT_EQ(erase_source(transaction, study, one).error().code(), "not_found");
    EXPECT_EQ(static_cast<std::int64_t>(load_evidence(transaction, study).codings.size()), codings - 2);
    EXPECT_EQ(search_texts(transaction, study, "បំណុល", 10).size(), 0u);
    EXPECT_EQ(open_source(transaction, study, one).error().code(), "not_found");
    const Material left = *collect(transaction, study, {});
    for (const MaterialSource& source : left.sources) EXPECT_EQ(source.text.find("000-555-014"), std::string::npos);
    transaction.commit();
  }
  // A copy that another program made before brings it with its GUID.
  Transaction transaction = workspace().write();
  Material copy;
  copy.report.file = "copy.qdpx";
  MaterialSource source;
  source.name = "One, again";
  source.text = "They owe money.";
  source.kind = "interview";
  copy.sources.push_back(source);
  const auto fresh = merge(transaction, study, copy, {});
  ASSERT_TRUE(fresh);
  EXPECT_EQ(fresh->of("source", Outcome::kRead), 1);
  const Material held = *collect(transaction, study, {});
  std::string guid;
  for (const MaterialSource& each : held.sources)
    if (each.name == "One, again") guid = each.guid;
  Id again;
  for (const SourceLine& line : list_sources(transaction, study))
    if (line.name == "One, again") again = line.id;
  ASSERT_TRUE(erase_source(transaction, study, again));
  copy.sources[0].guid = guid;
  copy.sources[0].name = "One, under a third name";
  const auto refused = merge(transaction, study, copy, {});
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->of("source", Outcome::kUnusable), 1) << refused->text();
}

TEST_P(Studies, AnErasedRespondentIsGoneAndSharedTalksAreNamed) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  bring_all(transaction, study);
  const auto id_of = [&](const std::string& name) {
    for (const Respondent& each : list_respondents(transaction, study))
      if (each.name == name) return each.id;
    return Id{};
  };
  const Id alone = id_of("SR-01"), shared = id_of("SR-02");
  const auto gone = erase_respondent(transaction, study, alone);
  ASSERT_TRUE(gone) << gone.error().sentence();
  EXPECT_EQ(gone->sources.size(), 2u);
  EXPECT_TRUE(gone->shared.empty());
  const auto half = erase_respondent(transaction, study, shared);
  ASSERT_TRUE(half);
  EXPECT_TRUE(half->sources.empty());
  EXPECT_EQ(half->shared.size(), 1u);
  EXPECT_FALSE(id_of("SR-01"));
  EXPECT_FALSE(id_of("SR-02"));
  EXPECT_EQ(load_evidence(transaction, study).respondents.size(), 2u);
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

TEST_P(Studies, ASurveyOfOtherPeopleIsReadByItsColumns) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  ImportOptions options;
  options.location = "Svay Rieng";
  options.language = "en";
  options.attributes = {{"Sex", "gender"}, {"How old?", "age_band"}};
  options.open_answers = {"Why do people leave?"};
  options.drop = {"Phone"};
  const auto report = bring(
      transaction, study, "survey.csv",
      "Sex,How old?,Why do people leave?,Phone,Household\nfemale,25-34,Debt.,012,4\nmale,35-49,,013,5\n", options);
  ASSERT_TRUE(report) << report.error().sentence();
  const auto people = list_respondents(transaction, study);
  ASSERT_EQ(people.size(), 2u);
  EXPECT_EQ(people[0].gender, "female");
  EXPECT_EQ(people[0].name, "survey R-001");
  EXPECT_EQ(list_sources(transaction, study).size(), 2u);  // an empty answer is an answer too
}

TEST_P(Studies, ExportsOfTheSameStudyAreTheSameBytes) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  bring_all(transaction, study);
  const Material material = *collect(transaction, study, {});
  EXPECT_EQ(write_codings_csv(material), write_codings_csv(*collect(transaction, study, {})));
  EXPECT_EQ(*write_xlsx(material), *write_xlsx(*collect(transaction, study, {})));
  const std::string codings = write_codings_csv(material);
  EXPECT_NE(codings.find("One,Svay Rieng"), std::string::npos);
  EXPECT_EQ(std::count(codings.begin(), codings.end(), '\n'), 7);
  const auto sheets = read_xlsx(*write_xlsx(material), "out.xlsx");
  ASSERT_TRUE(sheets) << sheets.error().sentence();
  EXPECT_EQ(sheets->at(0).rows.size(), 6u);
  EXPECT_EQ(load_codebook(transaction, study).codes.size(), material.codes.size());
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
  EXPECT_EQ(collect(transaction, study, {})->respondents.at(0).attributes.at("place"), "Phnom Penh market");
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

TEST_P(Studies, FilesAreKnownByTheirNameAndTextByItself) {
  EXPECT_EQ(kind_of_file("talk", "They owe money."), FileKind::kDocument);
  EXPECT_EQ(kind_of_file("talk", std::string_view("PK\x03\x04\0\xff", 6)), std::nullopt);
  EXPECT_EQ(kind_of_file("talk", ""), std::nullopt);
  EXPECT_EQ(kind_of_file("TALK.TXT", "x"), FileKind::kDocument);
  EXPECT_EQ(kind_of_file("talk.pdf", "They owe money."), std::nullopt);
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  const auto latin = import_file(transaction, study, "caf\xe9", "talk.txt", {}, {});
  ASSERT_FALSE(latin);
  EXPECT_EQ(latin.error().code(), "wrong_encoding");
  const auto wide = import_file(transaction, study, std::string("\xff\xfeH\0i\0=\xd8\x00\xde", 10), "wide.txt", {}, {});
  ASSERT_TRUE(wide) << wide.error().sentence();
  const auto nothing = import_file(transaction, study, " \n", "lost.txt", {}, {});
  ASSERT_TRUE(nothing);
  EXPECT_NE(nothing->text().find("its text is empty"), std::string::npos) << nothing->text();
  const auto sources = list_sources(transaction, study);
  ASSERT_EQ(sources.size(), 2u);
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

TEST(Turns, LabelsOfEveryScriptAreFound) {
  const std::string text = "I: Why?\nand then\n\nភា៖ ព្រោះ\n– a remark\n10:30 is a time\nhttp://x.y is an address\n";
  const auto turns = find_turns(text);
  ASSERT_GE(turns.size(), 3u);
  EXPECT_EQ(turns[0].label, "I");
  EXPECT_EQ(text.substr(turns[0].speech, turns[0].span.end - turns[0].speech), "Why?\nand then");
  EXPECT_EQ(turns[1].label, "ភា");
  EXPECT_TRUE(turns[2].label.empty());
}

TEST(Documents, OtherProgramsFilesAreRead) {
  TemporaryFolder folder;
  const std::string html =
      "<html><body><h1>Talk</h1><p>SR-01: ជំពាក់ <b>debt</b></p><script>alert(1)</script></body></html>";
  const auto read = read_document(html, "talk.html");
  ASSERT_TRUE(read) << read.error().sentence();
  EXPECT_NE(read->sources.at(0).text.find("SR-01: ជំពាក់ debt"), std::string::npos) << read->sources[0].text;
  EXPECT_EQ(read->sources[0].text.find("alert"), std::string::npos);
  for (const char* format : {"docx", "odt"}) {  // written by pandoc itself
    const auto path = folder.path() / (std::string("talk.") + format);
    ASSERT_EQ(run_program({.program = "pandoc",
                           .arguments = {"-f", "html", "-o", path.string()},
                           .input = html,
                           .what = "",
                           .package = ""})
                  ->status,
              0);
    const auto document = read_document(*read_file(path), std::string("talk.") + format);
    ASSERT_TRUE(document) << document.error().sentence();
    EXPECT_NE(document->sources.at(0).text.find("ជំពាក់ debt"), std::string::npos);
    EXPECT_FALSE(document->sources[0].original.empty());
  }
}

TEST(Documents, AnArchiveThatGrowsIsNotHandedOn) {
  const std::string bomb = *write_archive({{"word/document.xml", std::string(30 << 20, ' ')}});
  EXPECT_EQ(read_document(bomb, "talk.docx").error().code(), "hostile_archive");
  EXPECT_EQ(read_document("not a document", "talk.odt").error().code(), "damaged_archive");
}

TEST(Workbooks, AFileOfOpenpyxlIsReadAsPeopleSeeIt) {
  TemporaryFolder folder;
  const auto path = folder.path() / "survey.xlsx";
  const std::string script =
      "import "
      "openpyxl,datetime,sys\nw=openpyxl.Workbook()\ns=w.active\ns.append(['respondent','age','when','share','why'])\n"
      "s.append(['007',34,datetime.date(2026,11,24),0.5,'ជំពាក់ & "
      "<debt>'])\ns.append([None,None,None,None,None])\ns.append(['SR-2',12.0,None,1.25,'=1+1'])\nw.save(sys.argv[1])"
      "\n";
  const auto made = run_program(
      {.program = "/usr/bin/python3", .arguments = {"-c", script, path.string()}, .what = "", .package = ""});
  if (made->status != 0) GTEST_SKIP() << "python3-openpyxl is not here";
  const auto sheets = read_xlsx(*read_file(path), "survey.xlsx");
  ASSERT_TRUE(sheets) << sheets.error().sentence();
  const Sheet& sheet = sheets->at(0);
  EXPECT_EQ(sheet.header, (std::vector<std::string>{"respondent", "age", "when", "share", "why"}));
  ASSERT_EQ(sheet.rows.size(), 2u);
  EXPECT_EQ(sheet.rows[0], (std::vector<std::string>{"007", "34", "2026-11-24", "0.5", "ជំពាក់ & <debt>"}));
  EXPECT_EQ(sheet.rows[1][1], "12");
}

}  // namespace understory::study
