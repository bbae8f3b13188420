#include "vault/password.h"

#include <sodium.h>

#include "vault/vault.h"

namespace understory::vault {

namespace {

constexpr std::string_view kPurpose = "person key";

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

Secret password_key(std::string_view password, const std::string& salt, const PasswordCost& cost) {
  if (salt.size() != crypto_pwhash_SALTBYTES) throw std::logic_error("a salt has 16 bytes");
  unsigned char out[Secret::kSize];
  if (crypto_pwhash(out, sizeof out, password.data(), password.size(), bytes(salt),
                    static_cast<unsigned long long>(cost.passes), static_cast<std::size_t>(cost.memory),
                    crypto_pwhash_ALG_ARGON2ID13) != 0)
    throw std::bad_alloc();
  Secret key = Secret::from({reinterpret_cast<const char*>(out), sizeof out});
  sodium_memzero(out, sizeof out);
  return key;
}

std::string public_of(const Secret& secret) {
  std::string out(crypto_box_PUBLICKEYBYTES, '\0');
  crypto_scalarmult_base(reinterpret_cast<unsigned char*>(out.data()), secret.data());
  return out;
}

}  // namespace

PersonKey make_person_key(std::string_view password, const PasswordCost& cost) {
  const Secret secret = Secret::random();
  PersonKey key;
  key.public_key = public_of(secret);
  return with_password(key, secret, password, cost);
}

std::optional<Secret> open_person_key(const PersonKey& key, std::string_view password) {
  return unwrap(key.wrapped, password_key(password, key.salt, key.cost), kPurpose);
}

PersonKey with_password(const PersonKey& key, const Secret& opened, std::string_view password,
                        const PasswordCost& cost) {
  PersonKey made{key.public_key, "", random_bytes(crypto_pwhash_SALTBYTES), cost};
  made.wrapped = wrap(opened, password_key(password, made.salt, cost), kPurpose);
  return made;
}

std::string seal_for(std::string_view public_key, std::string_view plain) {
  if (public_key.size() != crypto_box_PUBLICKEYBYTES) throw std::logic_error("a public key has 32 bytes");
  std::string out(plain.size() + crypto_box_SEALBYTES, '\0');
  crypto_box_seal(reinterpret_cast<unsigned char*>(out.data()), bytes(plain), plain.size(), bytes(public_key));
  return out;
}

std::optional<std::string> open_sealed(const Secret& person_key, std::string_view sealed) {
  if (sealed.size() < crypto_box_SEALBYTES) return std::nullopt;
  std::string plain(sealed.size() - crypto_box_SEALBYTES, '\0');
  const std::string public_key = public_of(person_key);
  if (crypto_box_seal_open(reinterpret_cast<unsigned char*>(plain.data()), bytes(sealed), sealed.size(),
                           bytes(public_key), person_key.data()) != 0)
    return std::nullopt;
  return plain;
}

}  // namespace understory::vault
