// Words of names are found in every script.
#include "storage/search.h"

#include "testing/workspace.h"

namespace understory::storage {

class Search : public testing_support::OnBothEngines {};
INSTANTIATE_TEST_SUITE_P(Engines, Search, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(Search, WordsOfEveryScriptAreFound) {
  Transaction transaction = workspace().write();
  const Id khmer = Id::make(), thai = Id::make(), nepali = Id::make();
  index_words(transaction, "place", khmer, "ព្រៃអណ្ដូង ស្វាយរៀង", "km");
  index_words(transaction, "place", thai, "ตลาดปลาเชียงราย", "th");
  index_words(transaction, "place", nepali, "ठूलो डाँडा Thulo Danda", "ne");
  EXPECT_EQ(find_words(transaction, "place", "thulo dan"), std::vector<Id>{nepali});
  EXPECT_EQ(find_words(transaction, "place", "ตลาด"), std::vector<Id>{thai});
  EXPECT_EQ(find_words(transaction, "place", "ស្វាយរៀង"), std::vector<Id>{khmer});
  EXPECT_TRUE(find_words(transaction, "code", "thulo").empty());
  EXPECT_TRUE(find_words(transaction, "place", "\" OR * (").empty());
  forget_words(transaction, "place", nepali);
  EXPECT_TRUE(find_words(transaction, "place", "thulo").empty());
}

}  // namespace understory::storage
