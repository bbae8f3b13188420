// SQLite behind Connection: one file, WAL, every commit synced.
#include <sqlite3.h>

#include <cerrno>
#include <unordered_map>

#include "storage/connection.h"
#include "storage/page_guard.h"

namespace understory::storage {

namespace {

constexpr int kPatience = 30'000;  // milliseconds

[[noreturn]] void raise(sqlite3* database, int code, std::string_view doing) {
  using Kind = DatabaseError::Kind;
  const int extended = database ? sqlite3_extended_errcode(database) : code;
  Kind kind = Kind::kOther;
  switch (code & 0xFF) {
    case SQLITE_FULL: kind = Kind::kDiskFull; break;
    case SQLITE_IOERR: {
      const int system = database ? sqlite3_system_errno(database) : 0;
      kind = system == ENOSPC || system == EDQUOT || system == EFBIG ? Kind::kDiskFull
             : extended == SQLITE_IOERR_DATA                         ? Kind::kCorrupt
                                                                     : Kind::kOther;
      break;
    }
    case SQLITE_BUSY:
    case SQLITE_LOCKED: kind = Kind::kBusy; break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: kind = Kind::kCorrupt; break;
    case SQLITE_CANTOPEN: kind = Kind::kUnavailable; break;
    case SQLITE_CONSTRAINT:
      kind = extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY ? Kind::kUniqueViolation
                                                                                              : Kind::kConstraint;
      break;
    default: break;
  }
  const char* reason = extended == SQLITE_IOERR_DATA ? "a page of it is not as it was written"
                       : database                    ? sqlite3_errmsg(database)
                                                     : sqlite3_errstr(code);
  throw DatabaseError(kind, std::string(doing) + ": " + reason);
}

class SqliteRow final : public Row {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}
  bool is_null(int column) const override { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::int64_t integer(int column) const override { return sqlite3_column_int64(statement_, column); }
  double real(int column) const override { return sqlite3_column_double(statement_, column); }
  std::string_view text(int column) const override {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return text ? std::string_view(text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)))
                : std::string_view();
  }
  std::string_view blob(int column) const override {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return bytes ? std::string_view(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)))
                 : std::string_view();
  }

 private:
  sqlite3_stmt* statement_;
};

// Functions PostgreSQL has and SQLite lacks.
void strpos(sqlite3_context* context, int, sqlite3_value** values) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(values[0]));
  const auto* wanted = reinterpret_cast<const char*>(sqlite3_value_text(values[1]));
  if (!text || !wanted) return sqlite3_result_null(context);
  const std::string_view all(text);
  const std::size_t at = all.find(wanted);
  // Characters, not bytes, counted from 1.
  std::int64_t position = 0;
  if (at != std::string_view::npos) {
    position = 1;
    for (char byte : all.substr(0, at)) position += (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  }
  sqlite3_result_int64(context, position);
}

template <bool kAll>
void bool_step(sqlite3_context* context, int, sqlite3_value** values) {
  // 0: nothing seen; 1: false; 2: true
  auto* state = static_cast<int*>(sqlite3_aggregate_context(context, sizeof(int)));
  if (!state || sqlite3_value_type(values[0]) == SQLITE_NULL) return;
  const bool value = sqlite3_value_int(values[0]) != 0;
  const bool so_far = *state == 2;
  *state = (*state == 0 ? value : kAll ? so_far && value : so_far || value) ? 2 : 1;
}
void bool_final(sqlite3_context* context) {
  const auto* state = static_cast<int*>(sqlite3_aggregate_context(context, 0));
  if (!state || *state == 0)
    sqlite3_result_null(context);
  else
    sqlite3_result_int(context, *state == 2);
}

// By bytes, as PostgreSQL's collation "C": both engines then give the same order whatever a database was made with.
int by_bytes(void*, int left_size, const void* left, int right_size, const void* right) {
  const int order = std::memcmp(left, right, static_cast<std::size_t>(std::min(left_size, right_size)));
  return order != 0 ? order : left_size - right_size;
}

