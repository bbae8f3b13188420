// Every route × role × relation of the person to the record, over whole requests; and what people do with accounts.
#include <gtest/gtest.h>

#include "foundation/clock.h"
#include "foundation/file.h"
#include "people/account.h"
#include "people/audit.h"
#include "people/glass.h"
#include "people/sign_in.h"
#include "people/story_key.h"
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
const storage::Query kGlassKeys{"test.glass_keys",
                                "select count(*) from glass where workspace_id = ? and data_key is not null"};

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
    {Role::kResearcher,
     "see_study see_findings see_passages list_sources read_source change_study make_report "
     "export_submissions"},
    {Role::kCoder, "see_study see_findings see_passages list_sources read_source"},
    {Role::kCaseWorker, "see_study see_findings"},
    {Role::kProgrammeLead, "see_study see_findings see_passages make_report read_audit"},
    {Role::kPublisher, "see_study see_findings see_passages make_report"},
    {Role::kSteward, "read_audit manage_accounts keep_machine"}};
const std::map<std::string, std::string> kNeeded{{"", "see_study"},
                                                 {"/codebook", "see_study"},
                                                 {"/sources", "list_sources"},
                                                 {"/sources/{source}", "read_source"},
                                                 {"/sources/{source}/erase", "change_study"},
                                                 {"/findings/{ask}", "see_findings"},
                                                 {"/findings/{ask}/passages", "see_passages"},
                                                 {"/report.html", "make_report"},
                                                 {"/report.pdf", "make_report"}};

// What an empty form is answered where it may be sent.
const std::map<std::string, int> kForms{{"/studies/{study}/sources", 200},
                                        {"/studies/{study}/sources/{source}/erase", 422},
                                        {"/invitations/{invitation}", 410},
                                        {"/accounts", 422},
                                        {"/accounts/{account}", 422},
                                        {"/backups", 303},
                                        {"/set-up", 404},
                                        {"/glass", 422},
                                        {"/glass/{glass}", 404},
                                        {"/notices/read", 303},
                                        {"/account/sign-out-everywhere", 303},
                                        {"/sign-out", 303},
                                        {"/account/entry", 422}};
