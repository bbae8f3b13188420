#include "server/example.h"

#include "foundation/csv.h"
#include "foundation/file.h"

namespace understory::server {

std::vector<ExampleAccount> example_accounts(const storage::Workspace& workspace) {
  const auto path = workspace.folder() / "example-accounts.csv";
  if (!std::filesystem::exists(path)) return {};
  const auto text = read_file(path, 65536);
  if (!text) return {};
  std::vector<ExampleAccount> accounts;
  const auto table = read_csv(*text, "example-accounts.csv");
  if (!table) return {};
  for (const auto& row : table->rows)
    if (row.size() >= 3) accounts.push_back({row[0], row[1], row[2]});
  return accounts;
}

}  // namespace understory::server
