// SQLite's file and log after damage: told, never read as truth (decision 013).
#include "storage/page_guard.h"

#include <sqlite3.h>

#include "foundation/file.h"
#include "testing/workspace.h"

namespace understory::storage {

namespace {

const Query kAdd{"test.add_to_a_page", "insert into organisation (workspace_id, id, guid, name) values (?, ?, ?, ?)"};
const Query kCount{"test.count_on_pages", "select count(*) from organisation where workspace_id = ?"};

void add(Transaction& transaction, const std::string& name) {
  transaction.run(kAdd, {transaction.workspace(), Id::make(), make_guid(), name});
}
std::int64_t count(Transaction& transaction) {
  return *transaction.one(kCount, {transaction.workspace()}, [](const Row& row) { return row.integer(0); });
}

}  // namespace

TEST(PageGuard, ADamagedDatabaseFileIsToldSo) {
  TemporaryFolder folder;
  ASSERT_TRUE(Workspace::create(folder.path() / "w"));
  ASSERT_TRUE(write_file(folder.path() / "w" / "understory.db", std::string(8192, 'x')));
  const auto opened = Workspace::open(folder.path() / "w");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), "damaged") << opened.error().sentence();
}

TEST(PageGuard, AFileThatEndsWithinAPageIsNotFilledUpWithZeros) {
  TemporaryFolder folder;
  const auto file = folder.path() / "w" / "understory.db";
  {
    auto workspace = Workspace::create(folder.path() / "w");
    ASSERT_TRUE(workspace);
    Transaction transaction = (*workspace)->write();
    transaction.run(kAdd, {transaction.workspace(), Id::make(), std::string(200'000, 'x'), "A"});
    transaction.commit();
  }
  const Query long_ones{"test.guids_of_organisations", "select guid from organisation where workspace_id = ?"};
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 8000);
  const auto workspace = Workspace::open(folder.path() / "w");
  ASSERT_TRUE(workspace);
  Transaction transaction = (*workspace)->read();
  std::string read;
  EXPECT_THROW(transaction.each(long_ones, {transaction.workspace()}, [&](const Row& row) { read = row.string(0); }),
               DatabaseError)
      << "read with " << std::count(read.begin(), read.end(), '\0') << " zeros";
}

// Refused, not taken for one that ends earlier; and the way out that docs/operating.md names.
TEST(PageGuard, ALogThatLostItsEndIsRefusedUntilItsMarkIsTakenAway) {
  TemporaryFolder folder;
  const auto crashed = folder.path() / "crashed";
  auto workspace = Workspace::create(folder.path() / "w");
  ASSERT_TRUE(workspace);
  for (const char* name : {"A", "B"}) {
    Transaction transaction = (*workspace)->write();
    add(transaction, name);
    transaction.commit();
  }
  std::filesystem::copy(folder.path() / "w", crashed);
  std::filesystem::remove(crashed / "understory.db-shm");
  const auto log = crashed / "understory.db-wal";
  std::filesystem::resize_file(log, std::filesystem::file_size(log) - 8192 - 24);
  for (int time = 0; time < 2; ++time) {  // and nothing is tidied away
    const auto refused = Workspace::open(crashed);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), "damaged") << refused.error().sentence();
  }
  std::filesystem::remove(crashed / "understory.db-mark");
  auto opened = Workspace::open(crashed);
  ASSERT_TRUE(opened);
  Transaction transaction = (*opened)->read();
  EXPECT_EQ(count(transaction), 1);
}

TEST(PageGuard, ALogThatIsGoneWholeIsRefusedAndOneThatWasPutAwayIsNot) {
  TemporaryFolder folder;
  const auto crashed = folder.path() / "crashed", old = folder.path() / "old", closed = folder.path() / "w";
  auto workspace = Workspace::create(closed);
  ASSERT_TRUE(workspace);
  const auto write = [](Workspace& into, const char* name) {
    Transaction transaction = into.write();
    add(transaction, name);
    transaction.commit();
  };
  write(**workspace, "A");
  ASSERT_TRUE(std::filesystem::exists(closed / "understory.db-mark"));
  const auto copy = [&](const std::filesystem::path& to) {
    std::filesystem::copy(closed, to);
    std::filesystem::remove(to / "understory.db-shm");
  };
  copy(crashed);
  for (const bool exists : {true, false}) {
    if (exists)
      std::filesystem::resize_file(crashed / "understory.db-wal", 0);
    else
      std::filesystem::remove(crashed / "understory.db-wal");
    for (int time = 0; time < 2; ++time) {
      const auto refused = Workspace::open(crashed);
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().code(), "damaged") << refused.error().sentence();
    }
  }
  // A note as programs of before left it when they put the log away.
  copy(old);
  std::filesystem::resize_file(old / "understory.db-wal", 0);
  std::filesystem::resize_file(old / "understory.db-mark", 24);
  EXPECT_TRUE(Workspace::open(old));
  // Cut after something was destroyed; put away when the last one closes; and written again.
  {
    const Id owner = Id::make();
    Transaction transaction = (*workspace)->write();
    transaction.seal(owner, "source", "text", owner, "They owe the mill.");
    transaction.destroy_data_key(owner);
    transaction.commit();
  }
  EXPECT_EQ(std::filesystem::file_size(closed / "understory.db-wal"), 0u);
  EXPECT_FALSE(std::filesystem::exists(closed / "understory.db-mark"));
  write(**workspace, "B");
  EXPECT_TRUE(std::filesystem::exists(closed / "understory.db-mark"));
  workspace->reset();
  EXPECT_FALSE(std::filesystem::exists(closed / "understory.db-wal"));
  EXPECT_FALSE(std::filesystem::exists(closed / "understory.db-mark"));
  for (const char* name : {"C", "D"}) {
    const auto again = Workspace::open(closed);
    ASSERT_TRUE(again) << again.error().sentence();
    write(**again, name);
  }
  const auto last = Workspace::open(closed);
  Transaction transaction = (*last)->read();
  EXPECT_EQ(count(transaction), 4);
}

// As SQLite does from 3.45 on with the pages of a long value.
TEST(PageGuard, APartOfAPageIsReadAsTheWholeIs) {
  TemporaryFolder folder;
  const std::string file = (folder.path() / "w" / "understory.db").string();
  ASSERT_TRUE(Workspace::create(folder.path() / "w"));
  const auto read = [&](sqlite3_int64 at, std::size_t count) {
    std::string bytes(count, '\0');
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READWRITE, page_guard()), SQLITE_OK);
    sqlite3_file* opened = nullptr;
    sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, &opened);
    const int code = opened->pMethods->xRead(opened, bytes.data(), static_cast<int>(count), at);
    sqlite3_close(database);
    return std::pair(code, bytes);
  };
  const std::string whole = *read_file(file);
  EXPECT_EQ(read(8192, 8176), std::pair(SQLITE_OK, whole.substr(8192, 8176)));
  EXPECT_EQ(read(8192 + 4, 300), std::pair(SQLITE_OK, whole.substr(8192 + 4, 300)));
  EXPECT_EQ(read(8192 + 8000, 300).first, SQLITE_IOERR_DATA);
  std::string bent = whole;
  bent[8192 + 7000] ^= 1;
  ASSERT_TRUE(write_file(file, bent));
  EXPECT_EQ(read(8192 + 4, 300).first, SQLITE_IOERR_DATA);
}

}  // namespace understory::storage
