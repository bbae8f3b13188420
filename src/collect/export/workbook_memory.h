// Where libxlsxwriter writes: memory without a name, which nobody else finds, and which a crash takes along. What is
// told stands in no file before it is sent.
#pragma once
#include <cstdint>
#include <cstdio>
#include <string>

#include "foundation/zip_stream.h"

namespace understory::collect {

// For one workbook, written in the thread that made this.
class WorkbookMemory {
 public:
  WorkbookMemory();
  ~WorkbookMemory();
  WorkbookMemory(const WorkbookMemory&) = delete;
  WorkbookMemory& operator=(const WorkbookMemory&) = delete;

  const std::string& path() const { return path_; }  // of the workbook, for workbook_new_opt()
  // For lxw_workbook_options::tmpdir: a folder that is not there. Sheets lie in memory, by lxw_tmpfile() in place of
  // the library's own; were that called, it would fail rather than write to a disk.
  char* scratch() { return scratch_.data(); }
  // Its sheets were to take more than half of this machine's memory, and what is there is not whole.
  bool full() const { return full_; }
  // The workbook, once it is closed.
  Result<void> read(const Sink& sink) const;

  static std::FILE* sheet();  // a new file; null: there is no memory

 private:
  struct Part;
  const int handle_;
  std::string path_, scratch_ = "/dev/null/nowhere";
  std::int64_t left_;
  bool full_ = false;
};

}  // namespace understory::collect
