// What the files of from_submissions share.
#pragma once
#include "foundation/text.h"
#include "study/from_submissions.h"

namespace understory::study {

constexpr std::size_t kLongestName = 200;  // bytes of a pseudonym

// A row of one table, asked by the path of a question; null where the question is of another table or was not there.
struct FromSubmissions::Row {
  const FromSubmissions& of;
  int table = 0;
  const collect::Rows::Row* row = nullptr;

  const char* cell(const std::string& path) const {
    const auto found = of.columns_.find(path);
    if (found == of.columns_.end() || found->second.first != table) return nullptr;
    return row->cells[static_cast<std::size_t>(found->second.second)];
  }
  std::string text(const std::string& path) const {
    const char* value = path.empty() ? nullptr : cell(path);
    return value ? std::string(trim(value)) : std::string();
  }
};

// By what a row of a repeat is found again: the pseudonym it gives (the second of one pseudonym in a submission is
// another), or where it stands.
struct FromSubmissions::RowKey {
  std::string key;        // "name SR-07", "row 2"; empty: a row of somebody who gives no pseudonym
  std::string pseudonym;  // empty: the respondent's
  std::string position;   // "2", of a repeat within another "1.2"
  int table = 0;
  const collect::Rows::Row* row = nullptr;
};

}  // namespace understory::study
