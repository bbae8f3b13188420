// A large blob that is put into the database before the transaction that needs it, a few pieces at a time in
// transactions shared with others (Workspace::write_together): nobody waits for all of it. It is sealed while no
// transaction is open, also while stories are locked.
#pragma once
#include "storage/blobs.h"
#include "vault/data_key.h"

namespace understory::storage {

class BlobAhead {
 public:
  // Puts it there, under a key of its own. What `content` throws leaves nothing behind.
  BlobAhead(Workspace& workspace, std::string_view media_type, const Pieces& content);
  // Erases what no transaction used that was committed.
  ~BlobAhead();
  BlobAhead(const BlobAhead&) = delete;
  BlobAhead& operator=(const BlobAhead&) = delete;

  // Makes it a blob like any other, in the transaction that refers to it. Again, if that was rolled back.
  Id use(Transaction& transaction) const;

 private:
  void put(std::vector<std::string> sealed, std::int64_t first);
  Workspace& workspace_;
  Id id_, owner_;
  std::string media_type_;
  std::int64_t size_ = 0;
  std::optional<vault::DataKey> key_;
  vault::Algorithm algorithm_{};
};

// Those a program that ended meanwhile left behind, older than a day. How many.
int erase_blobs_left_ahead(Workspace& workspace);

}  // namespace understory::storage
