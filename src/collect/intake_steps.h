// Private to the room: posts as they go into the database.
#pragma once
#include <span>

#include "collect/intake.h"

namespace understory::collect {

struct ArrivedFile {
  const PostedFile* file;
  std::string name_mark, content_mark;  // keyed hashes
  std::string media_type;               // no more than type/subtype: what else stands there can be a name
};

struct Arrival {
  const Post& post;
  Envelope envelope;  // with an instanceID in any case
  std::string mark;   // keyed hash of the XML
  std::vector<ArrivedFile> files;
  const vault::SigningKey& key;
};

// Before the database is asked; errors as of take_in(). Borrows both.
Result<Arrival> arrived(const vault::SigningKey& key, const Post& post);
// Of each either everything, its line in the log too, or nothing. Their lookups go to the server together, and so do
// their rows.
std::vector<Result<Receipt>> keep(storage::Transaction& transaction, std::span<const Arrival* const> arrivals);

}  // namespace understory::collect
