// An example workspace tells its accounts with their passwords on the sign-in page. Only a folder that holds
// example-accounts.csv (name,role,password) is one; examples/ puts it there.
#pragma once
#include <string>
#include <vector>

#include "storage/workspace.h"

namespace understory::server {

struct ExampleAccount {
  std::string name, role, password;
};
std::vector<ExampleAccount> example_accounts(const storage::Workspace& workspace);

}  // namespace understory::server
