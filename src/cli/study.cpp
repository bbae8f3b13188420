// understory study new | list
#include "cli/command.h"
#include "cli/door.h"

namespace understory::cli {

namespace {

struct NewOptions {
  std::string folder, name, language = "en", ethics, instruments;
  std::vector<std::string> organisations, locations;
  bool random_sample = false, invented = false, no_codebook = false;
};

Result<int> make_study(const NewOptions& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kChangeStudy, "study new"));
  auto transaction = door.write();
  study::NewStudy wanted;
  wanted.study.name = options.name;
  wanted.study.language = options.language;
  wanted.study.purposive = !options.random_sample;
  wanted.study.invented = options.invented;
  wanted.study.ethics_note = options.ethics;
  wanted.study.instruments = options.instruments;
  wanted.organisations = options.organisations;
  wanted.default_codebook = !options.no_codebook;
  const Id id = TRY(study::create_study(transaction, wanted));
  for (const std::string& location : options.locations) {
    // NAME=CODE; a name may hold "=" itself, a code never does.
    const std::size_t at = location.rfind('=');
    const std::string name = location.substr(0, at), code = at == std::string::npos ? "" : location.substr(at + 1);
    TRY(study::ensure_location(transaction, id, name, code));
  }
  transaction.commit();
  TRY(put_out(fmt::format("Made the study “{}”.\n", options.name)));
  return kDone;
}

Result<int> list(const std::string& folder) {
  auto workspace = TRY(open_workspace(folder));
  const people::Person person = TRY(who_is_there(*workspace))
  .person;
  auto transaction = workspace->read();
  std::string lines;
  for (const study::Study& each : study::studies(transaction)) {
    if (!people::decide(person, people::Right::kSeeStudy, {each.id, {}, {}}).allowed) continue;
    const study::Limits limits =
        study::limits_of(transaction, each.id, people::reach(person, people::Right::kSeeStudy, each.id));
    std::string places;
    for (const study::Location& location : study::locations(transaction, each.id))
      if (limits.open(location.id, {})) places += (places.empty() ? "" : ", ") + location.name;
    lines += each.name + "\t" + (each.purposive ? "purposive sample" : "random sample") +
             (each.invented ? ", invented" : "") + "\t" + places + "\t" + each.id.text() + "\n";
  }
  TRY(put_out(lines));
  return kDone;
}

}  // namespace

void add_study(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("study", "Make and list studies");
  command->require_subcommand(1);

  auto options = std::make_shared<NewOptions>();
  CLI::App* make =
      command->add_subcommand("new", "Make a study, with the codebook “local experiences” unless told not to");
  make->footer(
      "\n  understory study new -w network \"Local experiences\" \\\n"
      "    --organisation \"Village Voices\" --location \"Svay Rieng=KH-20\" --location \"Battambang=KH-2\" \\\n"
      "    --ethics \"Verbal consent; no names written down\"");
  add_workspace_option(*make, options->folder);
  make->add_option("name", options->name, "Its name")->required();
  make->add_option("--language", options->language,
                   "Language of its codebook and reports: en, km, ne, hi, bn, th or vi")
      ->capture_default_str();
  make->add_option("--organisation", options->organisations, "A partner organisation (again for more)")
      ->type_name("NAME");
  make->add_option("--location", options->locations, "A location, with the code of its place (again for more)")
      ->type_name("NAME=CODE");
  make->add_option("--instruments", options->instruments, "What was used: interviews, focus groups, survey")
      ->type_name("TEXT");
  make->add_option("--ethics", options->ethics, "How consent was asked and who reviewed it")->type_name("TEXT");
  make->add_flag("--random-sample", options->random_sample,
                 "Respondents were drawn at random (default: chosen for what they know)");
  make->add_flag("--invented", options->invented, "An example: every page and report says so");
  make->add_flag("--no-codebook", options->no_codebook, "Start without codes");
  make->callback([options, &action] { action = [options] { return make_study(*options); }; });

  auto folder = std::make_shared<std::string>();
  CLI::App* show =
      command->add_subcommand("list", "One study a line: name, sample, locations, number, separated by tabs");
  add_workspace_option(*show, *folder);
  show->callback([folder, &action] { action = [folder] { return list(*folder); }; });
}

}  // namespace understory::cli
