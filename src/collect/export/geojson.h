// A form's submissions on a map: a GeoJSON FeatureCollection (RFC 7946) with a feature each submission that names a
// place, its other answers as properties.
#pragma once
#include "collect/export/outline.h"

namespace understory::collect {

// `field`: the path of a geopoint, geotrace or geoshape outside repeats, below the form's root ("household/location");
// empty: the first answer of each submission that is a place. Submissions without one, and those that do not open, are
// left out. kInvalidValue: no such field. Written as the walk goes.
Result<void> write_geojson(const Outline& outline, const Walk& walk, std::string_view field, const Sink& sink);

}  // namespace understory::collect
