#include "storage/workspace.h"
#include "storage/together.h"

#include <toml++/toml.h>
#include <condition_variable>

#include "foundation/clock.h"
#include "foundation/file.h"
#include "storage/migrations.h"
#include "vault/stream.h"

namespace understory::storage {

namespace {

const Query kFindWorkspace{"storage.find_workspace",
                           "select key_fingerprint, recovery_key from workspace where id = ?"};
const Query kSetRecovery{"storage.set_recovery_key",
                         "update workspace set recovery_key = ?, backup_key = ? where id = ?"};
const Query kRenewKey{"storage.renew_key",
                      "update workspace set key_fingerprint = ?, recovery_key = ?, backup_key = ? where id = ?"};
const Query kAddWorkspace{"storage.add_workspace",
                          "insert into workspace (id, key_fingerprint, created_at) values (?, ?, ?)"};

const Query kDestroyDataKey{"storage.destroy_data_key", "delete from data_key where workspace_id = ? and id = ?"};

constexpr int kSqliteReaders = 8;
constexpr int kPostgresConnections = 10;
constexpr auto kPatience = std::chrono::seconds(30);

std::filesystem::path database_file(const std::filesystem::path& folder) { return folder / "understory.db"; }
std::filesystem::path settings_file(const std::filesystem::path& folder) { return folder / "workspace.toml"; }
std::filesystem::path key_file(const std::filesystem::path& folder) { return folder / "workspace.key"; }

tl::unexpected<Problem> problem_of(const DatabaseError& error) {
  if (auto problem = error.problem()) return tl::unexpected<Problem>(*problem);
  throw error;
}

}  // namespace

// Connections at rest, by what they may do. On SQLite there is one writer; on PostgreSQL any connection does both.
struct Workspace::Pool {
  std::mutex mutex;
  std::condition_variable returned;
  std::vector<std::unique_ptr<Connection>> writers, readers;  // readers go first: the last to go tidies up
  int readers_out = 0, writers_out = 0;
  std::atomic<bool> must_forget = false;  // something was destroyed that may still lie in the log

  std::unique_ptr<Connection> take(bool write, int limit, const std::function<std::unique_ptr<Connection>()>& open) {
    std::unique_lock lock(mutex);
    auto& rest = write ? writers : readers;
    int& out = write ? writers_out : readers_out;
    if (!returned.wait_for(lock, kPatience, [&] { return out < limit; }))
      throw DatabaseError(DatabaseError::Kind::kBusy, "no connection came free in 30 seconds");
    ++out;
    if (!rest.empty()) {
      auto connection = std::move(rest.back());
      rest.pop_back();
      return connection;
    }
    lock.unlock();
    try {
      return open();
    } catch (...) {
      give(nullptr, write);
      throw;
    }
  }

