// Every route × role × relation of the person to the record, over whole requests.
#include "testing/who_may.h"

namespace understory::server {

INSTANTIATE_TEST_SUITE_P(Engines, WhoMay, testing_support::BothEngines(), testing_support::engine_name);

// The table once more, in words, so that a slip in one of the two shows.
const std::map<Role, std::string> kAllowed{
    {Role::kReporter, ""},
    {Role::kEnumerator, "see_study fill_forms"},
    {Role::kResearcher,
     "see_study see_findings see_passages list_sources read_source code change_study make_report fill_forms keep_forms "
     "read_submissions review_submissions export_submissions keep_findings"},
    {Role::kCoder, "see_study see_findings see_passages list_sources read_source code read_submissions"},
    {Role::kCaseWorker, "see_study see_findings fill_forms"},
    {Role::kProgrammeLead, "see_study see_findings see_passages make_report read_audit keep_findings"},
    {Role::kPublisher, "see_study see_findings see_passages make_report keep_findings"},
    {Role::kSteward, "read_audit manage_accounts keep_machine keep_devices"}};
const std::map<std::string, std::string> kNeeded{{"", "see_study"},
                                                 {"/codebook", "see_study"},
                                                 {"/machine", "see_findings"},
                                                 {"/machine/learn", "code"},
                                                 {"/machine/remove", "change_study"},
                                                 {"/codebook/{code}", "change_study"},
                                                 {"/codebook/{code}/merge", "change_study"},
                                                 {"/codebook/{code}/passages", "read_source"},
                                                 {"/codebook/{code}/split", "change_study"},
                                                 {"/sources", "list_sources"},
                                                 {"/sources/{source}", "read_source"},
                                                 {"/sources/{source}/erase", "change_study"},
                                                 {"/sources/{source}/codings", "code"},
                                                 {"/sources/{source}/codings/{coding}", "code"},
                                                 {"/sources/{source}/suggestions", "code"},
                                                 {"/sources/{source}/memos", "code"},  // to read them, as the source
                                                 {"/sources/{source}/changes", "read_source"},
                                                 {"/imports", "change_study"},
                                                 {"/jobs", "change_study"},
                                                 {"/views", "list_sources"},
                                                 {"/views/{view}", "list_sources"},
                                                 {"/sources/{source}/masks", "code"},
                                                 {"/sources/{source}/masks/lift", "code"},
                                                 {"/sources/{source}/masks/beneath", "change_study"},
                                                 {"/sources/{source}/links", "code"},
                                                 {"/sources/{source}/links/{link}", "code"},
                                                 {"/sources/{source}/blind", "change_study"},
                                                 {"/sources/{source}/comparison", "read_source"},
                                                 {"/sources/{source}/settlements", "change_study"},
                                                 {"/findings/{ask}", "see_findings"},
                                                 {"/findings/{ask}/passages", "see_passages"},
                                                 {"/findings/{ask}/counter-examples", "see_passages"},
                                                 {"/findings/{ask}/shown", "see_findings"},
                                                 {"/findings/{ask}/groups", "see_findings"},
                                                 {"/kept-findings", "see_passages"},  // to keep one, keep_findings
                                                 {"/kept-findings/{finding}", "see_passages"},
                                                 {"/sources/{source}/looks", "change_study"},
                                                 {"/report.docx", "make_report"},
                                                 {"/report.csv", "make_report"},
                                                 {"/report.xlsx", "make_report"},
                                                 {"/report.html", "make_report"},
                                                 {"/report.pdf", "make_report"}};

// Of a form, and of a submission that came from Svay Rieng; GET and POST.
const std::map<std::string, std::pair<std::string, std::string>> kThings{
    {"/forms", {"", "keep_forms"}},
    {"/forms/{form}", {"keep_forms", "keep_forms"}},
    {"/forms/{form}/mapping", {"keep_forms", "keep_forms"}},
    {"/forms/{form}/take", {"", "read_submissions"}},
    {"/forms/{form}/fill", {"fill_forms", "fill_forms"}},
    {"/forms/{form}/engine", {"fill_forms", "fill_forms"}},
    {"/forms/{form}/versions/{version}/definition", {"fill_forms", ""}},
    {"/forms/{form}/submissions", {"read_submissions", "review_submissions"}},
    {"/entities/{list}", {"read_submissions", "keep_forms"}},
    {"/entities/{list}/{entity}", {"", "review_submissions"}},
    {"/submissions/{submission}", {"read_submissions", "review_submissions"}},
    {"/submissions/{submission}/erase", {"change_study", "change_study"}},
    {"/submissions/{submission}/looks", {"review_submissions", ""}},
    {"/submissions/{submission}/edit", {"review_submissions", "review_submissions"}},
    {"/submissions/{submission}/attachments/{attachment}", {"read_submissions", ""}}};

// What an empty form is answered where it may be sent.
const std::map<std::string, int> kForms{{"/studies/{study}/sources", 200},
                                        {"/studies/{study}/sources/{source}/erase", 422},
                                        {"/studies/{study}/machine/learn", 303},
                                        {"/studies/{study}/machine/remove", 303},
                                        {"/submissions/{submission}/erase", 422},
                                        {"/api/v1/studies/{study}/sources/{source}/codings", 400},
                                        {"/api/v1/studies/{study}/sources/{source}/codings/{coding}", 404},
                                        {"/api/v1/studies/{study}/sources/{source}/suggestions", 400},
                                        {"/api/v1/studies/{study}/sources/{source}/memos", 400},
                                        {"/api/v1/studies/{study}/imports", 422},
                                        {"/api/v1/studies/{study}/views", 400},
                                        {"/api/v1/studies/{study}/views/{view}", 404},
                                        {"/api/v1/studies/{study}/machine/remove", 200},
                                        {"/api/v1/studies/{study}/sources/{source}/masks", 400},
                                        {"/api/v1/studies/{study}/sources/{source}/masks/lift", 400},
                                        {"/api/v1/studies/{study}/sources/{source}/masks/beneath", 400},
                                        {"/api/v1/studies/{study}/sources/{source}/links", 400},
                                        {"/api/v1/studies/{study}/sources/{source}/links/{link}", 404},
                                        {"/api/v1/studies/{study}/sources/{source}/blind", 400},
                                        {"/api/v1/studies/{study}/sources/{source}/settlements", 400},
                                        {"/api/v1/studies/{study}/kept-findings", 400},
                                        {"/api/v1/studies/{study}/kept-findings/{finding}", 400},
                                        {"/api/v1/studies/{study}/codebook", 400},
                                        {"/api/v1/studies/{study}/codebook/{code}", 400},
                                        {"/api/v1/studies/{study}/codebook/{code}/merge", 400},
                                        {"/api/v1/studies/{study}/codebook/{code}/split", 400},
                                        {"/invitations/{invitation}", 410},
                                        {"/accounts", 422},
                                        {"/accounts/{account}", 422},
                                        {"/backups", 303},
                                        {"/jobs/{job}", 404},
                                        {"/places", 422},
                                        {"/forms/{form}/engine", 400},
                                        {"/set-up", 404},
                                        {"/glass", 422},
                                        {"/glass/{glass}", 404},
                                        {"/notices/read", 303},
                                        {"/account/sign-out-everywhere", 303},
                                        {"/sign-out", 303},
                                        {"/forms", 422},
                                        {"/forms/{form}", 422},
                                        {"/forms/{form}/mapping", 200},
                                        {"/forms/{form}/take", 404},  // into which study?
                                        {"/forms/{form}/fill", 422},
                                        {"/forms/{form}/submissions", 422},
                                        {"/submissions/{submission}", 422},
                                        {"/submissions/{submission}/edit", 422},
                                        {"/api/v1/forms/{form}.svc/{rest*}", 404},
                                        {"/api/v1/studies/{study}/forms/{form}.svc/{rest*}", 404},
                                        {"/entities/{list}", 303},
                                        {"/entities/{list}/{entity}", 422},
                                        {"/devices", 422},
                                        {"/devices/{device}", 303},
                                        {"/account/entry", 422}};
const std::set<std::string_view> kEndings{"/account/sign-out-everywhere", "/sign-out"};

TEST_P(WhoMay, EveryRouteForEveryRoleAndRelation) {
  const Rooms rooms = two_studies(workspace());
  const Sent sent = one_sent(workspace(), rooms);
  const Id list = one_list(workspace(), rooms.study).list;
  Id version;
  {
    auto transaction = workspace().read();
    version = collect::form_versions(transaction, sent.form).at(0).id;
  }
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
      const auto decided = [&](const std::string& within, int allowed, bool beyond_study = true, bool sends = false) {
        const bool of_all_studies = within.rfind("/forms/", 0) == 0;
        const bool devices = within.rfind("/devices", 0) == 0;
        const bool general = within == "/audit" || within == "/backups" || within == "/places" ||
                             within.rfind("/accounts", 0) == 0 || of_all_studies || devices;
        const std::string inside = general ? within : within.substr(std::string("/studies/{study}").size());
        const std::string needed = within == "/audit"                                  ? "read_audit"
                                   : within == "/backups"                              ? "keep_machine"
                                   : within == "/places"                               ? "change_study"
                                   : devices                                           ? "keep_devices"
                                   : of_all_studies || inside.rfind("/forms/", 0) == 0 ? "export_submissions"
                                   : general                                           ? "manage_accounts"
                                   : sends && inside == "/codebook"                    ? "change_study"
                                   : sends && inside.rfind("/kept-findings", 0) == 0   ? "keep_findings"
                                                                                       : kNeeded.at(inside);
        // A grant for some places may see what is of no study, as far as it comes from there.
        const bool of_places = of_all_studies && (relation == kPlaceOfSource || relation == kPlaceElsewhere);
        const bool granted = relation != kGrantEnded && (general ? relation == kWorkspace || relation == kExcluded ||
                                                                       relation == kExcludedFromSource || of_places
                                                                 : relation != kOtherStudy && relation != kExcluded);
        const auto has = [&](const std::string& right) {
          return granted && (" " + words + " ").find(" " + right + " ") != std::string::npos;
        };
        // A codebook is the whole study's: whoever leads one place of it may not change what all count by.
        const bool of_whole_study = inside.rfind("/codebook", 0) == 0 && needed == "change_study";
        if (has(needed) && of_whole_study && (relation == kPlaceOfSource || relation == kPlaceElsewhere)) return 403;
        const bool the_source = beyond_study && inside.rfind("/sources/{source}", 0) == 0;
        // It learns from the whole study.
        const bool a_part =
            relation == kPlaceOfSource || relation == kPlaceElsewhere || relation == kExcludedFromSource;
        // So does what comes in go to the whole.
        const bool of_all = inside.rfind("/machine", 0) == 0 || inside == "/imports";
        if (has(needed) && beyond_study && of_all && a_part) return 403;
        if (has(needed))
          return the_source && (relation == kPlaceElsewhere || relation == kExcludedFromSource) ? 404 : allowed;
        // A grant for some places sees every study, and so that there may be forms of none.
        const bool sees =
            has("see_study") || (of_all_studies && (" " + words + " ").find(" see_study ") != std::string::npos &&
                                 (relation == kPlaceOfSource || relation == kPlaceElsewhere));
        return (general && !of_all_studies) || sees ? 403 : 404;
      };
      // The same of forms and submissions; a denial looks as if there were none.
      const auto decided_of_thing = [&](const std::string& address, bool sends, int allowed, bool beyond = true) {
        const auto& [to_get, to_send] = kThings.at(address);
        const bool has = (" " + words + " ").find(" " + (sends ? to_send : to_get) + " ") != std::string::npos;
        if (address == "/forms") return has && relation != kGrantEnded ? allowed : 403;
        // A list lies at no place, and holds what nobody knows the place of.
        const bool whole = relation != kPlaceOfSource && relation != kPlaceElsewhere && relation != kExcludedFromSource;
        const bool reaches = relation != kGrantEnded && relation != kOtherStudy && relation != kExcluded &&
                             (address.rfind("/submissions", 0) != 0 || relation != kPlaceElsewhere) &&
                             (address.rfind("/entities", 0) != 0 || whole) &&
                             (!beyond || !address.ends_with("/erase") || whole);
        return has && reaches ? allowed : 404;
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
        put("{form}", address.rfind("/api/", 0) == 0 ? "none" : sent.form.text());
        put("{version}", version.text());
        put("{list}", list.text());
        put("{entity}", "12345678-1234-4123-8234-123456789abc");
        put("{submission}", sent.submission.text());
        put("{attachment}", sent.attachment.text());
        put("{device}", sent.device.text());
        put("{rest*}", "Submissions");
        put("{coding}", rooms.study.text());
        put("{link}", rooms.study.text());
        put("{view}", rooms.study.text());
        put("{code}", rooms.study.text());
        put("{finding}", rooms.study.text());
        put("{job}", rooms.study.text());
        put("{language}", "km");
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
        } else if (within == "/assets/{name}") {
          expected = 404;  // open to all, under its own name
        } else if (within == "/sign-in") {
          expected = somebody ? 303 : 200;
        } else if (within.rfind("/invitations", 0) == 0) {
          expected = 410;
        } else if (within == "/set-up") {
          expected = 404;  // there are accounts
        } else if (!somebody) {
          expected = api ? 401 : 303;
        } else if (within == "/" || within == "/studies" || within == "/account" || within == "/glass" ||
                   within == "/forms" || within == "/places" || within == "/languages" ||
                   within == "/languages/{language}/sentences.csv" || within == "/entities" || within == "/desk" ||
                   within == "/desk/{rest*}" || within == "/person" || address == "/jobs") {
          expected = 200;
        } else if (within == "/glass/{glass}") {
          expected = 404;  // nobody asked
        } else if (route.access == Access::kThing) {
          expected = decided_of_thing(within, false, 200);
        } else if (within.ends_with("/files/{name}")) {
          expected = 404;  // no such file; who may have one there is: engine_test.cpp
        } else {
          expected = decided(within, within.find("/forms/") == std::string::npos &&
                                             within.find("{code}") == std::string::npos &&
                                             within.find("{finding}") == std::string::npos
                                         ? 200
                                         : 404);  // no such form or code
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
                             address == "/glass/{glass}" || address == "/assets/{name}" ||
                             address.ends_with("/files/{name}") || address.find("{invitation}") != std::string::npos;
        const bool expected_entry = somebody && !general && (response.status == 200 ? route.logged : true);
        EXPECT_EQ(entries() - before, expected_entry ? 1 : 0) << name << " " << address;
        ++cells;
      }
      // Forms, empty: whoever may send one is told what is missing in it; and each once more as from a page elsewhere.
      // Those that end the session come last.
      std::vector<const Route*> forms;
      for (const Route& route : routes())
        if (route.method != "GET" && !kEndings.contains(route.address)) forms.push_back(&route);
      for (const Route& route : routes())
        if (route.method != "GET" && kEndings.contains(route.address)) forms.push_back(&route);
      std::string present = session;
      for (const Route* route : forms)
        for (const bool from_here : {false, true}) {
          const std::string address(route->address);
          if (address == "/sign-in") continue;  // takes a password's work; People.* ask it
          ASSERT_TRUE(route->access == Access::kDevice || kForms.contains(address)) << address;
          int expected = route->access == Access::kDevice ? 401 : route->method == "DELETE" ? 404 : kForms.at(address);
          if (address.find("{token}") != std::string::npos) {
            expected = 403;
          } else if (address.find(".svc/") != std::string::npos) {
            // A program's question, which changes nothing: it has no form of ours around it.
            expected = somebody ? decided(address.substr(7), expected) : 401;
          } else if (route->access != Access::kAnybody && route->access != Access::kDevice) {
            const bool api = address.rfind("/api/", 0) == 0;
            const std::string within = api ? address.substr(7) : address;
            const int refused = route->access == Access::kRight   ? decided(within, 0, false, true)
                                : route->access == Access::kThing ? decided_of_thing(address, true, 0, false)
                                                                  : 0;
            expected = !somebody                         ? (api ? 401 : 303)
                       : refused != 0                    ? refused
                       : !from_here                      ? 403
                       : route->access == Access::kRight ? decided(within, expected, true, true)
                       : route->access == Access::kThing ? decided_of_thing(address, true, expected)
                                                         : expected;
          }
          std::vector<std::pair<std::string, std::string>> form;
          if (from_here) form.emplace_back("form", people::form_token(present));
          const std::int64_t before = entries();
          const Response response =
              answer(workspace(), asked(std::string(route->method), target_of(address), present, form));
          EXPECT_EQ(response.status, expected)
              << name << " " << route->method << " " << address << (from_here ? "" : " from elsewhere") << "\n"
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

}  // namespace understory::server