const std::set<std::string_view> kEndings{"/account/sign-out-everywhere", "/sign-out"};

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
      // What is answered to this person where the right is needed: `allowed`, or one of the two denials.
      // (`beyond_study` looks at the source too, as the answer itself does.)
      const auto decided = [&](const std::string& within, int allowed, bool beyond_study = true) {
        const bool of_all_studies = within.rfind("/forms/", 0) == 0;
        const bool general =
            within == "/audit" || within == "/backups" || within.rfind("/accounts", 0) == 0 || of_all_studies;
        const std::string inside = general ? within : within.substr(std::string("/studies/{study}").size());
        const std::string needed = within == "/audit"                                  ? "read_audit"
                                   : within == "/backups"                              ? "keep_machine"
                                   : of_all_studies || inside.rfind("/forms/", 0) == 0 ? "export_submissions"
                                   : general                                           ? "manage_accounts"
                                                                                       : kNeeded.at(inside);
        const bool granted = relation != kGrantEnded && (general ? relation == kWorkspace || relation == kExcluded ||
                                                                       relation == kExcludedFromSource
                                                                 : relation != kOtherStudy && relation != kExcluded);
        const auto has = [&](const std::string& right) {
          return granted && (" " + words + " ").find(" " + right + " ") != std::string::npos;
        };
        const bool the_source = beyond_study && inside.rfind("/sources/{source}", 0) == 0;
        if (has(needed))
          return the_source && (relation == kPlaceElsewhere || relation == kExcludedFromSource) ? 404 : allowed;
        return general || has("see_study") ? 403 : 404;
      };
      const auto target_of = [&](std::string_view address) {
        std::string target(address);
        const auto put = [&](const std::string& what, const std::string& value) {
          if (const std::size_t at = target.find(what); at != std::string::npos) target.replace(at, what.size(), value);
        };
        put("{study}", rooms.study.text());
        put("{source}", rooms.here.text());
        put("{ask}", "causes");
        put("{invitation}", "none");
        put("{account}", account.text());
        put("{glass}", rooms.study.text());
        put("{form}", "none");
        put("{rest*}", "Submissions");
        return target;
      };
      for (const Route& route : routes()) {
        if (route.method != "GET" || route.address == "/report.pdf") continue;
        const std::string address(route.address);
        const bool api = address.rfind("/api/", 0) == 0;
        const std::string within = api ? address.substr(7) : address;
        int expected = 200;
        if (route.access == Access::kDevice) {
          // No session of a person opens what is for phones: it asks for the phone's own token.
          expected = address.find("{token}") == std::string::npos ? 401 : 403;
        } else if (within == "/page.css" || within == "/healthz" || within == "/metrics") {
          expected = 200;
        } else if (within == "/sign-in") {
          expected = somebody ? 303 : 200;
        } else if (within.rfind("/invitations", 0) == 0) {
          expected = 410;
        } else if (within == "/set-up") {
          expected = 404;  // there are accounts
        } else if (!somebody) {
          expected = api ? 401 : 303;
        } else if (within == "/" || within == "/studies" || within == "/account" || within == "/glass") {
          expected = 200;
        } else if (within == "/glass/{glass}") {
          expected = 404;  // nobody asked
        } else {
          expected = decided(within, within.find("/forms/") == std::string::npos ? 200 : 404);  // no such form
        }
        // PDF and the whole report take seconds; that they are refused alike is what matters here.
        if (expected == 200 && address.find("/report.") != std::string::npos && relation != kWorkspace) continue;
        if (expected == 200 && address.find(".pdf") != std::string::npos) continue;
        const std::int64_t before = entries();
        const Response response =
            get(target_of(address) + "?item=Causes%2FPoverty&question=causes%20draws%200", session);
        EXPECT_EQ(response.status, expected) << name << " " << route.method << " " << address << "\n"
                                             << response.body.substr(0, 200);
        EXPECT_EQ(response.body.find("⟦"), std::string::npos) << name << " " << address;
        // What somebody opened or was denied stands in the log; what nobody was let in to, or is open to all, does not.
        const bool general = route.access == Access::kDevice || address == "/page.css" || address == "/healthz" ||
                             address == "/metrics" || address == "/sign-in" || address == "/set-up" ||
                             address == "/glass/{glass}" || address.find("{invitation}") != std::string::npos;
        const bool expected_entry = somebody && !general && (response.status == 200 ? route.logged : true);
        EXPECT_EQ(entries() - before, expected_entry ? 1 : 0) << name << " " << address;
        ++cells;
      }
      // Forms, empty: whoever may send one is told what is missing in it; and each once more as from a page elsewhere.
      // Those that end the session come last.
      std::vector<const Route*> forms;
      for (const Route& route : routes())
        if (route.method == "POST" && !kEndings.contains(route.address)) forms.push_back(&route);
      for (const Route& route : routes())
        if (route.method == "POST" && kEndings.contains(route.address)) forms.push_back(&route);
      std::string present = session;
      for (const Route* route : forms)
        for (const bool from_here : {false, true}) {
          const std::string address(route->address);
          if (address == "/sign-in") continue;  // takes a password's work; People.* ask it
          ASSERT_TRUE(route->access == Access::kDevice || kForms.contains(address)) << address;
          int expected = route->access == Access::kDevice ? 401 : kForms.at(address);
          if (address.find("{token}") != std::string::npos) {
            expected = 403;
          } else if (route->access != Access::kAnybody && route->access != Access::kDevice) {
            const int refused = route->access == Access::kRight ? decided(address, 0, false) : 0;
            expected = !somebody                         ? 303
                       : refused != 0                    ? refused
                       : !from_here                      ? 403
                       : route->access == Access::kRight ? decided(address, expected)
                                                         : expected;
          }
          std::vector<std::pair<std::string, std::string>> form;
          if (from_here) form.emplace_back("form", people::form_token(present));
          const std::int64_t before = entries();
          const Response response = answer(workspace(), asked("POST", target_of(address), present, form));
          EXPECT_EQ(response.status, expected)
              << name << " POST " << address << (from_here ? "" : " from elsewhere") << "\n"
              << response.body.substr(0, 200);
          if (somebody && response.status == 403 && route->access != Access::kDevice)
            EXPECT_EQ(entries() - before, 1) << name << " " << address;
          if (!somebody) EXPECT_EQ(entries(), before) << name << " " << address;
          if (somebody && from_here && response.status == 303 && kEndings.contains(address)) present = enter(name);
          ++cells;
        }
    }
  RecordProperty("cells", cells);
  EXPECT_GE(cells, 3000);
  auto transaction = workspace().read();
  EXPECT_TRUE(people::verify_audit(transaction, people::audit_key(workspace())->public_key()));
}

