#include "storage/page_guard.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>

#include "foundation/owner.h"

namespace understory::storage {

namespace {

constexpr int kPage = 8192;
constexpr int kTail = 16;  // the mark, then the checksum
constexpr std::string_view kMark = "checked\1";
constexpr int kReservedAt = 20;   // in page 1: how many bytes of each page are kept free
constexpr int kFirstBytes = 100;  // of page 1, which SQLite reads alone, before it reads it whole
constexpr int kAskForChecksums = 0x756e6465;

// SQLite's write-ahead log: 32 bytes, then frames of 24 bytes and a page. Numbers are big-endian.
constexpr int kLogHeading = 32, kFrameHeading = 24, kFrame = kFrameHeading + kPage;
constexpr int kSaltAt = 16;         // in the heading; in a frame's heading it stands at 8
constexpr int kLogChecksumAt = 24;  // in the heading; in a frame's heading at 16
constexpr int kWriteLock = 0, kRecoverLock = 2;
constexpr std::string_view kNote = "-mark";  // beside the database: how far its log reached
// In a note: whoever takes the log away takes the note away first, so that a log that is missing was lost. Programs of
// before left it there.
constexpr std::uint64_t kForgottenWithItsLog = 0x676f65732d746f6f;

std::uint64_t word_at(const unsigned char* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// Each step can be undone, so that whatever changes within one word always shows; anything else but once in 2⁶⁴.
std::uint64_t checksum(const unsigned char* page, sqlite3_int64 place) {
  std::uint64_t sum = static_cast<std::uint64_t>(place) + 0x9e3779b97f4a7c15u;
  for (int at = 0; at < kPage - 8; at += 8) {
    sum = (sum ^ word_at(page + at)) * 0xd6e8feb86659fd93u;
    sum ^= sum >> 32;
  }
  return sum;
}

bool has_mark(const unsigned char* page) { return std::memcmp(page + kPage - kTail, kMark.data(), kMark.size()) == 0; }

bool is_sound(const unsigned char* page, sqlite3_int64 place) {
  if (has_mark(page) && word_at(page + kPage - 8) == checksum(page, place)) return true;
  // A page that was never written: no table or index can lie in it.
  return std::all_of(page, page + kPage, [](unsigned char byte) { return byte == 0; });
}

std::uint32_t number_at(const unsigned char* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
}

// The log's own running checksum (sqlite.org/fileformat2.html, "Checksum Algorithm").
struct LogSum {
  std::uint32_t first = 0, second = 0;
  bool operator==(const LogSum&) const = default;
  static LogSum at(const unsigned char* bytes) { return {number_at(bytes), number_at(bytes + 4)}; }
  LogSum over(const unsigned char* bytes, int count, bool big_endian) const {
    LogSum sum = *this;
    for (int i = 0; i < count; i += 8) {
      std::uint32_t left, right;
      std::memcpy(&left, bytes + i, 4);
      std::memcpy(&right, bytes + i + 4, 4);
      if (big_endian) left = number_at(bytes + i), right = number_at(bytes + i + 4);
      sum.first += left + sum.second;
      sum.second += right + sum.first;
    }
    return sum;
  }
};

// How far a log was acknowledged: which log it is, and how many frames of it.
struct Reached {
  std::uint64_t salt = 0, frames = 0;
  bool goes_with_log = false;  // the note is taken away with its log
};
std::uint64_t sum_of(const Reached& reached) { return (reached.salt ^ reached.frames * 0x9e3779b97f4a7c15u) * 3 + 1; }

// One open database file, or its log. SQLite makes room for it and, behind it, for the file it stands before.
struct Guarded : sqlite3_file {
  bool is_log = false;
  bool checked = false;           // database: its pages have checksums
  bool refused = false;           // log: no word of it is read any more, so that closing does not tidy it away
  Guarded* other = nullptr;       // the log of the database, the database of the log
  sqlite3_int64 own_from = -1;    // log: frames of the transaction being written, from here, are not final yet
  sqlite3_int64 last_frame = -1;  // log: the frame written last, if it ends a transaction
  std::uint64_t salt = 0;         // log: of that frame
  std::array<char, 1024> note{};  // log: path of its understory.db-mark
};

constexpr std::size_t kRealAt = (sizeof(Guarded) + 15) / 16 * 16;
sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + kRealAt);
}
Guarded& guarded(sqlite3_file* file) { return *static_cast<Guarded*>(file); }
sqlite3_vfs* under(sqlite3_vfs* vfs) { return static_cast<sqlite3_vfs*>(vfs->pAppData); }

int read_real(sqlite3_file* file, void* out, int count, sqlite3_int64 at) {
  return real(file)->pMethods->xRead(real(file), out, count, at);
}

// Losing the note loses a check, not a word of what was told: whatever goes wrong with it is let be.
void note(const Guarded& log) {
  const Reached reached{log.salt, static_cast<std::uint64_t>((log.last_frame - kLogHeading) / kFrame + 1), true};
  const std::array<std::uint64_t, 4> words{reached.salt, reached.frames, sum_of(reached), kForgottenWithItsLog};
  const int file = ::open(log.note.data(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return;
  // Made by root at a terminal, it must still be the server's to read and to write.
  as_file(file, std::string(log.note.data()).substr(0, std::strlen(log.note.data()) - kNote.size()).c_str());
  [[maybe_unused]] const auto written = ::pwrite(file, words.data(), sizeof words, 0);
  ::close(file);
}

std::optional<Reached> noted(const Guarded& log) {
  std::array<std::uint64_t, 4> words{};
  const int file = ::open(log.note.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  const auto count = ::pread(file, words.data(), sizeof words, 0);
  ::close(file);
  const Reached reached{words[0], words[1], count == sizeof words && words[3] == kForgottenWithItsLog};
  if (count < static_cast<ssize_t>(3 * sizeof(std::uint64_t)) || words[2] != sum_of(reached)) return std::nullopt;
  return reached;
}

// Before a log whose pages are all in the database is cut to nothing or taken away.
void forget_note(const std::string& note) {
  if (note.empty() || ::unlink(note.c_str()) != 0) return;
  // A note that came back after a power cut would miss its log.
  const std::string folder = note.substr(0, note.rfind('/') + 1);
  if (const int opened = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      opened >= 0) {
    ::fsync(opened);
    ::close(opened);
  }
}

// Whether the log still has everything it had when that was last noted. Asked before SQLite reads it after a crash.
bool reaches_its_mark(Guarded& log) {
  const auto wanted = noted(log);
  sqlite3_int64 size = 0;
  if (!wanted || real(&log)->pMethods->xFileSize(real(&log), &size) != SQLITE_OK) return true;
  if (size < kLogHeading) return !wanted->goes_with_log;  // a log that is gone whole
  std::array<unsigned char, kLogHeading> heading;
  if (read_real(&log, heading.data(), kLogHeading, 0) != SQLITE_OK) return false;
  if (std::all_of(heading.begin(), heading.end(), [](unsigned char byte) { return byte == 0; }))
    return !wanted->goes_with_log;
  const bool big_endian = (heading[3] & 1) != 0;
  LogSum sum = LogSum{}.over(heading.data(), kLogChecksumAt, big_endian);
  if (sum != LogSum::at(heading.data() + kLogChecksumAt)) return false;
  const std::uint64_t salt = word_at(heading.data() + kSaltAt);
  if (salt != wanted->salt) return true;  // a later one; what was in that one is in the database
  std::array<unsigned char, kFrame> frame;
  for (std::uint64_t i = 0; i < wanted->frames; ++i) {
    if (read_real(&log, frame.data(), kFrame, kLogHeading + static_cast<sqlite3_int64>(i) * kFrame) != SQLITE_OK)
      return false;
    sum = sum.over(frame.data(), 8, big_endian).over(frame.data() + kFrameHeading, kPage, big_endian);
    if (word_at(frame.data() + 8) != salt || sum != LogSum::at(frame.data() + 16)) return false;
  }
  return true;
}

bool frame_is_sound(sqlite3_file* log, const unsigned char* page, sqlite3_int64 at) {
  const sqlite3_int64 frame = at - kFrameHeading;
  std::array<unsigned char, kFrameHeading> heading;
  std::array<unsigned char, 8> before;
  std::array<unsigned char, 4> magic;
  const sqlite3_int64 sum_before = frame == kLogHeading ? kLogChecksumAt : frame - kFrame + 16;
  if (read_real(log, heading.data(), kFrameHeading, frame) != SQLITE_OK ||
      read_real(log, before.data(), 8, sum_before) != SQLITE_OK || read_real(log, magic.data(), 4, 0) != SQLITE_OK)
    return false;
  const bool big_endian = (magic[3] & 1) != 0;
  return LogSum::at(before.data()).over(heading.data(), 8, big_endian).over(page, kPage, big_endian) ==
         LogSum::at(heading.data() + 16);
}

// SQLite calls only one kind of full disk so, and its caller can no longer tell which error it was.
int told_full(int code) {
  const bool is_full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
  return (code & 0xFF) == SQLITE_IOERR && is_full ? SQLITE_FULL : code;
}

int write_real(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 at) {
  errno = 0;
  return told_full(real(file)->pMethods->xWrite(real(file), bytes, count, at));
}

int close_file(sqlite3_file* file) {
  if (guarded(file).other) guarded(file).other->other = nullptr;
  return real(file)->pMethods->xClose(real(file));
}

// SQLite reads whole pages, newer ones also the part of a page that goes on with a long value.
int read_checked(sqlite3_file* file, void* out, int count, sqlite3_int64 at) {
  if (const sqlite3_int64 begin = at - at % kPage; begin != at || count < kPage) {
    if (at + count > begin + kPage) return SQLITE_IOERR_DATA;
    std::array<unsigned char, kPage> page;
    const int code = read_checked(file, page.data(), kPage, begin);
    std::memcpy(out, page.data() + (at - begin), static_cast<std::size_t>(count));
    return code;
  }
  if (count != kPage) return SQLITE_IOERR_DATA;  // of another size, as a damaged first page would have it
  const int code = read_real(file, out, count, at);
  if (code == SQLITE_OK) return is_sound(static_cast<const unsigned char*>(out), at) ? SQLITE_OK : SQLITE_IOERR_DATA;
  if (code != SQLITE_IOERR_SHORT_READ) return code;
  // Behind the end of the file SQLite makes a new page of zeros; a page that is cut off it would fill up with them.
  sqlite3_int64 size = 0;
  if (const int failed = real(file)->pMethods->xFileSize(real(file), &size); failed != SQLITE_OK) return failed;
  return size <= at ? code : SQLITE_IOERR_DATA;
}

int read_file(sqlite3_file* file, void* out, int count, sqlite3_int64 at) {
  const Guarded& self = guarded(file);
  if (self.refused) return SQLITE_IOERR_DATA;
  if (self.checked && at + count > kFirstBytes) return read_checked(file, out, count, at);
  const int code = read_real(file, out, count, at);
  if (code != SQLITE_OK || !self.is_log) return code;
  const bool is_page = count == kPage && at >= kLogHeading && (at - kLogHeading - kFrameHeading) % kFrame == 0;
  const bool is_own = self.own_from >= 0 && at >= self.own_from;
  const auto* page = static_cast<const unsigned char*>(out);
  return !is_page || is_own || frame_is_sound(file, page, at) ? SQLITE_OK : SQLITE_IOERR_DATA;
}

int write_file(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 at) {
  Guarded& self = guarded(file);
  const auto* given = static_cast<const unsigned char*>(bytes);
  if (self.is_log) {
    if (count == kFrameHeading && at >= kLogHeading) {
      const bool ends_transaction = number_at(given + 4) != 0;
      self.last_frame = ends_transaction ? at : -1;
      self.salt = word_at(given + 8);
      if (self.own_from < 0 || at < self.own_from) self.own_from = at;
    }
  } else if (count == kPage && at % kPage == 0) {
    if (at == 0) self.checked = given[kReservedAt] == kTail;
    if (self.checked) {
      std::array<unsigned char, kPage> page;
      std::memcpy(page.data(), given, kPage - kTail);
      std::memcpy(page.data() + kPage - kTail, kMark.data(), kMark.size());
      const std::uint64_t sum = checksum(page.data(), at);
      std::memcpy(page.data() + kPage - 8, &sum, sizeof sum);
      return write_real(file, page.data(), count, at);
    }
  }
  return write_real(file, bytes, count, at);
}

// A log is synced when a transaction is kept.
int sync_file(sqlite3_file* file, int flags) {
  errno = 0;
  const int code = told_full(real(file)->pMethods->xSync(real(file), flags));
  Guarded& self = guarded(file);
  if (code == SQLITE_OK && self.is_log && self.last_frame >= 0) {
    note(self);
    self.last_frame = -1;
  }
  return code;
}

int lock_shared(sqlite3_file* file, int first, int count, int flags) {
  Guarded* log = guarded(file).other;
  const auto is_about = [&](int lock) { return first <= lock && lock < first + count; };
  if (log && (flags & SQLITE_SHM_EXCLUSIVE) != 0) {
    if ((flags & SQLITE_SHM_UNLOCK) != 0 && is_about(kWriteLock)) log->own_from = log->last_frame = -1;
    if ((flags & SQLITE_SHM_LOCK) != 0 && is_about(kRecoverLock) && guarded(file).checked) {
      const int code = real(file)->pMethods->xShmLock(real(file), first, count, flags);
      if (code != SQLITE_OK || reaches_its_mark(*log)) return code;
      real(file)->pMethods->xShmLock(real(file), first, count, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE);
      log->refused = true;
      return SQLITE_IOERR_DATA;
    }
  }
  return real(file)->pMethods->xShmLock(real(file), first, count, flags);
}

int map_shared(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
  errno = 0;
  return told_full(real(file)->pMethods->xShmMap(real(file), region, size, extend, out));
}

int size_of_file(sqlite3_file* file, sqlite3_int64* size) {
  if (guarded(file).refused) return SQLITE_IOERR_FSTAT;  // or an empty one would be put away with its note
  return real(file)->pMethods->xFileSize(real(file), size);
}

int cut_file(sqlite3_file* file, sqlite3_int64 size) {
  Guarded& self = guarded(file);
  if (self.is_log && size < kLogHeading) forget_note(self.note.data());
  return real(file)->pMethods->xTruncate(real(file), size);
}

int delete_file(sqlite3_vfs* vfs, const char* name, int sync_folder) {
  constexpr std::string_view kLog = "-wal";
  if (const std::string_view file = name; file.size() > kLog.size() && file.substr(file.size() - kLog.size()) == kLog)
    forget_note(std::string(file.substr(0, file.size() - kLog.size())) + std::string(kNote));
  return under(vfs)->xDelete(under(vfs), name, sync_folder);
}

int control_file(sqlite3_file* file, int what, void* about) {
  if (what == kAskForChecksums) {
    *static_cast<bool*>(about) = guarded(file).checked;
    return SQLITE_OK;
  }
  return real(file)->pMethods->xFileControl(real(file), what, about);
}

// What is handed on as it is. Version 2: no pages mapped into memory, where nobody would look at them.
const sqlite3_io_methods kMethods{
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = cut_file,
    .xSync = sync_file,
    .xFileSize = size_of_file,
    .xLock = [](sqlite3_file* file, int level) { return real(file)->pMethods->xLock(real(file), level); },
    .xUnlock = [](sqlite3_file* file, int level) { return real(file)->pMethods->xUnlock(real(file), level); },
    .xCheckReservedLock = [](sqlite3_file* file,
                             int* out) { return real(file)->pMethods->xCheckReservedLock(real(file), out); },
    .xFileControl = control_file,
    .xSectorSize = [](sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); },
    .xDeviceCharacteristics =
        [](sqlite3_file* file) { return real(file)->pMethods->xDeviceCharacteristics(real(file)); },
    .xShmMap = map_shared,
    .xShmLock = lock_shared,
    .xShmBarrier = [](sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); },
    .xShmUnmap = [](sqlite3_file* file, int remove) { return real(file)->pMethods->xShmUnmap(real(file), remove); },
};

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
  if ((flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) == 0)
    return under(vfs)->xOpen(under(vfs), name, file, flags, out);
  auto& self = *new (file) Guarded;
  self.pMethods = nullptr;
  if (const int code = under(vfs)->xOpen(under(vfs), name, real(file), flags, out); code != SQLITE_OK) return code;
  self.pMethods = &kMethods;
  self.is_log = (flags & SQLITE_OPEN_WAL) != 0;
  if (self.is_log) {
    const std::string path = std::string(sqlite3_filename_database(name)) + std::string(kNote);
    if (path.size() < self.note.size()) std::memcpy(self.note.data(), path.c_str(), path.size() + 1);
    self.other = &guarded(sqlite3_database_file_object(name));
    self.other->other = &self;
    return SQLITE_OK;
  }
  // Two signs of it, so that one damaged bit cannot take both away.
  std::array<unsigned char, kPage> page;
  if (read_real(file, page.data(), kPage, 0) == SQLITE_OK)
    self.checked = page[kReservedAt] == kTail || has_mark(page.data());
  return SQLITE_OK;
}

}  // namespace

const char* page_guard() {
  static sqlite3_vfs vfs;
  static std::once_flag once;
  std::call_once(once, [] {
    sqlite3_vfs* real_vfs = sqlite3_vfs_find(nullptr);
    vfs = *real_vfs;  // everything but opening and deleting files is as it was
    vfs.szOsFile = static_cast<int>(kRealAt) + real_vfs->szOsFile;
    vfs.zName = "page_guard";
    vfs.pNext = nullptr;
    vfs.pAppData = real_vfs;
    vfs.xOpen = open_file;
    vfs.xDelete = delete_file;
    sqlite3_vfs_register(&vfs, 0);
  });
  return vfs.zName;
}

void reserve_checksums(sqlite3* database) {
  int bytes = kTail;
  sqlite3_file_control(database, "main", SQLITE_FCNTL_RESERVE_BYTES, &bytes);
}

bool has_checksums(sqlite3* database) {
  bool checked = false;
  sqlite3_file_control(database, "main", kAskForChecksums, &checked);
  return checked;
}

}  // namespace understory::storage
