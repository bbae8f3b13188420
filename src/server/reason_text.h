// Why somebody may or may not, in the reader's language.
#pragma once
#include "people/reason.h"
#include "server/visit.h"

namespace understory::server {

// With the role, the right and the place by their names.
std::string reason_text(const Visit& visit, const people::Reason& reason);

}  // namespace understory::server
