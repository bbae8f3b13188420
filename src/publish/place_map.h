// A map of places that lie beside each other, from their outlines alone: no tiles, no points, nothing asked of anybody.
#pragma once
#include <string>
#include <vector>

#include "foundation/catalogue.h"
#include "places/boundaries.h"

namespace understory::publish {

struct MapArea {
  std::string label;    // also its title
  std::string address;  // what it links to; empty: nothing
  places::Boundary boundary;
};
// SVG of at most `width` CSS pixels, as figures are; empty where no area has an outline.
std::string place_map(const std::vector<MapArea>& areas, const std::string& title, int width = 640);

}  // namespace understory::publish
