// Large blobs that are in the database before what they belong to, on both engines.
#include "storage/blob_ahead.h"

#include "foundation/clock.h"
#include "testing/workspace.h"

namespace understory::storage {

using testing_support::BothEngines;
using testing_support::engine_name;

namespace {

const Query kPiecesThere{"test.blob_pieces_there", "select count(*) from blob_piece where workspace_id = ?"};
// The table of pieces is not there for a while: what erases them fails, as on a disk that is full.
const Query kPiecesAway{"test.blob_pieces_away", "alter table blob_piece rename to blob_piece_away"};
const Query kPiecesBack{"test.blob_pieces_back", "alter table blob_piece_away rename to blob_piece"};
const Query kKeysThere{"test.data_keys_there", "select count(*) from data_key where workspace_id = ?"};

std::string large() {
  std::string content(5'000'000, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 31 % 251);
  return content;
}

// In pieces of no round size, and with something to do between them.
Pieces in_pieces(const std::string& content, const std::function<void()>& between = {}) {
  return [&content, between](const auto& put) {
    for (std::size_t at = 0; at < content.size(); at += 70'001) {
      put(std::string_view(content).substr(at, 70'001));
      if (between) between();
    }
  };
}

}  // namespace

class Ahead : public testing_support::OnBothEngines {
 protected:
  std::int64_t count(const Query& query) {
    auto transaction = workspace().read();
    return *transaction.one(query, {transaction.workspace()}, [](const Row& row) { return row.integer(0); });
  }
  std::string read(Id id) {
    auto transaction = workspace().read();
    const auto content = read_blob(transaction, id);
    return content ? *content : std::string(content.error().code());
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Ahead, BothEngines(), engine_name);

TEST_P(Ahead, IsABlobOnceATransactionUsedIt) {
  const std::string content = large();
  Id id;
  {
    // Others write meanwhile: no transaction stays open.
    int others = 0;
    const BlobAhead ahead(workspace(), "image/jpeg", in_pieces(content, [&] {
                            if (++others % 10 == 0) workspace().write_together([](Transaction&) {});
                          }));
    EXPECT_EQ(count(kPiecesThere), 20);
    {
      auto transaction = workspace().write();
      id = ahead.use(transaction);  // and rolled back
    }
    EXPECT_EQ(read(id), "not_found");
    auto transaction = workspace().write();
    EXPECT_EQ(ahead.use(transaction), id);
    transaction.commit();
  }
  EXPECT_EQ(read(id), content);
  auto transaction = workspace().read();
  EXPECT_EQ(blob_info(transaction, id)->size, 5'000'000);
  EXPECT_EQ(blob_info(transaction, id)->media_type, "image/jpeg");
}

TEST_P(Ahead, WhatNobodyUsedIsErased) {
  const std::string content = large();
  const std::int64_t keys = count(kKeysThere);
  { const BlobAhead ahead(workspace(), "image/jpeg", in_pieces(content)); }
  EXPECT_EQ(count(kPiecesThere), 0);
  EXPECT_EQ(count(kKeysThere), keys);
  int pieces = 0;
  EXPECT_THROW(BlobAhead(workspace(), "image/jpeg",
                         in_pieces(content,
                                   [&] {
                                     if (++pieces == 50) throw std::runtime_error("cut");
                                   })),
               std::runtime_error);
  EXPECT_EQ(count(kPiecesThere), 0);
  EXPECT_EQ(count(kKeysThere), keys);
  // A program that was killed erased nothing: a day later another does.
  static std::vector<BlobAhead*> never_ended;
  never_ended.push_back(new BlobAhead(workspace(), "image/jpeg", in_pieces(content)));
  EXPECT_EQ(erase_blobs_left_ahead(workspace()), 0);
  EXPECT_EQ(count(kPiecesThere), 20);
  const FixedClock later(now() + 25 * 60 * 60 * 1000);
  EXPECT_EQ(erase_blobs_left_ahead(workspace()), 1);
  EXPECT_EQ(erase_blobs_left_ahead(workspace()), 0);
  EXPECT_EQ(count(kPiecesThere), 0);
  EXPECT_EQ(count(kKeysThere), keys);
}

TEST_P(Ahead, WhatCannotBeErasedNowIsErasedLater) {
  const std::string content = large();
  const std::int64_t keys = count(kKeysThere);
  const auto change = [&](const Query& query) {
    auto transaction = workspace().write();
    transaction.run(query, {});
    transaction.commit();
  };
  {
    const BlobAhead ahead(workspace(), "image/jpeg", in_pieces(content));
    change(kPiecesAway);
  }
  change(kPiecesBack);
  EXPECT_EQ(count(kPiecesThere), 20) << "the program went on";
  // Nor does whoever brings a file hear of anything but what was wrong with it.
  try {
    const BlobAhead cut(workspace(), "image/jpeg", [&](const auto& put) {
      put(content);
      change(kPiecesAway);
      throw std::runtime_error("cut");
    });
    ADD_FAILURE() << "it was cut";
  } catch (const std::exception& error) {
    EXPECT_STREQ(error.what(), "cut");
  }
  change(kPiecesBack);
  EXPECT_GT(count(kPiecesThere), 20);
  const FixedClock later(now() + 25 * 60 * 60 * 1000);
  EXPECT_EQ(erase_blobs_left_ahead(workspace()), 2);
  EXPECT_EQ(count(kPiecesThere), 0);
  EXPECT_EQ(count(kKeysThere), keys);
}

// Sealed towards the workspace, as everything that comes in then.
TEST_P(Ahead, WhileStoriesAreLocked) {
  const auto recovery = vault::Secret::random();
  {
    auto transaction = workspace().write();
    ASSERT_TRUE(workspace().put_key_away(std::move(transaction), recovery));
  }
  const std::string content = large();
  Id id;
  {
    const BlobAhead ahead(workspace(), "image/jpeg", in_pieces(content));
    auto transaction = workspace().write();
    id = ahead.use(transaction);
    transaction.commit();
  }
  auto transaction = workspace().read();
  transaction.unlock(*workspace().recover(recovery));
  EXPECT_EQ(*read_blob(transaction, id), content);
}

}  // namespace understory::storage
