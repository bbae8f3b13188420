// What a server does without being asked: the nightly backup, the machine coder's learning, whatever else waits in the
// queue of jobs, and telling webhooks.
#pragma once
#include <chrono>
#include <functional>
#include <thread>

#include "storage/workspace.h"

namespace understory::server {

// Whether the evidence is looked through for learning that is due: that is a count over all studies.
enum class Look { kAlsoForLearning, kPastLearning };

// Puts into the queue what is due, and does one waiting job. False: there was none. Any number of servers may do so on
// one database; `go_on` says whether to finish what takes long. What cannot be done is logged and stays visible in the
// job; it does not throw.
bool do_what_is_due(storage::Workspace& workspace, const std::function<bool()>& go_on = {},
                    Look look = Look::kAlsoForLearning);

// Sends what webhooks are to be told, for half a minute at most. What cannot be sent waits; it does not throw.
void tell_others(storage::Workspace& workspace, const std::function<bool()>& go_on = {});

// Two threads, from half a minute after the start on, every few seconds: one tells webhooks, so that they never wait
// for a job; the other does what is due, and now and then erases what posts that were cut short left behind. Each
// transaction has a connection of its own, so they share the workspace as requests do.
class Maintenance {
 public:
  using Turn = std::function<void(const std::function<bool()>& go_on)>;
  struct Times {
    std::chrono::milliseconds first = std::chrono::seconds(30);  // a start is for people first
    std::chrono::milliseconds pause = std::chrono::seconds(5);
    std::chrono::milliseconds learning = std::chrono::minutes(1);  // between two looks whether it is due
  };
  explicit Maintenance(storage::Workspace& workspace) : Maintenance(workspace, Times{}) {}
  Maintenance(storage::Workspace& workspace, const Times& times);
  // With other work than what is due.
  Maintenance(storage::Workspace& workspace, const Times& times, Turn work);
  ~Maintenance();  // a job that has begun is given up, and tried again later

 private:
  std::jthread telling_, working_;
};

}  // namespace understory::server
