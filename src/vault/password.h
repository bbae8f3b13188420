// What a password opens: a person's own key, which in turn opens whatever is wrapped for that person.
//
// No hash of the password is kept. The person's secret key lies wrapped under a key made from the password with
// Argon2id (RFC 9106); a password is right when the wrapping opens. 64 MiB and three passes are that RFC's second
// recommended choice; the numbers are kept with each key, so that they can grow.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "vault/secret.h"

namespace understory::vault {

struct PasswordCost {
  std::int64_t passes = 3;
  std::int64_t memory = std::int64_t{64} << 20;  // bytes
};

struct PersonKey {
  std::string public_key;  // 32 bytes (X25519): anybody can seal for this person
  std::string wrapped;     // the secret key under the password's key
  std::string salt;        // 16 bytes
  PasswordCost cost;
};

// Both take the work of one Argon2id (about 0.15 s and cost.memory bytes): call them in the sign-in lane alone.
PersonKey make_person_key(std::string_view password, const PasswordCost& cost = {});
std::optional<Secret> open_person_key(const PersonKey& key, std::string_view password);
// The same key under another password.
PersonKey with_password(const PersonKey& key, const Secret& opened, std::string_view password,
                        const PasswordCost& cost = {});

// Sealed so that only the person's own key opens it (crypto_box_seal: X25519, XSalsa20-Poly1305).
std::string seal_for(std::string_view public_key, std::string_view plain);
std::optional<std::string> open_sealed(const Secret& person_key, std::string_view sealed);

}  // namespace understory::vault
