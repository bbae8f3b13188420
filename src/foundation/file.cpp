#include "foundation/file.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>

namespace understory {

namespace {

// A file descriptor that closes itself.
struct Descriptor {
  int number = -1;
  explicit Descriptor(int opened) : number(opened) {}
  ~Descriptor() { reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  void reset() {
    if (number >= 0) ::close(number);
    number = -1;
  }
};

tl::unexpected<Problem> unreadable(const std::filesystem::path& path, int error) {
  return fail(problems::kFileUnreadable,
              {{"file", path.string()}, {"reason", error == ENOENT ? "it does not exist" : std::strerror(error)}});
}

tl::unexpected<Problem> unwritable(const std::filesystem::path& path, int error) {
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) return fail(problems::kDiskFull);
  return fail(problems::kFileUnreadable,
              {{"file", path.string()}, {"reason", std::string("it cannot be written, ") + std::strerror(error)}});
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number < 0) return unreadable(path, errno);
  struct stat facts {};
  if (::fstat(file.number, &facts) != 0) return unreadable(path, errno);
  if (S_ISDIR(facts.st_mode))
    return fail(problems::kFileUnreadable, {{"file", path.string()}, {"reason", "it is a folder"}});
  std::string content;
  content.reserve(static_cast<std::size_t>(facts.st_size));
  char piece[65536];
  for (;;) {
    const ssize_t count = ::read(file.number, piece, sizeof piece);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return unreadable(path, errno);
    if (count == 0) return content;
    if (content.size() + static_cast<std::size_t>(count) > limit)
      return fail(problems::kTooLarge, {{"what", path.string()},
                                        {"limit", std::to_string(limit >> 20) + " MiB"},
                                        {"hint", "Split it and try again."}});
    content.append(piece, static_cast<std::size_t>(count));
  }
}

Result<void> write_file(const std::filesystem::path& path, std::string_view content, int mode) {
  std::string temporary = path.string() + ".XXXXXX";
  Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.number < 0) return unwritable(path, errno);
  const auto abandon = [&]() -> tl::unexpected<Problem> {
    const int error = errno;
    ::unlink(temporary.c_str());
    return unwritable(path, error);
  };
  if (::fchmod(file.number, static_cast<mode_t>(mode)) != 0) return abandon();
  for (std::size_t done = 0; done < content.size();) {
    const ssize_t count = ::write(file.number, content.data() + done, content.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return abandon();
    done += static_cast<std::size_t>(count);
  }
  if (::fsync(file.number) != 0 || ::rename(temporary.c_str(), path.c_str()) != 0) return abandon();
  // The name itself must survive a power cut too.
  const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  if (Descriptor folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); folder.number >= 0)
    ::fsync(folder.number);
  return {};
}

Result<void> erase_file(const std::filesystem::path& path) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.number < 0) return unwritable(path, errno);
  struct stat facts {};
  if (::fstat(file.number, &facts) != 0) return unwritable(path, errno);
  const std::string zeros(static_cast<std::size_t>(facts.st_size), '\0');
  if (::pwrite(file.number, zeros.data(), zeros.size(), 0) != facts.st_size || ::fsync(file.number) != 0 ||
      ::unlink(path.c_str()) != 0)
    return unwritable(path, errno);
  return {};
}

TemporaryFolder::TemporaryFolder(On where) {
  if (where == On::kMemory && ::access("/dev/shm", W_OK) == 0) {
    std::string pattern = "/dev/shm/understory-XXXXXX";
    if (::mkdtemp(pattern.data())) {
      path_ = pattern;
      return;
    }
  }
  std::string pattern = (std::filesystem::temp_directory_path() / "understory-XXXXXX").string();
  if (!::mkdtemp(pattern.data()))
    throw std::runtime_error("no temporary folder can be made: " + std::string(std::strerror(errno)));
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Result<ProgramResult> run_program(const ProgramCall& call) {
  int input[2], output[2], errors[2], started[2];
  if (::pipe2(input, O_CLOEXEC) != 0 || ::pipe2(output, O_CLOEXEC) != 0 || ::pipe2(errors, O_CLOEXEC) != 0 ||
      ::pipe2(started, O_CLOEXEC) != 0)
    throw std::runtime_error("no pipe can be made");
  std::vector<char*> arguments{const_cast<char*>(call.program.c_str())};
  for (const std::string& argument : call.arguments) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("no process can be started");
  if (child == 0) {
    ::setpgid(0, 0);
    ::dup2(input[0], 0);
    ::dup2(output[1], 1);
    ::dup2(errors[1], 2);
    const auto bound = [](auto resource, std::size_t most) {
      const rlimit limit{most, most};
      return most == 0 || ::setrlimit(resource, &limit) == 0;
    };
    const bool bounded = bound(RLIMIT_AS, call.memory_limit) && bound(RLIMIT_FSIZE, call.file_limit);
    if (bounded) ::execvp(arguments[0], arguments.data());
    const int error = bounded ? errno : -errno;
    [[maybe_unused]] const ssize_t told = ::write(started[1], &error, sizeof error);
    ::_exit(127);
  }
  Descriptor to(input[1]), from(output[0]), from_errors(errors[0]), from_start(started[0]);
  ::close(input[0]);
  ::close(output[1]);
  ::close(errors[1]);
  ::close(started[1]);

  int start_error = 0;
  if (::read(from_start.number, &start_error, sizeof start_error) == sizeof start_error) {
    ::waitpid(child, nullptr, 0);
    if (start_error < 0)
      return fail(problems::kProgramFailed,
                  {{"program", call.program}, {"reason", "its memory and files cannot be bounded"}});
    return fail(problems::kProgramMissing, {{"program", call.program}, {"what", call.what}, {"package", call.package}});
  }

  ::fcntl(to.number, F_SETFL, O_NONBLOCK);
  ::signal(SIGPIPE, SIG_IGN);  // a program that does not read all of its input is no reason to die
  ProgramResult result;
  std::size_t given = 0;
  if (call.input.empty()) to.reset();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(call.seconds);
  const auto give_up = [&](std::string reason) -> tl::unexpected<Problem> {
    ::kill(-child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    return fail(problems::kProgramFailed, {{"program", call.program}, {"reason", std::move(reason)}});
  };
  while (from.number >= 0 || from_errors.number >= 0) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    if (left <= 0) return give_up("it took longer than " + std::to_string(call.seconds) + " seconds");
    pollfd watched[3] = {{to.number, POLLOUT, 0}, {from.number, POLLIN, 0}, {from_errors.number, POLLIN, 0}};
    if (::poll(watched, 3, static_cast<int>(left)) < 0 && errno != EINTR) return give_up("it could not be watched");
    if (to.number >= 0 && watched[0].revents != 0) {
      const ssize_t count = ::write(to.number, call.input.data() + given, call.input.size() - given);
      if (count > 0) given += static_cast<std::size_t>(count);
      if ((count < 0 && errno != EAGAIN && errno != EINTR) || given == call.input.size()) to.reset();
    }
    char piece[65536];
    const auto drain = [&](Descriptor& pipe, short happened, std::string& into, std::size_t limit) {
      if (pipe.number < 0 || happened == 0) return true;
      const ssize_t count = ::read(pipe.number, piece, sizeof piece);
      if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN)) pipe.reset();
      if (count > 0 && into.size() < limit)
        into.append(piece, std::min(static_cast<std::size_t>(count), limit - into.size()));
      return count <= 0 || into.size() < limit;
    };
    if (!drain(from, watched[1].revents, result.output, call.output_limit)) return give_up("its output has no end");
    drain(from_errors, watched[2].revents, result.errors, call.errors_limit);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace understory
