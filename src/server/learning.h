// The machine coder goes on learning by itself as people code (decision 028): as a job, beside people's work and never
// in their requests. It must have been asked to learn in a study once; removing it there ends that.
#pragma once
#include <functional>

#include "foundation/clock.h"
#include "storage/jobs.h"

namespace understory::server {

// Is there a study in which enough was coded since it learnt? Never while stories are locked.
bool learning_is_due(storage::Transaction& transaction, Milliseconds at);
// Puts what is due into the queue.
void ask_for_learning(storage::Transaction& transaction, Milliseconds at);
bool is_learning(const storage::Job& job);
// Does one that was claimed: in a thread of its own that gives way to all others, for `limit` at most. What was not
// done is seen in the job, and tried again no sooner than the next day; if `go_on` says no, as soon as somebody can.
void learn_by_itself(storage::Workspace& workspace, const storage::Job& job, const std::function<bool()>& go_on = {},
                     Milliseconds limit = 180'000);

}  // namespace understory::server
