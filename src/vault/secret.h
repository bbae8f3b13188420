// 32 secret bytes: wiped when they go, never copied by accident.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace understory::vault {

class Secret {
 public:
  static constexpr std::size_t kSize = 32;
  static Secret random();
  // Exactly kSize bytes; anything else is a bug and throws.
  static Secret from(std::string_view bytes);

  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&&) noexcept;
  Secret& operator=(Secret&&) noexcept;
  ~Secret();

  std::string_view view() const { return {reinterpret_cast<const char*>(bytes_.data()), kSize}; }
  unsigned char* data() { return bytes_.data(); }
  const unsigned char* data() const { return bytes_.data(); }
  Secret clone() const { return from(view()); }

 private:
  Secret() = default;
  std::array<unsigned char, kSize> bytes_{};
};

// A secret put under another: version ‖ nonce ‖ XChaCha20-Poly1305(secret, purpose). Nothing: the wrong key, or damage.
std::string wrap(const Secret& secret, const Secret& under, std::string_view purpose);
std::optional<Secret> unwrap(std::string_view wrapped, const Secret& under, std::string_view purpose);
// A key of its own for each purpose, made from a secret (keyed BLAKE2b).
Secret derived(const Secret& secret, std::string_view purpose);

}  // namespace understory::vault
