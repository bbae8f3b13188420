// Which codings of one source touch each other.
#pragma once
#include <functional>

#include "study/evidence.h"

namespace understory::findings {

// Calls `use(a, b)` for every two human codings of one source whose words overlap, a standing first (a ≠ b, each pair
// once). Codings are sorted by source and start, so this is one sweep.
void each_overlap(const study::Evidence& evidence, const std::function<void(int, int)>& use);

// Calls `use` for every respondent who said both.
void each_shared_respondent(const study::Evidence& evidence, int first, int second,
                            const std::function<void(int)>& use);

// The turn a byte of a source stands in, counted from 0; 0 where the source has no turns.
int turn_of(const study::Evidence& evidence, int source, std::int32_t byte);

}  // namespace understory::findings
