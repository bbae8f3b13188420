#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>
#include "foundation/file.h"
#include "storage/blobs.h"
#include "storage/migrations.h"
#include "storage/waiting_rows.h"
#include "testing/workspace.h"
#include "vault/signing.h"

namespace understory::storage {

using testing_support::BothEngines;
using testing_support::engine_name;

namespace {

const Query kAddOrganisation{"test.add_organisation",
                             "insert into organisation (workspace_id, id, guid, name) values (?, ?, ?, ?)"};
const Query kCountOrganisations{"test.count_organisations", "select count(*) from organisation where workspace_id = ?"};
const Query kOrganisations{"test.organisations", "select name from organisation where workspace_id = ? order by name"};
const Query kAddPair{"test.add_pair",
                     "insert into study_organisation (workspace_id, study_id, organisation_id) values (?, ?, ?)"};
const Query kPairs{"test.pairs", "select study_id from study_organisation where workspace_id = ?"};
const Query kNewerStep{"test.newer_step",
                       "insert into migration (number, name, sha256, applied_at) values (9999, 'future', 'x', 0)"};

std::int64_t count(Transaction& transaction) {
  return *transaction.one(kCountOrganisations, {transaction.workspace()},
                          [](const Row& row) { return row.integer(0); });
}
void add(Transaction& transaction, const std::string& name) {
  transaction.run(kAddOrganisation, {transaction.workspace(), Id::make(), make_guid(), name});
}

}  // namespace

class Storage : public testing_support::OnBothEngines {};
INSTANTIATE_TEST_SUITE_P(Engines, Storage, BothEngines(), engine_name);

TEST_P(Storage, WhatIsNotCommittedNeverWas) {
  {
    Transaction transaction = workspace().write();
    add(transaction, "A");
  }
  Transaction transaction = workspace().write();
  EXPECT_EQ(count(transaction), 0);
  add(transaction, "B");
  transaction.savepoint("one");
  add(transaction, "C");
  transaction.roll_back_to("one");
  transaction.commit();
  Transaction after = workspace().read();
  EXPECT_EQ(count(after), 1);
}

TEST_P(Storage, RowsNobodyWaitsForAreThereWhenTheirTableIsAskedAndWhenAllIsKept) {
  const auto add_later = [](Transaction& transaction, const std::string& name) {
    // The texts are gone when it returns.
    transaction.run_later(kAddOrganisation,
                          {transaction.workspace(), Id::make(), make_guid(), name + ", of the valley"});
  };
  {
    Transaction transaction = workspace().write();
    for (int i = 0; i < 1234; ++i) add_later(transaction, "A" + std::to_string(i));
    EXPECT_EQ(count(transaction), 1234);
    add_later(transaction, "B");
    transaction.savepoint("one");
    add_later(transaction, "C");
    transaction.roll_back_to("one");
    EXPECT_EQ(count(transaction), 1235);
    add_later(transaction, "D");
    add_later(transaction, std::string(100'000, 'd'));  // a long one goes at once
    add_later(transaction, "E");
    transaction.commit();
  }
  {
    Transaction transaction = workspace().write();
    add_later(transaction, "F");  // and is given up
  }
  {
    Transaction transaction = workspace().write();
    try {
      add_later(transaction, "D");
      add_later(transaction, "G");
      transaction.commit();
      FAIL() << "a double name was kept";
    } catch (const DatabaseError& error) {
      EXPECT_EQ(error.kind(), DatabaseError::Kind::kUniqueViolation);
    }
  }
  // The connection is as good as before.
  Transaction transaction = workspace().write();
  EXPECT_EQ(count(transaction), 1238);
  add_later(transaction, "H");
  transaction.commit();
  Transaction after = workspace().read();
  EXPECT_EQ(count(after), 1239);
}

TEST_P(Storage, RowsThatWaitArePutDownBeforeAReaderWhoseRowsAreStillComing) {
  Transaction transaction = workspace().write();
  for (int i = 0; i < 700; ++i) add(transaction, "A" + std::to_string(i));
  int rows = 0;
  transaction.each(kOrganisations, {transaction.workspace()}, [&](const Row& row) {
    ++rows;
    transaction.run_later(kAddPair, {transaction.workspace(), Id::make(), Id::make()});
  });
  EXPECT_EQ(rows, 700);
  EXPECT_EQ(transaction.each(kPairs, {transaction.workspace()}, [](const Row&) {}), 700);
}

TEST(WaitingRows, OnlyWhatNamesTheirTableBringsThemOut) {
  WaitingRows waiting;
  const Parameter row[] = {1, 2, 3};
  EXPECT_FALSE(waiting.add(kAddPair, 3, row));
  EXPECT_TRUE(waiting.take_for(kOrganisations).empty());
  EXPECT_EQ(waiting.take_for(kPairs).size(), 1u);
  EXPECT_TRUE(waiting.empty());
  for (int i = 0; i < 499; ++i) EXPECT_FALSE(waiting.add(kAddPair, 3, row));
  EXPECT_TRUE(waiting.add(kAddPair, 3, row));
  const auto taken = waiting.take(kAddPair);
  EXPECT_EQ(taken.front().parameters.size(), 1500u);
  EXPECT_EQ(taken.front().parameters[2].integer(), 3);
  EXPECT_EQ(for_rows("insert into a (b, c) values ($1, f($2)) on conflict do nothing", 2, 2),
            "insert into a (b, c) values ($1, f($2)), ($3, f($4)) on conflict do nothing");
  EXPECT_EQ(for_rows("insert into a (b) values ($1) on conflict do update set b = 1", 1, 2), "");
}

TEST_P(Storage, AWorkspaceOpensAgainWithEverythingInIt) {
  {
    Transaction transaction = workspace().write();
    add(transaction, "A");
    transaction.commit();
  }
  reopen();
  Transaction transaction = workspace().read();
  EXPECT_EQ(count(transaction), 1);
}

TEST_P(Storage, WhatIsDestroyedWaitsForNobodyWhoReads) {
  const Id owner = Id::make();
  {
    Transaction transaction = workspace().write();
    transaction.seal(owner, "source", "text", owner, "They owe the mill.");
    transaction.commit();
  }
  const auto log = folder() / "understory.db-wal";
  {
    Transaction reader = workspace().read();
    count(reader);
    Transaction transaction = workspace().write();
    const auto before = std::chrono::steady_clock::now();
    transaction.destroy_data_key(owner);
    transaction.commit();
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
    if (workspace().engine() == Engine::kSqlite) EXPECT_GT(std::filesystem::file_size(log), 0u);
  }
  Transaction next = workspace().write();
  add(next, "A");
  next.commit();
  if (workspace().engine() == Engine::kSqlite) EXPECT_EQ(std::filesystem::file_size(log), 0u);
}

TEST_P(Storage, ADoubleNameIsAConstraintNotASurprise) {
  Transaction transaction = workspace().write();
  add(transaction, "A");
  try {
    add(transaction, "A");
    FAIL();
  } catch (const DatabaseError& error) {
    EXPECT_EQ(error.kind(), DatabaseError::Kind::kUniqueViolation);
  }
}

TEST_P(Storage, ADatabaseOfANewerProgramIsLeftAlone) {
  {
    Transaction transaction = workspace().write();
    transaction.run(kNewerStep, {});
    transaction.commit();
  }
  const auto opened = Workspace::open(folder());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), "newer_workspace");
}

TEST_P(Storage, AnotherKeyDoesNotOpenTheWorkspace) {
  TemporaryFolder other;
  ASSERT_TRUE(vault::Vault::create(other.path() / "key"));
  const std::string key = *read_file(other.path() / "key");
  const auto path = folder() / "workspace.key";
  const std::string own = *read_file(path);
  ASSERT_TRUE(write_file(path, key, 0600));
  const auto opened = Workspace::open(folder());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), "wrong_key");
  ASSERT_TRUE(write_file(path, own, 0600));
  EXPECT_TRUE(Workspace::open(folder()));
}

