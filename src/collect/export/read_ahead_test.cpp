// What is read ahead arrives as if it were not.
#include "collect/export/read_ahead.h"

#include <stdexcept>

#include "collect/export/export_test.h"

namespace understory::collect {

namespace {

Box box_of(int submissions, std::size_t bytes_each) {
  Box box;
  for (int n = 0; n < submissions; ++n) {
    const std::string number = std::to_string(n);
    Kept& made = box.add("uuid:" + number, "<data>" + std::string(bytes_each, 'x') + number + "</data>");
    made.submitter = "phone " + number;
    made.unreadable = n % 7 == 0;
  }
  return box;
}

}  // namespace

TEST(ReadAhead, GivesEachWholeAndInOrder) {
  for (const auto& [count, bytes] : {std::pair(0, 0u), std::pair(1, 10u), std::pair(63, 10u), std::pair(64, 10u),
                                     std::pair(1'000, 500u), std::pair(20, 300'000u)}) {
    const Box box = box_of(count, bytes);
    auto expected = box.all().begin();
    read_ahead(box.walk())([&](const Opened& opened) {
      EXPECT_EQ(opened.submission.instance_id, expected->submission.instance_id);
      EXPECT_EQ(opened.xml, expected->xml);
      EXPECT_EQ(opened.submitter, expected->submitter);
      EXPECT_EQ(opened.unreadable, expected->unreadable);
      ++expected;
      return true;
    });
    EXPECT_EQ(expected, box.all().end()) << count;
  }
}

TEST(ReadAhead, EndsSoonAfterTheReaderSaysNo) {
  const Box box = box_of(5'000, 100);
  int walked = 0, read = 0;
  const Walk counted = [&](const std::function<bool(const Opened&)>& reader) {
    box.walk()([&](const Opened& opened) {
      ++walked;
      return reader(opened);
    });
  };
  read_ahead(counted)([&](const Opened&) { return ++read < 3; });
  EXPECT_EQ(read, 3);
  EXPECT_LE(walked, 64 * 5);
}

TEST(ReadAhead, TellsTheCallerWhatEitherThrew) {
  const Box box = box_of(1'000, 100);
  EXPECT_THROW(read_ahead(box.walk())([](const Opened&) -> bool { throw std::domain_error("reader"); }),
               std::domain_error);
  int read = 0;
  const Walk broken = [&](const std::function<bool(const Opened&)>& reader) {
    box.walk()(reader);
    throw std::range_error("walk");
  };
  EXPECT_THROW(read_ahead(broken)([&](const Opened&) { return ++read > 0; }), std::range_error);
  EXPECT_GE(read, 900);
}

}  // namespace understory::collect
