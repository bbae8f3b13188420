#include "storage/figures.h"

namespace understory::storage {

namespace {

const Query kSize{"storage.database_size", "select pg_database_size(current_database())",
                  "select page_count * page_size from pragma_page_count(), pragma_page_size()"};
const Query kJobs{"storage.jobs_by_state", "select state, count(*) from job where workspace_id = ? group by state"};

}  // namespace

std::int64_t database_size(Transaction& transaction) {
  return transaction.one(kSize, {}, [](const Row& row) { return row.integer(0); }).value_or(0);
}

std::map<std::string, std::int64_t> jobs_by_state(Transaction& transaction) {
  std::map<std::string, std::int64_t> counts{{"queued", 0}, {"running", 0}, {"done", 0}, {"failed", 0}, {"stopped", 0}};
  transaction.each(kJobs, {transaction.workspace()}, [&](const Row& row) { counts[row.string(0)] = row.integer(1); });
  return counts;
}

}  // namespace understory::storage
