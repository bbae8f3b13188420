// What a table is, without taking it: for a person who decides how its columns are to be read.
#pragma once
#include "study/import_file.h"

namespace understory::study {

struct TableLook {
  TableKind kind;
  std::vector<std::string> sheets;  // of a workbook
  // Of a survey, what each column would be taken for: "respondent", a fact (SurveyMapping), "open",
  // "translation:COLUMN", or nothing: kept as a fact of its own name.
  std::vector<std::pair<std::string, std::string>> columns;
};
// Nothing for what is no table, or cannot be read: import_file() says why.
std::optional<TableLook> look_at_table(std::string_view bytes, const std::string& file, const std::string& sheet);

}  // namespace understory::study
