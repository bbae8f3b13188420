#include "vault/second_factor.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

#include "vault/vault.h"

namespace understory::vault {

std::string make_factor() { return random_bytes(20); }

std::string base32(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string out;
  unsigned int held = 0;
  int bits = 0;
  for (const char byte : bytes) {
    held = held << 8 | static_cast<unsigned char>(byte);
    for (bits += 8; bits >= 5; bits -= 5) out += kDigits[held >> (bits - 5) & 31];
  }
  if (bits > 0) out += kDigits[held << (5 - bits) & 31];
  return out;
}

std::string factor_address(std::string_view factor, std::string_view account) {
  std::string name;
  for (const char c : account)
    name += std::isalnum(static_cast<unsigned char>(c)) ? std::string(1, c)
                                                        : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return "otpauth://totp/Understory:" + name + "?secret=" + base32(factor) + "&issuer=Understory";
}

std::int64_t factor_step(std::int64_t milliseconds) { return milliseconds / 30000; }

std::string factor_code(std::string_view factor, std::int64_t step) {
  unsigned char counter[8];
  for (int i = 7; i >= 0; --i, step >>= 8) counter[i] = static_cast<unsigned char>(step & 255);
  unsigned char digest[20];
  unsigned int length = sizeof digest;
  if (!HMAC(EVP_sha1(), factor.data(), static_cast<int>(factor.size()), counter, sizeof counter, digest, &length))
    throw std::runtime_error("HMAC-SHA-1 is not to be had");
  // RFC 4226, section 5.3: four bytes at an offset the last one names.
  const int at = digest[19] & 15;
  const std::uint32_t number = (digest[at] & 127u) << 24 | digest[at + 1] << 16 | digest[at + 2] << 8 | digest[at + 3];
  return fmt::format("{:06}", number % 1000000);
}

std::optional<std::int64_t> matching_step(std::string_view factor, std::string_view code, std::int64_t milliseconds,
                                          std::int64_t last_used) {
  if (code.size() != 6) return std::nullopt;
  const std::int64_t present = factor_step(milliseconds);
  for (const std::int64_t step : {present, present - 1, present + 1}) {
    const std::string right = factor_code(factor, step);
    if (step > last_used && sodium_memcmp(right.data(), code.data(), right.size()) == 0) return step;
  }
  return std::nullopt;
}

}  // namespace understory::vault
