// Erasing one submission (P20): the keys of its instances, files and comments are destroyed and their rows deleted,
// with every edit of it that was kept by itself, and what it said of entities. What stays is a keyed hash of each
// instance, so that a phone that sends one again is thanked and nothing is kept. Backups made before still hold it
// until they are thrown away; what other programs fetched, and whoever was told by a webhook, is not reached from here.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "storage/workspace.h"
#include "vault/signing.h"

namespace understory::collect {

struct Erasing {
  struct Instance {
    Id id, submission;
    std::string form_id, instance_id;
  };
  std::vector<Id> submissions;      // it, and those kept by themselves that edit it: in quarantine, or released from it
  std::vector<Instance> instances;  // of all of these, oldest first
  std::int64_t files = 0, comments = 0;
  // Entities it said something of: those nobody else said anything of are deleted (a number
  // alone stays, by which phones are told to forget them), the others keep what others said.
  std::int64_t entities_gone = 0, entities_left = 0;
};

// What would go. kNotFound. Throws DatabaseError kLocked where edits of before there were marks would have to be opened
// and nobody may.
Result<Erasing> what_erasing_takes(storage::Transaction& transaction, const vault::SigningKey& key, Id submission);
// Its caller commits, and writes the log.
void erase_submission(storage::Transaction& transaction, const vault::SigningKey& key, const Erasing& erasing);

// Keeps what an instance says it edits, as a keyed hash: so that it is found without being opened.
void mark_edit(storage::Transaction& transaction, const vault::SigningKey& key, std::string_view form_id,
               std::string_view edits, Id submission, Id instance);
// The keyed hash by which an erased instance is known again.
std::string number_mark(const vault::SigningKey& key, std::string_view form_id, std::string_view instance_id);
// Into `content`, where the instance of that mark was erased: the mark of its content. Asked with others at once.
storage::Question erased_into(const storage::Transaction& transaction, std::string_view number,
                              std::optional<std::string>& content);
// The same of a number that was made of the content alone, as such numbers once were: nothing, where it was erased
// since they are made of the sender too.
storage::Question erased_before_into(const storage::Transaction& transaction, std::string_view number,
                                     std::optional<std::string>& content);
bool was_erased(storage::Transaction& transaction, const vault::SigningKey& key, std::string_view form_id,
                std::string_view instance_id);

}  // namespace understory::collect
