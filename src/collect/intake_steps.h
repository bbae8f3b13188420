// Private to the room: posts as they go into the database.
#pragma once
#include <span>

#include "collect/intake.h"
#include "storage/blob_ahead.h"

namespace understory::collect {

struct ArrivedFile {
  const PostedFile* file;
  std::string name_mark, content_mark;  // keyed hashes
  std::string media_type;               // no more than type/subtype: what else stands there can be a name
  std::shared_ptr<storage::BlobAhead> ahead = nullptr;  // where it is in the database already
};

struct Arrival {
  const Post& post;
  XmlDocument document;
  Envelope envelope;  // with an instanceID in any case
  std::string mark;   // keyed hash of the XML
  std::vector<ArrivedFile> files;
  const vault::SigningKey& key;
};

// Before the database is asked; errors as of take_in(). Borrows both.
Result<Arrival> arrived(const vault::SigningKey& key, const Post& post);
// Puts its large files into the database, but for those that are here already.
void put_ahead(storage::Workspace& workspace, Arrival& arrival);
bool is_here(storage::Transaction& transaction, const Arrival& arrival, const ArrivedFile& file);
// Of each either everything, its line in the log too, or nothing. Their lookups go to the server together, and so do
// their rows.
std::vector<Result<Receipt>> keep(storage::Transaction& transaction, std::span<const Arrival* const> arrivals);

}  // namespace understory::collect
