// A workspace: all data of one network. A folder that holds workspace.toml (its number, its database), on SQLite
// understory.db, and workspace.key, until the key is put away and comes with people's sessions alone.
//
// One request = one worker = one connection = one transaction. SQLite: one writer at a time, many readers.
#pragma once
#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "storage/connection.h"
#include "vault/data_key.h"
#include "vault/vault.h"

namespace understory::storage {

class Workspace;

// A unit of work that is kept whole or not at all: rolled back unless commit() is called. Every store function takes
// one. Borrowed from the workspace's pool; give it back by destroying it. Any thread, one at a time.
class Transaction {
 public:
  enum class Mode { kRead, kWrite };
  Transaction(Transaction&&) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  std::int64_t workspace() const { return workspace_id_; }  // the workspace_id of every key
  bool locked() const { return !vault_; }
  // The key of the person on whose behalf this runs, from now on.
  void unlock(std::shared_ptr<const vault::Vault> key) {
    vault_ = std::move(key);
    first_vault_.reset();
  }
  // One data key of which somebody holds the bytes: opens what it sealed and nothing else.
  void unlock(vault::DataKey key);
  Engine engine() const { return connection_->engine(); }
  bool has_checksums() { return connection_->has_checksums(); }
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
  // See Connection::ask.
  void ask(std::span<const Question> questions) { connection_->ask(questions); }
  std::int64_t run_many(const Query& query, std::size_t width, Parameters parameters) {
    return connection_->run_many(query, width, parameters);
  }
  void run_later(const Query& query, std::size_t width, Parameters parameters) {
    connection_->run_later(query, width, parameters);
  }
  void run_later(const Query& query, std::initializer_list<Parameter> row) {
    connection_->run_later(query, row.size(), Parameters(row.begin(), row.size()));
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

  // Fields are sealed under the data key of what they belong to (`owner`: a source, a respondent, a study …), which is
  // made with the first of them. While stories are locked a new owner's fields can be sealed, not read again.
  std::string seal(Id owner, std::string_view table, std::string_view column, Id row, std::string_view plain);
  // A sealed field that does not open is damage: it throws, since no caller can mend it. Throws DatabaseError kLocked
  // while no key for it is at hand.
  std::string open(std::string_view table, std::string_view column, Id row, std::string_view sealed);
  // Makes the key of an owner that was itself made just now, so that nobody needs to be asked whether it has one.
  void make_data_key(Id owner);
  // What making keys and sealing must know, for those who ask several things at once.
  Question how_it_seals();
  Result<std::string> try_open(const vault::Field& field, std::string_view sealed);  // kDamaged instead
  // The same for walks over many owners, which bring each owner's wrapped key along and remember none.
  Result<std::string> try_open(const vault::Field& field, std::string_view sealed, std::string_view wrapped_key);
  // The same field by the algorithm of now, under the key it is under. Throws as open() does.
  std::string seal_again(const vault::Field& field, std::string_view sealed);
  const vault::DataKey& data_key(Id owner);  // kLocked and kCorrupt as open() throws them
  // Whatever was sealed under it opens no more.
  void destroy_data_key(Id owner);
  // Vault::blind_index under the key the workspace began with, whichever it has now.
  std::string blind_index(std::string_view purpose, std::string_view text);
  // How fields are sealed here from now on; whoever changes it also seals anew what there is (storage/reseal.h).
  vault::Algorithm algorithm();
  void set_algorithm(vault::Algorithm algorithm);
  // The data keys that are not yet under the workspace's key by the algorithm of now, at most so many; how many.
  std::int64_t wrap_data_keys_again(int limit);
  // Puts every data key under another workspace key; how many.
  std::int64_t wrap_data_keys_anew(const vault::Vault& under);

  // Undo everything since, without giving up the transaction.
  void savepoint(std::string_view name);
  void roll_back_to(std::string_view name);

  void commit();

 private:
  friend class Workspace;
  // at_once: the turn to write is taken now, not with the first that is asked.
  Transaction(Workspace& owner, std::unique_ptr<Connection> connection, Mode mode, bool at_once);
  const vault::Vault& vault() const;  // throws kLocked
  const vault::Vault& first_vault();
  const vault::DataKey* find_data_key(Id owner);
  void write_data_keys();
  void forget_soon();  // what this transaction overwrites must not stay in the database's log
  Workspace* owner_;
  std::unique_ptr<Connection> connection_;
  std::shared_ptr<const vault::Vault> vault_;
  std::unordered_map<std::int64_t, vault::DataKey> data_keys_;  // those opened so far
  std::vector<std::pair<Id, std::string>> data_keys_made_;  // wrapped; not yet in the database, to go there together
  int data_keys_asked_ = 0;                                 // one by one; then all at once
  std::shared_ptr<const vault::Vault> first_vault_;
  std::optional<vault::Algorithm> algorithm_;
  std::string public_key_;  // towards which keys are sealed while stories are locked; empty: not asked yet, or none
  std::int64_t workspace_id_;
  Mode mode_;
  bool open_ = true;
};

// See Workspace::write_together. What keep() throws reaches the one who brought it, and that alone is undone: each of
// several is then kept by itself. So it may be called twice, and must not unlock.
class Work {
 public:
  virtual ~Work() = default;
  // Keeps all of these, which wait together and are of this one's class; this one is among them.
  virtual void keep(Transaction& transaction, std::span<Work* const> all) = 0;
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
  // The key, while it lies in the folder: transactions can open stories by themselves. Else it is null and comes with a
  // person's session. Follows the file: what is locked at the terminal is locked in a running server.
  std::shared_ptr<const vault::Vault> key() const;
  bool holds_key() const { return key() != nullptr; }
  // A key somebody brought, if it is this workspace's own. kWrongKey.
  Result<std::shared_ptr<const vault::Vault>> accept(Transaction& transaction, const vault::Secret& key) const;
  // Puts the key away: wrapped under a recovery key in the database, and its file destroyed once that is kept. The
  // transaction is committed by this, with whatever the caller did in it.
  Result<void> put_key_away(Transaction transaction, const vault::Secret& recovery);
  // Another key in place of the one put away: under a new recovery key, and `handing` gives it to people in the same
  // transaction, which is committed by this. Copies of the old key open nothing that is told from now on, nor what is
  // in the database from now on. kInvalidValue while the key lies in the folder.
  Result<void> renew_key(Transaction transaction, const vault::Secret& recovery,
                         const std::function<Result<void>(Transaction&, const vault::Vault&)>& handing);
  // Takes it out again: the file is written anew. kWrongKey.
  Result<void> take_key_out(const vault::Secret& recovery);
  // The key itself, by the recovery key. kWrongKey.
  Result<std::shared_ptr<const vault::Vault>> recover(const vault::Secret& recovery);

  // Waits for a connection (at most 30 s, then throws DatabaseError kBusy).
  Transaction read();
  Transaction write();
  // Work that many bring at the same moment, each in a thread of its own: those who wait together share one transaction
  // and one commit. Returns once it is kept.
  void write_together(Work& work);
  void write_together(const std::function<void(Transaction&)>& work);

 private:
  friend class Transaction;
  Workspace() = default;
  Transaction write(bool at_once);
  struct Pool;
  std::filesystem::path folder_;
  std::string database_;  // empty: SQLite in the folder
  std::int64_t id_ = 0;
  Engine engine_ = Engine::kSqlite;
  mutable std::atomic<std::shared_ptr<const vault::Vault>> vault_;  // null: put away
  std::string fingerprint_;                                         // of the key it had when it was opened
  std::unique_ptr<Pool> pool_;
  struct Together;
  std::unique_ptr<Together> together_;
};

}  // namespace understory::storage
