#include "server/held_files.h"

#include <gtest/gtest.h>

namespace understory::server {
namespace {

HeldFile file(const std::string& name, const std::string& content) { return {name, "image/jpeg", Upload(content)}; }

TEST(HeldFiles, KeepThoseOfOneFormUntilItIsSent) {
  HeldFiles held;
  held.put("one", file("a.jpg", "first"), 1000);
  held.put("one", file("a.jpg", "second"), 2000);
  held.put("one", file("b.jpg", "other"), 2000);
  held.put("two", file("a.jpg", "of another"), 2000);
  const auto files = held.of("one", 3000);
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(*files.at("a.jpg").content.text(100), "second");
  EXPECT_TRUE(held.of("three", 3000).empty());
  held.forget("one");
  EXPECT_TRUE(held.of("one", 3000).empty());
  EXPECT_EQ(held.of("two", 3000).size(), 1u);
}

TEST(HeldFiles, AreLetGoWhenNobodyComesBackOrTooManyAre) {
  HeldFiles held;
  held.put("old", file("a", "x"), 0);
  EXPECT_TRUE(held.of("old", HeldFiles::kLife + 1).empty());
  for (std::size_t i = 0; i < HeldFiles::kForms; ++i)
    held.put("form " + std::to_string(i), file("a", "x"), 1000 + static_cast<Milliseconds>(i));
  EXPECT_EQ(held.of("form 0", 2000).size(), 1u);  // looked at again: no longer the one untouched longest
  held.put("one more", file("a", "x"), 3000);
  EXPECT_EQ(held.of("form 0", 3000).size(), 1u);
  EXPECT_TRUE(held.of("form 1", 3000).empty());
  EXPECT_EQ(held.of("one more", 3000).size(), 1u);
}

}  // namespace
}  // namespace understory::server
