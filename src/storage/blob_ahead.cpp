#include "storage/blob_ahead.h"

#include "foundation/clock.h"
#include "foundation/log.h"

namespace understory::storage {

namespace {

constexpr std::size_t kPiece = kBlobPiece;
constexpr std::size_t kAtOnce = 8;  // pieces in one transaction: 2 MiB
constexpr Milliseconds kLeft = 24 * 60 * 60 * 1000;

const Query kBegin{"storage.begin_blob_ahead",
                   "insert into blob_ahead (workspace_id, blob_id, owner_id, begun_at) values (?, ?, ?, ?)"};
const Query kAddPiece{"storage.add_blob_piece_ahead",
                      "insert into blob_piece (workspace_id, blob_id, position, content) values (?, ?, ?, ?)"};
const Query kAddBlob{"storage.add_blob_ahead",
                     "insert into blob (workspace_id, id, media_type, size, created_at) values (?, ?, ?, ?, ?)"};
const Query kUsed{"storage.blob_ahead_used", "delete from blob_ahead where workspace_id = ? and blob_id = ?"};
const Query kUnused{"storage.blob_ahead_unused",
                    "select owner_id from blob_ahead where workspace_id = ? and blob_id = ?"};
const Query kLeftBehind{"storage.blobs_left_ahead",
                        "select blob_id, owner_id from blob_ahead where workspace_id = ? and begun_at < ?"};

// As storage/blobs.cpp reads them.
std::string column_of(std::int64_t position) { return "content/" + std::to_string(position); }

void erase(Transaction& transaction, Id id, Id owner) {
  erase_blob(transaction, id);
  transaction.destroy_data_key(owner);
  transaction.run(kUsed, {transaction.workspace(), id});
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
  std::string waiting;
  const auto seal = [&](std::string_view piece) {
    sealed.push_back(key_->seal({"blob_piece", column_of(position), id_}, piece, algorithm_));
    ++position;
    if (sealed.size() < kAtOnce) return;
    const std::int64_t first = position - std::ssize(sealed);
    put(std::exchange(sealed, {}), first);
  };
  try {
    content([&](std::string_view piece) {
      size_ += static_cast<std::int64_t>(piece.size());
      waiting += piece;
      std::size_t at = 0;
      for (; waiting.size() - at >= kPiece; at += kPiece) seal(std::string_view(waiting).substr(at, kPiece));
      waiting.erase(0, at);
    });
    if (!waiting.empty()) seal(waiting);
    if (!sealed.empty()) put(std::move(sealed), position - std::ssize(sealed));
  } catch (...) {
    workspace.write_together([this](Transaction& transaction) { erase(transaction, id_, owner_); });
    throw;
  }
}

void BlobAhead::put(std::vector<std::string> sealed, std::int64_t first) {
  workspace_.write_together([&](Transaction& transaction) {
    for (std::size_t i = 0; i < sealed.size(); ++i)
      transaction.run_later(
          kAddPiece, {transaction.workspace(), id_, first + static_cast<std::int64_t>(i), Parameter::blob(sealed[i])});
  });
}

BlobAhead::~BlobAhead() try {
  bool unused = false;
  {
    Transaction transaction = workspace_.read();
    unused = transaction.one(kUnused, {transaction.workspace(), id_}, [](const Row&) { return true; }).has_value();
  }
  if (unused) workspace_.write_together([this](Transaction& transaction) { erase(transaction, id_, owner_); });
} catch (const std::exception& error) {
  log::warning("a file that was not kept is erased later: {}", error.what());  // erase_blobs_left_ahead()
}

Id BlobAhead::use(Transaction& transaction) const {
  transaction.run(kUsed, {transaction.workspace(), id_});
  transaction.run_later(kAddBlob, {transaction.workspace(), id_, media_type_, size_, now()});
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
  for (const Left& each : all)
    workspace.write_together([&](Transaction& transaction) { erase(transaction, each.id, each.owner); });
  return static_cast<int>(all.size());
}

}  // namespace understory::storage
