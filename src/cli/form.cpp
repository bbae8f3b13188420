// understory form publish | list | files
#include "collect/submissions.h"

#include "cli/command.h"
#include "cli/door.h"
#include "collect/entities.h"
#include "collect/media_type.h"
#include "collect/quarantine.h"
#include "collect/xls_form.h"
#include "foundation/file.h"
#include "foundation/text.h"

namespace understory::cli {

namespace {

struct PublishOptions {
  std::string folder, study, file;
  std::vector<std::string> beside;
  bool draft = false, encrypt = false;
};

Result<int> publish(const PublishOptions& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kKeepForms, "form publish", options.study));
  collect::NewForm wanted;
  wanted.file = std::filesystem::path(options.file).filename().string();
  wanted.xml = TRY(read_file(options.file, 16 << 20));
  std::string notes;
  collect::XlsFormConverted converted;
  if (collect::is_xls_form_name(wanted.file)) {
    converted = TRY(collect::convert_xls_form(wanted.xml, wanted.file));
    wanted.xml = std::move(converted.xml);
    for (const collect::XlsFormRemark& remark : converted.warnings) notes += "  note: " + remark.sentence() + "\n";
  }
  wanted.study = door.study().id;
  wanted.account = door.person().account;
  wanted.draft = options.draft;
  wanted.encrypt = options.encrypt;
  auto transaction = door.write();
  const collect::Published made = TRY(collect::take_form(transaction, wanted));
  if (!converted.itemsets.empty())
    TRY(collect::put_form_file(transaction, made.version.id, "itemsets.csv", "text/csv",
                               [&](const auto& put) { put(converted.itemsets); }));
  for (const std::string& path : options.beside) {
    const std::string name = std::filesystem::path(path).filename().string();
    const std::string bytes = TRY(read_file(path, std::size_t{1} << 30));
    TRY(collect::put_form_file(transaction, made.version.id, name, collect::media_type_of(name),
                               [&](const auto& put) { put(bytes); }));
  }
  const auto files = collect::form_files(transaction, made.version.id);
  collect::catch_up(transaction);
  transaction.commit();
  TRY(put_out(fmt::format("{}\t{}\t{}\n", made.form.form_id,
                          made.version.version.empty() ? "(no version)" : made.version.version,
                          !made.is_new    ? "was published before; nothing was changed"
                          : options.draft ? "kept as a draft"
                                          : "published")));
  for (const std::string& warning : made.version.warnings) notes += "  note: " + warning + "\n";
  for (const collect::FormFile& file : files)
    if (!file.here)
      notes += "  missing: " + file.name + " (" + file.kind + "); bring it with --with " + file.name + "\n";
  TRY(put_out(notes));
  return kDone;
}

Result<int> list(const std::string& folder) {
  auto workspace = TRY(open_workspace(folder));
  const people::Person person = TRY(who_is_there(*workspace))
  .person;
  auto transaction = workspace->read();
  std::string lines;
  for (const collect::KeptForm& form : collect::forms(transaction)) {
    if (!people::decide(person, people::Right::kFillForms, {form.study, {}, {}}).allowed) continue;
    for (const collect::FormVersion& version : collect::form_versions(transaction, form.id, true))
      lines += fmt::format("{}\t{}\t{}\t{}\t{} submissions\t{}\n", form.form_id, version.version,
                           version.draft ? "draft" : name_of(form.state), version.title,
                           collect::count_submissions(transaction, form.id, {}), form.id.text());
  }
  TRY(put_out(lines));
  return kDone;
}

Result<int> set_state(const std::string& folder, const std::string& form_id, collect::FormState state) {
  const Door door = TRY(Door::enter(folder, people::Right::kKeepForms, "form close"));
  auto transaction = door.write();
  const auto form = TRY(collect::find_form(transaction, form_id));
  collect::set_form_state(transaction, form.id, state);
  transaction.commit();
  TRY(put_out(fmt::format("“{}” is {} now.\n", form_id, name_of(state))));
  return kDone;
}

}  // namespace

void add_form(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("form", "Forms: publish, list, close");
  command->require_subcommand(1);
  add_form_map(*command, action);

  auto options = std::make_shared<PublishOptions>();
  CLI::App* make = command->add_subcommand("publish", "Take a form in (XForm XML, or XLSForm) and give it to phones");
  make->footer(
      "\nPrints its id and version, then notes. Earlier versions stay valid: what phones still hold is taken.\n"
      "  understory form publish -w network household.xlsx --study \"Local experiences\" --with villages.csv\n"
      "With --encrypt a version of its own (“2[encrypted:…]”) is published: phones fetch it anew, and encrypt. A form "
      "that\n"
      "carries a base64RsaPublicKey of its own is published without it.\n"
      "Exit code 1: refused; the sentence says line (or sheet, row and column) and reason, and nothing was changed.");
  add_workspace_option(*make, options->folder);
  make->add_option("file", options->file, "XForm (.xml) or XLSForm (.xlsx, .xls, .csv)")->required()->type_name("FILE");
  make->add_option("--study", options->study, "The study it belongs to (default: the whole workspace)")
      ->type_name("NAME");
  make->add_option("--with", options->beside, "A file the form needs beside it: lists, pictures (again for more)")
      ->type_name("FILE");
  make->add_flag("--encrypt", options->encrypt,
                 "Phones encrypt what is filled in; it opens here with stories, and nowhere else");
  make->add_flag("--draft", options->draft, "Keep it as a draft; nobody fetches it yet");
  make->callback([options, &action] { action = [options] { return publish(*options); }; });

  auto folder = std::make_shared<std::string>();
  CLI::App* show = command->add_subcommand(
      "list", "One version a line: form id, version, state, title, submissions of the form, number");
  add_workspace_option(*show, *folder);
  show->callback([folder, &action] { action = [folder] { return list(*folder); }; });

  auto form = std::make_shared<std::string>();
  const auto add_state = [&](const char* name, const char* about, collect::FormState state) {
    CLI::App* change = command->add_subcommand(name, about);
    add_workspace_option(*change, *folder);
    change->add_option("form", *form, "Its id")->required()->type_name("ID");
    change->callback([folder, form, state, &action] { action = [=] { return set_state(*folder, *form, state); }; });
  };
  add_state("close", "Stop taking it in: phones no longer fetch it, what is still sent waits in quarantine",
            collect::FormState::kClosed);
  add_state("wind-down", "Phones no longer fetch it; what they still hold is taken", collect::FormState::kClosing);
  add_state("open", "Open it again; what waited is released", collect::FormState::kOpen);
}

}  // namespace understory::cli
