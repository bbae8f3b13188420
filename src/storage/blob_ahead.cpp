#include "storage/blob_ahead.h"

#include "foundation/clock.h"
#include "foundation/log.h"
#include "storage/blob_pieces.h"

namespace understory::storage {

namespace {

constexpr std::size_t kAtOnce = 8;  // pieces in one transaction: 2 MiB
constexpr Milliseconds kLeft = 24 * 60 * 60 * 1000;

const Query kBegin{"storage.begin_blob_ahead",
                   "insert into blob_ahead (workspace_id, blob_id, owner_id, begun_at) values (?, ?, ?, ?)"};
const Query kUsed{"storage.blob_ahead_used", "delete from blob_ahead where workspace_id = ? and blob_id = ?"};
const Query kUnused{"storage.blob_ahead_unused",
                    "select owner_id from blob_ahead where workspace_id = ? and blob_id = ?"};
const Query kLeftBehind{"storage.blobs_left_ahead",
                        "select blob_id, owner_id from blob_ahead where workspace_id = ? and begun_at < ?"};
const Query kLastPiece{"storage.last_blob_piece",
                       "select max(position) from blob_piece where workspace_id = ? and blob_id = ?"};
const Query kEraseSome{
    "storage.erase_some_blob_pieces",
    "delete from blob_piece where workspace_id = ? and blob_id = ? and position >= ? and position < ?"};

// As it came, a few pieces at a time: nobody waits for all of it. Its key goes first, and what tells that it is here
// last, so that what is cut short is taken up again.
void erase(Workspace& workspace, Id id, Id owner) {
  std::int64_t pieces = 0;
  workspace.write_together([&](Transaction& transaction) {
    transaction.destroy_data_key(owner);
    transaction.each(kLastPiece, {transaction.workspace(), id},
                     [&](const Row& row) { pieces = row.is_null(0) ? 0 : row.integer(0) + 1; });
  });
  constexpr auto kStep = static_cast<std::int64_t>(kAtOnce);
  for (std::int64_t at = 0; at < pieces; at += kStep)
    workspace.write_together([&](Transaction& transaction) {
      transaction.run(kEraseSome, {transaction.workspace(), id, at, at + kStep});
    });
  workspace.write_together([&](Transaction& transaction) {
    erase_blob(transaction, id);
    transaction.run(kUsed, {transaction.workspace(), id});
  });
}

// Where that fails (a disk that is full, a server that is gone), erase_blobs_left_ahead() does it later: whoever
// brought the file hears why it was not kept, and the program goes on.
void erase_or_leave(Workspace& workspace, Id id, Id owner) noexcept {
  try {
    bool unused = false;
    {
      Transaction transaction = workspace.read();
      unused = transaction.one(kUnused, {transaction.workspace(), id}, [](const Row&) { return true; }).has_value();
    }
    if (unused) erase(workspace, id, owner);
  } catch (const std::exception& error) {
    log::warning("a file that was not kept is erased later: {}", error.what());
  }
}

}  // namespace

BlobAhead::BlobAhead(Workspace& workspace, std::string_view media_type, const Pieces& content)
    : workspace_(workspace), id_(Id::make()), owner_(Id::make()), media_type_(media_type) {
  workspace.write_together([this](Transaction& transaction) {
    transaction.make_data_key(owner_);
    key_ = vault::DataKey::from(owner_, transaction.data_key(owner_).bytes());
    algorithm_ = transaction.algorithm();
    transaction.run(kBegin, {transaction.workspace(), id_, owner_, now()});
  });
  std::vector<std::string> sealed;
  std::int64_t position = 0;
  const auto seal = [&](std::string_view piece) {
    sealed.push_back(key_->seal({"blob_piece", column_of_piece(position), id_}, piece, algorithm_));
    ++position;
    if (sealed.size() < kAtOnce) return;
    const std::int64_t first = position - std::ssize(sealed);
    put(std::exchange(sealed, {}), first);
  };
  try {
    size_ = cut_in_pieces(content, seal);
    if (!sealed.empty()) put(std::move(sealed), position - std::ssize(sealed));
  } catch (...) {
    erase_or_leave(workspace, id_, owner_);
    throw;
  }
}

void BlobAhead::put(std::vector<std::string> sealed, std::int64_t first) {
  workspace_.write_together([&](Transaction& transaction) {
    for (std::size_t i = 0; i < sealed.size(); ++i)
      add_piece(transaction, id_, first + static_cast<std::int64_t>(i), sealed[i]);
  });
}

BlobAhead::~BlobAhead() { erase_or_leave(workspace_, id_, owner_); }

Id BlobAhead::use(Transaction& transaction) const {
  transaction.run(kUsed, {transaction.workspace(), id_});
  add_blob(transaction, id_, media_type_, size_);
  return id_;
}

int erase_blobs_left_ahead(Workspace& workspace) {
  struct Left {
    Id id, owner;
  };
  std::vector<Left> all;
  {
    Transaction transaction = workspace.read();
    transaction.each(kLeftBehind, {transaction.workspace(), now() - kLeft}, [&](const Row& row) {
      all.push_back({row.id(0), row.id(1)});
    });
  }
  for (const Left& each : all) erase(workspace, each.id, each.owner);
  return static_cast<int>(all.size());
}

}  // namespace understory::storage
