// What a server does without being asked: the nightly backup, the machine coder's learning, whatever else waits in the
// queue of jobs, and telling webhooks.
#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "storage/workspace.h"

namespace understory::server {

// Puts into the queue what is due, and does one waiting job. False: there was none. Any number of servers may do so on
// one database; `go_on` says whether to finish what takes long. What cannot be done is logged and stays visible in the
// job; it does not throw.
bool do_what_is_due(storage::Workspace& workspace, const std::function<bool()>& go_on = {});

// Sends what webhooks are to be told, for half a minute at most. What cannot be sent waits; it does not throw.
void tell_others(storage::Workspace& workspace, const std::function<bool()>& go_on = {});

// A thread that does both every few seconds, from half a minute after the start on; and now and then it erases what
// posts that were cut short left behind.
class Maintenance {
 public:
  explicit Maintenance(storage::Workspace& workspace);
  ~Maintenance();  // a job that has begun is given up, and tried again later

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::jthread thread_;
};

}  // namespace understory::server
