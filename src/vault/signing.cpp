#include "vault/signing.h"

#include <sodium.h>

#include "foundation/file.h"
#include "foundation/owner.h"
#include "foundation/text.h"

namespace understory::vault {

namespace {

constexpr std::string_view kHeading = "understory-signing-key-1 ";

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

// libsodium's secret key is seed ‖ public key.
struct Pair {
  unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
  unsigned char secret_key[crypto_sign_SECRETKEYBYTES];
  explicit Pair(const Secret& seed) { crypto_sign_seed_keypair(public_key, secret_key, seed.data()); }
  ~Pair() { sodium_memzero(secret_key, sizeof secret_key); }
};

}  // namespace

Result<SigningKey> SigningKey::create(const std::filesystem::path& path) {
  if (std::filesystem::exists(path)) return fail(problems::kAlreadyExists, {{"what", "key"}, {"name", path.string()}});
  SigningKey key(Secret::random());
  std::string line = std::string(kHeading) + hex(key.seed_.view()) + "\n";
  // Whole before it has its name, and the first to give it that name wins: two who make one at once share one.
  const std::filesystem::path made = path.string() + "." + hex(Secret::random().view().substr(0, 8));
  auto written = write_file(made, line, 0600);
  sodium_memzero(line.data(), line.size());
  if (!written) return tl::unexpected(written.error());
  std::error_code taken, ignored;
  std::filesystem::create_hard_link(made, path, taken);
  std::filesystem::remove(made, ignored);
  if (taken == std::errc::file_exists)
    return fail(problems::kAlreadyExists, {{"what", "key"}, {"name", path.string()}});
  if (taken) return fail(problems::kFileUnreadable, {{"file", path.string()}, {"reason", taken.message()}});
  as_its_folder(path);
  return key;
}

Result<SigningKey> SigningKey::load(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return fail(problems::kNotFound, {{"what", "key"}, {"name", path.string()}});
  std::string line = TRY(read_file(path, 4096));
  const std::string_view text = trim(line);
  std::optional<std::string> seed;
  if (text.rfind(kHeading, 0) == 0) seed = from_hex(text.substr(kHeading.size()));
  sodium_memzero(line.data(), line.size());
  if (!seed || seed->size() != Secret::kSize)
    return fail(problems::kDamaged, {{"what", path.string()}, {"reason", "it is not a signing key"}});
  return SigningKey(Secret::from(*seed));
}

std::string SigningKey::sign(std::string_view text) const {
  const Pair pair(seed_);
  std::string out(crypto_sign_BYTES, '\0');
  crypto_sign_detached(reinterpret_cast<unsigned char*>(out.data()), nullptr, bytes(text), text.size(),
                       pair.secret_key);
  return out;
}

std::string SigningKey::mark(std::string_view purpose, std::string_view text) const {
  const Secret key = derived(seed_, purpose);
  std::string out(crypto_generichash_BYTES, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(out.data()), out.size(), bytes(text), text.size(), key.data(),
                     Secret::kSize);
  return out;
}

std::string SigningKey::public_key() const {
  const Pair pair(seed_);
  return {reinterpret_cast<const char*>(pair.public_key), sizeof pair.public_key};
}

bool signed_by(std::string_view public_key, std::string_view text, std::string_view signature) {
  return public_key.size() == crypto_sign_PUBLICKEYBYTES && signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(bytes(signature), bytes(text), text.size(), bytes(public_key)) == 0;
}

std::string hex(std::string_view text) {
  std::string out(text.size() * 2 + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), bytes(text), text.size());
  out.pop_back();
  return out;
}

std::optional<std::string> from_hex(std::string_view digits) {
  std::string out(digits.size() / 2, '\0');
  std::size_t length = 0;
  if (digits.size() % 2 != 0 ||
      std::any_of(digits.begin(), digits.end(), [](char c) { return c >= 'A' && c <= 'F'; }) ||
      sodium_hex2bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), digits.data(), digits.size(), nullptr,
                     &length, nullptr) != 0 ||
      length != out.size())
    return std::nullopt;
  return out;
}

}  // namespace understory::vault
