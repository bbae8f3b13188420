// understory submissions list | check (export is in submissions_export.cpp, bring and take in bring.cpp)
#include "collect/submissions.h"

#include "cli/command.h"
#include "cli/door.h"
#include "cli/private_key.h"
#include "collect/forms.h"
#include "server/thing.h"

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
  std::string state;
  bool quarantine = false, lacks_files = false;
};

// The files a submission names that have not come; their names are sealed.
std::string files_lacking(storage::Transaction& transaction, const collect::Submission& submission) {
  if (transaction.locked()) return "";
  std::string names;
  for (const collect::Attachment& file : collect::attachments_of(transaction, submission.id))
    if (file.expected && !file.present) names += (names.empty() ? "\tmissing: " : ", ") + file.name;
  return names;
}

std::string line_of(storage::Transaction& transaction, const ListOptions& options, const collect::Submission& each) {
  std::string line = line_of(each);
  if (options.lacks_files) line.insert(line.size() - 1, files_lacking(transaction, each));
  return line;
}

Result<int> list(const ListOptions& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kReadSubmissions, "submissions list"));
  std::optional<collect::ReviewState> state;
  if (!options.state.empty()) {
    state = collect::review_state_of(options.state);
    if (!state)
      return fail(problems::kInvalidValue, {{"where", "--state"},
                                            {"value", options.state},
                                            {"what", "state"},
                                            {"hint", "Known: received, has_issues, edited, approved, rejected."}});
  }
  auto transaction = door.read();
  std::string lines;
  if (options.quarantine) {
    for (const collect::Submission& each : collect::waiting_submissions(transaction, options.form))
      if (people::decide(door.person(), people::Right::kReadSubmissions, server::record_of(transaction, each)).allowed)
        if ((!state || each.state == *state) &&
            (!options.lacks_files || each.attachments_present < each.attachments_expected))
          lines += line_of(transaction, options, each);
  } else {
    const collect::KeptForm form = TRY(collect::find_form(transaction, options.form));
    collect::Wanted wanted = collect::within_reach(door.person(), form);
    wanted.state = state;
    wanted.lacks_files = options.lacks_files;
    for (const collect::Submission& each : collect::submissions(transaction, form.id, wanted))
      lines += line_of(transaction, options, each);
  }
  TRY(put_out(lines));
  return kDone;
}

struct CheckOptions {
  std::string folder, form, key;
};

// Encrypted ones alone: whether each opens, and whether its files are those it was made of.
Result<int> check(const CheckOptions& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kReadSubmissions, "submissions check"));
  auto transaction = door.read();
  const collect::KeptForm form = TRY(collect::find_form(transaction, options.form));
  if (!door.may(people::Right::kReadSubmissions, form.study))
    return fail(problems::kNotFound, {{"what", "form"}, {"name", options.form}});
  collect::Wanted wanted = collect::within_reach(door.person(), form);
  wanted.key = TRY(read_private_key(options.key));
  std::string lines;
  bool all_well = true;
  collect::each_submission(transaction, form.id, wanted, [&](const collect::Opened& opened) {
    if (!opened.encrypted) return true;
    const auto signature =
        opened.unreadable ? std::nullopt : collect::check_signature(transaction, opened.submission.id, wanted.key);
    all_well = all_well && (signature == collect::Signature::kRight || signature == collect::Signature::kNone);
    lines += fmt::format("{}\t{}\t{}\n", opened.submission.id.text(), iso_time(opened.submission.received_at),
                         signature ? "signature: " + std::string(name_of(*signature)) : "does not open");
    return true;
  });
  TRY(put_out(lines));
  return all_well ? kDone : kDoneWithLosses;
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
      "With --lacks-files: those that name files which have not come, and which these are.\n"
      "  understory submissions list -w network --form household --quarantine\n"
      "  understory submissions list -w network --form household --lacks-files --state received");
  add_workspace_option(*show, options->folder);
  show->add_option("--form", options->form, "Its id")->required()->type_name("ID");
  show->add_flag("--quarantine", options->quarantine, "What waits for its form or version, or for somebody to decide");
  show->add_flag("--lacks-files", options->lacks_files, "Those alone that name a file which has not come");
  show->add_option("--state", options->state, "Those alone in this state of review")->type_name("STATE");
  show->callback([options, &action] { action = [options] { return list(*options); }; });

  add_submissions_export(*command, action);

  auto checked = std::make_shared<CheckOptions>();
  CLI::App* signatures =
      command->add_subcommand("check", "Encrypted submissions: whether each opens, and whether its files belong to it");
  signatures->footer(
      "\nOne a line: number, when, and “signature: right”, “wrong” (a file was damaged or mixed up), “none” or\n"
      "“unchecked” (a file has not arrived); or “does not open” (no key for it is here, or it is damaged).\n"
      "  understory submissions check -w network --form household\n"
      "Exit code 3: one of them is not right.");
  add_workspace_option(*signatures, checked->folder);
  signatures->add_option("--form", checked->form, "Its id")->required()->type_name("ID");
  add_key_option(*signatures, checked->key);
  signatures->callback([checked, &action] { action = [checked] { return check(*checked); }; });
}

}  // namespace understory::cli
