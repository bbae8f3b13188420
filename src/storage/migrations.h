// The steps that brought the tables to where they are: src/storage/migrations/NNN-name.sql, numbered without gaps.
// {{id}} {{json}} {{blob}} stand for each engine's types. A step that has landed is never edited.
#pragma once
#include <string>
#include <vector>

#include "storage/connection.h"

namespace understory::storage {

struct Migration {
  int number;
  std::string name;
  std::string sql;  // with tokens
};
const std::vector<Migration>& migrations();

// Runs what is missing, in one transaction, under an advisory lock (several servers may start at once).
// kNewerWorkspace when the database knows a step this program does not; kDamaged when a landed step's text changed.
Result<void> migrate(Connection& connection);

}  // namespace understory::storage
