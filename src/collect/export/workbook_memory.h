// Where libxlsxwriter writes: memory without a name, which nobody else finds, and which a crash takes along. What is
// told stands in no file before it is sent.
#pragma once
#include <cstdint>
#include <cstdio>
#include <string>

#include "foundation/zip_stream.h"

namespace understory::collect {

// For one workbook, written in the thread that made this. Whatever is made by the library in a program that holds this
// needs one: without it no sheet finds a place. It must outlive the workbook.
class WorkbookMemory {
 public:
  // All that are written at once share a quarter of this machine's memory.
  static constexpr const char* kMost = "a quarter of this machine's memory";
  static std::int64_t most();  // bytes

  explicit WorkbookMemory(std::int64_t most = WorkbookMemory::most());
  ~WorkbookMemory();
  WorkbookMemory(const WorkbookMemory&) = delete;
  WorkbookMemory& operator=(const WorkbookMemory&) = delete;

  const std::string& path() const { return path_; }  // of the workbook, for workbook_new_opt()
  // For lxw_workbook_options::tmpdir: a folder that is not there. Sheets lie in memory, by lxw_tmpfile() in place of
  // the library's own; were that called, it would fail rather than write to a disk.
  char* scratch() { return scratch_.data(); }
  // There was no more memory for its sheets and for what is made of them, and what is there is not whole. To be asked
  // before it is asked how closing the workbook went.
  bool full() const { return full_; }
  // The workbook, once it is closed.
  Result<void> read(const Sink& sink) const;

  static std::FILE* sheet();  // a new file; null: there is no memory

 private:
  struct Part;
  bool take(std::int64_t bytes);
  bool take_made();  // what the workbook itself has grown by
  const int handle_;
  std::string path_, scratch_ = "/dev/null/nowhere";
  const std::int64_t most_;
  std::int64_t mine_ = 0, made_ = 0;
  bool full_ = false;
};

}  // namespace understory::collect
