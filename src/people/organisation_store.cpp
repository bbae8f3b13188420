#include "people/organisation.h"

namespace understory::people {

using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const Query kFindOrganisation{"people.find_organisation",
                              "select id from organisation where workspace_id = ? and name = ?"};
const Query kAddOrganisation{"people.add_organisation",
                             "insert into organisation (workspace_id, id, guid, name) values (?, ?, ?, ?)"};
const Query kOrganisations{
    "people.organisations",
    "select id, guid, name from organisation where workspace_id = ? order by name collate \"C\""};

}  // namespace

Id ensure_organisation(Transaction& transaction, std::string_view name) {
  if (auto found =
          transaction.one(kFindOrganisation, {transaction.workspace(), name}, [](const Row& row) { return row.id(0); }))
    return *found;
  const Id id = Id::make();
  transaction.run(kAddOrganisation, {transaction.workspace(), id, make_guid(), name});
  return id;
}

std::vector<Organisation> organisations(Transaction& transaction) {
  std::vector<Organisation> list;
  transaction.each(kOrganisations, {transaction.workspace()}, [&](const Row& row) {
    list.push_back({row.id(0), row.string(1), row.string(2)});
  });
  return list;
}

}  // namespace understory::people
