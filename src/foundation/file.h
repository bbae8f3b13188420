// Whole files and child programs.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/result.h"

namespace understory {

Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit = std::size_t{2} << 30);
// Written beside its place, synced, then renamed over it: the file is whole or it is not there.
// A full disk is kDiskFull. `mode` are the permission bits of a new file.
Result<void> write_file(const std::filesystem::path& path, std::string_view content, int mode = 0644);
// Written over in place, synced, then unlinked: for keys, since not every file system forgets what it unlinks.
Result<void> erase_file(const std::filesystem::path& path);

// A folder of its own under the system's temporary folder (or $TMPDIR), mode 0700, removed with its content.
// kMemory: in memory where the system offers that (/dev/shm), for what programs of others write down unsealed.
class TemporaryFolder {
 public:
  enum class On { kDisk, kMemory };
  explicit TemporaryFolder(On where = On::kDisk);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct ProgramResult {
  int status = 0;      // exit status, or 128 + signal
  std::string output;  // standard output
  std::string errors;  // what it wrote to standard error first, up to ProgramCall::errors_limit
};
// Runs a program found on PATH with arguments (no shell), `input` on standard input, within a time limit.
// Not installed: kProgramMissing (needs `what` and `package` in words). Took longer, or cannot be held to its limits:
// kProgramFailed.
struct ProgramCall {
  std::string program;
  std::vector<std::string> arguments;
  std::string input;
  std::string what;     // "PDF reports"
  std::string package;  // Debian package
  int seconds = 120;
  std::size_t output_limit = std::size_t{256} << 20;
  std::size_t errors_limit = 4096;
  std::size_t memory_limit = 0;  // bytes of address space; 0: as this program has
  std::size_t file_limit = 0;    // bytes of any file it writes; 0: as this program has
};
Result<ProgramResult> run_program(const ProgramCall& call);

}  // namespace understory
