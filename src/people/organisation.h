// Organisations that work together. (Accounts, roles and rights join this room with them.)
#pragma once
#include <string>
#include <vector>

#include "storage/workspace.h"

namespace understory::people {

struct Organisation {
  Id id;
  std::string guid;
  std::string name;
};

// The organisation of that name, made if there is none yet.
Id ensure_organisation(storage::Transaction& transaction, std::string_view name);
std::vector<Organisation> organisations(storage::Transaction& transaction);  // by name

}  // namespace understory::people
