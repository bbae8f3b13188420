#include "publish/place_map.h"

#include <algorithm>
#include <cmath>

#include "foundation/text.h"
#include "publish/markup.h"

namespace understory::publish {

namespace {

constexpr double kDegrees = 3.14159265358979323846 / 180;
constexpr std::size_t kMostLabels = 40;
constexpr int kTallest = 900, kEdge = 6;
constexpr double kNearest = 1.2;  // CSS pixels
// Of a name, at 12 pixels. Letters of Khmer, Devanagari and Bengali are wider than those of Latin at the same size.
constexpr double kColumn = 7.6;

struct Frame {
  double west = 180, east = -180, south = 90, north = -90;
  void take(const places::Boundary& boundary) {
    for (const places::Ring& ring : boundary)
      for (const places::Corner& corner : ring) {
        west = std::min(west, corner.east), east = std::max(east, corner.east);
        south = std::min(south, corner.north), north = std::max(north, corner.north);
      }
  }
};

struct Name {
  double x, y, width;  // the middle of its foot
  bool touches(const Name& other) const {
    return std::abs(x - other.x) < (width + other.width) / 2 && std::abs(y - other.y) < 13;
  }
};

}  // namespace

std::string place_map(const std::vector<MapArea>& areas, const std::string& title, int width) {
  Frame frame;
  for (const MapArea& area : areas) frame.take(area.boundary);
  if (frame.east < frame.west) return "";
  // Degrees of longitude are drawn as wide as they are in the middle of the map.
  const double narrow = std::cos((frame.south + frame.north) / 2 * kDegrees),
               wide = std::max(1e-6, (frame.east - frame.west) * narrow),
               high = std::max(1e-6, frame.north - frame.south);
  const double scale = std::min((width - 2 * kEdge) / wide, (kTallest - 2 * kEdge) / high);
  const int drawn_width = static_cast<int>(std::ceil(wide * scale)) + 2 * kEdge,
            drawn_height = static_cast<int>(std::ceil(high * scale)) + 2 * kEdge;
  const auto x = [&](double east) { return kEdge + (east - frame.west) * narrow * scale; };
  const auto y = [&](double north) { return kEdge + (frame.north - north) * scale; };
  const bool links = std::any_of(areas.begin(), areas.end(), [](const MapArea& each) { return !each.address.empty(); });
  std::string out = fmt::format(
      "<svg class=\"panel map\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"{2}\" "
      "aria-label=\"{3}\">\n",
      drawn_width, drawn_height, links ? "group" : "img", escape_markup(title));
  std::string labels;
  std::vector<Name> labelled;
  for (const MapArea& area : areas) {
    if (area.boundary.empty()) continue;
    std::string path;
    Frame own;
    own.take(area.boundary);
    for (const places::Ring& ring : area.boundary) {
      double before_x = 0, before_y = 0;
      for (std::size_t i = 0; i < ring.size(); ++i) {
        const double to_x = x(ring[i].east), to_y = y(ring[i].north);
        // A corner nearer than nobody could tell apart: outlines are as fine as a map of their place alone shows.
        if (i > 0 && i + 1 < ring.size() && std::hypot(to_x - before_x, to_y - before_y) < kNearest) continue;
        path += fmt::format("{}{:.1f} {:.1f}", i == 0 ? "M" : "L", to_x, to_y);
        before_x = to_x, before_y = to_y;
      }
      path += "Z";
    }
    if (!area.address.empty()) out += fmt::format("<a href=\"{}\">", escape_markup(area.address));
    out += fmt::format(
        "<path d=\"{}\" fill=\"#e3edf6\" fill-rule=\"evenodd\" stroke=\"#2c6aa5\" "
        "stroke-width=\"1\"><title>{}</title></path>",
        path, escape_markup(area.label));
    if (!area.address.empty()) out += "</a>";
    out += "\n";
    // Where a name fits into its area, and over no other.
    const double room = (own.east - own.west) * narrow * scale, width_of_name = display_columns(area.label) * kColumn;
    if (labelled.size() == kMostLabels || width_of_name >= room || (own.north - own.south) * scale <= 16) continue;
    const Name name{x((own.east + own.west) / 2), y((own.north + own.south) / 2) + 4, width_of_name};
    if (std::any_of(labelled.begin(), labelled.end(), [&](const Name& each) { return each.touches(name); })) continue;
    labelled.push_back(name);
    labels += fmt::format(
        "<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"12\" text-anchor=\"middle\" fill=\"#1c2530\" stroke=\"#ffffff\" "
        "stroke-width=\"3\" "
        "paint-order=\"stroke\" pointer-events=\"none\" aria-hidden=\"true\">{}</text>\n",
        name.x, name.y, escape_markup(area.label));
  }
  return out + labels + "</svg>\n";
}

}  // namespace understory::publish
