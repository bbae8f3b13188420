// What workbooks may take, together and with what is made of them.
#include "collect/export/workbook_memory.h"

#include <gtest/gtest.h>

#include <thread>

namespace understory::collect {

namespace {

constexpr std::int64_t kMost = 1'000'000;

void put(std::FILE* file, std::size_t bytes) {
  const std::string some(bytes, 'x');
  std::fwrite(some.data(), 1, some.size(), file);
  std::fflush(file);
}

}  // namespace

TEST(WorkbookMemory, IsSharedByAllThatAreWrittenAtOnce) {
  WorkbookMemory one(kMost);
  std::FILE* sheet = WorkbookMemory::sheet();
  ASSERT_NE(sheet, nullptr);
  put(sheet, 700'000);
  EXPECT_FALSE(one.full());
  std::thread([] {
    EXPECT_EQ(WorkbookMemory::sheet(), nullptr) << "this thread has none";
    WorkbookMemory other(kMost);
    std::FILE* its = WorkbookMemory::sheet();
    ASSERT_NE(its, nullptr);
    put(its, 200'000);
    EXPECT_FALSE(other.full());
    put(its, 200'000);
    EXPECT_TRUE(other.full());
    std::fclose(its);
  }).join();
  // What the other had is free again.
  put(sheet, 200'000);
  EXPECT_FALSE(one.full());
  std::fclose(sheet);
  std::FILE* next = WorkbookMemory::sheet();
  put(next, 900'000);
  EXPECT_FALSE(one.full()) << "and so is a sheet that is gone";
  std::fclose(next);
}

TEST(WorkbookMemory, CountsTheWorkbookThatIsMade) {
  WorkbookMemory memory(kMost);
  std::FILE* sheet = WorkbookMemory::sheet();
  put(sheet, 100'000);
  std::FILE* made = std::fopen(memory.path().c_str(), "r+b");
  ASSERT_NE(made, nullptr);
  const auto pack = [&] {
    std::rewind(sheet);
    return std::fgetc(sheet);
  };
  put(made, 800'000);
  EXPECT_EQ(pack(), 'x');
  EXPECT_FALSE(memory.full());
  put(made, 200'000);
  EXPECT_EQ(pack(), EOF);
  EXPECT_TRUE(memory.full());
  std::fclose(sheet);
  std::fclose(made);
}

}  // namespace understory::collect
