// Kept findings, comments and reviews for whoever may know a part of a study alone, over whole requests.
#include "findings/kept.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "people/sign_in.h"
#include "study/limits.h"
#include "testing/who_may.h"

namespace understory::server {

class KeptFindingsAsked : public WhoMay {
 protected:
  Response send(const std::string& method, const std::string& target, const std::string& session,
                const std::string& body) {
    Request request = asked(method, target, session);
    request.content = Upload(body);
    request.headers["x-form"] = people::form_token(session);
    return answer(workspace(), request);
  }
  // What an account may know of a study.
  findings::Author author(storage::Transaction& transaction, Id study, Id account) {
    return {account, study::limits_of(
                         transaction, study,
                         people::reach(people::person_of(transaction, account), people::Right::kSeePassages, study))};
  }
  Id keep(Id study, const char* name, const char* question, Id account) {
    auto transaction = workspace().write();
    const Id made = *findings::keep_finding(transaction, study, name, *findings::parse_question(question), "then",
                                            author(transaction, study, account));
    transaction.commit();
    return made;
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, KeptFindingsAsked, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(KeptFindingsAsked, ShowNobodyTheWordsOfWhoeverKnowsMore) {
  const Rooms rooms = two_studies(workspace());
  const Id lead = add("lead", {{{}, Role::kResearcher, rooms.study, ""}}),
           nepal = add("nepal", {{{}, Role::kResearcher, rooms.study, "NP"}});
  const Id plain = keep(rooms.study, "They owe the mill", "causes", lead),
           named = keep(rooms.study, "The mill once more", "causes among location=\"Svay Rieng\"", lead),
           own = keep(rooms.study, "What the river took", "risks", nepal);
  {
    auto transaction = workspace().write();
    ASSERT_TRUE(
        findings::comment_on(transaction, rooms.study, own, "As at the mill", author(transaction, rooms.study, lead)));
    ASSERT_TRUE(
        findings::comment_on(transaction, rooms.study, own, "Ask again", author(transaction, rooms.study, nepal)));
    for (Id each : {plain, named, own}) ASSERT_TRUE(findings::set_in_report(transaction, rooms.study, each, true));
    transaction.commit();
  }
  const std::string of_lead = enter("lead"), of_nepal = enter("nepal");
  const std::string pages = "/studies/" + rooms.study.text(), kept = "/api/v1" + pages + "/kept-findings";
  const auto one = [&](Id finding) { return kept + "/" + finding.text(); };

  // Lists, single findings, comments and how many there are.
  EXPECT_THAT(get(kept, of_lead).body, testing::AllOf(testing::HasSubstr("owe the mill"), testing::HasSubstr("river")));
  const std::string list = get(kept, of_nepal).body;
  EXPECT_THAT(list, testing::AllOf(testing::HasSubstr("What the river took"), testing::Not(testing::HasSubstr("mill")),
                                   testing::Not(testing::HasSubstr("Svay")), testing::HasSubstr("\"comments\":1")));
  EXPECT_EQ(get(one(plain), of_nepal).status, 404);
  EXPECT_EQ(get(one(named), of_nepal).status, 404);
  EXPECT_EQ(send("POST", one(plain), of_nepal, R"({"comment":"x"})").status, 404);
  EXPECT_THAT(get(one(own), of_nepal).body,
              testing::AllOf(testing::HasSubstr("Ask again"), testing::Not(testing::HasSubstr("mill"))));
  EXPECT_THAT(get(one(own), of_lead).body, testing::HasSubstr("As at the mill"));

  // Keeping tells nothing of what is kept already.
  EXPECT_EQ(send("POST", kept, of_lead, R"({"name":"Again","question":"causes"})").status, 409);
  EXPECT_EQ(send("POST", kept, of_nepal, R"({"name":"Mine","question":"causes"})").status, 201);
  const Response hidden =
      send("POST", kept, of_nepal, R"({"name":"x","question":"causes among location=\"Svay Rieng\""})");
  EXPECT_EQ(hidden.status, 404);
  EXPECT_EQ(send("POST", kept, of_nepal, R"({"name":"x","question":"causes among location=\"Nowhere\""})").status, 404);

  // Reports: the one that names a place elsewhere is not there, and does not stand in the way of the others.
  const Response report = get(pages + "/report.csv?finding=" + named.text(), of_nepal);
  EXPECT_EQ(report.status, 404);
  EXPECT_EQ(report.body.find("Svay"), std::string::npos);
  const Response chosen = get(pages + "/report.html?of=chosen", of_nepal);
  EXPECT_EQ(chosen.status, 200);
  EXPECT_THAT(chosen.body,
              testing::AllOf(testing::HasSubstr("What the river took"), testing::Not(testing::HasSubstr("mill"))));
  EXPECT_THAT(get(pages + "/report.html?of=chosen", of_lead).body, testing::HasSubstr("The mill once more"));
}

TEST_P(KeptFindingsAsked, AreReviewedAsTheyWereSeenByWhoeverHasTheWhole) {
  const Rooms rooms = two_studies(workspace());
  const Id lead = add("lead", {{{}, Role::kResearcher, rooms.study, ""}}),
           nepal = add("nepal", {{{}, Role::kResearcher, rooms.study, "NP"}});
  const Id own = keep(rooms.study, "What the river took", "risks", nepal);
  (void)lead;
  const std::string of_lead = enter("lead"), of_nepal = enter("nepal");
  const std::string one = "/api/v1/studies/" + rooms.study.text() + "/kept-findings/" + own.text();
  const auto seen = [&](const std::string& session) {
    return boost::json::parse(get(one, session).body).as_object().at("finding").as_object();
  };
  const auto review = [&](const std::string& session, const std::string& evidence) {
    return send("POST", one, session, R"({"reviewed":true,"evidence":")" + evidence + "\"}").status;
  };
  // Nobody reviews what they kept, though they have the whole.
  EXPECT_EQ(seen(of_nepal).at("why_no_review"), "part");
  const std::string mine =
      "/api/v1/studies/" + rooms.study.text() + "/kept-findings/" + keep(rooms.study, "Mine", "links", lead).text();
  const boost::json::object told = boost::json::parse(get(mine, of_lead).body).as_object().at("finding").as_object();
  EXPECT_FALSE(told.at("may_review").as_bool());
  EXPECT_EQ(told.at("why_no_review"), "own");
  const Response refused = send(
      "POST", mine, of_lead, R"({"reviewed":true,"evidence":")" + std::string(told.at("evidence").as_string()) + "\"}");
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, testing::AllOf(testing::HasSubstr("own_finding"), testing::HasSubstr("Ask a colleague")));
  EXPECT_TRUE(boost::json::parse(get(mine, of_lead).body).as_object().at("finding").at("review").is_null());
  const std::string evidence(seen(of_lead).at("evidence").as_string());
  EXPECT_TRUE(seen(of_lead).at("may_review").as_bool());
  EXPECT_FALSE(seen(of_nepal).at("may_review").as_bool());
  EXPECT_EQ(review(of_nepal, evidence), 403);
  EXPECT_EQ(send("POST", one, of_lead, R"({"reviewed":true})").status, 400);
  EXPECT_EQ(review(of_lead, "of yesterday"), 409);
  EXPECT_TRUE(seen(of_lead).at("review").is_null());
  EXPECT_EQ(review(of_lead, evidence), 200);
  EXPECT_FALSE(seen(of_lead).at("review").is_null());
  // Under another name it is no longer what was reviewed.
  EXPECT_EQ(send("POST", one, of_nepal, R"({"name":"The river and the mill"})").status, 200);
  EXPECT_TRUE(seen(of_lead).at("review").is_null());
}

