// Where places lie: outlines that somebody brought as GeoJSON, kept small enough to be drawn on an old phone; until
// then those of first-level areas that come with the program. Areas alone, never a point: a point on a map is
// somebody's house.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "storage/workspace.h"

namespace understory::places {

struct Corner {
  double east = 0, north = 0;  // degrees, WGS 84
  auto operator<=>(const Corner&) const = default;
};
using Ring = std::vector<Corner>;    // closed: the last is the first
using Boundary = std::vector<Ring>;  // outer and inner rings of all parts; filled by the even-odd rule

struct ReadBoundary {
  std::string code;
  int feature = 0;  // its number in the file, from 1
  Boundary boundary;
};

// A FeatureCollection (RFC 7946) of Polygons and MultiPolygons, each with the code of its place in properties.code (or
// its id, or shapeISO / ADM1_PCODE and the like as text). At most 20 MB, 20,000 features and two million corners.
// kBadGeoJson names the feature and what is wrong with it: no JSON, another geometry, a corner outside the Earth, a
// ring that is not closed, an outline that encloses nothing, no code, a code twice. Rings are thinned to what a map of
// the feature can show (Douglas & Peucker 1973, a four-hundredth of its width).
Result<std::vector<ReadBoundary>> read_geojson(std::string_view bytes, std::string_view file);

// A table begins with a word, GeoJSON with a brace.
bool looks_like_geojson(std::string_view bytes);

struct BoundaryImport {
  std::int64_t added = 0, changed = 0;
};
// All or none; a place's outline of before is replaced. Also kUnknownPlace, with the feature.
Result<BoundaryImport> import_boundaries(storage::Transaction& transaction, const std::vector<ReadBoundary>& read,
                                         std::string_view file);
Result<BoundaryImport> import_boundaries(storage::Transaction& transaction, std::string_view bytes,
                                         std::string_view file);
// Places right below each, of all that have any.
std::map<std::string, std::int64_t> count_children(storage::Transaction& transaction);
// Of those of these places that have one: somebody's, else that which comes with the program.
std::map<std::string, Boundary> boundaries(storage::Transaction& transaction, const std::vector<std::string>& codes);

}  // namespace understory::places
