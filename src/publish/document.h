// The study report: one self-contained HTML file (no script, no outside address); the same as PDF by WeasyPrint and as
// DOCX (docx.h); and its numbers as CSV and XLSX.
#pragma once
#include <string>

#include "findings/answer.h"
#include "foundation/catalogue.h"
#include "foundation/progress.h"
#include "storage/workspace.h"
#include "study/limits.h"

namespace understory::publish {

// A finding that is in a report by choice.
struct ChosenFinding {
  std::string name;
  findings::Question question;
  std::string note;  // who reviewed it and when, or that nobody did; in the report's language
};

struct ReportOptions {
  std::string language = "en";
  std::uint64_t seed = 1;
  int draws = 2000;
  bool quotes = true;    // masked
  study::Limits limits;  // what of the study the reader may see
  // Only these, in this order, each by its own seed and draws; none: every question once.
  std::vector<ChosenFinding> chosen;
};
Result<std::string> report_html(storage::Transaction& transaction, Id study, const ReportOptions& options,
                                const Progress& progress = {});
// The numbers alone: one answer below the other, each under its name (CSV), or each on a sheet of its own (XLSX).
Result<std::string> report_csv(storage::Transaction& transaction, Id study, const ReportOptions& options,
                               const Progress& progress = {});
Result<std::string> report_xlsx(storage::Transaction& transaction, Id study, const ReportOptions& options,
                                const Progress& progress = {});
// kProgramMissing without WeasyPrint. The story goes to it through a pipe, never through a file.
Result<std::string> pdf_from_html(const std::string& html);

}  // namespace understory::publish
