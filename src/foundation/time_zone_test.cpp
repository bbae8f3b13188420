// What clocks show where.
#include "foundation/time_zone.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace understory {

TEST(TimeZone, ClocksOfACountry) {
  const Milliseconds november = *parse_time("2026-11-24T00:00:00Z"), july = *parse_time("2026-07-01T00:00:00Z");
  EXPECT_EQ(offset_of_country("KH", november), 420);
  EXPECT_EQ(offset_of_country("NP", november), 345);
  EXPECT_EQ(offset_of_country("IN", november), 330);
  EXPECT_EQ(offset_of_country("GB", november), 0);
  EXPECT_EQ(offset_of_country("GB", july), 60);
  EXPECT_EQ(offset_of_country("ID", november), std::nullopt);  // three clocks
  EXPECT_EQ(offset_of_country("US", november), std::nullopt);
  for (const char* none : {"", "K", "KH-20", "QQ", "kambuja"})
    EXPECT_EQ(offset_of_country(none, november), std::nullopt) << none;
  const auto all = offsets_anywhere(november);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  EXPECT_GT(all.size(), 25u);
  EXPECT_LT(all.size(), 50u);
  EXPECT_NE(std::find(all.begin(), all.end(), 345), all.end());
}

TEST(TimeZone, OffsetsAreWrittenAndRead) {
  EXPECT_EQ(offset_text(420), "+07:00");
  EXPECT_EQ(offset_text(-210), "-03:30");
  EXPECT_EQ(offset_text(0), "+00:00");
  EXPECT_EQ(offset_in("2026-12-01T18:30:00.000+05:45"), 345);
  EXPECT_EQ(offset_in("18:30:00.000-03:30"), -210);
  EXPECT_EQ(offset_in("2026-12-01T18:30:00Z"), 0);
  for (const char* none : {"", "Z", "2026-12-01", "18:30", "18:30:00", "2026-12-01T18:30:00", "18:30:00+7:00"})
    EXPECT_EQ(offset_in(none), std::nullopt) << none;
}

}  // namespace understory
