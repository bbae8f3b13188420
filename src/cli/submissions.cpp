// understory submissions list (export is in submissions_export.cpp)
#include "collect/submissions.h"

#include "cli/command.h"
#include "cli/door.h"
#include "collect/forms.h"

namespace understory::cli {

namespace {

// What is in a list of submissions: facts alone.
std::string line_of(const collect::Submission& each) {
  return fmt::format(
      "{}\t{}\t{}\t{}\t{}\t{}/{} files\t{} edits{}\n", each.id.text(), iso_time(each.received_at), each.form_id,
      each.form_version.empty() ? "(no version)" : each.form_version, name_of(each.state), each.attachments_present,
      each.attachments_expected, each.edits,
      each.waits_for == collect::WaitsFor::kNothing ? "" : "\twaits for " + std::string(name_of(each.waits_for)));
}

struct ListOptions {
  std::string folder, form;
  bool quarantine = false;
};

Result<int> list(const ListOptions& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kReadSubmissions, "submissions list"));
  auto transaction = door.read();
  std::string lines;
  if (options.quarantine) {
    for (const collect::Submission& each : collect::waiting_submissions(transaction, options.form))
      if (people::decide(door.person(), people::Right::kReadSubmissions, {each.study, {}, {}}).allowed)
        lines += line_of(each);
  } else {
    const collect::KeptForm form = TRY(collect::find_form(transaction, options.form));
    for (const collect::Submission& each :
         collect::submissions(transaction, form.id, collect::within_reach(door.person(), form)))
      lines += line_of(each);
  }
  TRY(put_out(lines));
  return kDone;
}

}  // namespace

void add_submissions(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("submissions", "What was sent by forms");
  command->require_subcommand(1);
  add_bring(*command, action);

  auto options = std::make_shared<ListOptions>();
  CLI::App* show =
      command->add_subcommand("list", "One a line, newest first: number, when, form, version, review, files, edits");
  show->footer(
      "\nWhat fitted nowhere is kept in quarantine: an unknown form or version, a closed form, a revoked phone.\n"
      "  understory submissions list -w network --form household --quarantine");
  add_workspace_option(*show, options->folder);
  show->add_option("--form", options->form, "Its id")->required()->type_name("ID");
  show->add_flag("--quarantine", options->quarantine, "What waits for its form or version, or for somebody to decide");
  show->callback([options, &action] { action = [options] { return list(*options); }; });

  add_submissions_export(*command, action);
}

}  // namespace understory::cli
