// Maps of places: every area is drawn and opened, names cover no names, and lines are as fine as can be seen.
#include "publish/place_map.h"

#include <gtest/gtest.h>

#include <cmath>
#include <pugixml.hpp>

namespace understory::publish {

namespace {

MapArea square(const std::string& label, double east, double north, double size, int corners_a_side = 1) {
  places::Ring ring;
  const double step = size / corners_a_side;
  for (int i = 0; i < corners_a_side; ++i) ring.push_back({east + i * step, north});
  for (int i = 0; i < corners_a_side; ++i) ring.push_back({east + size, north + i * step});
  for (int i = 0; i < corners_a_side; ++i) ring.push_back({east + size - i * step, north + size});
  for (int i = 0; i <= corners_a_side; ++i) ring.push_back({east, north + size - i * step});
  return {label, "/places?under=" + label, {ring}};
}

std::vector<std::string> names_on(const std::string& svg) {
  pugi::xml_document page;
  EXPECT_TRUE(page.load_string(svg.c_str()));
  std::vector<std::string> names;
  for (const auto& each : page.select_nodes("//text")) names.push_back(each.node().child_value());
  return names;
}

}  // namespace

TEST(PlaceMap, NamesCoverNoOtherNamesAndEveryAreaCanBeOpened) {
  const std::string apart = place_map({square("Here", 100, 10, 1), square("There", 102, 10, 1)}, "Map", 400);
  EXPECT_EQ(names_on(apart), (std::vector<std::string>{"Here", "There"}));
  // The same middle: the second is told by its title alone.
  const std::string over = place_map({square("Around", 100, 10, 4), square("Within", 101, 11, 2)}, "Map", 400);
  EXPECT_EQ(names_on(over), std::vector<std::string>{"Around"});
  for (const char* part : {"<title>Within</title>", "href=\"/places?under=Within\"", "href=\"/places?under=Around\""})
    EXPECT_NE(over.find(part), std::string::npos) << part;
  EXPECT_EQ(place_map({}, "Map", 400), "");
}

TEST(PlaceMap, CornersThatNobodyCouldTellApartAreLeftOut) {
  const std::string fine = place_map({square("A", 100, 10, 1, 2000), square("B", 108, 10, 1, 2000)}, "Map", 400);
  EXPECT_LT(fine.size(), 8000u);
  EXPECT_GT(fine.size(), 1000u);
  pugi::xml_document page;
  ASSERT_TRUE(page.load_string(fine.c_str()));
  const std::string path = page.select_node("//path").node().attribute("d").value();
  EXPECT_EQ(path.substr(1, path.find('L') - 1), path.substr(path.rfind('L') + 1, path.size() - path.rfind('L') - 2))
      << "not closed: " << path;
}

}  // namespace understory::publish
