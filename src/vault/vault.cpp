#include "vault/vault.h"

#include <sodium.h>

#include <cstring>

#include "foundation/file.h"
#include "foundation/owner.h"
#include "foundation/text.h"
#include "vault/sealing.h"

namespace understory::vault {

namespace {

constexpr std::size_t kKey = 32;
constexpr std::string_view kHeading = "understory-key-1 ";

void ready() {
  static const bool started = sodium_init() >= 0;
  if (!started) throw std::runtime_error("libsodium cannot start");
}

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

// One allocation that never reaches swap and is wiped when freed. Each use has a key of its own, derived from the root.
struct Vault::Keys {
  unsigned char root[kKey];
  unsigned char seal[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
  unsigned char seal_aes[kKey];
  unsigned char blind[kKey];
  unsigned char fingerprint[kKey];

  static Keys* allocate() {
    ready();
    auto* keys = static_cast<Keys*>(sodium_malloc(sizeof(Keys)));
    if (!keys) throw std::bad_alloc();
    return keys;
  }
  void derive() {
    crypto_kdf_derive_from_key(seal, sizeof seal, 1, "ustyseal", root);
    crypto_kdf_derive_from_key(blind, sizeof blind, 2, "ustyblnd", root);
    crypto_kdf_derive_from_key(fingerprint, sizeof fingerprint, 3, "ustyfngr", root);
    crypto_kdf_derive_from_key(seal_aes, sizeof seal_aes, 4, "ustyaesg", root);
  }
};

Vault::Vault(Keys* keys) : keys_(keys) {}
Vault::Vault(Vault&& other) noexcept : keys_(std::exchange(other.keys_, nullptr)) {}
Vault& Vault::operator=(Vault&& other) noexcept {
  std::swap(keys_, other.keys_);
  return *this;
}
Vault::~Vault() {
  if (keys_) sodium_free(keys_);
}

Result<Vault> Vault::create(const std::filesystem::path& path) {
  ready();
  Vault vault = from(Secret::random());
  TRY(vault.write(path));
  return vault;
}

Vault Vault::from(const Secret& key) {
  Vault vault(Keys::allocate());
  std::memcpy(vault.keys_->root, key.data(), kKey);
  vault.keys_->derive();
  return vault;
}

Secret Vault::key() const { return Secret::from({reinterpret_cast<const char*>(keys_->root), kKey}); }

Result<void> Vault::write(const std::filesystem::path& path) const {
  // A key that is written over takes everything it sealed with it.
  if (std::filesystem::exists(path)) return fail(problems::kAlreadyExists, {{"what", "key"}, {"name", path.string()}});
  char text[sodium_base64_ENCODED_LEN(kKey, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
  sodium_bin2base64(text, sizeof text, keys_->root, kKey, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  std::string line = std::string(kHeading) + text + "\n";
  auto written = write_file(path, line, 0600);
  if (written) as_its_folder(path);
  sodium_memzero(text, sizeof text);
  sodium_memzero(line.data(), line.size());
  return written;
}

Result<Vault> Vault::load(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return fail(problems::kNotFound, {{"what", "key"}, {"name", path.string()}});
  std::string line = TRY(read_file(path, 4096));
  Vault vault(Keys::allocate());
  const std::string_view text = trim(line);
  std::size_t length = 0;
  const bool whole =
      text.rfind(kHeading, 0) == 0 &&
      sodium_base642bin(vault.keys_->root, kKey, text.data() + kHeading.size(), text.size() - kHeading.size(), nullptr,
                        &length, nullptr, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
      length == kKey;
  sodium_memzero(line.data(), line.size());
  if (!whole) return fail(problems::kDamaged, {{"what", path.string()}, {"reason", "it is not a workspace key"}});
  vault.keys_->derive();
  return vault;
}

std::string Vault::seal(const Field& field, std::string_view plain, Algorithm algorithm) const {
  const bool aes = algorithm == Algorithm::kAes256Gcm;
  return seal_field(std::string(1, versions_of(algorithm)[0]), algorithm, aes ? keys_->seal_aes : keys_->seal, field,
                    plain);
}

Result<std::string> Vault::open(const Field& field, std::string_view sealed) const {
  const char version = sealed.empty() ? 0 : sealed[0];
  if (version == kWorkspaceXChaCha)
    return open_field(Algorithm::kXChaCha20Poly1305, keys_->seal, field, sealed.substr(1));
  if (version == kWorkspaceAes) return open_field(Algorithm::kAes256Gcm, keys_->seal_aes, field, sealed.substr(1));
  return fail(problems::kDamaged,
              {{"what", "The sealed field " + std::string(field.table) + "." + std::string(field.column)},
               {"reason", "it is of an unknown form"}});
}

std::string Vault::blind_index(std::string_view purpose, std::string_view text) const {
  // purpose and text are told apart by the purpose's length, so that no two pairs give the same input.
  crypto_generichash_state state;
  crypto_generichash_init(&state, keys_->blind, sizeof keys_->blind, 32);
  const auto length = static_cast<unsigned char>(purpose.size());
  crypto_generichash_update(&state, &length, 1);
  crypto_generichash_update(&state, bytes(purpose), purpose.size());
  crypto_generichash_update(&state, bytes(text), text.size());
  std::string out(32, '\0');
  crypto_generichash_final(&state, reinterpret_cast<unsigned char*>(out.data()), out.size());
  return out;
}

std::string Vault::fingerprint() const {
  return std::string(reinterpret_cast<const char*>(keys_->fingerprint), sizeof keys_->fingerprint);
}

std::string sha256(std::string_view text) {
  std::string out(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(out.data()), bytes(text), text.size());
  return out;
}

struct Sha256::State {
  crypto_hash_sha256_state hash;
};

Sha256::Sha256() : state_(std::make_unique<State>()) { crypto_hash_sha256_init(&state_->hash); }
Sha256::~Sha256() = default;

void Sha256::add(std::string_view text) { crypto_hash_sha256_update(&state_->hash, bytes(text), text.size()); }

std::string Sha256::finish() {
  std::string out(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256_final(&state_->hash, reinterpret_cast<unsigned char*>(out.data()));
  return out;
}

std::string sha256_hex(std::string_view text) {
  const std::string hash = sha256(text);
  std::string out(hash.size() * 2 + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), bytes(hash), hash.size());
  out.pop_back();
  return out;
}

std::string random_bytes(std::size_t count) {
  ready();
  std::string out(count, '\0');
  randombytes_buf(out.data(), out.size());
  return out;
}

}  // namespace understory::vault
