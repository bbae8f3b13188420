// The nightly backup: due once a night, looked at again, thinned out, never the last good one thrown away.
#include "storage/nightly.h"

#include <gtest/gtest.h>

#include "foundation/file.h"
#include "storage/blobs.h"
#include "testing/workspace.h"
#include "vault/vault.h"

namespace understory::storage {

namespace {

constexpr Milliseconds kHour = 3'600'000, kDay = 24 * kHour;
constexpr Milliseconds kNoon = 1'795'521'600'000;  // 2026-11-24T12:00Z

class Nightly : public testing_support::OnBothEngines {
 protected:
  void SetUp() override {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    OnBothEngines::SetUp();
  }
  void settings(const std::string& backup) {
    std::string text = *read_file(folder() / "workspace.toml");
    text = text.substr(0, text.find("[backup]"));
    ASSERT_TRUE(write_file(folder() / "workspace.toml", text + "[backup]\n" + backup + "\n", 0600));
  }
  BackupPlan plan() { return *backup_plan(workspace()); }
  bool due(Milliseconds at) {
    auto transaction = workspace().read();
    return backup_is_due(transaction, plan(), at);
  }
  // As a server does at that moment.
  Result<BackupSummary> make(Milliseconds at, bool nightly = true) {
    FixedClock clock(at);
    std::optional<Job> job;
    {
      auto transaction = workspace().write();
      EXPECT_TRUE(ask_for_backup(transaction, plan(), at, nightly));
      EXPECT_FALSE(ask_for_backup(transaction, plan(), at, nightly)) << "one at a time";
      job = claim_job(transaction);
      transaction.commit();
    }
    return make_planned_backup(workspace(), plan(), *job);
  }
  std::vector<KeptBackup> kept() {
    auto transaction = workspace().read();
    return kept_backups(transaction);
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Nightly, testing_support::BothEngines(), testing_support::engine_name);

}  // namespace

TEST_P(Nightly, ThePlanIsReadAndNonsenseIsNamed) {
  EXPECT_EQ(plan().at(), "02:00");
  EXPECT_EQ(plan().folder, std::filesystem::absolute(folder() / "backups"));
  settings("at = \"23:30\"\nfolder = \"/mnt/other\"\ndays = 3\nweeks = 0");
  EXPECT_EQ(plan().at(), "23:30");
  EXPECT_EQ(plan().folder, "/mnt/other");
  EXPECT_EQ(plan().days, 3);
  EXPECT_EQ(plan().weeks, 0);
  settings("at = \"never\"");
  EXPECT_FALSE(plan().nightly);
  for (const char* bad :
       {"at = \"25:00\"", "at = \"2am\"", "at = \"02:00x\"", "days = 0", "days = \"many\"", "weeks = -1"}) {
    settings(bad);
    const auto read = backup_plan(workspace());
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.error().code(), "invalid_value") << bad;
  }
}

TEST_P(Nightly, OneIsDueEachNightAndAgainAnHourAfterItFailed) {
  EXPECT_EQ(night_of(plan(), kNoon), "2026-11-24");
  EXPECT_EQ(night_of(plan(), kNoon - 11 * kHour), "2026-11-23");  // at one in the morning
  EXPECT_EQ(night_of(plan(), kNoon - 10 * kHour), "2026-11-24");  // at two
  EXPECT_TRUE(due(kNoon));  // a workspace that was never backed up waits for no night
  ASSERT_TRUE(make(kNoon));
  EXPECT_FALSE(due(kNoon + 1));
  EXPECT_FALSE(due(kNoon + 13 * kHour));
  EXPECT_TRUE(due(kNoon + 14 * kHour));
  // A folder that cannot be made: the night is not lost.
  settings("folder = \"/proc/nowhere\"");
  const auto failed = make(kNoon + kDay);
  ASSERT_FALSE(failed);
  {
    auto transaction = workspace().read();
    EXPECT_EQ(newest_job(transaction, kBackupJob)->state, "failed");
    EXPECT_NE(newest_job(transaction, kBackupJob)->outcome.find(failed.error().code()), std::string::npos);
  }
  EXPECT_FALSE(due(kNoon + kDay + kHour / 2));
  EXPECT_TRUE(due(kNoon + kDay + kHour));
  settings("at = \"never\"");
  EXPECT_FALSE(due(kNoon + kDay + kHour));
  ASSERT_TRUE(make(kNoon + kDay + kHour, false));  // asked for by hand, it is made all the same
  EXPECT_EQ(kept().size(), 2u);
}

TEST_P(Nightly, AFolderWhoseShareIsNotMountedIsNotFilled) {
  TemporaryFolder elsewhere;
  const auto share = elsewhere.path() / "share", away = elsewhere.path() / "away";
  settings("folder = \"" + share.string() + "\"");
  ASSERT_TRUE(make(kNoon));
  std::filesystem::rename(share, away);
  std::filesystem::create_directory(share);  // what lies beneath
  const auto refused = make(kNoon + kDay);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().sentence().find("not mounted"), std::string::npos) << refused.error().sentence();
  EXPECT_TRUE(std::filesystem::is_empty(share));
  std::filesystem::remove(share);  // nor is the folder made
  ASSERT_FALSE(make(kNoon + kDay + 2 * kHour));
  EXPECT_FALSE(std::filesystem::exists(share));
  // Mounted again. A folder of before there was a sign in it is known by what it holds.
  std::filesystem::rename(away, share);
  const std::string sign = "understory-" + Id{workspace().id()}.text() + "-here";
  ASSERT_TRUE(std::filesystem::remove(share / sign));
  ASSERT_TRUE(make(kNoon + kDay + 4 * kHour));
  ASSERT_TRUE(std::filesystem::exists(share / sign));
  // Backups that were deleted on purpose.
  for (const KeptBackup& each : kept()) std::filesystem::remove(each.file);
  ASSERT_TRUE(make(kNoon + 2 * kDay));
}

