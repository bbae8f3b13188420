#include "foundation/clock.h"
#include "foundation/text.h"
#include "people/glass.h"
#include "people/password_rules.h"
#include "people/sign_in.h"
#include "people/token.h"
#include "vault/second_factor.h"
#include "vault/signing.h"
#include "vault/vault.h"

namespace understory::people {

using storage::Parameter;
using storage::Query;
using storage::Row;
using storage::Transaction;
using storage::Workspace;

namespace {

constexpr Milliseconds kHour = 3600LL * 1000;
constexpr Milliseconds kMinute = 60LL * 1000;

const Query kTries{"people.sign_in_tries",
                   "select began_at, tries from sign_in_try where workspace_id = ? and subject = ?"};
const Query kSetTries{"people.set_sign_in_tries",
                      "insert into sign_in_try (workspace_id, subject, began_at, tries) values (?, ?, ?, ?) on "
                      "conflict (workspace_id, subject) do update set began_at = excluded.began_at, tries = "
                      "excluded.tries"};
const Query kForgetTries{"people.forget_sign_in_tries",
                         "delete from sign_in_try where workspace_id = ? and began_at < ?"};
const Query kFactor{"people.factor",
                    "select factor, factor_step from account where workspace_id = ? and id = ? and factor is not null"};
const Query kSetFactor{"people.set_factor",
                       "update account set factor = ?, factor_step = 0, changed_at = ? where workspace_id = ? and id = "
                       "?"};
const Query kNeedsCode{"people.needs_code", "select needs_code from entry_rule where workspace_id = ?"};
const Query kSetNeedsCode{
    "people.set_needs_code",
    "insert into entry_rule (workspace_id, needs_code) values (?, ?) on conflict (workspace_id) do "
    "update set needs_code = excluded.needs_code"};
const Query kUseStep{"people.use_factor_step",
                     "update account set factor_step = ? where workspace_id = ? and id = ? and factor_step < ?"};
const Query kUseRecovery{"people.use_recovery_code",
                         "update recovery_code set used_at = ? where workspace_id = ? and account_id = ? and code_hash "
                         "= ? and used_at is null"};
const Query kForgetRecovery{"people.forget_recovery_codes",
                            "delete from recovery_code where workspace_id = ? and account_id = ?"};
const Query kAddRecovery{"people.add_recovery_code",
                         "insert into recovery_code (workspace_id, account_id, code_hash) values (?, ?, ?)"};
const Query kHasRecovery{"people.has_recovery_code",
                         "select 1 from recovery_code where workspace_id = ? and account_id = ? and code_hash = ? and "
                         "used_at is null"};
const Query kAddSession{"people.add_session",
                        "insert into session (workspace_id, token_hash, account_id, created_at, seen_at, story_key) "
                        "values (?, ?, ?, ?, ?, ?)"};
const Query kStoryKey{"people.story_key", "select story_key from account where workspace_id = ? and id = ?"};
const Query kSession{
    "people.session",
    "select session.account_id, session.created_at, session.seen_at, session.story_key from session join account on "
    "account.workspace_id = session.workspace_id and account.id = session.account_id where "
    "session.workspace_id = ? and token_hash = ? and account.state = 'active'"};
const Query kTouch{"people.touch_session", "update session set seen_at = ? where workspace_id = ? and token_hash = ?"};
const Query kEnd{"people.end_session", "delete from session where workspace_id = ? and token_hash = ?"};
const Query kEndAll{"people.end_sessions", "delete from session where workspace_id = ? and account_id = ?"};
const Query kForgetSessions{"people.forget_sessions",
                            "delete from session where workspace_id = ? and (seen_at < ? or created_at < ?)"};
const Query kDevice{"people.device", "select account_id from device where workspace_id = ? and token_hash = ?"};
const Query kSessions{"people.sessions",
                      "select token_hash, created_at, seen_at from session where workspace_id = ? and account_id = ? "
                      "and seen_at > ? and created_at > ? order by created_at, token_hash"};
const Query kSetPassword{"people.set_password",
                         "update account set wrapped_key = ?, salt = ?, passes = ?, memory = ?, changed_at = ? where "
                         "workspace_id = ? and id = ?"};
const Query kAddDevice{"people.add_device",
                       "insert into device (workspace_id, token_hash, account_id, created_at) values (?, ?, ?, ?)"};

constexpr std::string_view kSessionKey = "story key of a session";

// The token is in the browser alone, the database has its hash: neither opens the key without the other.
vault::Secret key_of_token(std::string_view token) {
  return vault::derived(vault::Secret::from(vault::from_hex(token).value_or(std::string(32, '\0'))), kSessionKey);
}

// What is done for a name nobody has: the same work, and never right.
const vault::PersonKey& nobodys_key() {
  static const vault::PersonKey kKey = vault::make_person_key(make_token());
  return kKey;
}

struct Counted {
  std::string subject;
  int limit;
};

struct Tries {
  Milliseconds began;
  std::int64_t count;  // limit + 1: that there were too many is in the log
};

Tries tries_of(Transaction& transaction, const Counted& counted) {
  const Milliseconds at = now();
  Tries tries{at, 0};
  transaction.each(kTries, {transaction.workspace(), Parameter::blob(counted.subject)}, [&](const Row& row) {
    if (row.integer(0) > at - kHour && row.integer(0) <= at) tries = {row.integer(0), row.integer(1)};
  });
  return tries;
}

void set_tries(Transaction& transaction, const Counted& counted, const Tries& tries) {
  transaction.run(kSetTries, {transaction.workspace(), Parameter::blob(counted.subject), tries.began, tries.count});
}

tl::unexpected<Problem> too_many(const Tries& tries) {
  const Milliseconds wait = tries.began + kHour - now();
  return fail(problems::kTooManyTries, {{"minutes", std::to_string((wait + kMinute - 1) / kMinute)}});
}

std::string recovery_hash(std::string_view code) {
  std::string digits;
  for (const char c : lower_ascii(code))
    if (std::isalnum(static_cast<unsigned char>(c))) digits += c;
  return token_hash(digits);
}

// Who a sign-in is about, and what counts its tries.
struct Asked {
  std::optional<Account> account;  // only an active one
  std::optional<vault::PersonKey> key;
  Counted counted;
  bool known_browser = false, by_recovery = false;
};

// `inside`: by somebody who is signed in, and proves it again.
Asked look_up(Transaction& transaction, const SignIn& given, bool inside) {
  const auto name = account_name(given.name);
  const std::string typed = name ? *name : std::string("…");
  Asked asked{.counted = {token_hash((inside ? "inside:" : "name:") + typed), kTriesAnHour}};
  if (auto found = find_account(transaction, typed)) {
    asked.key = person_key(transaction, found->id);
    if (asked.key && found->state == "active") asked.account = std::move(*found);
  }
  if (!asked.account) return asked;
  const Id account = asked.account->id;
  if (!inside && !given.device.empty()) {
    const auto owner = transaction.one(kDevice, {transaction.workspace(), Parameter::blob(token_hash(given.device))},
                                       [](const Row& row) { return row.id(0); });
    asked.known_browser = owner == account;
    if (asked.known_browser) asked.counted = {token_hash("device:" + given.device), kTriesOfDeviceAnHour};
  }
  asked.by_recovery =
      !given.code.empty() &&
      transaction
          .one(kHasRecovery, {transaction.workspace(), account, Parameter::blob(recovery_hash(given.code))},
               [](const Row&) { return true; })
          .has_value();
  // Whoever found one still has the password to guess.
  if (asked.by_recovery) asked.counted = {token_hash("recovery:" + recovery_hash(given.code)), kTriesOfDeviceAnHour};
  return asked;
}

// Whose password and code were right, and the transaction in which that was found: it still holds.
struct Proven {
  Transaction transaction;
  Account account;
  vault::PersonKey key;
  vault::Secret opened;
  std::string by;                           // "password", "password and code", …
  bool known_browser = false;               // this browser signed in to the account before
  std::optional<vault::PersonKey> renewed;  // the key under the new password
};

Result<Proven> prove(Workspace& workspace, const SignIn& given, const Tell& tell, bool inside,
                     std::string_view new_password) {
  Asked asked;
  {
    // A flood of guesses ends here: it waits for no writer and adds nothing to the database.
    Transaction transaction = workspace.read();
    asked = look_up(transaction, given, inside);
    if (const Tries tries = tries_of(transaction, asked.counted); tries.count > asked.counted.limit)
      return too_many(tries);
  }
  const auto& [account, key, counted, known_browser, by_recovery] = asked;
  {
    Transaction transaction = workspace.write();
    Tries tries = tries_of(transaction, counted);
    const bool refused = tries.count >= counted.limit;
    if (tries.count <= counted.limit) ++tries.count, set_tries(transaction, counted, tries);
    if (refused) tell(transaction, account ? account->id : Id{}, "denied", "too many tries in this hour");
    transaction.commit();
    if (refused) return too_many(tries);
  }
  // The slow part, outside of any transaction.
  auto opened = vault::open_person_key(account ? *key : nobodys_key(), given.password);
  std::optional<vault::PersonKey> renewed;
  if (account && opened && !new_password.empty()) renewed = vault::with_password(*key, *opened, new_password);

  Transaction transaction = workspace.write();
  transaction.run(kForgetTries, {transaction.workspace(), now() - kHour});
  transaction.run(kForgetSessions, {transaction.workspace(), now() - kIdleLife, now() - kSessionLife});
  bool right = account && opened;
  std::string by = "password";
  bool has_factor = false;
  // The account may have been deactivated, or given another key or a factor, since it was read.
  if (right) {
    const auto again = account_of(transaction, account->id);
    const auto key_now = person_key(transaction, account->id);
    right = again && again->state == "active" && key_now && key_now->wrapped == key->wrapped;
    has_factor = again && again->has_factor;
  }
  if (right && by_recovery) {
    by = "password and recovery code";
    right = transaction.run(kUseRecovery, {now(), transaction.workspace(), account->id,
                                           Parameter::blob(recovery_hash(given.code))}) == 1;
  } else if (right && has_factor) {
    by = "password and code";
    std::string factor;
    std::int64_t last = 0;
    transaction.each(kFactor, {transaction.workspace(), account->id}, [&](const Row& row) {
      factor = vault::open_sealed(*opened, row.blob(0)).value_or("");
      last = row.integer(1);
    });
    const auto step = factor.empty() ? std::nullopt : vault::matching_step(factor, trim(given.code), now(), last);
    right = step && transaction.run(kUseStep, {*step, transaction.workspace(), account->id, *step}) == 1;
  }
  if (!right) {
    tell(transaction, account ? account->id : Id{}, "denied", "wrong name, password or code");
    transaction.commit();
    return fail(problems::kSignInRefused);
  }
  const Tries tries = tries_of(transaction, counted);
  if (tries.count > 0)
    set_tries(transaction, counted, {tries.began, std::min<std::int64_t>(tries.count, counted.limit) - 1});
  return Proven{std::move(transaction), *account, *key, std::move(*opened), by, known_browser, std::move(renewed)};
}

// A session for who was proven, in place of the one this browser had.
SignedIn begin_session(Proven& proven, const SignIn& given) {
  Transaction& transaction = proven.transaction;
  const Id account = proven.account.id;
  if (!given.session.empty()) sign_out(transaction, given.session);
  SignedIn made{account, make_token(), given.device};
  std::string story_key;
  transaction.each(kStoryKey, {transaction.workspace(), account},
                   [&](const Row& row) { story_key = std::string(row.blob(0)); });
  if (!story_key.empty()) {
    const auto key = vault::open_sealed(proven.opened, story_key);
    story_key = key && key->size() == vault::Secret::kSize
                    ? vault::wrap(vault::Secret::from(*key), key_of_token(made.session), kSessionKey)
                    : "";
  }
  transaction.run(kAddSession, {transaction.workspace(), Parameter::blob(token_hash(made.session)), account, now(),
                                now(), story_key.empty() ? Parameter(nullptr) : Parameter::blob(story_key)});
  take_glass_keys(transaction, account, proven.opened, token_hash(made.session), key_of_token(made.session));
  if (!proven.known_browser) {
    made.device = make_token();
    transaction.run(kAddDevice, {transaction.workspace(), Parameter::blob(token_hash(made.device)), account, now()});
  }
  return made;
}

std::string number_of(std::string_view token_hash) { return vault::hex(token_hash.substr(0, 8)); }

}  // namespace

Result<SignedIn> sign_in(Workspace& workspace, const SignIn& given, const Tell& tell) {
  Proven proven = TRY(prove(workspace, given, tell, false, ""));
  SignedIn made = begin_session(proven, given);
  tell(proven.transaction, made.account, "done", proven.by);
  proven.transaction.commit();
  return made;
}

Result<EntryChanged> change_entry(Workspace& workspace, const SignIn& given, EntryChange what, std::string_view with,
                                  const Tell& tell) {
  using enum EntryChange;
  if (what == kPassword) TRY(check_password(with, given.name));
  Proven proven = TRY(prove(workspace, given, tell, true, what == kPassword ? with : ""));
  Transaction& transaction = proven.transaction;
  const Id account = proven.account.id;
  EntryChanged changed;
  changed.name = proven.account.name;
  if (what == kEndSession) {
    std::string ended;
    transaction.each(kSessions, {transaction.workspace(), account, 0, 0}, [&](const Row& row) {
      if (number_of(row.blob(0)) == with) ended = std::string(row.blob(0));
    });
    if (ended.empty()) {
      tell(transaction, account, "denied", "no such session");
      transaction.commit();  // a code was given, and has worked once
      return fail(problems::kNotFound, {{"what", "session"}, {"name", std::string(with)}});
    }
    transaction.run(kEnd, {transaction.workspace(), Parameter::blob(ended)});
  } else {
    end_sessions(transaction, account);
  }
  if (proven.renewed)
    transaction.run(kSetPassword, {Parameter::blob(proven.renewed->wrapped), Parameter::blob(proven.renewed->salt),
                                   proven.renewed->cost.passes, proven.renewed->cost.memory, now(),
                                   transaction.workspace(), account});
  if (what == kNewFactor) {
    changed.factor = vault::make_factor();
    set_factor(transaction, account, proven.key.public_key, changed.factor);
  }
  if (what == kNoFactor) {
    drop_factor(transaction, account);
    transaction.run(kForgetRecovery, {transaction.workspace(), account});
  }
  if (what == kNewFactor || what == kNewRecoveryCodes)
    changed.recovery_codes = make_recovery_codes(transaction, account);
  changed.entered = begin_session(proven, given);
  tell(transaction, account, "done",
       fmt::format("{}, by {}", kEntryChanges[static_cast<std::size_t>(what)], proven.by));
  transaction.commit();
  return changed;
}

std::vector<OpenSession> open_sessions(Transaction& transaction, Id account, std::string_view token) {
  std::vector<OpenSession> list;
  const std::string here = token_hash(token);
  transaction.each(kSessions, {transaction.workspace(), account, now() - kIdleLife, now() - kSessionLife},
                   [&](const Row& row) {
                     list.push_back({number_of(row.blob(0)), row.integer(1), row.integer(2), row.blob(0) == here});
                   });
  return list;
}

std::optional<Session> session_of(const Workspace& workspace, Transaction& transaction, std::string_view token) {
  if (token.empty()) return std::nullopt;
  std::optional<Session> session;
  std::string wrapped;
  const Milliseconds at = now();
  transaction.each(kSession, {transaction.workspace(), Parameter::blob(token_hash(token))}, [&](const Row& row) {
    const Milliseconds created = row.integer(1), seen = row.integer(2);
    if (at - seen < kIdleLife && at - created < kSessionLife && at >= created - kMinute)
      session = Session{row.id(0), nullptr, created, at - seen >= kMinute}, wrapped = std::string(row.blob(3));
  });
  if (session && !wrapped.empty())
    if (const auto key = vault::unwrap(wrapped, key_of_token(token), kSessionKey))
      if (auto accepted = workspace.accept(transaction, *key)) session->key = std::move(*accepted);
  if (session) bring_glass_keys(transaction, session->account, token_hash(token), key_of_token(token));
  return session;
}

void touch_session(Transaction& transaction, std::string_view token) {
  transaction.run(kTouch, {now(), transaction.workspace(), Parameter::blob(token_hash(token))});
}

void sign_out(Transaction& transaction, std::string_view token) {
  transaction.run(kEnd, {transaction.workspace(), Parameter::blob(token_hash(token))});
}

void sign_out_everywhere(Transaction& transaction, Id account) {
  transaction.run(kEndAll, {transaction.workspace(), account});
}

void set_factor(Transaction& transaction, Id account, std::string_view public_key, std::string_view factor) {
  const std::string sealed = vault::seal_for(public_key, factor);
  transaction.run(kSetFactor, {Parameter::blob(sealed), now(), transaction.workspace(), account});
}

bool needs_code(Transaction& transaction) {
  return transaction.one(kNeedsCode, {transaction.workspace()}, [](const Row& row) { return row.integer(0) == 1; })
      .value_or(false);
}

void set_needs_code(Transaction& transaction, bool needs) {
  transaction.run(kSetNeedsCode, {transaction.workspace(), needs ? 1 : 0});
}

void drop_factor(Transaction& transaction, Id account) {
  transaction.run(kSetFactor, {nullptr, now(), transaction.workspace(), account});
}

std::vector<std::string> make_recovery_codes(Transaction& transaction, Id account) {
  transaction.run(kForgetRecovery, {transaction.workspace(), account});
  std::vector<std::string> codes;
  for (int i = 0; i < 10; ++i) {
    // 120 bits as six groups of four letters and digits: enough for a plain hash to keep.
    std::string code = lower_ascii(vault::base32(vault::random_bytes(15)));
    transaction.run(kAddRecovery, {transaction.workspace(), account, Parameter::blob(recovery_hash(code))});
    for (const int at : {20, 16, 12, 8, 4}) code.insert(static_cast<std::size_t>(at), "-");
    codes.push_back(std::move(code));
  }
  return codes;
}

}  // namespace understory::people
