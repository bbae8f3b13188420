// Entities as people and phones read them: the changes of each laid over one another.
#include <algorithm>
#include <boost/json.hpp>

#include "collect/encrypted.h"
#include "collect/entities.h"
#include "foundation/csv.h"
#include "places/places.h"
#include "vault/password.h"

namespace understory::collect {

using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const Query kVersions{
    "collect.entity_versions",
    "select entity.uuid, entity.version, entity.conflicts, entity_change.id, entity_change.version, "
    "entity_change.follows, entity_change.conflict, entity_change.content, entity_change.box, "
    "entity.deleted_version from entity join entity_change on entity_change.workspace_id = entity.workspace_id and "
    "entity_change.list_id = entity.list_id and entity_change.uuid = entity.uuid and "
    "entity_change.state = 'applied' where entity.workspace_id = ? and entity.list_id = ? order by "
    "entity.uuid, entity_change.version"};

}  // namespace

void each_entity(Transaction& transaction, const EntityList& list, const vault::Secret& secret,
                 const std::function<void(const Entity&)>& reader) {
  namespace json = boost::json;
  Entity entity;
  std::map<int, std::map<std::string, std::string>> told;  // by version, what each said; the label as "label"
  const auto finish = [&] {
    if (!entity.uuid.empty()) reader(entity);
  };
  transaction.each(kVersions, {transaction.workspace(), list.id}, [&](const Row& row) {
    if (row.text(0) != entity.uuid) {
      finish();
      entity = {};
      entity.uuid = row.string(0);
      entity.version = static_cast<int>(row.integer(1));
      entity.conflicts = row.integer(2) != 0;
      entity.deleted = !row.is_null(9);
      if (entity.deleted) entity.changes_since = entity.version - static_cast<int>(row.integer(9));
      told.clear();
    }
    const Id change = row.id(3);
    auto key = vault::open_sealed(secret, row.blob(8));
    if (!key || key->size() != vault::Secret::kSize) return;
    const auto content =
        vault::DataKey::from(change, vault::Secret::from(*key)).open({"entity_change", "content", change}, row.blob(7));
    vault::wipe(*key);
    if (!content) return;
    boost::system::error_code wrong;
    const json::value said = json::parse(json::string_view(content->data(), content->size()), wrong);
    if (wrong || !said.is_object()) return;
    auto& here = told[static_cast<int>(row.integer(4))];
    if (const json::value* label = said.as_object().if_contains("label"); label && label->is_string())
      here["label"] = std::string(label->get_string());
    if (const json::value* values = said.as_object().if_contains("values"); values && values->is_object())
      for (const auto& [property, value] : values->get_object())
        if (value.is_string()) here[std::string(property)] = std::string(value.get_string());
    const int number = static_cast<int>(row.integer(4)), follows = static_cast<int>(row.integer(5));
    for (const auto& [property, after] : here) {
      std::string& value = property == "label" ? entity.label : entity.values[property];
      // Somebody else said something of it meanwhile, and the phone did not know.
      const bool unseen = std::any_of(told.upper_bound(follows), told.lower_bound(number),
                                      [&name = property](const auto& each) { return each.second.contains(name); });
      if (row.integer(6) != 0 && unseen && value != after)
        entity.overwritten.push_back({number, property, value, after});
      value = after;
    }
  });
  finish();
}

namespace {

// Whether a place lies in one of those, or below it; asked once of each place.
class Within {
 public:
  Within(Transaction& transaction, const std::vector<std::string>& places)
      : transaction_(transaction), places_(places) {}
  bool holds(const std::string& code) {
    const auto [known, is_new] = known_.try_emplace(code, false);
    if (is_new)
      for (const places::Place& above : places::ancestors(transaction_, code))
        known->second |= std::find(places_.begin(), places_.end(), above.code) != places_.end();
    return known->second;
  }

 private:
  Transaction& transaction_;
  const std::vector<std::string>& places_;
  std::map<std::string, bool> known_;
};

}  // namespace

std::string entity_csv(Transaction& transaction, const EntityList& list, const vault::Secret& secret,
                       const std::vector<std::string>* places) {
  std::string csv = "name,label,__version";
  for (const std::string& property : list.properties) csv += "," + csv_field(property);
  csv += "\n";
  std::optional<Within> within;
  if (places && !list.place_property.empty()) within.emplace(transaction, *places);
  each_entity(transaction, list, secret, [&](const Entity& entity) {
    const auto value = [&](const std::string& property) {
      const auto found = entity.values.find(property);
      return found == entity.values.end() ? std::string() : found->second;
    };
    if (entity.deleted || (within && !within->holds(value(list.place_property)))) return;
    csv += entity.uuid + "," + csv_field(entity.label) + "," + std::to_string(entity.version);
    for (const std::string& property : list.properties) csv += "," + csv_field(value(property));
    csv += "\n";
  });
  return csv;
}

}  // namespace understory::collect
