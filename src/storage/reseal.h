// Sealing anew what was sealed by another algorithm than the one fields are sealed by now: for the day an algorithm is
// no longer thought safe. Keys stay what they are, so what was erased stays erased, and what a person or a broken glass
// may open still opens.
#pragma once
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/progress.h"
#include "storage/workspace.h"

namespace understory::storage {

// A column of sealed fields. Declare at namespace scope in the *_store.cpp that seals them, once for each column:
//   const SealedColumn kSealedName{"source", "name"};
// tests/queries holds every column of bytes against this register.
class SealedColumn {
 public:
  enum class Sealed { kByName, kByNameAndSecond };  // the second: "content/7", the number being the row's second key
  // `row` is the column whose number the field is sealed for; `second` the rest of the primary key, if there is more.
  SealedColumn(std::string_view table, std::string_view column, std::string_view row = "id",
               std::string_view second = "", Sealed sealed = Sealed::kByName);
  SealedColumn(const SealedColumn&) = delete;
  SealedColumn& operator=(const SealedColumn&) = delete;

  std::string_view table() const { return table_; }
  std::string_view column() const { return column_; }
  // How many fields are sealed otherwise.
  std::int64_t count_otherwise(Transaction& transaction, vault::Algorithm algorithm) const;
  // Seals the next few fields that are sealed otherwise; how many. `after` is where the batch before ended.
  struct Place {
    std::int64_t row = INT64_MIN, second = INT64_MIN;
  };
  int seal_next(Transaction& transaction, vault::Algorithm algorithm, Place& after) const;

  static const std::vector<const SealedColumn*>& all();

 private:
  std::string table_, column_;
  bool has_second_;
  Sealed sealed_;
  std::deque<std::string> texts_;  // the queries' names and words
  std::unique_ptr<const Query> next_, set_, count_;
};

// Fields and wrapped data keys that are sealed otherwise.
std::int64_t sealed_otherwise(Transaction& transaction, vault::Algorithm algorithm);

// From now on fields are sealed by this algorithm, and all there are are sealed anew, a few in each transaction so that
// others can work meanwhile. Stopped (kStopped: what was done stays done) or killed, it goes on where it was when
// called again. How many it sealed.
Result<std::int64_t> reseal(Workspace& workspace, const std::shared_ptr<const vault::Vault>& key,
                            vault::Algorithm algorithm, const Progress& progress);

}  // namespace understory::storage
