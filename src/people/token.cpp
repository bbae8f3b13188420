#include "people/token.h"

#include "vault/secret.h"
#include "vault/signing.h"
#include "vault/vault.h"

namespace understory::people {

std::string make_token() { return vault::hex(vault::random_bytes(32)); }
std::string token_hash(std::string_view token) { return vault::sha256(token); }

std::string form_token(std::string_view session_token) {
  const vault::Secret key = vault::Secret::from(vault::sha256(session_token));
  return vault::hex(vault::derived(key, "form").view());
}

bool same(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < left.size(); ++i) difference |= static_cast<unsigned char>(left[i] ^ right[i]);
  return difference == 0;
}

}  // namespace understory::people
