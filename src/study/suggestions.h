// What the machine coder learnt of a study and what it suggests, kept apart from what people coded (decision 027).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "foundation/clock.h"
#include "study/coding.h"
#include "study/machine_coder.h"

namespace understory::study {

struct MachineReport {
  Milliseconds learnt_at = 0;
  std::int64_t revision = 0;      // of the study then; less than now: people have coded since
  double precision = 0;           // that was wanted
  int sources = 0, passages = 0;  // read by people, that it learnt from
  std::int64_t codings = 0;       // of people in the study then, without what was coded blind
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

// Studies in which it has learnt and so much was coded since that it may learn anew: codings put on, taken off and
// changed of at least a twentieth of those it learnt from, and twenty. It rests ten minutes between.
std::vector<Id> studies_to_learn(storage::Transaction& transaction, Milliseconds at);

std::optional<MachineReport> machine_report(storage::Transaction& transaction, Id study);
// Open suggestions by source (sources without any are not in it); those people coded over meanwhile do not count, nor
// those on sources that are coded blind.
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
// Open ones of a source where no person has coded, none while it is coded blind, by start, then chance descending.
// `text` is the source's, with the masks of now: of the words that spoke for a code those a mask hides meanwhile are
// not told.
std::vector<Suggestion> suggestions_on(storage::Transaction& transaction, Id study, Id source, const SourceText& text);

// Taken, it is a coding of that coder, made now, and no suggestion any more; `length` as for put_coding(). kNotFound:
// there is none on this source, or it was declined.
Result<Put> take_suggestion(storage::Transaction& transaction, Id study, Id source, Id suggestion, Id coder,
                            std::int64_t length);
// Declined, it is not suggested again. kNotFound as above.
Result<void> decline_suggestion(storage::Transaction& transaction, Id study, Id source, Id suggestion);
// Everything the machine coder ever did in the study, in one act. Returns how many suggestions went.
int remove_machine(storage::Transaction& transaction, Id study);

}  // namespace understory::study
