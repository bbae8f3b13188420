#include <set>
#include <thread>

#include "foundation/file.h"
#include "storage/blobs.h"
#include "storage/jobs.h"
#include "storage/migrations.h"
#include "storage/search.h"
#include "testing/workspace.h"

namespace understory::storage {

using testing_support::BothEngines;
using testing_support::engine_name;

namespace {

const Query kAddOrganisation{"test.add_organisation",
                             "insert into organisation (workspace_id, id, guid, name) values (?, ?, ?, ?)"};
const Query kCountOrganisations{"test.count_organisations", "select count(*) from organisation where workspace_id = ?"};
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
    const Id id = put_blob(transaction, "application/zip", each);
    EXPECT_EQ(*read_blob(transaction, id), each);
    EXPECT_EQ(blob_info(transaction, id)->size, static_cast<std::int64_t>(each.size()));
    erase_blob(transaction, id);
    EXPECT_FALSE(read_blob(transaction, id));
  }
}

TEST_P(Storage, TwoWorkersNeverTakeTheSameJob) {
  {
    Transaction transaction = workspace().write();
    for (int i = 0; i < 20; ++i) enqueue(transaction, "report", "{}");
    transaction.commit();
  }
  std::mutex mutex;
  std::multiset<std::int64_t> taken;
  std::vector<std::thread> workers;
  for (int w = 0; w < 4; ++w)
    workers.emplace_back([&] {
      for (;;) {
        Transaction transaction = workspace().write();
        const auto job = claim_job(transaction);
        transaction.commit();
        if (!job) return;
        const std::lock_guard lock(mutex);
        taken.insert(job->id.value);
      }
    });
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(taken.size(), 20u);
  EXPECT_EQ(std::set<std::int64_t>(taken.begin(), taken.end()).size(), 20u);
}

TEST_P(Storage, AJobTellsHowFarItIsAndCanBeStopped) {
  Id id;
  {
    Transaction transaction = workspace().write();
    id = enqueue(transaction, "report", "{}");
    transaction.commit();
  }
  {
    Transaction transaction = workspace().write();
    EXPECT_TRUE(claim_job(transaction));
    transaction.commit();
  }
  EXPECT_TRUE(report_progress(workspace(), id, "progress.sources", 3, 10));
  {
    Transaction transaction = workspace().write();
    EXPECT_EQ(find_job(transaction, id)->done, 3);
    stop_job(transaction, id);
    transaction.commit();
  }
  EXPECT_FALSE(report_progress(workspace(), id, "progress.sources", 4, 10));
}

TEST_P(Storage, WordsOfEveryScriptAreFound) {
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

TEST(Workspace, NothingIsMadeWhereSomethingStands) {
  TemporaryFolder folder;
  ASSERT_TRUE(Workspace::create(folder.path() / "w"));
  EXPECT_EQ(Workspace::create(folder.path() / "w").error().code(), "workspace_exists");
  EXPECT_EQ(Workspace::open(folder.path() / "none").error().code(), "no_workspace");
  EXPECT_EQ(Workspace::create(folder.path() / "p", "postgres://nobody@127.0.0.1:1/none").error().code(),
            "database_unavailable");
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "p" / "workspace.toml"));
}

TEST(Workspace, ADamagedDatabaseFileIsToldSo) {
  TemporaryFolder folder;
  ASSERT_TRUE(Workspace::create(folder.path() / "w"));
  ASSERT_TRUE(write_file(folder.path() / "w" / "understory.db", std::string(8192, 'x')));
  const auto opened = Workspace::open(folder.path() / "w");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), "damaged") << opened.error().sentence();
}

TEST(Migrations, AreNumberedWithoutGaps) {
  int expected = 1;
  for (const Migration& migration : migrations()) EXPECT_EQ(migration.number, expected++);
}

}  // namespace understory::storage
