// Denials that need not be told each time.
#pragma once
#include "storage/workspace.h"

namespace understory::people {

// Whether the newest that the log tells of a record is a denial of this minute. Once a minute is enough to know of a
// phone that is over and asks all the same: its requests must not fill the disk.
bool denied_this_minute(storage::Transaction& transaction, Id record);

}  // namespace understory::people
