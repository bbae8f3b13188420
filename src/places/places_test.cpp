#include "places/places.h"

#include "testing/workspace.h"

namespace understory::places {

using storage::Transaction;

class Places : public testing_support::OnBothEngines {};
INSTANTIATE_TEST_SUITE_P(Engines, Places, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(Places, SixCountriesAndTheirFirstLevelAreasAreBuiltIn) {
  Transaction transaction = workspace().write();
  EXPECT_GT(*install_builtin_places(transaction), 150);
  EXPECT_EQ(children(transaction, "").size(), 6u);
  EXPECT_EQ(full_name(transaction, "KH-20", "en"), "Svay Rieng, Cambodia");
  EXPECT_EQ(name_of(transaction, "KH-20", "km"), "ស្វាយរៀង");
  for (const Place& country : children(transaction, ""))
    EXPECT_GT(children(transaction, country.code).size(), 4u) << country.code;
  const std::size_t areas = subtree(transaction, "KH").size();
  ASSERT_TRUE(install_builtin_places(transaction));
  EXPECT_EQ(subtree(transaction, "KH").size(), areas);  // again: nothing twice
}

TEST_P(Places, AVillageTreeIsImportedAndAsked) {
  Transaction transaction = workspace().write();
  ASSERT_TRUE(install_builtin_places(transaction));
  const auto report = import_places(transaction,
                                    "code,parent,level,en,km\n2009,KH-20,district,Romeas,រមាស\n200907,2009,commune,"
                                    "Prey,ព្រៃ\n20090701,200907,village,Trapeang,ត្រពាំង\n",
                                    "places.csv");
  ASSERT_TRUE(report) << report.error().sentence();
  EXPECT_EQ(report->added, 3);
  EXPECT_EQ(subtree(transaction, "2009").size(), 3u);
  EXPECT_TRUE(is_within(transaction, "20090701", "KH-20"));
  EXPECT_FALSE(is_within(transaction, "KH-20", "20090701"));
  EXPECT_EQ(ancestors(transaction, "20090701").size(), 5u);
  EXPECT_EQ(search(transaction, "trap").at(0).code, "20090701");
  EXPECT_EQ(import_places(transaction, "code,parent,level,en\n2009,KH-20,district,Romeas\n", "again.csv")->added, 0);
}

TEST_P(Places, ALostLeadingZeroIsNoticed) {
  Transaction transaction = workspace().write();
  ASSERT_TRUE(install_builtin_places(transaction));
  ASSERT_TRUE(import_places(transaction, "code,parent,level,en\n0215,KH-2,district,Koas\n", "places.csv"));
  const auto lost = require_place(transaction, "215", "Row 3");
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code(), "unknown_place");
  EXPECT_NE(lost.error().details().at("hint").find("0215"), std::string::npos);
}

TEST_P(Places, BadTablesNameTheRow) {
  Transaction transaction = workspace().write();
  ASSERT_TRUE(install_builtin_places(transaction));
  EXPECT_EQ(import_places(transaction, "code,level,en\n1,village,A\n", "p.csv").error().code(), "missing_column");
  EXPECT_EQ(import_places(transaction, "code,parent,level,en\n1,KH-99,village,A\n", "p.csv").error().code(),
            "unknown_place");
  EXPECT_FALSE(import_places(transaction, "code,parent,level,en\n1,1,village,A\n", "p.csv"));
}

}  // namespace understory::places
