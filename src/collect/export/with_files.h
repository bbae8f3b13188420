// Private to the room: which submissions have files to go with an export.
#pragma once
#include <vector>

#include "storage/workspace.h"

namespace understory::collect {

// Those of a form whose newest instance has a file that is here, whether it names it or not; in the order they came.
std::vector<Id> submissions_with_files(storage::Transaction& transaction, Id form);

}  // namespace understory::collect
