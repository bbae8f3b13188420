#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <set>

#include "foundation/text.h"
#include "places/boundaries.h"
#include "places/problems.h"

namespace understory::places {

namespace json = boost::json;

namespace {

constexpr std::size_t kMostBytes = 20'000'000, kMostFeatures = 20'000, kMostCorners = 2'000'000;
constexpr double kParts = 400;  // a feature is drawn so many steps wide at most
constexpr std::size_t kMostCornersOfRing = 100'000;
constexpr std::size_t kMostKept = 2000;  // corners of a ring whose thinning was given up
constexpr std::size_t kMostLooks = 60;   // at a corner of a ring, on average, while it is thinned

// What data sets call the code of a place, ours first.
constexpr std::string_view kCodeNames[] = {"code",       "shapeISO",   "ADM4_PCODE", "ADM3_PCODE",
                                           "ADM2_PCODE", "ADM1_PCODE", "ADM0_PCODE", "iso_3166_2"};

class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  Result<std::vector<ReadBoundary>> read(std::string_view bytes) {
    if (bytes.size() > kMostBytes)
      return fail(problems::kTooLarge, {{"what", std::string(file_)},
                                        {"limit", "20 MB"},
                                        {"hint", "Simplify the outlines, or bring a province at a time."}});
    boost::system::error_code wrong;
    json::parse_options limits;
    limits.max_depth = 32;
    if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
    const json::value document = json::parse(json::string_view(bytes.data(), bytes.size()), wrong, {}, limits);
    if (wrong) return bad("it is not JSON: " + wrong.message());
    const json::object* whole = document.if_object();
    const json::array* features = whole ? array_of(*whole, "features") : nullptr;
    if (!features) return bad("it is no FeatureCollection: it has no list “features”");
    if (features->size() > kMostFeatures) return bad("it has more than 20,000 features");
    std::vector<ReadBoundary> read;
    std::set<std::string> seen;
    for (const json::value& each : *features) {
      ++feature_;
      ReadBoundary made = TRY(read_feature(each));
      if (!seen.insert(made.code).second) return bad("the code “" + made.code + "” stands twice");
      read.push_back(std::move(made));
    }
    if (read.empty()) return bad("it has no features");
    return read;
  }

 private:
  tl::unexpected<Problem> bad(std::string reason) const {
    return fail(problems::kBadGeoJson,
                {{"file", std::string(file_)}, {"feature", std::to_string(feature_)}, {"reason", std::move(reason)}});
  }
  static const json::value* member(const json::object& object, std::string_view name) {
    const auto found = object.find(json::string_view(name.data(), name.size()));
    return found == object.end() ? nullptr : &found->value();
  }
  static const json::array* array_of(const json::object& object, std::string_view name) {
    const json::value* value = member(object, name);
    return value ? value->if_array() : nullptr;
  }
  static std::string text_of(const json::value* value) {
    return value && value->is_string() ? std::string(trim(std::string_view(value->as_string()))) : "";
  }

  Result<std::string> code_of(const json::object& feature) const {
    const json::value* properties = member(feature, "properties");
    if (properties && properties->is_object())
      for (std::string_view name : kCodeNames) {
        const json::value* value = member(properties->as_object(), name);
        if (value && value->is_number())
          return bad("the code under “" + std::string(name) +
                     "” is a number; codes are text, since leading zeros matter");
        if (std::string code = text_of(value); !code.empty() && code.size() <= 60) return code;
      }
    if (std::string code = text_of(member(feature, "id")); !code.empty() && code.size() <= 60) return code;
    return bad("it has no code: put the code of the place into its property “code”");
  }

  Result<ReadBoundary> read_feature(const json::value& value) {
    const json::object* feature = value.if_object();
    if (!feature) return bad("it is no feature");
    ReadBoundary read {
      TRY(code_of(*feature))
      , feature_, {}
    };
    const json::value* found = member(*feature, "geometry");
    const json::object* geometry = found ? found->if_object() : nullptr;
    const std::string kind = geometry ? text_of(member(*geometry, "type")) : "";
    if (kind != "Polygon" && kind != "MultiPolygon")
      return bad((kind.empty() ? std::string("it has no geometry") : "its geometry is a " + kind) +
                 "; only the outline of an area is taken (Polygon or MultiPolygon), never a point");
    const json::array* coordinates = array_of(*geometry, "coordinates");
    if (!coordinates) return bad("its geometry has no coordinates");
    if (kind == "Polygon") {
      TRY(read_polygon(*coordinates, read.boundary));
    } else {
      for (const json::value& part : *coordinates) {
        if (!part.is_array()) return bad("a part of it is no list of rings");
        TRY(read_polygon(part.as_array(), read.boundary));
      }
    }
    if (read.boundary.empty()) return bad("its outline has no corner");
    thin(read.boundary);
    if (read.boundary.empty()) return bad("its outline encloses no area: all its corners lie on one line or point");
    return read;
  }

