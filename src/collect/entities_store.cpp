#include "collect/entities.h"

#include <functional>
#include <set>

#include "collect/encrypted.h"
#include "collect/submissions.h"
#include "foundation/clock.h"
#include "foundation/json_writer.h"
#include "foundation/text.h"
#include "storage/reseal.h"
#include "vault/password.h"
#include "vault/stream.h"

namespace understory::collect {

using storage::Parameter;
using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const Query kLists{"collect.entity_lists",
                   "select id, study_id, name, place_property from entity_list where workspace_id = ? order by name, "
                   "id"};
const Query kList{"collect.entity_list",
                  "select id, study_id, name, place_property from entity_list where workspace_id = ? and study_id = ? "
                  "and name = ?"};
const Query kListById{"collect.entity_list_by_id",
                      "select id, study_id, name, place_property from entity_list where workspace_id = ? and id = ?"};
const Query kSetPlaceProperty{"collect.set_place_property",
                              "update entity_list set place_property = ? where workspace_id = ? and id = ?"};
const Query kAddList{"collect.add_entity_list",
                     "insert into entity_list (workspace_id, id, study_id, name, public_key, private_key, made_at) "
                     "values (?, ?, ?, ?, ?, ?, ?)"};
const Query kListKeys{"collect.keys_of_entity_list",
                      "select entity_list.public_key, entity_list.private_key, data_key.wrapped from entity_list left "
                      "join data_key on data_key.workspace_id = entity_list.workspace_id and data_key.id = "
                      "entity_list.id where entity_list.workspace_id = ? and entity_list.id = ?"};
const Query kProperties{"collect.entity_properties",
                        "select name from entity_property where workspace_id = ? and list_id = ? order by position"};
const Query kAddProperty{"collect.add_entity_property",
                         "insert into entity_property (workspace_id, list_id, position, name) values (?, ?, ?, ?)"};
const Query kBox{"collect.entity_list_of_device",
                 "select box from entity_list_device where workspace_id = ? and list_id = ? and device_id = ?"};
const Query kAddBox{"collect.add_entity_list_of_device",
                    "insert into entity_list_device (workspace_id, list_id, device_id, box) values (?, ?, ?, ?)"};
// Devices that may have a list (their study is no other) and have it not.
const Query kWithout{
    "collect.devices_without_entity_list",
    "select id, public_key from enrolled_device where workspace_id = ? and public_key is not null and "
    "revoked_at is null and (study_id is null or cast(? as bigint) = 0 or study_id = ?) and not exists (select 1 from "
    "entity_list_device where entity_list_device.workspace_id = enrolled_device.workspace_id and "
    "entity_list_device.device_id = enrolled_device.id and entity_list_device.list_id = ?)"};
const Query kPlans{"collect.entity_plans",
                   "select form_entity.list_id, entity_list.name, form_entity.scope, form_entity.saved, "
                   "entity_list.public_key from form_entity join entity_list on entity_list.workspace_id = "
                   "form_entity.workspace_id and entity_list.id = form_entity.list_id where form_entity.workspace_id = "
                   "? and form_entity.version_id = ? order by form_entity.position"};
const Query kAddPlan{"collect.add_entity_plan",
                     "insert into form_entity (workspace_id, version_id, position, list_id, scope, saved) values (?, "
                     "?, ?, ?, ?, ?)"};
const Query kDropPlans{"collect.drop_entity_plans",
                       "delete from form_entity where workspace_id = ? and version_id = ?"};
const Query kEntity{"collect.entity",
                    "select id, version from entity where workspace_id = ? and list_id = ? and uuid = ?"};
const Query kAddEntity{"collect.add_entity",
                       "insert into entity (workspace_id, id, list_id, uuid, version, conflicts, created_at, "
                       "changed_at) values (?, ?, ?, ?, 1, 0, ?, ?)"};
const Query kNextVersion{"collect.next_entity_version",
                         "update entity set version = ?, conflicts = case when ? = 1 then 1 else conflicts end, "
                         "changed_at = ? where workspace_id = ? and id = ?"};
const Query kSettle{"collect.settle_entity",
                    "update entity set conflicts = 0 where workspace_id = ? and list_id = ? and uuid = ?"};
const Query kDelete{"collect.delete_entity",
                    "update entity set deleted_version = version where workspace_id = ? and list_id = ? and uuid = ? "
                    "and deleted_version is null"};
const Query kRestore{"collect.restore_entity",
                     "update entity set deleted_version = null where workspace_id = ? and list_id = ? and uuid = ? and "
                     "deleted_version is not null"};
const Query kDeleted{"collect.deleted_entities",
                     "select uuid from entity where workspace_id = ? and list_id = ? and deleted_version is not null"};
const Query kBranches{"collect.entity_branches",
                      "select branch_id, base_version, version from entity_change where workspace_id = ? and list_id = "
                      "? and uuid = ? and state = 'applied' and branch_id <> ''"};
const Query kAddChange{"collect.add_entity_change",
                       "insert into entity_change (workspace_id, id, list_id, uuid, submission_id, creates, updates, "
                       "base_version, trunk_version, branch_id, state, version, follows, conflict, content, box, "
                       "received_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waits', 0, 0, 0, ?, ?, ?)"};
const Query kUnsettled{"collect.waiting_entity_changes",
                       "select id, creates, updates, base_version, trunk_version, branch_id from entity_change where "
                       "workspace_id = ? and list_id = ? and uuid = ? and state = 'waits' order by id"};
const Query kSetChange{"collect.settle_entity_change",
                       "update entity_change set state = ?, version = ?, follows = ?, conflict = ? where workspace_id "
                       "= ? and id = ?"};
const Query kCount{"collect.count_entities",
                   "select count(case when deleted_version is null then 1 end), count(case when conflicts = 1 and "
                   "deleted_version is null then 1 end), count(deleted_version), count(case when version > "
                   "deleted_version then 1 end) from entity where workspace_id = ? and list_id = ?"};
const Query kCountChanges{"collect.count_entity_changes",
                          "select count(case when state = 'waits' then 1 end), count(case when state = 'refused' then "
                          "1 end) from entity_change where workspace_id = ? and list_id = ?"};
const Query kAddWaiting{"collect.entities_wait",
                        "insert into entity_waiting (workspace_id, submission_id, version_id) values (?, ?, ?) on "
                        "conflict do nothing"};
const Query kWaiting{"collect.submissions_with_waiting_entities",
                     "select submission_id, version_id from entity_waiting where workspace_id = ? order by "
                     "submission_id"};
const Query kDropWaiting{"collect.entities_wait_no_more",
                         "delete from entity_waiting where workspace_id = ? and submission_id = ?"};

const storage::SealedColumn kSealedKeys{"entity_list", "private_key"}, kSealedContents{"entity_change", "content"};

struct KeptPlans {
  std::vector<EntityPlan> plans;
  std::vector<Id> lists;                 // of each
  std::vector<std::string> public_keys;  // of those
};

KeptPlans plans_of(Transaction& transaction, Id version) {
  KeptPlans kept;
  transaction.each(kPlans, {transaction.workspace(), version}, [&](const Row& row) {
    EntityPlan plan{row.string(1), row.string(2), {}};
    for (const std::string_view line : split(row.text(3), '\n'))
      if (const std::size_t tab = line.find('\t'); tab != std::string_view::npos)
        plan.saved.emplace_back(line.substr(0, tab), line.substr(tab + 1));
    kept.lists.push_back(row.id(0));
    kept.plans.push_back(std::move(plan));
    kept.public_keys.emplace_back(row.blob(4));
  });
  return kept;
}

EntityList list_in(const Row& row) { return {row.id(0), row.id(1), row.string(2), {}, row.string(3)}; }

void read_properties(Transaction& transaction, EntityList& list) {
  transaction.each(kProperties, {transaction.workspace(), list.id},
                   [&](const Row& row) { list.properties.push_back(row.string(0)); });
}

std::string content_of(const EntityAction& action) {
  JsonWriter json;
  json.object();
  if (action.label) json.member("label", std::string_view(*action.label));
  json.key("values").object();
  for (const auto& [property, value] : action.values) json.member(property, std::string_view(value));
  json.end_object().end_object();
  return json.text();
}

int share(Transaction& transaction, Id list, Id study, const vault::Secret& secret) {
  struct Phone {
    Id id;
    std::string public_key;
  };
  std::vector<Phone> phones;
  transaction.each(kWithout, {transaction.workspace(), study.value, study.value, list}, [&](const Row& row) {
    phones.push_back({row.id(0), std::string(row.blob(1))});
  });
  for (const Phone& phone : phones) {
    const std::string box = vault::seal_for(phone.public_key, secret.view());
    transaction.run(kAddBox, {transaction.workspace(), list, phone.id, Parameter::blob(box)});
  }
  return static_cast<int>(phones.size());
}

EntityList list_for(Transaction& transaction, Id study, const std::string& name) {
  if (auto list = find_entity_list(transaction, study, name)) return std::move(*list);
  const vault::Secret secret = vault::Secret::random();
  EntityList list{Id::make(), study, name, {}, ""};
  const std::string public_key = vault::public_key_of(secret);
  const std::string sealed = transaction.seal(list.id, "entity_list", "private_key", list.id, secret.view());
  transaction.run(kAddList, {transaction.workspace(), list.id, study.value, name, Parameter::blob(public_key),
                             Parameter::blob(sealed), now()});
  share(transaction, list.id, study, secret);  // its key is at hand just now, even while stories are locked
  return list;
}

// Settles what waits for an entity, as often as one of them lets another follow.
void settle(Transaction& transaction, Id list, const std::string& uuid) {
  struct Change {
    Id id;
    EntityAction action;
  };
  Id entity;
  EntityVersions versions;
  transaction.each(kEntity, {transaction.workspace(), list, uuid}, [&](const Row& row) {
    entity = row.id(0);
    versions.newest = static_cast<int>(row.integer(1));
  });
  std::map<std::pair<std::string, int>, int> in_branch;  // branch and base version → the version it made
  transaction.each(kBranches, {transaction.workspace(), list, uuid}, [&](const Row& row) {
    in_branch[{row.string(0), static_cast<int>(row.integer(1))}] = static_cast<int>(row.integer(2));
  });
  std::vector<Change> changes;
  transaction.each(kUnsettled, {transaction.workspace(), list, uuid}, [&](const Row& row) {
    Change change{row.id(0), {}};
    change.action.uuid = uuid;
    change.action.creates = row.integer(1) != 0;
    change.action.updates = row.integer(2) != 0;
    change.action.base_version = static_cast<int>(row.integer(3));
    change.action.trunk_version = static_cast<int>(row.integer(4));
    change.action.branch_id = row.string(5);
    changes.push_back(std::move(change));
  });
  for (bool more = true; std::exchange(more, false);) {
    std::vector<Change> left;
    for (Change& change : changes) {
      const EntityAction& action = change.action;
      const auto before = in_branch.find({action.branch_id, action.base_version - 1});
      versions.branch.clear();
      if (!action.branch_id.empty() && before != in_branch.end())
        versions.branch.push_back({before->second, action.base_version - 1});
      const EntityVerdict verdict = follow(action, versions);
      if (verdict.what == EntityVerdict::What::kWaits) {
        left.push_back(std::move(change));
        continue;
      }
      const bool applied = verdict.what == EntityVerdict::What::kApplied;
      transaction.run(kSetChange, {applied ? "applied" : "refused", verdict.version, verdict.follows, verdict.conflict,
                                   transaction.workspace(), change.id});
      if (!applied) continue;
      more = true;
      versions.newest = verdict.version;
      in_branch[{action.branch_id, action.base_version}] = verdict.version;
      if (verdict.version == 1)
        transaction.run(kAddEntity, {transaction.workspace(), entity = Id::make(), list, uuid, now(), now()});
      else
        transaction.run(kNextVersion, {verdict.version, verdict.conflict, now(), transaction.workspace(), entity});
    }
    changes = std::move(left);
  }
}

}  // namespace

