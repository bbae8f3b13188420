// A form's submissions as a workbook: a sheet each table, with the columns of the CSV files.
#pragma once
#include "collect/export/outline.h"

namespace understory::collect {

// Numbers are numbers as far as a spreadsheet keeps them (15 digits), everything else is text as it was told; no text
// is ever a formula. Rows go to files in the machine's memory (libxlsxwriter cannot seal what it puts aside) and the
// workbook goes out whole at the end: for more than some 100,000 submissions, take the CSV files. kTooLarge: a sheet
// would hold more than 1,048,575 rows or 16,384 columns.
Result<void> write_xlsx(const Outline& outline, const Walk& walk, const Sink& sink);

// At most 31 characters, none of []:*?/\, no two alike in any case.
std::vector<std::string> sheet_names(const Outline& outline);

}  // namespace understory::collect
