// Views of the list of sources that somebody keeps.
#include "study/saved_view.h"

#include "testing/studies.h"

namespace understory::study {

class SavedViews : public Studies {};
INSTANTIATE_TEST_SUITE_P(Engines, SavedViews, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(SavedViews, AreFiftyAtMostAndTheLastCanStillBeReplaced) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction), anita = Id::make(), rafiq = Id::make();
  for (std::size_t i = 0; i < kMostViews; ++i)
    ASSERT_TRUE(save_view(transaction, study, anita, "View " + std::to_string(i), "words=a"));
  EXPECT_EQ(save_view(transaction, study, anita, "One more", "words=b").error().code(), "invalid_value");
  const auto replaced = save_view(transaction, study, anita, " View 7 ", "words=b");
  ASSERT_TRUE(replaced) << replaced.error().sentence();
  const auto views = saved_views(transaction, study, anita);
  ASSERT_EQ(views.size(), kMostViews);
  int changed = 0;
  for (const SavedView& each : views)
    if (each.filter == "words=b") {
      ++changed;
      EXPECT_EQ(each.name, "View 7");
      EXPECT_EQ(each.id, *replaced);
    }
  EXPECT_EQ(changed, 1);
  EXPECT_TRUE(save_view(transaction, study, rafiq, "One more", "words=b"));
}

}  // namespace understory::study
