// The study report: one self-contained HTML file (no script, no outside address), and the same as PDF by WeasyPrint.
#pragma once
#include <string>

#include "foundation/catalogue.h"
#include "foundation/progress.h"
#include "storage/workspace.h"
#include "study/limits.h"

namespace understory::publish {

struct ReportOptions {
  std::string language = "en";
  std::uint64_t seed = 1;
  int draws = 2000;
  bool quotes = true;    // masked
  study::Limits limits;  // what of the study the reader may see
};
Result<std::string> report_html(storage::Transaction& transaction, Id study, const ReportOptions& options,
                                const Progress& progress = {});
// kProgramMissing without WeasyPrint. The story goes to it through a pipe, never through a file.
Result<std::string> pdf_from_html(const std::string& html);

}  // namespace understory::publish
