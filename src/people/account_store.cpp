#include <set>

#include "foundation/clock.h"
#include "foundation/text.h"
#include "people/account.h"
#include "people/organisation.h"
#include "people/token.h"

namespace understory::people {

using storage::Parameter;
using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

constexpr Milliseconds kInvitationLife = 7LL * 24 * 3600 * 1000;

const Query kAdd{"people.add_account",
                 "insert into account (workspace_id, id, name, organisation_id, state, language, passes, memory, "
                 "factor_step, created_at, changed_at) values (?, ?, ?, ?, 'invited', '', 0, 0, 0, ?, ?)"};
const Query kByName{"people.account_by_name", "select id from account where workspace_id = ? and name = ?"};
const Query kById{"people.account_by_id",
                  "select id, name, organisation_id, state, language, case when factor is null then 0 else 1 end, "
                  "created_at from account where workspace_id = ? and id = ?"};
const Query kAll{"people.accounts", "select id from account where workspace_id = ? order by name collate \"C\""};
const Query kAny{"people.any_account", "select 1 from account where workspace_id = ? limit 1"};
const Query kSetState{"people.set_account_state",
                      "update account set state = ?, changed_at = ? where workspace_id = ? and id = ?"};
const Query kSetKey{"people.set_person_key",
                    "update account set public_key = ?, wrapped_key = ?, salt = ?, passes = ?, memory = ?, changed_at "
                    "= ?, story_key = null, factor = null where workspace_id = ? and id = ?"};
const Query kKey{"people.person_key",
                 "select public_key, wrapped_key, salt, passes, memory from account where workspace_id = ? and id = ? "
                 "and wrapped_key is not null"};
const Query kAddGrant{"people.add_grant",
                      "insert into account_grant (workspace_id, id, account_id, role, study_id, place_code, "
                      "granted_by, granted_at) values (?, ?, ?, ?, ?, ?, ?, ?)"};
const Query kEndGrant{"people.end_grant",
                      "update account_grant set ended_at = ? where workspace_id = ? and id = ? and ended_at is null"};
const Query kEndSessions{"people.end_sessions_of", "delete from session where workspace_id = ? and account_id = ?"};
const Query kEndDevices{"people.end_devices_of", "delete from device where workspace_id = ? and account_id = ?"};
const Query kEndInvitations{"people.end_invitations_of",
                            "delete from invitation where workspace_id = ? and account_id = ? and used_at is null"};
const Query kInvite{"people.invite",
                    "insert into invitation (workspace_id, token_hash, account_id, made_by, expires_at) values (?, ?, "
                    "?, ?, ?)"};
const Query kInvited{"people.invited",
                     "select account_id from invitation where workspace_id = ? and token_hash = ? and used_at is null "
                     "and expires_at > ?"};
const Query kUseInvitation{"people.use_invitation",
                           "update invitation set used_at = ? where workspace_id = ? and token_hash = ?"};
const Query kExclude{"people.exclude",
                     "insert into exclusion (workspace_id, id, account_id, organisation_id, record, record_id, "
                     "made_by, made_at) values (?, ?, ?, ?, ?, ?, ?, ?)"};
const Query kExclusions{
    "people.exclusions_of",
    "select id, account_id, record, record_id from exclusion where workspace_id = ? and ended_at is "
    "null and (account_id = ? or organisation_id = ?) order by made_at, id"};
const Query kEndExclusion{"people.end_exclusion",
                          "update exclusion set ended_at = ? where workspace_id = ? and id = ? and ended_at is null"};

}  // namespace

Result<std::string> account_name(std::string_view typed) {
  const auto bad = [&](std::string_view hint) {
    return fail(problems::kInvalidValue, {{"where", "Account"},
                                          {"value", std::string(shortened(typed, 60))},
                                          {"what", "name"},
                                          {"hint", std::string(hint)}});
  };
  if (first_invalid_utf8(typed)) return bad("It is not text.");
  std::string name = fold(trim(typed));
  const auto length = OffsetMap(name).code_point_length();
  if (length < 2 || length > 40) return bad("It has 2 to 40 characters.");
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (!(byte & 0x80) && !std::isalnum(byte) && c != '.' && c != '-' && c != '_')
      return bad("Letters, digits, '.', '-' and '_' make a name.");
  }
  return name;
}

Result<Id> add_account(Transaction& transaction, std::string_view typed, std::string_view organisation) {
  const std::string name = TRY(account_name(typed));
  if (find_account(transaction, name)) return fail(problems::kAlreadyExists, {{"what", "account"}, {"name", name}});
  const Id id = Id::make();
  const Id body = organisation.empty() ? Id{} : ensure_organisation(transaction, organisation);
  transaction.run(kAdd, {transaction.workspace(), id, name, body, now(), now()});
  return id;
}

Result<Account> find_account(Transaction& transaction, std::string_view typed) {
  const std::string name = TRY(account_name(typed));
  const auto id = transaction.one(kByName, {transaction.workspace(), name}, [](const Row& row) { return row.id(0); });
  if (!id) return fail(problems::kNotFound, {{"what", "account"}, {"name", name}});
  return account_of(transaction, *id);
}

