// How attachments lie in the database, for those who put them there: at once (blobs) or ahead of what they belong to
// (blob_ahead).
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "storage/blobs.h"

namespace understory::storage {

// The position is part of what the seal covers, so pieces cannot be reordered.
std::string column_of_piece(std::int64_t position);
// Cuts content into pieces of kBlobPiece; the last may be shorter. Returns how many bytes it was.
std::int64_t cut_in_pieces(const Pieces& content, const std::function<void(std::string_view piece)>& keep);
void add_piece(Transaction& transaction, Id blob, std::int64_t position, std::string_view sealed);
void add_blob(Transaction& transaction, Id blob, std::string_view media_type, std::int64_t size);

}  // namespace understory::storage
