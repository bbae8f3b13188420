// Who may do what, decided in one place.
#include "people/rights.h"
#include "testing/people.h"

namespace understory::people {

// Every role × right × relation of a grant to the record, against the table in role.cpp said another way: in words.
TEST(Rights, AreThoseOfTheTable) {
  const Id study{1}, other_study{2}, source{10};
  const std::map<Role, std::string> allowed{
      {Role::kReporter, ""},
      {Role::kEnumerator, "see_study fill_forms"},
      {Role::kResearcher,
       "see_study see_findings see_passages list_sources read_source code change_study export_study make_report "
       "fill_forms keep_forms read_submissions review_submissions export_submissions keep_findings"},
      {Role::kCoder, "see_study see_findings see_passages list_sources read_source code read_submissions"},
      {Role::kCaseWorker, "see_study see_findings fill_forms"},
      {Role::kProgrammeLead, "see_study see_findings see_passages make_report read_audit keep_findings"},
      {Role::kPublisher, "see_study see_findings see_passages make_report keep_findings"},
      {Role::kSteward, "manage_accounts read_audit keep_machine keep_devices"}};
  int cells = 0;
  for (const auto& [role, words] : allowed)
    for (std::size_t r = 0; r < kRights.size(); ++r) {
      const Right right = static_cast<Right>(r);
      const bool has = (" " + words + " ").find(" " + std::string(kRights[r]) + " ") != std::string::npos;
      for (const Id granted_study : {Id{}, study, other_study})
        for (const std::string granted_place : {"", "KH-20", "NP"})
          for (const bool inside : {false, true})
            for (const bool active : {false, true})
              for (const bool excluded : {false, true}) {
                Person person{Id{77}, {}, active, false, {{Id{5}, role, granted_study, granted_place}}, {}};
                if (excluded) person.excluded_from.insert(inside ? source : study);
                Record record{study, {}, {}};
                if (inside) record = {study, source, {"KH", "KH-20", "KH-2009"}};
                bool expected = has && active && !excluded;
                if (is_general(right))
                  expected = expected && !granted_study && granted_place.empty();
                else
                  expected = expected && granted_study != other_study &&
                             (granted_place.empty() || !inside || granted_place == "KH-20");
                const Decision decision = decide(person, right, record);
                EXPECT_EQ(decision.allowed, expected) << name_of(role) << " " << kRights[r] << " "
                                                      << granted_study.value << " " << granted_place << " " << inside;
                EXPECT_FALSE(decision.reason.empty());
                // What the log keeps, a page can say in any language.
                const auto why = Reason::read(decision.reason);
                ASSERT_TRUE(why) << decision.reason;
                EXPECT_EQ(why->text(), decision.reason);
                EXPECT_EQ(why->kind, decision.why.kind) << decision.reason;
                if (excluded && active) EXPECT_TRUE(decision.hidden);
                ++cells;
              }
    }
  EXPECT_GE(cells, 3000);
}

TEST(Rights, ReasonsOfTheLogAreReadAsTheyWereWritten) {
  const auto role = Reason::read("researcher, in this study, in place KH-20, north");
  ASSERT_TRUE(role);
  EXPECT_EQ(role->kind, Reason::Kind::kRole);
  EXPECT_EQ(role->role, Role::kResearcher);
  EXPECT_TRUE(role->in_study);
  EXPECT_EQ(role->place, "KH-20, north");
  const auto none = Reason::read("no role of this account may read_source here");
  ASSERT_TRUE(none);
  EXPECT_EQ(none->kind, Reason::Kind::kNoRole);
  EXPECT_EQ(none->right, Right::kReadSource);
  for (const char* other : {"", "not_found", "researcher of another kind", "researcher, in a hurry", "device 7",
                            "no role of this account may fly here", "no role of this account may  here"})
    EXPECT_FALSE(Reason::read(other)) << other;
}

TEST(Rights, ReachIsTheSubtreesOfTheGrants) {
  const Id study{1};
  Person person{Id{7}, {}, true, false, {{Id{5}, Role::kCoder, study, "KH-20"}, {Id{6}, Role::kCoder, study, "NP"}},
                {}};
  EXPECT_FALSE(reach(person, Right::kReadSource, study).everything);
  EXPECT_EQ(reach(person, Right::kReadSource, study).places, (std::vector<std::string>{"KH-20", "NP"}));
  EXPECT_TRUE(reach(person, Right::kReadSource, Id{2}).places.empty());
  EXPECT_TRUE(reach(person, Right::kExportStudy, study).places.empty());
  person.grants.push_back({Id{8}, Role::kResearcher, {}, ""});
  EXPECT_TRUE(reach(person, Right::kReadSource, study).everything);
  person.excluded_from.insert(study);
  EXPECT_FALSE(reach(person, Right::kReadSource, study).everything);
}

TEST_P(People, GrantsAndExclusionsAreReadAsTheyStand) {
  const Id study{11};
  const Id account = add("lead.one", {{{}, Role::kProgrammeLead, study, ""}});
  Transaction transaction = workspace().write();
  EXPECT_TRUE(decide(person_of(transaction, account), Right::kSeeFindings, {study, {}, {}}).allowed);
  const Decision other = decide(person_of(transaction, account), Right::kSeeFindings, {Id{12}, {}, {}});
  EXPECT_FALSE(other.allowed);
  EXPECT_TRUE(other.hidden);
  const Decision code = decide(person_of(transaction, account), Right::kCode, {study, {}, {}});
  EXPECT_FALSE(code.allowed);
  EXPECT_FALSE(code.hidden);  // the lead knows that the study is there
  const Id exclusion = exclude(transaction, account, {}, "study", study, {});
  EXPECT_TRUE(decide(person_of(transaction, account), Right::kSeeFindings, {study, {}, {}}).hidden);
  ASSERT_TRUE(end_exclusion(transaction, exclusion));
  EXPECT_FALSE(end_exclusion(transaction, exclusion));
  EXPECT_TRUE(decide(person_of(transaction, account), Right::kSeeFindings, {study, {}, {}}).allowed);
  ASSERT_TRUE(end_grant(transaction, account_of(transaction, account)->grants.at(0).id));
  EXPECT_FALSE(decide(person_of(transaction, account), Right::kSeeFindings, {study, {}, {}}).allowed);
  transaction.commit();
}

}  // namespace understory::people
