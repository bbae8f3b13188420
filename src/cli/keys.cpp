// understory lock | unlock | renew-key: where the workspace's key is, and how its fields are sealed
#include "cli/command.h"
#include "cli/door.h"
#include "foundation/file.h"
#include "foundation/text.h"
#include "people/account.h"
#include "people/audit.h"
#include "people/story_key.h"
#include "storage/reseal.h"

namespace understory::cli {

namespace {

struct Options {
  std::string folder, algorithm;
  bool fields_only = false;
};

Result<int> lock(const Options& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kKeepMachine, "lock"));
  {
    auto transaction = door.write();
    if (!people::has_accounts(transaction))
      return fail(problems::kInvalidValue, {{"where", "understory lock"},
                                            {"value", options.folder},
                                            {"what", "workspace to lock yet"},
                                            {"hint", "Make accounts first: understory account new"}});
    transaction.commit();
  }
  const people::PutAway done = TRY(people::put_key_away(door.workspace()));
  TRY(
      put_out(fmt::format("The key is put away: the folder alone opens no story any more. {} {} it.\n\n"
                          "Recovery key, shown only now. Print it and keep it where this machine is not:\n\n  {}\n\n"
                          "Everybody signs in anew.\n",
                          done.holders, done.holders == 1 ? "person holds" : "persons hold", done.recovery_key)));
  return kDone;
}

Result<int> seal_anew(storage::Workspace& workspace, const std::shared_ptr<const vault::Vault>& key,
                      vault::Algorithm algorithm) {
  const std::int64_t count = TRY(storage::reseal(workspace, key, algorithm, terminal_progress()));
  TRY(put_out(fmt::format("{} fields and keys are sealed anew; none is left that is not under {}.\n", count,
                          vault::kAlgorithms[static_cast<std::size_t>(algorithm) - 1])));
  return kDone;
}

// Somebody who held the key should hold it no longer: another one, in everybody else's hands. Takes two: a steward, and
// somebody who holds the key of now or the recovery key.
Result<int> renew(const Options& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kKeepMachine, "renew-key"));
  if (!door.key()) return fail(problems::kLocked);
  const auto algorithm = vault::algorithm_of(options.algorithm);
  if (!options.algorithm.empty() && !algorithm)
    return fail(problems::kInvalidValue, {{"where", "--algorithm"},
                                          {"value", options.algorithm},
                                          {"what", "algorithm"},
                                          {"hint", "There are: " + std::string(vault::kAlgorithms[0]) + " and " +
                                                       std::string(vault::kAlgorithms[1]) + "."}});
  if (options.fields_only && !algorithm)
    return fail(problems::kMissingValue,
                {{"where", "renew-key --fields-only"}, {"what", "--algorithm NAME"}, {"hint", "See --help."}});
  door.read().commit();  // it stands in the log
  if (options.fields_only) return seal_anew(door.workspace(), door.key(), *algorithm);
  const people::PutAway done = TRY(people::renew_key(door.workspace(), door.key()));
  TRY(put_out(fmt::format(
      "The workspace has another key. {} {} it; copies of the old one open nothing of this database any more, and old\n"
      "backups only with the old recovery key.\n\n"
      "New recovery key, shown only now. Print it and keep it where this machine is not:\n\n  {}\n\n"
      "Everybody signs in anew.\n",
      done.holders, done.holders == 1 ? "person holds" : "persons hold", done.recovery_key)));
  if (!algorithm) return kDone;
  // After the recovery key is on the paper: this may take long, and may be stopped.
  const auto key = TRY(door.workspace().recover(TRY(people::read_recovery_key(done.recovery_key))));
  return seal_anew(door.workspace(), key, *algorithm);
}

Result<int> unlock(const Options& options) {
  auto workspace = TRY(open_workspace(options.folder));
  if (recovery_key_file().empty())
    return fail(problems::kMissingValue, {{"where", "understory unlock"},
                                          {"what", "--recovery-key FILE"},
                                          {"hint", "It was printed when the workspace was locked."}});
  const std::string printed = TRY(read_file(recovery_key_file(), 4096));
  TRY(workspace->take_key_out(TRY(people::read_recovery_key(printed))));
  auto transaction = workspace->write();
  people::record(transaction, TRY(people::audit_key(*workspace)),
                 {{}, "keep_machine", "understory unlock", "", {}, "done", "by the recovery key"});
  transaction.commit();
  TRY(put_out("The key lies in the folder again. Put it away with: understory lock\n"));
  return kDone;
}

}  // namespace

void add_keys(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* close = app.add_subcommand("lock", "Put the workspace's key away: into the hands of those who may read");
  close->footer(
      "\nUntil then the key lies in the folder, and whoever copies the folder can read every story. Afterwards each\n"
      "person entitled to stories opens them by signing in; nobody else does, the steward included.");
  add_workspace_option(*close, options->folder);
  close->callback([options, &action] { action = [options] { return lock(*options); }; });
  CLI::App* again = app.add_subcommand("renew-key", "Another key for a locked workspace: when a holder has left");
  again->footer(
      "\nBy a steward together with somebody who holds the key: with --recovery-key FILE, or by an account that is "
      "both.\n"
      "Deactivate the account first. What is told from then on no copy of the old key opens, nor this database as it "
      "is\n"
      "then; what the person read or copied before stays read.\n\n"
      "With --algorithm every sealed field is then sealed anew by that algorithm, and what is told later too, while\n"
      "others work; the keys of sources and people stay, so that what was erased stays erased. Stopped or killed, it "
      "goes\n"
      "on with --fields-only, which leaves the workspace's key as it is. Backups of before stay under the old "
      "algorithm.\n"
      "  understory renew-key -w network --recovery-key FILE --algorithm aes-256-gcm");
  add_workspace_option(*again, options->folder);
  again->add_option("--algorithm", options->algorithm, "Seal every field anew by it: xchacha20-poly1305 or aes-256-gcm")
      ->type_name("NAME");
  again->add_flag("--fields-only", options->fields_only, "Seal the fields anew and leave the key as it is");
  again->callback([options, &action] { action = [options] { return renew(*options); }; });
  CLI::App* open = app.add_subcommand("unlock", "Take the key out again, with the recovery key");
  add_workspace_option(*open, options->folder);
  open->callback([options, &action] { action = [options] { return unlock(*options); }; });
}

}  // namespace understory::cli
