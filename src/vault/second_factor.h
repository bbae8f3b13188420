// Codes of an authenticator app: TOTP (RFC 6238) with HMAC-SHA-1, six digits, 30 seconds, as every app knows it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace understory::vault {

std::string make_factor();  // 20 random bytes
// Base 32 (RFC 4648) without padding, as apps take it by hand.
std::string base32(std::string_view bytes);
// "otpauth://totp/…", what an app reads from a picture or a link.
std::string factor_address(std::string_view factor, std::string_view account);

std::int64_t factor_step(std::int64_t milliseconds);  // which 30 seconds since 1970
std::string factor_code(std::string_view factor, std::int64_t step);
// The step a code belongs to: the present one or one beside it (a clock may be 30 s off), later than `last_used`, so
// that a code works once. Nothing: not a code of now.
std::optional<std::int64_t> matching_step(std::string_view factor, std::string_view code, std::int64_t milliseconds,
                                          std::int64_t last_used);

}  // namespace understory::vault
