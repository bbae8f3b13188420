// Private to the room: which sources and respondents were made of which submission. Kept by a keyed hash of the
// submission, so that erasing finds them whatever the mapping is by then, without opening anything, and so that nobody
// without the workspace's key can tell which of them came from which phone.
#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "storage/workspace.h"

namespace understory::study {

struct MergedRows;
struct Taken;

// Of a submission, by the number of its first instance. Throws DatabaseError kLocked.
std::string submission_mark(storage::Transaction& transaction, std::string_view form_id, std::string_view instance_id);

// What one run of taking made, or found to be there already.
void keep_made(storage::Transaction& transaction, Id study, std::string_view form_id, const std::vector<Taken>& taken,
               const MergedRows& rows);

struct MadeOf {
  std::string kind;  // "source", "respondent"
  Id study, id;
  bool alone = false;  // no more is known of it than submissions say
};
std::vector<MadeOf> made_of(storage::Transaction& transaction, std::string_view mark);
// The marks of all submissions that say something of a respondent.
std::vector<std::string> made_by(storage::Transaction& transaction, Id respondent);
// Every source of a study that some submission made.
std::set<Id> sources_of_submissions(storage::Transaction& transaction, Id study);

// When it is erased.
void forget_made(storage::Transaction& transaction, std::string_view kind, Id made);
void forget_made_of(storage::Transaction& transaction, std::string_view mark);

}  // namespace understory::study
