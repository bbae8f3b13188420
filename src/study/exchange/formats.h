// Files in and out, as pure functions between bytes and Material. None of them knows the database.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/progress.h"
#include "foundation/result.h"
#include "study/material.h"

namespace understory::study {

// --- REFI-QDA (QDA-XML 1.5; www.qdasoftware.org). Schemas: Project.xsd, Codebook.xsd.
// Refused (kHostileArchive, kDamagedArchive, kBadXml): "..", links, more than 20,000 entries, entries that unpack to
// more than 2 GiB together or over 200 times their size, a DTD, elements nested deeper than 200.
Result<Material> read_qdpx(std::string_view bytes, std::string_view file);
Result<Material> read_qdc(std::string_view bytes, std::string_view file);

// Unit, BOM, newline and memo form of what each program reads back faithfully (docs/decisions says how we know).
enum class QdpxPreset { kSpec, kNvivo, kAtlasti, kMaxqda };
// Same material, same bytes. Valid against Project.xsd. Never a local path. What the format cannot say is in `report`.
struct Written {
  std::string bytes;
  ImportReport report;
};
Result<Written> write_qdpx(const Material& material, QdpxPreset preset);
Result<Written> write_qdc(const Material& material);

// --- Tables
// Rows of one sheet as text: XLSX cells keep what a person sees (dates as 2026-11-24, whole numbers without ".0").
struct Sheet {
  std::string name;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  std::vector<int> row_numbers;  // as the file counts them, for messages
};
Result<std::vector<Sheet>> read_xlsx(std::string_view bytes, std::string_view file);
Result<Sheet> read_csv_sheet(std::string_view bytes, std::string_view file);  // decodes text, then foundation/csv.h

// A survey: one row a respondent. Which column is what; a column named in none is kept as an attribute of its own name
// unless `drop` lists it.
struct SurveyMapping {
  std::string respondent;  // column of the pseudonym; empty: …
  std::map<std::string, std::string>
      attributes;  // column → age_band | gender | role | language | place | location | own name
  struct OpenAnswer {
    std::string column;
    std::string question;     // as asked; empty: the column's name
    std::string language;     // empty: the respondent's
    std::string translation;  // column with the English translation, or empty
    std::string asked;        // kinds of codes, see source.asked
  };
  std::vector<OpenAnswer> open_answers;
  std::vector<std::string> drop;
  std::string location;  // for all rows, where no column says it
};
// The mapping that column names suggest (respondent, location, age_band, gender, role, place, language; "<x>" with
// "<x>_en" beside it is an open answer with its translation).
SurveyMapping suggest_mapping(const Sheet& sheet);
Result<Material> read_survey(const Sheet& sheet, const SurveyMapping& mapping, std::string_view file);

// The tables of examples/seven-communities/README.md, known by their header row: respondents, sources (with the texts
// it names, read through `text_of`), codings, links, masks.
enum class TableKind { kRespondents, kSources, kCodings, kLinks, kMasks, kCodebook, kPlaces, kSurvey };
TableKind table_kind(const Sheet& sheet);
using TextOf = std::function<Result<std::string>(const std::string& file)>;  // bytes of a file beside the table
Result<Material> read_table(const Sheet& sheet, TableKind kind, std::string_view file, const TextOf& text_of);

// A codebook table: path,kind,meaning,definition,include,exclude,<language…>.
Result<Material> read_codebook_table(const Sheet& sheet, std::string_view file);

// --- Documents: .txt and .md as they are; .html .docx .odt by pandoc to plain text (kProgramMissing without it).
Result<Material> read_document(std::string_view bytes, std::string_view file);

// --- Out
std::string write_codings_csv(const Material& material);
Result<std::string> write_xlsx(const Material& material);  // sheets: codings, sources, respondents, codes, memos
std::string codebook_csv(const Material& material);

// The name of a code with its parents: "Causes/Poverty/Debt". A "/" inside a name is written "\/".
std::string code_path(const Material& material, int code);

// What kind of code a root's name suggests ("Causes", "root causes", "មូលហេតុ" → cause); "other" when none.
std::string guess_kind(std::string_view name);

}  // namespace understory::study
