#include "vault/secret.h"

#include <sodium.h>

#include "vault/vault.h"

namespace understory::vault {

namespace {

constexpr char kVersion = 1;
constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

Secret Secret::random() {
  Secret secret;
  std::string drawn = random_bytes(kSize);
  std::memcpy(secret.data(), drawn.data(), kSize);
  sodium_memzero(drawn.data(), drawn.size());
  return secret;
}

Secret Secret::from(std::string_view given) {
  if (given.size() != kSize) throw std::logic_error("a secret has 32 bytes");
  Secret secret;
  std::memcpy(secret.data(), given.data(), kSize);
  return secret;
}

Secret::Secret(Secret&& other) noexcept : bytes_(other.bytes_) { sodium_memzero(other.data(), kSize); }
Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    bytes_ = other.bytes_;
    sodium_memzero(other.data(), kSize);
  }
  return *this;
}
Secret::~Secret() { sodium_memzero(data(), kSize); }

std::string wrap(const Secret& secret, const Secret& under, std::string_view purpose) {
  std::string out(1 + kNonce + Secret::kSize + kTag, kVersion);
  auto* at = reinterpret_cast<unsigned char*>(out.data());
  out.replace(1, kNonce, random_bytes(kNonce));
  crypto_aead_xchacha20poly1305_ietf_encrypt(at + 1 + kNonce, nullptr, secret.data(), Secret::kSize, bytes(purpose),
                                             purpose.size(), nullptr, at + 1, under.data());
  return out;
}

std::optional<Secret> unwrap(std::string_view wrapped, const Secret& under, std::string_view purpose) {
  if (wrapped.size() != 1 + kNonce + Secret::kSize + kTag || wrapped[0] != kVersion) return std::nullopt;
  unsigned char plain[Secret::kSize];
  const bool opened = crypto_aead_xchacha20poly1305_ietf_decrypt(plain, nullptr, nullptr, bytes(wrapped) + 1 + kNonce,
                                                                 wrapped.size() - 1 - kNonce, bytes(purpose),
                                                                 purpose.size(), bytes(wrapped) + 1, under.data()) == 0;
  std::optional<Secret> secret;
  if (opened) secret = Secret::from({reinterpret_cast<const char*>(plain), sizeof plain});
  sodium_memzero(plain, sizeof plain);
  return secret;
}

Secret derived(const Secret& secret, std::string_view purpose) {
  unsigned char out[Secret::kSize];
  crypto_generichash(out, sizeof out, bytes(purpose), purpose.size(), secret.data(), Secret::kSize);
  Secret made = Secret::from({reinterpret_cast<const char*>(out), sizeof out});
  sodium_memzero(out, sizeof out);
  return made;
}

}  // namespace understory::vault
