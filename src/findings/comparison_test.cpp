// Two groups side by side, what speaks against a number, and findings that are kept.
#include "findings/comparison.h"

#include <map>
#include <set>

#include "findings/ask.h"
#include "findings/kept.h"
#include "statistics/proportions.h"
#include "study/study.h"
#include "testing/workspace.h"

namespace understory::findings {

using study::Evidence;

namespace {

Question asked(std::string_view text) {
  auto question = parse_question(text);
  EXPECT_TRUE(question) << question.error().sentence();
  return *question;
}

// `women` of `of_women` say the one cause, `men` of `of_men`; everybody else says the other, but for one man who is
// silent. Each is interviewed alone.
Evidence told_by(int women, int of_women, int men, int of_men) {
  Evidence evidence;
  for (const char* name : {"Debt", "Floods"}) {
    study::Code code;
    code.id = Id{static_cast<std::int64_t>(evidence.codebook.codes.size()) + 1};
    code.path = code.name = name;
    code.kind = "cause";
    evidence.codebook.codes.push_back(code);
  }
  evidence.coders.push_back({Id{1}, false});
  for (int i = 0; i < of_women + of_men; ++i) {
    const bool woman = i < of_women, debt = woman ? i < women : i - of_women < men;
    Evidence::EvidenceRespondent person;
    person.id = Id{100 + i};
    person.gender = woman ? "female" : "male";
    person.cluster = i;
    person.asked = true;
    person.asked_kinds = ~0u;
    evidence.respondents.push_back(person);
    Evidence::EvidenceSource source;
    source.id = Id{1000 + i};
    source.is_read = true;
    source.human_coders = 1;
    source.byte_length = 100;
    source.respondents = {i};
    evidence.sources.push_back(source);
    evidence.coding_respondents.push_back(i);
    if (i == of_women + of_men - 1) continue;
    evidence.codings.push_back({Id{5000 + i}, i, debt ? 0 : 1, 0, 0, 10, i, 1});
  }
  return evidence;
}

// The same people, interviewed together by so many; women and men apart.
Evidence together(Evidence evidence, int size) {
  int last = -1, in_it = 0;
  std::string gender;
  for (auto& person : evidence.respondents) {
    if (person.gender != gender || in_it == size) ++last, in_it = 0;
    gender = person.gender;
    person.cluster = last;
    ++in_it;
  }
  return evidence;
}

}  // namespace

TEST(Comparison, SaysHowMuchMoreOftenAndHowSureThatIs) {
  const Evidence evidence = told_by(24, 30, 6, 30);
  const Answer pair = *compare(evidence, asked("causes by gender"), "female", "male");
  ASSERT_EQ(pair.tables.size(), 1u);
  ASSERT_EQ(pair.items[0].key, "Debt");
  const auto& row = pair.tables[0].rows[0];
  EXPECT_EQ(std::get<Counted>(row[1]).count, 24);
  EXPECT_EQ(std::get<Counted>(row[2]).of, 30);
  // Nobody was interviewed together: Newcombe's interval itself.
  const statistics::Difference expected = statistics::newcombe(24, 30, 6, 30);
  EXPECT_NEAR(std::get<Interval>(row[3]).value, 0.6, 1e-12);
  EXPECT_NEAR(std::get<Interval>(row[3]).low, expected.bounds.low, 1e-9);
  EXPECT_NEAR(std::get<Interval>(row[3]).high, expected.bounds.high, 1e-9);
  EXPECT_LT(std::get<double>(row[5]), 0.001);
  ASSERT_EQ(pair.sentences.size(), 2u);  // debt here, floods there
  EXPECT_EQ(std::get<Names>(pair.sentences[0].arguments[2].second).list, std::vector<std::string>{"Debt"});
  EXPECT_EQ(std::get<Names>(pair.sentences[1].arguments[2].second).list, std::vector<std::string>{"Floods"});
  // The other way round the signs turn.
  const Answer turned = *compare(evidence, asked("causes by gender"), "male", "female");
  EXPECT_NEAR(std::get<Interval>(turned.tables[0].rows[0][3]).value, -0.6, 1e-12);
  for (const std::string& language : Catalogue::languages())
    EXPECT_EQ(answer_json(pair, Catalogue::of(language)).find("⟦"), std::string::npos);
  EXPECT_EQ(answer_csv(pair, Catalogue::of("en")).find("(all)"), std::string::npos);
}

TEST(Comparison, NothingIsSaidWhereChanceCouldExplainIt) {
  const Answer pair = *compare(told_by(16, 30, 14, 30), asked("causes by gender"), "female", "male");
  ASSERT_EQ(pair.sentences.size(), 1u);
  EXPECT_EQ(pair.sentences[0].key, "findings.two_alike");
}

TEST(Comparison, OneConversationIsNotManyVoices) {
  // Eleven of twelve in one focus group against two of twelve in another: one by one that would be a difference.
  const Evidence alone = told_by(11, 12, 2, 12);
  const Answer apart = *compare(alone, asked("causes by gender"), "female", "male");
  EXPECT_EQ(apart.sentences.at(0).key, "findings.more_often");
  const Evidence groups = together(alone, 12);
  const Answer pair = *compare(groups, asked("causes by gender"), "female", "male");
  ASSERT_EQ(pair.groups[0].clusters, 1);
  const auto& difference = std::get<Interval>(pair.tables.at(0).rows.at(0).at(3));
  EXPECT_LT(difference.low, 0);
  EXPECT_GT(difference.high, difference.value);
  EXPECT_TRUE(pair.sentences.empty());
  ASSERT_FALSE(pair.warnings.empty());
  EXPECT_EQ(pair.warnings[0].key, "findings.warn.too_few_conversations");
  for (const std::string& language : Catalogue::languages())
    EXPECT_EQ(answer_json(pair, Catalogue::of(language)).find("⟦"), std::string::npos);
  // Redrawn or not, an interval is never narrower than the one by the design effect.
  for (int size : {12, 6, 4, 3}) {
    const Answer answer = *ask(together(alone, size), asked("causes by gender"));
    for (const auto& row : answer.cells)
      for (const Estimate& cell : row) {
        const double n = static_cast<double>(cell.asked) / cell.design_effect;
        const statistics::Bounds bounds = statistics::wilson(cell.share * n, n);
        EXPECT_LE(cell.low, bounds.low + 1e-12) << size;
        EXPECT_GE(cell.high, bounds.high - 1e-12) << size;
        EXPECT_LT(cell.low, cell.high) << size;
      }
  }
  // Many conversations that agree say it again.
  const Answer many = *compare(together(told_by(44, 48, 8, 48), 4), asked("causes by gender"), "female", "male");
  ASSERT_FALSE(many.sentences.empty());
  EXPECT_EQ(many.sentences[0].key, "findings.more_often");
}

TEST(Comparison, TooFewPeopleAreNotCompared) {
  const Answer few = *compare(told_by(9, 10, 1, 30), asked("causes by gender"), "female", "male");
  EXPECT_TRUE(few.tables.empty());
  EXPECT_TRUE(few.cells.empty());
  ASSERT_EQ(few.warnings.size(), 1u);
  EXPECT_EQ(few.warnings[0].key, "findings.warn.too_few_to_compare");
  EXPECT_EQ(answer_json(few, Catalogue::of("en")).find("\"share\""), std::string::npos);
  EXPECT_FALSE(compare(told_by(9, 11, 1, 30), asked("causes by gender"), "female", "male")->tables.empty());
}

TEST(Comparison, AGroupThatIsNotThereIsNamed) {
  const Evidence evidence = told_by(20, 30, 10, 30);
  EXPECT_EQ(compare(evidence, asked("causes by gender"), "female", "other").error().code(), "not_found");
  EXPECT_EQ(compare(evidence, asked("causes by gender"), "male", "male").error().code(), "invalid_value");
  EXPECT_EQ(compare(evidence, asked("links"), "", "").error().code(), "invalid_value");
  EXPECT_EQ(compare(evidence, asked("causes by none"), "", "")->warnings.at(0).key, "findings.warn.one_group");
}

TEST(CounterExamples, AreWhatTheOthersSaidInstead) {
  const Evidence evidence = told_by(24, 30, 6, 30);
  const Against against = *codings_against(evidence, asked("causes by gender"), "male", "Debt");
  EXPECT_EQ(against.asked, 30);
  EXPECT_EQ(against.people, 24);
  EXPECT_EQ(against.silent, 1);
  EXPECT_EQ(against.codings.size(), 23u);
  for (int coding : against.codings) {
    EXPECT_EQ(evidence.codings[coding].code, 1);
    EXPECT_EQ(evidence.respondents[evidence.coding_respondents[evidence.codings[coding].first_respondent]].gender,
              "male");
  }
  EXPECT_EQ(codings_against(evidence, asked("causes by gender"), "(all)", "Debt")->people, 30);
  EXPECT_FALSE(codings_against(evidence, asked("causes"), "(all)", "Moon"));
}

TEST(Links, OpenTheirOwnPassages) {
  Evidence evidence = told_by(24, 30, 6, 30);
  evidence.links.push_back({Id{9001}, 0, 0, 0, 1, 1, "said", 3, 9, 0, 1});
  evidence.links.push_back({Id{9002}, 1, 0, 0, 1, -1, "said", 4, 8, 1, 1});
  const ToldLinks told = *links_behind(evidence, asked("links"), "Debt", "Floods", false);
  ASSERT_EQ(told.codings.size(), 1u);
  EXPECT_EQ(told.evidence.codings[told.codings[0]].start, 3);
  EXPECT_EQ(links_behind(evidence, asked("links"), "Debt", "Floods", true)->codings.size(), 1u);
  EXPECT_TRUE(links_behind(evidence, asked("links"), "Floods", "Debt", false)->codings.empty());
  const Answer answer = *ask(evidence, asked("links"));
  ASSERT_FALSE(answer.tables.empty());
  ASSERT_EQ(answer.tables[0].arrows.size(), 2u);
  for (const Table::Arrow& arrow : answer.tables[0].arrows)
    EXPECT_EQ(links_behind(evidence, asked("links"), arrow.from, arrow.to, arrow.prevents)->codings.size(), 1u);
}

class KeptFindings : public testing_support::OnBothEngines {
 protected:
  Id study() {
    auto transaction = workspace().write();
    study::NewStudy wanted;
    wanted.study.name = "Experiences";
    const Id made = *study::create_study(transaction, wanted);
    transaction.commit();
    return made;
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, KeptFindings, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(KeptFindings, AreKeptCommentedReviewedAndTakenAway) {
  const Id study = this->study();
  auto transaction = workspace().write();
  const Id first = *keep_finding(transaction, study, " Debt before the border ", asked("causes by gender"), "aaa", {});
  const Id second = *keep_finding(transaction, study, "Links", asked("links"), "aaa", Id{7});
  EXPECT_EQ(keep_finding(transaction, study, "Again", asked("links seed 1"), "aaa", {}).error().code(),
            "already_exists");
  EXPECT_EQ(keep_finding(transaction, study, "  ", asked("risks"), "aaa", {}).error().code(), "invalid_value");
  EXPECT_EQ(keep_finding(transaction, study, std::string(301, 'x'), asked("risks"), "aaa", {}).error().code(),
            "invalid_value");

  // Whoever may not know of the one that is kept may keep the question, and is not told.
  EXPECT_EQ(keep_finding(transaction, study, "x", asked("links"), "aaa", {},
                         [](const Author& by) { return by.account == Id{7}; })
                .error()
                .code(),
            "already_exists");
  const auto twice =
      keep_finding(transaction, study, "Mine", asked("links"), "aaa", Id{9}, [](const Author&) { return false; });
  ASSERT_TRUE(twice);
  ASSERT_TRUE(drop_finding(transaction, study, *twice));

  ASSERT_TRUE(comment_on(transaction, study, first, "ជំពាក់ – look at Battambang too", Id{7}));
  EXPECT_FALSE(comment_on(transaction, study, first, "", Id{7}));
  ASSERT_TRUE(review_finding(transaction, study, first, "bbb", Id{8}));
  EXPECT_EQ(review_finding(transaction, study, second, "bbb", Id{7}).error().code(), "own_finding");
  ASSERT_TRUE(set_in_report(transaction, study, second, true));
  ASSERT_TRUE(set_in_report(transaction, study, first, true));
  ASSERT_TRUE(set_in_report(transaction, study, second, true));  // stays where it is

  const KeptFinding kept = *kept_finding(transaction, study, first);
  EXPECT_EQ(kept.name, "Debt before the border");
  EXPECT_EQ(kept.question.text(), "causes by gender");
  EXPECT_EQ(kept.data_hash, "aaa");
  ASSERT_TRUE(kept.review);
  EXPECT_EQ(kept.review->data_hash, "bbb");
  EXPECT_EQ(kept.review->account, Id{8});
  EXPECT_EQ(kept.comments, 1);
  EXPECT_EQ(kept.report_position, 2);
  EXPECT_EQ(kept_finding(transaction, study, second)->report_position, 1);
  EXPECT_EQ(comments_on(transaction, first).at(0).text, "ជំពាក់ – look at Battambang too");

  ASSERT_TRUE(set_in_report(transaction, study, second, false));
  EXPECT_EQ(kept_finding(transaction, study, second)->report_position, 0);
  ASSERT_TRUE(review_finding(transaction, study, second, "bbb", Id{8}));
  ASSERT_TRUE(rename_finding(transaction, study, second, "What leads to what", Id{9}));
  EXPECT_FALSE(kept_finding(transaction, study, second)->review);  // of another name
  EXPECT_EQ(kept_finding(transaction, study, second)->kept_by.account, Id{9});
  EXPECT_EQ(kept_finding(transaction, study, second)->name, "What leads to what");
  ASSERT_TRUE(drop_finding(transaction, study, first));
  EXPECT_EQ(kept_finding(transaction, study, first).error().code(), "not_found");
  EXPECT_TRUE(comments_on(transaction, first).empty());
  EXPECT_EQ(kept_findings(transaction, study).size(), 1u);
}

TEST_P(KeptFindings, OfAnotherStudyAreNotThere) {
  const Id study = this->study();
  auto transaction = workspace().write();
  const Id kept = *keep_finding(transaction, study, "Links", asked("links"), "aaa", {});
  const Id other{study.value + 1};
  EXPECT_FALSE(kept_finding(transaction, other, kept));
  EXPECT_FALSE(comment_on(transaction, other, kept, "Hello", {}));
  EXPECT_FALSE(review_finding(transaction, other, kept, "b", {}));
  EXPECT_FALSE(set_in_report(transaction, other, kept, true));
  EXPECT_FALSE(rename_finding(transaction, other, kept, "x", {}));
  EXPECT_FALSE(drop_finding(transaction, other, kept));
  EXPECT_EQ(kept_findings(transaction, study).size(), 1u);
}

}  // namespace understory::findings
