// Inside the vault: the one way a field is sealed, under whichever key and by whichever algorithm.
#pragma once
#include "vault/vault.h"

namespace understory::vault {

// Versions a sealed field begins with; 3 is a data key's box (vault/data_key.cpp).
inline constexpr char kWorkspaceXChaCha = 1, kDataKeyXChaCha = 2, kDataKeyBox = 3, kWorkspaceAes = 4, kDataKeyAes = 5;

// nonce ‖ sealed(plain, "table/column/row id") appended to `heading`. `key` is 32 bytes and used for this algorithm
// alone.
std::string seal_field(std::string heading, Algorithm algorithm, const unsigned char* key, const Field& field,
                       std::string_view plain);
// `sealed` without its heading. kDamaged.
Result<std::string> open_field(Algorithm algorithm, const unsigned char* key, const Field& field,
                               std::string_view sealed);

}  // namespace understory::vault