// What becomes of an author later opens nothing and hides nothing.
TEST_P(KeptFindingsAsked, AreOpenByWhatTheirAuthorsKnewThen) {
  const Rooms rooms = two_studies(workspace());
  const Id lead = add("lead", {{{}, Role::kResearcher, rooms.study, ""}}),
           reader = add("reader", {{{}, Role::kResearcher, rooms.study, "NP"}}),
           nepal = add("nepal", {{{}, Role::kResearcher, rooms.study, "NP"}});
  const std::string kept = "/api/v1/studies/" + rooms.study.text() + "/kept-findings";
  const std::string of_lead = enter("lead"), of_reader = enter("reader"), of_nepal = enter("nepal");
  const auto keep_as = [&](const std::string& session, const char* name, const char* question) {
    const Response made =
        send("POST", kept, session, R"({"name":")" + std::string(name) + R"(","question":")" + question + "\"}");
    EXPECT_EQ(made.status, 201) << made.body;
    return std::string(boost::json::parse(made.body).as_object().at("id").as_string());
  };
  keep_as(of_lead, "They owe the mill", "causes");
  const std::string river = keep_as(of_nepal, "What the river took", "risks");
  ASSERT_EQ(send("POST", kept + "/" + river, of_lead, R"({"comment":"As at the mill"})").status, 200);
  ASSERT_EQ(send("POST", kept + "/" + river, of_nepal, R"({"comment":"After the flood"})").status, 200);
  // Who codes all of the study and leads one place of it could have read everything: their words are not for NP alone.
  add("both", {{{}, Role::kCoder, rooms.study, ""}, {{}, Role::kResearcher, rooms.study, "NP"}});
  const std::string of_both = enter("both");
  ASSERT_EQ(send("POST", kept + "/" + river, of_both, R"({"comment":"As the mill’s owner said"})").status, 200);
  const auto of_those = [&](const std::string& session) { return get(kept, session).body; };
  const auto comments = [&](const std::string& session) { return get(kept + "/" + river, session).body; };
  const auto roles = [&](Id account, Grant now) {
    auto transaction = workspace().write();
    const auto before = people::account_of(transaction, account);
    for (const Grant& each : before->grants) EXPECT_TRUE(people::end_grant(transaction, each.id));
    people::add_grant(transaction, account, now, {});
    transaction.commit();
  };
  const auto only_the_river = testing::AllOf(testing::HasSubstr("river"), testing::Not(testing::HasSubstr("mill")));
  EXPECT_THAT(of_those(of_reader), only_the_river);
  // Whoever led the study leads a place of it now, and whoever had a place has all: their words are as open as before.
  roles(lead, {{}, Role::kResearcher, rooms.study, "NP"});
  roles(nepal, {{}, Role::kResearcher, rooms.study, ""});
  EXPECT_THAT(of_those(of_reader), only_the_river);
  EXPECT_THAT(comments(of_reader),
              testing::AllOf(testing::HasSubstr("flood"), testing::Not(testing::HasSubstr("mill"))));
  // Nor does what they wrote then tell themselves what is not open to them any more.
  EXPECT_THAT(of_those(of_lead), only_the_river);
  EXPECT_THAT(of_those(of_nepal), testing::HasSubstr("mill"));
  // Whoever has gone leaves their words to those who had as much.
  {
    auto transaction = workspace().write();
    EXPECT_TRUE(people::deactivate(transaction, nepal));
    transaction.commit();
  }
  EXPECT_THAT(of_those(of_reader), only_the_river);
  (void)reader;
}

}  // namespace understory::server
