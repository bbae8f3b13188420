// What an answer of a type may look like.
#pragma once
#include <string_view>

#include "collect/form.h"

namespace understory::collect {

// Whether the text is one the type has: "abc" is no integer. Empty fits every type; choices are not looked at.
bool fits(AnswerType type, std::string_view text);

}  // namespace understory::collect
