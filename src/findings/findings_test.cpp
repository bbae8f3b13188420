// Questions and their answers over the invented example, on both engines.
#include "findings/ask.h"

#include <boost/json.hpp>

#include "findings/words.h"
#include "foundation/csv.h"
#include "foundation/file.h"
#include "places/places.h"
#include "study/import_file.h"
#include "testing/workspace.h"

namespace understory::findings {

using study::Evidence;

namespace {

constexpr const char* kCommunities[] = {"svay-rieng", "battambang", "sindhu", "banke", "bihar", "khulna", "chiang-rai"};

Evidence import_example(storage::Workspace& workspace) {
  const auto folder = testing_support::project_folder() / "examples" / "seven-communities";
  auto transaction = workspace.write();
  EXPECT_TRUE(places::install_builtin_places(transaction));
  for (const char* community : kCommunities)
    EXPECT_TRUE(places::import_places(transaction, *read_file(folder / community / "places.csv"), "places.csv"));
  study::NewStudy wanted;
  wanted.study.name = "Seven";
  wanted.study.guid = "00000000-0000-4000-8000-000000000007";
  wanted.study.invented = true;
  const Id study = *study::create_study(transaction, wanted);
  for (const char* community : kCommunities)
    for (const char* table : {"respondents", "sources", "survey", "codings", "links", "masks"}) {
      const std::string name = std::string(table) + ".csv";
      const auto report =
          study::import_file(transaction, study, *read_file(folder / community / name), name, {},
                             [&](const std::string& file) { return read_file(folder / community / file); });
      EXPECT_TRUE(report) << community << " " << name << ": " << (report ? "" : report.error().sentence());
      if (report) EXPECT_TRUE(report->complete()) << report->text();
    }
  Evidence evidence = study::load_evidence(transaction, study);
  transaction.commit();
  return evidence;
}

Question asked(std::string_view text) {
  auto question = parse_question(text);
  EXPECT_TRUE(question) << question.error().sentence();
  return *question;
}

const Estimate& cell(const Answer& answer, std::string_view group, std::string_view item) {
  for (std::size_t g = 0; g < answer.groups.size(); ++g)
    for (std::size_t i = 0; i < answer.items.size(); ++i)
      if (answer.groups[g].key == group && answer.items[i].key == item) return answer.cells[g][i];
  throw std::logic_error("no such cell");
}

}  // namespace

TEST(Questions, TextAndJsonAreTheSameThing) {
  for (const char* text :
       {"causes", "causes by gender among location=Svay Rieng, location=Bihar seed 7", "risks by location",
        "agreement unit paragraph machine", "cooccurrence kind cause level all within overlap draws 0",
        "trend by none among role=\"village chief, retired\"", "strategies counted every", "saturation by language"}) {
    const Question question = asked(text);
    EXPECT_EQ(*parse_question(question.text()), question) << question.text();
    EXPECT_EQ(*parse_question_json(question.json()), question) << question.json();
  }
  EXPECT_EQ(asked("causes  by  location draws 2000 seed 1").text(), "causes");
  EXPECT_EQ(asked("risks").by, "age_band");
  EXPECT_EQ(asked("causes by gender among location=Svay Rieng seed 7").json(),
            R"({"among":{"location":["Svay Rieng"]},"ask":"causes","by":"gender","seed":7})");
}

TEST(Questions, WhatIsNotUnderstoodIsNamed) {
  for (const auto& [text, at] :
       std::initializer_list<std::pair<const char*, const char*>>{{"", "the end"},
                                                                  {"reasons", "reasons"},
                                                                  {"causes by colour", "colour"},
                                                                  {"causes among gender", "gender"},
                                                                  {"causes among gender=", "gender"},
                                                                  {"causes among gender=woman", "woman"},
                                                                  {"causes seed x", "x"},
                                                                  {"causes draws -1", "-1"},
                                                                  {"causes by role by gender", "by"},
                                                                  {"causes please", "please"},
                                                                  {"causes among role=\"open", "\"open"}}) {
    const auto question = parse_question(text);
    ASSERT_FALSE(question) << text;
    EXPECT_EQ(question.error().code(), "bad_question");
    EXPECT_EQ(question.error().details().at("at"), at) << text;
  }
  EXPECT_FALSE(parse_question_json("{\"ask\":\"causes\",\"colour\":1}"));
  EXPECT_FALSE(parse_question_json("[1]"));
  EXPECT_FALSE(parse_question_json("{\"ask\":\"causes\",\"seed\":-1}"));
}

class Findings : public testing_support::OnBothEngines {};
INSTANTIATE_TEST_SUITE_P(Engines, Findings, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(Findings, TheExampleHasTheShapeOfTheRealStudy) {
  const Evidence evidence = import_example(workspace());
  EXPECT_GE(evidence.sources.size(), 60u);
  EXPECT_GE(evidence.respondents.size(), 160u);
  const Answer causes = *ask(evidence, asked("causes"));
  EXPECT_EQ(causes.groups.size(), 7u);
  for (const Group& group : causes.groups) {
    const Estimate& poverty = cell(causes, group.key, "Causes/Poverty");
    EXPECT_EQ(poverty.rank, 1) << group.key;
    EXPECT_EQ(poverty.asked, 24);
    EXPECT_LE(poverty.low, poverty.share);
    EXPECT_LE(poverty.share, poverty.high);
  }
  // Counted by hand from the files of Svay Rieng: 19 of 24 named poverty or a part of it.
  EXPECT_EQ(cell(causes, "Svay Rieng", "Causes/Poverty").mentioned, 19);
  EXPECT_EQ(cell(causes, "Khulna", "Causes/Disaster and climate").mentioned, 12);
  EXPECT_GT(causes.p_first_everywhere, 0.5);
  EXPECT_EQ(causes.sentences.at(0).key, "findings.most");

  const Answer strategies = *ask(evidence, asked("strategies"));
  EXPECT_EQ(strategies.sentences.at(0).key, "findings.only_awareness_most");
  const Answer trend = *ask(evidence, asked("trend"));
  EXPECT_EQ(trend.sentences.at(0).key, "findings.trend_less");
  EXPECT_EQ(std::get<Names>(trend.sentences[0].arguments[0].second).list, std::vector<std::string>{"Svay Rieng"});
  // A place where all see less among places where all see more has no ratio, and that is said.
  Evidence apart = evidence;
  const auto code_of = [&](std::string_view meaning) {
    for (int i = 0; i < static_cast<int>(apart.codebook.codes.size()); ++i)
      if (apart.codebook.codes[i].meaning == meaning) return i;
    throw std::logic_error("no code of this meaning");
  };
  for (auto& coding : apart.codings) {
    const std::string& meaning = apart.codebook.codes[coding.code].meaning;
    if (meaning == "up" || meaning == "down" || meaning == "same")
      coding.code = code_of(apart.sources[coding.source].location == 0 ? "down" : "up");
  }
  const Answer told = *ask(apart, asked("trend"));
  const auto caution = std::find_if(told.warnings.begin(), told.warnings.end(),
                                    [](const Message& each) { return each.key == "findings.warn.trend_apart"; });
  ASSERT_NE(caution, told.warnings.end());
  const auto& groups = std::get<Names>(caution->arguments[0].second).list;
  EXPECT_NE(std::find(groups.begin(), groups.end(), apart.locations[0].name), groups.end());
  EXPECT_FALSE(std::any_of(trend.warnings.begin(), trend.warnings.end(),
                           [](const Message& each) { return each.key == "findings.warn.trend_apart"; }));
  const Answer risks = *ask(evidence, asked("risks"));
  EXPECT_TRUE(std::any_of(risks.sentences.begin(), risks.sentences.end(),
                          [](const Message& each) { return each.key == "findings.children_more_at_risk"; }));
  double coded_twice = 0;
  for (const auto& source : evidence.sources) coded_twice += source.human_coders > 1;
  EXPECT_GE(coded_twice / static_cast<double>(std::count_if(evidence.sources.begin(), evidence.sources.end(),
                                                            [](const auto& each) { return each.human_coders > 0; })),
            1.0 / 3);
}

TEST_P(Findings, SameDataSameQuestionSameSeedSameBytes) {
  const Evidence evidence = import_example(workspace());
  // Engines give rows their own ids and each import makes its own GUIDs; the answers must not know. (The hash names
  // this very workspace's data, GUIDs and all.)
  static std::map<std::string, std::string> first;
  const auto without_hash = [&](std::string text) {
    for (std::size_t at = text.find(evidence.data_hash()); at != std::string::npos;
         at = text.find(evidence.data_hash()))
      text.erase(at, evidence.data_hash().size());
    return text;
  };
  for (std::string_view ask_word : kAsks) {
    const Answer answer = *ask(evidence, asked(ask_word));
    const Catalogue& words = Catalogue::of("en");
    const std::string all = answer_json(answer, words) + answer_csv(answer, words) + answer_text(answer, words);
    EXPECT_EQ(all, answer_json(*ask(evidence, asked(ask_word)), words) + answer_csv(answer, words) +
                       answer_text(answer, words));
    const auto [known, added] = first.try_emplace(std::string(ask_word), without_hash(all));
    if (!added) EXPECT_TRUE(known->second == without_hash(all)) << ask_word;
    EXPECT_EQ(all.find("⟦"), std::string::npos) << ask_word;
    EXPECT_NO_THROW(boost::json::parse(answer_json(answer, words)));
    EXPECT_EQ(answer_json(answer, Catalogue::of("km")).find("⟦"), std::string::npos);
  }
  EXPECT_NE(answer_json(*ask(evidence, asked("causes seed 2")), Catalogue::of("en")),
            answer_json(*ask(evidence, asked("causes seed 3")), Catalogue::of("en")));
}

TEST_P(Findings, EveryNumberOpensToThePassagesOfAsManyPeople) {
  const Evidence evidence = import_example(workspace());
  for (const char* text :
       {"causes", "causes by gender level all", "risks", "strategies", "trend", "causes counted every"}) {
    const Question question = asked(text);
    const Answer answer = *ask(evidence, question);
    for (std::size_t g = 0; g < answer.groups.size(); ++g)
      for (std::size_t i = 0; i < answer.items.size(); ++i) {
        const auto behind = codings_behind(evidence, question, answer.groups[g].key, answer.items[i].key);
        ASSERT_TRUE(behind);
        std::set<int> people;
        for (int coding : *behind) {
          const auto& each = evidence.codings[coding];
          for (int k = 0; k < each.respondent_count; ++k) {
            const int respondent = evidence.coding_respondents[each.first_respondent + k];
            std::string key = question.by == "location"
                                  ? evidence.locations[evidence.respondents[respondent].location].name
                              : question.by == "gender" ? evidence.respondents[respondent].gender
                                                        : evidence.respondents[respondent].age_band;
            if (key == answer.groups[g].key) people.insert(respondent);
          }
        }
        if (answer.items[i].key == "any") continue;  // its passages are those of the strategies it joins
        EXPECT_EQ(static_cast<std::int64_t>(people.size()), answer.cells[g][i].mentioned)
            << text << " " << answer.groups[g].key << " " << answer.items[i].key;
      }
  }
  EXPECT_EQ(codings_behind(evidence, asked("causes"), "Nowhere", "Causes/Poverty").error().code(), "not_found");
  EXPECT_EQ(codings_behind(evidence, asked("causes"), "(all)", "Causes/None").error().code(), "not_found");
}

TEST_P(Findings, NarrowingCountsOnlyThosePeople) {
  const Evidence evidence = import_example(workspace());
  const Answer women = *ask(evidence, asked("causes by location among gender=female"));
  std::int64_t asked_women = 0;
  for (const Group& group : women.groups) asked_women += group.asked;
  EXPECT_EQ(asked_women, std::count_if(evidence.respondents.begin(), evidence.respondents.end(),
                                       [](const auto& each) { return each.gender == "female" && each.asked; }));
  const auto nobody = ask(evidence, asked("causes among role=astronaut"));
  ASSERT_FALSE(nobody);
  EXPECT_NE(nobody.error().details().at("hint").find("teacher"), std::string::npos);
  const Answer strict = *ask(evidence, asked("causes counted every")), loose = *ask(evidence, asked("causes"));
  EXPECT_LE(strict.overall[0].mentioned, loose.overall[0].mentioned);
}

TEST_P(Findings, EveryQuestionIsAnsweredByEveryFacet) {
  const Evidence evidence = import_example(workspace());
  for (std::string_view ask_word : kAsks)
    for (std::string_view facet : kFacets) {
      const std::string text = fmt::format("{} by {} draws 20", ask_word, facet);
      const auto answer = ask(evidence, asked(text));
      ASSERT_TRUE(answer) << text << ": " << answer.error().sentence();
      // Split: in groups, or in the first column of a table.
      const bool in_groups = answer->groups.size() > 1, in_table = !answer->tables.empty() &&
                                                                   answer->tables[0].columns[0].first == "group" &&
                                                                   answer->tables[0].rows.size() > 1;
      EXPECT_TRUE(in_groups || in_table) << text;
      EXPECT_FALSE(answer->sentences.empty()) << text;
      for (const std::string& language : Catalogue::languages()) {
        const Catalogue& words = Catalogue::of(language);
        for (const std::string& form :
             {answer_json(*answer, words), answer_csv(*answer, words), answer_text(*answer, words)})
          EXPECT_EQ(form.find("⟦"), std::string::npos) << text;
      }
    }
}

TEST_P(Findings, WhatIsAnsweredOverEverybodyIsSplitByAskingAgain) {
  const Evidence evidence = import_example(workspace());
  const Answer split = *ask(evidence, asked("cooccurrence by gender")),
               women = *ask(evidence, asked("cooccurrence among gender=female")),
               everybody = *ask(evidence, asked("cooccurrence"));
  const Table &of_split = split.tables.at(0), &of_women = women.tables.at(0), &of_all = everybody.tables.at(0);
  ASSERT_EQ(of_split.columns[0].first, "group");
  EXPECT_EQ(of_split.columns.size(), of_women.columns.size() + 1);
  EXPECT_EQ(std::get<Words>(of_split.rows[0][0]).key, "gender.female");
  EXPECT_EQ(std::get<std::string>(of_split.rows[0][1]), std::get<std::string>(of_women.rows[0][0]));
  EXPECT_EQ(std::get<Counted>(of_split.rows[0][3]).count, std::get<Counted>(of_women.rows[0][2]).count);
  const auto& last_group = of_split.rows[of_split.rows.size() - 10];
  EXPECT_EQ(std::get<Words>(last_group[0]).key, "findings.all_groups");
  EXPECT_EQ(std::get<Counted>(last_group[3]).count, std::get<Counted>(of_all.rows[0][2]).count);
  EXPECT_EQ(everybody.sentences.size(), split.sentences.size());
  // Few of those asked spoke as women and men together; of everybody together nothing is said.
  const auto thin = std::find_if(split.warnings.begin(), split.warnings.end(),
                                 [](const Message& each) { return each.key == "findings.warn.thin"; });
  ASSERT_NE(thin, split.warnings.end());
  const std::string said = Catalogue::of("en").say(*thin);
  EXPECT_NE(said.find("women and men"), std::string::npos) << said;
  EXPECT_EQ(said.find("woman or girl"), std::string::npos) << said;
}

TEST_P(Findings, ALanguageWithoutAWordOfOursKeepsItsCode) {
  Evidence evidence = import_example(workspace());
  for (auto& source : evidence.sources) source.language = "fr";
  for (auto& person : evidence.respondents) person.language = "fr";
  for (std::string_view word : kAsks) {
    const std::string text =
        answer_text(*ask(evidence, asked(std::string(word) + " by language draws 0")), Catalogue::of("en"));
    EXPECT_EQ(text.find("⟦"), std::string::npos) << text;
  }
}

TEST_P(Findings, SentencesNameGroupsAndDerivedRowsInTheReadersLanguage) {
  Evidence evidence = import_example(workspace());
  const Answer risks = *ask(evidence, asked("risks draws 20"));
  const auto thin = std::find_if(risks.warnings.begin(), risks.warnings.end(),
                                 [](const Message& each) { return each.key == "findings.warn.thin"; });
  ASSERT_NE(thin, risks.warnings.end());
  EXPECT_NE(Catalogue::of("en").say(*thin).find("65 and over"), std::string::npos);
  EXPECT_EQ(Catalogue::of("km").say(*thin).find("65 and over"), std::string::npos);
  // Nobody speaks of awareness at three locations: that the others do is no chance, and must not be called so.
  for (std::size_t i = evidence.codings.size(); i-- > 0;)
    if (evidence.sources[evidence.codings[i].source].location < 3 &&
        evidence.codebook.codes[evidence.codings[i].code].kind == "strategy")
      evidence.codings.erase(evidence.codings.begin() + static_cast<std::ptrdiff_t>(i));
  const Answer strategies = *ask(evidence, asked("strategies"));
  const auto said = std::find_if(strategies.sentences.begin(), strategies.sentences.end(),
                                 [](const Message& each) { return each.key == "findings.differences"; });
  ASSERT_NE(said, strategies.sentences.end());
  EXPECT_NE(Catalogue::of("en").say(*said).find("Awareness"), std::string::npos) << Catalogue::of("en").say(*said);
}

TEST_P(Findings, ChainsCountOnlyWhereOneSourceTellsThemWhole) {
  Evidence evidence = import_example(workspace());
  const auto code = [&](std::string_view path) {
    for (std::size_t i = 0; i < evidence.codebook.codes.size(); ++i)
      if (evidence.codebook.codes[i].path == path) return static_cast<int>(i);
    throw std::logic_error("no such code");
  };
  const int debt = code("Causes/Poverty/Debt"), sold = code("Means/Given or sold by the family"),
            labour = code("Exploitation/Forced labour"),
            dowry = code("Causes/Custom and gender/Dowry and early marriage");
  // Two interviews of one person each, taken from the links there are.
  const auto pattern = evidence.links.at(0);
  const auto other = *std::find_if(evidence.links.begin(), evidence.links.end(), [&](const auto& link) {
    return link.source != pattern.source && link.respondent_count == 1;
  });
  ASSERT_EQ(pattern.respondent_count, 1);
  const auto link = [&](auto where, int from, int to, int sign = 1) {
    where.from = from;
    where.to = to;
    where.sign = sign;
    return where;
  };
  const auto table = [](const Answer& answer, std::string_view key) -> const Table* {
    for (const Table& each : answer.tables)
      if (each.key == key) return &each;
    return nullptr;
  };
  // "Debt leads to being sold" here and "being sold leads to labour" there: nobody told the chain.
  evidence.links = {link(pattern, debt, sold), link(other, sold, labour)};
  const Answer apart = *ask(evidence, asked("links"));
  ASSERT_TRUE(table(apart, "links"));
  EXPECT_EQ(table(apart, "links")->rows.size(), 2u);
  EXPECT_FALSE(table(apart, "threads"));
  EXPECT_EQ(table(apart, "robustness")->rows.size(), 2u);  // the two links themselves
  // Told whole by the first, which also tells a way round; the other says what prevents, which leads nowhere.
  evidence.links = {link(pattern, debt, sold), link(pattern, sold, labour), link(pattern, debt, dowry),
                    link(pattern, dowry, labour), link(other, debt, labour, -1)};
  const Answer whole = *ask(evidence, asked("links"));
  EXPECT_EQ(table(whole, "threads")->rows.size(), 2u);
  // What a figure draws of them: each link with who says it, and how the ends stand.
  ASSERT_EQ(whole.threads.size(), 2u);
  for (const Thread& thread : whole.threads) {
    ASSERT_EQ(thread.steps.size(), 3u);
    EXPECT_EQ(thread.steps.front().label, "Poverty");
    EXPECT_EQ(thread.steps.back().label, "Forced labour");
    EXPECT_EQ(thread.steps[0].told, 1);
    EXPECT_EQ(thread.steps[2].told, 0);  // nothing follows
    EXPECT_EQ(thread.asked, 168);
    EXPECT_EQ(std::tuple(thread.sources, thread.standing, thread.doubts), std::tuple(1, 1, 2));
  }
  EXPECT_EQ(whole.all_threads, 2);
  EXPECT_TRUE(apart.threads.empty());
  EXPECT_EQ(apart.all_threads, 0);
  // Split, the tables are each group's; no figure draws everybody's beside them.
  const Answer split = *ask(evidence, asked("links by gender"));
  ASSERT_TRUE(table(split, "threads"));
  EXPECT_EQ(table(split, "threads")->columns[0].first, "group");
  EXPECT_TRUE(split.threads.empty());
  EXPECT_EQ(split.all_threads, 0);
  const Table& standing = *table(whole, "robustness");
  EXPECT_EQ(std::get<std::string>(standing.rows[0][0]), "Poverty");
  EXPECT_EQ(std::get<std::string>(standing.rows[0][1]), "Forced labour");
  EXPECT_EQ(std::get<std::int64_t>(standing.rows[0][2]), 1);  // sources
  EXPECT_EQ(std::get<std::int64_t>(standing.rows[0][3]), 2);  // both ways must be doubted
  EXPECT_EQ(std::get<Counted>(table(whole, "links")->rows[0][3]).of, 168);
  // Each tells one way whole and half of another. The halves make a third way on paper only, which nobody told.
  evidence.links = {link(pattern, debt, sold), link(pattern, sold, labour), link(pattern, debt, dowry),
                    link(other, debt, sold),   link(other, sold, labour),   link(other, dowry, labour)};
  const Answer halves = *ask(evidence, asked("links"));
  const auto& rows = table(halves, "robustness")->rows;
  const auto ends = std::find_if(rows.begin(), rows.end(), [](const auto& row) {
    return std::get<std::string>(row[0]) == "Poverty" && std::get<std::string>(row[1]) == "Forced labour";
  });
  ASSERT_NE(ends, rows.end());
  EXPECT_EQ(std::get<std::int64_t>((*ends)[2]), 2);  // sources
  EXPECT_EQ(std::get<std::int64_t>((*ends)[3]), 2);  // one link of each
  // A dozen things all linked have more threads than anybody could read; the other source's are told.
  std::vector<int> many;
  for (std::size_t i = 0; i < evidence.codebook.codes.size() && many.size() < 12; ++i)
    if (evidence.codebook.codes[i].parent) many.push_back(static_cast<int>(i));
  ASSERT_GE(many.size(), 8u);
  evidence.links = {link(other, debt, sold), link(other, sold, labour)};
  for (int from : many)
    for (int to : many)
      if (from != to) evidence.links.push_back(link(pattern, from, to));
  const Answer dense = *ask(evidence, asked("links level all"));
  EXPECT_EQ(table(dense, "threads")->rows.size(), 1u);
  EXPECT_TRUE(std::any_of(dense.warnings.begin(), dense.warnings.end(), [](const Message& each) {
    return each.key == "findings.warn.too_many_threads" && std::get<std::int64_t>(each.arguments[0].second) == 1;
  }));
  // Five things all linked have 60 threads of three and twice 120 of more: the first are listed, all are counted.
  many.resize(5);
  evidence.links.clear();
  for (int from : many)
    for (int to : many)
      if (from != to) evidence.links.push_back(link(pattern, from, to));
  const Answer five = *ask(evidence, asked("links level all"));
  EXPECT_EQ(five.threads.size(), 30u);
  EXPECT_EQ(table(five, "threads")->rows.size(), 30u);
  EXPECT_EQ(five.all_threads, 300);
  // Where it is not known who spoke nothing is counted, and that is said.
  evidence.links = {link(pattern, debt, sold)};
  evidence.links[0].respondent_count = 0;
  const Answer unknown = *ask(evidence, asked("links"));
  EXPECT_EQ(unknown.sentences.at(0).key, "findings.no_links");
  EXPECT_EQ(unknown.warnings.at(0).key, "findings.warn.links_of_nobody");
  evidence.links.clear();
  EXPECT_EQ(ask(evidence, asked("links"))->sentences.at(0).key, "findings.no_links");
}

TEST_P(Findings, AMachinesCodingsCountForNothing) {
  Evidence evidence = import_example(workspace());
  const Answer before = *ask(evidence, asked("causes draws 0"));
  evidence.coders.push_back({Id{99}, true});
  auto coding = evidence.codings[0];
  coding.coder = static_cast<int>(evidence.coders.size()) - 1;
  for (std::size_t code = 0; code < evidence.codebook.codes.size(); ++code) {
    coding.code = static_cast<int>(code);
    evidence.codings.insert(evidence.codings.begin(), coding);
  }
  const Answer after = *ask(evidence, asked("causes draws 0"));
  for (std::size_t i = 0; i < before.items.size(); ++i)
    EXPECT_EQ(after.overall[i].mentioned, before.overall[i].mentioned);
  const Answer agreement = *ask(evidence, asked("agreement draws 0"));
  EXPECT_EQ(std::get<std::int64_t>(agreement.sentences.at(0).arguments[1].second), 3);  // coders: Sopheap, Anita, Rafiq
}

TEST_P(Findings, AnEmptyStudyIsAnsweredWithWhatIsMissing) {
  auto transaction = workspace().write();
  study::NewStudy wanted;
  wanted.study.name = "Empty";
  const Id study = *study::create_study(transaction, wanted);
  const Evidence evidence = study::load_evidence(transaction, study);
  for (std::string_view word : kAsks) {
    const auto answer = ask(evidence, asked(word));
    ASSERT_TRUE(answer) << word;
    EXPECT_EQ(answer_text(*answer, Catalogue::of("en")).find("⟦"), std::string::npos);
  }
}

TEST_P(Findings, TheCsvCarriesTheNumbersOfTheJson) {
  const Evidence evidence = import_example(workspace());
  const Answer answer = *ask(evidence, asked("causes"));
  const std::string csv = answer_csv(answer, Catalogue::of("en"));
  const auto table = read_csv(csv.substr(0, csv.find("\r\n\r\n") + 2), "a.csv");
  ASSERT_TRUE(table) << table.error().sentence();
  EXPECT_EQ(table->rows.size(), (answer.groups.size() + 1) * answer.items.size());
  EXPECT_EQ(table->rows[0][0], "Svay Rieng");
  EXPECT_EQ(table->rows[0][3], "19");
  EXPECT_EQ(table->rows[0][5], "0.791667");
}

}  // namespace understory::findings
