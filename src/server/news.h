// Who waits to hear that something was done to a study, and those who tell. Threads of this process hear at once;
// what another server did on the same database they find by looking, once a second.
#pragma once
#include <functional>

#include "foundation/id.h"

namespace understory::server::news {

// After the transaction that did it.
void tell(Id study);

// Asks `is_there` at once, after each telling of the study, and once a second, until it says yes or time is up: eight
// seconds, which is less than a server waits when it is told to stop. What it said last.
bool wait(Id study, const std::function<bool()>& is_there);

}  // namespace understory::server::news