std::vector<EntityList> entity_lists(Transaction& transaction) {
  std::vector<EntityList> lists;
  transaction.each(kLists, {transaction.workspace()}, [&](const Row& row) { lists.push_back(list_in(row)); });
  for (EntityList& list : lists) read_properties(transaction, list);
  return lists;
}

std::optional<EntityList> find_entity_list(Transaction& transaction, Id study, std::string_view name) {
  auto list = transaction.one(kList, {transaction.workspace(), study.value, name}, list_in);
  if (list) read_properties(transaction, *list);
  return list;
}

Result<EntityList> find_entity_list(Transaction& transaction, Id id) {
  auto list = transaction.one(kListById, {transaction.workspace(), id}, list_in);
  if (!list) return fail(problems::kNotFound, {{"what", "list of entities"}, {"name", id.text()}});
  read_properties(transaction, *list);
  return std::move(*list);
}

EntityCounts count_entities(Transaction& transaction, Id list) {
  EntityCounts counts;
  transaction.each(kCount, {transaction.workspace(), list}, [&](const Row& row) {
    counts.entities = row.integer(0);
    counts.conflicts = row.integer(1);
    counts.deleted = row.integer(2);
    counts.changed_since = row.integer(3);
  });
  transaction.each(kCountChanges, {transaction.workspace(), list}, [&](const Row& row) {
    counts.waiting = row.integer(0);
    counts.refused = row.integer(1);
  });
  return counts;
}

