#include "storage/backup.h"

#include "foundation/file.h"
#include "storage/blobs.h"
#include "storage/integrity.h"
#include "storage/jobs.h"
#include "storage/search.h"
#include "testing/workspace.h"
#include "vault/signing.h"

namespace understory::storage {

class Backups : public testing_support::OnBothEngines {};
INSTANTIATE_TEST_SUITE_P(Engines, Backups, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(Backups, ComeBackWholeIntoEitherEngine) {
  const std::string story = std::string(700000, 'x') + "គេជំពាក់បំណុល";
  Id blob;
  {
    Transaction transaction = workspace().write();
    blob = put_blob(transaction, Id{7}, "text/plain", story);
    enqueue(transaction, "report", "{\"a\":1}");
    index_words(transaction, "place", Id{77}, "Prey Andaung ភូមិថ្មី", "km");
    transaction.commit();
  }
  TemporaryFolder out;
  const auto made = back_up(workspace(), out.path() / "one.backup");
  ASSERT_TRUE(made) << made.error().sentence();
  EXPECT_GT(made->rows, 4);
  EXPECT_EQ(back_up(workspace(), out.path() / "two.backup")->hash, made->hash);
  const std::string bytes = *read_file(out.path() / "one.backup");
  EXPECT_EQ(bytes.find("ជំពាក់"), std::string::npos);
  EXPECT_EQ(bytes.find("Andaung"), std::string::npos);  // facts too
  const BackupKey key{folder() / "workspace.key", std::nullopt};
  EXPECT_EQ(verify_backup(out.path() / "one.backup", key)->hash, made->hash);

  const auto restored = restore(out.path() / "one.backup", key, out.path() / "back", "");
  ASSERT_TRUE(restored) << restored.error().sentence();
  EXPECT_EQ(restored->hash, made->hash);
  auto opened = Workspace::open(out.path() / "back");
  ASSERT_TRUE(opened) << opened.error().sentence();
  EXPECT_EQ((*opened)->id(), workspace().id());
  {
    Transaction transaction = (*opened)->read();
    EXPECT_EQ(*read_blob(transaction, blob), story);
    EXPECT_EQ(find_words(transaction, "place", "ភូមិ"), std::vector<Id>{Id{77}});
    EXPECT_EQ(*check_blobs(transaction), 1);
    EXPECT_TRUE(check_integrity(transaction));
  }
  EXPECT_EQ(back_up(**opened, out.path() / "three.backup")->hash, made->hash);
  EXPECT_EQ(restore(out.path() / "one.backup", key, out.path() / "back", "").error().code(), "workspace_exists");
  if (GetParam() == Engine::kPostgres) {
    // Its number is taken in this database.
    EXPECT_EQ(restore(out.path() / "one.backup", key, out.path() / "again", database()).error().code(),
              "workspace_exists");
    EXPECT_FALSE(std::filesystem::exists(out.path() / "again"));
  }
}

TEST_P(Backups, DamageAndWrongKeysAreNoticedAndLeaveNothing) {
  {
    Transaction transaction = workspace().write();
    put_blob(transaction, Id{7}, "text/plain", std::string(200000, 'y'));
    transaction.commit();
  }
  TemporaryFolder out;
  const std::filesystem::path file = out.path() / "one.backup", bent = out.path() / "bent.backup";
  ASSERT_TRUE(back_up(workspace(), file));
  const std::string bytes = *read_file(file);
  const BackupKey key{folder() / "workspace.key", std::nullopt};
  for (std::size_t at = 0; at < bytes.size(); at += bytes.size() / 97) {
    std::string changed = bytes;
    changed[at] ^= 1;
    ASSERT_TRUE(write_file(bent, changed));
    EXPECT_FALSE(verify_backup(bent, key)) << at;
    ASSERT_TRUE(write_file(bent, bytes.substr(0, at)));
    EXPECT_FALSE(restore(bent, key, out.path() / "back", "")) << at;
    EXPECT_FALSE(std::filesystem::exists(out.path() / "back")) << at;
  }
  ASSERT_TRUE(write_file(bent, bytes + "x"));
  EXPECT_EQ(verify_backup(bent, key).error().code(), "damaged");
  ASSERT_TRUE(vault::Vault::create(out.path() / "other.key"));
  EXPECT_EQ(verify_backup(file, {out.path() / "other.key", std::nullopt}).error().code(), "wrong_key");
  EXPECT_EQ(verify_backup(file, {"", vault::Secret::random()}).error().code(), "wrong_key");
}

TEST_P(Backups, ALockedWorkspaceIsBackedUpAndOpensWithTheRecoveryKeyAlone) {
  const vault::Secret recovery = vault::Secret::random();
  Id blob;
  {
    Transaction transaction = workspace().write();
    blob = put_blob(transaction, Id{7}, "text/plain", "told at night");
    transaction.commit();
  }
  ASSERT_TRUE(workspace().put_key_away(workspace().write(), recovery));
  reopen();
  TemporaryFolder out;
  const auto made = back_up(workspace(), out.path() / "one.backup");
  ASSERT_TRUE(made) << made.error().sentence();
  const BackupKey key{"", recovery.clone()};
  ASSERT_TRUE(restore(out.path() / "one.backup", key, out.path() / "back", ""));
  EXPECT_FALSE(std::filesystem::exists(out.path() / "back" / "workspace.key"));
  auto opened = Workspace::open(out.path() / "back");
  ASSERT_TRUE(opened) << opened.error().sentence();
  Transaction transaction = (*opened)->read();
  transaction.unlock(*(*opened)->recover(recovery));
  EXPECT_EQ(*read_blob(transaction, blob), "told at night");
}

}  // namespace understory::storage
