// The vault: the only room that knows cryptography. Stories, names and attachments pass through it on their way to
// and from the database; facts (codes, bands, dates, positions) never do.
//
// A sealed field is  version (1 byte) ‖ nonce ‖ sealed text ; the version names the kind of key and the algorithm:
//   0x01  the workspace's key, XChaCha20-Poly1305, nonce of 24 bytes
//   0x04  the workspace's key, AES-256-GCM, nonce of 12 bytes
//   0x02, 0x05  the same under a data key (vault/data_key.h); 0x03 a data key handed in while stories are locked
// The associated data is "table/column/row id": a sealed field copied to another row, column or table does not open.
// Each algorithm has a key of its own, derived from the one it is under.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "foundation/id.h"
#include "foundation/result.h"
#include "vault/secret.h"

namespace understory::vault {

// How a field is sealed. The numbers are kept in the database.
enum class Algorithm { kXChaCha20Poly1305 = 1, kAes256Gcm = 2 };
inline constexpr std::array<std::string_view, 2> kAlgorithms{"xchacha20-poly1305", "aes-256-gcm"};  // number - 1
std::optional<Algorithm> algorithm_of(std::string_view name);
std::optional<Algorithm> algorithm_of(std::int64_t number);
// The versions of fields under an algorithm: of the workspace's key, and of a data key.
std::array<char, 2> versions_of(Algorithm algorithm);

// Where a sealed field stands. table and column are the schema's names.
struct Field {
  std::string_view table;
  std::string_view column;
  Id row;
};

// Thread-safe: immutable after construction. Keys are kept in locked memory and wiped.
class Vault {
 public:
  // A new random workspace key, written to `path` (mode 0600, must not exist).
  static Result<Vault> create(const std::filesystem::path& path);
  // kNotFound, kDamaged.
  static Result<Vault> load(const std::filesystem::path& path);
  // From the key itself, and back: for wrapping it for people. write() as create() does, for the same key.
  static Vault from(const Secret& key);
  Secret key() const;
  Result<void> write(const std::filesystem::path& path) const;

  Vault(Vault&&) noexcept;
  Vault& operator=(Vault&&) noexcept;
  ~Vault();

  // plain text → sealed bytes (at most 41 bytes longer). Two seals of one text differ.
  std::string seal(const Field& field, std::string_view plain,
                   Algorithm algorithm = Algorithm::kXChaCha20Poly1305) const;
  // kDamaged when the bytes were changed, cut, moved from another field or sealed under another key.
  Result<std::string> open(const Field& field, std::string_view sealed) const;

  // A keyed BLAKE2b-256 of a text under a purpose ("source.text", "respondent.name"): equal texts are found without
  // being readable, and nobody without the key can test a guess. 32 bytes.
  std::string blind_index(std::string_view purpose, std::string_view text) const;

  // 32 bytes that tell this key from others and reveal nothing about it; stored in the database to notice a wrong key.
  std::string fingerprint() const;

 private:
  struct Keys;
  explicit Vault(Keys* keys);
  Keys* keys_;
};

// SHA-256, as lower-case hexadecimal digits: for files and data that are not secret.
std::string sha256_hex(std::string_view bytes);
std::string sha256(std::string_view bytes);  // 32 bytes
// The same for what comes piece by piece.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void add(std::string_view bytes);
  std::string finish();  // 32 bytes; once

 private:
  struct State;
  std::unique_ptr<State> state_;
};
// MD5, for protocols of others alone, is in vault/md5.h.

// Random bytes fit for keys and tokens.
std::string random_bytes(std::size_t count);

}  // namespace understory::vault