std::optional<vault::Secret> list_secret(Transaction& transaction, Id list) {
  if (transaction.locked()) return std::nullopt;
  std::optional<vault::Secret> secret;
  transaction.each(kListKeys, {transaction.workspace(), list}, [&](const Row& row) {
    auto opened = transaction.try_open({"entity_list", "private_key", list}, row.blob(1), row.blob(2));
    if (opened && opened->size() == vault::Secret::kSize) secret = vault::Secret::from(*opened);
    if (opened) vault::wipe(*opened);
  });
  return secret;
}

std::optional<vault::Secret> list_secret(Transaction& transaction, Id list, Id device,
                                         const vault::Secret& device_secret) {
  std::optional<vault::Secret> secret;
  transaction.each(kBox, {transaction.workspace(), list, device}, [&](const Row& row) {
    auto opened = vault::open_sealed(device_secret, row.blob(0));
    if (opened && opened->size() == vault::Secret::kSize) secret = vault::Secret::from(*opened);
    if (opened) vault::wipe(*opened);
  });
  return secret;
}

void keep_entity_plans(Transaction& transaction, Id version, Id study, const Form& form) {
  std::int64_t position = 0;
  for (const EntityPlan& plan : entity_plans(form)) {
    EntityList list = list_for(transaction, study, plan.list);
    std::string saved;
    for (const auto& [property, path] : plan.saved) {
      saved += property + "\t" + path + "\n";
      if (std::find(list.properties.begin(), list.properties.end(), property) != list.properties.end()) continue;
      transaction.run(kAddProperty, {transaction.workspace(), list.id, list.properties.size(), property});
      list.properties.push_back(property);
    }
    transaction.run(kAddPlan, {transaction.workspace(), version, position++, list.id, plan.scope, saved});
  }
}

