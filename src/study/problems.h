// Problems of coding, beside foundation's catalogue of all others.
#pragma once
#include "foundation/problems.h"

namespace understory::problems {

inline constexpr ProblemKind kBadJson{"bad_json", 400, "What was sent is not the JSON this address takes: {reason}."};
inline constexpr ProblemKind kChangedMeanwhile{
    "changed_meanwhile", 409,
    "Somebody else changed this {what} meanwhile. Look at it as it is now, and do again what is still needed."};
inline constexpr ProblemKind kNotYours{
    "not_yours", 409,
    "Another coder made this, so it stays as it is. Say what you see by a coding or a memo of your own."};
inline constexpr ProblemKind kNotYourMask{
    "not_your_mask", 409,
    "Somebody else hid these words, so they stay hidden. Whoever leads the study can lift the mask."};
inline constexpr ProblemKind kBlind{
    "blind", 409,
    "This source is coded blind: nobody sees the codings of others until somebody who leads the study ends that."};

}  // namespace understory::problems
