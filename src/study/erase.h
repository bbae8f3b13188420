// Erasing what somebody told (P20): the keys of its data are destroyed and its rows deleted, with everything that hangs
// on it and every copy of a file it came in. What is gone cannot be imported again by accident. Backups made before
// still hold it until they are thrown away.
#pragma once
#include <set>
#include <string>
#include <vector>

#include "storage/workspace.h"

namespace understory::study {

struct Erased {
  std::vector<Id> sources;  // each version and translation
  std::int64_t codings = 0, links = 0, memos = 0, files = 0;
  // Sources in which others speak too, by their numbers: the person's words remain in these.
  std::vector<Id> shared;
};

// A source, its versions before and after, and their translations; nothing where it is not there.
std::set<Id> family_of(storage::Transaction& transaction, Id study, Id source);
// A source with all its versions and translations. kNotFound. Its caller commits, and writes the log.
Result<Erased> erase_source(storage::Transaction& transaction, Id study, Id source);
// A respondent: what they alone told, their pseudonym and facts. kNotFound.
Result<Erased> erase_respondent(storage::Transaction& transaction, Id study, Id respondent);

}  // namespace understory::study
