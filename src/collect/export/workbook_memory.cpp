#include "collect/export/workbook_memory.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <stdexcept>

namespace understory::collect {

namespace {

thread_local WorkbookMemory* now = nullptr;
std::atomic<std::int64_t> taken = 0;  // by all of them

int nameless() { return ::memfd_create("a workbook", MFD_CLOEXEC); }

}  // namespace

// One file of the library. Its functions are those fopencookie() wants.
struct WorkbookMemory::Part {
  int handle;
  WorkbookMemory* of;
  std::int64_t bytes = 0;

  // Sheets are read when the workbook is made of them. That is a file of the library's own, which is looked at
  // meanwhile.
  static ssize_t read(void* part, char* into, std::size_t size) {
    if (!static_cast<Part*>(part)->of->take_made()) return -1;
    return ::read(static_cast<Part*>(part)->handle, into, size);
  }
  static ssize_t write(void* part, const char* bytes, std::size_t size) {
    Part& to = *static_cast<Part*>(part);
    to.bytes += static_cast<std::int64_t>(size);
    if (!to.of->take(static_cast<std::int64_t>(size))) return 0;
    return ::write(to.handle, bytes, size);
  }
  static int seek(void* part, off64_t* to, int from) {
    const off_t at = ::lseek(static_cast<Part*>(part)->handle, *to, from);
    if (at < 0) return -1;
    *to = at;
    return 0;
  }
  static int close(void* part) {
    const std::unique_ptr<Part> gone(static_cast<Part*>(part));
    (void)gone->of->take(-gone->bytes);
    return ::close(gone->handle);
  }
};

std::int64_t WorkbookMemory::most() {
  static const std::int64_t quarter =
      static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE) / 4;
  return quarter;
}

bool WorkbookMemory::take(std::int64_t bytes) {
  mine_ += bytes;
  const std::int64_t all = taken.fetch_add(bytes) + bytes;
  if (bytes > 0 && all > most_) full_ = true;
  if (full_) errno = ENOSPC;
  return !full_;
}

bool WorkbookMemory::take_made() {
  struct stat file {};
  if (::fstat(handle_, &file) != 0) return false;
  const std::int64_t more = file.st_size - std::exchange(made_, file.st_size);
  return take(more);
}

WorkbookMemory::WorkbookMemory(std::int64_t most)
    : handle_(nameless()), path_("/proc/self/fd/" + std::to_string(handle_)), most_(most) {
  if (handle_ < 0) throw std::runtime_error("there is no memory for a workbook");
  now = this;
}

WorkbookMemory::~WorkbookMemory() {
  now = nullptr;
  taken -= mine_;
  ::close(handle_);
}

Result<void> WorkbookMemory::read(const Sink& sink) const {
  std::string piece(64 * 1024, '\0');
  for (off_t at = 0;;) {
    const ssize_t got = ::pread(handle_, piece.data(), piece.size(), at);
    if (got < 0) throw std::runtime_error("a workbook cannot be read back");
    if (got == 0) return {};
    TRY(sink(std::string_view(piece).substr(0, static_cast<std::size_t>(got))));
    at += got;
  }
}

std::FILE* WorkbookMemory::sheet() {
  if (!now) return nullptr;
  auto part = std::make_unique<Part>(Part{nameless(), now});
  if (part->handle < 0) return nullptr;
  std::FILE* made = ::fopencookie(part.get(), "w+b", {Part::read, Part::write, Part::seek, Part::close});
  if (made)
    (void)part.release();
  else
    ::close(part->handle);
  return made;
}

}  // namespace understory::collect

// The library's own of that name (xlsxwriter/utility.h) makes a file in a folder; the program's goes before it.
extern "C" __attribute__((visibility("default"))) FILE* lxw_tmpfile(char*) {
  return understory::collect::WorkbookMemory::sheet();
}
