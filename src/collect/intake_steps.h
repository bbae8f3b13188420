// Private to the room: one post as it goes into the database.
#pragma once
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

// Either writes everything about it, its line in the log too, or nothing.
Result<Receipt> keep(storage::Transaction& transaction, const Arrival& arrival);

}  // namespace understory::collect
