// Whether somebody has all of a study by a right, nothing kept back. What moves or counts a study as a whole, and what
// lies at no place that is known without opening it (an entity), is for those alone.
#pragma once
#include "people/rights.h"

namespace understory::people {

bool has_whole(const Person& person, Right right, Id study);

}  // namespace understory::people
