#include "foundation/zip_stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <langinfo.h>
#include <locale.h>

#include <exception>
#include <optional>
#include <stdexcept>

namespace understory {

namespace {

// 1980-01-01, the first time a zip can tell.
constexpr std::time_t kFixedTime = 315532800;

// libarchive asks the thread's locale which encoding names are in; the program itself may run in any.
class Utf8Names {
 public:
  Utf8Names() : utf8_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (utf8_) before_ = uselocale(utf8_);
  }
  ~Utf8Names() {
    if (!utf8_) return;
    uselocale(before_);
    freelocale(utf8_);
  }

 private:
  locale_t utf8_, before_{};
};

}  // namespace

struct ZipStream::State {
  Sink sink;
  struct archive* zip = nullptr;
  std::optional<Problem> problem;  // of the sink
  std::exception_ptr thrown;       // by the sink: no exception crosses C code

  ~State() {
    sink = nullptr;  // freeing an archive that was not finished writes its end; nobody is to get that
    if (zip) archive_write_free(zip);
  }

  static la_ssize_t take(struct archive*, void* self, const void* bytes, std::size_t count) {
    State& state = *static_cast<State*>(self);
    if (!state.sink || state.problem || state.thrown) return -1;
    try {
      if (auto taken = state.sink({static_cast<const char*>(bytes), count}); !taken) {
        state.problem = std::move(taken.error());
        return -1;
      }
    } catch (...) {
      state.thrown = std::current_exception();
      return -1;
    }
    return static_cast<la_ssize_t>(count);
  }

  Result<void> checked(la_ssize_t outcome) {
    if (thrown) std::rethrow_exception(thrown);
    if (problem) return tl::unexpected<Problem>(*problem);
    if (outcome < ARCHIVE_WARN) throw std::runtime_error("an archive cannot be written");
    return {};
  }
};

ZipStream::ZipStream(Sink sink) : state_(std::make_unique<State>()) {
  state_->sink = std::move(sink);
  state_->zip = archive_write_new();
  if (!state_->zip) throw std::bad_alloc();
  if (archive_write_set_format_zip(state_->zip) != ARCHIVE_OK ||
      archive_write_zip_set_compression_deflate(state_->zip) != ARCHIVE_OK ||
      // Rows of answers repeat themselves so much that the quickest level packs them nearly as small, in half the time;
      // photographs and films are packed already, and only cost time.
      archive_write_set_format_option(state_->zip, "zip", "compression-level", "1") != ARCHIVE_OK ||
      archive_write_set_bytes_per_block(state_->zip, 0) != ARCHIVE_OK ||
      archive_write_open2(state_->zip, state_.get(), nullptr, &State::take, nullptr, nullptr) != ARCHIVE_OK)
    throw std::runtime_error("no archive can be made");
}
ZipStream::~ZipStream() = default;

Result<void> ZipStream::begin(const std::string& name) {
  const Utf8Names utf8;
  std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(), &archive_entry_free);
  if (!entry) throw std::bad_alloc();
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_mtime(entry.get(), kFixedTime, 0);
  return state_->checked(archive_write_header(state_->zip, entry.get()));
}

Result<void> ZipStream::write(std::string_view bytes) {
  if (bytes.empty()) return {};
  return state_->checked(archive_write_data(state_->zip, bytes.data(), bytes.size()));
}

Result<void> ZipStream::finish() { return state_->checked(archive_write_close(state_->zip)); }

}  // namespace understory
