// Where each text of a study belongs, as rights are decided by; nothing is opened.
#pragma once
#include <vector>

#include "foundation/id.h"
#include "storage/workspace.h"

namespace understory::study {

struct SourcePlace {
  Id source, location;  // no location: none
};
// The newest version of each source.
std::vector<SourcePlace> source_places(storage::Transaction& transaction, Id study);

}  // namespace understory::study
