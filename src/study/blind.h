// Two coders of one source: blind while they code, compared afterwards, and differences settled with who and why.
#pragma once
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/clock.h"
#include "study/coding.h"

namespace understory::study {

bool is_blind(storage::Transaction& transaction, Id source);
std::vector<Id> blind_sources(storage::Transaction& transaction, Id study);
// Begins or ends it; nothing happens where it is so already.
void set_blind(storage::Transaction& transaction, Id study, Id source, bool blind, Id account);
// What somebody may not see while sources are coded blind: what others than `own` (none: no coder of this study) put on
// them. The one rule, for pages, the desk and exports.
struct Blindness {
  std::set<Id> sources;
  std::optional<Id> own;
  bool hides(Id source, Id coder) const { return sources.contains(source) && (!own || coder != *own); }
};
Blindness blindness(storage::Transaction& transaction, Id study, std::optional<Id> own);
// Takes it out of an opened source.
void hide_others(Source& source, const Blindness& blindness);
// Out of the numbers in a list of sources: what is coded blind counts one's own alone.
void hide_others(storage::Transaction& transaction, Id study, std::vector<SourceLine>& lines,
                 const Blindness& blindness);

struct Settlement {
  Id id, coding, code, coder;
  Span span;
  bool stands = true;
  std::string reason;
  Id account;  // none: whoever holds the folder
  Milliseconds at = 0;
};
// Decides about a coding; one that falls is taken off. kNotFound: there is no such coding; kInvalidValue: a reason of
// fewer than 3 or more than 2000 bytes; kBlind.
Result<Settlement> settle(storage::Transaction& transaction, Id study, Id source, Id coding, bool stands,
                          std::string_view reason, Id account);
std::vector<Settlement> settlements(storage::Transaction& transaction, Id study, Id source);  // oldest first

// How two coders agree on one code, counted in units of a text that is `length` units long. Spans may overlap.
struct CodeAgreement {
  std::int64_t one = 0, other = 0;                                   // codings
  std::int64_t same = 0;                                             // on the very same words
  std::int64_t both = 0, only_one = 0, only_other = 0, neither = 0;  // units
  std::optional<double> kappa;                                       // Cohen's; none: chance alone would agree fully
};
CodeAgreement agreement_on(std::vector<Span> one, std::vector<Span> other, std::int64_t length);

}  // namespace understory::study