// What is told to programs on this machine alone is told to nobody from elsewhere without the right, and logged as a
// denial.
TEST_P(WhoMay, FiguresAreForThisMachineAndWhoeverKeepsIt) {
  for (const auto& [role, words] : kAllowed) {
    add(std::string(people::name_of(role)), {{{}, role, {}, ""}});
    Request request = asked("GET", "/metrics", enter(std::string(people::name_of(role))));
    request.from_here = false;
    const std::int64_t before = entries();
    const bool keeps = role == Role::kSteward;
    EXPECT_EQ(answer(workspace(), request).status, keeps ? 200 : 403) << people::name_of(role);
    EXPECT_EQ(entries() - before, keeps ? 0 : 1);
  }
  Request stranger = asked("GET", "/metrics", "");
  stranger.from_here = false;
  EXPECT_EQ(answer(workspace(), stranger).status, 303);
  EXPECT_EQ(get("/metrics", "").status, 200);
}

TEST_P(WhoMay, WithoutAccountsNothingIsOpenFromElsewhere) {
  two_studies(workspace());
  for (const char* address : {"/", "/api/v1/studies", "/account", "/metrics", "/set-up"}) {
    Request request = asked("GET", address, "");
    EXPECT_EQ(answer(workspace(), request).status, 200) << address;
    request.from_here = false;
    EXPECT_GE(answer(workspace(), request).status, 300) << address;
  }
}

