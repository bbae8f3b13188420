// Word search over facts (place names, code names and definitions) in every script: ICU cuts the words, both engines
// index them as they are given. Stories are never indexed on disk; study/ searches them in memory.
#pragma once
#include <string_view>
#include <vector>

#include "storage/workspace.h"

namespace understory::storage {

// Puts a record's words into the index of a kind ("place", "code"), replacing what stood there for it.
void index_words(Transaction& transaction, std::string_view kind, Id record, std::string_view text,
                 std::string_view language);
void forget_words(Transaction& transaction, std::string_view kind, Id record);
// Records that hold every word of `wanted` (the last one may be a beginning), best first, at most `limit`.
std::vector<Id> find_words(Transaction& transaction, std::string_view kind, std::string_view wanted, int limit = 50);

}  // namespace understory::storage
