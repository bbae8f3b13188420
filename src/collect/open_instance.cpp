#include "collect/open_instance.h"

namespace understory::collect {

std::optional<std::string> open_instance(storage::Transaction& transaction, Id instance, std::string_view sealed,
                                         std::string_view wrapped_key) {
  try {
    if (auto xml = transaction.try_open({"instance", "xml", instance}, sealed, wrapped_key)) return std::move(*xml);
  } catch (const storage::DatabaseError& error) {
    if (error.kind() != storage::DatabaseError::Kind::kCorrupt) throw;
  }
  return std::nullopt;
}

}  // namespace understory::collect
