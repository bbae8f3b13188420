// Problems of places, beside foundation's catalogue of all others.
#pragma once
#include "foundation/problems.h"

namespace understory::problems {

inline constexpr ProblemKind kBadGeoJson{"bad_geojson", 422,
                                         "{file}, feature {feature}: {reason}. Nothing of the file was taken."};

}  // namespace understory::problems
