// Passwords, codes, sessions and guesses, on both engines.
#include <thread>

#include "people/password_rules.h"
#include "people/sign_in.h"
#include "people/story_key.h"
#include "people/token.h"
#include "testing/people.h"
#include "vault/second_factor.h"

namespace understory::people {

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
  EXPECT_FALSE(change(EntryChange::kEndSession, first.number, other->session, set->recovery_codes[0]));
  const auto ended = change(EntryChange::kEndSession, first.number, other->session, set->recovery_codes[1]);
  ASSERT_TRUE(ended) << ended.error().sentence();
  EXPECT_FALSE(session(set->entered.session));
  EXPECT_FALSE(session(other->session));
  EXPECT_EQ(listed(ended->entered.session).size(), 1u);

  EXPECT_FALSE(change(EntryChange::kNoFactor, "", ended->entered.session,
                      set->recovery_codes[0]));  // used, though it ended nothing
  EXPECT_FALSE(change(EntryChange::kNoFactor, "", ended->entered.session, set->recovery_codes[1]));  // used
  ASSERT_TRUE(change(EntryChange::kNoFactor, "", ended->entered.session, set->recovery_codes[2]));
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

}  // namespace understory::people
