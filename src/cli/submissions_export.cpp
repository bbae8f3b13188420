// understory submissions export
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "cli/command.h"
#include "cli/door.h"
#include "cli/private_key.h"
#include "collect/export/from_workspace.h"

namespace understory::cli {

namespace {

struct Options {
  std::string folder, form, as, out, field, key;
  bool attachments = false, split = false, mark = false, no_groups = false, newest = false;
};

// Standard output, or a file that is there whole or not at all.
class Out {
 public:
  explicit Out(const std::string& path) : path_(path == "-" ? "" : path) {
    if (path_.empty()) return;
    partial_ = path_ + ".part";
    file_ = std::fopen(partial_.c_str(), "wb");
    if (file_) ::fchmod(::fileno(file_), 0600);  // it holds what was told
  }
  ~Out() {
    if (!file_) return;
    std::fclose(file_);
    std::remove(partial_.c_str());
  }
  Result<void> write(std::string_view bytes) {
    std::FILE* to = path_.empty() ? stdout : file_;
    if (to && std::fwrite(bytes.data(), 1, bytes.size(), to) == bytes.size()) return {};
    return failed();
  }
  Result<void> finish() {
    if (path_.empty()) return std::fflush(stdout) == 0 ? Result<void>() : failed();
    if (!file_ || std::fclose(std::exchange(file_, nullptr)) != 0 || std::rename(partial_.c_str(), path_.c_str()) != 0)
      return failed();
    return {};
  }

 private:
  tl::unexpected<Problem> failed() const {
    if (errno == ENOSPC) return fail(problems::kDiskFull);
    return fail(problems::kFileUnreadable,
                {{"file", path_.empty() ? "standard output" : path_}, {"reason", std::strerror(errno)}});
  }
  std::string path_, partial_;
  std::FILE* file_ = nullptr;
};

Result<int> export_submissions(const Options& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kExportSubmissions, "submissions export"));
  auto transaction = door.read();
  const collect::KeptForm form = TRY(collect::find_form(transaction, std::string_view(options.form)));
  if (!door.may(people::Right::kExportSubmissions, form.study))
    return fail(problems::kNotFound, {{"what", "form"}, {"name", options.form}});
  collect::Wanted among = collect::within_reach(door.person(), form, people::Right::kExportSubmissions);
  among.key = TRY(read_private_key(options.key));
  const collect::FormExport from = TRY(collect::FormExport::of(transaction, form, std::move(among), !options.newest));
  collect::ExportOptions wanted;
  wanted.attachments = options.attachments;
  wanted.csv.split_select_multiples = options.split;
  wanted.csv.byte_order_mark = options.mark;
  wanted.csv.group_paths = !options.no_groups;
  wanted.place_field = options.field;
  wanted.service = collect::percent_encoded(form.form_id) + ".svc";
  Out out(options.out);
  TRY(collect::write_export(from, *collect::export_format_of(options.as), wanted, {},
                            [&](std::string_view bytes) { return out.write(bytes); }));
  TRY(out.finish());
  return kDone;
}

}  // namespace

void add_submissions_export(CLI::App& submissions, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = submissions.add_subcommand("export", "Write a form's submissions for other programs");
  command->footer(
      "\ncsv is a zip with a file each table, as ODK Central lays it out: form.csv, and form-repeat.csv for each "
      "repeat.\n"
      "xlsx holds the same as sheets, odata the rows as JSON with their repeats within, geojson a place each "
      "submission.\n"
      "Fields that a spreadsheet would take for formulas begin with an apostrophe. The file holds what was told, "
      "names\n"
      "included: it is for the team that may read it.\n"
      "  understory submissions export -w network --form household --as csv --attachments household.zip");
  add_workspace_option(*command, options->folder);
  command->add_option("--form", options->form, "Its id")->required()->type_name("ID");
  command->add_option("--as", options->as, "csv, xlsx, odata or geojson")
      ->required()
      ->check(CLI::IsMember({"csv", "xlsx", "odata", "geojson"}));
  command->add_flag("--attachments", options->attachments, "csv: with pictures, recordings and other files in media/");
  command->add_flag("--split-select-multiples", options->split, "csv: a column each answer of questions with many");
  command->add_flag("--bom", options->mark, "csv: a byte order mark, for spreadsheets that ask for one");
  command->add_flag("--no-group-paths", options->no_groups, "csv: columns without the names of their groups");
  command->add_flag("--newest-version", options->newest, "Without fields that only older versions of the form had");
  add_key_option(*command, options->key);
  command->add_option("--field", options->field, "geojson: which place, as group/field; else the first each has");
  command->add_option("out", options->out, "The file to write; - for standard output")->required()->type_name("OUT");
  command->callback([options, &action] { action = [options] { return export_submissions(*options); }; });
}

}  // namespace understory::cli
