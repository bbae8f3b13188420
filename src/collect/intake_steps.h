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
  std::optional<XmlDocument> document;  // none of a large one: it is read again where it is needed
  Envelope envelope;                    // with an instanceID in any case
  std::string number_before;            // where that is of ours: as it was made of the content alone; else empty
  std::string mark;                     // keyed hash of the XML
  std::vector<ArrivedFile> files;
  const vault::SigningKey& key;
};

// Before the database is asked; errors as of take_in(). Borrows both.
Result<Arrival> arrived(const vault::SigningKey& key, const Post& post);
// Puts its large files into the database, as far as they are wanted.
void put_ahead(storage::Workspace& workspace, Arrival& arrival);
// Which of these are to be written: none of what is refused without a look at them, nor those that are here already.
// keep() decides anew.
std::vector<ArrivedFile*> wanted(storage::Transaction& transaction, const Arrival& arrival,
                                 const std::vector<ArrivedFile*>& files);
// Of each either everything, its line in the log too, or nothing. Their lookups go to the server together, and so do
// their rows.
std::vector<Result<Receipt>> keep(storage::Transaction& transaction, std::span<const Arrival* const> arrivals);

}  // namespace understory::collect
