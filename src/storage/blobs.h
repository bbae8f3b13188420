// Attachments and original files: sealed, in the database, in pieces of 256 KiB, so that they live and die with the
// transaction that brought them and one backup holds everything.
#pragma once
#include <functional>
#include <string_view>
#include <vector>

#include "storage/workspace.h"

namespace understory::storage {

inline constexpr std::int64_t kBlobPiece = 256 * 1024;  // bytes of each piece but the last

struct BlobInfo {
  Id id;
  std::int64_t size = 0;   // bytes
  std::string media_type;  // "application/zip"
};

// Sealed under the data key of what it belongs to.
Id put_blob(Transaction& transaction, Id owner, std::string_view media_type, std::string_view content);
// Content that comes piece by piece: `content` is called once with where to put them.
using Pieces = std::function<void(const std::function<void(std::string_view piece)>& put)>;
Id put_blob(Transaction& transaction, Id owner, std::string_view media_type, const Pieces& content);
Result<BlobInfo> blob_info(Transaction& transaction, Id id);
// Piece by piece, in order. kNotFound; kDamaged when a piece is missing, reordered or changed.
Result<void> read_blob(Transaction& transaction, Id id, const std::function<void(std::string_view piece)>& reader);
Result<std::string> read_blob(Transaction& transaction, Id id);
// One piece of it, counted from 0; empty: that was all. kDamaged.
Result<std::string> read_blob_piece(Transaction& transaction, Id id, std::int64_t position);
void erase_blob(Transaction& transaction, Id id);
// The data keys its pieces are sealed under: one; none where it is empty.
std::vector<Id> keys_of_blob(Transaction& transaction, Id id);

}  // namespace understory::storage
