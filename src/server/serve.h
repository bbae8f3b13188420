// The server: a workspace in the browser.
#pragma once
#include <functional>
#include <string>

#include "foundation/result.h"
#include "server/transport.h"
#include "storage/workspace.h"

namespace understory::server {

// Serves until SIGINT or SIGTERM, then answers what was begun and returns. `ready` is told the address to open once
// connections are taken; systemd is told too, where it asked. Refused, beside what the transport refuses: to be reached
// from beyond this machine while the workspace has no accounts (kInvalidValue), and a folder whose audit.key is not the
// one the log is signed with (kWrongKey), as a second server's may be.
Result<void> serve(storage::Workspace& workspace, const Listening& listening,
                   const std::function<Result<void>(const std::string& address)>& ready);

}  // namespace understory::server
