// What must wait for its turn in an export, put aside on disk: sealed with a key that is only in memory.
#pragma once
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string_view>

#include "foundation/zip_stream.h"
#include "vault/stream.h"

namespace understory::collect {

class Spool {
 public:
  // A file at `path`, made when the first byte is written.
  explicit Spool(std::filesystem::path path) : path_(std::move(path)), key_(vault::Secret::random()) {}
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  Result<void> write(std::string_view bytes);  // kDiskFull
  // Everything written so far, in order; once, and nothing more is written after.
  Result<void> read_back(const Sink& sink);
  std::int64_t size() const { return size_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::filesystem::path path_;
  vault::Secret key_;
  std::unique_ptr<std::FILE, Close> file_;
  std::unique_ptr<vault::SealingStream> sealing_;
  std::int64_t size_ = 0;
};

}  // namespace understory::collect
