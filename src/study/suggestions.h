// What the machine coder learnt of a study and what it suggests, kept apart from what people coded (decision 027).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "study/machine_coder.h"
#include "study/source.h"

namespace understory::study {

struct MachineReport {
  std::int64_t learnt_at = 0;     // seconds since 1970
  std::int64_t revision = 0;      // of the study then; less than now: people have coded since
  double precision = 0;           // that was wanted
  int sources = 0, passages = 0;  // read by people, that it learnt from
  int too_few = 0;                // codes in use on too few passages
  struct Line {
    Id code;
    std::string language;  // empty: all together
    Measured measured;
    bool abstains = false;
  };
  std::vector<Line> lines;  // each code's line of all languages, then those by language
};

struct LikePassage {
  Id source;
  Span span;
};
struct NewSuggestion {
  Id source, code;
  Span span;
  double chance = 0;
  std::vector<std::string> words;
  std::vector<LikePassage> like;
};
struct LearntStudy {
  MachineReport report;
  std::vector<NewSuggestion> suggestions;
};
// Reads every source of the study (newest versions, no translations); may take seconds, changes nothing. kStopped.
Result<LearntStudy> learn_from(storage::Transaction& transaction, Id study, const MachineOptions& options = {},
                               const Progress& progress = {});
// Replaces what was suggested before; what people declined stays declined. Returns how many are kept.
int keep_learnt(storage::Transaction& transaction, Id study, const LearntStudy& learnt);

std::optional<MachineReport> machine_report(storage::Transaction& transaction, Id study);
// Open suggestions by source (sources without any are not in it); those people coded over meanwhile do not count.
std::vector<std::pair<Id, int>> suggestion_counts(storage::Transaction& transaction, Id study);

// The language of a source, as the report's lines have it; empty: there is no such source.
std::string language_of(storage::Transaction& transaction, Id source);

struct Suggestion {
  Id id, code;
  Span span;
  double chance = 0;
  std::vector<std::string> words;
  std::vector<LikePassage> like;
};
// Open ones of a source where no person has coded, by start, then chance descending.
std::vector<Suggestion> suggestions_on(storage::Transaction& transaction, Id study, Id source);

// Where and what one suggests; nothing: there is none, or it was declined.
struct SuggestedPlace {
  Id study, source, code;
  Span span;
};
std::optional<SuggestedPlace> find_suggestion(storage::Transaction& transaction, Id suggestion);
void decline_suggestion(storage::Transaction& transaction, Id suggestion);
void forget_suggestion(storage::Transaction& transaction, Id suggestion);  // taken: a coding stands there now
// Everything the machine coder ever did in the study, in one act. Returns how many suggestions went.
int remove_machine(storage::Transaction& transaction, Id study);

}  // namespace understory::study
