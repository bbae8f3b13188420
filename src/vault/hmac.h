// HMAC-SHA-256 (RFC 2104, FIPS 198-1), for those who check a message by a secret they share with us.
#pragma once
#include <string>
#include <string_view>

namespace understory::vault {

// 32 bytes; a key of any length.
std::string hmac_sha256(std::string_view key, std::string_view text);

}  // namespace understory::vault
