// Accounts: how a person signs in. Made by invitation, deactivated rather than deleted (the log names them).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "foundation/clock.h"
#include "people/rights.h"
#include "storage/workspace.h"
#include "vault/password.h"

namespace understory::people {

struct Account {
  Id id;
  std::string name;  // folded
  Id organisation;
  std::string state;  // "invited", "active" or "deactivated"
  std::string language;
  bool has_factor = false;
  Milliseconds created_at = 0;
  std::vector<Grant> grants;  // that have not ended
};

// A handle of 2 to 40 letters, digits, '.', '-' or '_', in any script; compared without case. kInvalidValue.
Result<std::string> account_name(std::string_view typed);

// kAlreadyExists. The account is invited: it opens once its person has chosen a password.
Result<Id> add_account(storage::Transaction& transaction, std::string_view name, std::string_view organisation);
Result<Account> find_account(storage::Transaction& transaction, std::string_view name);
Result<Account> account_of(storage::Transaction& transaction, Id id);
std::vector<Account> accounts(storage::Transaction& transaction);  // by name
bool has_accounts(storage::Transaction& transaction);

Id add_grant(storage::Transaction& transaction, Id account, const Grant& grant, Id granted_by);
Result<void> end_grant(storage::Transaction& transaction, Id grant);
// Ends its sessions and forgets the browsers it is known by: from now on it must sign in anew everywhere.
void end_sessions(storage::Transaction& transaction, Id account);
// Ends its sessions, devices and invitations too. Its name stays taken. kNotFound.
Result<void> deactivate(storage::Transaction& transaction, Id account);

// A word for one use within seven days, by which the person chooses a password; shown once, kept only as its hash.
std::string invite(storage::Transaction& transaction, Id account, Id made_by);
// Whose it is. kInvitationOver.
Result<Id> invited(storage::Transaction& transaction, std::string_view token);
// Uses it up: the account has this key from now on and is active. Older sessions of the account end.
Result<void> accept_invitation(storage::Transaction& transaction, std::string_view token, const vault::PersonKey& key);

// The key; nothing for an account that never took its invitation.
std::optional<vault::PersonKey> person_key(storage::Transaction& transaction, Id account);
// Another key: what was sealed for the one before (the workspace's key, the second factor) is gone with it.
void set_person_key(storage::Transaction& transaction, Id account, const vault::PersonKey& key);

// Exclusion: from now on the record does not exist for that account (or, with an organisation, for all its accounts).
Id exclude(storage::Transaction& transaction, Id account, Id organisation, std::string_view kind, Id record,
           Id made_by);
struct Exclusion {
  Id id, account;  // no account: of its whole organisation
  Id record;
  std::string kind;  // "study", "source"
};
std::vector<Exclusion> exclusions(storage::Transaction& transaction, Id account, Id organisation);  // that stand
Result<void> end_exclusion(storage::Transaction& transaction, Id exclusion);

}  // namespace understory::people
