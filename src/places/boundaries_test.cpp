#include "places/boundaries.h"

#include <chrono>
#include <cmath>

#include "places/places.h"
#include "testing/workspace.h"

namespace understory::places {

namespace {

std::string feature(const std::string& code, const std::string& geometry) {
  return R"({"type":"Feature","properties":{"code":)" + code + R"(},"geometry":)" + geometry + "}";
}
std::string collection(const std::string& features) {
  return R"({"type":"FeatureCollection","features":[)" + features + "]}";
}
constexpr const char* kSquare = R"({"type":"Polygon","coordinates":[[[105,11],[106,11],[106,12],[105,12],[105,11]]]})";

}  // namespace

TEST(GeoJson, OutlinesAreReadWithTheirCodes) {
  const auto read = read_geojson(
      "\xEF\xBB\xBF" +
          collection(
              feature(R"("KH-20")", kSquare) + "," +
              feature(
                  R"("0204")",
                  R"({"type":"MultiPolygon","coordinates":[[[[1,1],[2,1],[2,2],[1,1]]],[[[5,5],[6,5],[6,6],[5,5]]]]})")),
      "a.geojson");
  ASSERT_TRUE(read) << read.error().sentence();
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ((*read)[0].code, "KH-20");
  EXPECT_EQ((*read)[0].boundary.at(0).size(), 5u);
  EXPECT_EQ((*read)[1].code, "0204");
  EXPECT_EQ((*read)[1].boundary.size(), 2u);
}

TEST(GeoJson, AnOutlineIsThinnedToWhatAMapShowsAndKeepsItsShape) {
  std::string corners;
  for (int i = 0; i <= 20000; ++i) {
    const double turn = 2 * 3.14159265358979 * (i % 20000) / 20000;
    corners += (i ? "," : "") + fmt::format("[{:.7f},{:.7f}]", 105 + std::cos(turn), 11 + std::sin(turn));
  }
  const auto read =
      read_geojson(collection(feature(R"("KH")", R"({"type":"Polygon","coordinates":[[)" + corners + "]]}")), "a");
  ASSERT_TRUE(read) << read.error().sentence();
  const Ring& ring = (*read)[0].boundary.at(0);
  EXPECT_LT(ring.size(), 200u);
  EXPECT_GT(ring.size(), 12u);
  EXPECT_EQ(ring.front(), ring.back());
  for (const Corner& corner : ring) EXPECT_NEAR(std::hypot(corner.east - 105, corner.north - 11), 1, 1e-5);
}

TEST(GeoJson, TeethOfOneHeightDoNotTakeForever) {
  // Each cut takes off one tooth: thinning grows with the square of the corners unless it is bounded.
  std::string ring;
  for (int i = 0; i < 99'990; ++i) ring += fmt::format("[{:.6f},{}],", 100 + i / 1e5, i % 2 ? 11.0 : 11.01);
  ring += "[100.5,12],[100,11.01]";
  const auto start = std::chrono::steady_clock::now();
  const auto read =
      read_geojson(collection(feature(R"("KH")", R"({"type":"Polygon","coordinates":[[)" + ring + "]]}")), "a");
  ASSERT_TRUE(read) << read.error().sentence();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));  // unbounded: minutes
  EXPECT_GE((*read)[0].boundary.at(0).size(), 4u);
  EXPECT_LE((*read)[0].boundary.at(0).size(), 3000u);
  EXPECT_EQ((*read)[0].boundary.at(0).front(), (*read)[0].boundary.at(0).back());
}

TEST(GeoJson, WhatIsWrongIsSaidWithItsFeature) {
  const std::string good = feature(R"("KH-20")", kSquare);
  for (const auto& [text, number, reason] : std::initializer_list<std::tuple<std::string, const char*, const char*>>{
           {"{", "0", "it is not JSON"},
           {"[]", "0", "no FeatureCollection"},
           {collection(""), "0", "no features"},
           {collection(good + "," + good), "2", "stands twice"},
           {collection(feature(R"("KH-1")", R"({"type":"Point","coordinates":[1,2]})")), "1", "never a point"},
           {collection(good + "," + feature("7", kSquare)), "2", "leading zeros"},
           {collection(feature(R"("")", kSquare)), "1", "no code"},
           {collection(feature(R"("K")", R"({"type":"Polygon","coordinates":[[[1,1],[2,1],[2,2],[1,2]]]})")), "1",
            "not closed"},
           {collection(
                feature(R"("K")", R"({"type":"Polygon","coordinates":[[[11,105],[12,105],[12,106],[11,105]]]})")),
            "1", "outside the Earth"},
           {collection(feature(R"("K")", R"({"type":"Polygon","coordinates":[[[1,"x"]]]})")), "1",
            "no pair of numbers"},
           {collection(feature(R"("K")", R"({"type":"Polygon","coordinates":[]})")), "1", "no corner"},
           {collection(feature(R"("K")", R"({"type":"Polygon","coordinates":[[[1,1],[1,1],[1,1],[1,1]]]})")), "1",
            "encloses no area"},
           {collection(feature(R"("K")", R"({"type":"Polygon","coordinates":[[[1,1],[2,2],[3,3],[1,1]]]})")), "1",
            "encloses no area"},
           {collection(feature(R"("K")", "null")), "1", "no geometry"}}) {
    const auto read = read_geojson(text, "a.geojson");
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code(), "bad_geojson");
    EXPECT_EQ(read.error().details().at("feature"), number) << text;
    EXPECT_NE(read.error().sentence().find(reason), std::string::npos) << read.error().sentence();
  }
}

