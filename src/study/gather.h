// The one way out of a study: rows → Material, in a fixed order (by name, then position), so that writing it twice
// gives the same bytes.
#pragma once
#include <optional>

#include "foundation/progress.h"
#include "storage/workspace.h"
#include "study/material.h"

namespace understory::study {

struct GatherOptions {
  bool texts = true;        // open the sources' texts (a codings table without quotes does not need them)
  bool originals = false;   // and the files they came from
  bool masked = false;      // identifying passages replaced by as many "#" as they have bytes
  std::optional<Id> coder;  // who it is for: of sources that are coded blind it has what this coder put on them alone
};
Result<Material> gather(storage::Transaction& transaction, Id study, const GatherOptions& options,
                        const Progress& progress = {});

}  // namespace understory::study