  Result<void> read_polygon(const json::array& rings, Boundary& boundary) {
    for (const json::value& value : rings) {
      if (!value.is_array()) return bad("a ring of it is no list of corners");
      Ring ring;
      if (value.as_array().size() > kMostCornersOfRing) return bad("a ring of it has more than 100,000 corners");
      for (const json::value& each : value.as_array()) {
        const json::array* pair = each.if_array();
        if (!pair || pair->size() < 2 || !(*pair)[0].is_number() || !(*pair)[1].is_number())
          return bad("a corner of it is no pair of numbers");
        const Corner corner{(*pair)[0].to_number<double>(), (*pair)[1].to_number<double>()};
        if (!(std::abs(corner.east) <= 180 && std::abs(corner.north) <= 90))
          return bad(
              "a corner of it lies outside the Earth: degrees of longitude come first, then of latitude (WGS 84)");
        if (++corners_ > kMostCorners) return bad("the file has more than two million corners");
        ring.push_back(corner);
      }
      if (ring.size() < 4) return bad("a ring of it has fewer than four corners");
      if (ring.front() != ring.back()) return bad("a ring of it is not closed: its last corner is not its first");
      boundary.push_back(std::move(ring));
    }
    return {};
  }

  // Twice what the ring encloses, in square degrees.
  static double area(const Ring& ring) {
    double sum = 0;
    for (std::size_t i = 0; i + 1 < ring.size(); ++i)
      sum += (ring[i].east - ring[0].east) * (ring[i + 1].north - ring[0].north) -
             (ring[i + 1].east - ring[0].east) * (ring[i].north - ring[0].north);
    return std::abs(sum);
  }

  // Corners nearer than `tolerance` to the one kept before them go: those that are left are few enough for thinned(),
  // whose work may grow with the square of them.
  static Ring walked(const Ring& ring, double tolerance) {
    Ring kept{ring.front()};
    for (std::size_t i = 1; i + 1 < ring.size(); ++i)
      if (std::hypot(ring[i].east - kept.back().east, ring[i].north - kept.back().north) > tolerance)
        kept.push_back(ring[i]);
    kept.push_back(ring.back());
    return kept;
  }

  // Corners nearer to the line than `tolerance` go. Without recursion: a ring may have a hundred thousand. Where each
  // cut takes one corner off (teeth of the same height) the work is the square of the corners: a stretch is looked at
  // at most kMostLooks times as often as the ring is long, then every so manieth corner of what is left stays.
  static Ring thinned(const Ring& ring, double tolerance) {
    std::vector<char> stays(ring.size());
    stays.front() = stays.back() = 1;
    // A closed ring has no line between its ends: it is cut at the corner farthest from the first.
    std::size_t far = 0;
    const auto apart = [&](std::size_t a, std::size_t b) {
      return std::hypot(ring[a].east - ring[b].east, ring[a].north - ring[b].north);
    };
    for (std::size_t i = 1; i + 1 < ring.size(); ++i)
      if (apart(0, i) > apart(0, far)) far = i;
    stays[far] = 1;
    std::vector<std::pair<std::size_t, std::size_t>> open{{0, far}, {far, ring.size() - 1}};
    std::size_t looks = kMostLooks * ring.size();
    while (!open.empty()) {
      const auto [from, to] = open.back();
      open.pop_back();
      if (to - from > looks) {
        for (std::size_t i = from + 1; i < to; i += ring.size() / kMostKept + 1) stays[i] = 1;
        continue;
      }
      looks -= to - from;
      const double wide = apart(from, to);
      double most = tolerance;
      std::size_t at = 0;
      for (std::size_t i = from + 1; i < to; ++i) {
        const double across = wide == 0
                                  ? apart(from, i)
                                  : std::abs((ring[to].east - ring[from].east) * (ring[from].north - ring[i].north) -
                                             (ring[from].east - ring[i].east) * (ring[to].north - ring[from].north)) /
                                        wide;
        if (across > most) most = across, at = i;
      }
      if (at == 0) continue;
      stays[at] = 1;
      open.emplace_back(from, at);
      open.emplace_back(at, to);
    }
    Ring kept;
    for (std::size_t i = 0; i < ring.size(); ++i)
      if (stays[i]) kept.push_back(ring[i]);
    return kept;
  }

  static void thin(Boundary& boundary) {
    double west = 180, east = -180, south = 90, north = -90;
    for (const Ring& ring : boundary)
      for (const Corner& corner : ring) {
        west = std::min(west, corner.east), east = std::max(east, corner.east);
        south = std::min(south, corner.north), north = std::max(north, corner.north);
      }
    const double tolerance = std::max(east - west, north - south) / kParts;
    std::erase_if(boundary, [](const Ring& ring) { return area(ring) <= 0; });
    if (boundary.empty()) return;
    Boundary kept;
    for (const Ring& ring : boundary)
      if (Ring thin = thinned(walked(ring, tolerance / 4), tolerance); thin.size() >= 4)
        kept.push_back(std::move(thin));
    if (kept.empty()) {  // all of it is smaller than a step
      Ring all = walked(boundary.front(), tolerance / 4);
      kept.push_back(all.size() >= 4 ? std::move(all) : boundary.front());
    }
    boundary = std::move(kept);
  }

  std::string_view file_;
  int feature_ = 0;
  std::size_t corners_ = 0;
};

}  // namespace

bool looks_like_geojson(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  const std::string_view words = trim(bytes.substr(0, 200));
  return words.starts_with('{') || words.starts_with('[');
}

Result<std::vector<ReadBoundary>> read_geojson(std::string_view bytes, std::string_view file) {
  return Reader(file).read(bytes);
}

}  // namespace understory::places
