// understory import
#include <filesystem>

#include "cli/command.h"
#include "cli/door.h"
#include "foundation/file.h"
#include "study/import_file.h"
#include "study/merge.h"
#include "study/study.h"

namespace understory::cli {

namespace {

struct Options {
  std::string folder, study;
  std::vector<std::string> files, attributes, open_answers, translations;
  study::ImportOptions import;
  bool json = false;
};

constexpr const char* kHelp = R"(
Known kinds: .qdpx and .qdc (REFI-QDA, from NVivo, ATLAS.ti, MAXQDA, QualCoder, Taguette, qc …); .txt .md .html .docx
.odt (one source a file); .csv and .xlsx: a survey (one row a respondent), or tables of respondents, sources, codings,
links, masks, codes or places, known by their header row (examples/seven-communities/README.md shows them).

Each file prints a receipt, element by element: what was read, was there already, was changed, is only kept, or could
not be used. A file that cannot be read leaves the study as it was. Importing again merges.

  understory import -w network --study Experiences interviews.qdpx
  understory import -w network --study Experiences survey.xlsx --attribute "Age=age_band" --open "Why do people leave?"
  understory import -w network --study Experiences talk.txt --kind interview --location "Svay Rieng" --respondent SR-01

All files of one call are taken, or none. Exit code 3: done, but something in a file could not be used.)";

// COLUMN=WORD, split at the last "=".
Result<std::pair<std::string, std::string>> pair_of(const std::string& text, std::string_view option) {
  const std::size_t at = text.rfind('=');
  if (at == std::string::npos || at == 0 || at + 1 == text.size())
    return fail(problems::kInvalidValue,
                {{"where", std::string(option)}, {"value", text}, {"what", "pair"}, {"hint", "Write COLUMN=WORD."}});
  return std::pair{text.substr(0, at), text.substr(at + 1)};
}

// Tables of sources name their texts by a path beside themselves; nothing outside that folder is read.
study::TextOf texts_beside(const std::string& file) {
  return [folder = std::filesystem::path(file).parent_path()](const std::string& name) -> Result<std::string> {
    const std::filesystem::path wanted = std::filesystem::path(name).lexically_normal();
    if (wanted.is_absolute() || wanted.empty() || *wanted.begin() == "..")
      return fail(problems::kFileUnreadable,
                  {{"file", name}, {"reason", "it lies outside the folder of the table that names it"}});
    return read_file(folder / wanted);
  };
}

Result<int> import(Options& options) {
  for (const std::string& pair : options.attributes)
    options.import.attributes.insert(TRY(pair_of(pair, "--attribute")));
  for (const std::string& pair : options.translations)
    options.import.translations.insert(TRY(pair_of(pair, "--translation")));
  options.import.open_answers = options.open_answers;
  options.import.progress = terminal_progress();
  study::Together together;
  options.import.together = &together;
  const Door door = TRY(Door::enter(options.folder, people::Right::kChangeStudy, "import", options.study));
  auto transaction = door.write();
  const study::Study& found = door.study();
  TRY(door.whole_study());
  std::string out = options.json ? "[" : "";
  bool complete = true;
  for (const std::string& file : options.files) {
    const std::string bytes = TRY(read_file(file));
    const study::ImportReport report =
        TRY(study::import_file(transaction, found.id, bytes, std::filesystem::path(file).filename().string(),
                               options.import, texts_beside(file)));
    complete = complete && report.complete();
    if (options.json)
      out += (out.size() > 1 ? ",\n" : "") + report.json();
    else
      out += report.text() + "\n";
  }
  study::touch(transaction, found.id);
  transaction.commit();
  TRY(put_out(options.json ? out + "]\n" : out));
  return complete ? kDone : kDoneWithLosses;
}

}  // namespace

void add_import(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("import", "Bring files into a study, with a receipt for every element");
  command->footer(kHelp);
  add_workspace_option(*command, options->folder);
  add_study_option(*command, options->study);
  command->add_option("files", options->files, "The files")->required()->type_name("FILE…");
  command->add_flag("--json", options->json, "Print the receipts as JSON");
  study::ImportOptions& import_options = options->import;
  command
      ->add_option("--location", import_options.location,
                   "Location of sources and respondents whose file does not say it")
      ->type_name("NAME");
  command
      ->add_option("--language", import_options.language,
                   "Language of texts whose file does not say it: en, km, ne, hi, bn, th, vi")
      ->type_name("CODE");
  command
      ->add_option("--kind", import_options.kind, "What documents are: interview, focus_group, open_answer or document")
      ->type_name("KIND");
  command->add_option("--respondent", import_options.respondent, "Pseudonym of the one person behind the documents")
      ->type_name("NAME");
  command->add_option("--date", import_options.told_on, "When it was told: 2026, 2026-11 or 2026-11-24")
      ->type_name("DATE");
  command->add_option("--coder", import_options.coder, "Coder of codings whose file names none")->type_name("NAME");
  command
      ->add_option(
          "--attribute", options->attributes,
          "Survey: this column is a fact: age_band, gender, role, language, place, location or a name of your own")
      ->type_name("COLUMN=FACT");
  command->add_option("--open", options->open_answers, "Survey: this column holds open answers")->type_name("COLUMN");
  command
      ->add_option("--translation", options->translations,
                   "Survey: the first column is the English translation of the second")
      ->type_name("COLUMN=COLUMN");
  command->add_option("--drop", import_options.drop, "Survey: leave this column out")->type_name("COLUMN");
  command->add_option("--respondent-column", import_options.respondent_column, "Survey: the column of the pseudonyms")
      ->type_name("COLUMN");
  command->add_option("--sheet", import_options.sheet, "Sheet of an XLSX file (default: the first)")->type_name("NAME");
  command->callback([options, &action] { action = [options] { return import(*options); }; });
}

}  // namespace understory::cli
