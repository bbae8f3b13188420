// Lists of entities (getodk.github.io/xforms-spec/entities, 2022.1 to 2025.1): what forms make, change and ask about
// again and again. A list has a name and properties; an entity a number (UUID), a label, values, and versions.
//
// What is known of an entity is sealed as stories are; numbers and versions are facts. A change is kept as it came,
// with what it says alone, so that which version follows which is settled while stories are locked, and no change
// overwrites another: where two were made without knowing of each other, the later one counts, both are kept, and it is
// marked.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collect/form.h"
#include "foundation/xml.h"
#include "storage/workspace.h"

namespace understory::collect {

// What one <entity> of a form does.
struct EntityPlan {
  std::string list;
  std::string scope;                                       // path of the form, group or repeat each entity belongs to
  std::vector<std::pair<std::string, std::string>> saved;  // property, path of the answer (below scope)
};
std::vector<EntityPlan> entity_plans(const Form& form);

// What one submission does to one entity.
struct EntityAction {
  std::size_t plan = 0;  // index
  std::string uuid;      // lower case, without "uuid:"; empty: it is none
  bool creates = false, updates = false;
  int base_version = 0, trunk_version = 0;  // 0: it says none
  std::string branch_id;
  std::optional<std::string> label;
  std::vector<std::pair<std::string, std::string>> values;  // properties whose answers are there, empty ones too
};
// Those that do something, at most 10,000; plan by plan, in document order. Nothing where the XML cannot be read.
std::vector<EntityAction> entity_actions(const XmlDocument& document, const std::vector<EntityPlan>& plans);

// The versions of an entity so far, as far as they decide what may follow.
struct EntityVersions {
  int newest = 0;  // 0: it is not there
  struct OfBranch {
    int number = 0, base_version = 0;
  };
  std::vector<OfBranch> branch;  // those made by changes of the same branch
};
struct EntityVerdict {
  enum class What { kApplied, kWaits, kRefused } what = What::kRefused;
  int version = 0, follows = 0;
  bool conflict = false;
};
// kWaits: for its entity, or for what it follows in its branch. kRefused: it makes what is there already, or names no
// entity.
EntityVerdict follow(const EntityAction& action, const EntityVersions& versions);

struct EntityList {
  Id id, study;
  std::string name;
  std::vector<std::string> properties;  // in the order forms brought them
  std::string place_property;           // the one that holds a place's code; empty: the list knows no places
};
struct EntityCounts {
  std::int64_t entities = 0, conflicts = 0, waiting = 0, refused = 0;
  std::int64_t deleted = 0,
               changed_since = 0;  // those deleted (no entities any more), those of them changed after that
};
std::vector<EntityList> entity_lists(storage::Transaction& transaction);
std::optional<EntityList> find_entity_list(storage::Transaction& transaction, Id study, std::string_view name);
Result<EntityList> find_entity_list(storage::Transaction& transaction, Id id);  // kNotFound
EntityCounts count_entities(storage::Transaction& transaction, Id list);

// What opens a list: stories that are unlocked, or what a phone's token opens (people::device_secret).
std::optional<vault::Secret> list_secret(storage::Transaction& transaction, Id list);
std::optional<vault::Secret> list_secret(storage::Transaction& transaction, Id list, Id device,
                                         const vault::Secret& device_secret);

struct Entity {
  std::string uuid, label;
  int version = 0;
  bool conflicts = false;
  bool deleted = false;
  int changes_since = 0;  // versions that were made of it after it was deleted
  std::map<std::string, std::string> values;
  // Where versions were made without knowing of each other: what the later one (which counts) overwrote.
  struct Overwritten {
    int version = 0;       // that did
    std::string property;  // "label" for the label
    std::string before, after;
  };
  std::vector<Overwritten> overwritten;
};
// By their numbers, deleted ones too. A change that does not open (erased, damaged) is passed over.
void each_entity(storage::Transaction& transaction, const EntityList& list, const vault::Secret& secret,
                 const std::function<void(const Entity&)>& reader);
// As phones read it: name (the number), label, __version, then the properties. The same bytes for the same entities.
// `places`: codes; of a list that knows places only what lies in one of them or below, and nothing whose place nobody
// knows. Null: all of it.
std::string entity_csv(storage::Transaction& transaction, const EntityList& list, const vault::Secret& secret,
                       const std::vector<std::string>* places = nullptr);

// A form's version as it is published: its lists are there from now on, phones that are enrolled can open them.
void keep_entity_plans(storage::Transaction& transaction, Id version, Id study, const Form& form);
void drop_entity_plans(storage::Transaction& transaction, Id version);
// Gives every phone the lists of its study it has not got yet. Nothing while stories are locked. How many it gave.
int share_entity_lists(storage::Transaction& transaction);

// What a submission, just taken in, says of entities; stories may be locked. Where only a key opens it, it waits for
// apply_waiting_entities().
void take_entities(storage::Transaction& transaction, Id version, Id submission, const XmlDocument& document);
void entities_wait(storage::Transaction& transaction, Id version, Id submission);
// Those that waited, as far as they open now. Nothing while stories are locked. How many submissions it was.
int apply_waiting_entities(storage::Transaction& transaction);
// Both of what waits for somebody who may open stories: apply_waiting_entities() and share_entity_lists(). Whether
// there was anything to do.
bool catch_up_entities(storage::Transaction& transaction);
// Somebody has looked at what was overwritten. kNotFound.
Result<void> settle_entity(storage::Transaction& transaction, Id list, std::string_view uuid);
// Phones get it no more. Nothing of it is lost: what is still sent of it is kept, and stands in it once it is restored.
// kNotFound: there is none, or it is deleted already.
Result<void> delete_entity(storage::Transaction& transaction, Id list, std::string_view uuid);
Result<void> restore_entity(storage::Transaction& transaction, Id list,
                            std::string_view uuid);  // kNotFound: not deleted
std::set<std::string> deleted_entities(storage::Transaction& transaction, Id list);
// Of which phones that are enrolled for a place get what lies there. Empty: they get all of it. kNotFound: the list has
// no such property.
Result<void> set_place_property(storage::Transaction& transaction, const EntityList& list, std::string_view property);

}  // namespace understory::collect
