// One connection to SQLite or PostgreSQL behind the same few calls.
//
// SQL is written once, in PostgreSQL's words, with ? for parameters, as named Query constants beside the code that
// uses them. SQLite gets the functions it lacks (string_agg, bool_or, strpos, …) registered. Where the engines truly
// differ (search, claiming a job, advisory locks) a Query carries a second body.
//
// Only what a caller can act on comes back as a Problem. Everything else throws DatabaseError, which the transport
// and the command line catch once.
#pragma once
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/id.h"
#include "foundation/result.h"

namespace understory::storage {

enum class Engine { kSqlite, kPostgres };

// A statement known by name. Declare at namespace scope in a *_store.cpp:
//   const Query kFindStudy{"study.find_study", "select id from study where workspace_id = ? and name = ?"};
// Construction enters it in the register that the "every query on both engines" test walks.
class Query {
 public:
  Query(std::string_view name, std::string_view sql);
  Query(std::string_view name, std::string_view postgres, std::string_view sqlite);
  std::string_view name() const { return name_; }
  std::string_view sql(Engine engine) const { return engine == Engine::kSqlite ? sqlite_ : postgres_; }
  // PostgreSQL's own form: ? outside quotes replaced by $1, $2, …
  const std::string& numbered() const { return numbered_; }

  static const std::vector<const Query*>& all();

 private:
  std::string_view name_, postgres_, sqlite_;
  std::string numbered_;
};

// A parameter: null, whole number, real number, text or bytes. Text and bytes are borrowed until the call returns.
class Parameter {
 public:
  enum class Kind { kNull, kInteger, kReal, kText, kBlob };
  Parameter(std::nullptr_t) : kind_(Kind::kNull) {}
  Parameter(std::int64_t value) : kind_(Kind::kInteger), integer_(value) {}
  Parameter(int value) : Parameter(std::int64_t{value}) {}
  Parameter(std::size_t value) : Parameter(static_cast<std::int64_t>(value)) {}
  Parameter(bool value) : Parameter(std::int64_t{value ? 1 : 0}) {}
  Parameter(double value) : kind_(Kind::kReal), real_(value) {}
  Parameter(std::string_view value) : kind_(Kind::kText), text_(value) {}
  Parameter(const std::string& value) : Parameter(std::string_view(value)) {}
  Parameter(const char* value) : Parameter(std::string_view(value)) {}
  Parameter(Id id) : Parameter(id ? Parameter(id.value) : Parameter(nullptr)) {}  // no id: null
  template <class T>
  Parameter(const std::optional<T>& value) : Parameter(value ? Parameter(*value) : Parameter(nullptr)) {}
  static Parameter blob(std::string_view bytes) {
    Parameter parameter(bytes);
    parameter.kind_ = Kind::kBlob;
    return parameter;
  }
  Kind kind() const { return kind_; }
  std::int64_t integer() const { return integer_; }
  double real() const { return real_; }
  std::string_view text() const { return text_; }

 private:
  Kind kind_;
  std::int64_t integer_ = 0;
  double real_ = 0;
  std::string_view text_;
};

// One row of an answer. Views live until the next row. Columns count from 0. Truth values are integers 0 and 1.
class Row {
 public:
  virtual bool is_null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;      // null reads as 0
  virtual double real(int column) const = 0;               // null reads as 0
  virtual std::string_view text(int column) const = 0;     // null reads as empty
  virtual std::string_view blob(int column) const = 0;     // null reads as empty
  Id id(int column) const { return Id{integer(column)}; }  // null reads as "none"
  std::string string(int column) const { return std::string(text(column)); }

 protected:
  ~Row() = default;
};

class DatabaseError : public std::runtime_error {
 public:
  enum class Kind { kUniqueViolation, kConstraint, kBusy, kDiskFull, kUnavailable, kCorrupt, kLocked, kOther };
  DatabaseError(Kind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}
  Kind kind() const { return kind_; }
  // The Problem this is for a person (kDiskFull, kBusy, kDatabaseUnavailable, kDamaged), where there is one.
  std::optional<Problem> problem() const;

 private:
  Kind kind_;
};

using Parameters = std::span<const Parameter>;
using RowReader = std::function<void(const Row&)>;

// One of several that are asked at once. Texts among the parameters are borrowed until they are answered.
struct Question {
  const Query* query;
  std::vector<Parameter> parameters;
  RowReader reader;
};

// Not thread-safe: one thread at a time. Statements are prepared once per connection.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual Engine engine() const = 0;
  // Runs the query and hands over each row. A reader may ask something itself, but not by the same query; on
  // PostgreSQL the rows still to come then wait in memory.
  // Returns the number of rows changed (or read, for a select).
  virtual std::int64_t run(const Query& query, Parameters parameters, const RowReader& reader) = 0;
  // Runs them one after the other, all in one way to the server. Their readers ask nothing themselves.
  virtual void ask(std::span<const Question> questions) = 0;
  // The same query for many rows of parameters, `width` each, pipelined where the engine can.
  virtual std::int64_t run_many(const Query& query, std::size_t width, Parameters parameters) = 0;
  // The same for rows nobody waits for: they are written before anything else is asked of their table and before the
  // transaction is committed, those of many calls together where the engine gains by it. What goes wrong with them is
  // thrown by a later call, commit() at the latest. For "insert into TABLE …" alone.
  virtual void run_later(const Query& query, std::size_t width, Parameters parameters) = 0;
  // Whether a page that was damaged on the disk is refused when it is read.
  virtual bool has_checksums() = 0;
  // Takes pages as they were before out of the database's log, outside of a transaction. False: somebody reads them.
  virtual bool cut_log() = 0;
  // Several statements of SQL text without parameters (migrations, begin, commit).
  virtual void execute(const std::string& sql) = 0;
  // One such statement, which may wait for the next that is asked and go to the server with it; what goes wrong with it
  // is then thrown there.
  virtual void execute_with_next(const std::string& sql) = 0;
};

std::unique_ptr<Connection> open_sqlite(const std::string& path, bool read_only);
// "postgres://user:password@host:port/database" or libpq's key=value form.
std::unique_ptr<Connection> open_postgres(const std::string& address);

}  // namespace understory::storage
