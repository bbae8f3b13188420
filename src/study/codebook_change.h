// Changing a codebook: codes made, changed, moved, merged and split. What would happen to codings can be asked first,
// and nobody writes over what they did not see: `seen` is the number of the codebook they looked at (newest_change of
// no source).
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "storage/workspace.h"
#include "study/blind.h"
#include "study/problems.h"

namespace understory::study {

struct CodeFields {  // what is not given stays
  std::optional<std::string> name, kind, colour, definition, include, exclude;
  std::optional<bool> codable;
  std::map<std::string, std::string> names;  // by language; an empty one goes
};

// kMissingValue: no name; kAlreadyExists: its siblings have one called so; kInvalidValue; kNotFound: no such parent.
Result<Id> add_code(storage::Transaction& transaction, Id study, Id parent, const CodeFields& fields);
// A kind goes for the whole branch. As above, and kChangedMeanwhile.
Result<void> change_code(storage::Transaction& transaction, Id study, Id code, const CodeFields& fields,
                         std::int64_t seen);
// Under another parent (none: to the top), behind its children. kInvalidValue: into its own branch.
Result<void> move_code(storage::Transaction& transaction, Id study, Id code, Id parent, std::int64_t seen);

// What a merge does, or did.
struct Merge {
  std::int64_t codings = 0;   // get the other code
  std::int64_t same = 0;      // go: their coder put the other code on the same words
  std::int64_t children = 0;  // codes below it, which go below the other
  std::int64_t links = 0;     // get the other code
  std::int64_t circles = 0;   // links between the two, which go
};
// Everything of `from` becomes `into`'s, and `from` is gone. `from` may not hold `into`. kNotFound, kInvalidValue,
// kChangedMeanwhile. Looked at, what `blindness` hides is not counted; it is merged all the same.
Result<Merge> look_at_merge(storage::Transaction& transaction, Id study, Id from, Id into,
                            const Blindness& blindness = {});
Result<Merge> merge_codes(storage::Transaction& transaction, Id study, Id from, Id into, std::int64_t seen);

struct CodedPassage {
  Id coding, source, coder;
  std::int64_t start = 0, end = 0;
};
std::vector<CodedPassage> passages_of_code(storage::Transaction& transaction, Id study,
                                           Id code);  // by source and place
// These codings of a code get another code. How many: fewer where one was changed meanwhile, or where its coder had
// put the other code on the same words. kNotFound, kInvalidValue, kChangedMeanwhile.
Result<std::int64_t> recode(storage::Transaction& transaction, Id study, Id from, Id into,
                            const std::vector<Id>& codings, std::int64_t seen);

}  // namespace understory::study
