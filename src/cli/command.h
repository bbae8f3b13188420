// What the commands share: opening the workspace, finding the study, printing, progress, exit codes.
#pragma once
#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "foundation/progress.h"
#include "foundation/result.h"
#include "storage/workspace.h"
#include "study/study.h"

namespace understory::cli {

enum ExitCode {
  kDone = 0,
  kFailed = 1,
  kCalledWrongly = 2,
  kDoneWithLosses = 3,
  kWorkspaceUnusable = 4,
  kInfrastructure = 5
};

// A command's work: an exit code, or the problem that stopped it.
using Action = std::function<Result<int>()>;

// Each command adds itself to the parser and, when it is the one that was called, sets `action`.
void add_init(CLI::App& app, Action& action);
void add_study(CLI::App& app, Action& action);
void add_place(CLI::App& app, Action& action);
void add_code(CLI::App& app, Action& action);
void add_import(CLI::App& app, Action& action);
void add_find(CLI::App& app, Action& action);
void add_codings(CLI::App& app, Action& action);
void add_export(CLI::App& app, Action& action);
void add_report(CLI::App& app, Action& action);
void add_search(CLI::App& app, Action& action);
void add_serve(CLI::App& app, Action& action);
void add_account(CLI::App& app, Action& action);  // and login, logout, rights
void add_keys(CLI::App& app, Action& action);     // lock, unlock, renew-key
void add_audit(CLI::App& app, Action& action);
void add_backup(CLI::App& app, Action& action);  // and restore, verify
void add_erase(CLI::App& app, Action& action);
void add_form(CLI::App& app, Action& action);
void add_device(CLI::App& app, Action& action);
void add_webhook(CLI::App& app, Action& action);
void add_submissions(CLI::App& app, Action& action);
void add_entities(CLI::App& app, Action& action);
void add_machine(CLI::App& app, Action& action);
void add_submissions_export(CLI::App& submissions, Action& action);
void add_bring(CLI::App& submissions, Action& action);  // submissions bring and take
void add_form_map(CLI::App& form, Action& action);

// -w DIR, as every command has it (or the environment variable UNDERSTORY_WORKSPACE).
void add_workspace_option(CLI::App& command, std::string& folder);
// --recovery-key FILE, as every command has it; empty where it was not given.
const std::string& recovery_key_file();
void add_study_option(CLI::App& command, std::string& study);

Result<std::unique_ptr<storage::Workspace>> open_workspace(const std::string& folder);

// Writes to standard output, or to a file when `path` is neither empty nor "-".
Result<void> put_out(std::string_view content, const std::string& path = "");

// A line on standard error once the work has taken a second, redrawn in place on a terminal. Ctrl-C stops the work
// between two steps, with nothing half done.
Progress terminal_progress();

}  // namespace understory::cli
