// The workspace's key in people's hands. It lies in the folder until it is put away; then each person entitled to
// stories holds it sealed for their own key, their sessions carry it under a token only their browser has, and a
// printed recovery key opens it when all else is lost. The server keeps it no longer than a request.
#pragma once
#include <memory>
#include <string>

#include "people/account.h"
#include "vault/vault.h"

namespace understory::people {

// Does a role of this account open what was told?
bool entitled_to_stories(const std::vector<Grant>& grants);

// Seals the key for one person, who must be entitled and have taken the invitation. kForbidden; kInvalidValue.
Result<void> hand_key_to(storage::Transaction& transaction, const Account& account, const vault::Vault& key);
void take_key_from(storage::Transaction& transaction, Id account);
bool has_key(storage::Transaction& transaction, Id account);

// A recovery key as it is printed: eight groups of five letters and digits (200 bits), and back. kInvalidValue.
std::string make_recovery_key();
Result<vault::Secret> read_recovery_key(std::string_view printed);

// Hands the key to every entitled person, ends all sessions, and destroys the file. Gives the recovery key to print,
// and how many persons hold the key. kLocked when it is put away already.
struct PutAway {
  std::string recovery_key;
  int holders = 0;
};
Result<PutAway> put_key_away(storage::Workspace& workspace);
// Another key in place of the one that was put away, for when somebody who held it should hold it no longer: given to
// every entitled person, under a new recovery key; all sessions end. `held` is the key of now.
Result<PutAway> renew_key(storage::Workspace& workspace, const std::shared_ptr<const vault::Vault>& held);

}  // namespace understory::people
