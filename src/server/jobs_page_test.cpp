// The list of long work: whose is open to whom, what it says, and who may stop it.
#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "people/sign_in.h"
#include "server/job_list.h"
#include "server/maintenance.h"
#include "storage/nightly.h"
#include "testing/who_may.h"

namespace understory::server {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class JobsListed : public WhoMay {
 protected:
  void SetUp() override {
    WhoMay::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    rooms_ = two_studies(workspace());
  }
  storage::Job begin(const std::string& kind, const std::string& arguments) {
    auto transaction = workspace().write();
    const storage::Job job = storage::begin_job(transaction, kind, arguments);
    transaction.commit();
    return job;
  }
  storage::Job now_is(const storage::Job& job) {
    auto transaction = workspace().read();
    return *storage::find_job(transaction, job.id);
  }
  int stop(const storage::Job& job, const std::string& session) {
    return answer(workspace(),
                  asked("POST", "/jobs/" + job.id.text(), session, {{"form", people::form_token(session)}}))
        .status;
  }
  static std::string learning(Id study) { return std::string(kLearningJob) + study.text(); }
  static std::string importing(Id study) { return std::string(kImportJob) + study.text(); }
  Rooms rooms_;
};
INSTANTIATE_TEST_SUITE_P(Engines, JobsListed, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(JobsListed, EachIsOpenToWhoeverMaySeeItsKind) {
  add("steward", {{{}, Role::kSteward, {}, ""}});
  add("lead", {{{}, Role::kResearcher, rooms_.study, ""}});
  add("of_a_place", {{{}, Role::kResearcher, rooms_.study, "KH"}});
  add("elsewhere", {{{}, Role::kResearcher, rooms_.other_study, ""}});
  add("coder", {{{}, Role::kCoder, {}, ""}});
  const std::string steward = enter("steward"), lead = enter("lead"), of_a_place = enter("of_a_place"),
                    elsewhere = enter("elsewhere"), coder = enter("coder");
  const std::string api = "/api/v1/studies/" + rooms_.study.text() + "/jobs";
  for (const std::string& each : {steward, lead, of_a_place, elsewhere})
    EXPECT_THAT(get("/jobs", each).body, HasSubstr("Nothing is under way")) << each;
  EXPECT_THAT(get("/jobs", coder).body, HasSubstr("No long work is open to you"));

  const auto backup = begin("backup", R"({"night":"2026-11-29"})");
  const auto learns = begin(learning(rooms_.study), "{}");
  const auto imports = begin(importing(rooms_.study), R"({"by":"","files":2})");
  const auto of_another = begin("make_coffee", "{}");
  const char *kBackup = "<h3>Backup", *kLearns = "<h3>The machine coder", *kImports = "<h3>Files are";
  EXPECT_THAT(get("/jobs", steward).body, AllOf(HasSubstr(kBackup), Not(HasSubstr(kLearns)), Not(HasSubstr(kImports))));
  EXPECT_THAT(get("/jobs", lead).body, AllOf(Not(HasSubstr(kBackup)), HasSubstr(kLearns), HasSubstr(kImports)));
  EXPECT_THAT(get("/jobs", of_a_place).body, AllOf(HasSubstr(kLearns), Not(HasSubstr(kImports))));
  EXPECT_THAT(get("/jobs", elsewhere).body, AllOf(Not(HasSubstr(kLearns)), Not(HasSubstr("Experiences"))));
  EXPECT_THAT(get("/jobs", coder).body, Not(HasSubstr("<h3>")));
  EXPECT_EQ(boost::json::parse(get(api, lead).body).at("jobs").as_array().size(), 2u);
  EXPECT_EQ(boost::json::parse(get(api, of_a_place).body).at("jobs").as_array().size(), 1u);
  EXPECT_EQ(get(api, elsewhere).status, 404);
  EXPECT_EQ(get(api, coder).status, 403);

  // Whoever may not see one cannot stop it, and is not told that it is there; that they tried is.
  const std::int64_t untried = entries();
  EXPECT_EQ(stop(backup, lead), 404);
  EXPECT_EQ(stop(learns, steward), 404);
  EXPECT_EQ(stop(learns, elsewhere), 404);
  EXPECT_EQ(stop(learns, coder), 404);
  EXPECT_EQ(stop(imports, of_a_place), 404);
  EXPECT_EQ(stop(of_another, steward), 404);
  for (const auto& each : {backup, learns, imports, of_another}) EXPECT_EQ(now_is(each).state, "running");
  const std::int64_t before = entries();
  EXPECT_EQ(before - untried, 6);
  EXPECT_EQ(stop(backup, steward), 303);
  EXPECT_EQ(stop(learns, of_a_place), 303);
  EXPECT_EQ(entries() - before, 2);
  EXPECT_EQ(now_is(backup).state, "stopped");
  EXPECT_EQ(now_is(learns).state, "stopped");
  EXPECT_THAT(get("/jobs", steward).body, HasSubstr("It was stopped."));
  // Whoever does it hears that it was.
  EXPECT_FALSE(storage::report_progress(workspace(), learns, "progress.learning", 1, 2));
  // What comes in has the turn to write, and is stopped where it is sent from.
  EXPECT_EQ(stop(imports, lead), 303);
  EXPECT_EQ(now_is(imports).state, "running");
}

TEST_P(JobsListed, SayHowFarTheyAreByWhomAndWhatCameOfThem) {
  const Id account = add("sokha", {{{}, Role::kResearcher, rooms_.study, ""}, {{}, Role::kSteward, {}, ""}});
  const std::string session = enter("sokha");
  const std::string api = "/api/v1/studies/" + rooms_.study.text() + "/jobs";
  const auto job = begin(learning(rooms_.study), "{}");
  ASSERT_TRUE(storage::report_progress(workspace(), job, "progress.learning", 3, 7));
  EXPECT_THAT(get("/jobs", session).body, AllOf(HasSubstr("by itself"), HasSubstr("value=\"3\" max=\"7\"")));
  const boost::json::value told = boost::json::parse(get(api, session).body).at("jobs").at(0);
  EXPECT_EQ(told.at("done"), 3);
  EXPECT_EQ(told.at("said"), "Learning");
  {
    auto transaction = workspace().write();
    storage::BackupPlan plan;
    EXPECT_TRUE(storage::ask_for_backup(transaction, plan, now(), false, account));
    EXPECT_TRUE(storage::fail_job(transaction, job, "locked"));
    const auto other = storage::begin_job(transaction, learning(rooms_.study), "{}");
    EXPECT_TRUE(storage::fail_job(transaction, other, "anything_else"));
    transaction.commit();
  }
  const std::string page = get("/jobs", session).body;
  EXPECT_THAT(page, AllOf(HasSubstr("It waits for its turn"), HasSubstr("sokha"), HasSubstr("Stories were locked."),
                          HasSubstr("“anything_else”")));
  for (const std::string& language : Catalogue::languages())
    EXPECT_THAT(get("/jobs?lang=" + language, session).body, Not(HasSubstr("⟦"))) << language;
}

// The foot of the desk asks for them again and again: whoever has gone from their desk is signed out all the same.
TEST_P(JobsListed, AskedForByThePageKeepNobodySignedIn) {
  add("lead", {{{}, Role::kResearcher, rooms_.study, ""}});
  const std::string session = enter("lead"), api = "/api/v1/studies/" + rooms_.study.text() + "/jobs";
  const Milliseconds began = now();
  for (const Milliseconds passed : {people::kIdleLife / 3, people::kIdleLife * 2 / 3}) {
    const FixedClock clock(began + passed);
    EXPECT_EQ(get(api, session).status, 200);
  }
  const FixedClock clock(began + people::kIdleLife + 60'000);
  EXPECT_EQ(get(api, session).status, 401);
}

// Files that a server was taking in when it ended are nobody's work any more, and the list says so.
TEST_P(JobsListed, WhatWentWithItsServerIsSaid) {
  static const storage::Query kSilent{"test.silent_job", "update job set changed_at = 0 where id = ?"};
  add("lead", {{{}, Role::kResearcher, rooms_.study, ""}});
  const auto job = begin(importing(rooms_.study), R"({"by":"","files":1})");
  {
    auto transaction = workspace().write();
    transaction.run(kSilent, {job.id});
    transaction.commit();
  }
  for (int i = 0; i < 5 && do_what_is_due(workspace(), [] { return false; }); ++i) {
  }
  EXPECT_EQ(now_is(job).state, "failed");
  EXPECT_THAT(get("/jobs", enter("lead")).body, HasSubstr("The server ended before it was done"));
}

}  // namespace understory::server
