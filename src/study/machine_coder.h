// The machine coder: learns from what people coded which codes a passage may bear, says how well it does before anybody
// uses it, and suggests. What it suggests is no coding (decision 027): nothing counts it until a person takes it as
// theirs.
//
// Pure: passages in, suggestions out; suggestions_store.cpp reads and keeps them.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "foundation/id.h"
#include "foundation/progress.h"
#include "foundation/result.h"

namespace understory::study {

struct PassageToLearn {    // a turn or a paragraph
  int source = 0;          // passages of one source are held out together
  std::string language;    // of the source, "km"
  std::string text;        // folded, what identifies masked
  bool is_read = false;    // a person has read the source: silence in it counts
  std::vector<int> codes;  // what people put on any part of it, with the codes above; ascending
  // The very words that were coded, folded and masked: they tell what of the passage it was.
  struct Quote {
    std::string text;
    std::vector<int> codes;  // with the codes above, ascending
  };
  std::vector<Quote> quotes;
};

struct MachineOptions {
  double precision = 0.8;  // wanted of what it suggests, 0 < p < 1
  int least = 8;           // a code is learnt from so many passages …
  int least_sources = 3;   // … in so many sources
  int folds = 5;
  std::uint64_t seed = 1;
};

// Held out: each passage judged by models that saw nothing of its source, at a threshold chosen without it.
struct Measured {
  int passages = 0;  // read
  int coded = 0;     // by people
  int suggested = 0, right = 0;
  double precision() const { return suggested ? double(right) / suggested : 0; }
  double recall() const { return coded ? double(right) / coded : 0; }
  double f1() const { return coded + suggested ? 2.0 * right / (coded + suggested) : 0; }
  void add(const Measured& other);
};
struct MachineLine {
  int code = 0;          // as in PassageToLearn
  std::string language;  // empty: all languages together
  Measured measured;
  bool abstains = false;  // suggests this code to nobody: no threshold reaches the precision wanted
};
struct Reason {
  std::vector<std::string> words;  // what in the passage spoke for the code most, at most 5, folded
  std::vector<int> like;           // coded passages most like it, at most 3, most alike first
};
struct Suggested {
  int passage = 0, code = 0;
  double chance = 0;  // by the model, 0 … 1; for ordering, not for quoting
  Reason reason;
};
struct Learnt {
  std::vector<MachineLine> lines;    // by code; each code's line of all languages first
  std::vector<Suggested> suggested;  // by passage, then chance descending; only passages no person has coded
  int too_few = 0;                   // codes that people used, on too few passages to learn from
};
// `parent_of`: for each code the one above, -1 at the top; where a code and one above it are suggested, the lower
// stays. `wanted`: whether a code may be suggested (codable). No lines: no code has enough passages in enough sources
// yet. kStopped when `progress` says so.
Result<Learnt> learn(const std::vector<PassageToLearn>& passages, const std::vector<int>& parent_of,
                     const std::vector<bool>& wanted, const MachineOptions& options = {},
                     const Progress& progress = {});

}  // namespace understory::study
