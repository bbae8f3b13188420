#include "storage/integrity.h"

#include <vector>

#include "storage/blobs.h"
#include "storage/tables.h"

namespace understory::storage {

namespace {

const Query kIntegrity{"storage.integrity", "select 'ok'", "pragma integrity_check"};
const Query kBlobs{"storage.blobs_to_check", "select id from blob where workspace_id = ? order by id"};

}  // namespace

Result<bool> check_integrity(Transaction& transaction) {
  std::string said;
  // PostgreSQL looks at a page when it reads it.
  if (transaction.engine() == Engine::kPostgres)
    for (const Table& table : tables()) transaction.each(*table.query, {transaction.workspace()}, [](const Row&) {});
  transaction.each(kIntegrity, {}, [&](const Row& row) {
    if (said.empty() && row.text(0) != "ok") said = row.string(0);
  });
  if (!said.empty()) return fail(problems::kDamaged, {{"what", "The database"}, {"reason", said}});
  return transaction.has_checksums();
}

Result<std::int64_t> check_blobs(Transaction& transaction, const Progress& progress) {
  std::vector<Id> blobs;
  transaction.each(kBlobs, {transaction.workspace()}, [&](const Row& row) { blobs.push_back(row.id(0)); });
  for (std::size_t i = 0; i < blobs.size(); ++i) {
    TRY(read_blob(transaction, blobs[i], [](std::string_view) {}));
    if (!report(progress, "progress.rows", static_cast<std::int64_t>(i), static_cast<std::int64_t>(blobs.size())))
      return fail(problems::kStopped);
  }
  return static_cast<std::int64_t>(blobs.size());
}

}  // namespace understory::storage
