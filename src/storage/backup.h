// A workspace in one sealed file, made while it is in use, from one snapshot; the same from SQLite and PostgreSQL, and
// back into either.
//
// File: a heading (one line of JSON: format, workspace, fingerprint of its key, the stream's key sealed for the
// workspace, and where the key was put away also that key under the recovery key), then a vault::SealingStream of every
// row of every table and of audit.key. Nothing in the heading opens anything without the workspace's or recovery key.
#pragma once
#include <filesystem>
#include <functional>
#include <string>

#include "foundation/progress.h"
#include "storage/workspace.h"

namespace understory::storage {

struct BackupSummary {
  std::int64_t tables = 0, rows = 0, bytes = 0;  // bytes of the file
  std::string hash;                              // hexadecimal SHA-256 over all rows as written: equal data, equal hash
  std::string file_hash;                         // and of the file; of what was just written alone
};

// Whole or not at all, and read back to its end before it gets its name: what the disk did not keep is no backup.
// kDiskFull, kFileUnreadable, kDamaged; kLocked for a workspace that was locked before it could be backed up.
Result<BackupSummary> back_up(Workspace& workspace, const std::filesystem::path& out, const Progress& progress = {});

// How a backup is opened: by a copy of workspace.key, or by the recovery key.
struct BackupKey {
  std::filesystem::path key_file;
  std::optional<vault::Secret> recovery;
};
// Reads it to the end without keeping anything. kWrongKey, kDamaged, kNewerWorkspace.
Result<BackupSummary> verify_backup(const std::filesystem::path& file, const BackupKey& key,
                                    const Progress& progress = {});
// Into a folder that holds no workspace. What failed leaves nothing behind. The key's file is written only if the
// workspace was not locked.
Result<BackupSummary> restore(const std::filesystem::path& file, const BackupKey& key,
                              const std::filesystem::path& folder, const std::string& database,
                              const Progress& progress = {});

}  // namespace understory::storage
