// Every route × role × relation of the person to the record, over whole requests; and what people do with accounts.
#include <gtest/gtest.h>

#include "foundation/file.h"
#include "people/account.h"
#include "people/audit.h"
#include "people/sign_in.h"
#include "people/token.h"
#include "places/places.h"
#include "server/routes.h"
#include "study/import_file.h"
#include "study/source.h"
#include "testing/workspace.h"

namespace understory::server {

using people::Grant;
using people::Role;

namespace {

constexpr vault::PasswordCost kLight{1, 8 << 20};
constexpr const char* kPassword = "three rivers meet here";

Request asked(const std::string& method, const std::string& target, const std::string& session,
              std::vector<std::pair<std::string, std::string>> form = {}) {
  Request request;
  request.method = method;
  EXPECT_TRUE(read_target(target, request));
  request.headers["host"] = "127.0.0.1:8080";
  request.headers["cookie"] = "session=" + session;
  request.form = std::move(form);
  return request;
}

struct Rooms {
  Id study, other_study, here, elsewhere;  // a source in Svay Rieng, one in Nepal
};

Rooms two_studies(storage::Workspace& workspace) {
  auto transaction = workspace.write();
  EXPECT_TRUE(places::install_builtin_places(transaction));
  Rooms rooms;
  study::NewStudy wanted;
  wanted.study.name = "Experiences";
  rooms.study = *study::create_study(transaction, wanted);
  wanted.study.name = "Another";
  rooms.other_study = *study::create_study(transaction, wanted);
  EXPECT_TRUE(study::ensure_location(transaction, rooms.study, "Svay Rieng", "KH-20"));
  EXPECT_TRUE(study::ensure_location(transaction, rooms.study, "Banke", "NP"));
  std::map<std::string, std::string> files{
      {"respondents.csv",
       "respondent,location,kind,size,age_band,gender,role,place,language\nSR-01,Svay Rieng,person,1,50-64,male,"
       "chief,,km\nBA-01,Banke,person,1,25-34,female,farmer,,en\n"},
      {"sources.csv",
       "file,source,kind,location,language,date,respondents,translation_of\none.txt,One,interview,Svay "
       "Rieng,en,2026-02-11,SR-01,\ntwo.txt,Two,interview,Banke,en,2026-02-12,BA-01,\n"},
      {"codings.csv",
       "source,coder,code,quote,occurrence\nOne,Anita,Causes/Poverty,owe the mill,\nTwo,Anita,Causes/Poverty,river "
       "took,\n"},
      {"one.txt", "I: Why?\n\nSR-01: They owe the mill.\n"},
      {"two.txt", "I: Why?\n\nBA-01: The river took the field.\n"}};
  for (const char* table : {"respondents.csv", "sources.csv", "codings.csv"}) {
    const auto report = study::import_file(transaction, rooms.study, files[table], table, {},
                                           [&](const std::string& file) -> Result<std::string> { return files[file]; });
    EXPECT_TRUE(report) << (report ? "" : report.error().sentence());
  }
  for (const auto& line : study::list_sources(transaction, rooms.study))
    (line.name == "One" ? rooms.here : rooms.elsewhere) = line.id;
  transaction.commit();
  return rooms;
}

}  // namespace

class WhoMay : public testing_support::OnBothEngines {
 protected:
  Id add(const std::string& name, const std::vector<Grant>& grants) {
    auto transaction = workspace().write();
    const Id id = *people::add_account(transaction, name, "");
    for (const Grant& grant : grants) people::add_grant(transaction, id, grant, {});
    const std::string token = people::invite(transaction, id, {});
    EXPECT_TRUE(people::accept_invitation(transaction, token, vault::make_person_key(kPassword, kLight)));
    transaction.commit();
    return id;
  }
  std::string enter(const std::string& name) {
    const auto entered = people::sign_in(workspace(), {name, kPassword, "", ""},
                                         [](storage::Transaction&, Id, std::string_view, std::string_view) {});
    EXPECT_TRUE(entered);
    return entered ? entered->session : "";
  }
  Response get(const std::string& target, const std::string& session) {
    return answer(workspace(), asked("GET", target, session));
  }
  std::int64_t entries() {
    auto transaction = workspace().read();
    return people::audit_head(transaction).number;
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, WhoMay, testing_support::BothEngines(), testing_support::engine_name);

// The table once more, in words, so that a slip in one of the two shows.
const std::map<Role, std::string> kAllowed{
    {Role::kReporter, ""},
    {Role::kEnumerator, "see_study"},
    {Role::kResearcher, "see_study see_findings see_passages list_sources read_source make_report"},
    {Role::kCoder, "see_study see_findings see_passages list_sources read_source"},
    {Role::kCaseWorker, "see_study see_findings"},
    {Role::kProgrammeLead, "see_study see_findings see_passages make_report read_audit"},
    {Role::kPublisher, "see_study see_findings see_passages make_report"},
    {Role::kSteward, "read_audit"}};
const std::map<std::string, std::string> kNeeded{{"", "see_study"},
                                                 {"/codebook", "see_study"},
                                                 {"/sources", "list_sources"},
                                                 {"/sources/{source}", "read_source"},
                                                 {"/findings/{ask}", "see_findings"},
                                                 {"/findings/{ask}/passages", "see_passages"},
                                                 {"/report.html", "make_report"},
                                                 {"/report.pdf", "make_report"}};

TEST_P(WhoMay, EveryRouteForEveryRoleAndRelation) {
  const Rooms rooms = two_studies(workspace());
  enum Relation {
    kWorkspace,
    kStudy,
    kOtherStudy,
    kPlaceOfSource,
    kPlaceElsewhere,
    kExcluded,
    kExcludedFromSource,
    kGrantEnded,
    kDeactivated,
    kSignedOut,
    kRelations
  };
  int cells = 0;
  for (const auto& [role, words] : kAllowed)
    for (int relation = 0; relation < kRelations; ++relation) {
      const std::string name = std::string(people::name_of(role)) + "-" + std::to_string(relation);
      Grant grant{{}, role, {}, ""};
      if (relation == kStudy) grant.study = rooms.study;
      if (relation == kOtherStudy) grant.study = rooms.other_study;
      if (relation == kPlaceOfSource) grant.place = "KH";
      if (relation == kPlaceElsewhere) grant.place = "NP";
      const Id account = add(name, {grant});
      const std::string session = enter(name);
      {
        auto transaction = workspace().write();
        if (relation == kExcluded) people::exclude(transaction, account, {}, "study", rooms.study, {});
        if (relation == kExcludedFromSource) people::exclude(transaction, account, {}, "source", rooms.here, {});
        if (relation == kGrantEnded)
          EXPECT_TRUE(people::end_grant(transaction, people::account_of(transaction, account)->grants.at(0).id));
        if (relation == kDeactivated) EXPECT_TRUE(people::deactivate(transaction, account));
        if (relation == kSignedOut) people::sign_out(transaction, session);
        transaction.commit();
      }
      const bool somebody = relation != kDeactivated && relation != kSignedOut;
      for (const Route& route : routes()) {
        if (route.method != "GET" || route.address == "/report.pdf") continue;
        const std::string address(route.address);
        const bool api = address.rfind("/api/", 0) == 0;
        std::string within = api ? address.substr(7) : address;
        int expected = 200;
        if (within == "/page.css" || within == "/healthz") {
          expected = 200;
        } else if (within == "/sign-in") {
          expected = somebody ? 303 : 200;
        } else if (within.rfind("/invitations", 0) == 0) {
          expected = 410;
        } else if (!somebody) {
          expected = api ? 401 : 303;
        } else if (within == "/" || within == "/studies" || within == "/account") {
          expected = 200;
        } else {
          const bool general = within == "/audit";
          if (!general) within = within.substr(std::string("/studies/{study}").size());
          const std::string needed = general ? "read_audit" : kNeeded.at(within);
          const bool granted = relation != kGrantEnded && (general ? relation == kWorkspace || relation == kExcluded ||
                                                                         relation == kExcludedFromSource
                                                                   : relation != kOtherStudy && relation != kExcluded);
          const auto has = [&](const std::string& right) {
            return granted && (" " + words + " ").find(" " + right + " ") != std::string::npos;
          };
          const bool the_source = within == "/sources/{source}";
          if (has(needed))
            expected = the_source && (relation == kPlaceElsewhere || relation == kExcludedFromSource) ? 404 : 200;
          else
            expected = general || has("see_study") ? 403 : 404;
        }
        // PDF and the whole report take seconds; that they are refused alike is what matters here.
        if (expected == 200 && address.find("/report.") != std::string::npos && relation != kWorkspace) continue;
        if (expected == 200 && address.find(".pdf") != std::string::npos) continue;
        std::string target = address;
        const auto put = [&](const std::string& what, const std::string& value) {
          if (const std::size_t at = target.find(what); at != std::string::npos) target.replace(at, what.size(), value);
        };
        put("{study}", rooms.study.text());
        put("{source}", rooms.here.text());
        put("{ask}", "causes");
        put("{invitation}", "none");
        const std::int64_t before = entries();
        const Response response = get(target + "?item=Causes%2FPoverty&question=causes%20draws%200", session);
        EXPECT_EQ(response.status, expected) << name << " " << route.method << " " << address << "\n"
                                             << response.body.substr(0, 200);
        // What somebody opened or was denied stands in the log; what nobody was let in to, or is open to all, does not.
        const bool general = address == "/page.css" || address == "/healthz" || address == "/sign-in" ||
                             address.find("{invitation}") != std::string::npos;
        const bool expected_entry = somebody && !general && (response.status == 200 ? route.logged : true);
        EXPECT_EQ(entries() - before, expected_entry ? 1 : 0) << name << " " << address;
        ++cells;
      }
    }
  RecordProperty("cells", cells);
  EXPECT_GE(cells, 1500);
  auto transaction = workspace().read();
  EXPECT_TRUE(people::verify_audit(transaction, people::audit_key(workspace())->public_key()));
}

TEST_P(WhoMay, WhatDoesNotExistForSomebodyLooksAsIfItDidNotExist) {
  const Rooms rooms = two_studies(workspace());
  add("coder.nepal", {{{}, Role::kCoder, rooms.study, "NP"}});
  const Id excluded = add("excluded", {{{}, Role::kResearcher, rooms.study, ""}});
  {
    auto transaction = workspace().write();
    people::exclude(transaction, excluded, {}, "source", rooms.here, {});
    transaction.commit();
  }
  const auto without = [](std::string text, const std::string& word) {
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word)) text.erase(at, word.size());
    return text;
  };
  const std::string base = "/studies/" + rooms.study.text();
  for (const std::string name : {"coder.nepal", "excluded"}) {
    const std::string session = enter(name);
    for (const std::string prefix : {"", "/api/v1"}) {
      const Id unknown = Id::make();
      const Response hidden = get(prefix + base + "/sources/" + rooms.here.text(), session),
                     absent = get(prefix + base + "/sources/" + unknown.text(), session);
      EXPECT_EQ(hidden.status, 404);
      EXPECT_EQ(without(hidden.body, rooms.here.text()), without(absent.body, unknown.text()));
      EXPECT_EQ(hidden.headers, absent.headers);
      const Response hidden_study = get(prefix + "/studies/" + rooms.other_study.text(), session),
                     absent_study = get(prefix + "/studies/" + unknown.text(), session);
      EXPECT_EQ(hidden_study.status, 404);
      EXPECT_EQ(without(hidden_study.body, rooms.other_study.text()), without(absent_study.body, unknown.text()));
    }
    // Lists, search, counts, findings, passages.
    std::string all;
    for (const char* address : {"", "/sources", "/sources?words=mill", "/findings/causes?by=location",
                                "/findings/causes/passages?item=Causes%2FPoverty", "/codebook"})
      all += get(base + address, session).body + get("/api/v1" + base + address, session).body;
    for (const char* secret : {"owe the mill", "SR-01", ">One<", "\"One\""})
      EXPECT_EQ(all.find(secret), std::string::npos) << name << " " << secret;
    EXPECT_NE(all.find("river took"), std::string::npos);
    if (name == "coder.nepal") EXPECT_EQ(all.find("Svay Rieng"), std::string::npos);
    EXPECT_EQ(get("/", session).body.find("Another"), std::string::npos);
  }
}

