// The server: a workspace in the browser, on this machine alone.
#pragma once
#include <functional>
#include <string>

#include "foundation/result.h"
#include "storage/workspace.h"

namespace understory::server {

// Serves until SIGINT or SIGTERM, then answers what was begun and returns. `ready` is told the address to open once
// connections are taken. Refused: an address that is not loopback (kInvalidValue), a port in use (kAlreadyExists).
Result<void> serve(storage::Workspace& workspace, const std::string& listen,
                   const std::function<Result<void>(const std::string& address)>& ready);

}  // namespace understory::server
