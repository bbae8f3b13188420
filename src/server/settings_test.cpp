// Settings as people meet them: places brought in on a page, what somebody would see, who looked at a source.
#include <gmock/gmock.h>

#include "foundation/csv.h"
#include "people/audit.h"
#include "places/boundaries.h"
#include "study/source_places.h"
#include "testing/who_may.h"

namespace understory::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kOutline =
    R"({"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"KH-20"},"geometry":{"type":"Polygon","coordinates":[[[105,11],[106,11],[106,12],[105,12],[105,11]]]}}]})";

class Settings : public WhoMay {
 protected:
  void SetUp() override {
    WhoMay::SetUp();
    rooms_ = two_studies(workspace());
    add("lead", {{{}, Role::kResearcher, {}, ""}});
    add("keeper", {{{}, Role::kSteward, {}, ""}});
    lead_ = enter("lead");
    keeper_ = enter("keeper");
  }
  Response bring(const std::string& session, const std::string& name, const std::string& bytes) {
    Request request = asked("POST", "/places", session);
    request.parts.push_back({"form", "", "", Upload(people::form_token(session))});
    request.parts.push_back({"file", name, "", Upload(bytes)});
    request.form.emplace_back("form", people::form_token(session));
    return answer(workspace(), request);
  }
  Rooms rooms_;
  std::string lead_, keeper_;
};
INSTANTIATE_TEST_SUITE_P(Engines, Settings, testing_support::BothEngines(), testing_support::engine_name);

}  // namespace

TEST_P(Settings, PlacesComeAsTablesAndOutlinesAndAllOfAFileOrNothing) {
  EXPECT_THAT(get("/places", lead_).body, HasSubstr("Cambodia"));
  const Response took = bring(lead_, "villages.csv", "code,parent,level,en,km\n2001,KH-20,district,Chantrea,ចន្ទ្រា\n");
  EXPECT_EQ(took.status, 200);
  EXPECT_THAT(took.body, HasSubstr("1 place is new"));
  const Response below = get("/places?under=KH-20&lang=km", lead_);
  EXPECT_THAT(below.body, HasSubstr("ចន្ទ្រា"));
  EXPECT_THAT(below.body, Not(HasSubstr("⟦")));

  // The second row is wrong: the first is not kept either, and the row is named.
  const Response refused =
      bring(lead_, "more.csv", "code,parent,level,en\n2002,KH-20,district,Kampong\n2003,KH-99,district,X\n");
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(refused.body, HasSubstr("more.csv, row 3"));
  EXPECT_THAT(get("/places?under=KH-20", lead_).body, Not(HasSubstr("Kampong")));

  const Response drawn = bring(lead_, "areas.geojson", kOutline);
  EXPECT_EQ(drawn.status, 200) << drawn.body;
  EXPECT_THAT(drawn.body, HasSubstr("1 outline is new"));
  const Response map = get("/places?under=KH", lead_);
  EXPECT_THAT(map.body, HasSubstr("<svg class=\"panel map\""));
  EXPECT_THAT(map.body, HasSubstr("Svay Rieng"));
  EXPECT_EQ(bring(lead_, "areas.geojson", R"({"features":[{"geometry":{"type":"Point"}}]})").status, 422);
  EXPECT_EQ(bring(lead_, "empty.csv", "").status, 422);
}

TEST_P(Settings, WhoGrewUpWithALanguageGetsItsSentencesToRead) {
  const Response page = get("/languages?lang=km", lead_);
  EXPECT_EQ(page.status, 200);
  for (const std::string& code : Catalogue::languages()) {
    EXPECT_THAT(page.body, HasSubstr("/languages/" + code + "/sentences.csv"));
    EXPECT_THAT(page.body, HasSubstr(Catalogue::of(code).say("_name")));
  }
  for (const char* key : {"language_page.no", "language_page.yes"})  // English is read, the others wait for it
    EXPECT_THAT(page.body, HasSubstr("<td>" + Catalogue::of("km").say(key) + "</td>"));
  const auto table = read_csv(get("/languages/km/sentences.csv", keeper_).body, "km.csv");
  ASSERT_TRUE(table) << table.error().sentence();
  EXPECT_EQ(table->header, (std::vector<std::string>{"key", "en", "km", "better"}));
  const auto row = std::ranges::find(table->rows, "language_page.title", [](const auto& each) { return each[0]; });
  ASSERT_NE(row, table->rows.end());
  EXPECT_EQ(row->at(1), "Languages");
  EXPECT_EQ(row->at(2), Catalogue::of("km").say("language_page.title"));
  EXPECT_EQ(table->rows.size(), Catalogue::of("km").sentences().size());
  const auto hint =
      std::ranges::find(table->rows, "phrase.Write it in digits.", [](const auto& each) { return each[0]; });
  ASSERT_NE(hint, table->rows.end());
  EXPECT_EQ(hint->at(1), "Write it in digits.");
  EXPECT_EQ(get("/languages/xx/sentences.csv", lead_).status, 404);
  EXPECT_EQ(get("/languages", "").status, 303);
}