TEST_P(WhoMay, AnInvitationLeadsToASession) {
  two_studies(workspace());
  std::string token;
  {
    auto transaction = workspace().write();
    const Id id = *people::add_account(transaction, "dara", "");
    people::add_grant(transaction, id, {{}, Role::kResearcher, {}, ""}, {});
    token = people::invite(transaction, id, {});
    transaction.commit();
  }
  const std::string address = "/invitations/" + token;
  EXPECT_NE(get(address, "").body.find("dara"), std::string::npos);
  const auto post = [&](const std::string& target, std::vector<std::pair<std::string, std::string>> form,
                        const std::string& session = "") {
    return answer(workspace(), asked("POST", target, session, std::move(form)));
  };
  EXPECT_EQ(post(address, {{"password", "password1234"}, {"again", "password1234"}}).status, 422);
  EXPECT_EQ(post(address, {{"password", kPassword}, {"again", "another"}}).status, 422);
  EXPECT_EQ(post(address, {{"password", kPassword}, {"again", kPassword}}).status, 303);
  EXPECT_EQ(post(address, {{"password", kPassword}, {"again", kPassword}}).status, 410);
  EXPECT_EQ(post("/sign-in", {{"name", "dara"}, {"password", "wrong"}}).status, 401);
  const Response entered = post("/sign-in", {{"name", "Dara"}, {"password", kPassword}});
  ASSERT_EQ(entered.status, 303);
  std::string session;
  for (const auto& [name, value] : entered.headers)
    if (name == "Set-Cookie" && value.rfind("session=", 0) == 0) {
      session = value.substr(8, value.find(';') - 8);
      EXPECT_NE(value.find("HttpOnly"), std::string::npos);
      EXPECT_NE(value.find("SameSite=Strict"), std::string::npos);
    }
  ASSERT_EQ(get("/", session).status, 200);
  EXPECT_EQ(answer(workspace(), asked("POST", "/sign-in", session, {{"name", "dara"}, {"password", kPassword}})).status,
            303);  // again, while signed in
  // A form that some other page sends is refused, and nothing happens.
  EXPECT_EQ(post("/sign-out", {}, session).status, 403);
  Request foreign = asked("POST", "/sign-out", session, {{"form", people::form_token(session)}});
  foreign.headers["origin"] = "https://elsewhere.example";
  EXPECT_EQ(answer(workspace(), foreign).status, 403);
  EXPECT_EQ(get("/account", session).status, 200);
  const Response factor = post("/account/second-factor", {{"form", people::form_token(session)}}, session);
  EXPECT_NE(factor.body.find("otpauth://totp/"), std::string::npos);
  EXPECT_EQ(post("/sign-in", {{"name", "dara"}, {"password", kPassword}}).status, 401);  // the code is missing
  EXPECT_EQ(post("/sign-out", {{"form", people::form_token(session)}}, session).status, 303);
  EXPECT_EQ(get("/", session).status, 303);
  EXPECT_EQ(get("/nowhere", session).status, 303);
}

}  // namespace understory::server
