#include "server/serve.h"

#include <algorithm>
#include <thread>

#include "server/maintenance.h"
#include "server/routes.h"
#include "server/transport.h"

namespace understory::server {

Result<void> serve(storage::Workspace& workspace, const std::string& listen,
                   const std::function<Result<void>(const std::string& address)>& ready) {
  const int workers = static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 2u, 8u));
  auto transport = TRY(Transport::open(
      listen, [&workspace](const Request& request) { return answer(workspace, request); }, workers, is_slow));
  TRY(ready(transport->address()));
  const Maintenance maintenance(workspace);
  transport->run();
  return {};
}

}  // namespace understory::server
