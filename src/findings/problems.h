// What can go wrong with findings, and with nothing else.
#pragma once
#include "foundation/problem.h"

namespace understory::problems {

inline constexpr ProblemKind kOwnFinding{
    "own_finding", 409,
    "A finding is reviewed by somebody else than whoever kept it or gave it its name. Ask a colleague to review it."};

}  // namespace understory::problems