Result<Account> account_of(Transaction& transaction, Id id) {
  auto account = transaction.one(kById, {transaction.workspace(), id}, [](const Row& row) {
    Account found;
    found.id = row.id(0);
    found.name = row.string(1);
    found.organisation = row.id(2);
    found.state = row.string(3);
    found.language = row.string(4);
    found.has_factor = row.integer(5) == 1;
    found.created_at = row.integer(6);
    return found;
  });
  if (!account) return fail(problems::kNotFound, {{"what", "account"}, {"name", id.text()}});
  account->grants = person_of(transaction, id).grants;
  return std::move(*account);
}

std::vector<Account> accounts(Transaction& transaction) {
  std::vector<Id> ids;
  transaction.each(kAll, {transaction.workspace()}, [&](const Row& row) { ids.push_back(row.id(0)); });
  std::vector<Account> list;
  for (const Id id : ids)
    if (auto account = account_of(transaction, id)) list.push_back(std::move(*account));
  return list;
}

bool has_accounts(Transaction& transaction) {
  return transaction.one(kAny, {transaction.workspace()}, [](const Row&) { return true; }).has_value();
}

Id add_grant(Transaction& transaction, Id account, const Grant& grant, Id granted_by) {
  const Id id = Id::make();
  transaction.run(kAddGrant, {transaction.workspace(), id, account, name_of(grant.role), grant.study,
                              grant.place.empty() ? Parameter(nullptr) : Parameter(grant.place), granted_by, now()});
  return id;
}

Result<void> end_grant(Transaction& transaction, Id grant) {
  if (transaction.run(kEndGrant, {now(), transaction.workspace(), grant}) == 0)
    return fail(problems::kNotFound, {{"what", "grant"}, {"name", grant.text()}});
  return {};
}

void end_sessions(Transaction& transaction, Id account) {
  transaction.run(kEndSessions, {transaction.workspace(), account});
  transaction.run(kEndDevices, {transaction.workspace(), account});
}

Result<void> deactivate(Transaction& transaction, Id account) {
  if (transaction.run(kSetState, {"deactivated", now(), transaction.workspace(), account}) == 0)
    return fail(problems::kNotFound, {{"what", "account"}, {"name", account.text()}});
  end_sessions(transaction, account);
  transaction.run(kEndInvitations, {transaction.workspace(), account});
  return {};
}

std::string invite(Transaction& transaction, Id account, Id made_by) {
  transaction.run(kEndInvitations, {transaction.workspace(), account});
  const std::string token = make_token();
  transaction.run(kInvite, {transaction.workspace(), Parameter::blob(token_hash(token)), account, made_by,
                            now() + kInvitationLife});
  return token;
}

Result<Id> invited(Transaction& transaction, std::string_view token) {
  const auto account = transaction.one(kInvited, {transaction.workspace(), Parameter::blob(token_hash(token)), now()},
                                       [](const Row& row) { return row.id(0); });
  if (!account) return fail(problems::kInvitationOver);
  return *account;
}

Result<void> accept_invitation(Transaction& transaction, std::string_view token, const vault::PersonKey& key) {
  const Id account = TRY(invited(transaction, token));
  transaction.run(kUseInvitation, {now(), transaction.workspace(), Parameter::blob(token_hash(token))});
  end_sessions(transaction, account);
  set_person_key(transaction, account, key);
  transaction.run(kSetState, {"active", now(), transaction.workspace(), account});
  return {};
}

std::optional<vault::PersonKey> person_key(Transaction& transaction, Id account) {
  return transaction.one(kKey, {transaction.workspace(), account}, [](const Row& row) {
    return vault::PersonKey{
        std::string(row.blob(0)), std::string(row.blob(1)), std::string(row.blob(2)), {row.integer(3), row.integer(4)}};
  });
}

void set_person_key(Transaction& transaction, Id account, const vault::PersonKey& key) {
  transaction.run(kSetKey, {Parameter::blob(key.public_key), Parameter::blob(key.wrapped), Parameter::blob(key.salt),
                            key.cost.passes, key.cost.memory, now(), transaction.workspace(), account});
}

Id exclude(Transaction& transaction, Id account, Id organisation, std::string_view kind, Id record, Id made_by) {
  const Id id = Id::make();
  transaction.run(kExclude, {transaction.workspace(), id, account, organisation, kind, record, made_by, now()});
  return id;
}

std::vector<Exclusion> exclusions(Transaction& transaction, Id account, Id organisation) {
  std::vector<Exclusion> list;
  transaction.each(kExclusions, {transaction.workspace(), account, organisation}, [&](const Row& row) {
    list.push_back({row.id(0), row.id(1), row.id(3), row.string(2)});
  });
  return list;
}

Result<void> end_exclusion(Transaction& transaction, Id exclusion) {
  if (transaction.run(kEndExclusion, {now(), transaction.workspace(), exclusion}) == 0)
    return fail(problems::kNotFound, {{"what", "exclusion"}, {"name", exclusion.text()}});
  return {};
}

}  // namespace understory::people
