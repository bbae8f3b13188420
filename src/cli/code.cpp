// understory code list | set
#include "cli/command.h"
#include "cli/door.h"
#include "study/codebook.h"

namespace understory::cli {

namespace {

struct Options {
  std::string folder, study, path, kind, meaning, language = "en";
};

Result<int> list(const Options& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kSeeStudy, "code list", options.study));
  auto transaction = door.read();
  const study::Study& found = door.study();
  std::string lines;
  for (const study::Code& code : study::load_codebook(transaction, found.id).codes)
    lines += code.path + "\t" + code.kind + "\t" + code.meaning + "\t" +
             study::Codebook::name_in(code, options.language) + "\n";
  TRY(put_out(lines));
  return kDone;
}

Result<int> set(const Options& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kChangeStudy, "code set", options.study));
  auto transaction = door.write();
  const study::Study& found = door.study();
  TRY(door.whole_study());
  TRY(study::set_code_kind(transaction, found.id, options.path, options.kind, options.meaning));
  transaction.commit();
  return kDone;
}

}  // namespace

void add_code(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("code", "The codebook: list codes, say what an imported code is about");
  command->require_subcommand(1);

  auto options = std::make_shared<Options>();
  CLI::App* show = command->add_subcommand("list", "One code a line: path, kind, meaning, name, separated by tabs");
  add_workspace_option(*show, options->folder);
  add_study_option(*show, options->study);
  show->add_option("--language", options->language, "Language of the names")->capture_default_str();
  show->callback([options, &action] { action = [options] { return list(*options); }; });

  CLI::App* change =
      command->add_subcommand("set", "Set the kind of a code and of all under it, so that questions find it");
  change->footer("\n  understory code set -w network --study Gardens \"Root causes\" --kind cause");
  add_workspace_option(*change, options->folder);
  add_study_option(*change, options->study);
  change->add_option("path", options->path, "The code's path, parts joined by /")->required();
  change
      ->add_option("--kind", options->kind,
                   "cause, vulnerability, means, exploitation, route, actor, strategy, trend, enforcement or other")
      ->required();
  change->add_option(
      "--meaning", options->meaning,
      "For strategies: self_protection, intervention, awareness; for trends: up, same, down, unknown, period");
  change->callback([options, &action] { action = [options] { return set(*options); }; });
}

}  // namespace understory::cli
