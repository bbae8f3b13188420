#include "study/table_look.h"

namespace understory::study {

std::optional<TableLook> look_at_table(std::string_view bytes, const std::string& file, const std::string& sheet) {
  const auto kind = kind_of_file(file, bytes);
  if (kind != FileKind::kTable && kind != FileKind::kWorkbook) return std::nullopt;
  TableLook look;
  Sheet wanted;
  if (kind == FileKind::kTable) {
    auto read = read_csv_sheet(bytes, file);
    if (!read) return std::nullopt;
    wanted = std::move(*read);
  } else {
    auto sheets = read_xlsx(bytes, file);
    if (!sheets || sheets->empty()) return std::nullopt;
    std::size_t at = 0;
    for (std::size_t i = 0; i < sheets->size(); ++i) {
      look.sheets.push_back((*sheets)[i].name);
      if (!sheet.empty() && (*sheets)[i].name == sheet) at = i;
    }
    wanted = std::move((*sheets)[at]);
  }
  look.kind = table_kind(wanted);
  if (look.kind != TableKind::kSurvey) return look;
  const SurveyMapping mapping = suggest_mapping(wanted);
  for (const std::string& column : wanted.header) {
    std::string as;
    if (column == mapping.respondent) as = "respondent";
    if (const auto fact = mapping.attributes.find(column); fact != mapping.attributes.end()) as = fact->second;
    for (const SurveyMapping::OpenAnswer& answer : mapping.open_answers) {
      if (answer.column == column) as = "open";
      if (answer.translation == column) as = "translation:" + answer.column;
    }
    look.columns.emplace_back(column, as);
  }
  return look;
}

}  // namespace understory::study
