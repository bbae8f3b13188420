#include "storage/connection.h"

namespace understory::storage {

namespace {

// ? outside quotes → $1, $2, …
std::string number(std::string_view sql) {
  std::string out;
  char quote = 0;
  int count = 0;
  for (char letter : sql) {
    if (quote) {
      if (letter == quote) quote = 0;
    } else if (letter == '\'' || letter == '"') {
      quote = letter;
    } else if (letter == '?') {
      out += "$" + std::to_string(++count);
      continue;
    }
    out += letter;
  }
  return out;
}

std::vector<const Query*>& queries() {
  static std::vector<const Query*> list;  // filled while the program starts, before there are threads
  return list;
}

}  // namespace

Query::Query(std::string_view name, std::string_view sql) : Query(name, sql, sql) {}

Query::Query(std::string_view name, std::string_view postgres, std::string_view sqlite)
    : name_(name), postgres_(postgres), sqlite_(sqlite), numbered_(number(postgres)) {
  queries().push_back(this);
}

const std::vector<const Query*>& Query::all() { return queries(); }

std::optional<Problem> DatabaseError::problem() const {
  switch (kind_) {
    case Kind::kDiskFull: return Problem(problems::kDiskFull);
    case Kind::kBusy: return Problem(problems::kBusy);
    case Kind::kUnavailable: return Problem(problems::kDatabaseUnavailable, {{"reason", what()}});
    case Kind::kLocked: return Problem(problems::kLocked);
    case Kind::kCorrupt: return Problem(problems::kDamaged, {{"what", "The database"}, {"reason", what()}});
    default: return std::nullopt;
  }
}

}  // namespace understory::storage
