// Bytes a request brought. Small ones stay in memory; larger ones lie in a file without a name, sealed under a key that
// is nowhere but in memory, so that nothing told ever lies in plain on a disk and nothing is left behind by a crash.
#pragma once
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "foundation/result.h"
#include "vault/stream.h"

namespace understory::server {

class SpoolFile;

// What all uploads under way may take of the disk together. Used by any thread; outlives its files.
class Spool {
 public:
  struct Limits {
    std::uint64_t bytes = std::uint64_t{16} << 30;  // at once
    int files = 64;                                 // at once: requests whose bodies are large
    std::uint64_t spare = std::uint64_t{1} << 30;   // bytes left free on the disk, for everything else
  };
  Spool(std::filesystem::path folder, const Limits& limits) : folder_(std::move(folder)), limits_(limits) {}
  explicit Spool(std::filesystem::path folder) : Spool(std::move(folder), Limits{}) {}

  // A new file. kTooManyUploads: too many at once; kDiskFull; kFileUnreadable: the folder takes none.
  Result<std::shared_ptr<SpoolFile>> open();
  std::uint64_t bytes() const { return bytes_; }
  int files() const { return files_; }

 private:
  friend class SpoolFile;
  Result<void> reserve(int file, std::uint64_t more);  // kTooManyUploads, kDiskFull
  const std::filesystem::path folder_;
  const Limits limits_;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<int> files_ = 0;
};

// Copies share the same bytes, which are gone with the last of them. Not for keeping: none may outlive the server.
class Upload {
 public:
  using Sink = std::function<Result<void>(std::string_view piece)>;
  Upload() = default;  // nothing
  explicit Upload(std::string bytes);

  std::uint64_t size() const { return size_; }
  std::size_t in_memory() const { return memory_ ? memory_->size() : 0; }  // of them; else on the disk
  // From the first byte to the last, in pieces of 256 KiB at most; as often as wanted, from any thread. What `sink`
  // fails with, or kDamaged.
  Result<void> read(const Sink& sink) const;
  // All of it, as it is: no encoding is asked for. kRequestTooLarge.
  Result<std::string> text(std::size_t limit) const;

 private:
  friend class UploadWriter;
  std::uint64_t size_ = 0;
  std::shared_ptr<const std::string> memory_;
  std::shared_ptr<SpoolFile> file_;  // instead
  std::uint64_t at_ = 0, sealed_ = 0;
};

// Takes one upload in, piece by piece. Those of one request share a file and are written one after another.
class UploadWriter {
 public:
  static constexpr std::size_t kInMemory = 256 * 1024;  // bytes

  // `file` is opened when it is first needed.
  UploadWriter(Spool& spool, std::shared_ptr<SpoolFile>& file, std::size_t in_memory);
  ~UploadWriter();
  Result<void> write(std::string_view bytes);  // as Spool::open()
  Result<Upload> finish();
  std::uint64_t size() const { return size_; }

 private:
  Spool& spool_;
  std::shared_ptr<SpoolFile>& file_;
  const std::size_t in_memory_;
  std::string held_;
  std::uint64_t size_ = 0, at_ = 0;
  std::unique_ptr<vault::SealingStream> sealing_;
};

}  // namespace understory::server
