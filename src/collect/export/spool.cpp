#include "collect/export/spool.h"

#include <algorithm>
#include <cerrno>
#include <stdexcept>

namespace understory::collect {

Result<void> Spool::write(std::string_view bytes) {
  if (!file_) {
    file_.reset(std::fopen(path_.c_str(), "w+b"));
    if (!file_) throw std::runtime_error("a temporary file cannot be made");
    sealing_ = std::make_unique<vault::SealingStream>(key_, [this](std::string_view sealed) -> Result<void> {
      if (std::fwrite(sealed.data(), 1, sealed.size(), file_.get()) == sealed.size()) return {};
      if (errno == ENOSPC) return fail(problems::kDiskFull);
      throw std::runtime_error("a temporary file cannot be written");
    });
  }
  size_ += static_cast<std::int64_t>(bytes.size());
  return sealing_->write(bytes);
}

Result<void> Spool::read_back(const Sink& sink) {
  if (!file_) return {};
  TRY(sealing_->finish());
  if (std::fflush(file_.get()) != 0) return fail(problems::kDiskFull);
  std::rewind(file_.get());
  vault::OpeningStream opening(
      key_,
      [this](std::size_t wanted) -> Result<std::string> {
        std::string sealed(wanted, '\0');
        sealed.resize(std::fread(sealed.data(), 1, wanted, file_.get()));
        return sealed;
      },
      "a temporary file");
  constexpr std::int64_t kPiece = 64 * 1024;
  for (std::int64_t left = size_; left > 0; left -= std::min(left, kPiece))
    TRY(sink(TRY(opening.read(static_cast<std::size_t>(std::min(left, kPiece))))));
  TRY(opening.finish());
  return {};
}

}  // namespace understory::collect
