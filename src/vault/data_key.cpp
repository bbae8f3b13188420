#include "vault/data_key.h"

#include "vault/password.h"
#include "vault/sealing.h"
#include "vault/stream.h"

namespace understory::vault {

namespace {

constexpr std::size_t kHeading = 9;
constexpr std::string_view kAesPurpose = "field aes-256-gcm";
constexpr std::string_view kPair = "backup";  // the name the workspace's pair of keys was given first

std::string heading(Id number, char version) {
  std::string text(1, version);
  for (int shift = 56; shift >= 0; shift -= 8)
    text += static_cast<char>(static_cast<std::uint64_t>(number.value) >> shift);
  return text;
}

Field place_of(Id number) { return {"data_key", "wrapped", number}; }

}  // namespace

DataKey DataKey::make(Id number) { return {number, Secret::random()}; }

DataKey DataKey::from(Id number, const Secret& bytes) { return {number, bytes.clone()}; }

Result<DataKey> DataKey::unwrap(Id number, std::string_view wrapped, const Vault& workspace_key) {
  std::string bytes;
  if (!wrapped.empty() && wrapped[0] == kDataKeyBox) {
    if (auto opened = open_sealed(sealing_key(workspace_key.key(), kPair), wrapped.substr(1)))
      bytes = std::move(*opened);
    // The box says who may open it, not what it is for: the number stands inside.
    if (bytes.size() == kHeading + Secret::kSize && bytes.rfind(heading(number, kDataKeyXChaCha), 0) == 0)
      bytes.erase(0, kHeading);
    else
      bytes.clear();
  } else {
    bytes = TRY(workspace_key.open(place_of(number), wrapped));
  }
  if (bytes.size() != Secret::kSize)
    return fail(problems::kDamaged, {{"what", "The data key " + number.text()},
                                     {"reason", "it was changed, or wrapped for another workspace"}});
  return DataKey(number, Secret::from(bytes));
}

std::string DataKey::wrapped(const Vault& workspace_key, Algorithm algorithm) const {
  return workspace_key.seal(place_of(number_), secret_.view(), algorithm);
}

std::string DataKey::wrapped_towards(std::string_view public_key) const {
  return kDataKeyBox + seal_for(public_key, heading(number_, kDataKeyXChaCha) + std::string(secret_.view()));
}

std::string DataKey::seal(const Field& field, std::string_view plain, Algorithm algorithm) const {
  std::string start = heading(number_, versions_of(algorithm)[1]);
  if (algorithm == Algorithm::kXChaCha20Poly1305)
    return seal_field(std::move(start), algorithm, secret_.data(), field, plain);
  const Secret own = derived(secret_, kAesPurpose);
  return seal_field(std::move(start), algorithm, own.data(), field, plain);
}

Result<std::string> DataKey::open(const Field& field, std::string_view sealed) const {
  if (data_key_of(sealed) != number_)
    return fail(problems::kDamaged, {{"what", "A sealed field"}, {"reason", "it is sealed under another key"}});
  if (sealed[0] == kDataKeyXChaCha)
    return open_field(Algorithm::kXChaCha20Poly1305, secret_.data(), field, sealed.substr(kHeading));
  const Secret own = derived(secret_, kAesPurpose);
  return open_field(Algorithm::kAes256Gcm, own.data(), field, sealed.substr(kHeading));
}

std::optional<Id> data_key_of(std::string_view sealed) {
  if (sealed.size() < kHeading || (sealed[0] != kDataKeyXChaCha && sealed[0] != kDataKeyAes)) return std::nullopt;
  std::uint64_t number = 0;
  for (std::size_t i = 1; i < kHeading; ++i) number = number << 8 | static_cast<unsigned char>(sealed[i]);
  return Id{static_cast<std::int64_t>(number)};
}

std::string public_key_of(const Vault& workspace_key) { return public_key_of(sealing_key(workspace_key.key(), kPair)); }

}  // namespace understory::vault
