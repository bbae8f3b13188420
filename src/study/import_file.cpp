#include "study/import_file.h"

#include <set>

#include "foundation/text.h"
#include "places/places.h"
#include "study/study.h"

namespace understory::study {

namespace {

constexpr std::string_view kKnown = ".qdpx, .qdc, .csv, .tsv, .xlsx, .txt, .md, .html, .docx, .odt";

std::string_view extension_of(std::string_view file) {
  const std::size_t dot = file.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : file.substr(dot);
}

// The suggested mapping with what was asked for put over it: of a column that is named, nothing suggested stays.
Result<SurveyMapping> mapping_of(const Sheet& sheet, const ImportOptions& options, const std::string& file) {
  const SurveyMapping suggested = suggest_mapping(sheet);
  SurveyMapping mapping = suggested;
  std::set<std::string> named;
  const auto name = [&](const std::string& column) -> Result<void> {
    if (std::find(sheet.header.begin(), sheet.header.end(), column) == sheet.header.end())
      return fail(problems::kMissingColumn, {{"file", file},
                                             {"column", column},
                                             {"columns", join(sheet.header, ", ")},
                                             {"hint", "Write the column as it stands in the first row."}});
    named.insert(column);
    if (mapping.respondent == column) mapping.respondent.clear();
    mapping.attributes.erase(column);
    std::erase_if(mapping.open_answers, [&](const auto& answer) { return answer.column == column; });
    return {};
  };
  if (!options.respondent_column.empty()) TRY(name(options.respondent_column));
  for (const auto& [column, fact] : options.attributes) TRY(name(column));
  for (const std::string& column : options.open_answers) TRY(name(column));
  for (const auto& [translation, column] : options.translations) TRY(name(translation));
  for (const std::string& column : options.own) TRY(name(column));
  for (const std::string& column : options.drop) TRY(name(column));

  if (!options.respondent_column.empty()) mapping.respondent = options.respondent_column;
  for (const auto& [column, fact] : options.attributes) mapping.attributes[column] = fact;
  if (!options.open_answers.empty()) {
    mapping.open_answers.clear();
    for (const std::string& column : options.open_answers) {
      const auto known = std::find_if(suggested.open_answers.begin(), suggested.open_answers.end(),
                                      [&](const auto& answer) { return answer.column == column; });
      mapping.open_answers.push_back(known == suggested.open_answers.end()
                                         ? SurveyMapping::OpenAnswer{column, "", options.language, "", ""}
                                         : *known);
    }
  }
  for (SurveyMapping::OpenAnswer& answer : mapping.open_answers) {
    if (named.contains(answer.translation)) answer.translation.clear();
    for (const auto& [translation, column] : options.translations)
      if (answer.column == column) answer.translation = translation;
  }
  // What is to be left out is, whatever else was said of it, and so are the same words in another language.
  mapping.drop = options.drop;
  const auto dropped = [&](const std::string& column) {
    return std::find(mapping.drop.begin(), mapping.drop.end(), column) != mapping.drop.end();
  };
  for (const SurveyMapping::OpenAnswer& answer : suggested.open_answers)
    if (dropped(answer.column) && !answer.translation.empty() && !named.contains(answer.translation))
      mapping.drop.push_back(answer.translation);
  for (const auto& [translation, column] : options.translations)
    if (dropped(column) && !dropped(translation)) mapping.drop.push_back(translation);
  if (dropped(mapping.respondent)) mapping.respondent.clear();
  std::erase_if(mapping.attributes, [&](const auto& entry) { return dropped(entry.first); });
  std::erase_if(mapping.open_answers, [&](const auto& answer) { return dropped(answer.column); });
  for (SurveyMapping::OpenAnswer& answer : mapping.open_answers)
    if (dropped(answer.translation)) answer.translation.clear();
  mapping.location = options.location;
  if (mapping.open_answers.empty())
    return fail(problems::kBadTable,
                {{"file", file},
                 {"row", "1"},
                 {"reason", "no column is known to hold open answers; name them with --open COLUMN. The columns are: " +
                                join(sheet.header, ", ")}});
  return mapping;
}

Result<Material> read_sheet(const Sheet& sheet, const std::string& file, const ImportOptions& options,
                            const TextOf& text_of) {
  const bool mapped = !options.open_answers.empty() || !options.attributes.empty();
  const TableKind kind = mapped ? TableKind::kSurvey : table_kind(sheet);
  switch (kind) {
    case TableKind::kSurvey: return read_survey(sheet, TRY(mapping_of(sheet, options, file)), file);
    case TableKind::kCodebook: return read_codebook_table(sheet, file);
    default: return read_table(sheet, kind, file, text_of);
  }
}

// Facts given for the whole file, where the file itself is silent.
void apply(Material& material, const ImportOptions& options) {
  int location = -1;
  if (!options.location.empty()) {
    location = static_cast<int>(material.locations.size());
    material.locations.push_back({"", options.location, "", false});
  }
  int respondent = -1;
  if (!options.respondent.empty()) {
    respondent = static_cast<int>(material.respondents.size());
    MaterialRespondent person;
    person.name = options.respondent;
    person.language = options.language;
    person.location = location;
    material.respondents.push_back(std::move(person));
  }
  for (MaterialSource& source : material.sources) {
    if (source.reference) continue;
    if (trim(source.text).empty()) material.report.remark("source", source.name, "its text is empty");
    if (source.location < 0) source.location = location;
    if (source.language.empty()) source.language = options.language;
    if (source.told_on.empty()) source.told_on = options.told_on;
    if (!options.kind.empty() && source.kind == "document") source.kind = options.kind;
    if (respondent >= 0 && source.speakers.empty()) source.speakers.push_back({"", respondent});
  }
  for (MaterialRespondent& person : material.respondents)
    if (!person.reference && person.location < 0) person.location = location;
}

}  // namespace

std::optional<FileKind> kind_of_file(std::string_view file, std::string_view bytes) {
  const std::string extension = lower_ascii(extension_of(file));
  if (extension == ".qdpx") return FileKind::kQdpx;
  if (extension == ".qdc") return FileKind::kQdc;
  if (extension == ".csv" || extension == ".tsv") return FileKind::kTable;
  if (extension == ".xlsx") return FileKind::kWorkbook;
  for (std::string_view document : {".txt", ".md", ".html", ".htm", ".docx", ".odt"})
    if (extension == document) return FileKind::kDocument;
  // A name that says nothing: what reads as text is text.
  if (extension.empty() && !bytes.empty() && decode_text(bytes, file)) return FileKind::kDocument;
  return std::nullopt;
}

Result<ImportReport> import_file(storage::Transaction& transaction, Id study, std::string_view bytes,
                                 const std::string& file, const ImportOptions& options, const TextOf& text_of) {
  const auto kind = kind_of_file(file, bytes);
  if (!kind) return fail(problems::kUnknownFormat, {{"file", file}, {"known", std::string(kKnown)}});
  Material material;
  switch (*kind) {
    case FileKind::kQdpx: material = TRY(read_qdpx(bytes, file)); break;
    case FileKind::kQdc: material = TRY(read_qdc(bytes, file)); break;
    case FileKind::kDocument: material = TRY(read_document(bytes, file)); break;
    case FileKind::kTable: {
      const Sheet sheet = TRY(read_csv_sheet(bytes, file));
      if (table_kind(sheet) == TableKind::kPlaces && options.open_answers.empty()) {
        const auto places = TRY(places::import_places(transaction, bytes, file));
        ImportReport report;
        report.file = file;
        report.format = "places";
        report.count("place", Outcome::kRead, places.added);
        report.count("place", Outcome::kMerged, places.unchanged);
        report.count("place", Outcome::kChanged, places.changed);
        return report;
      }
      material = TRY(read_sheet(sheet, file, options, text_of));
      break;
    }
    case FileKind::kWorkbook: {
      const std::vector<Sheet> sheets = TRY(read_xlsx(bytes, file));
      const auto wanted = std::find_if(sheets.begin(), sheets.end(), [&](const Sheet& sheet) {
        return options.sheet.empty() || sheet.name == options.sheet;
      });
      if (wanted == sheets.end()) return fail(problems::kNotFound, {{"what", "sheet"}, {"name", options.sheet}});
      material = TRY(read_sheet(*wanted, file, options, text_of));
      break;
    }
  }
  apply(material, options);
  MergeOptions merging;
  merging.import = Id::make();
  merging.default_coder = options.coder;
  merging.default_location = options.location;
  merging.progress = options.progress;
  merging.together = options.together;
  const ImportReport report = TRY(merge(transaction, study, material, merging));
  // A document is kept with its source; every other file is kept, as it came, with its receipt.
  keep_import(transaction, study, merging.import, report, *kind == FileKind::kDocument ? std::string_view() : bytes);
  return report;
}

}  // namespace understory::study
