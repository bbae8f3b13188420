// One file of any known kind into a study: read, merged, its receipt kept. The command line and the server both call
// this, so what can be imported and how is decided here alone.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "study/exchange/formats.h"
#include "study/merge.h"

namespace understory::study {

struct ImportOptions {
  // Facts for all of the file's sources and respondents that do not say it themselves.
  std::string location, language, kind, coder, respondent, told_on;
  // A survey: how its columns are to be read; what is not named here is suggested from the column names.
  std::map<std::string, std::string> attributes;    // column → age_band, gender, …
  std::vector<std::string> open_answers;            // columns
  std::map<std::string, std::string> translations;  // column with a translation → the column it translates
  std::vector<std::string> own;                     // columns kept as facts of their own name
  std::vector<std::string> drop;                    // columns left out, with what translates them
  std::string respondent_column;
  std::string sheet;  // of an XLSX file; empty: the first
  Progress progress;
  Together* together = nullptr;  // with other files (study/merge.h)
};

// What the file is, from its name; without an ending, text if its bytes are text. nullopt when nothing here reads it.
enum class FileKind { kQdpx, kQdc, kTable, kWorkbook, kDocument };
std::optional<FileKind> kind_of_file(std::string_view file, std::string_view bytes);

// Within the caller's transaction, all or nothing. `text_of` finds files a table of sources names.
Result<ImportReport> import_file(storage::Transaction& transaction, Id study, std::string_view bytes,
                                 const std::string& file, const ImportOptions& options, const TextOf& text_of);

}  // namespace understory::study
