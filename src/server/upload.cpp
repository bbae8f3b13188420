#include "server/upload.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstring>

namespace understory::server {

namespace {

constexpr std::size_t kPiece = 256 * 1024;

Problem on_disk(const std::filesystem::path& folder, int error) {
  // A file that may not grow is a full disk to whoever sends.
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) return Problem(problems::kDiskFull);
  return Problem(problems::kFileUnreadable, {{"file", folder.string()}, {"reason", std::strerror(error)}});
}

// Without a name from the start where the file system knows that, else for a moment under one nobody can guess.
int open_nameless(const std::filesystem::path& folder) {
  const int nameless = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (nameless >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return nameless;
  std::string path = (folder / ".upload-XXXXXX").string();
  const int named = ::mkostemp(path.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(path.c_str());
  return named;
}

}  // namespace

// The uploads of one request, each a sealed stream of its own, behind one another.
class SpoolFile {
 public:
  SpoolFile(Spool& spool, int handle) : spool_(spool), handle_(handle), key_(vault::Secret::random()) {}
  ~SpoolFile() {
    ::close(handle_);
    spool_.bytes_ -= size_;
    --spool_.files_;
  }
  SpoolFile(const SpoolFile&) = delete;
  SpoolFile& operator=(const SpoolFile&) = delete;

  const vault::Secret& key() const { return key_; }
  std::uint64_t size() const { return size_; }

  Result<void> append(std::string_view bytes) {
    TRY(spool_.reserve(handle_, bytes.size()));
    size_ += bytes.size();  // reserved: given back with the file, written or not
    std::uint64_t at = size_ - bytes.size();
    while (!bytes.empty()) {
      const ssize_t written = ::pwrite(handle_, bytes.data(), bytes.size(), static_cast<off_t>(at));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return tl::unexpected<Problem>(on_disk(spool_.folder_, errno));
      bytes.remove_prefix(static_cast<std::size_t>(written));
      at += static_cast<std::uint64_t>(written);
    }
    return {};
  }

  Result<std::string> read(std::uint64_t at, std::size_t wanted) const {
    std::string out(wanted, '\0');
    std::size_t have = 0;
    while (have < wanted) {
      const ssize_t came = ::pread(handle_, out.data() + have, wanted - have, static_cast<off_t>(at + have));
      if (came < 0 && errno == EINTR) continue;
      if (came < 0) return tl::unexpected<Problem>(on_disk(spool_.folder_, errno));
      if (came == 0) break;
      have += static_cast<std::size_t>(came);
    }
    out.resize(have);
    return out;
  }

 private:
  Spool& spool_;
  const int handle_;
  const vault::Secret key_;
  std::uint64_t size_ = 0;
};

Result<std::shared_ptr<SpoolFile>> Spool::open() {
  if (++files_ > limits_.files) {
    --files_;
    return fail(problems::kTooManyUploads);
  }
  const int handle = open_nameless(folder_);
  if (handle < 0) {
    --files_;
    return tl::unexpected<Problem>(on_disk(folder_, errno));
  }
  return std::make_shared<SpoolFile>(*this, handle);
}

Result<void> Spool::reserve(int file, std::uint64_t more) {
  struct statvfs disk {};
  if (::fstatvfs(file, &disk) == 0 && std::uint64_t{disk.f_bavail} * disk.f_frsize < limits_.spare + more)
    return fail(problems::kDiskFull);
  if ((bytes_ += more) > limits_.bytes) {
    bytes_ -= more;
    return fail(problems::kTooManyUploads);
  }
  return {};
}

Upload::Upload(std::string bytes)
    : size_(bytes.size()), memory_(std::make_shared<const std::string>(std::move(bytes))) {}

Result<void> Upload::read(const Sink& sink) const {
  if (!file_) {
    for (std::size_t at = 0; at < size_; at += kPiece) TRY(sink(std::string_view(*memory_).substr(at, kPiece)));
    return {};
  }
  std::uint64_t at = at_;
  vault::OpeningStream opening(
      file_->key(),
      [&](std::size_t wanted) -> Result<std::string> {
        const std::uint64_t left = at_ + sealed_ - at;
        std::string bytes = TRY(file_->read(at, static_cast<std::size_t>(std::min<std::uint64_t>(wanted, left))));
        at += bytes.size();
        return bytes;
      },
      "an upload");
  for (std::uint64_t left = size_; left > 0;) {
    const std::string piece = TRY(opening.read(static_cast<std::size_t>(std::min<std::uint64_t>(left, kPiece))));
    left -= piece.size();
    TRY(sink(piece));
  }
  return opening.finish();
}

Result<std::string> Upload::text(std::size_t limit) const {
  if (size_ > limit) return fail(problems::kRequestTooLarge, {{"limit", fmt::format("{} KiB", limit / 1024)}});
  std::string out;
  out.reserve(static_cast<std::size_t>(size_));
  TRY(read([&](std::string_view piece) -> Result<void> {
    out += piece;
    return {};
  }));
  return out;
}

UploadWriter::UploadWriter(Spool& spool, std::shared_ptr<SpoolFile>& file, std::size_t in_memory)
    : spool_(spool), file_(file), in_memory_(std::min(in_memory, kInMemory)) {}
UploadWriter::~UploadWriter() = default;

Result<void> UploadWriter::write(std::string_view bytes) {
  size_ += bytes.size();
  if (!sealing_ && held_.size() + bytes.size() <= in_memory_) {
    held_ += bytes;
    return {};
  }
  if (!sealing_) {
    if (!file_) file_ = TRY(spool_.open());
    at_ = file_->size();
    sealing_ = std::make_unique<vault::SealingStream>(
        file_->key(), [file = file_](std::string_view sealed) { return file->append(sealed); });
    TRY(sealing_->write(held_));
    std::string().swap(held_);
  }
  return sealing_->write(bytes);
}

Result<Upload> UploadWriter::finish() {
  if (!sealing_) {
    held_.shrink_to_fit();
    return Upload(std::move(held_));
  }
  TRY(sealing_->finish());
  Upload upload;
  upload.size_ = size_;
  upload.file_ = file_;
  upload.at_ = at_;
  upload.sealed_ = file_->size() - at_;
  return upload;
}

}  // namespace understory::server
