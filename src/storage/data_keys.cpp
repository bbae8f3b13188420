// Sealing and opening in a transaction: which data key a field needs, and where it comes from.
#include "storage/workspace.h"
#include "vault/data_key.h"

namespace understory::storage {

namespace {

const Query kDataKey{"storage.data_key", "select wrapped from data_key where workspace_id = ? and id = ?"};
const Query kDataKeys{"storage.data_keys", "select id, wrapped from data_key where workspace_id = ?"};
const Query kAddDataKey{"storage.add_data_key", "insert into data_key (workspace_id, id, wrapped) values (?, ?, ?)"};
const Query kSetDataKey{"storage.set_data_key", "update data_key set wrapped = ? where workspace_id = ? and id = ?"};
// Backups are sealed towards that key too; null until the workspace's own is put away.
const Query kHowItSeals{"storage.how_it_seals", "select algorithm, backup_key from workspace where id = ?"};
const Query kSetAlgorithm{"storage.set_algorithm", "update workspace set algorithm = ? where id = ?"};
const Query kDataKeysOtherwise{"storage.data_keys_sealed_otherwise",
                               "select id, wrapped from data_key where workspace_id = ? and substr(wrapped, 1, 1) <> ? "
                               "order by id limit ?"};

constexpr Id kFirstKey{0};              // of the key the workspace began with, once it has another
constexpr std::size_t kTogether = 256;  // an import makes thousands of keys; each alone would be a way to the server
constexpr int kOneByOne = 8;            // a page needs a few keys, a question all of them

[[noreturn]] void damaged(const Problem& problem) {
  throw DatabaseError(DatabaseError::Kind::kCorrupt, problem.sentence());
}

}  // namespace

const vault::Vault& Transaction::vault() const {
  if (!vault_) throw DatabaseError(DatabaseError::Kind::kLocked, "the stories are locked");
  return *vault_;
}

const vault::Vault& Transaction::first_vault() {
  if (!first_vault_) {
    vault();  // or nobody has a key here
    const vault::DataKey* first = find_data_key(kFirstKey);
    // Remembered either way: each text and name that is brought in asks for it.
    first_vault_ = first ? std::make_shared<const vault::Vault>(vault::Vault::from(first->bytes())) : vault_;
  }
  return *first_vault_;
}

const vault::DataKey* Transaction::find_data_key(Id owner) {
  if (const auto held = data_keys_.find(owner.value); held != data_keys_.end()) return &held->second;
  if (data_keys_asked_ > kOneByOne && owner != kFirstKey) return nullptr;
  const auto take = [&](Id number, std::string_view wrapped) {
    auto key = vault::DataKey::unwrap(number, wrapped, vault());
    if (!key) damaged(key.error());
    data_keys_.try_emplace(number.value, std::move(*key));
  };
  if (owner == kFirstKey || ++data_keys_asked_ <= kOneByOne) {
    std::string wrapped;
    each(kDataKey, {workspace_id_, owner.value}, [&](const Row& row) { wrapped = std::string(row.blob(0)); });
    if (!wrapped.empty()) take(owner, wrapped);
  } else {
    each(kDataKeys, {workspace_id_}, [&](const Row& row) { take(row.id(0), row.blob(1)); });
  }
  const auto held = data_keys_.find(owner.value);
  return held == data_keys_.end() ? nullptr : &held->second;
}

const vault::DataKey& Transaction::data_key(Id owner) {
  if (const vault::DataKey* key = find_data_key(owner)) return *key;
  throw DatabaseError(DatabaseError::Kind::kCorrupt, "The data key " + owner.text() + " was destroyed or never made");
}

void Transaction::unlock(vault::DataKey key) { data_keys_.insert_or_assign(key.number().value, std::move(key)); }

std::string Transaction::seal(Id owner, std::string_view table, std::string_view column, Id row,
                              std::string_view plain) {
  if (!owner) throw std::logic_error("a field is sealed for nobody");
  auto held = data_keys_.find(owner.value);
  if (held == data_keys_.end()) {
    const vault::DataKey* known = nullptr;
    std::string wrapped;
    if (vault_) {
      known = find_data_key(owner);
    } else {
      each(kDataKey, {workspace_id_, owner}, [&](const Row& row_) { wrapped = std::string(row_.blob(0)); });
      if (!wrapped.empty()) vault();  // it is there and cannot be opened
    }
    if (!known) make_data_key(owner);
    held = data_keys_.find(owner.value);
  }
  return held->second.seal({table, column, row}, plain, algorithm());
}

void Transaction::make_data_key(Id owner) {
  const vault::Algorithm how = algorithm();
  auto made = vault::DataKey::make(owner);
  if (!vault_ && public_key_.empty()) vault();
  data_keys_made_.emplace_back(owner, vault_ ? made.wrapped(*vault_, how) : made.wrapped_towards(public_key_));
  data_keys_.try_emplace(owner.value, std::move(made));
  if (data_keys_made_.size() == kTogether) write_data_keys();
}

Question Transaction::how_it_seals() {
  return {&kHowItSeals, {workspace_id_}, [this](const Row& row) {
            algorithm_ = vault::algorithm_of(row.integer(0));
            public_key_ = std::string(row.blob(1));
          }};
}

Result<std::string> Transaction::try_open(const vault::Field& field, std::string_view sealed) {
  if (const auto number = vault::data_key_of(sealed)) return data_key(*number).open(field, sealed);
  return first_vault().open(field, sealed);
}

Result<std::string> Transaction::try_open(const vault::Field& field, std::string_view sealed,
                                          std::string_view wrapped_key) {
  const auto number = vault::data_key_of(sealed);
  if (!number || wrapped_key.empty()) return try_open(field, sealed);
  return TRY(vault::DataKey::unwrap(*number, wrapped_key, vault()))
  .open(field, sealed);
}

std::string Transaction::open(std::string_view table, std::string_view column, Id row, std::string_view sealed) {
  auto plain = try_open({table, column, row}, sealed);
  if (!plain) damaged(plain.error());
  return std::move(*plain);
}

std::string Transaction::seal_again(const vault::Field& field, std::string_view sealed) {
  const std::string plain = open(field.table, field.column, field.row, sealed);
  forget_soon();  // the old form goes from the log too
  if (const auto number = vault::data_key_of(sealed)) return data_key(*number).seal(field, plain, algorithm());
  return first_vault().seal(field, plain, algorithm());
}

vault::Algorithm Transaction::algorithm() {
  if (!algorithm_) {
    const Question question = how_it_seals();
    each(*question.query, question.parameters, question.reader);
    if (!algorithm_)
      throw DatabaseError(DatabaseError::Kind::kCorrupt, "The workspace names an algorithm this program does not know");
  }
  return *algorithm_;
}

void Transaction::set_algorithm(vault::Algorithm algorithm) {
  write_data_keys();
  run(kSetAlgorithm, {static_cast<int>(algorithm), workspace_id_});
  algorithm_ = algorithm;
}

std::int64_t Transaction::wrap_data_keys_again(int limit) {
  write_data_keys();
  const vault::Algorithm how = algorithm();
  const std::string version(1, vault::versions_of(how)[0]);
  std::vector<std::pair<Id, std::string>> anew;
  each(kDataKeysOtherwise, {workspace_id_, Parameter::blob(version), limit}, [&](const Row& row) {
    auto key = vault::DataKey::unwrap(row.id(0), row.blob(1), vault());
    if (!key) damaged(key.error());
    anew.emplace_back(row.id(0), key->wrapped(vault(), how));
  });
  for (const auto& [number, wrapped] : anew) run(kSetDataKey, {Parameter::blob(wrapped), workspace_id_, number.value});
  return static_cast<std::int64_t>(anew.size());
}

std::string Transaction::blind_index(std::string_view purpose, std::string_view text) {
  return first_vault().blind_index(purpose, text);
}

void Transaction::write_data_keys() {
  std::vector<Parameter> rows;
  for (const auto& [owner, wrapped] : data_keys_made_) {
    rows.emplace_back(workspace_id_);
    rows.emplace_back(owner);
    rows.push_back(Parameter::blob(wrapped));
  }
  if (!rows.empty()) run_later(kAddDataKey, 3, rows);
  data_keys_made_.clear();
}

std::int64_t Transaction::wrap_data_keys_anew(const vault::Vault& under) {
  write_data_keys();
  const vault::Algorithm how = algorithm();
  std::vector<std::pair<Id, std::string>> anew;
  bool has_first = false;
  each(kDataKeys, {workspace_id_}, [&](const Row& row) {
    auto key = vault::DataKey::unwrap(row.id(0), row.blob(1), vault());
    if (!key) damaged(key.error());
    has_first = has_first || row.integer(0) == kFirstKey.value;
    anew.emplace_back(row.id(0), key->wrapped(under, how));
  });
  for (const auto& [number, wrapped] : anew) run(kSetDataKey, {Parameter::blob(wrapped), workspace_id_, number.value});
  if (!has_first) {
    const std::string wrapped = vault::DataKey::from(kFirstKey, vault().key()).wrapped(under, how);
    run(kAddDataKey, {workspace_id_, kFirstKey.value, Parameter::blob(wrapped)});
  }
  return static_cast<std::int64_t>(anew.size());
}

}  // namespace understory::storage
