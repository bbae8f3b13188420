#include "cli/command.h"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>

#include "foundation/catalogue.h"
#include "foundation/file.h"

namespace understory::cli {

namespace {

volatile std::sig_atomic_t stop_asked = 0;
std::string recovery_key_given;  // one command a process

}  // namespace

void add_workspace_option(CLI::App& command, std::string& folder) {
  command.add_option("-w,--workspace", folder, "The workspace's folder")
      ->required()
      ->envname("UNDERSTORY_WORKSPACE")
      ->type_name("DIR");
  command
      .add_option("--recovery-key", recovery_key_given,
                  "Act by the recovery key in this file instead of as a person; the log says so")
      ->type_name("FILE");
}

const std::string& recovery_key_file() { return recovery_key_given; }

void add_study_option(CLI::App& command, std::string& study) {
  command.add_option("--study", study, "The study's name (see: understory study list)")->required()->type_name("NAME");
}

Result<std::unique_ptr<storage::Workspace>> open_workspace(const std::string& folder) {
  return storage::Workspace::open(folder);
}

Result<void> put_out(std::string_view content, const std::string& path) {
  if (!path.empty() && path != "-") return write_file(path, content);
  if (std::fwrite(content.data(), 1, content.size(), stdout) != content.size() || std::fflush(stdout) != 0)
    return fail(problems::kDiskFull);
  return {};
}

Progress terminal_progress() {
  std::signal(SIGINT, [](int) { stop_asked = 1; });
  const auto start = std::chrono::steady_clock::now();
  auto shown = start;
  const bool terminal = isatty(STDERR_FILENO) != 0;
  return [=](std::string_view what, std::int64_t done, std::int64_t of) mutable {
    const auto time = std::chrono::steady_clock::now();
    const auto quiet = terminal ? std::chrono::milliseconds(200) : std::chrono::milliseconds(5000);
    if (time - start > std::chrono::seconds(1) && time - shown > quiet) {
      shown = time;
      const std::string words = Catalogue::of("en").say(what);
      const std::string line = of > 0 ? fmt::format("{} {} of {}", words, done, of) : fmt::format("{} {}", words, done);
      std::fprintf(stderr, terminal ? "\r\033[K%s" : "%s\n", line.c_str());
      if (terminal && of > 0 && done >= of) std::fputs("\r\033[K", stderr);
      std::fflush(stderr);
    }
    return stop_asked == 0;
  };
}

}  // namespace understory::cli
