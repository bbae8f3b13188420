#include "cli/cli.h"

#include <csignal>
#include <cstdio>

#include "cli/command.h"
#include "foundation/log.h"
#include "storage/connection.h"

#ifndef UNDERSTORY_VERSION
#define UNDERSTORY_VERSION "0.1.0"
#endif

namespace understory::cli {

namespace {

constexpr const char* kAbout =
    "Understory: listen to what people know, understand the root causes, respond, act and publish without exposing "
    "anyone.";
constexpr const char* kExitCodes = R"(
A first hour:
  understory init -w network                                   make a workspace
  understory study new -w network "Local experiences" --location "Svay Rieng=KH-20"
  understory import -w network --study "Local experiences" interviews.qdpx survey.xlsx
  understory find causes -w network --study "Local experiences"
  understory serve -w network                                  and open http://127.0.0.1:8080

Exit codes: 0 done; 1 not done, the sentence says why; 2 called wrongly; 3 done, but something in the input could not
be used (the report names it); 4 the workspace is missing, damaged or from a newer program; 5 the disk is full or the
database is out of reach.)";

int exit_code(const Problem& problem) {
  for (const ProblemKind* kind :
       {&problems::kNoWorkspace, &problems::kNewerWorkspace, &problems::kDamaged, &problems::kWrongKey})
    if (problem.is(*kind)) return kWorkspaceUnusable;
  for (const ProblemKind* kind : {&problems::kDiskFull, &problems::kDatabaseUnavailable})
    if (problem.is(*kind)) return kInfrastructure;
  return kFailed;
}

int say(const Problem& problem) {
  std::fprintf(stderr, "understory: %s\n", problem.sentence().c_str());
  return exit_code(problem);
}

}  // namespace

int run(int count, char** arguments) {
  CLI::App app{kAbout, "understory"};
  app.set_version_flag("--version", UNDERSTORY_VERSION);
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  Action action;
  add_init(app, action);
  add_study(app, action);
  add_place(app, action);
  add_code(app, action);
  add_import(app, action);
  add_find(app, action);
  add_codings(app, action);
  add_search(app, action);
  add_export(app, action);
  add_report(app, action);
  add_serve(app, action);
  add_account(app, action);
  add_keys(app, action);
  add_audit(app, action);
  add_backup(app, action);
  add_erase(app, action);
  add_form(app, action);
  add_device(app, action);
  add_webhook(app, action);
  add_submissions(app, action);
  add_entities(app, action);
  add_machine(app, action);
  app.footer(kExitCodes);  // last: commands made after it would say it too
  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    // CLI11 prints help and errors itself; only its exit code is its own.
    return app.exit(error) == 0 ? kDone : kCalledWrongly;
  }
  log::set_level(log::Level::kWarning);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is told like a full disk, and kills nobody
  try {
    const auto outcome = action();
    return outcome ? *outcome : say(outcome.error());
  } catch (const storage::DatabaseError& error) {
    if (const auto problem = error.problem()) return say(*problem);
    std::fprintf(stderr, "understory: the database refused: %s\n", error.what());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "understory: this should not have happened: %s\nNothing was changed.\n", error.what());
  }
  return kFailed;
}

}  // namespace understory::cli
