// Every registered query is prepared and run on both engines, with parameters that fit nothing: a typing mistake or a
// word only one engine knows shows here, not at somebody's desk.
#include "storage/connection.h"
#include "testing/workspace.h"

namespace understory::storage {

class Queries : public testing_support::OnBothEngines {};
INSTANTIATE_TEST_SUITE_P(Engines, Queries, testing_support::BothEngines(), testing_support::engine_name);

namespace {

int parameters_of(std::string_view sql) {
  int count = 0;
  bool quoted = false;
  for (const char c : sql) {
    if (c == '\'') quoted = !quoted;
    count += c == '?' && !quoted;
  }
  return count;
}

}  // namespace

TEST_P(Queries, EachRunsOnThisEngine) {
  ASSERT_GT(Query::all().size(), 60u);
  std::set<std::string_view> names;
  for (const Query* query : Query::all()) {
    EXPECT_TRUE(names.insert(query->name()).second) << query->name() << " stands twice";
    if (query->name().rfind("test.", 0) == 0) continue;
    Transaction transaction = workspace().write();
    std::vector<Parameter> nothing(static_cast<std::size_t>(parameters_of(query->sql(GetParam()))), Parameter(nullptr));
    if (query->sql(GetParam()).ends_with("limit ?")) nothing.back() = Parameter(1);
    if (query->name() == "storage.find_words")
      nothing[2] = Parameter("\"word\"");  // an empty search is no search at all

    if (query->name() == "storage.cut_log") transaction.commit();  // it is asked once everything is kept
    try {
      transaction.each(*query, Parameters(nothing), [](const Row&) {});
    } catch (const DatabaseError& error) {
      // Nulls where none may stand are refused by the tables, which is to have been prepared and run.
      EXPECT_EQ(error.kind(), DatabaseError::Kind::kConstraint) << query->name() << ": " << error.what();
    }
  }
}

TEST_P(Queries, EveryTableAndEveryQueryNamesTheWorkspace) {
  for (const Query* query : Query::all()) {
    const std::string_view sql = query->sql(GetParam());
    const std::string_view name = query->name();
    if (name.rfind("test.", 0) == 0 || name.find("migration") != std::string_view::npos ||
        name == "storage.find_workspace" || name == "storage.add_workspace" || name == "storage.set_recovery_key" ||
        name == "storage.renew_key" || name == "storage.database_size" || name == "storage.public_key")
      continue;
    if (sql.find("from ") == std::string_view::npos && sql.find("into ") == std::string_view::npos &&
        sql.find("update ") == std::string_view::npos)
      continue;
    EXPECT_NE(sql.find("workspace_id"), std::string_view::npos) << name;
  }
}

}  // namespace understory::storage
