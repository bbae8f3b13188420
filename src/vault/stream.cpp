#include "vault/stream.h"

#include <sodium.h>

namespace understory::vault {

namespace {

constexpr std::size_t kPiece = 64 * 1024;  // plain bytes
constexpr std::size_t kMore = crypto_secretstream_xchacha20poly1305_ABYTES;
constexpr std::size_t kHeader = crypto_secretstream_xchacha20poly1305_HEADERBYTES;

unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

struct SealingStream::State {
  crypto_secretstream_xchacha20poly1305_state stream;
  std::string header = std::string(kHeader, '\0');
  ~State() { sodium_memzero(&stream, sizeof stream); }
};

SealingStream::SealingStream(const Secret& key, Out out) : state_(std::make_unique<State>()), out_(std::move(out)) {
  crypto_secretstream_xchacha20poly1305_init_push(&state_->stream, bytes(state_->header), key.data());
}
SealingStream::~SealingStream() = default;

Result<void> SealingStream::piece(bool last) {
  if (!std::exchange(begun_, true)) TRY(out_(state_->header));
  std::string sealed(held_.size() + kMore, '\0');
  crypto_secretstream_xchacha20poly1305_push(
      &state_->stream, bytes(sealed), nullptr, bytes(std::string_view(held_)), held_.size(), nullptr, 0,
      last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
  held_.clear();
  return out_(sealed);
}

Result<void> SealingStream::write(std::string_view plain) {
  while (!plain.empty()) {
    const std::size_t taken = std::min(plain.size(), kPiece - held_.size());
    held_ += plain.substr(0, taken);
    plain.remove_prefix(taken);
    if (held_.size() == kPiece) TRY(piece(false));
  }
  return {};
}

Result<void> SealingStream::finish() { return piece(true); }

struct OpeningStream::State {
  crypto_secretstream_xchacha20poly1305_state stream;
  Secret key;
  explicit State(const Secret& given) : key(given.clone()) {}
  ~State() { sodium_memzero(&stream, sizeof stream); }
};

OpeningStream::OpeningStream(const Secret& key, In in, std::string what)
    : state_(std::make_unique<State>(key)), in_(std::move(in)), what_(std::move(what)) {}
OpeningStream::~OpeningStream() = default;

tl::unexpected<Problem> OpeningStream::damaged(std::string_view reason) const {
  return fail(problems::kDamaged, {{"what", what_}, {"reason", std::string(reason)}});
}

Result<void> OpeningStream::piece() {
  if (!std::exchange(begun_, true)) {
    const std::string header = TRY(in_(kHeader));
    if (header.size() != kHeader || crypto_secretstream_xchacha20poly1305_init_pull(
                                        &state_->stream, bytes(std::string_view(header)), state_->key.data()) != 0)
      return damaged("it is cut short");
  }
  const std::string sealed = TRY(in_(kPiece + kMore));
  if (sealed.size() < kMore) return damaged("it is cut short");
  held_.resize(sealed.size() - kMore);
  at_ = 0;
  unsigned char tag = 0;
  if (crypto_secretstream_xchacha20poly1305_pull(&state_->stream, bytes(held_), nullptr, &tag,
                                                 bytes(std::string_view(sealed)), sealed.size(), nullptr, 0) != 0)
    return damaged("it was changed, or sealed under another key");
  ended_ = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
  return {};
}

Result<std::string> OpeningStream::read(std::size_t wanted) {
  std::string out;
  while (out.size() < wanted) {
    if (at_ == held_.size()) {
      if (ended_) return damaged("it ends too early");
      TRY(piece());
      continue;
    }
    const std::size_t taken = std::min(wanted - out.size(), held_.size() - at_);
    out.append(held_, at_, taken);
    at_ += taken;
  }
  return out;
}

Result<void> OpeningStream::finish() {
  while (at_ == held_.size() && !ended_) TRY(piece());
  if (at_ != held_.size() || !TRY(in_(1)).empty()) return damaged("there is more than it should hold");
  return {};
}

Secret sealing_key(const Secret& workspace_key, std::string_view purpose) { return derived(workspace_key, purpose); }

std::string public_key_of(const Secret& secret) {
  std::string out(crypto_box_PUBLICKEYBYTES, '\0');
  crypto_scalarmult_base(bytes(out), secret.data());
  return out;
}

}  // namespace understory::vault
