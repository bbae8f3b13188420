// Turns of a conversation: lines that begin with a speaker's label and a colon ("Sophea: …", "I: …", "ភា៖ …").
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "foundation/text.h"

namespace understory::study {

struct Turn {
  Span span;                // the whole turn, label included, trailing white space not
  std::int64_t speech = 0;  // byte where the spoken words begin
  std::string_view label;   // view into the text; empty for a line without one (it continues the turn before,
                            // unless it stands after a blank line or begins with a dash)
};

// A label is at most 40 characters, holds no sentence end, and ends with ":" or "៖" or "：" followed by a space.
std::vector<Turn> find_turns(std::string_view text);

}  // namespace understory::study