  // A connection that failed is not given back: null.
  void give(std::unique_ptr<Connection> connection, bool write) {
    {
      const std::lock_guard lock(mutex);
      --(write ? writers_out : readers_out);
      if (connection) (write ? writers : readers).push_back(std::move(connection));
    }
    returned.notify_one();
  }
};

Result<std::unique_ptr<Workspace>> Workspace::create(const std::filesystem::path& folder, const std::string& database) {
  const vault::Vault key = vault::Vault::from(vault::Secret::random());
  const Id id = Id::make();
  TRY(receive(folder, database, id, &key, [&](Connection& connection) -> Result<void> {
    const std::string fingerprint = key.fingerprint();
    const Parameter parameters[] = {id, Parameter::blob(fingerprint), now()};
    connection.run(kAddWorkspace, parameters, {});
    return {};
  }));
  return open(folder);
}

Result<void> Workspace::receive(const std::filesystem::path& folder, const std::string& database, Id id,
                                const vault::Vault* key, const std::function<Result<void>(Connection&)>& fill) {
  if (std::filesystem::exists(settings_file(folder)) || std::filesystem::exists(database_file(folder)) ||
      std::filesystem::exists(key_file(folder)))
    return fail(problems::kWorkspaceExists, {{"folder", folder.string()}});
  const bool folder_is_new = !std::filesystem::exists(folder);
  // Until everything stands, everything goes again.
  struct Undo {
    const std::filesystem::path& folder;
    bool whole_folder, armed = true;
    ~Undo() {
      if (!armed) return;
      std::error_code ignored;
      if (whole_folder) {
        std::filesystem::remove_all(folder, ignored);
        return;
      }
      for (const char* name : {"understory.db", "understory.db-wal", "understory.db-shm", "understory.db-mark",
                               "workspace.toml", "workspace.key", "audit.key"})
        std::filesystem::remove(folder / name, ignored);
    }
  } undo{folder, folder_is_new};
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error == std::errc::no_space_on_device) return fail(problems::kDiskFull);
  if (error)
    return fail(problems::kFileUnreadable,
                {{"file", folder.string()}, {"reason", "the folder cannot be made, " + error.message()}});
  if (folder_is_new) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  if (key) TRY(key->write(key_file(folder)));
  try {
    const std::unique_ptr<Connection> connection =
        database.empty() ? open_sqlite(database_file(folder).string(), false) : open_postgres(database);
    TRY(migrate(*connection));
    connection->execute(database.empty() ? "begin immediate" : "begin");
    if (auto filled = fill(*connection); !filled) {
      connection->execute("rollback");
      return filled;
    }
    connection->execute("commit");
  } catch (const DatabaseError& failure) {
    if (failure.kind() == DatabaseError::Kind::kUniqueViolation)
      return fail(problems::kWorkspaceExists, {{"folder", database.empty() ? folder.string() : "The database"}});
    return problem_of(failure);
  }
  if (database.empty())
    std::filesystem::permissions(database_file(folder),
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
  toml::table settings{{"format", 1}, {"workspace", id.text()}};
  if (!database.empty()) settings.insert("database", database);
  std::ostringstream text;
  text << "# An Understory workspace. While its key is in workspace.key, whoever has key and database can read the "
          "stories.\n"
       << settings << "\n";
  TRY(write_file(settings_file(folder), text.str(), 0600));
  undo.armed = false;
  return {};
}

Result<std::unique_ptr<Workspace>> Workspace::open(const std::filesystem::path& folder) {
  if (!std::filesystem::exists(settings_file(folder)))
    return fail(problems::kNoWorkspace, {{"folder", folder.string()}});
  const auto damaged = [&](std::string reason) {
    return fail(problems::kDamaged, {{"what", settings_file(folder).string()}, {"reason", std::move(reason)}});
  };
  const std::string text = TRY(read_file(settings_file(folder), 65536));
  toml::table settings;
  try {
    settings = toml::parse(text);
  } catch (const toml::parse_error&) {
    return damaged("it is not TOML");
  }
  const auto id = Id::parse(settings["workspace"].value_or(std::string_view()));
  if (!id) return damaged("it names no workspace");
  if (const std::int64_t format = settings["format"].value_or(std::int64_t{0}); format != 1)
    return fail(problems::kNewerWorkspace, {{"found", "format " + std::to_string(format)}, {"known", "format 1"}});

  std::unique_ptr<Workspace> workspace(new Workspace);
  workspace->folder_ = folder;
  workspace->id_ = id->value;
  workspace->database_ = settings["database"].value_or(std::string());
  workspace->engine_ = workspace->database_.empty() ? Engine::kSqlite : Engine::kPostgres;
  workspace->pool_ = std::make_unique<Pool>();
  workspace->together_ = std::make_unique<Together>();
  auto vault = vault::Vault::load(key_file(folder));
  if (!vault && !vault.error().is(problems::kNotFound)) return tl::unexpected(vault.error());
  std::shared_ptr<const vault::Vault> key;
  if (vault) key = std::make_shared<const vault::Vault>(std::move(*vault));
  if (workspace->engine_ == Engine::kSqlite && !std::filesystem::exists(database_file(folder)))
    return fail(problems::kDamaged, {{"what", database_file(folder).string()}, {"reason", "it is missing"}});
  try {
    auto connection = workspace->engine_ == Engine::kSqlite ? open_sqlite(database_file(folder).string(), false)
                                                            : open_postgres(workspace->database_);
    TRY(migrate(*connection));
    bool put_away = false;
    const Parameter parameters[] = {Parameter(workspace->id_)};
    connection->run(kFindWorkspace, parameters, [&](const Row& row) {
      workspace->fingerprint_ = std::string(row.blob(0));
      put_away = !row.is_null(1);
    });
    if (workspace->fingerprint_.empty()) return damaged("the database holds no workspace of this number");
    if (key && workspace->fingerprint_ != key->fingerprint())
      return fail(problems::kWrongKey, {{"where", key_file(folder).string()}});
    if (!key && !put_away) return fail(problems::kWrongKey, {{"where", key_file(folder).string() + " (missing)"}});
    workspace->vault_ = std::move(key);
    workspace->pool_->writers.push_back(std::move(connection));
  } catch (const DatabaseError& failure) {
    return problem_of(failure);
  }
  return workspace;
}

Workspace::~Workspace() = default;

std::shared_ptr<const vault::Vault> Workspace::key() const {
  auto held = vault_.load();
  const bool lies_here = std::filesystem::exists(key_file(folder_));
  if (held && !lies_here) {
    vault_.store(nullptr);
    return nullptr;
  }
  if (!held && lies_here)
    if (auto vault = vault::Vault::load(key_file(folder_)); vault && vault->fingerprint() == fingerprint_) {
      held = std::make_shared<const vault::Vault>(std::move(*vault));
      vault_.store(held);
    }
  return held;
}

Result<std::shared_ptr<const vault::Vault>> Workspace::accept(Transaction& transaction,
                                                              const vault::Secret& key) const {
  auto vault = std::make_shared<const vault::Vault>(vault::Vault::from(key));
  std::string fingerprint;
  transaction.each(kFindWorkspace, {id_}, [&](const Row& row) { fingerprint = std::string(row.blob(0)); });
  if (vault->fingerprint() != fingerprint) return fail(problems::kWrongKey, {{"where", "what was given"}});
  return std::shared_ptr<const vault::Vault>(std::move(vault));
}

Result<void> Workspace::put_key_away(Transaction transaction, const vault::Secret& recovery) {
  const auto held = key();
  if (!held) return fail(problems::kLocked);
  const std::string wrapped = vault::wrap(held->key(), recovery, kRecovery);
  transaction.run(kSetRecovery, {Parameter::blob(wrapped), Parameter::blob(vault::public_key_of(*held)), id_});
  transaction.commit();
  // Written over first: not every file system forgets what it unlinks.
  TRY(erase_file(key_file(folder_)));
  vault_.store(nullptr);
  return {};
}

Result<void> Workspace::renew_key(Transaction transaction, const vault::Secret& recovery,
                                  const std::function<Result<void>(Transaction&, const vault::Vault&)>& handing) {
  if (holds_key())
    return fail(problems::kInvalidValue, {{"where", "Workspace"},
                                          {"value", folder_.string()},
                                          {"what", "locked workspace"},
                                          {"hint", "Its key lies in the folder. Lock it first."}});
  const auto made = vault::Vault::from(vault::Secret::random());
  transaction.wrap_data_keys_anew(made);
  const std::string fingerprint = made.fingerprint(), wrapped = vault::wrap(made.key(), recovery, kRecovery);
  pool_->must_forget = true;
  transaction.run(kRenewKey, {Parameter::blob(fingerprint), Parameter::blob(wrapped),
                              Parameter::blob(vault::public_key_of(made)), id_});
  TRY(handing(transaction, made));
  transaction.commit();
  fingerprint_ = fingerprint;
  return {};
}

Result<std::shared_ptr<const vault::Vault>> Workspace::recover(const vault::Secret& recovery) {
  std::string wrapped;
  Transaction transaction = read();
  transaction.each(kFindWorkspace, {id_}, [&](const Row& row) { wrapped = std::string(row.blob(1)); });
  const auto key = vault::unwrap(wrapped, recovery, kRecovery);
  if (!key) return fail(problems::kWrongKey, {{"where", "the recovery key"}});
  return accept(transaction, *key);
}

Result<void> Workspace::take_key_out(const vault::Secret& recovery) {
  const auto recovered = TRY(recover(recovery));
  TRY(recovered->write(key_file(folder_)));
  fingerprint_ = recovered->fingerprint();
  vault_.store(recovered);
  return {};
}

Transaction Workspace::read() {
  if (engine_ == Engine::kPostgres) {
    auto connection = pool_->take(true, kPostgresConnections, [&] { return open_postgres(database_); });
    return Transaction(*this, std::move(connection), Transaction::Mode::kRead, false);
  }
  auto connection =
      pool_->take(false, kSqliteReaders, [&] { return open_sqlite(database_file(folder_).string(), true); });
  return Transaction(*this, std::move(connection), Transaction::Mode::kRead, false);
}

Transaction Workspace::write() { return write(true); }

Transaction Workspace::write(bool at_once) {
  const bool sqlite = engine_ == Engine::kSqlite;
  auto connection = pool_->take(true, sqlite ? 1 : kPostgresConnections, [&] {
    return sqlite ? open_sqlite(database_file(folder_).string(), false) : open_postgres(database_);
  });
  return Transaction(*this, std::move(connection), Transaction::Mode::kWrite, at_once);
}

Transaction::Transaction(Workspace& owner, std::unique_ptr<Connection> connection, Mode mode, bool at_once)
    : owner_(&owner), connection_(std::move(connection)), vault_(owner.key()), workspace_id_(owner.id_), mode_(mode) {
  try {
    if (engine() == Engine::kSqlite) {
      connection_->execute(mode == Mode::kWrite ? "begin immediate" : "begin");
    } else if (mode == Mode::kWrite) {
      // One writer a workspace on both engines: what holds on SQLite holds here.
      connection_->execute_with_next("begin");
      const std::string turn = "select pg_advisory_xact_lock(" + std::to_string(workspace_id_) + ")";
      at_once ? connection_->execute(turn) : connection_->execute_with_next(turn);
    } else {
      connection_->execute_with_next("begin isolation level repeatable read read only");
    }
  } catch (...) {
    owner_->pool_->give(nullptr, engine() == Engine::kPostgres || mode_ == Mode::kWrite);
    throw;
  }
}

Transaction::Transaction(Transaction&& other) noexcept
    : owner_(other.owner_),
      connection_(std::move(other.connection_)),
      vault_(std::move(other.vault_)),
      data_keys_(std::move(other.data_keys_)),
      data_keys_made_(std::move(other.data_keys_made_)),
      data_keys_asked_(other.data_keys_asked_),
      first_vault_(std::move(other.first_vault_)),
      algorithm_(other.algorithm_),
      public_key_(std::move(other.public_key_)),
      workspace_id_(other.workspace_id_),
      mode_(other.mode_),
      open_(other.open_) {
  other.open_ = false;
}

Transaction::~Transaction() {
  if (!connection_) return;
  const bool as_writer = connection_->engine() == Engine::kPostgres || mode_ == Mode::kWrite;
  if (open_) {
    try {
      connection_->execute("rollback");
    } catch (const std::exception&) {
      connection_.reset();  // not fit for another use; the database rolls back by itself
    }
  }
  owner_->pool_->give(std::move(connection_), as_writer);
}

void Transaction::savepoint(std::string_view name) {
  write_data_keys();
  connection_->execute("savepoint " + std::string(name));
}

void Transaction::roll_back_to(std::string_view name) {
  connection_->execute("rollback to savepoint " + std::string(name));
  data_keys_made_.clear();
  data_keys_.clear();  // some may have been made since
  data_keys_asked_ = 0;
  algorithm_.reset();
  public_key_.clear();
}

void Transaction::destroy_data_key(Id owner) {
  write_data_keys();
  data_keys_.erase(owner.value);
  run(kDestroyDataKey, {workspace_id_, owner});
  forget_soon();
}

void Transaction::forget_soon() { owner_->pool_->must_forget = true; }

void Transaction::commit() {
  if (!open_) throw std::logic_error("a transaction is committed twice");
  write_data_keys();
  connection_->execute("commit");
  open_ = false;
  // Where somebody still reads a page as it was, the next writer tries again.
  if (mode_ == Mode::kWrite && owner_->pool_->must_forget) owner_->pool_->must_forget = !connection_->cut_log();
}

}  // namespace understory::storage
