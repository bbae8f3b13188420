// A workspace: all data of one network. A folder that holds workspace.toml (its number, its database), on SQLite
// understory.db, and workspace.key, until the key is put away and comes with people's sessions alone.
//
// One request = one worker = one connection = one transaction. SQLite: one writer at a time, many readers.
#pragma once
#include <filesystem>
#include <functional>
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
  // Throws DatabaseError kLocked while no key is at hand: nothing sealed can be opened, made or looked up.
  const vault::Vault& vault() const;
  bool locked() const { return !vault_; }
  // The key of the person on whose behalf this runs, from now on.
  void unlock(std::shared_ptr<const vault::Vault> key) { vault_ = std::move(key); }
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
    return vault().seal({table, column, row}, plain);
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
  std::shared_ptr<const vault::Vault> vault_;
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
  // The same for a workspace that is brought from elsewhere: under its own number, filled by `fill` in the transaction
  // that makes it; its key's file is written where there is a `key`. kWorkspaceExists, also in a shared database.
  static Result<void> receive(const std::filesystem::path& folder, const std::string& database, Id id,
                              const vault::Vault* key, const std::function<Result<void>(Connection&)>& fill);
  static constexpr std::string_view kRecovery = "recovery key";  // what the key is wrapped for
  // Opens and, if it was made by an older program, migrates. kNoWorkspace, kNewerWorkspace, kWrongKey, kDamaged,
  // kDatabaseUnavailable.
  static Result<std::unique_ptr<Workspace>> open(const std::filesystem::path& folder);
  ~Workspace();

  const std::filesystem::path& folder() const { return folder_; }
  std::int64_t id() const { return id_; }
  Engine engine() const { return engine_; }
  // Its key lies in the folder: transactions can open stories by themselves. Else it comes with a person's session.
  bool holds_key() const { return vault_ != nullptr; }
  std::shared_ptr<const vault::Vault> key() const { return vault_; }
  // A key somebody brought, if it is this workspace's own. kWrongKey.
  Result<std::shared_ptr<const vault::Vault>> accept(const vault::Secret& key) const;
  // Puts the key away: wrapped under a recovery key in the database, and its file destroyed once that is kept. The
  // transaction is committed by this, with whatever the caller did in it.
  Result<void> put_key_away(Transaction transaction, const vault::Secret& recovery);
  // Takes it out again: the file is written anew. kWrongKey.
  Result<void> take_key_out(const vault::Secret& recovery);
  // The key itself, by the recovery key. kWrongKey.
  Result<std::shared_ptr<const vault::Vault>> recover(const vault::Secret& recovery);

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
  std::shared_ptr<const vault::Vault> vault_;  // null: put away
  std::string fingerprint_;
  std::unique_ptr<Pool> pool_;
};

}  // namespace understory::storage