class Outlines : public testing_support::OnBothEngines {};
INSTANTIATE_TEST_SUITE_P(Engines, Outlines, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(Outlines, AreKeptReplacedAndFound) {
  auto transaction = workspace().write();
  ASSERT_TRUE(install_builtin_places(transaction));
  const auto first = import_boundaries(transaction, collection(feature(R"("KH-20")", kSquare)), "a.geojson");
  ASSERT_TRUE(first) << first.error().sentence();
  EXPECT_EQ(first->added, 1);
  const auto again = import_boundaries(
      transaction,
      collection(
          feature(R"("KH-20")", R"({"type":"Polygon","coordinates":[[[105.25,11],[106,11],[106,12],[105.25,11]]]})") +
          "," + feature(R"("KH-1")", kSquare)),
      "b.geojson");
  ASSERT_TRUE(again) << again.error().sentence();
  EXPECT_EQ(again->added, 1);
  EXPECT_EQ(again->changed, 1);
  const auto found = boundaries(transaction, {"KH-20", "KH-1", "KH"});
  EXPECT_EQ(found.size(), 2u);  // none of a country
  EXPECT_EQ(found.at("KH-20").at(0).front(), (Corner{105.25, 11}));
  EXPECT_GT(count_children(transaction).at("KH"), 20);
}

bool holds(const Boundary& boundary, double east, double north) {  // by the even-odd rule, as it is filled
  bool inside = false;
  for (const Ring& ring : boundary)
    for (std::size_t i = 1; i < ring.size(); ++i)
      if ((ring[i - 1].north > north) != (ring[i].north > north) &&
          east < ring[i].east +
                     (ring[i - 1].east - ring[i].east) * (north - ring[i].north) / (ring[i - 1].north - ring[i].north))
        inside = !inside;
  return inside;
}

TEST_P(Outlines, OfFirstLevelAreasComeWithTheProgramUntilSomebodyBringsTheirOwn) {
  auto transaction = workspace().write();
  ASSERT_TRUE(install_builtin_places(transaction));
  std::size_t areas = 0;
  for (const char* country : {"KH", "NP", "IN", "BD", "TH", "VN"}) {
    std::vector<std::string> codes;
    for (const Place& place : children(transaction, country)) codes.push_back(place.code);
    const auto found = boundaries(transaction, codes);
    for (const std::string& code : codes) {
      ASSERT_TRUE(found.contains(code)) << code << " has no outline";
      for (const Ring& ring : found.at(code)) {
        ASSERT_GE(ring.size(), 4u) << code;
        EXPECT_EQ(ring.front(), ring.back()) << code;
        for (const Corner& corner : ring)
          ASSERT_TRUE(corner.east > 65 && corner.east < 120 && corner.north > 5 && corner.north < 38) << code;
      }
    }
    areas += found.size();
  }
  EXPECT_GT(areas, 200u);
  auto some = boundaries(transaction, {"KH-20", "KH-12", "TH-57", "BD-D"});
  EXPECT_TRUE(holds(some.at("KH-20"), 105.8, 11.1));    // the town of Svay Rieng
  EXPECT_TRUE(holds(some.at("KH-12"), 104.92, 11.55));  // Phnom Penh
  EXPECT_FALSE(holds(some.at("KH-12"), 105.8, 11.1));
  EXPECT_TRUE(holds(some.at("TH-57"), 99.83, 19.91));  // Chiang Rai
  EXPECT_TRUE(holds(some.at("BD-D"), 89.55, 22.85));   // Khulna
  ASSERT_TRUE(import_boundaries(transaction, collection(feature(R"("KH-20")", kSquare)), "a.geojson"));
  EXPECT_EQ(boundaries(transaction, {"KH-20"}).at("KH-20").at(0).size(), 5u);
}

TEST_P(Outlines, OfAPlaceNobodyKnowsAreRefusedWithTheFeature) {
  auto transaction = workspace().write();
  ASSERT_TRUE(install_builtin_places(transaction));
  const auto refused = import_boundaries(
      transaction, collection(feature(R"("KH-20")", kSquare) + "," + feature(R"("KH-99")", kSquare)), "a.geojson");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "unknown_place");
  EXPECT_NE(refused.error().sentence().find("a.geojson, feature 2"), std::string::npos) << refused.error().sentence();
}

}  // namespace understory::places
