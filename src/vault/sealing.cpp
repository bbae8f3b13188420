#include "vault/sealing.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <stdexcept>

namespace understory::vault {

namespace {

constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;  // 24
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;       // 16
// NIST SP 800-38D. Nonces are random, so one key must not seal more than 2^32 fields: a data key seals those of one
// source or respondent, the workspace's key only data keys.
constexpr std::size_t kGcmNonce = 12, kGcmTag = 16;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string associated(const Field& field) {
  return std::string(field.table) + "/" + std::string(field.column) + "/" + std::to_string(field.row.value);
}

struct ContextFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, ContextFree>;

Context gcm(const unsigned char* key, const unsigned char* nonce, std::string_view place, bool sealing) {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  Context context(EVP_CIPHER_CTX_new());
  int length = 0;
  if (!cipher || !context || EVP_CipherInit_ex2(context.get(), cipher, key, nonce, sealing ? 1 : 0, nullptr) != 1 ||
      EVP_CipherUpdate(context.get(), nullptr, &length, bytes(place), static_cast<int>(place.size())) != 1)
    throw std::runtime_error("AES-256-GCM cannot be had");
  return context;
}

// A field is at most some megabytes long: its length fits OpenSSL's int.
int length_of(std::string_view text) {
  if (text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw std::runtime_error("a field is too long to be sealed");
  return static_cast<int>(text.size());
}

void seal_gcm(unsigned char* out, const unsigned char* key, const std::string& place, std::string_view plain) {
  randombytes_buf(out, kGcmNonce);
  const Context context = gcm(key, out, place, true);
  int length = 0;
  unsigned char* text = out + kGcmNonce;
  if ((!plain.empty() && EVP_EncryptUpdate(context.get(), text, &length, bytes(plain), length_of(plain)) != 1) ||
      EVP_EncryptFinal_ex(context.get(), text + length, &length) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kGcmTag, text + plain.size()) != 1)
    throw std::runtime_error("AES-256-GCM cannot seal");
}

bool open_gcm(unsigned char* plain, const unsigned char* key, const std::string& place, std::string_view sealed) {
  const Context context = gcm(key, bytes(sealed), place, false);
  const std::string_view text = sealed.substr(kGcmNonce, sealed.size() - kGcmNonce - kGcmTag);
  std::string tag(sealed.substr(sealed.size() - kGcmTag));
  int length = 0;
  unsigned char none[16];
  return (text.empty() || EVP_DecryptUpdate(context.get(), plain, &length, bytes(text), length_of(text)) == 1) &&
         EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kGcmTag, tag.data()) == 1 &&
         EVP_DecryptFinal_ex(context.get(), none, &length) == 1;
}

}  // namespace

std::optional<Algorithm> algorithm_of(std::string_view name) {
  for (std::size_t i = 0; i < kAlgorithms.size(); ++i)
    if (kAlgorithms[i] == name) return static_cast<Algorithm>(i + 1);
  return std::nullopt;
}

std::optional<Algorithm> algorithm_of(std::int64_t number) {
  if (number < 1 || number > static_cast<std::int64_t>(kAlgorithms.size())) return std::nullopt;
  return static_cast<Algorithm>(number);
}

std::array<char, 2> versions_of(Algorithm algorithm) {
  if (algorithm == Algorithm::kAes256Gcm) return {kWorkspaceAes, kDataKeyAes};
  return {kWorkspaceXChaCha, kDataKeyXChaCha};
}

std::string seal_field(std::string heading, Algorithm algorithm, const unsigned char* key, const Field& field,
                       std::string_view plain) {
  const std::size_t start = heading.size();
  const bool aes = algorithm == Algorithm::kAes256Gcm;
  std::string sealed = std::move(heading);
  sealed.resize(start + plain.size() + (aes ? kGcmNonce + kGcmTag : kNonce + kTag));
  auto* out = reinterpret_cast<unsigned char*>(sealed.data()) + start;
  const std::string place = associated(field);
  if (aes) {
    seal_gcm(out, key, place, plain);
    return sealed;
  }
  randombytes_buf(out, kNonce);
  unsigned long long length = 0;
  crypto_aead_xchacha20poly1305_ietf_encrypt(out + kNonce, &length, bytes(plain), plain.size(), bytes(place),
                                             place.size(), nullptr, out, key);
  return sealed;
}

Result<std::string> open_field(Algorithm algorithm, const unsigned char* key, const Field& field,
                               std::string_view sealed) {
  const auto damaged = [&](std::string_view reason) {
    return fail(problems::kDamaged,
                {{"what", "The sealed field " + std::string(field.table) + "." + std::string(field.column)},
                 {"reason", std::string(reason)}});
  };
  const bool aes = algorithm == Algorithm::kAes256Gcm;
  const std::size_t longer = aes ? kGcmNonce + kGcmTag : kNonce + kTag;
  if (sealed.size() < longer) return damaged("it is cut short");
  std::string plain(sealed.size() - longer, '\0');
  const std::string place = associated(field);
  auto* out = reinterpret_cast<unsigned char*>(plain.data());
  unsigned long long length = 0;
  const bool opened = aes ? open_gcm(out, key, place, sealed)
                          : crypto_aead_xchacha20poly1305_ietf_decrypt(out, &length, nullptr, bytes(sealed) + kNonce,
                                                                       sealed.size() - kNonce, bytes(place),
                                                                       place.size(), bytes(sealed), key) == 0;
  if (!opened) return damaged("it was changed, moved from another place, or sealed under another key");
  return plain;
}

}  // namespace understory::vault