void drop_entity_plans(Transaction& transaction, Id version) {
  transaction.run(kDropPlans, {transaction.workspace(), version});
}

int share_entity_lists(Transaction& transaction) {
  int shared = 0;
  for (const EntityList& list : entity_lists(transaction))
    if (const auto secret = list_secret(transaction, list.id))
      shared += share(transaction, list.id, list.study, *secret);
  return shared;
}

bool catch_up_entities(Transaction& transaction) {
  const int waited = apply_waiting_entities(transaction);
  return share_entity_lists(transaction) + waited > 0;
}

void take_entities(Transaction& transaction, Id version, Id submission, const XmlDocument& document) {
  const KeptPlans kept = plans_of(transaction, version);
  if (kept.plans.empty()) return;
  std::set<std::pair<std::int64_t, std::string>> touched;
  for (const EntityAction& action : entity_actions(document, kept.plans)) {
    const Id id = Id::make(), list = kept.lists[action.plan];
    transaction.make_data_key(id);
    const std::string sealed = transaction.seal(id, "entity_change", "content", id, content_of(action));
    const std::string box = vault::seal_for(kept.public_keys[action.plan], transaction.data_key(id).bytes().view());
    transaction.run(kAddChange, {transaction.workspace(), id, list, action.uuid, submission, action.creates,
                                 action.updates, action.base_version, action.trunk_version, action.branch_id,
                                 Parameter::blob(sealed), Parameter::blob(box), now()});
    touched.emplace(list.value, action.uuid);
  }
  for (const auto& [list, uuid] : touched) settle(transaction, Id{list}, uuid);
}

