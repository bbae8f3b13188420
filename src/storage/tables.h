// The tables of a workspace as the migrations make them, and how all their rows are read and written. The migrations
// are the one description of them there is.
#pragma once
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "storage/connection.h"

namespace understory::storage {

struct Column {
  std::string name;
  char kind;  // i whole number, t text, b bytes
};
struct Table {
  std::string name;
  std::vector<Column> columns;
  std::set<std::string> dropped;       // columns it once had: a backup of an older program may bring them
  std::string select, select_sqlite;   // SQL of the query
  std::unique_ptr<const Query> query;  // every row of a workspace (its one parameter), ordered by the primary key
};

const std::vector<Table>& tables();

// For a row of these columns of a table (an older program knew fewer). Not for two threads at once.
const Query& insertion(const std::string& table, const std::vector<std::string>& columns);

}  // namespace understory::storage
