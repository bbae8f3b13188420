// Whether a database still gives what was put into it.
#pragma once
#include "foundation/progress.h"
#include "storage/workspace.h"

namespace understory::storage {

// Reads every page that holds something of this workspace. Whether the pages have checksums: without them a flipped bit
// in a plain column is not noticed. kDamaged.
Result<bool> check_integrity(Transaction& transaction);
// Opens every attachment to its end; how many. kDamaged, kStopped.
Result<std::int64_t> check_blobs(Transaction& transaction, const Progress& progress = {});

}  // namespace understory::storage
