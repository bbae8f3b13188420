// A workspace: all data of one network. A folder that holds workspace.toml (its number, its database), workspace.key
// and, on SQLite, understory.db.
//
// One request = one worker = one connection = one transaction. SQLite: one writer at a time, many readers.
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "storage/connection.h"
#include "vault/vault.h"

namespace understory::storage {

class Workspace;

// A unit of work that is kept whole or not at all: rolled back unless commit() is called. Every store function takes
// one. Borrowed from the workspace's pool; give it back by destroying it, in the thread that took it.
class Transaction {
 public:
  enum class Mode { kRead, kWrite };
  Transaction(Transaction&&) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  std::int64_t workspace() const { return workspace_id_; }  // the workspace_id of every key
  const vault::Vault& vault() const { return *vault_; }
  Engine engine() const { return connection_->engine(); }
  Mode mode() const { return mode_; }

  std::int64_t run(const Query& query, std::initializer_list<Parameter> parameters) {
    return connection_->run(query, Parameters(parameters.begin(), parameters.size()), {});
  }
  std::int64_t each(const Query& query, std::initializer_list<Parameter> parameters, const RowReader& reader) {
    return connection_->run(query, Parameters(parameters.begin(), parameters.size()), reader);
  }
  std::int64_t each(const Query& query, Parameters parameters, const RowReader& reader) {
    return connection_->run(query, parameters, reader);
  }
  std::int64_t run_many(const Query& query, std::size_t width, Parameters parameters) {
    return connection_->run_many(query, width, parameters);
  }
  // The one row there may be; more than one is a bug and throws.
  template <class F>
  auto one(const Query& query, std::initializer_list<Parameter> parameters, F&& read)
      -> std::optional<std::decay_t<decltype(read(std::declval<const Row&>()))>> {
    std::optional<std::decay_t<decltype(read(std::declval<const Row&>()))>> found;
    each(query, parameters, [&](const Row& row) {
      if (found) throw std::logic_error("more than one row for " + std::string(query.name()));
      found.emplace(read(row));
    });
    return found;
  }

  std::string seal(std::string_view table, std::string_view column, Id row, std::string_view plain) const {
    return vault_->seal({table, column, row}, plain);
  }
  // A sealed field that does not open is damage: it throws, since no caller can mend it.
  std::string open(std::string_view table, std::string_view column, Id row, std::string_view sealed) const;

  // Undo everything since, without giving up the transaction.
  void savepoint(std::string_view name);
  void roll_back_to(std::string_view name);

  void commit();

 private:
  friend class Workspace;
  Transaction(Workspace& owner, std::unique_ptr<Connection> connection, Mode mode);
  Workspace* owner_;
  std::unique_ptr<Connection> connection_;
  const vault::Vault* vault_;
  std::int64_t workspace_id_;
  Mode mode_;
  bool open_ = true;
};

class Workspace {
 public:
  // Makes the folder (it may exist, but hold no workspace), the key, the database and its tables. On PostgreSQL the
  // database must exist; several workspaces can share one. Nothing is left behind when it fails.
  static Result<std::unique_ptr<Workspace>> create(const std::filesystem::path& folder,
                                                   const std::string& database = "");
  // Opens and, if it was made by an older program, migrates. kNoWorkspace, kNewerWorkspace, kWrongKey, kDamaged,
  // kDatabaseUnavailable.
  static Result<std::unique_ptr<Workspace>> open(const std::filesystem::path& folder);
  ~Workspace();

  const std::filesystem::path& folder() const { return folder_; }
  std::int64_t id() const { return id_; }
  Engine engine() const { return engine_; }
  const vault::Vault& vault() const { return *vault_; }

  // Waits for a connection (at most 30 s, then throws DatabaseError kBusy).
  Transaction read();
  Transaction write();

 private:
  friend class Transaction;
  Workspace() = default;
  struct Pool;
  std::filesystem::path folder_;
  std::string database_;  // empty: SQLite in the folder
  std::int64_t id_ = 0;
  Engine engine_ = Engine::kSqlite;
  std::unique_ptr<vault::Vault> vault_;
  std::unique_ptr<Pool> pool_;
};

}  // namespace understory::storage
