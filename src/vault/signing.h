// Signatures (Ed25519) by which somebody with the public key alone can tell what this workspace wrote.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "foundation/result.h"
#include "vault/secret.h"

namespace understory::vault {

class SigningKey {
 public:
  // Written to `path` (mode 0600); kAlreadyExists when there is a file.
  static Result<SigningKey> create(const std::filesystem::path& path);
  static Result<SigningKey> load(const std::filesystem::path& path);  // kNotFound, kDamaged

  std::string sign(std::string_view text) const;  // 64 bytes
  std::string public_key() const;                 // 32 bytes
  // A keyed BLAKE2b-256 of a text under a purpose, by a key made from this one. It is at hand while stories are locked:
  // what arrives can be told from what arrived before, and nobody with the database alone can test a guess.
  std::string mark(std::string_view purpose, std::string_view text) const;

 private:
  explicit SigningKey(Secret seed) : seed_(std::move(seed)) {}
  Secret seed_;
};

bool signed_by(std::string_view public_key, std::string_view text, std::string_view signature);

std::string hex(std::string_view bytes);                       // lower case
std::optional<std::string> from_hex(std::string_view digits);  // nothing: not lower-case hexadecimal

}  // namespace understory::vault
