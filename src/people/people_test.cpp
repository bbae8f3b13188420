// Accounts, sign-in, rights and the log, on both engines.
#include <chrono>
#include <thread>

#include "foundation/clock.h"
#include "people/account.h"
#include "people/audit.h"
#include "people/audit_form.h"
#include "people/password_rules.h"
#include "people/sign_in.h"
#include "people/story_key.h"
#include "people/token.h"
#include "testing/workspace.h"
#include "vault/second_factor.h"

namespace understory::people {

using storage::Transaction;

namespace {

constexpr vault::PasswordCost kLight{1, 8 << 20};
constexpr std::string_view kPassword = "three rivers meet here";
constexpr Milliseconds kNoon = 1'795'000'000'000;
constexpr Milliseconds kHour = 3600 * 1000;

void nobody_tells(Transaction&, Id, std::string_view, std::string_view) {}

}  // namespace

class People : public testing_support::OnBothEngines {
 protected:
  Id add(std::string_view name, const std::vector<Grant>& grants = {}) {
    Transaction transaction = workspace().write();
    const Id id = *add_account(transaction, name, "");
    for (const Grant& grant : grants) add_grant(transaction, id, grant, {});
    const std::string token = invite(transaction, id, {});
    EXPECT_TRUE(accept_invitation(transaction, token, vault::make_person_key(kPassword, kLight)));
    EXPECT_EQ(accept_invitation(transaction, token, {}).error().code(), "invitation_over");
    transaction.commit();
    return id;
  }
  Result<SignedIn> enter(std::string_view name, std::string_view password = kPassword, std::string code = "",
                         std::string device = "") {
    return sign_in(workspace(), {std::string(name), std::string(password), std::move(code), std::move(device)},
                   nobody_tells);
  }
  std::optional<Session> session(std::string_view token) {
    Transaction transaction = workspace().read();
    return session_of(workspace(), transaction, token);
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, People, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(People, SignInAndOut) {
  FixedClock clock(kNoon);
  const Id account = add("Sokha");
  const auto entered = enter("  SOKHA ");
  ASSERT_TRUE(entered) << entered.error().sentence();
  EXPECT_EQ(entered->account, account);
  ASSERT_TRUE(session(entered->session));
  EXPECT_FALSE(session(entered->session + "0"));
  EXPECT_FALSE(session(""));
  const auto other = enter("sokha");
  {
    Transaction transaction = workspace().write();
    sign_out(transaction, entered->session);
    transaction.commit();
  }
  EXPECT_FALSE(session(entered->session));
  EXPECT_TRUE(session(other->session));
  {
    Transaction transaction = workspace().write();
    sign_out_everywhere(transaction, account);
    transaction.commit();
  }
  EXPECT_FALSE(session(other->session));
}

TEST_P(People, RefusalsLookAlike) {
  add("sokha");
  {
    Transaction transaction = workspace().write();
    EXPECT_TRUE(add_account(transaction, "invited.only", "Partner"));
    transaction.commit();
  }
  const auto wrong = enter("sokha", "something else entirely"), unknown = enter("nobody"),
             invited = enter("invited.only"), odd = enter("a b c");
  for (const auto* each : {&wrong, &unknown, &invited, &odd}) {
    ASSERT_FALSE(*each);
    EXPECT_EQ(each->error().sentence(), wrong.error().sentence());
    EXPECT_EQ(each->error().code(), "sign_in_refused");
  }
}

TEST_P(People, SessionsEndWhenIdleOrOld) {
  std::string token;
  {
    FixedClock clock(kNoon);
    add("sokha");
    token = enter("sokha")->session;
  }
  {
    FixedClock clock(kNoon + kIdleLife - 1);
    ASSERT_TRUE(session(token));
    EXPECT_TRUE(session(token)->stale);
    Transaction transaction = workspace().write();
    touch_session(transaction, token);
    transaction.commit();
  }
  {
    FixedClock clock(kNoon + 2 * kIdleLife - 2);
    EXPECT_TRUE(session(token));
  }
  {
    FixedClock clock(kNoon + 2 * kIdleLife);
    EXPECT_FALSE(session(token));
  }
  for (Milliseconds at = kNoon; at < kNoon + kSessionLife; at += kIdleLife / 2) {
    FixedClock clock(at);
    Transaction transaction = workspace().write();
    touch_session(transaction, token);
    transaction.commit();
  }
  FixedClock clock(kNoon + kSessionLife);
  EXPECT_FALSE(session(token));  // however busy
}

TEST_P(People, ADeactivatedAccountIsOutAtOnce) {
  FixedClock clock(kNoon);
  const Id account = add("sokha", {{{}, Role::kResearcher, {}, ""}});
  const auto entered = enter("sokha");
  {
    Transaction transaction = workspace().write();
    ASSERT_TRUE(deactivate(transaction, account));
    EXPECT_FALSE(session_of(workspace(), transaction, entered->session));
    EXPECT_FALSE(decide(person_of(transaction, account), Right::kSeeStudy, {Id{5}, {}, {}}).allowed);
    EXPECT_EQ(add_account(transaction, "Sokha", "").error().code(), "already_exists");  // the log names it
    transaction.commit();
  }
  EXPECT_EQ(enter("sokha").error().code(), "sign_in_refused");
}

TEST_P(People, ASecondFactorIsAskedForAndItsCodeWorksOnce) {
  FixedClock clock(kNoon);
  const Id account = add("sokha");
  const std::string factor = vault::make_factor();
  std::vector<std::string> recovery;
  {
    Transaction transaction = workspace().write();
    set_factor(transaction, account, person_key(transaction, account)->public_key, factor);
    recovery = make_recovery_codes(transaction, account);
    transaction.commit();
  }
  EXPECT_FALSE(enter("sokha"));
  const std::string code = vault::factor_code(factor, vault::factor_step(kNoon));
  EXPECT_TRUE(enter("sokha", kPassword, code));
  EXPECT_FALSE(enter("sokha", kPassword, code));  // somebody looked over a shoulder
  EXPECT_FALSE(enter("sokha", "not this one, no", recovery[0]));
  EXPECT_TRUE(enter("sokha", kPassword, recovery[0]));
  EXPECT_FALSE(enter("sokha", kPassword, recovery[0]));
  EXPECT_EQ(recovery.size(), 10u);
  EXPECT_EQ(recovery[1].size(), 29u);
}

TEST_P(People, AFactorSetWhileSomebodySignsInIsAskedForAtOnce) {
  const Id account = add("sokha");
  Result<SignedIn> entered = fail(problems::kSignInRefused);
  std::thread guest;
  {
    Transaction transaction = workspace().write();
    guest = std::thread([&] { entered = enter("sokha"); });  // has looked the account up, and waits for the writer
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    set_factor(transaction, account, person_key(transaction, account)->public_key, vault::make_factor());
    transaction.commit();
  }
  guest.join();
  EXPECT_FALSE(entered);
}

TEST_P(People, ARecoveryCodeSomebodyFoundIsNoWayToGuessThePassword) {
  FixedClock clock(kNoon);
  const Id account = add("sokha");
  std::vector<std::string> recovery;
  {
    Transaction transaction = workspace().write();
    recovery = make_recovery_codes(transaction, account);
    transaction.commit();
  }
  for (int guess = 0; guess < 15; ++guess)
    EXPECT_EQ(enter("sokha", "guess number " + std::to_string(guess), recovery[0]).error().code(),
              guess < kTriesOfDeviceAnHour ? "sign_in_refused" : "too_many_tries")
        << guess;
  EXPECT_TRUE(enter("sokha", kPassword, recovery[1]));  // the owner still enters
}

TEST_P(People, GuessersGetFourTriesAnHourAndTheOwnerStillEnters) {
  std::string device, recovery;
  {
    FixedClock clock(kNoon - kHour);
    const Id account = add("sokha");
    device = enter("sokha")->device;
    Transaction transaction = workspace().write();
    recovery = make_recovery_codes(transaction, account)[0];
    transaction.commit();
  }
  int tried = 0;
  for (int hour = 0; hour < 3; ++hour)
    for (int guess = 0; guess < 20; ++guess) {
      FixedClock clock(kNoon + hour * kHour + guess * 1000);
      for (const char* name : {"sokha", "nobody.here"}) {
        const auto outcome = enter(name, "guess number " + std::to_string(guess));
        ASSERT_FALSE(outcome);
        if (std::string_view(name) == "sokha") tried += outcome.error().code() == "sign_in_refused";
        EXPECT_EQ(outcome.error().code(), guess < 4 ? "sign_in_refused" : "too_many_tries") << name << guess;
      }
    }
  EXPECT_EQ(tried, 12);
  FixedClock clock(kNoon + 2 * kHour + 60 * 1000);
  EXPECT_EQ(enter("sokha").error().code(), "too_many_tries");  // from a browser nobody knows
  EXPECT_TRUE(enter("sokha", kPassword, "", device));
  EXPECT_FALSE(enter("sokha", "wrong again", "", device));
  EXPECT_TRUE(enter("sokha", kPassword, "", device));
  EXPECT_TRUE(enter("sokha", kPassword, recovery));
  EXPECT_FALSE(enter("sokha", kPassword, recovery));
}

// P15: a day of guessing, the whole day long.
TEST_P(People, AFloodOfGuessesTriesLittleWritesLittleAndLocksNobodyOut) {
  const int guesses = testing_support::drill(5'000, 1'000'000);
  std::string device;
  {
    FixedClock clock(kNoon - kHour);
    add("sokha");
    device = enter("sokha")->device;
  }
  int tried = 0, refused = 0, told = 0;
  const Tell count = [&](Transaction&, Id, std::string_view, std::string_view) { ++told; };
  constexpr Milliseconds kDay = 24 * kHour;
  for (int guess = 0; guess < guesses; ++guess) {
    FixedClock clock(kNoon + kDay * guess / guesses);
    const auto outcome = sign_in(workspace(), {"sokha", "guess " + std::to_string(guess), "", ""}, count);
    ASSERT_FALSE(outcome);
    ++(outcome.error().is(problems::kSignInRefused) ? tried : refused);
    if (guess % (guesses / 50) == 0) {
      EXPECT_TRUE(enter("sokha", kPassword, "", device)) << guess;
    }
  }
  EXPECT_LE(tried, 96);
  EXPECT_GE(tried, 92);
  EXPECT_EQ(tried + refused, guesses);
  EXPECT_LE(told, 96 + 24);  // the log grows by a line a try and a line an hour, whatever comes
}

TEST_P(People, ARenewedKeyMakesCopiesOfTheOldOneWorthless) {
  FixedClock clock(kNoon);
  add("reader", {{{}, Role::kResearcher, {}, ""}});
  const Id leaver = add("leaver", {{{}, Role::kResearcher, {}, ""}});
  const Id owner = Id::make(), row = Id::make(), waiting = Id::make();
  const auto old_key = workspace().key();
  // As programs sealed before there were data keys, and as they do now.
  const std::string of_before = old_key->seal({"source", "text", row}, "They owe the mill.");
  std::string sealed, index;
  {
    Transaction transaction = workspace().write();
    sealed = transaction.seal(owner, "source", "name", row, "SR-01 interview");
    index = transaction.blind_index("source.name", "SR-01 interview");
    transaction.commit();
  }
  EXPECT_FALSE(renew_key(workspace(), old_key));  // it lies in the folder
  const auto first = put_key_away(workspace());
  ASSERT_TRUE(first);
  // While locked: what is new can be sealed, what was sealed cannot be opened, nor added to.
  std::string told_meanwhile;
  {
    Transaction transaction = workspace().write();
    told_meanwhile = transaction.seal(waiting, "source", "text", row, "Told at night.");
    EXPECT_THROW(transaction.open("source", "name", row, sealed), storage::DatabaseError);
    EXPECT_THROW(transaction.seal(owner, "source", "name", row, "x"), storage::DatabaseError);
    transaction.commit();
  }
  {
    Transaction transaction = workspace().write();
    EXPECT_THROW(transaction.open("source", "text", row, told_meanwhile), storage::DatabaseError);
    ASSERT_TRUE(deactivate(transaction, leaver));
    transaction.commit();
  }
  const auto held = session(enter("reader")->session);
  ASSERT_TRUE(held && held->key);
  const auto second = renew_key(workspace(), held->key);
  ASSERT_TRUE(second) << second.error().sentence();
  EXPECT_EQ(second->holders, 1);
  EXPECT_EQ(workspace().recover(*read_recovery_key(first->recovery_key)).error().code(), "wrong_key");
  EXPECT_TRUE(workspace().recover(*read_recovery_key(second->recovery_key)));
  const auto again = session(enter("reader")->session);
  ASSERT_TRUE(again && again->key);
  Transaction transaction = workspace().read();
  EXPECT_EQ(workspace().accept(transaction, old_key->key()).error().code(), "wrong_key");
  transaction.unlock(old_key);
  EXPECT_THROW(transaction.open("source", "name", row, sealed), storage::DatabaseError);
  transaction.unlock(again->key);
  EXPECT_EQ(transaction.open("source", "name", row, sealed), "SR-01 interview");
  EXPECT_EQ(transaction.open("source", "text", row, of_before), "They owe the mill.");
  EXPECT_EQ(transaction.open("source", "text", row, told_meanwhile), "Told at night.");
  EXPECT_EQ(transaction.blind_index("source.name", "SR-01 interview"), index);
}

TEST_P(People, WhatADestroyedDataKeySealedOpensNoMore) {
  const Id owner = Id::make(), other = Id::make(), row = Id::make();
  std::string gone, stays;
  {
    Transaction transaction = workspace().write();
    gone = transaction.seal(owner, "source", "text", row, "They owe the mill.");
    stays = transaction.seal(other, "source", "text", row, "The river took the field.");
    EXPECT_THROW(transaction.open("source", "name", row, gone), storage::DatabaseError);  // another column
    transaction.commit();
  }
  {
    Transaction transaction = workspace().write();
    EXPECT_EQ(transaction.open("source", "text", row, gone), "They owe the mill.");
    transaction.destroy_data_key(owner);
    transaction.commit();
  }
  Transaction transaction = workspace().read();
  EXPECT_THROW(transaction.open("source", "text", row, gone), storage::DatabaseError);
  EXPECT_EQ(transaction.open("source", "text", row, stays), "The river took the field.");
}

TEST_P(People, TheKeyLeavesTheFolderAndOpensForThoseEntitledAlone) {
  FixedClock clock(kNoon);
  const Id reader = add("reader", {{{}, Role::kResearcher, {}, ""}});
  add("keeper", {{{}, Role::kSteward, {}, ""}});
  const Id row = Id::make();
  const std::string sealed = workspace().key()->seal({"source", "text", row}, "They owe the mill.");
  const std::string before = enter("reader")->session;
  const auto away = put_key_away(workspace());
  ASSERT_TRUE(away) << away.error().sentence();
  EXPECT_EQ(away->holders, 1);
  EXPECT_FALSE(std::filesystem::exists(folder() / "workspace.key"));
  EXPECT_EQ(put_key_away(workspace()).error().code(), "locked");
  reopen();
  EXPECT_FALSE(workspace().holds_key());
  {
    Transaction transaction = workspace().read();
    EXPECT_TRUE(transaction.locked());
    try {
      transaction.open("source", "text", row, sealed);
      FAIL() << "a locked workspace opened a story";
    } catch (const storage::DatabaseError& error) {
      EXPECT_EQ(error.problem()->code(), "locked");
    }
  }
  EXPECT_FALSE(session(before));  // sessions of before carry no key
  const auto entered = enter("reader"), keeper = enter("keeper");
  {
    Transaction transaction = workspace().read();
    EXPECT_FALSE(session_of(workspace(), transaction, keeper->session)->key);
    const auto opened = session_of(workspace(), transaction, entered->session);
    ASSERT_TRUE(opened && opened->key);
    transaction.unlock(opened->key);
    EXPECT_EQ(transaction.open("source", "text", row, sealed), "They owe the mill.");
  }
  // Somebody new is handed the key by somebody who holds it; a steward is not entitled, whoever hands it over.
  add("late", {{{}, Role::kCoder, {}, ""}});
  EXPECT_FALSE([&] {
    Transaction transaction = workspace().read();
    return session_of(workspace(), transaction, enter("late")->session)->key != nullptr;
  }());
  {
    Transaction transaction = workspace().write();
    const auto key = session_of(workspace(), transaction, entered->session)->key;
    ASSERT_TRUE(hand_key_to(transaction, *find_account(transaction, "late"), *key));
    EXPECT_EQ(hand_key_to(transaction, *find_account(transaction, "keeper"), *key).error().code(), "forbidden");
    transaction.commit();
  }
  EXPECT_TRUE([&] {
    Transaction transaction = workspace().read();
    return session_of(workspace(), transaction, enter("late")->session)->key != nullptr;
  }());
  // A new password by invitation is a new key: the old hand-over is void.
  {
    Transaction transaction = workspace().write();
    const std::string token = invite(transaction, reader, {});
    ASSERT_TRUE(accept_invitation(transaction, token, vault::make_person_key("a boat under the house", kLight)));
    EXPECT_FALSE(has_key(transaction, reader));
    transaction.commit();
  }
  EXPECT_EQ(workspace().recover(*read_recovery_key("aaaaa-aaaaa-aaaaa-aaaaa-aaaaa-aaaaa-aaaaa-aaaaa")).error().code(),
            "wrong_key");
  EXPECT_FALSE(read_recovery_key("too short"));
  std::string by_hand = away->recovery_key;
  std::replace(by_hand.begin(), by_hand.end(), '-', ' ');
  std::transform(by_hand.begin(), by_hand.end(), by_hand.begin(), ::toupper);
  ASSERT_TRUE(workspace().take_key_out(*read_recovery_key(by_hand)));
  EXPECT_TRUE(std::filesystem::exists(folder() / "workspace.key"));
  reopen();
  EXPECT_TRUE(workspace().holds_key());
}

TEST_P(People, APersonChangesThePasswordAndEverySessionOfBeforeEnds) {
  constexpr std::string_view kNext = "the ferry leaves at dawn";
  FixedClock clock(kNoon);
  const Id account = add("sokha", {{{}, Role::kResearcher, {}, ""}});
  ASSERT_TRUE(put_key_away(workspace()));
  reopen();
  const SignedIn here = *enter("sokha"), elsewhere = *enter("sokha");
  std::vector<std::string> told;
  const auto change = [&](EntryChange what, std::string_view with, std::string_view password, std::string session,
                          std::string code = "") {
    return change_entry(workspace(), {"sokha", std::string(password), std::move(code), "", std::move(session)}, what,
                        with, [&](Transaction&, Id who, std::string_view outcome, std::string_view reason) {
                          EXPECT_EQ(who, account);
                          told.push_back(std::string(outcome) + ": " + std::string(reason));
                        });
  };
  EXPECT_EQ(change(EntryChange::kPassword, "short", kPassword, here.session).error().code(), "weak_password");
  EXPECT_EQ(change(EntryChange::kPassword, kNext, "not mine, found open", here.session).error().code(),
            "sign_in_refused");
  EXPECT_TRUE(session(here.session) && session(elsewhere.session));
  const auto changed = change(EntryChange::kPassword, kNext, kPassword, here.session);
  ASSERT_TRUE(changed) << changed.error().sentence();
  EXPECT_FALSE(session(here.session));
  EXPECT_FALSE(session(elsewhere.session));
  ASSERT_TRUE(session(changed->entered.session));
  EXPECT_TRUE(session(changed->entered.session)->key);  // it opens the same stories as before
  EXPECT_EQ(enter("sokha").error().code(), "sign_in_refused");
  const auto again = enter("sokha", kNext);
  ASSERT_TRUE(again);
  EXPECT_TRUE(session(again->session)->key);
  EXPECT_EQ(told, (std::vector<std::string>{"denied: wrong name, password or code", "done: password, by password"}));

  // Strangers who use up the name's tries do not keep the owner from it, nor is the password guessed from inside.
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(enter("sokha", "a stranger's guess"));
  EXPECT_EQ(enter("sokha", kNext, "", elsewhere.device).error().code(), "too_many_tries");  // known no more
  const auto codes = change(EntryChange::kNewRecoveryCodes, "", kNext, again->session);
  ASSERT_TRUE(codes);
  EXPECT_EQ(codes->recovery_codes.size(), 10u);
  for (int guess = 0; guess < 6; ++guess)
    EXPECT_EQ(
        change(EntryChange::kNoFactor, "", "guess " + std::to_string(guess), codes->entered.session).error().code(),
        guess < 3 ? "sign_in_refused" : "too_many_tries")
        << guess;
}

TEST_P(People, ASecondFactorIsTakenAwayWithACodeAlone) {
  FixedClock clock(kNoon);
  const Id account = add("sokha");
  const auto change = [&](EntryChange what, std::string_view with, const std::string& session, std::string code) {
    return change_entry(workspace(), {"sokha", std::string(kPassword), std::move(code), "", session}, what, with,
                        nobody_tells);
  };
  const auto set = change(EntryChange::kNewFactor, "", enter("sokha")->session, "");
  ASSERT_TRUE(set);
  EXPECT_FALSE(enter("sokha"));
  const auto other = enter("sokha", kPassword, vault::factor_code(set->factor, vault::factor_step(kNoon)));
  ASSERT_TRUE(other);
  EXPECT_FALSE(change(EntryChange::kNoFactor, "", other->session, ""));
  EXPECT_FALSE(change(EntryChange::kNewFactor, "", other->session, ""));

  // One's sessions are listed, and one of them can be ended.
  const auto listed = [&](const std::string& token) {
    Transaction transaction = workspace().read();
    return open_sessions(transaction, account, token);
  };
  const auto list = listed(other->session);
  ASSERT_EQ(list.size(), 2u);
  const OpenSession& first = list[0].here ? list[1] : list[0];
  EXPECT_NE(list[0].here, list[1].here);
  EXPECT_EQ(change(EntryChange::kEndSession, "0123456789abcdef", other->session, set->recovery_codes[0]).error().code(),
            "not_found");
  const auto ended = change(EntryChange::kEndSession, first.number, other->session, set->recovery_codes[0]);
  ASSERT_TRUE(ended) << ended.error().sentence();
  EXPECT_FALSE(session(set->entered.session));
  EXPECT_FALSE(session(other->session));
  EXPECT_EQ(listed(ended->entered.session).size(), 1u);

  EXPECT_FALSE(change(EntryChange::kNoFactor, "", ended->entered.session, set->recovery_codes[0]));  // used
  ASSERT_TRUE(change(EntryChange::kNoFactor, "", ended->entered.session, set->recovery_codes[1]));
  EXPECT_TRUE(enter("sokha"));
}

TEST_P(People, WhereACodeIsWantedNobodyDoesAnythingWithoutOne) {
  const Id account = add("sokha", {{{}, Role::kResearcher, {}, ""}});
  const auto may_see = [&] {
    Transaction transaction = workspace().read();
    const Person person = person_of(transaction, account);
    EXPECT_EQ(decide(person, Right::kSeeStudy, {Id{7}, {}, {}}).allowed,
              reach(person, Right::kSeeStudy, Id{7}).everything);
    return decide(person, Right::kSeeStudy, {Id{7}, {}, {}}).allowed;
  };
  EXPECT_TRUE(may_see());
  {
    Transaction transaction = workspace().write();
    EXPECT_FALSE(needs_code(transaction));
    set_needs_code(transaction, true);
    EXPECT_TRUE(needs_code(transaction));
    transaction.commit();
  }
  EXPECT_FALSE(may_see());
  const auto set = change_entry(workspace(), {"sokha", std::string(kPassword), "", "", enter("sokha")->session},
                                EntryChange::kNewFactor, "", nobody_tells);
  ASSERT_TRUE(set);
  EXPECT_TRUE(may_see());
}

TEST_P(People, SigningInAgainEndsTheSessionOfBefore) {
  add("sokha");
  const std::string before = enter("sokha")->session;
  const auto again = sign_in(workspace(), {"sokha", std::string(kPassword), "", "", before}, nobody_tells);
  ASSERT_TRUE(again);
  EXPECT_FALSE(session(before));
  EXPECT_TRUE(session(again->session));
}

TEST(PasswordRules, LengthAndBreachesAndNothingElse) {
  for (const char* good : {"three rivers meet here", "ទន្លេបីជួបគ្នានៅទីនេះ", "correct horse battery", "11 lotus pond 72",
                           "lanterns over seven villages", "4071 8829 5502"})
    EXPECT_TRUE(check_password(good, "sokha")) << good;
  for (const char* bad : {"short", "Password123", "password2026!!", "1q2w3e4r5t", "qwertyuiop", "aaaaaaaaaaaa",
                          "sokha-sokha-1", "abababababab", "Understory-2026", "CaseWorker 2026!", "cambodia.nepal"})
    EXPECT_EQ(check_password(bad, "sokha").error().code(), "weak_password") << bad;
}

// Every role × right × relation of a grant to the record, against the table in role.cpp said another way: in words.
TEST(Rights, AreThoseOfTheTable) {
  const Id study{1}, other_study{2}, source{10};
  const std::map<Role, std::string> allowed{
      {Role::kReporter, ""},
      {Role::kEnumerator, "see_study"},
      {Role::kResearcher,
       "see_study see_findings see_passages list_sources read_source code change_study export_study make_report"},
      {Role::kCoder, "see_study see_findings see_passages list_sources read_source code"},
      {Role::kCaseWorker, "see_study see_findings"},
      {Role::kProgrammeLead, "see_study see_findings see_passages make_report read_audit"},
      {Role::kPublisher, "see_study see_findings see_passages make_report"},
      {Role::kSteward, "manage_accounts read_audit keep_machine"}};
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
                if (excluded && active) EXPECT_TRUE(decision.hidden);
                ++cells;
              }
    }
  EXPECT_GE(cells, 3000);
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

class Audit : public People {
 protected:
  void SetUp() override {
    People::SetUp();
    if (IsSkipped()) return;
    key_ = std::make_unique<vault::SigningKey>(std::move(*vault::SigningKey::create(keys_.path() / "audit.key")));
  }
  void write(int entries) {
    Transaction transaction = workspace().write();
    for (int i = 0; i < entries; ++i)
      record(transaction, *key_,
             {Id{100 + i % 7}, i % 3 ? "read_source" : "sign_in", "/studies/{study}/sources/{source}", "source",
              Id{1000 + i % 5}, i % 4 ? "done" : "denied", i % 4 ? "researcher" : "“no role” may\nread"});
    transaction.commit();
  }
  std::string exported() {
    std::string text;
    Transaction transaction = workspace().read();
    export_audit(transaction, [&](std::string_view line) { text += std::string(line) + "\n"; });
    return text;
  }
  TemporaryFolder keys_;
  std::unique_ptr<vault::SigningKey> key_;
};
INSTANTIATE_TEST_SUITE_P(Engines, Audit, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(Audit, IsProvenWithTheExportAndThePublicKeyAlone) {
  write(40);
  const auto proof = verify_audit(exported(), key_->public_key(), "", "log");
  ASSERT_TRUE(proof) << proof.error().sentence();
  EXPECT_EQ(proof->entries, 40);
  {
    Transaction transaction = workspace().read();
    EXPECT_EQ(verify_audit(transaction, key_->public_key())->head, proof->head);
    EXPECT_EQ(audit_entries(transaction, Id{1002}, {}, 0, 100).size(), 8u);
    EXPECT_EQ(audit_entries(transaction, {}, Id{101}, 0, 100).size(), 6u);
    EXPECT_EQ(audit_entries(transaction, {}, {}, 11, 5).front().number, 10);
  }
  // The log goes on: the older head is still in it.
  write(5);
  EXPECT_TRUE(verify_audit(exported(), key_->public_key(), proof->head, "log"));
  TemporaryFolder other;
  const auto stranger = vault::SigningKey::create(other.path() / "k");
  EXPECT_FALSE(verify_audit(exported(), stranger->public_key(), "", "log"));
}

TEST_P(Audit, EveryMutationIsFound) {
  write(60);
  const std::string before = exported();
  write(40);
  const std::string text = exported(), head = verify_audit(text, key_->public_key(), "", "log")->head;
  // Cut back to what was true and signed earlier: only a head kept elsewhere tells.
  EXPECT_TRUE(verify_audit(before, key_->public_key(), "", "log"));
  EXPECT_FALSE(verify_audit(before, key_->public_key(), head, "log"));
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at + 1));
    at = end + 1;
  }
  const std::string known = head.substr(head.find(':') + 1);
  std::uint64_t state = 20261124;
  const auto below = [&](std::size_t bound) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<std::size_t>((state >> 33) % bound);
  };
  const int rounds = testing_support::drill(1'000, 10'000);
  int missed = 0;
  for (int round = 0; round < rounds; ++round) {
    std::string bent;
    auto changed = lines;
    const int kind = round % 6;
    switch (kind) {
      case 0:  // a flipped bit
        bent = text;
        bent[below(bent.size())] ^= static_cast<char>(1 << below(8));
        break;
      case 1:  // a dropped line
        changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(below(changed.size())));
        break;
      case 2: {  // two lines swapped
        const std::size_t a = below(changed.size()), b = (a + 1 + below(changed.size() - 1)) % changed.size();
        std::swap(changed[a], changed[b]);
        break;
      }
      case 3:  // cut off anywhere
        bent = text.substr(0, below(text.size()));
        break;
      case 5: {  // an entry changed, and every hash after it made anew; only the signature cannot be
        const std::size_t at = 1 + below(100);
        std::string previous = first_hash();
        for (std::size_t i = 1; i <= 100; ++i) {
          auto entry = read_entry(std::string_view(changed[i]).substr(0, changed[i].size() - 1));
          ASSERT_TRUE(entry) << changed[i];
          if (i == at) entry->deed.outcome = entry->deed.outcome == "done" ? "denied" : "done";
          const std::string line = entry_line(*entry, previous);
          previous = entry_hash(line);
          changed[i] = line + "\n";
        }
        std::string& last = changed.back();
        const std::size_t hash = last.find(known);
        ASSERT_NE(hash, std::string::npos) << last;
        last.replace(hash, known.size(), vault::hex(previous));
        break;
      }
      case 4: {  // a line put in again
        const std::size_t from = below(changed.size());
        changed.insert(changed.begin() + static_cast<std::ptrdiff_t>(below(changed.size() + 1)), changed[from]);
        break;
      }
    }
    if (kind != 0 && kind != 3)
      for (const std::string& line : changed) bent += line;
    if (bent == text) continue;
    // With every hash in order, a head kept elsewhere is not what tells.
    missed += kind == 5 && verify_audit(bent, key_->public_key(), "", "log").has_value();
    missed += verify_audit(bent, key_->public_key(), head, "log").has_value();
  }
  EXPECT_EQ(missed, 0);
}

}  // namespace understory::people