class SqliteConnection final : public Connection {
 public:
  SqliteConnection(const std::string& path, bool read_only) {
    const int flags = (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
                      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (const int code = sqlite3_open_v2(path.c_str(), &database_, flags, page_guard()); code != SQLITE_OK) {
      const std::string reason = database_ ? sqlite3_errmsg(database_) : sqlite3_errstr(code);
      sqlite3_close(database_);
      const bool corrupt =
          (code & 0xFF) == SQLITE_NOTADB || (code & 0xFF) == SQLITE_CORRUPT || code == SQLITE_IOERR_DATA;
      throw DatabaseError(corrupt ? DatabaseError::Kind::kCorrupt : DatabaseError::Kind::kUnavailable,
                          path + ": " + reason);
    }
    try {
      sqlite3_busy_timeout(database_, kPatience);
      // secure_delete: what is erased is overwritten. temp_store: no story's row ever reaches a temporary file.
      execute(
          "pragma temp_store = memory; pragma trusted_schema = off; pragma cell_size_check = on; pragma foreign_keys = "
          "on; pragma cache_size = -4096");
      if (!read_only) {
        execute("pragma page_size = 8192");
        reserve_checksums(database_);
        execute(
            "pragma journal_mode = wal; pragma synchronous = full; pragma secure_delete = on; "
            "pragma journal_size_limit = 67108864");
      }
      sqlite3_db_config(database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
      constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
      sqlite3_create_collation_v2(database_, "C", SQLITE_UTF8, nullptr, by_bytes, nullptr);
      sqlite3_create_function_v2(database_, "strpos", 2, kFlags, nullptr, strpos, nullptr, nullptr, nullptr);
      sqlite3_create_function_v2(database_, "bool_or", 1, kFlags, nullptr, nullptr, bool_step<false>, bool_final,
                                 nullptr);
      sqlite3_create_function_v2(database_, "bool_and", 1, kFlags, nullptr, nullptr, bool_step<true>, bool_final,
                                 nullptr);
    } catch (...) {
      sqlite3_close(database_);
      throw;
    }
  }

  ~SqliteConnection() override {
    for (auto& [query, statement] : statements_) sqlite3_finalize(statement);
    sqlite3_close(database_);
  }

  Engine engine() const override { return Engine::kSqlite; }
  bool has_checksums() override { return storage::has_checksums(database_); }
  bool cut_log() override {
    // A backup reads for long and tells how far it is in between: nobody waits here for who may be waiting for them.
    sqlite3_busy_timeout(database_, 100);
    const int code = sqlite3_wal_checkpoint_v2(database_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    sqlite3_busy_timeout(database_, kPatience);
    return code == SQLITE_OK;
  }

  std::int64_t run(const Query& query, Parameters parameters, const RowReader& reader) override {
    sqlite3_stmt* statement = prepared(query);
    return step(query, statement, parameters, reader);
  }

  void ask(std::span<const Question> questions) override {
    for (const Question& each : questions) run(*each.query, each.parameters, each.reader);
  }

  std::int64_t run_many(const Query& query, std::size_t width, Parameters parameters) override {
    sqlite3_stmt* statement = prepared(query);
    std::int64_t changed = 0;
    for (std::size_t at = 0; at + width <= parameters.size(); at += width)
      changed += step(query, statement, parameters.subspan(at, width), {});
    return changed;
  }

  void run_later(const Query& query, std::size_t width, Parameters parameters) override {
    run_many(query, width, parameters);  // no way to a server that could be saved
  }

  void execute(const std::string& sql) override {
    char* message = nullptr;
    const int code = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, &message);
    sqlite3_free(message);
    if (code != SQLITE_OK) raise(database_, code, sql.substr(0, 60));
  }
  void execute_with_next(const std::string& sql) override { execute(sql); }

 private:
  sqlite3_stmt* prepared(const Query& query) {
    sqlite3_stmt*& statement = statements_[&query];
    if (!statement) {
      const std::string_view sql = query.sql(Engine::kSqlite);
      const int code = sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()),
                                          SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
      if (code != SQLITE_OK) {
        statements_.erase(&query);
        raise(database_, code, query.name());
      }
    }
    return statement;
  }

  std::int64_t step(const Query& query, sqlite3_stmt* statement, Parameters parameters, const RowReader& reader) {
    // Whatever happens, the statement is ready for its next use.
    struct Reset {
      sqlite3_stmt* statement;
      ~Reset() {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
      }
    } const reset{statement};
    if (sqlite3_bind_parameter_count(statement) != static_cast<int>(parameters.size()))
      throw std::logic_error(std::string(query.name()) + ": " + std::to_string(parameters.size()) +
                             " parameters given");
    int position = 0;
    for (const Parameter& parameter : parameters) {
      ++position;
      switch (parameter.kind()) {
        case Parameter::Kind::kNull: sqlite3_bind_null(statement, position); break;
        case Parameter::Kind::kInteger: sqlite3_bind_int64(statement, position, parameter.integer()); break;
        case Parameter::Kind::kReal: sqlite3_bind_double(statement, position, parameter.real()); break;
        case Parameter::Kind::kText:
          sqlite3_bind_text64(statement, position, parameter.text().data() ? parameter.text().data() : "",
                              parameter.text().size(), SQLITE_STATIC, SQLITE_UTF8);
          break;
        case Parameter::Kind::kBlob:
          sqlite3_bind_blob64(statement, position, parameter.text().data() ? parameter.text().data() : "",
                              parameter.text().size(), SQLITE_STATIC);
          break;
      }
    }
    const SqliteRow row(statement);
    std::int64_t rows = 0;
    for (;;) {
      const int code = sqlite3_step(statement);
      if (code == SQLITE_DONE) break;
      if (code != SQLITE_ROW) raise(database_, code, query.name());
      ++rows;
      if (reader) reader(row);
    }
    return sqlite3_stmt_readonly(statement) ? rows : sqlite3_changes64(database_);
  }

  sqlite3* database_ = nullptr;
  std::unordered_map<const Query*, sqlite3_stmt*> statements_;
};

}  // namespace

std::unique_ptr<Connection> open_sqlite(const std::string& path, bool read_only) {
  return std::make_unique<SqliteConnection>(path, read_only);
}

}  // namespace understory::storage