TEST_P(Nightly, WhatIsKeptCanBeRestoredAndIsLookedAtAgain) {
  Id blob;
  {
    Transaction transaction = workspace().write();
    blob = put_blob(transaction, Id{7}, "text/plain", "told at night");
    transaction.commit();
  }
  const auto first = make(kNoon);
  ASSERT_TRUE(first) << first.error().sentence();
  ASSERT_TRUE(make(kNoon + kDay));
  ASSERT_EQ(kept().size(), 2u);
  const KeptBackup oldest = kept().at(1);
  EXPECT_EQ(oldest.content_hash, first->hash);
  EXPECT_EQ(oldest.proven_at, kNoon + kDay);  // read again in the second night
  const BackupKey key{folder() / "workspace.key", std::nullopt};
  TemporaryFolder out;
  ASSERT_TRUE(restore(oldest.file, key, out.path() / "back", ""));
  auto back = Workspace::open(out.path() / "back");
  ASSERT_TRUE(back);
  {
    Transaction transaction = (*back)->read();
    EXPECT_EQ(*read_blob(transaction, blob), "told at night");
  }
  // A bit that turned, a file that went: said so in the next night, and what was good keeps its time.
  std::string bytes = *read_file(oldest.file);
  bytes[bytes.size() / 2] ^= 1;
  ASSERT_TRUE(write_file(oldest.file, bytes));
  std::filesystem::remove(kept().at(0).file);
  ASSERT_TRUE(make(kNoon + 2 * kDay));
  ASSERT_EQ(kept().size(), 3u);
  EXPECT_EQ(kept().at(0).problem, "");
  EXPECT_EQ(kept().at(1).problem, "missing");
  EXPECT_EQ(kept().at(2).problem, "changed");
  EXPECT_EQ(kept().at(2).proven_at, kNoon + kDay);
}

TEST_P(Nightly, DaysThenWeeksAreKeptAndNeverNone) {
  settings("days = 2\nweeks = 2");
  for (int day = 0; day < 30; ++day) ASSERT_TRUE(make(kNoon + day * kDay));
  const auto now_kept = kept();
  EXPECT_GE(now_kept.size(), 4u);  // two days and two weeks
  EXPECT_LE(now_kept.size(), 5u);  // a week may have been cut in two
  for (const KeptBackup& each : now_kept) {
    EXPECT_TRUE(std::filesystem::exists(each.file));
    EXPECT_LT(kNoon + 29 * kDay - each.made_at, (2 + 2 * 7) * kDay);
  }
  std::size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(plan().folder))
    files += file.path().extension() == ".backup";
  EXPECT_EQ(files, now_kept.size());
  // After a year of silence, or under a clock that jumped, there are still as many as days are kept.
  ASSERT_TRUE(make(kNoon + 400 * kDay));
  EXPECT_EQ(kept().size(), 2u);
  EXPECT_EQ(kept().at(1).made_at, kNoon + 29 * kDay);
}

