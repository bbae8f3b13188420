// Links put on at the desk: “this leads to that”, from the passage of a cause to the passage of its effect.
#pragma once
#include <string>

#include "study/coding.h"

namespace understory::study {

struct NewLink {
  Id source, coder, from, to;  // codes
  Span from_span, to_span;     // may be the same words
  int sign = 1;                // -1: prevents
  std::string certainty = "said";
};
struct PutLink {
  Id id;
  bool is_new = true;  // false: this coder had put it there before
};
// kNotFound: no such code; kInvalidValue: a code that only groups others, one code twice, a span that is empty or
// outside the `length` bytes of the text, an unknown certainty.
Result<PutLink> put_link(storage::Transaction& transaction, Id study, const NewLink& wanted, std::int64_t length);
// Memos on it stay with the source. kNotFound, kNotYours.
Result<void> take_link_off(storage::Transaction& transaction, Id study, Id source, Id link, Id coder);

}  // namespace understory::study
