// Breaking the glass: reading one source one may not read, when it cannot wait. It takes two people (who asks, and
// somebody who may read it), a reason, an end within a day, and tells everybody else who may read it. While stories are
// locked the opener hands over the key of that one source.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "foundation/clock.h"
#include "people/rights.h"
#include "vault/data_key.h"

namespace understory::people {

inline constexpr int kLongestGlass = 24;  // hours

struct Glass {
  Id id, account, study, source;
  std::string reason;
  int hours = 1;
  Milliseconds asked_at = 0;
  Id opened_by;
  std::optional<Milliseconds> opened_at, expires_at, ended_at;
};

// May this person look through it at this moment?
Decision decide(const Person& person, const Glass& glass, Milliseconds at);

// What is asked for need not exist: who asks must not learn it by asking. kInvalidValue: a reason of fewer than 10 or
// more than 300 characters, or hours outside 1 to 24.
Result<Id> ask_glass(storage::Transaction& transaction, Id account, Id study, Id source, std::string_view reason,
                     int hours);
// By somebody else, of whom the caller knows that they may read the source. `tell` are the accounts to be told.
// kForbidden: one's own; kNotFound: opened or ended already.
Result<void> open_glass(storage::Transaction& transaction, const Glass& glass, Id by, const std::vector<Id>& tell);
Result<void> end_glass(storage::Transaction& transaction, Id glass);
// Of a source that is erased: nothing is looked through any more, and no copy of its key stays with anybody.
void forget_glasses_of(storage::Transaction& transaction, Id source);
Result<Glass> find_glass(storage::Transaction& transaction, Id glass);
std::vector<Glass> glasses(storage::Transaction& transaction);  // newest first

struct Notice {
  Id id;
  std::string kind;
  Id record;
  Milliseconds told_at = 0;
};
std::vector<Notice> unread_notices(storage::Transaction& transaction, Id account);
void mark_read(storage::Transaction& transaction, Id account);

// Of sign-in and sessions: the keys of open glasses move from the person's own key to under the session's.
void take_glass_keys(storage::Transaction& transaction, Id account, const vault::Secret& person_key,
                     std::string_view token_hash, const vault::Secret& session_key);
void bring_glass_keys(storage::Transaction& transaction, Id account, std::string_view token_hash,
                      const vault::Secret& session_key);

}  // namespace understory::people
