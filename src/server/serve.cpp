#include "server/serve.h"

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <thread>

#include "people/account.h"
#include "people/audit.h"
#include "server/maintenance.h"
#include "server/routes.h"

namespace understory::server {

namespace {

// Nobody from elsewhere may find a workspace that asks nobody who they are.
Result<void> closed_to_strangers(storage::Workspace& workspace, const std::string& listen) {
  auto transaction = workspace.read();
  if (people::has_accounts(transaction)) return {};
  return fail(problems::kInvalidValue,
              {{"where", "--listen"},
               {"value", listen},
               {"what", "address for a workspace without accounts"},
               {"hint", "Make the first account (understory account new), or serve this machine alone."}});
}

// While people are signed in, the memory of this process opens stories. A crash must not leave it on the disk, nor may
// another process of the same user read it.
void keep_memory_here() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
}

// What a large submission took goes back to the system when it is done. Left to itself the allocator keeps large blocks
// by every thread that ever had one: after a thousand hostile submissions 395 MB, with this 109 (drill `uploads`).
void give_memory_back() {
  ::mallopt(M_MMAP_THRESHOLD, 1'000'000);
  ::mallopt(M_TRIM_THRESHOLD, 2'000'000);
}

// Where systemd watches, it hears from the thread that moves the bytes; silence restarts the server.
void be_watched(Transport& transport) {
  std::uint64_t patience = 0;  // microseconds
  if (sd_watchdog_enabled(0, &patience) <= 0) return;
  transport.every(std::chrono::milliseconds(std::max<std::uint64_t>(patience / 2000, 1)),
                  [] { sd_notify(0, "WATCHDOG=1"); });
}

}  // namespace

Result<void> serve(storage::Workspace& workspace, const Listening& where,
                   const std::function<Result<void>(const std::string& address)>& ready) {
  keep_memory_here();
  give_memory_back();
  Listening listening = where;
  if (listening.spool.empty()) listening.spool = workspace.folder();
  const int workers = static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 2u, 8u));
  TRY(people::check_audit_key(workspace));
  auto transport = TRY(Transport::open(
      listening, [&workspace](const Request& request) { return answer(workspace, request); }, workers, lane_of, {},
      body_of, [&workspace](const Request& request) { return refuse_unread(workspace, request); }));
  if (transport->beyond_this_machine()) TRY(closed_to_strangers(workspace, listening.address));
  TRY(ready(transport->address()));
  const Maintenance maintenance(workspace);
  be_watched(*transport);
  sd_notify(0, "READY=1");
  transport->run();
  sd_notify(0, "STOPPING=1");
  return {};
}

}  // namespace understory::server
