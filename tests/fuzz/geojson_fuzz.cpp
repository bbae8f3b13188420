// Outlines of places.
#include "fuzz.h"
#include "places/boundaries.h"

std::vector<std::string> fuzz_seeds() {
  return {
      R"({"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"KH-20"},"geometry":{"type":"Polygon","coordinates":[[[105.7,10.9],[106.2,10.9],[106.2,11.4],[105.9,11.6],[105.7,11.4],[105.7,10.9]],[[105.8,11],[105.9,11],[105.9,11.1],[105.8,11]]]}}]})",
      R"({"features":[{"id":"KH","geometry":{"type":"MultiPolygon","coordinates":[[[[1e2,1],[101,1],[101,2.5e-1],[100,1]]],[[[-1,-1],[1,-1],[0,0],[-1,-1]]]]}}]})",
      R"({"features":[{"properties":{"shapeISO":"KH-1","code":7},"geometry":{"type":"Point","coordinates":[1,2]}},null,{}]})",
      // Four equal corners, and teeth of one height.
      R"({"features":[{"id":"K","geometry":{"type":"Polygon","coordinates":[[[1,1],[1,1],[1,1],[1,1]]]}}]})",
      R"({"features":[{"id":"K","geometry":{"type":"Polygon","coordinates":[[[0,0],[1,1],[2,0],[3,1],[4,0],[5,1],[6,0],[7,1],[7,9],[0,0]]]}}]})"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read =
      understory::places::read_geojson(std::string_view(reinterpret_cast<const char*>(data), size), "a.geojson");
  if (!read) return 0;
  for (const auto& each : *read)
    for (const auto& ring : each.boundary)
      if (ring.size() < 3 || ring.front() != ring.back()) __builtin_trap();
  return 0;
}