TEST_P(Storage, BlobsComeBackByteForByteAndDamageIsTold) {
  Transaction transaction = workspace().write();
  std::string content;
  for (int i = 0; i < 700000; ++i) content += static_cast<char>(i * 31 % 251);
  for (const std::string& each : {content, std::string(), std::string("x"), std::string(256 * 1024, 'y')}) {
    const Id id = put_blob(transaction, Id{7}, "application/zip", each);
    EXPECT_EQ(*read_blob(transaction, id), each);
    EXPECT_EQ(blob_info(transaction, id)->size, static_cast<std::int64_t>(each.size()));
    erase_blob(transaction, id);
    EXPECT_FALSE(read_blob(transaction, id));
  }
}

// A film is read piece by piece: a question asked between the pieces had all the rest of them taken into memory.
TEST_P(Storage, OfALargeBlobFewPiecesAreInMemoryAtOnce) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers have a heap of their own, of which mallinfo2() knows nothing";
#endif
  const auto in_use = [] {
    const struct mallinfo2 heap = mallinfo2();
    return static_cast<std::int64_t>(heap.uordblks + heap.hblkhd);
  };
  constexpr std::int64_t kMegabyte = 1 << 20, kSize = 32 * kMegabyte;
  Id id;
  {
    Transaction transaction = workspace().write();
    const Id owner = Id::make();
    transaction.make_data_key(owner);
    const std::string megabyte(kMegabyte, 'f');
    id = put_blob(transaction, owner, "video/mp4", Pieces([&](const auto& put) {
                    for (std::int64_t at = 0; at < kSize; at += kMegabyte) put(megabyte);
                  }));
    transaction.commit();
  }
  Transaction transaction = workspace().read();
  std::int64_t bytes = 0, most = 0;
  const std::int64_t before = in_use();
  ASSERT_TRUE(read_blob(transaction, id, [&](std::string_view piece) {
    bytes += static_cast<std::int64_t>(piece.size());
    most = std::max(most, in_use() - before);
  }));
  EXPECT_EQ(bytes, kSize);
  EXPECT_LT(most, 8 * kMegabyte);
}

