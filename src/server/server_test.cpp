// Pages and the JSON interface over real requests.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "findings/question.h"
#include "foundation/file.h"
#include "server/routes.h"
#include "study/codebook.h"
#include "study/import_file.h"
#include "study/source.h"
#include "testing/who_may.h"
#include "testing/workspace.h"

namespace understory::server {

namespace {

Request request_for(const std::string& target, std::map<std::string, std::string> headers = {}) {
  Request request;
  request.target = target;
  request.headers = std::move(headers);
  const auto read = read_target(target, request);
  EXPECT_TRUE(read);
  return request;
}

Id small_study(storage::Workspace& workspace) {
  auto transaction = workspace.write();
  study::NewStudy wanted;
  wanted.study.name = "One <study>";
  wanted.study.invented = true;
  const Id study = *study::create_study(transaction, wanted);
  std::map<std::string, std::string> files{
      {"respondents.csv",
       "respondent,location,kind,size,age_band,gender,role,place,language\nSR-01,Svay & "
       "Rieng,person,1,,male,chief,,km\nSR-02,Svay & Rieng,person,1,25-34,female,farmer,,en\n"},
      {"sources.csv",
       "file,source,kind,location,language,date,respondents,translation_of\none.txt,One,interview,Svay & "
       "Rieng,km,2026-02-11,SR-01,\ntwo.txt,Two,interview,Svay & Rieng,en,2026-02-12,SR-02,\n"},
      {"codings.csv",
       "source,coder,code,quote,occurrence\nOne,Anita,Causes/Poverty/Debt,ជំពាក់បំណុល,\nTwo,Anita,Causes/Poverty,poor "
       "<script>,\nTwo,Rafiq,Causes/Poverty,poor <script>,\n"},
      {"masks.csv", "source,quote,kind\nTwo,Grandma Sim,name\n"},
      {"one.txt", "I: ហេតុអ្វី?\n\nSR-01: គេជំពាក់បំណុល ហើយទៅ។\n"},
      {"two.txt", "I: Why?\n\nSR-02: We are poor <script>alert(1)</script>, said Grandma Sim.\n"}};
  for (const char* table : {"respondents.csv", "sources.csv", "codings.csv", "masks.csv"}) {
    const auto report = study::import_file(transaction, study, files[table], table, {},
                                           [&](const std::string& file) -> Result<std::string> { return files[file]; });
    EXPECT_TRUE(report) << (report ? "" : report.error().sentence());
  }
  transaction.commit();
  return study;
}

}  // namespace

class Pages : public testing_support::OnBothEngines {};
INSTANTIATE_TEST_SUITE_P(Engines, Pages, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(Pages, EveryRouteAnswersInEveryLanguageWithoutAKeyShowing) {
  const Id study = small_study(workspace());
  std::string source;
  {
    auto transaction = workspace().read();
    source = study::list_sources(transaction, study).at(1).id.text();
  }
  const Sent sent = one_sent(workspace(), {study, {}, {}, {}});
  const Id list = one_list(workspace(), study).list;
  std::string debt, poverty;
  {
    auto transaction = workspace().read();
    const study::Codebook book = study::load_codebook(transaction, study);
    debt = book.find_path("Causes/Poverty/Debt")->id.text();
    poverty = book.find_path("Causes/Poverty")->id.text();
  }
  Id version;
  {
    auto transaction = workspace().read();
    version = collect::form_versions(transaction, sent.form).at(0).id;
  }
  for (const Route& route : routes()) {
    // Without accounts there is nobody to sign in or to be named; rights_test.cpp asks those as people.
    // What is for phones alone speaks XML: openrosa_test.cpp.
    if (route.method != "GET" || route.address == "/sign-in" || route.access == Access::kDevice) continue;
    // Files beside a form, and what its page loads: engine_test.cpp.
    if (route.address.ends_with("/files/{name}") || route.address.starts_with("/assets/")) continue;
    if (std::ranges::any_of(std::array{"{invitation}", "{account}", "{glass}", "{finding}"},
                            [&](const char* named) { return route.address.find(named) != std::string::npos; }))
      continue;
    for (const std::string& language : Catalogue::languages()) {
      // Paper is set anew in seconds, of the same HTML.
      if (route.address.ends_with(".pdf") && language != "en" && language != "km") continue;
      std::string address(route.address);
      const auto put = [&](const std::string& name, const std::string& value) {
        if (const std::size_t at = address.find(name); at != std::string::npos) address.replace(at, name.size(), value);
      };
      put("{study}", study.text());
      put("{source}", source);
      put("{form}", sent.form.text());
      put("{version}", version.text());
      put("{submission}", sent.submission.text());
      put("{attachment}", sent.attachment.text());
      put("{list}", list.text());
      put("{rest*}", "Submissions");
      put("{code}", debt);
      put("{language}", language);
      for (const std::string_view ask : findings::kAsks) {
        std::string each = address;
        if (const std::size_t at = each.find("{ask}"); at != std::string::npos) each.replace(at, 5, ask);
        const bool of_item = each.find("passages") != std::string::npos || each.ends_with("/counter-examples") ||
                             each.ends_with("/groups");
        if (of_item && ask != "causes") continue;
        const Response response =
            answer(workspace(),
                   request_for(each + "?lang=" + language + "&group=(all)&item=Causes%2FPoverty&into=" + poverty));
        EXPECT_EQ(response.status, 200) << each << "\n" << response.body.substr(0, 300);
        if (response.pieces) continue;  // told piece by piece
        // A PDF is packed: any three bytes stand in it now and then.
        if (response.content_type == "application/pdf") continue;
        const std::size_t missing = response.body.find("⟦");
        EXPECT_EQ(missing, std::string::npos)
            << each << " " << response.body.substr(std::min(missing, response.body.size()), 60);
        if (response.content_type.rfind("application/json", 0) == 0)
          EXPECT_NO_THROW(boost::json::parse(response.body)) << each;
        if (each == address) break;
      }
    }
  }
}

TEST_P(Pages, PassagesNameTheGroupInTheReadersLanguage) {
  const Id study = small_study(workspace());
  for (const auto& [query, group] :
       std::map<std::string, std::string>{{"by=age_band&group=unknown", "not known"},
                                          {"by=age_band&group=25-34", "25–34"},
                                          {"by=gender&group=male", "man or boy"},
                                          {"by=none&group=all", "everybody"},
                                          {"by=location&group=Svay+%26+Rieng", "Svay &amp; Rieng"}}) {
    const Response page = answer(workspace(), request_for("/studies/" + study.text() + "/findings/causes/passages?" +
                                                          query + "&item=Causes%2FPoverty"));
    EXPECT_EQ(page.status, 200) << query;
    const std::size_t title = page.body.find("<title>");
    EXPECT_NE(page.body.substr(title, 80).find("Poverty – " + group), std::string::npos)
        << query << " " << page.body.substr(title, 80);
  }
}

TEST_P(Pages, StoriesAreEscapedAndMasked) {
  const Id study = small_study(workspace());
  auto transaction = workspace().read();
  std::string all;
  for (const auto& line : study::list_sources(transaction, study))
    all += answer(workspace(), request_for("/studies/" + study.text() + "/sources/" + line.id.text())).body;
  all += answer(workspace(),
                request_for("/studies/" + study.text() + "/findings/causes/passages?group=(all)&item=Causes/Poverty"))
             .body;
  EXPECT_EQ(answer(workspace(),
                   request_for("/api/v1/studies/" + study.text() + "/findings/causes/passages?item=Causes/Poverty"))
                .body.find("Grandma"),
            std::string::npos);
  EXPECT_EQ(all.find("alert(1)</script>"), std::string::npos);
  EXPECT_EQ(all.find("Grandma"), std::string::npos);
  EXPECT_NE(all.find("poor &lt;script&gt;"), std::string::npos);
  EXPECT_NE(all.find("ជំពាក់បំណុល"), std::string::npos);
  EXPECT_NE(answer(workspace(), request_for("/")).body.find("One &lt;study&gt;"), std::string::npos);
}

TEST_P(Pages, WhatIsNotThereIsNotFoundAlike) {
  const Id study = small_study(workspace());
  for (const std::string& address :
       {std::string("/nowhere"), "/studies/" + Id::make().text(), std::string("/studies/x"),
        "/studies/" + study.text() + "/sources/" + Id::make().text(), "/studies/" + study.text() + "/findings/gossip",
        "/studies/" + study.text() + "/findings/causes/passages?item=None", std::string("/studies//sources")}) {
    EXPECT_EQ(answer(workspace(), request_for(address)).status, 404) << address;
    EXPECT_EQ(answer(workspace(), request_for("/api/v1" + address)).status, 404) << address;
  }
  EXPECT_EQ(answer(workspace(), request_for("/studies/" + study.text() + "/findings/causes?by=colour")).status, 422);
  EXPECT_EQ(
      answer(workspace(), request_for("/studies/" + study.text() + "/findings/causes?gender=female&among=x")).status,
      200);
}

TEST_P(Pages, TheLanguageIsAskedThenKeptThenTheBrowsers) {
  small_study(workspace());
  const Response asked = answer(workspace(), request_for("/?lang=km"));
  EXPECT_NE(asked.body.find("<html lang=\"km\">"), std::string::npos);
  EXPECT_EQ(asked.headers.back().second.rfind("language=km", 0), 0u);
  EXPECT_NE(answer(workspace(), request_for("/", {{"cookie", "a=b; language=km"}})).body.find("lang=\"km\""),
            std::string::npos);
  EXPECT_NE(
      answer(workspace(), request_for("/", {{"accept-language", "fr, km;q=0.8"}})).body.find("<html lang=\"km\">"),
      std::string::npos);
  EXPECT_NE(answer(workspace(), request_for("/?lang=../x")).body.find("<html lang=\"en\">"), std::string::npos);
}

TEST_P(Pages, HealthIsOneWordAndNotTheReason) {
  const Response well = answer(workspace(), request_for("/healthz"));
  EXPECT_EQ(well.status, 200);
  EXPECT_EQ(well.body, "ok\n");
  if (GetParam() != storage::Engine::kSqlite) return;
  // The database goes out of reach: those who open it from now on are told so, and not where it was.
  reopen();
  const auto file = folder() / "understory.db";
  std::filesystem::rename(file, folder() / "elsewhere");
  std::filesystem::create_directory(file);
  const Response ill = answer(workspace(), request_for("/healthz"));
  EXPECT_EQ(ill.status, 503);
  EXPECT_EQ(ill.body, "not ok\n");
  const Response page = answer(workspace(), request_for("/"));
  EXPECT_GE(page.status, 500);
  EXPECT_EQ(page.body.find("understory.db"), std::string::npos) << page.body;
}

TEST_P(Pages, MethodsNoRouteKnowsAreRefusedAlike) {
  for (const char* method : {"PUT", "DELETE", "PATCH"})
    for (const char* address : {"/", "/nowhere", "/accounts"}) {
      Request request = request_for(address);
      request.method = method;
      const Response response = answer(workspace(), request);
      EXPECT_EQ(response.status, 405) << method << address;
      EXPECT_EQ(response.headers.at(0).first, "Allow");
    }
  Request head = request_for("/healthz");
  head.method = "HEAD";
  EXPECT_EQ(answer(workspace(), head).status, 200);
}

TEST_P(Pages, WhatDidNotArriveWholeReachesNoRoute) {
  Request request = request_for("/notices/read");
  request.method = "POST";
  EXPECT_EQ(answer(workspace(), request).status, 303);
  for (const auto& [kind, status] :
       {std::pair(problems::kCutShort, 400), {problems::kTooLarge, 413}, {problems::kTooManyUploads, 503}}) {
    request.body_problem = Problem(kind);
    EXPECT_EQ(answer(workspace(), request).status, status);
  }
}

TEST(Routes, WaitInTheLaneOfTheirLine) {
  const auto lane = [](const std::string& address, const char* method = "GET") {
    Request request = request_for(address);
    request.method = method;
    return lane_of(request);
  };
  const std::string study = "/studies/" + Id::make().text();
  EXPECT_EQ(lane(study + "/report.pdf"), Lane::kReports);
  EXPECT_EQ(lane(study + "/report.pdf", "HEAD"), Lane::kReports);
  EXPECT_EQ(lane("/report.pdf"), Lane::kPages);
  EXPECT_EQ(lane(study + "/sources/report.pdf"), Lane::kPages);
  EXPECT_EQ(lane(study), Lane::kPages);
  EXPECT_EQ(lane("/sign-in"), Lane::kPages);
  for (const char* slow : {"/sign-in", "/set-up", "/account/entry", "/invitations/x"})
    EXPECT_EQ(lane(slow, "POST"), Lane::kPasswords) << slow;
  EXPECT_EQ(lane("/invitations/x/y", "POST"), Lane::kPages);
  for (const Route& route : routes())
    EXPECT_EQ(route.body.kind == Body::Kind::kForm, route.body.limit <= 64 * 1024) << route.address;
}

TEST(Outage, TellsNobodyWhereTheDatabaseIs) {
  using storage::DatabaseError;
  for (const auto& [kind, status] : {std::pair(DatabaseError::Kind::kUnavailable, 503),
                                     {DatabaseError::Kind::kCorrupt, 500},
                                     {DatabaseError::Kind::kDiskFull, 507},
                                     {DatabaseError::Kind::kOther, 500}}) {
    const Response response =
        outage(Request{}, DatabaseError(kind, "connection to server at \"10.1.2.3\" failed for user \"keeper\""));
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(response.body.find("10.1.2.3"), std::string::npos) << response.body;
    EXPECT_EQ(response.body.find("keeper"), std::string::npos) << response.body;
  }
}

TEST(Http, TargetsAreReadStrictly) {
  Request request;
  EXPECT_TRUE(read_target("/a%20b?x=1&x=2&y=%E1%9E%80+z", request));
  EXPECT_EQ(request.path, "/a b");
  EXPECT_EQ(request.parameter("x"), "1");
  EXPECT_EQ(request.parameter("y"), "ក z");
  for (const char* bad : {"/%zz", "/%00", "/%ff", "/a?b=%e1%9e"}) EXPECT_FALSE(read_target(bad, request)) << bad;
}

}  // namespace understory::server
