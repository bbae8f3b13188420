// understory backup | restore | verify
#include "storage/backup.h"
#include "storage/integrity.h"

#include "cli/command.h"
#include "cli/door.h"
#include "foundation/file.h"
#include "people/audit.h"
#include "people/story_key.h"

namespace understory::cli {

namespace {

struct Options {
  std::string folder, file, key_file, database;
};

Result<storage::BackupKey> key_of(const Options& options) {
  storage::BackupKey key;
  if (!recovery_key_file().empty()) {
    const std::string printed = TRY(read_file(recovery_key_file(), 4096));
    key.recovery = TRY(people::read_recovery_key(printed));
  } else if (!options.key_file.empty()) {
    key.key_file = options.key_file;
  } else if (!options.folder.empty()) {
    key.key_file = std::filesystem::path(options.folder) / "workspace.key";
  }
  return key;
}

std::string said(std::string_view what, const storage::BackupSummary& summary) {
  return fmt::format("{}: {} rows of {} tables, {} KiB. Content: {}\n", what, summary.rows, summary.tables,
                     (summary.bytes + 1023) / 1024, summary.hash);
}

Result<int> back_up(const Options& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kKeepMachine, "backup"));
  if (std::filesystem::exists(options.file))
    return fail(problems::kAlreadyExists, {{"what", "file"}, {"name", options.file}});
  door.read().commit();  // the log says so before it is done, and the backup holds that line
  const auto summary = TRY(storage::back_up(door.workspace(), options.file, terminal_progress()));
  TRY(put_out(said("Backed up", summary)));
  return kDone;
}

Result<int> restore(const Options& options) {
  if (recovery_key_file().empty() && options.key_file.empty())
    return fail(problems::kMissingValue,
                {{"where", "understory restore"},
                 {"what", "a key"},
                 {"hint",
                  "Give a copy of the workspace's key with --key FILE, or the recovery key with "
                  "--recovery-key FILE."}});
  const auto summary =
      TRY(storage::restore(options.file, TRY(key_of(options)), options.folder, options.database, terminal_progress()));
  TRY(put_out(said("Restored", summary)));
  return kDone;
}

// The database itself, every blob that can be opened, the log; or a backup, read to its end.
Result<int> verify(const Options& options) {
  if (!options.file.empty()) {
    const auto summary = TRY(storage::verify_backup(options.file, TRY(key_of(options)), terminal_progress()));
    TRY(put_out(said("Read to its end", summary)));
    return kDone;
  }
  const Door door = TRY(Door::enter(options.folder, people::Right::kKeepMachine, "verify"));
  auto transaction = door.read();
  const bool checked = TRY(storage::check_integrity(transaction));
  std::string blobs = "not opened, because the stories are locked";
  if (!transaction.locked())
    blobs = fmt::format("{} whole", TRY(storage::check_blobs(transaction, terminal_progress())));
  const auto key = people::audit_key(door.workspace());
  if (!key) return tl::unexpected(key.error());
  const auto proof = TRY(people::verify_audit(transaction, key->public_key()));
  // Which is no problem of this moment, but one to mend.
  const std::string_view without =
      transaction.engine() == storage::Engine::kSqlite
          ? ", but made without checksums: a flipped bit can pass for truth. Back it up and restore it to have them"
          : ", but made without checksums: a flipped bit can pass for truth. Stop the server and run pg_checksums "
            "--enable";
  TRY(put_out(fmt::format("Database: sound{}\nFiles: {}\nLog: {} entries, unbroken and signed\n",
                          checked ? ", every page with its checksum" : without, blobs, proof.entries)));
  return kDone;
}

}  // namespace

void add_backup(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* make = app.add_subcommand("backup", "The whole workspace as one sealed file, while it is in use");
  make->footer(
      "\nThe file opens with a copy of workspace.key or, once the workspace was locked, with the recovery key: keep\n"
      "either where the backups are not. Try it: understory verify --backup FILE --key COPY");
  add_workspace_option(*make, options->folder);
  make->add_option("out", options->file, "The file to write")->required()->type_name("FILE");
  make->callback([options, &action] { action = [options] { return back_up(*options); }; });

  CLI::App* back = app.add_subcommand("restore", "A workspace from its backup, in a folder that holds none");
  add_workspace_option(*back, options->folder);
  back->add_option("backup", options->file, "The backup")->required()->type_name("FILE");
  back->add_option("--key", options->key_file, "A copy of the workspace's key")->type_name("FILE");
  back->add_option("--database", options->database, "Into this PostgreSQL instead of an SQLite file")
      ->type_name("ADDRESS");
  back->callback([options, &action] { action = [options] { return restore(*options); }; });

  CLI::App* check = app.add_subcommand("verify", "Prove that a workspace, or a backup, is whole");
  add_workspace_option(*check, options->folder);
  check->get_option("--workspace")->required(false);
  check->add_option("--backup", options->file, "This backup instead: opened and read to its end")->type_name("FILE");
  check->add_option("--key", options->key_file, "For a backup: a copy of the workspace's key")->type_name("FILE");
  check->callback([options, &action] { action = [options] { return verify(*options); }; });
}

}  // namespace understory::cli
