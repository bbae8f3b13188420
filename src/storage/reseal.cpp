#include "storage/reseal.h"

namespace understory::storage {

namespace {

const Query kDataKeysCount{"storage.count_data_keys_sealed_otherwise",
                           "select count(*) from data_key where workspace_id = ? and substr(wrapped, 1, 1) <> ?"};

constexpr int kFields = 64;  // in one transaction: texts are large, and others wait for it
constexpr int kDataKeys = 500;

std::vector<const SealedColumn*>& columns() {
  static std::vector<const SealedColumn*> list;  // filled while the program starts, before there are threads
  return list;
}

// Of both versions an algorithm has, one is under the workspace's key and one under a data key: 1 and 2, 4 and 5.
std::pair<std::string, std::string> versions(vault::Algorithm algorithm) {
  const auto [workspace, data_key] = vault::versions_of(algorithm);
  return {std::string(1, workspace), std::string(1, data_key)};
}

}  // namespace

SealedColumn::SealedColumn(std::string_view table, std::string_view column, std::string_view row,
                           std::string_view second, Sealed sealed)
    : table_(table), column_(column), has_second_(!second.empty()), sealed_(sealed) {
  const std::string key(row), more(has_second_ ? second : row), name = table_ + "_" + column_;
  const std::string otherwise = " from " + table_ + " where workspace_id = ? and " + column_ +
                                " is not null and substr(" + column_ + ", 1, 1) <> ? and substr(" + column_ +
                                ", 1, 1) <> ?";
  const auto query = [&](std::string_view what, std::string sql) {
    const std::string& kept_name = texts_.emplace_back("storage." + std::string(what) + name);
    return std::make_unique<const Query>(kept_name, texts_.emplace_back(std::move(sql)));
  };
  next_ = query("sealed_otherwise_", "select " + key + ", " + more + ", " + column_ + otherwise + " and (" + key +
                                         " > ? or (" + key + " = ? and " + more + " > ?)) order by " + key + ", " +
                                         more + " limit ?");
  set_ = query("seal_anew_", "update " + table_ + " set " + column_ + " = ? where workspace_id = ? and " + key +
                                 " = ? and " + more + " = ?");
  count_ = query("count_sealed_otherwise_", "select count(*)" + otherwise);
  columns().push_back(this);
}

const std::vector<const SealedColumn*>& SealedColumn::all() { return columns(); }

std::int64_t SealedColumn::count_otherwise(Transaction& transaction, vault::Algorithm algorithm) const {
  const auto [workspace, data_key] = versions(algorithm);
  return *transaction.one(*count_, {transaction.workspace(), Parameter::blob(workspace), Parameter::blob(data_key)},
                          [](const Row& row) { return row.integer(0); });
}

int SealedColumn::seal_next(Transaction& transaction, vault::Algorithm algorithm, Place& after) const {
  struct Found {
    Place place;
    std::string sealed;
  };
  std::vector<Found> found;
  const auto [workspace, data_key] = versions(algorithm);
  transaction.each(*next_,
                   {transaction.workspace(), Parameter::blob(workspace), Parameter::blob(data_key), after.row,
                    after.row, after.second, kFields},
                   [&](const Row& row) {
                     found.push_back({{row.integer(0), row.integer(1)}, std::string(row.blob(2))});
                   });
  for (const Found& each : found) {
    const std::string column = sealed_ == Sealed::kByName ? column_ : column_ + "/" + std::to_string(each.place.second);
    const std::string anew = transaction.seal_again({table_, column, Id{each.place.row}}, each.sealed);
    transaction.run(*set_, {Parameter::blob(anew), transaction.workspace(), each.place.row, each.place.second});
    after = each.place;
  }
  return static_cast<int>(found.size());
}

std::int64_t sealed_otherwise(Transaction& transaction, vault::Algorithm algorithm) {
  const std::string version = versions(algorithm).first;
  std::int64_t count = *transaction.one(kDataKeysCount, {transaction.workspace(), Parameter::blob(version)},
                                        [](const Row& row) { return row.integer(0); });
  for (const SealedColumn* column : SealedColumn::all()) count += column->count_otherwise(transaction, algorithm);
  return count;
}

Result<std::int64_t> reseal(Workspace& workspace, const std::shared_ptr<const vault::Vault>& key,
                            vault::Algorithm algorithm, const Progress& progress) {
  if (!key) return fail(problems::kLocked);
  std::int64_t done = 0, all = 0;
  const auto in_transaction = [&](const auto& work) {
    Transaction transaction = workspace.write();
    transaction.unlock(key);
    const std::int64_t count = work(transaction);
    transaction.commit();
    done += count;
    return count;
  };
  in_transaction([&](Transaction& transaction) {
    transaction.set_algorithm(algorithm);
    all = sealed_otherwise(transaction, algorithm);
    return 0;
  });
  const auto go_on = [&] { return report(progress, "progress.reseal", done, all); };
  do {
    if (!go_on()) return fail(problems::kStoppedBetween);
  } while (in_transaction([](Transaction& transaction) { return transaction.wrap_data_keys_again(kDataKeys); }) > 0);
  for (const SealedColumn* column : SealedColumn::all()) {
    SealedColumn::Place after;
    do {
      if (!go_on()) return fail(problems::kStoppedBetween);
    } while (
        in_transaction([&](Transaction& transaction) { return column->seal_next(transaction, algorithm, after); }) > 0);
  }
  // Nobody seals by another algorithm since it was set: one writer at a time, and each asks.
  Transaction transaction = workspace.read();
  if (const std::int64_t left = sealed_otherwise(transaction, algorithm); left > 0)
    return fail(problems::kDamaged, {{"what", std::to_string(left) + " sealed fields"},
                                     {"reason", "they were sealed by another program meanwhile; call it again"}});
  return done;
}

}  // namespace understory::storage
