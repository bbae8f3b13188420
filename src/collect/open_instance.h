// Opening what was sent, instance by instance, in walks over many: with the wrapped key that came in the same row, so
// that nothing more is asked, and so that one whose key is gone or damaged spoils none of the others.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "storage/workspace.h"

namespace understory::collect {

// Its XML as it was sent (an encrypted one is its envelope); nothing where it does not open. Throws DatabaseError
// kLocked.
std::optional<std::string> open_instance(storage::Transaction& transaction, Id instance, std::string_view sealed,
                                         std::string_view wrapped_key);

}  // namespace understory::collect
