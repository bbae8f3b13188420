// What people do with accounts, broken glass and erasure, over whole requests.
#include "testing/who_may.h"

namespace understory::server {

namespace {

const storage::Query kGlassKeys{"test.glass_keys",
                                "select count(*) from glass where workspace_id = ? and data_key is not null"};

}  // namespace

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
