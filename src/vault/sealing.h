// Inside the vault: the one way a field is sealed, under whichever key.
#pragma once
#include "vault/vault.h"

namespace understory::vault {

// nonce ‖ XChaCha20-Poly1305(plain, "table/column/row id") appended to `heading`.
std::string seal_field(std::string heading, const unsigned char* key, const Field& field, std::string_view plain);
// `sealed` without its heading. kDamaged.
Result<std::string> open_field(const unsigned char* key, const Field& field, std::string_view sealed);

}  // namespace understory::vault
