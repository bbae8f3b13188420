// Digests other programs ask for by name: the hashes of OpenRosa's lists, digest() in forms. Never for keeping a
// secret.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "vault/base64.h"

namespace understory::vault {

enum class DigestKind { kMd5, kSha1, kSha256, kSha384, kSha512 };
// "MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512", in any case; nullopt: no such digest.
std::optional<DigestKind> digest_kind_of(std::string_view name);
// The digest's bytes.
std::string digest(DigestKind kind, std::string_view bytes);

std::string hexadecimal(std::string_view bytes);  // lower case

}  // namespace understory::vault