// A drill of restoring on the same machine, with the settings of a new workspace, must not thin out what is kept for
// long.
TEST_P(Nightly, ARestoredCopyLeavesTheFilesOfTheOriginalAlone) {
  settings("days = 300");
  for (int day = 0; day < 3; ++day) ASSERT_TRUE(make(kNoon + day * kDay));
  const auto all = kept();
  ASSERT_EQ(all.size(), 3u);
  TemporaryFolder out;
  ASSERT_TRUE(restore(all[0].file, {folder() / "workspace.key", std::nullopt}, out.path() / "copy", ""));
  auto copy = Workspace::open(out.path() / "copy");
  ASSERT_TRUE(copy);
  const Milliseconds later = kNoon + 200 * kDay;
  FixedClock clock(later);
  std::optional<Job> job;
  {
    auto transaction = (*copy)->write();
    ask_for_backup(transaction, *backup_plan(**copy), later, true);
    job = claim_job(transaction);
    transaction.commit();
  }
  ASSERT_TRUE(make_planned_backup(**copy, *backup_plan(**copy), *job));
  for (const KeptBackup& each : all) EXPECT_TRUE(std::filesystem::exists(each.file)) << each.file;
}

TEST_P(Nightly, NeverWritesOverAFileOfSomebodyElse) {
  TemporaryFolder shared;
  settings("folder = \"" + shared.path().string() + "\"");
  ASSERT_TRUE(make(kNoon));
  const std::string first = kept().at(0).file, bytes = *read_file(first);
  // Restored from before that night, it does not know that file any more, and the night's backup is due again.
  const Query forget{"test.forget_backups", "delete from backup where workspace_id = ?"};
  {
    auto transaction = workspace().write();
    transaction.run(forget, {transaction.workspace()});
    transaction.commit();
  }
  ASSERT_TRUE(make(kNoon));
  EXPECT_NE(kept().at(0).file, first);
  EXPECT_TRUE(*read_file(first) == bytes);
  // Another workspace that keeps its own in the same folder.
  auto other = Workspace::create(shared.path() / "other");
  ASSERT_TRUE(other);
  BackupPlan same = plan();
  FixedClock clock(kNoon);
  std::optional<Job> job;
  {
    auto transaction = (*other)->write();
    ask_for_backup(transaction, same, kNoon, true);
    job = claim_job(transaction);
    transaction.commit();
  }
  ASSERT_TRUE(make_planned_backup(**other, same, *job));
  EXPECT_TRUE(*read_file(first) == bytes);
  EXPECT_EQ(kept().at(0).file_hash, vault::sha256_hex(*read_file(kept().at(0).file)));
}

TEST_P(Nightly, WhatAPowerCutLeftIsClearedAway) {
  ASSERT_TRUE(make(kNoon));
  const std::filesystem::path old = kept().at(0).file + ".Ab12Cd", being_written = kept().at(0).file + ".Ef34Gh",
                              not_ours = plan().folder / "understory-notes.backup.Ab12Cd";
  for (const auto& each : {old, being_written, not_ours}) ASSERT_TRUE(write_file(each, "half"));
  for (const auto& each : {old, not_ours})
    std::filesystem::last_write_time(each, std::filesystem::file_time_type::clock::now() - std::chrono::hours(25));
  ASSERT_TRUE(make(kNoon + kDay));
  EXPECT_FALSE(std::filesystem::exists(old));
  EXPECT_TRUE(std::filesystem::exists(being_written));
  EXPECT_TRUE(std::filesystem::exists(not_ours));
  EXPECT_EQ(kept().size(), 2u);
}

TEST_P(Nightly, IsMadeWhileStoriesAreLockedAndStopsWhenTold) {
  ASSERT_TRUE(workspace().put_key_away(workspace().write(), vault::Secret::random()));
  reopen();
  EXPECT_TRUE(make(kNoon));
  std::optional<Job> job;
  {
    auto transaction = workspace().write();
    for (int i = 0; i < 300; ++i) enqueue(transaction, "none", "{}");  // rows enough to ask whether to go on
    ASSERT_TRUE(ask_for_backup(transaction, plan(), kNoon + kDay, true));
    job = claim_job(transaction);
    transaction.commit();
  }
  const auto stopped = make_planned_backup(workspace(), plan(), *job, [] { return false; });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code(), "stopped");
  EXPECT_EQ(kept().size(), 1u);
}

}  // namespace understory::storage
