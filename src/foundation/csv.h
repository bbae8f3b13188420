// Comma separated values (RFC 4180), strictly read: every row as long as the header, quotes balanced.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "foundation/result.h"

namespace understory {

struct CsvTable {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;  // each as long as the header
  std::vector<int> row_numbers;                // the line each row begins on, counted from 1
};

// `text` is valid UTF-8 (a byte order mark is skipped). The separator is what the header uses most: , ; or tab.
// A row that is blank throughout is passed over. kBadTable names the row: too few or too many fields, a quote that is
// never closed, text after a closing quote, a column name that stands twice or is empty.
Result<CsvTable> read_csv(std::string_view text, std::string_view file);

// One field for writing: quoted where it must be.
std::string csv_field(std::string_view text);
// The same for files that are opened in a spreadsheet: a field that would be taken for a formula (=, +, -, @, tab, CR
// first) gets an apostrophe in front, numbers excepted.
std::string csv_safe_field(std::string_view text);

}  // namespace understory