TEST(Workspace, NothingIsMadeWhereSomethingStands) {
  TemporaryFolder folder;
  ASSERT_TRUE(Workspace::create(folder.path() / "w"));
  EXPECT_EQ(Workspace::create(folder.path() / "w").error().code(), "workspace_exists");
  EXPECT_EQ(Workspace::open(folder.path() / "none").error().code(), "no_workspace");
  EXPECT_EQ(Workspace::create(folder.path() / "p", "postgres://nobody@127.0.0.1:1/none").error().code(),
            "database_unavailable");
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "p" / "workspace.toml"));
}

TEST(Workspace, ADatabaseElsewhereMustShowItsCertificate) {
  TemporaryFolder folder;
  const auto said = [&](const std::string& database) {
    return Workspace::create(folder.path() / "w", database).error().sentence();
  };
  // 192.0.2.0/24 is nobody's.
  for (const char* unchecked : {"host=192.0.2.1 dbname=x connect_timeout=1", "postgres://u@192.0.2.1/x?sslmode=require",
                                "host=/tmp,192.0.2.1 dbname=x", "host=localhost hostaddr=192.0.2.1 dbname=x",
                                "host=127.elsewhere.invalid dbname=x", "service=elsewhere"})
    EXPECT_NE(said(unchecked).find("sslmode=verify-full"), std::string::npos) << unchecked;
  for (const char* fine : {"host=127.0.0.1 port=1 dbname=x", "host=/nowhere dbname=x",
                           "host=127.0.0.1 port=1 dbname=x sslmode=verify-full"})
    EXPECT_EQ(said(fine).find("must show its certificate"), std::string::npos) << fine;
}

TEST(Workspace, WhatRootMakesInItIsTheServersToo) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can show this";
  constexpr ::uid_t kServer = 65534;
  TemporaryFolder folder;
  const auto where = folder.path() / "w";
  ASSERT_TRUE(Workspace::create(where));
  for (const auto& each : std::filesystem::directory_iterator(where))
    ASSERT_EQ(::chown(each.path().c_str(), kServer, kServer), 0);
  ASSERT_EQ(::chown(where.c_str(), kServer, kServer), 0);
  const auto opened = Workspace::open(where);
  ASSERT_TRUE(opened);
  const auto secret = vault::Secret::random();
  {
    Transaction transaction = (*opened)->write();
    add(transaction, "A");
    transaction.commit();
  }
  ASSERT_TRUE((*opened)->put_key_away((*opened)->write(), secret));
  ASSERT_TRUE((*opened)->take_key_out(secret));
  ASSERT_TRUE(vault::SigningKey::create(where / "audit.key"));
  for (const char* name : {"understory.db", "understory.db-mark", "understory.db-wal", "workspace.key", "audit.key"}) {
    struct stat facts {};
    ASSERT_EQ(::stat((where / name).c_str(), &facts), 0) << name;
    EXPECT_EQ(facts.st_uid, kServer) << name;
  }
}

TEST(Migrations, AreNumberedWithoutGaps) {
  int expected = 1;
  for (const Migration& migration : migrations()) EXPECT_EQ(migration.number, expected++);
}

}  // namespace understory::storage
