#include "vault/digest.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <stdexcept>

#include "foundation/text.h"

namespace understory::vault {

std::optional<DigestKind> digest_kind_of(std::string_view name) {
  const std::string lower = lower_ascii(name);
  if (lower == "md5") return DigestKind::kMd5;
  if (lower == "sha-1") return DigestKind::kSha1;
  if (lower == "sha-256") return DigestKind::kSha256;
  if (lower == "sha-384") return DigestKind::kSha384;
  if (lower == "sha-512") return DigestKind::kSha512;
  return std::nullopt;
}

std::string digest(DigestKind kind, std::string_view bytes) {
  const EVP_MD* method = kind == DigestKind::kMd5      ? EVP_md5()
                         : kind == DigestKind::kSha1   ? EVP_sha1()
                         : kind == DigestKind::kSha256 ? EVP_sha256()
                         : kind == DigestKind::kSha384 ? EVP_sha384()
                                                       : EVP_sha512();
  std::string made(EVP_MAX_MD_SIZE, '\0');
  unsigned int length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(made.data()), &length, method, nullptr) !=
      1)
    throw std::runtime_error("OpenSSL made no digest");
  made.resize(length);
  return made;
}

std::string hexadecimal(std::string_view bytes) {
  std::string text(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  text.pop_back();
  return text;
}

}  // namespace understory::vault
