// Backups a server makes by itself: every night or when a steward asks, kept for a while, looked at again each night.
//
// What to do stands in workspace.toml; without it, every night at two into the workspace's own folder:
//   [backup]
//   at = "02:00"          # local time; "never" for none
//   folder = "/mnt/other" # on another disk, or a share; what lies elsewhere, or is not its own, is never touched
//   days = 7              # all of the last days are kept,
//   weeks = 4             # and before that one a week
#pragma once
#include "foundation/clock.h"
#include "storage/backup.h"
#include "storage/jobs.h"

namespace understory::storage {

struct BackupPlan {
  bool nightly = true;
  int minute = 120;  // of the day, in local time
  std::filesystem::path folder;
  int days = 7, weeks = 4;

  std::string at() const;  // "02:00"
};
Result<BackupPlan> backup_plan(const Workspace& workspace);  // kInvalidValue

struct KeptBackup {
  Id id;
  std::string night, host, file;
  Milliseconds made_at = 0;
  std::int64_t rows = 0, bytes = 0;
  std::string content_hash, file_hash;  // hexadecimal
  Milliseconds proven_at = 0;           // when it was last read and was as it was made
  std::string problem;                  // "missing", "changed", or nothing
};
std::vector<KeptBackup> kept_backups(Transaction& transaction);  // newest first

inline constexpr std::string_view kBackupJob = "backup";
// The date a nightly backup last was, or is, due at this moment.
std::string night_of(const BackupPlan& plan, Milliseconds at);
// Is there none of this night yet, none being made, and none that failed within the hour?
bool backup_is_due(Transaction& transaction, const BackupPlan& plan, Milliseconds at);
// Puts one into the queue unless one is there: of this night, or now, by whom it was asked for. False: one is on its
// way already.
bool ask_for_backup(Transaction& transaction, const BackupPlan& plan, Milliseconds at, bool nightly, Id by = {});

// Makes the backup of a claimed job, reads the older ones again, and throws away what the plan no longer keeps: never
// the newest that were whole, as many as there are days. What failed is written into the job and comes back; kStopped
// once `go_on` says no.
Result<BackupSummary> make_planned_backup(Workspace& workspace, const BackupPlan& plan, const Job& job,
                                          const std::function<bool()>& go_on = {});

}  // namespace understory::storage
