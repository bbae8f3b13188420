// A sheet read by column names, with errors that say file, row and column. Private to the room.
#pragma once
#include <algorithm>
#include <charconv>

#include "study/exchange/formats.h"

namespace understory::study {

class TableView {
 public:
  TableView(const Sheet& sheet, std::string_view file) : sheet_(sheet), file_(file) {
    for (std::size_t i = 0; i < sheet.header.size(); ++i) at_[sheet.header[i]] = i;
  }
  std::size_t size() const { return sheet_.rows.size(); }
  int number(std::size_t row) const { return sheet_.row_numbers[row]; }
  const std::vector<std::string>& columns() const { return sheet_.header; }
  std::string where(std::size_t row) const { return std::string(file_) + ", row " + std::to_string(number(row)); }

  // White space around is not part of a value; a column the sheet lacks reads as empty.
  std::string get(std::size_t row, const std::string& column) const {
    const auto found = at_.find(column);
    return found == at_.end() ? "" : std::string(trim(sheet_.rows[row][found->second]));
  }
  // As it stands, for words that were told.
  const std::string& raw(std::size_t row, const std::string& column) const { return sheet_.rows[row][at_.at(column)]; }

  Result<std::string> needed(std::size_t row, const std::string& column) const {
    std::string value = get(row, column);
    if (value.empty())
      return fail(problems::kMissingValue,
                  {{"where", where(row)}, {"what", "“" + column + "”"}, {"hint", "Fill it in and try again."}});
    return value;
  }
  Result<std::int64_t> whole_number(std::size_t row, const std::string& column, std::int64_t otherwise) const {
    const std::string value = get(row, column);
    if (value.empty()) return otherwise;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size())
      return bad_value(row, column, value, "whole number", "");
    return number;
  }
  tl::unexpected<Problem> bad_value(std::size_t row, const std::string& column, const std::string& value,
                                    std::string_view what, std::string_view hint) const {
    return fail(problems::kInvalidValue, {{"where", where(row) + ", column “" + column + "”"},
                                          {"value", value},
                                          {"what", std::string(what)},
                                          {"hint", std::string(hint)}});
  }

 private:
  const Sheet& sheet_;
  std::string_view file_;
  std::map<std::string, std::size_t> at_;
};

}  // namespace understory::study
