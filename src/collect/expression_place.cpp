// Functions about places on the earth, taken as a sphere with the radius of the equator.
#include <cmath>
#include <numbers>

#include "collect/expression_parts.h"
#include "foundation/text.h"

namespace understory::collect::expressions {

namespace {

constexpr double kRadius = 6'378'100;  // metres, as ODK's tools have it
constexpr double kRadian = std::numbers::pi / 180;

struct Point {
  double latitude = 0, longitude = 0;
};

std::optional<Point> point_of(std::string_view text) {
  const auto parts = list_items(text);
  if (parts.size() < 2 || parts.size() > 4) return std::nullopt;
  const Point point{number_of(parts[0], 0), number_of(parts[1], 0)};
  if (!(std::abs(point.latitude) <= 90 && std::abs(point.longitude) <= 180)) return std::nullopt;
  return point;
}

// The points of a geopoint, geotrace or geoshape.
std::optional<std::vector<Point>> points_of(std::string_view text) {
  std::vector<Point> points;
  for (std::string_view each : split(text, ';')) {
    if (trim(each).empty()) continue;  // "1 2;3 4;"
    const auto point = point_of(each);
    if (!point) return std::nullopt;
    points.push_back(*point);
  }
  return points;
}

// All points of all arguments, in their order.
std::optional<std::vector<Point>> all_points(Call& call) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < call.count(); ++i)
    for (const std::string& each : call.texts(i)) {
      const auto some = points_of(each);
      if (!some || !call.spend(1 + some->size())) return std::nullopt;
      points.insert(points.end(), some->begin(), some->end());
    }
  return points;
}

double between(const Point& a, const Point& b) {
  const double latitude = std::sin((b.latitude - a.latitude) * kRadian / 2);
  const double longitude = std::sin((b.longitude - a.longitude) * kRadian / 2);
  const double half =
      latitude * latitude + std::cos(a.latitude * kRadian) * std::cos(b.latitude * kRadian) * longitude * longitude;
  return 2 * kRadius * std::asin(std::sqrt(std::min(1.0, half)));
}

Value distance(Call& call) {
  const auto points = all_points(call);
  if (!points) return kNoNumber;
  double length = 0;
  for (std::size_t i = 1; i < points->size(); ++i) length += between((*points)[i - 1], (*points)[i]);
  return length;
}

// The polygon laid flat beside its first point, east–west lengths by each point's latitude.
Value area(Call& call) {
  const auto points = all_points(call);
  if (!points) return kNoNumber;
  if (points->size() < 3) return 0.0;
  const double degree = 2 * std::numbers::pi * kRadius / 360;
  const Point& first = points->front();
  const auto east = [&](const Point& p) {
    return (p.longitude - first.longitude) * degree * std::cos(p.latitude * kRadian);
  };
  const auto north = [&](const Point& p) { return (p.latitude - first.latitude) * degree; };
  double twice = 0;
  for (std::size_t i = 0; i < points->size(); ++i) {
    const Point &a = (*points)[i], &b = (*points)[(i + 1) % points->size()];
    twice += east(a) * north(b) - east(b) * north(a);
  }
  return std::abs(twice) / 2;
}

// Whether a point lies in a shape: a line from it crosses the border an odd number of times. On the border is within.
Value geofence(Call& call) {
  const auto point = point_of(call.text(0));
  const auto shape = points_of(call.text(1));
  if (!point || !shape || shape->size() < 3) return false;
  bool within = false;
  for (std::size_t i = 0, j = shape->size() - 1; i < shape->size(); j = i++) {
    const Point &a = (*shape)[i], &b = (*shape)[j];
    const double cross = (b.longitude - a.longitude) * (point->latitude - a.latitude) -
                         (b.latitude - a.latitude) * (point->longitude - a.longitude);
    const bool beside = point->latitude >= std::min(a.latitude, b.latitude) &&
                        point->latitude <= std::max(a.latitude, b.latitude) &&
                        point->longitude >= std::min(a.longitude, b.longitude) &&
                        point->longitude <= std::max(a.longitude, b.longitude);
    if (cross == 0 && beside) return true;
    if ((a.latitude > point->latitude) != (b.latitude > point->latitude) &&
        point->longitude <
            (b.longitude - a.longitude) * (point->latitude - a.latitude) / (b.latitude - a.latitude) + a.longitude)
      within = !within;
  }
  return within;
}

}  // namespace

const Function kPlaceFunctions[] = {
    {"distance", 1, kAny, distance}, {"area", 1, kAny, area}, {"geofence", 2, 2, geofence}, {"", 0, 0, nullptr}};

}  // namespace understory::collect::expressions
