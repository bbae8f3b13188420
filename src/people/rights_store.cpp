// Grants and exclusions as they stand.
#include "people/rights.h"

namespace understory::people {

using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const Query kStanding{
    "people.standing",
    "select account.organisation_id, account.state, case when account.factor is null and "
    "entry_rule.needs_code = 1 then 1 else 0 end from account left join entry_rule on "
    "entry_rule.workspace_id = account.workspace_id where account.workspace_id = ? and account.id = ?"};
const Query kGrants{"people.grants",
                    "select id, role, study_id, coalesce(place_code, '') from account_grant where workspace_id = ? and "
                    "account_id = ? and ended_at is null order by id"};
const Query kExclusions{"people.exclusions",
                        "select record_id from exclusion where workspace_id = ? and ended_at is null and (account_id = "
                        "? or organisation_id = ?)"};

}  // namespace

Person person_of(Transaction& transaction, Id account) {
  Person person;
  person.account = account;
  transaction.each(kStanding, {transaction.workspace(), account}, [&](const Row& row) {
    person.organisation = row.id(0);
    person.active = row.text(1) == "active";
    person.code_missing = row.integer(2) == 1;
  });
  transaction.each(kGrants, {transaction.workspace(), account}, [&](const Row& row) {
    // A role this program does not know grants nothing.
    if (const auto role = role_of(row.text(1))) person.grants.push_back({row.id(0), *role, row.id(2), row.string(3)});
  });
  transaction.each(kExclusions, {transaction.workspace(), account, person.organisation},
                   [&](const Row& row) { person.excluded_from.insert(row.id(0)); });
  return person;
}

}  // namespace understory::people
