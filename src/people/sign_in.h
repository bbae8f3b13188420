// Signing in and out. A guesser gets few tries and learns nothing; the owner still enters.
//
// Tries are counted by the name as typed, whether there is such an account or not: 4 an hour. A browser that signed in
// to that account before is counted apart (10 an hour), so strangers who use up a name's tries do not lock its owner
// out; so is a recovery code (120 random bits), which gets its owner in from a new browser too.
#pragma once
#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "people/account.h"
#include "vault/vault.h"

namespace understory::people {

inline constexpr int kTriesAnHour = 4;  // 96 a day
inline constexpr int kTriesOfDeviceAnHour = 10;
inline constexpr Milliseconds kIdleLife = 30LL * 60 * 1000;       // a session nobody uses
inline constexpr Milliseconds kSessionLife = 12LL * 3600 * 1000;  // and any session at all

struct SignIn {
  std::string name, password;
  std::string code;       // of the app, or a recovery code; may be empty
  std::string device;     // token this browser was given before; may be empty
  std::string session{};  // of who is signed in there already: it ends
};
struct SignedIn {
  Id account;
  std::string session;  // token for the browser's cookie
  std::string device;   // token for the browser to keep
};
// kSignInRefused for a wrong name, password or code alike; kTooManyTries. Takes the work of one Argon2id in either
// case. Writes its own transactions; `deeds` is called within them with what the log should say.
using Tell = std::function<void(storage::Transaction&, Id account, std::string_view outcome, std::string_view reason)>;
Result<SignedIn> sign_in(storage::Workspace& workspace, const SignIn& given, const Tell& tell);

// What lets somebody in, changed by that person alone: whoever finds an open browser has no password.
enum class EntryChange { kPassword, kNewFactor, kNoFactor, kNewRecoveryCodes, kEndSession };
inline constexpr std::array<std::string_view, 5> kEntryChanges{"password", "factor", "no_factor", "codes", "session"};
struct EntryChanged {
  SignedIn entered;                         // goes on here under a new token
  std::string name;                         // of the account
  std::string factor;                       // of kNewFactor, shown once
  std::vector<std::string> recovery_codes;  // likewise, and of kNewRecoveryCodes
};
// Asks for password and code once more (`given.session` is signed in as `given.name`) and counts these tries apart, 4
// an hour, so that strangers at the sign-in page do not use them up. Every other session and known browser of the
// account ends; with kEndSession only the one of that number. `with` is the new password or the number of a session.
// kSignInRefused, kTooManyTries, kWeakPassword; kNotFound: no such session.
Result<EntryChanged> change_entry(storage::Workspace& workspace, const SignIn& given, EntryChange what,
                                  std::string_view with, const Tell& tell);

struct OpenSession {
  std::string number;  // tells it apart, opens nothing
  Milliseconds created_at = 0, seen_at = 0;
  bool here = false;  // the session that asks
};
std::vector<OpenSession> open_sessions(storage::Transaction& transaction, Id account, std::string_view token);

struct Session {
  Id account;
  std::shared_ptr<const vault::Vault> key;  // of the workspace, where this person holds it
  Milliseconds created_at = 0;
  bool stale = false;  // its time of last use should be written (once a minute is enough)
};
// Nothing: unknown, idle for too long, too old, or its account is no longer active.
std::optional<Session> session_of(const storage::Workspace& workspace, storage::Transaction& transaction,
                                  std::string_view token);
void touch_session(storage::Transaction& transaction, std::string_view token);
void sign_out(storage::Transaction& transaction, std::string_view token);
void sign_out_everywhere(storage::Transaction& transaction, Id account);

// A second factor for an account whose key is open (its password was just given): the factor is sealed for that key.
void set_factor(storage::Transaction& transaction, Id account, std::string_view public_key, std::string_view factor);
// Whether everybody must have one: an account without it can then do nothing but set it up.
bool needs_code(storage::Transaction& transaction);
void set_needs_code(storage::Transaction& transaction, bool needs);
void drop_factor(storage::Transaction& transaction, Id account);
// Ten new ones of 120 bits, shown once; those of before are void.
std::vector<std::string> make_recovery_codes(storage::Transaction& transaction, Id account);

}  // namespace understory::people
