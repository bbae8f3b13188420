// For tests: workspaces on both engines. TEST_P suites instantiate with BothEngines().
//
//   class StudyStore : public testing_support::OnBothEngines {};
//   TEST_P(StudyStore, finds_what_was_added) { auto t = workspace().write(); … }
//   INSTANTIATE_TEST_SUITE_P(Engines, StudyStore, testing_support::BothEngines(), testing_support::engine_name);
//
// PostgreSQL's address comes from UNDERSTORY_TEST_POSTGRES (set by `make test`, which starts one); without it
// those tests are skipped with a message, unless UNDERSTORY_REQUIRE_POSTGRES is set, when they fail.
#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include "foundation/file.h"
#include "storage/workspace.h"

namespace understory::testing_support {

class OnBothEngines : public ::testing::TestWithParam<storage::Engine> {
 protected:
  void SetUp() override;
  void TearDown() override;
  storage::Workspace& workspace() { return *workspace_; }
  std::filesystem::path folder() const { return folder_->path() / "workspace"; }
  void reopen();                 // closes and opens the workspace again
  std::string database() const;  // as Workspace::create takes it: empty for SQLite

 private:
  std::unique_ptr<TemporaryFolder> folder_;
  std::unique_ptr<storage::Workspace> workspace_;
  std::string schema_;
};

inline auto BothEngines() { return ::testing::Values(storage::Engine::kSqlite, storage::Engine::kPostgres); }
std::string engine_name(const ::testing::TestParamInfo<storage::Engine>& info);

// How often a drill repeats: a short form in `make test`, the full form under UNDERSTORY_FULL_DRILLS (`make drills`).
int drill(int quick, int full);

// ../shared/data beside the checkout, or nullopt (tests that need it skip with a message).
std::optional<std::filesystem::path> shared_data();
// The project's own folder (tests run there).
std::filesystem::path project_folder();

}  // namespace understory::testing_support
