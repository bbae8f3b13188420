// A key of its own for what belongs together: one source, one respondent, one import. The fields it sealed name it;
// whoever destroys it has destroyed them, wherever copies of them lie.
//
// A field sealed under a data key is  version (1 byte, 0x02 or 0x05) ‖ number of the key (8, big-endian) ‖ nonce ‖
// sealed(plain text, "table/column/row id").
//
// Wrapped, the key is  0x01 …  or  0x04 …  as a field of its own under the workspace's key, or  0x03 ‖ sealed box
// towards the workspace's public key, by those who may write while stories are locked and read nothing.
#pragma once
#include "vault/vault.h"

namespace understory::vault {

class DataKey {
 public:
  static DataKey make(Id number);
  // kDamaged: not wrapped under this key, or for another number.
  static Result<DataKey> unwrap(Id number, std::string_view wrapped, const Vault& workspace_key);
  // From its bytes, which somebody was given for himself.
  static DataKey from(Id number, const Secret& bytes);

  Id number() const { return number_; }
  const Secret& bytes() const { return secret_; }
  std::string wrapped(const Vault& workspace_key, Algorithm algorithm) const;
  std::string wrapped_towards(std::string_view public_key) const;

  std::string seal(const Field& field, std::string_view plain,
                   Algorithm algorithm = Algorithm::kXChaCha20Poly1305) const;
  Result<std::string> open(const Field& field, std::string_view sealed) const;

 private:
  DataKey(Id number, Secret secret) : number_(number), secret_(std::move(secret)) {}
  Id number_;
  Secret secret_;
};

// The number of the data key a field is sealed under; nothing: under the workspace's own key.
std::optional<Id> data_key_of(std::string_view sealed);
// The public key towards which data keys and backups are sealed for a workspace.
std::string public_key_of(const Vault& workspace_key);

}  // namespace understory::vault
