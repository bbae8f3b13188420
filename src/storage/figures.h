// What whoever keeps the machine watches of a database.
#pragma once
#include <map>
#include <string>

#include "storage/workspace.h"

namespace understory::storage {

std::int64_t database_size(Transaction& transaction);  // bytes; on PostgreSQL of all workspaces in that database
std::map<std::string, std::int64_t> jobs_by_state(Transaction& transaction);  // all five states, also those of none

}  // namespace understory::storage
