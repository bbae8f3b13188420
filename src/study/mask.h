// Masks put on at the desk: words that could identify somebody are hidden wherever they are shown, and something may
// stand in their place.
#pragma once
#include <string>
#include <vector>

#include "study/coding.h"

namespace understory::study {

struct NewMask {
  Id source, coder;
  Span span;                // whole characters
  std::string kind;         // one of kMaskKinds
  std::string instead;      // what is shown in its place; empty: signs
  bool everywhere = false;  // also wherever else the same words stand in this source
  bool leads = false;       // the coder leads the study here, and may lift whosever mask
};
// Masks that touch it become part of it. How many places are hidden by it; with `everywhere` places that a mask of
// another touches stay as they are. kInvalidValue: an unknown kind, a span that is empty or outside; something instead
// that is longer than 60 characters, holds a line break, or the very words. kNotYourMask: a mask that touches it is of
// another, and they do not lead the study.
Result<int> put_mask(storage::Transaction& transaction, Id study, const NewMask& wanted);

// The masks that touch a span are no more; with `everywhere` those over the same words neither. How many. kNotFound:
// nothing is masked there; kNotYourMask: one of them is not of `coder`, and they do not lead the study.
Result<int> lift_masks(storage::Transaction& transaction, Id study, Id source, Span span, Id coder, bool leads,
                       bool everywhere);

// What stands beneath the masks that touch a span, by position. For whoever leads the study. kNotFound.
Result<std::vector<std::string>> words_beneath(storage::Transaction& transaction, Id study, Id source, Span span);

}  // namespace understory::study
