// The codebook a new study starts with: "local experiences", from src/study/codebook/local-experiences.csv.
#pragma once
#include "storage/workspace.h"
#include "study/material.h"

namespace understory::study {

// Codes with kinds, definitions, guidance and names in six further languages. Each code's GUID is made from its path,
// so that two workspaces' default codebooks are the same codebook to any program.
Result<Material> default_codebook();
Result<void> install_default_codebook(storage::Transaction& transaction, Id study);

}  // namespace understory::study
