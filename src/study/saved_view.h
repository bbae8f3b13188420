// Views of the list of sources that people keep, each for themselves: a filter under a name.
#pragma once
#include <string>
#include <vector>

#include "storage/workspace.h"
#include "study/problems.h"

namespace understory::study {

inline constexpr std::size_t kMostViews = 50;  // of one person in one study

struct SavedView {
  Id id;
  std::string name, filter;  // the filter is JSON of whoever asks; nothing here reads it
};
std::vector<SavedView> saved_views(storage::Transaction& transaction, Id study, Id account);  // by name
// A view of the same name gives way to it. kInvalidValue: a name that is empty or longer than 80 characters, a filter
// of more than 2000 bytes, one view too many.
Result<Id> save_view(storage::Transaction& transaction, Id study, Id account, const std::string& name,
                     const std::string& filter);
Result<void> forget_view(storage::Transaction& transaction, Id study, Id account, Id view);  // kNotFound

}  // namespace understory::study
