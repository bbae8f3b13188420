#include "storage/blobs.h"

#include <algorithm>

#include "foundation/clock.h"
#include "storage/blob_pieces.h"
#include "storage/reseal.h"

namespace understory::storage {

namespace {

constexpr std::size_t kPiece = kBlobPiece;

const Query kAddBlob{"storage.add_blob",
                     "insert into blob (workspace_id, id, media_type, size, created_at) values (?, ?, ?, ?, ?)"};
const Query kAddPiece{"storage.add_blob_piece",
                      "insert into blob_piece (workspace_id, blob_id, position, content) values (?, ?, ?, ?)"};
const Query kBlobInfo{"storage.blob_info", "select media_type, size from blob where workspace_id = ? and id = ?"};
const Query kPieces{
    "storage.blob_pieces",
    "select position, content from blob_piece where workspace_id = ? and blob_id = ? order by position"};
const Query kOnePiece{"storage.blob_piece",
                      "select content from blob_piece where workspace_id = ? and blob_id = ? and position = ?"};
const Query kKeyOfPieces{"storage.data_key_of_blob", "select wrapped from data_key where workspace_id = ? and id = ?"};
const Query kErasePieces{"storage.erase_blob_pieces", "delete from blob_piece where workspace_id = ? and blob_id = ?"};
// Which key a piece is sealed under stands in its first bytes.
const Query kFirstPiece{
    "storage.blob_first_piece",
    "select substr(content, 1, 64) from blob_piece where workspace_id = ? and blob_id = ? and position = 0"};
const Query kFirstBytes{"storage.blob_first_bytes",
                        "select substr(content, 1, 64) from blob_piece where workspace_id = ? and blob_id = ?"};
const Query kEraseBlob{"storage.erase_blob", "delete from blob where workspace_id = ? and id = ?"};

const SealedColumn kSealedPieces{"blob_piece", "content", "blob_id", "position",
                                 SealedColumn::Sealed::kByNameAndSecond};

}  // namespace

std::string column_of_piece(std::int64_t position) { return "content/" + std::to_string(position); }

std::int64_t cut_in_pieces(const Pieces& content, const std::function<void(std::string_view piece)>& keep) {
  std::int64_t size = 0;
  std::string waiting;
  content([&](std::string_view piece) {
    size += static_cast<std::int64_t>(piece.size());
    while (waiting.size() + piece.size() >= kPiece) {
      const std::size_t taken = kPiece - waiting.size();
      if (waiting.empty()) {
        keep(piece.substr(0, taken));
      } else {
        waiting += piece.substr(0, taken);
        keep(waiting);
        waiting.clear();
      }
      piece.remove_prefix(taken);
    }
    waiting += piece;
  });
  if (!waiting.empty()) keep(waiting);
  return size;
}

void add_piece(Transaction& transaction, Id blob, std::int64_t position, std::string_view sealed) {
  transaction.run_later(kAddPiece, {transaction.workspace(), blob, position, Parameter::blob(sealed)});
}

void add_blob(Transaction& transaction, Id blob, std::string_view media_type, std::int64_t size) {
  transaction.run_later(kAddBlob, {transaction.workspace(), blob, media_type, size, now()});
}

Id put_blob(Transaction& transaction, Id owner, std::string_view media_type, const Pieces& content) {
  const Id id = Id::make();
  std::int64_t position = 0;
  const std::int64_t size = cut_in_pieces(content, [&](std::string_view piece) {
    add_piece(transaction, id, position, transaction.seal(owner, "blob_piece", column_of_piece(position), id, piece));
    ++position;
  });
  add_blob(transaction, id, media_type, size);
  return id;
}

Id put_blob(Transaction& transaction, Id owner, std::string_view media_type, std::string_view content) {
  return put_blob(transaction, owner, media_type, Pieces([&](const auto& put) { put(content); }));
}

Result<BlobInfo> blob_info(Transaction& transaction, Id id) {
  auto info = transaction.one(kBlobInfo, {transaction.workspace(), id}, [&](const Row& row) {
    return BlobInfo{id, row.integer(1), row.string(0)};
  });
  if (!info) return fail(problems::kNotFound, {{"what", "attachment"}, {"name", id.text()}});
  return *info;
}

Result<void> read_blob(Transaction& transaction, Id id, const std::function<void(std::string_view piece)>& reader) {
  const BlobInfo info = TRY(blob_info(transaction, id));
  std::int64_t next = 0, bytes = 0;
  std::optional<std::string> wrong;
  // Its key is fetched for it alone: a walk over many blobs must not gather all their keys. And before the pieces: a
  // question between them would have all that are still to come taken into memory first.
  std::string wrapped;
  if (!transaction.locked())
    if (const auto key = transaction.one(kFirstPiece, {transaction.workspace(), id},
                                         [](const Row& row) { return vault::data_key_of(row.blob(0)); });
        key && *key)
      transaction.each(kKeyOfPieces, {transaction.workspace(), **key},
                       [&](const Row& row) { wrapped = std::string(row.blob(0)); });
  transaction.each(kPieces, {transaction.workspace(), id}, [&](const Row& row) {
    if (wrong) return;
    if (row.integer(0) != next)
      wrong = "a piece is missing";
    else if (auto piece = transaction.try_open({"blob_piece", column_of_piece(next), id}, row.blob(1), wrapped);
             piece) {
      bytes += static_cast<std::int64_t>(piece->size());
      reader(*piece);
    } else {
      wrong = "a piece was changed";
    }
    ++next;
  });
  if (!wrong && bytes != info.size) wrong = "it is cut short";
  if (wrong) return fail(problems::kDamaged, {{"what", "The attachment " + id.text()}, {"reason", *wrong}});
  return {};
}

Result<std::string> read_blob(Transaction& transaction, Id id) {
  std::string content;
  TRY(read_blob(transaction, id, [&](std::string_view piece) { content += piece; }));
  return content;
}

Result<std::string> read_blob_piece(Transaction& transaction, Id id, std::int64_t position) {
  const auto sealed = transaction.one(kOnePiece, {transaction.workspace(), id, position},
                                      [](const Row& row) { return std::string(row.blob(0)); });
  if (!sealed) return std::string();
  auto piece = transaction.try_open({"blob_piece", column_of_piece(position), id}, *sealed);
  if (!piece)
    return fail(problems::kDamaged, {{"what", "The attachment " + id.text()}, {"reason", "a piece was changed"}});
  return std::move(*piece);
}

std::vector<Id> keys_of_blob(Transaction& transaction, Id id) {
  std::vector<Id> keys;
  transaction.each(kFirstBytes, {transaction.workspace(), id}, [&](const Row& row) {
    const auto key = vault::data_key_of(row.blob(0));
    if (key && std::find(keys.begin(), keys.end(), *key) == keys.end()) keys.push_back(*key);
  });
  return keys;
}

void erase_blob(Transaction& transaction, Id id) {
  transaction.run(kErasePieces, {transaction.workspace(), id});
  transaction.run(kEraseBlob, {transaction.workspace(), id});
}

}  // namespace understory::storage
