#include "testing/workspace.h"

#include <cstdlib>

namespace understory::testing_support {

namespace {

// An own schema for each test, so that they neither meet nor wait for each other.
std::string postgres_address(const std::string& schema) {
  const char* address = std::getenv("UNDERSTORY_TEST_POSTGRES");
  return std::string(address) + " options=-csearch_path=" + schema;
}

}  // namespace

void OnBothEngines::SetUp() {
  folder_ = std::make_unique<TemporaryFolder>();
  std::string database;
  if (GetParam() == storage::Engine::kPostgres) {
    const char* address = std::getenv("UNDERSTORY_TEST_POSTGRES");
    if (!address) {
      if (std::getenv("UNDERSTORY_REQUIRE_POSTGRES")) FAIL() << "UNDERSTORY_TEST_POSTGRES is not set";
      GTEST_SKIP() << "no PostgreSQL: set UNDERSTORY_TEST_POSTGRES, or run make test";
    }
    schema_ = "test_" + Id::make().text();
    storage::open_postgres(address)->execute("create schema " + schema_);
    database = postgres_address(schema_);
  }
  auto made = storage::Workspace::create(folder_->path() / "workspace", database);
  ASSERT_TRUE(made) << made.error().sentence();
  workspace_ = std::move(*made);
}

void OnBothEngines::TearDown() {
  workspace_.reset();
  if (!schema_.empty())
    storage::open_postgres(std::getenv("UNDERSTORY_TEST_POSTGRES"))->execute("drop schema " + schema_ + " cascade");
}

std::string OnBothEngines::database() const { return schema_.empty() ? "" : postgres_address(schema_); }

void OnBothEngines::reopen() {
  workspace_.reset();
  auto opened = storage::Workspace::open(folder_->path() / "workspace");
  ASSERT_TRUE(opened) << opened.error().sentence();
  workspace_ = std::move(*opened);
}

std::string engine_name(const ::testing::TestParamInfo<storage::Engine>& info) {
  return info.param == storage::Engine::kSqlite ? "sqlite" : "postgres";
}

std::filesystem::path project_folder() { return UNDERSTORY_SOURCE_FOLDER; }

std::optional<std::filesystem::path> shared_data() {
  const std::filesystem::path folder = project_folder() / ".." / "shared" / "data";
  if (std::filesystem::is_directory(folder)) return folder;
  // A worktree stands one level deeper.
  const std::filesystem::path deeper = project_folder() / ".." / ".." / "shared" / "data";
  if (std::filesystem::is_directory(deeper)) return deeper;
  return std::nullopt;
}

int drill(int quick, int full) { return std::getenv("UNDERSTORY_FULL_DRILLS") ? full : quick; }

}  // namespace understory::testing_support
