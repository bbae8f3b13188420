// understory report
#include "cli/command.h"
#include "cli/door.h"
#include "foundation/catalogue.h"
#include "publish/document.h"
#include "publish/docx.h"

namespace understory::cli {

void add_report(CLI::App& app, Action& action) {
  struct Options {
    std::string folder, study, language = "en", as = "html", out;
    publish::ReportOptions report;
    bool no_quotes = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("report", "Write a study's findings as one document");
  command->footer(
      "\nOne file with figures, tables and masked quotes; no script and no outside address. PDF needs WeasyPrint, DOCX "
      "pdftoppm. CSV and XLSX hold the numbers alone.");
  add_workspace_option(*command, options->folder);
  add_study_option(*command, options->study);
  command->add_option("--lang", options->language, "en, km, ne, hi, bn, th or vi")
      ->check(CLI::IsMember(Catalogue::languages()))
      ->capture_default_str();
  command->add_option("--as", options->as, "html, pdf, docx, csv or xlsx")
      ->check(CLI::IsMember({"html", "pdf", "docx", "csv", "xlsx"}))
      ->capture_default_str();
  command->add_option("--seed", options->report.seed, "Seed of the random draws")->capture_default_str();
  command->add_option("--draws", options->report.draws, "Bootstrap draws")->capture_default_str();
  command->add_flag("--no-quotes", options->no_quotes, "Leave the quotes out");
  command->add_option("out", options->out, "The file to write; - for standard output")->required()->type_name("OUT");
  command->callback([options, &action] {
    action = [options]() -> Result<int> {
      const Door door = TRY(Door::enter(options->folder, people::Right::kMakeReport, "report", options->study));
      auto transaction = door.read();
      const study::Study& found = door.study();
      options->report.language = options->language;
      options->report.quotes = !options->no_quotes;
      publish::ReportOptions limited = options->report;
      limited.limits = door.limits(transaction);
      const auto write = options->as == "csv"    ? publish::report_csv
                         : options->as == "xlsx" ? publish::report_xlsx
                                                 : publish::report_html;
      std::string document = TRY(write(transaction, found.id, limited, terminal_progress()));
      transaction.commit();  // all is read; setting pages takes long
      if (options->as == "pdf") document = TRY(publish::pdf_from_html(document));
      if (options->as == "docx") document = TRY(publish::docx_from_html(document, options->language));
      TRY(put_out(document, options->out));
      return kDone;
    };
  });
}

}  // namespace understory::cli
