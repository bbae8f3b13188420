// Phones and tablets that fetch forms and send what was filled in, each under a token of its own: bound to a study or
// place, expiring, revocable. A device can send, and read nothing but forms and the lists they ask; no person's
// password ever lies in one.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "foundation/clock.h"
#include "people/rights.h"
#include "vault/secret.h"
#include "vault/signing.h"

namespace understory::people {

struct Device {
  Id id;
  std::string name;
  Id study;           // none: every study
  std::string place;  // what it sends is of this place; empty: of none
  Id made_by;
  Milliseconds made_at = 0, expires_at = 0, revoked_at = 0;  // 0: never
  std::string digest_box;                                    // see digest_of()

  bool over(Milliseconds at) const { return revoked_at != 0 || (expires_at != 0 && expires_at <= at); }
  // Who stands behind a request of it: an enumerator of its study and place. One that is over may nothing.
  Person person(Milliseconds at) const;
};

inline constexpr std::string_view kRealm = "Understory";

struct Enrolled {
  Device device;
  std::string token;  // shown once
};
// `key`: the workspace's own (people::audit_key). kMissingValue: no name; kInvalidValue: an unknown place, less than a
// day or more than 3650 of them (0: for ever).
Result<Enrolled> enroll_device(storage::Transaction& transaction, const vault::SigningKey& key, Device wanted,
                               int days);
std::vector<Device> devices(storage::Transaction& transaction);
Result<Device> find_device(storage::Transaction& transaction, Id id);
std::optional<Device> device_of(storage::Transaction& transaction, std::string_view token);  // also one that is over
// What only its token opens: made from it, never kept. The public half lies in enrolled_device.public_key, and what is
// sealed for it (vault::seal_for) opens in a request of the device, whether stories are locked or not.
vault::Secret device_secret(std::string_view token);
// MD5(id:realm:token), by which HTTP Digest signs in. It lies in the database sealed under a key made from the
// workspace's own, which lies beside it: whoever has the database alone signs in as nobody. Nothing: it does not open.
std::optional<std::string> digest_of(const vault::SigningKey& key, const Device& device);
// Whether this answer to a nonce is the first of its count; it is remembered for `life`. Its caller commits.
bool spend_nonce(storage::Transaction& transaction, Id device, std::string_view nonce, std::string_view count,
                 Milliseconds life);
Result<void> revoke_device(storage::Transaction& transaction, Id id);

}  // namespace understory::people
