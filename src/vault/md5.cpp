#include "vault/md5.h"

#include <openssl/evp.h>

#include <stdexcept>

#include "vault/signing.h"

namespace understory::vault {

struct Md5::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() {
    if (!context || EVP_DigestInit_ex(context, EVP_md5(), nullptr) != 1) throw std::runtime_error("no MD5 here");
  }
  ~State() { EVP_MD_CTX_free(context); }
};

Md5::Md5() : state_(std::make_unique<State>()) {}
Md5::~Md5() = default;

void Md5::add(std::string_view bytes) { EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()); }

std::string Md5::finish_hex() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(state_->context, digest, &size);
  return hex({reinterpret_cast<const char*>(digest), size});
}

std::string md5_hex(std::string_view bytes) {
  Md5 md5;
  md5.add(bytes);
  return md5.finish_hex();
}

}  // namespace understory::vault
