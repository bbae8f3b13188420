// What of a study somebody may see: everything, or the locations in some places, less the sources they are excluded
// from. Lists, counts, search, findings and exports take it, so that nobody learns by counting what they may not read.
#pragma once
#include <set>
#include <vector>

#include "people/rights.h"
#include "study/evidence.h"

namespace understory::study {

struct Limits {
  bool everything = true;  // every location, also "none"
  std::set<Id> locations;  // else these
  std::set<Id> without_sources;
  bool open(Id location, Id source) const {
    return (everything || locations.contains(location)) && !without_sources.contains(source);
  }
  bool none() const { return everything && without_sources.empty(); }  // nothing is limited
};

// A location lies within a reach when its place is one of the reach's places or below one; a location without a place
// lies within "everything" alone.
Limits limits_of(storage::Transaction& transaction, Id study, const people::Reach& reach);

// Takes out sources that are not open, whoever was behind those alone, their codings and links, and the locations.
Evidence limited(Evidence evidence, const Limits& limits);

}  // namespace understory::study
