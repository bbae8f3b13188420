// What can go wrong with what is asked of a server, and with nothing else.
#pragma once
#include "foundation/problem.h"

namespace understory::problems {

inline constexpr ProblemKind kTooMuchAsked{
    "too_much_asked", 431, "The address is longer than this server takes ({limit}). Ask about fewer at once."};
inline constexpr ProblemKind kTooManyNumbers{
    "too_many_numbers", 400,
    "At most {most} entities can be asked about at once, by numbers of at most 100 characters. Ask about fewer."};
inline constexpr ProblemKind kNoSuchRange{
    "no_such_range", 416, "The part that was asked for begins behind the end of the file. Load the file anew."};

}  // namespace understory::problems
