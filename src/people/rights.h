// The one place where it is decided who may do what. Default deny; every answer gives its reason.
//
// Pure: no database, no clock. rights_store.cpp reads grants and exclusions into a Person.
#pragma once
#include <set>
#include <string>
#include <vector>

#include "foundation/id.h"
#include "people/reason.h"
#include "people/role.h"
#include "storage/workspace.h"

namespace understory::people {

struct Grant {
  Id id;
  Role role = Role::kReporter;
  Id study;           // none: every study
  std::string place;  // empty: every place; else this one and all below it
};

struct Person {
  Id account;
  Id organisation;
  bool active = false;
  bool at_machine = false;  // whoever holds the folder of a workspace that has no accounts yet
  std::vector<Grant> grants;
  std::set<Id> excluded_from;  // records that do not exist for this person: studies, sources
  bool code_missing = false;   // the workspace wants a second factor of everybody and this account has none yet
};

struct Record {
  Id study;                         // none: not about a study
  Id id;                            // of the source or other thing inside it; none: the study itself
  std::vector<std::string> places;  // where it is, and all places above; empty: not at a place
};

struct Decision {
  bool allowed = false;
  // A denial that must not tell whether the record exists: 404, byte for byte as for what is not there.
  bool hidden = false;
  std::string reason;  // for the log: why.text(), or what a route of its own kind decides by
  Id grant;            // the one that allowed it
  Reason why = {};     // for pages; of what decide() decided
};

Decision decide(const Person& person, Right right, const Record& record);

// Whether there is any record at all for which decide() would allow it.
bool may_somewhere(const Person& person, Right right);

// Where in a study a right reaches: everything, or the subtrees of some places.
struct Reach {
  bool everything = false;
  std::vector<std::string> places;  // codes; empty and not everything: nothing
  std::set<Id> without;             // sources that do not exist for this person
};
Reach reach(const Person& person, Right right, Id study);

// The active grants and exclusions of an account; an account that is not there is a person without any.
Person person_of(storage::Transaction& transaction, Id account);

}  // namespace understory::people
