// understory init
#include "cli/command.h"
#include "places/places.h"

namespace understory::cli {

void add_init(CLI::App& app, Action& action) {
  struct Options {
    std::string folder, database;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("init", "Make a workspace");
  command->footer(
      "\nThe folder receives workspace.toml, workspace.key and, on SQLite, understory.db. Whoever has the key and the\n"
      "database can read the stories: keep the key out of backups of the database.\n\n"
      "  understory init -w network\n"
      "  understory init -w network --database postgres://understory@localhost/network");
  add_workspace_option(*command, options->folder);
  command
      ->add_option("--database", options->database,
                   "A PostgreSQL database to use instead of a SQLite file in the folder")
      ->type_name("ADDRESS");
  command->callback([options, &action] {
    action = [options]() -> Result<int> {
      auto workspace = TRY(storage::Workspace::create(options->folder, options->database));
      auto transaction = workspace->write();
      const std::int64_t places = TRY(places::install_builtin_places(transaction));
      transaction.commit();
      TRY(put_out(
          fmt::format("Made a workspace in {} with {} places built in.\nNext: understory study new -w {} NAME\n",
                      options->folder, places, options->folder)));
      return kDone;
    };
  });
}

}  // namespace understory::cli
