#include "people/story_key.h"

#include "foundation/text.h"
#include "vault/password.h"
#include "vault/second_factor.h"

namespace understory::people {

using storage::Parameter;
using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const Query kSetStoryKey{"people.set_story_key", "update account set story_key = ? where workspace_id = ? and id = ?"};
const Query kHasStoryKey{"people.has_story_key",
                         "select 1 from account where workspace_id = ? and id = ? and story_key is not null"};
const Query kEndEverySession{"people.end_every_session", "delete from session where workspace_id = ?"};

constexpr std::size_t kRecoveryBytes = 25;
constexpr std::size_t kRecoveryDigits = 40;

}  // namespace

bool entitled_to_stories(const std::vector<Grant>& grants) {
  for (const Grant& grant : grants)
    for (std::size_t r = 0; r < kRights.size(); ++r)
      if (opens_stories(static_cast<Right>(r)) && may(grant.role, static_cast<Right>(r))) return true;
  return false;
}

Result<void> hand_key_to(Transaction& transaction, const Account& account, const vault::Vault& key) {
  if (!entitled_to_stories(account.grants) || account.state == "deactivated") return fail(problems::kForbidden);
  const auto person = person_key(transaction, account.id);
  if (!person)
    return fail(problems::kInvalidValue, {{"where", "Account"},
                                          {"value", account.name},
                                          {"what", "holder of the key yet"},
                                          {"hint", "Its person must first choose a password by the invitation."}});
  const std::string sealed = vault::seal_for(person->public_key, key.key().view());
  transaction.run(kSetStoryKey, {Parameter::blob(sealed), transaction.workspace(), account.id});
  return {};
}

void take_key_from(Transaction& transaction, Id account) {
  transaction.run(kSetStoryKey, {nullptr, transaction.workspace(), account});
}

bool has_key(Transaction& transaction, Id account) {
  return transaction.one(kHasStoryKey, {transaction.workspace(), account}, [](const Row&) { return true; }).has_value();
}

std::string make_recovery_key() {
  std::string printed = lower_ascii(vault::base32(vault::random_bytes(kRecoveryBytes)));
  for (std::size_t at = kRecoveryDigits - 5; at > 0; at -= 5) printed.insert(at, "-");
  return printed;
}

Result<vault::Secret> read_recovery_key(std::string_view printed) {
  std::string digits;
  for (const char c : lower_ascii(printed)) {
    if (c == '-' || c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
    // What a hand writes for what was printed: base 32 has neither 0 nor 1 nor 8.
    digits += c == '0' ? 'o' : c == '1' ? 'l' : c == '8' ? 'b' : c;
  }
  if (digits.size() != kRecoveryDigits ||
      digits.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567") != std::string::npos)
    return fail(problems::kInvalidValue, {{"where", "Recovery key"},
                                          {"value", "…"},
                                          {"what", "recovery key"},
                                          {"hint", "It has eight groups of five letters and digits."}});
  return vault::Secret::from(vault::sha256("understory recovery key " + digits));
}

namespace {

// To everybody entitled, and to nobody else; sessions of before carry another key or none, and end.
Result<int> hand_to_all(Transaction& transaction, const vault::Vault& key) {
  int holders = 0;
  for (const Account& account : accounts(transaction)) {
    if (account.state != "active" || !entitled_to_stories(account.grants)) {
      take_key_from(transaction, account.id);
      continue;
    }
    TRY(hand_key_to(transaction, account, key));
    ++holders;
  }
  transaction.run(kEndEverySession, {transaction.workspace()});
  return holders;
}

}  // namespace

Result<PutAway> renew_key(storage::Workspace& workspace, const std::shared_ptr<const vault::Vault>& held) {
  if (!held) return fail(problems::kLocked);
  PutAway done{make_recovery_key(), 0};
  Transaction transaction = workspace.write();
  transaction.unlock(held);
  TRY(workspace.renew_key(std::move(transaction), TRY(read_recovery_key(done.recovery_key)),
                          [&](Transaction& renewing, const vault::Vault& key) -> Result<void> {
                            done.holders = TRY(hand_to_all(renewing, key));
                            return {};
                          }));
  return done;
}

Result<PutAway> put_key_away(storage::Workspace& workspace) {
  const auto key = workspace.key();
  if (!key) return fail(problems::kLocked);
  PutAway done{make_recovery_key(), 0};
  Transaction transaction = workspace.write();
  done.holders = TRY(hand_to_all(transaction, *key));
  TRY(workspace.put_key_away(std::move(transaction), TRY(read_recovery_key(done.recovery_key))));
  return done;
}

}  // namespace understory::people