TEST_P(WhoMay, CookiesOverTlsAreThisHostsAlone) {
  add("anita", {{{}, Role::kResearcher, {}, ""}});
  Request request = asked("POST", "/sign-in", "", {{"name", "anita"}, {"password", kPassword}});
  request.secure = true;
  request.headers["origin"] = "http://127.0.0.1:8080";
  const auto lets_in = [&] {
    const Response response = answer(workspace(), request);
    return std::any_of(response.headers.begin(), response.headers.end(),
                       [](const auto& each) { return each.first == "Set-Cookie"; });
  };
  EXPECT_FALSE(lets_in());  // the page came over TLS, so this is another
  request.headers["origin"] = "https://127.0.0.1:8080";
  request.headers["sec-fetch-site"] = "cross-site";
  EXPECT_FALSE(lets_in());
  request.headers["sec-fetch-site"] = "same-origin";
  const Response entered = answer(workspace(), request);
  ASSERT_EQ(entered.status, 303);
  std::string session;
  int cookies = 0;
  for (const auto& [name, value] : entered.headers)
    if (name == "Set-Cookie") {
      ++cookies;
      EXPECT_EQ(value.rfind("__Host-", 0), 0u) << value;
      for (const char* flag : {"; Path=/;", "; HttpOnly", "; SameSite=Strict", "; Secure"})
        EXPECT_NE(value.find(flag), std::string::npos) << value;
      if (value.rfind("__Host-session=", 0) == 0) session = value.substr(15, value.find(';') - 15);
    }
  EXPECT_EQ(cookies, 2);
  Request page = asked("GET", "/account", "");
  page.secure = true;
  page.headers["cookie"] = "__Host-session=" + session;
  EXPECT_EQ(answer(workspace(), page).status, 200);
  // A plain connection, or a neighbouring name, could have set this one.
  page.headers["cookie"] = "session=" + session;
  EXPECT_EQ(answer(workspace(), page).status, 303);
  Request leaves = asked("POST", "/sign-out", "", {{"form", people::form_token(session)}});
  leaves.secure = true;
  leaves.headers["cookie"] = "__Host-session=" + session;
  const Response left = answer(workspace(), leaves);
  const auto says = [&](const std::string& wanted, const std::string& in) {
    return std::any_of(left.headers.begin(), left.headers.end(), [&](const auto& each) {
      return each.first == wanted && each.second.find(in) != std::string::npos;
    });
  };
  EXPECT_TRUE(says("Set-Cookie", "__Host-session=; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0"));
  EXPECT_TRUE(says("Clear-Site-Data", "\"cache\""));
  page.headers["cookie"] = "__Host-session=" + session;
  EXPECT_EQ(answer(workspace(), page).status, 303);
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
    all += answer(workspace(),
                  asked("POST", base + "/sources", session, {{"form", people::form_token(session)}, {"words", "mill"}}))
               .body;
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
            303);  // again, while signed in: the session of before ends
  EXPECT_EQ(get("/", session).status, 303);
  session = enter("dara");
  // A form that some other page sends is refused, and nothing happens.
  EXPECT_EQ(post("/sign-out", {}, session).status, 403);
  Request foreign = asked("POST", "/sign-out", session, {{"form", people::form_token(session)}});
  foreign.headers["origin"] = "https://elsewhere.example";
  EXPECT_EQ(answer(workspace(), foreign).status, 403);
  EXPECT_EQ(get("/account", session).status, 200);
  // What lets somebody in is changed with the password alone, and goes on under a new session.
  const auto change = [&](std::vector<std::pair<std::string, std::string>> form) {
    form.emplace_back("form", people::form_token(session));
    const Response response = post("/account/entry", std::move(form), session);
    for (const auto& [name, value] : response.headers)
      if (name == "Set-Cookie" && value.rfind("session=", 0) == 0) session = value.substr(8, value.find(';') - 8);
    return response;
  };
  EXPECT_EQ(post("/account/entry", {{"do", "factor"}, {"password", kPassword}}, session).status, 403);
  EXPECT_EQ(change({{"do", "factor"}}).status, 401);
  EXPECT_EQ(change({{"do", "everything"}, {"password", kPassword}}).status, 422);
  EXPECT_EQ(change({{"do", "password"}, {"password", kPassword}, {"new_password", "the ferry leaves at dawn"}}).status,
            422);  // not typed twice
  const std::string old = session;
  const Response changed = change({{"do", "password"},
                                   {"password", kPassword},
                                   {"new_password", "the ferry leaves at dawn"},
                                   {"again", "the ferry leaves at dawn"}});
  ASSERT_EQ(changed.status, 303);
  EXPECT_NE(session, old);
  EXPECT_EQ(get("/", old).status, 303);
  EXPECT_NE(get("/account?done=password", session).body.find("Your password is changed."), std::string::npos);
  const Response factor = change({{"do", "factor"}, {"password", "the ferry leaves at dawn"}});
  EXPECT_NE(factor.body.find("otpauth://totp/"), std::string::npos);
  EXPECT_NE(factor.body.find(people::form_token(session)), std::string::npos);  // its forms work on
  EXPECT_EQ(post("/sign-in", {{"name", "dara"}, {"password", "the ferry leaves at dawn"}}).status,
            401);  // the code is missing
  const Response out = post("/sign-out", {{"form", people::form_token(session)}}, session);
  EXPECT_EQ(out.status, 303);
  EXPECT_TRUE(std::any_of(out.headers.begin(), out.headers.end(),
                          [](const auto& header) { return header.first == "Clear-Site-Data"; }));
  EXPECT_EQ(get("/", session).status, 303);
  EXPECT_EQ(get("/nowhere", session).status, 303);
}

