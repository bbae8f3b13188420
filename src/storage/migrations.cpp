#include "storage/migrations.h"

#include "foundation/clock.h"
#include "foundation/resource.h"
#include "foundation/text.h"
#include "vault/vault.h"

namespace understory::storage {

std::span<const Resource> resources();

namespace {

const Query kApplied{"storage.applied_migrations", "select number, sha256 from migration order by number"};
const Query kRecord{"storage.record_migration",
                    "insert into migration (number, name, sha256, applied_at) values (?, ?, ?, ?)"};

constexpr std::string_view kTable =
    "create table if not exists migration (number bigint primary key, name text not null, sha256 text not null, "
    "applied_at bigint not null)";
constexpr std::string_view kLock =
    "select pg_advisory_xact_lock(7311873012)";  // any number, as long as it is always the same

std::string with_types(std::string sql, Engine engine) {
  const bool sqlite = engine == Engine::kSqlite;
  const std::pair<std::string_view, std::string_view> tokens[] = {
      {"{{id}}", sqlite ? "integer" : "bigint"}, {"{{json}}", "text"}, {"{{blob}}", sqlite ? "blob" : "bytea"}};
  for (const auto& [token, type] : tokens)
    for (std::size_t at = sql.find(token); at != std::string::npos; at = sql.find(token, at))
      sql.replace(at, token.size(), type);
  // Lines between "-- {{sqlite}}" or "-- {{postgres}}" and "-- {{end}}" are for that engine alone.
  std::string out, only;
  for (std::string_view line : split(sql, '\n')) {
    const std::string_view trimmed = trim(line);
    if (trimmed == "-- {{sqlite}}" || trimmed == "-- {{postgres}}")
      only = std::string(trimmed.substr(5, trimmed.size() - 7));
    else if (trimmed == "-- {{end}}")
      only.clear();
    else if (only.empty() || (only == "sqlite") == sqlite)
      out += std::string(line) + "\n";
  }
  return out;
}

}  // namespace

const std::vector<Migration>& migrations() {
  static const auto list = [] {
    std::vector<Migration> steps;
    for (const Resource& resource : resources()) {
      const std::string_view file = resource.name.substr(resource.name.rfind('/') + 1);
      steps.push_back({std::stoi(std::string(file.substr(0, 3))), std::string(file.substr(4, file.size() - 8)),
                       std::string(resource.content)});
    }
    std::sort(steps.begin(), steps.end(),
              [](const Migration& left, const Migration& right) { return left.number < right.number; });
    for (std::size_t i = 0; i < steps.size(); ++i)
      if (steps[i].number != static_cast<int>(i) + 1)
        throw std::logic_error("migrations are not numbered without gaps");
    return steps;
  }();
  return list;
}

Result<void> migrate(Connection& connection) {
  const bool sqlite = connection.engine() == Engine::kSqlite;
  connection.execute(sqlite ? "begin immediate" : "begin");
  try {
    if (!sqlite) connection.execute(std::string(kLock));
    connection.execute(std::string(kTable));
    std::map<int, std::string> applied;
    connection.run(kApplied, {}, [&](const Row& row) { applied[static_cast<int>(row.integer(0))] = row.string(1); });
    const int known = static_cast<int>(migrations().size());
    if (!applied.empty() && applied.rbegin()->first > known) {
      connection.execute("rollback");
      return fail(problems::kNewerWorkspace,
                  {{"found", std::to_string(applied.rbegin()->first)}, {"known", std::to_string(known)}});
    }
    for (const Migration& step : migrations()) {
      const std::string hash = vault::sha256_hex(step.sql);
      const auto found = applied.find(step.number);
      if (found == applied.end()) {
        connection.execute(with_types(step.sql, connection.engine()));
        const Parameter parameters[] = {step.number, step.name, hash, now()};
        connection.run(kRecord, parameters, {});
      } else if (found->second != hash) {
        connection.execute("rollback");
        return fail(problems::kDamaged, {{"what", "The database's step " + std::to_string(step.number)},
                                         {"reason", "it was made by another program than this one"}});
      }
    }
    connection.execute("commit");
  } catch (...) {
    try {
      connection.execute("rollback");
    } catch (const DatabaseError&) {
      // The first error is the one that counts.
    }
    throw;
  }
  return {};
}

}  // namespace understory::storage