void entities_wait(Transaction& transaction, Id version, Id submission) {
  if (plans_of(transaction, version).plans.empty()) return;
  transaction.run(kAddWaiting, {transaction.workspace(), submission, version});
}

int apply_waiting_entities(Transaction& transaction) {
  if (transaction.locked()) return 0;
  struct Waiting {
    Id submission, version;
  };
  std::vector<Waiting> all;
  transaction.each(kWaiting, {transaction.workspace()}, [&](const Row& row) { all.push_back({row.id(0), row.id(1)}); });
  int applied = 0;
  for (const Waiting& each : all) {
    // The first instance: an edit of what was sent changes no entity a second time.
    std::string xml;
    try {
      const auto instances = instances_of(transaction, each.submission);
      if (instances && !instances->empty() && !instances->front().unreadable) xml = instances->front().xml;
    } catch (const storage::DatabaseError& error) {
      if (error.kind() != storage::DatabaseError::Kind::kCorrupt) throw;
    }
    if (xml.empty()) continue;
    if (const auto document = XmlDocument::parse(xml, "xml_submission_file"))
      take_entities(transaction, each.version, each.submission, *document);
    transaction.run(kDropWaiting, {transaction.workspace(), each.submission});
    ++applied;
  }
  return applied;
}

Result<void> settle_entity(Transaction& transaction, Id list, std::string_view uuid) {
  if (transaction.run(kSettle, {transaction.workspace(), list, uuid}) == 0)
    return fail(problems::kNotFound, {{"what", "entity"}, {"name", std::string(shortened(uuid, 40))}});
  return {};
}

Result<void> delete_entity(Transaction& transaction, Id list, std::string_view uuid) {
  if (transaction.run(kDelete, {transaction.workspace(), list, uuid}) == 0)
    return fail(problems::kNotFound, {{"what", "entity"}, {"name", std::string(shortened(uuid, 40))}});
  return {};
}

Result<void> restore_entity(Transaction& transaction, Id list, std::string_view uuid) {
  if (transaction.run(kRestore, {transaction.workspace(), list, uuid}) == 0)
    return fail(problems::kNotFound, {{"what", "deleted entity"}, {"name", std::string(shortened(uuid, 40))}});
  return {};
}

std::set<std::string> deleted_entities(Transaction& transaction, Id list) {
  std::set<std::string> deleted;
  transaction.each(kDeleted, {transaction.workspace(), list}, [&](const Row& row) { deleted.insert(row.string(0)); });
  return deleted;
}

Result<void> set_place_property(Transaction& transaction, const EntityList& list, std::string_view property) {
  if (!property.empty() && std::find(list.properties.begin(), list.properties.end(), property) == list.properties.end())
    return fail(problems::kNotFound, {{"what", "property"}, {"name", std::string(shortened(property, 80))}});
  transaction.run(kSetPlaceProperty, {property, transaction.workspace(), list.id});
  return {};
}

}  // namespace understory::collect