// P10: two people, a reason, an end, everybody told, every look in the log; also while the stories are locked, when the
// steward's session opens that one source and nothing else.
TEST_P(WhoMay, BreakingTheGlassTakesTwoPeopleAReasonAndAnEnd) {
  const Rooms rooms = two_studies(workspace());
  constexpr Milliseconds kStart = 1'795'000'000'000;
  const Id keeper = add("keeper", {{{}, Role::kSteward, {}, ""}});
  add("anita", {{{}, Role::kResearcher, rooms.study, ""}});
  add("rafiq", {{{}, Role::kCoder, rooms.study, "KH-20"}});
  add("nepal", {{{}, Role::kCoder, rooms.study, "NP"}});
  const auto audit = people::audit_key(workspace());  // before the folder is locked
  ASSERT_TRUE(people::put_key_away(workspace()));
  const auto post = [&](const std::string& target, const std::string& session,
                        std::vector<std::pair<std::string, std::string>> form) {
    form.emplace_back("form", people::form_token(session));
    return answer(workspace(), asked("POST", target, session, std::move(form)));
  };
  const auto glass_id = [&] {
    auto transaction = workspace().read();
    return people::glasses(transaction).at(0).id.text();
  };
  std::string steward, researcher, also;
  {
    FixedClock clock(kStart - 60'000);
    EXPECT_EQ(post("/glass", enter("nepal"),
                   {{"study", rooms.study.text()},
                    {"source", rooms.here.text()},
                    {"hours", "1"},
                    {"reason", "somebody may be hurt tonight"}})
                  .status,
              200);
    also = "/glass/" + glass_id();
  }
  {
    FixedClock clock(kStart);
    steward = enter("keeper");
    const std::vector<std::pair<std::string, std::string>> wanted{{"study", rooms.study.text()},
                                                                  {"source", rooms.here.text()},
                                                                  {"hours", "2"},
                                                                  {"reason", "a child is in danger tonight"}};
    EXPECT_EQ(post("/glass", steward,
                   {{"study", rooms.study.text()}, {"source", rooms.here.text()}, {"hours", "2"}, {"reason", "why"}})
                  .status,
              422);
    EXPECT_EQ(post("/glass", steward,
                   {{"study", rooms.study.text()},
                    {"source", rooms.here.text()},
                    {"hours", "99"},
                    {"reason", "a child is in danger"}})
                  .status,
              422);
    const Response there = post("/glass", steward, wanted);
    EXPECT_EQ(there.status, 200);
    const std::string address = "/glass/" + glass_id();
    // Asking opens nothing, and nobody opens for himself.
    EXPECT_EQ(get(address, steward).status, 404);
    EXPECT_EQ(post(address, steward, {{"do", "open"}}).status, 403);
    // Who may not read the source does not see that it was asked for; nor can they open it.
    const std::string outsider = enter("nepal");
    EXPECT_EQ(get("/glass", outsider).body.find("danger"), std::string::npos);
    EXPECT_EQ(post(address, outsider, {{"do", "open"}}).status, 404);
    researcher = enter("anita");
    EXPECT_NE(get("/glass", researcher).body.find("a child is in danger tonight"), std::string::npos);
    EXPECT_EQ(post(address, researcher, {{"do", "open"}}).status, 200);
    EXPECT_EQ(post(address, researcher, {{"do", "open"}}).status, 404);  // once
    // The other reader is told on the next page, whatever that is; outsiders and the opener are not.
    const std::string told = enter("rafiq");
    EXPECT_NE(get("/", told).body.find("/notices/read"), std::string::npos);
    EXPECT_EQ(post("/notices/read", told, {}).status, 303);
    EXPECT_EQ(get("/", told).body.find("/notices/read"), std::string::npos);
    EXPECT_EQ(get("/", outsider).body.find("/notices/read"), std::string::npos);
    // Another sign-in brings the one key.
    EXPECT_EQ(get(address, steward).status, 423);
    steward = enter("keeper");
    const std::int64_t before = entries();
    const Response seen = get(address, steward);
    EXPECT_EQ(seen.status, 200);
    EXPECT_NE(seen.body.find("They owe the mill."), std::string::npos);
    EXPECT_EQ(entries(), before + 1);
    EXPECT_EQ(get("/studies/" + rooms.study.text() + "/sources/" + rooms.here.text(), steward).status, 404);
    EXPECT_EQ(get("/studies/" + rooms.study.text() + "/sources/" + rooms.elsewhere.text(), steward).status, 404);
    {
      auto transaction = workspace().write();
      const auto session = people::session_of(workspace(), transaction, steward);
      ASSERT_TRUE(session);
      EXPECT_FALSE(session->key);
      EXPECT_TRUE(study::open_source(transaction, rooms.study, rooms.here));
      EXPECT_THROW((void)study::open_source(transaction, rooms.study, rooms.elsewhere), storage::DatabaseError);
    }
    // Somebody else's for the same source is another one: it ends alone.
    EXPECT_EQ(post(also, researcher, {{"do", "open"}}).status, 200);
    const std::string nepal = enter("nepal");
    EXPECT_EQ(get(also, nepal).status, 200);
    EXPECT_EQ(post(also, nepal, {{"do", "end"}}).status, 200);
    EXPECT_EQ(get(also, nepal).status, 404);
    EXPECT_EQ(get(address, steward).status, 200);
    // Nobody else looks through it; the asker does not if excluded.
    EXPECT_EQ(get(address, researcher).status, 404);
    Id exclusion;
    {
      auto transaction = workspace().write();
      exclusion = people::exclude(transaction, keeper, {}, "source", rooms.here, {});
      transaction.commit();
    }
    EXPECT_EQ(get(address, steward).status, 404);
    auto transaction = workspace().write();
    EXPECT_TRUE(people::end_exclusion(transaction, exclusion));
    transaction.commit();
  }
  const std::string address = "/glass/" + glass_id();
  for (const auto& [minutes, status] : {std::pair{119, 200}, {121, 404}}) {
    FixedClock clock(kStart + minutes * 60'000);
    EXPECT_EQ(get(address, enter("keeper")).status, status) << minutes;
    auto transaction = workspace().read();
    const auto keys =
        transaction.one(kGlassKeys, {transaction.workspace()}, [](const auto& row) { return row.integer(0); });
    EXPECT_EQ(keys, status == 200 ? 1 : 0) << minutes;  // what has run out keeps none
  }
  // What does not exist is asked for in the same words.
  FixedClock clock(kStart + 200 * 60'000);
  steward = enter("keeper");
  const auto words_of = [&](Id source) {
    std::string body = post("/glass", steward,
                            {{"study", rooms.study.text()},
                             {"source", source.text()},
                             {"hours", "1"},
                             {"reason", "a child is in danger tonight"}})
                           .body;
    body = body.substr(0, body.find("<section"));
    return body;
  };
  EXPECT_EQ(words_of(rooms.here), words_of(Id::make()));
  // And ended before its time, it is ended.
  const std::string second = [&] {
    auto transaction = workspace().read();
    for (const people::Glass& each : people::glasses(transaction))
      if (each.source == rooms.here && !each.opened_at) return each.id.text();
    return std::string();
  }();
  researcher = enter("anita");
  EXPECT_EQ(post("/glass/" + second, researcher, {{"do", "open"}}).status, 200);
  steward = enter("keeper");
  EXPECT_EQ(get("/glass/" + second, steward).status, 200);
  EXPECT_EQ(post("/glass/" + second, researcher, {{"do", "end"}}).status, 200);
  EXPECT_EQ(get("/glass/" + second, steward).status, 404);
  auto transaction = workspace().read();
  int looks = 0;
  for (const auto& entry : people::audit_entries(transaction, rooms.here, keeper, 0, 100))
    looks += entry.deed.account == keeper && entry.deed.action == "read_source" && entry.deed.outcome == "done";
  // At 0 (twice), 119 and 200 minutes; and the one that met a lock, which is written down before it is tried.
  EXPECT_EQ(looks, 5);
  EXPECT_TRUE(people::verify_audit(transaction, audit->public_key()));
}

TEST_P(WhoMay, AStewardMakesAccountsAndExclusionsInTheBrowser) {
  const Rooms rooms = two_studies(workspace());
  // While there is no account: whoever sits here makes the first one.
  const auto post = [&](const std::string& target, const std::string& session,
                        std::vector<std::pair<std::string, std::string>> form) {
    if (!session.empty()) form.emplace_back("form", people::form_token(session));
    return answer(workspace(), asked("POST", target, session, std::move(form)));
  };
  EXPECT_NE(get("/", "").body.find("/set-up"), std::string::npos);
  EXPECT_EQ(post("/set-up", "", {{"name", "keeper"}, {"password", "password"}, {"again", "password"}}).status, 422);
  EXPECT_EQ(post("/set-up", "", {{"name", "keeper"}, {"password", kPassword}, {"again", "another one"}}).status, 422);
  EXPECT_EQ(post("/set-up", "", {{"name", "keeper"}, {"password", kPassword}, {"again", kPassword}}).status, 303);
  EXPECT_EQ(post("/set-up", "", {{"name", "second"}, {"password", kPassword}, {"again", kPassword}}).status, 404);
  EXPECT_EQ(get("/", "").status, 303);
  const std::string steward = enter("keeper");
  const Response bad = post("/accounts", steward, {{"name", "x"}, {"role", "coder"}});
  EXPECT_EQ(bad.status, 422);
  const Response made =
      post("/accounts", steward, {{"name", "Dara"}, {"role", "researcher"}, {"organisation", "Village Voices"}});
  ASSERT_EQ(made.status, 200);
  const std::size_t at = made.body.find("/invitations/");
  ASSERT_NE(at, std::string::npos);
  const std::string invitation = made.body.substr(at, made.body.find('<', at) - at);
  EXPECT_EQ(post(invitation, "", {{"password", kPassword}, {"again", kPassword}}).status, 303);
  const std::string session = enter("dara");
  const std::string study = "/studies/" + rooms.study.text();
  EXPECT_EQ(get(study, session).status, 200);
  std::string address;
  {
    auto transaction = workspace().read();
    address = "/accounts/" + people::find_account(transaction, "dara")->id.text();
  }
  EXPECT_EQ(post(address, steward, {{"do", "exclude"}, {"study", rooms.study.text()}, {"source", "nonsense"}}).status,
            404);
  EXPECT_EQ(
      post(address, steward, {{"do", "exclude"}, {"study", rooms.study.text()}, {"whole_organisation", "yes"}}).status,
      200);
  EXPECT_EQ(get(study, session).status, 404);
  const std::string page = get(address, steward).body;
  const std::size_t id = page.find("name=\"id\"", page.find("end_exclusion"));
  ASSERT_NE(id, std::string::npos);
  EXPECT_EQ(
      post(address, steward, {{"do", "end_exclusion"}, {"id", page.substr(page.find("value=\"", id) + 7, 13)}}).status,
      200);
  EXPECT_EQ(get(study, session).status, 200);
  // A form of one account's page ends nothing of another's: the log would name the wrong person, and a steward could
  // end the last steward's role.
  std::string keeper_grant, own;
  {
    auto transaction = workspace().read();
    const auto keeper = people::find_account(transaction, "keeper");
    keeper_grant = keeper->grants.at(0).id.text();
    own = "/accounts/" + keeper->id.text();
  }
  EXPECT_EQ(post(address, steward, {{"do", "end_grant"}, {"id", keeper_grant}}).status, 404);
  EXPECT_EQ(post(address, steward, {{"do", "exclude"}, {"study", rooms.study.text()}}).status, 200);
  const std::string excluded = get(address, steward).body;
  const std::size_t their = excluded.find("name=\"id\"", excluded.find("end_exclusion"));
  const std::string exclusion = excluded.substr(excluded.find("value=\"", their) + 7, 13);
  EXPECT_EQ(post(own, steward, {{"do", "end_exclusion"}, {"id", exclusion}}).status, 404);
  EXPECT_EQ(post(address, steward, {{"do", "end_exclusion"}, {"id", exclusion}}).status, 200);
  EXPECT_EQ(get("/accounts", steward).status, 200);
  // Others have no such pages.
  EXPECT_EQ(get("/accounts", session).status, 403);
  EXPECT_EQ(post(address, session, {{"do", "grant"}, {"role", "steward"}}).status, 403);
  // A code can be asked of everybody: then who has none can set it up, and nothing else.
  const std::string with_code = [&] {
    const auto set =
        people::change_entry(workspace(), {"keeper", kPassword, "", "", steward}, people::EntryChange::kNewFactor, "",
                             [](storage::Transaction&, Id, std::string_view, std::string_view) {});
    return set ? set->entered.session : std::string();
  }();
  EXPECT_EQ(post("/accounts", session, {{"do", "need_codes"}}).status, 403);
  EXPECT_EQ(post("/accounts", with_code, {{"do", "need_codes"}}).status, 200);
  for (const std::string& target : {study, std::string("/"), std::string("/glass")}) {
    const Response sent = get(target, session);
    EXPECT_EQ(sent.status, 303) << target;
    EXPECT_EQ(sent.headers.at(0).second, "/account") << target;
  }
  EXPECT_EQ(get("/api/v1" + study, session).status, 403);
  EXPECT_NE(get("/account", session).body.find("role=\"alert\""), std::string::npos);
  EXPECT_EQ(get("/accounts", with_code).status, 200);
  EXPECT_EQ(post("/accounts", with_code, {{"do", "free_codes"}}).status, 200);
  EXPECT_EQ(get(study, session).status, 200);
  EXPECT_EQ(post(address, with_code, {{"do", "sign_out"}}).status, 200);
  EXPECT_EQ(get(study, session).status, 303);
  // Nobody shuts himself out.
  {
    auto transaction = workspace().read();
    address = "/accounts/" + people::find_account(transaction, "keeper")->id.text();
  }
  EXPECT_EQ(post(address, with_code, {{"do", "deactivate"}}).status, 403);
}

TEST_P(WhoMay, ErasingTakesARightAReasonAndLeavesALine) {
  const Rooms rooms = two_studies(workspace());
  const Id anita = add("anita", {{{}, Role::kResearcher, rooms.study, ""}});
  const Id outsider = add("nepal", {{{}, Role::kCoder, rooms.study, "NP"}});
  add("rafiq", {{{}, Role::kCoder, rooms.study, ""}});
  const std::string address = "/studies/" + rooms.study.text() + "/sources/" + rooms.here.text();
  const auto post = [&](const std::string& session, const std::string& reason) {
    return answer(workspace(), asked("POST", address + "/erase", session,
                                     {{"form", people::form_token(session)}, {"reason", reason}}));
  };
  const std::string coder = enter("rafiq"), researcher = enter("anita");
  EXPECT_EQ(post(coder, "asked for by the person").status, 403);
  EXPECT_EQ(post(researcher, "because").status, 422);
  EXPECT_EQ(get(address, researcher).status, 200);
  // Somebody holds a copy of its key through a broken glass: it goes with it.
  const auto keys = [&] {
    auto transaction = workspace().read();
    return *transaction.one(kGlassKeys, {transaction.workspace()}, [](const auto& row) { return row.integer(0); });
  };
  {
    auto transaction = workspace().write();
    const Id glass =
        *people::ask_glass(transaction, outsider, rooms.study, rooms.here, "a child is in danger tonight", 2);
    EXPECT_TRUE(people::open_glass(transaction, *people::find_glass(transaction, glass), anita, {}));
    transaction.commit();
  }
  EXPECT_EQ(keys(), 1);
  EXPECT_EQ(post(researcher, "asked for by the person").status, 200);
  EXPECT_EQ(keys(), 0);
  EXPECT_EQ(get(address, researcher).status, 404);
  EXPECT_EQ(post(researcher, "asked for by the person").status, 404);
  auto transaction = workspace().read();
  bool told = false;
  for (const auto& entry : people::audit_entries(transaction, rooms.here, {}, 0, 50))
    told |= entry.deed.action == "erase" && entry.deed.reason == "asked for by the person";
  EXPECT_TRUE(told);
  EXPECT_TRUE(people::verify_audit(transaction, people::audit_key(workspace())->public_key()));
}

}  // namespace understory::server