TEST_P(Settings, WhoLeadsOnePlaceAloneChangesNoPlacesOfAll) {
  add("local", {{{}, Role::kResearcher, {}, "KH"}});
  const std::string local = enter("local");
  EXPECT_EQ(bring(local, "v.csv", "code,parent,level,en\n2001,KH-20,district,C\n").status, 403);
  EXPECT_THAT(get("/places", local).body, Not(HasSubstr("type=\"file\"")));
  EXPECT_EQ(bring(keeper_, "v.csv", "code,parent,level,en\n2001,KH-20,district,C\n").status, 403);
}

TEST_P(Settings, WhatSomebodyWouldSeeIsWhatTheySee) {
  const auto sees = [&](const std::string& name, std::vector<Grant> grants) {
    const Id account = add(name, std::move(grants));
    const Response page = get("/accounts/" + account.text() + "/sees", keeper_);
    EXPECT_EQ(page.status, 200);
    EXPECT_THAT(page.body, Not(HasSubstr("⟦")));
    return std::pair{account, page.body};
  };
  std::int64_t all = 0;
  {
    auto transaction = workspace().read();
    all = static_cast<std::int64_t>(study::source_places(transaction, rooms_.study).size());
  }
  const auto [anita, whole] = sees("anita", {{{}, Role::kResearcher, {}, ""}});
  EXPECT_THAT(whole, HasSubstr("everywhere, " + std::to_string(all) + " of " + std::to_string(all) + " texts"));
  EXPECT_THAT(whole, HasSubstr("/studies/…/report.pdf"));
  const auto [local, part] = sees("local", {{{}, Role::kCoder, rooms_.study, "KH"}});
  EXPECT_THAT(part, HasSubstr("Cambodia, 1 of " + std::to_string(all) + " texts"));
  EXPECT_THAT(part, Not(HasSubstr("Another")));  // the other study
  EXPECT_THAT(part, Not(HasSubstr("/studies/…/report.pdf")));
  // Why, in the reader's language, with roles and rights by their names; the log keeps what it keeps.
  EXPECT_THAT(part, HasSubstr("Coder, in this study, in Cambodia and below"));
  EXPECT_THAT(part, HasSubstr("No role of this account has the right “Bring in, change and erase” here."));
  for (const char* language : {"km", "vi"}) {
    const Catalogue& words = Catalogue::of(language);
    for (const char* page : {"/sees", ""}) {
      const std::string body = get("/accounts/" + local.text() + page + "?lang=" + language, keeper_).body;
      EXPECT_THAT(body, HasSubstr(words.say("role.coder"))) << language << page;
      EXPECT_THAT(body, HasSubstr("“" + words.say("right.change_study") + "”")) << language << page;
      for (const char* english : {"in this study", "no role of", "change_study", "coder,"})
        EXPECT_THAT(body, Not(HasSubstr(english))) << language << page;
    }
  }
  {
    auto transaction = workspace().read();
    EXPECT_EQ(people::audit_entries(transaction, {}, {}, 0, 1).at(0).deed.reason, "steward");
  }
  EXPECT_THAT(get("/audit?lang=km", keeper_).body,
              HasSubstr("<td>" + Catalogue::of("km").say("role.steward") + "</td>"));
  // Each page it names opens, and those it does not are refused.
  const std::string session = enter("local");
  for (const Route& route : routes()) {
    const std::string beginning = "/studies/{study}";
    if (route.method != "GET" || !route.address.starts_with(beginning) ||
        route.address.find('{', beginning.size()) != std::string_view::npos)
      continue;
    const std::string rest(route.address.substr(beginning.size()));
    const bool named = part.find("<code>/studies/…" + rest + "</code>") != std::string::npos;
    const int status = get("/studies/" + rooms_.study.text() + rest, session).status;
    // Teaching the machine is looked at by whoever sees all of the study.
    if (rest == "/machine") continue;
    EXPECT_EQ(status == 200, named) << rest << " " << status;
  }
  // An exclusion takes effect at once.
  {
    auto transaction = workspace().write();
    people::exclude(transaction, anita, {}, "source", rooms_.here, {});
    transaction.commit();
  }
  EXPECT_THAT(get("/accounts/" + anita.text() + "/sees", keeper_).body,
              HasSubstr("everywhere, " + std::to_string(all - 1) + " of " + std::to_string(all) + " texts"));
  EXPECT_EQ(get("/accounts/" + anita.text() + "/sees", lead_).status, 403);
  const auto [steward, machine] = sees("second", {{{}, Role::kSteward, {}, ""}});
  EXPECT_THAT(machine, HasSubstr("No study is open to this person"));
  EXPECT_THAT(machine, HasSubstr("<code>/backups</code>"));
}

TEST_P(Settings, WhoLookedAtASourceStandsBesideIt) {
  add("anita", {{{}, Role::kCoder, {}, ""}});
  add("elsewhere", {{{}, Role::kCoder, {}, "NP"}});
  const std::string source = "/studies/" + rooms_.study.text() + "/sources/" + rooms_.here.text();
  EXPECT_EQ(get(source, enter("anita")).status, 200);
  EXPECT_EQ(get(source, enter("elsewhere")).status, 404);
  const Response page = get(source + "/looks", lead_);
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr("anita"));
  EXPECT_THAT(page.body, HasSubstr("elsewhere"));
  EXPECT_THAT(page.body, HasSubstr("class=\"denied\""));
  EXPECT_THAT(get(source, lead_).body, HasSubstr(source + "/looks"));
  EXPECT_EQ(get(source + "/looks", enter("anita")).status, 403);
}

}  // namespace understory::server
