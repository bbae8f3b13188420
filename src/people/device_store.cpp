#include "foundation/text.h"
#include "people/device.h"
#include "people/token.h"
#include "vault/data_key.h"
#include "vault/md5.h"
#include "vault/stream.h"
#include "vault/vault.h"

namespace understory::people {

using storage::Parameter;
using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

constexpr Milliseconds kDay = 24LL * 3600 * 1000;

const Query kAdd{"people.enroll_device",
                 "insert into enrolled_device (workspace_id, id, name, token_hash, digest_box, study_id, place_code, "
                 "made_by, made_at, expires_at, public_key) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
const Query kAll{"people.enrolled_devices",
                 "select id, name, study_id, place_code, made_by, made_at, expires_at, revoked_at, digest_box from "
                 "enrolled_device where workspace_id = ? order by id"};
const Query kById{"people.enrolled_device_by_id",
                  "select id, name, study_id, place_code, made_by, made_at, expires_at, revoked_at, digest_box from "
                  "enrolled_device where workspace_id = ? and id = ?"};
const Query kByToken{"people.enrolled_device_by_token",
                     "select id, name, study_id, place_code, made_by, made_at, expires_at, revoked_at, digest_box from "
                     "enrolled_device where workspace_id = ? and token_hash = ?"};
const Query kRevoke{"people.revoke_device",
                    "update enrolled_device set revoked_at = ? where workspace_id = ? and id = ? and revoked_at is "
                    "null"};
const Query kSpend{"people.spend_nonce",
                   "insert into spent_nonce (workspace_id, device_id, nonce, used, spent_at) values (?, ?, ?, ?, ?) on "
                   "conflict do nothing"};
const Query kForgetSpent{"people.forget_spent_nonces",
                         "delete from spent_nonce where workspace_id = ? and spent_at < ?"};
const Query kPlace{"people.place_of_device", "select 1 from place where workspace_id = ? and code = ?"};

Device read(const Row& row) {
  Device device;
  device.id = row.id(0);
  device.name = row.string(1);
  device.study = row.id(2);
  device.place = row.string(3);
  device.made_by = row.id(4);
  device.made_at = row.integer(5);
  device.expires_at = row.integer(6);
  device.revoked_at = row.integer(7);
  device.digest_box = std::string(row.blob(8));
  return device;
}

// Of one device alone, under a key nobody makes without the workspace's own.
vault::DataKey digest_key(const vault::SigningKey& key, Id device) {
  return vault::DataKey::from(device, vault::Secret::from(key.mark("digest of a device", device.text())));
}

}  // namespace

Person Device::person(Milliseconds at) const {
  Person person;
  person.active = !over(at);
  if (person.active) person.grants.push_back({id, Role::kEnumerator, study, place});
  return person;
}

Result<Enrolled> enroll_device(Transaction& transaction, const vault::SigningKey& key, Device wanted, int days) {
  wanted.name = std::string(trim(wanted.name));
  if (wanted.name.empty())
    return fail(problems::kMissingValue,
                {{"where", "The device"}, {"what", "its name"}, {"hint", "Say whose phone or which tablet it is."}});
  if (days < 0 || days > 3650)
    return fail(problems::kInvalidValue, {{"where", "The device"},
                                          {"value", std::to_string(days)},
                                          {"what", "number of days"},
                                          {"hint", "Between 1 and 3650; 0 for one that does not expire."}});
  if (!wanted.place.empty() &&
      !transaction.one(kPlace, {transaction.workspace(), wanted.place}, [](const Row&) { return true; }))
    return fail(problems::kUnknownPlace,
                {{"where", "The device"}, {"code", wanted.place}, {"hint", "See: understory place list"}});
  wanted.id = Id::make();
  wanted.made_at = now();
  wanted.expires_at = days == 0 ? 0 : wanted.made_at + days * kDay;
  const std::string token = make_token();
  wanted.digest_box = digest_key(key, wanted.id)
                          .seal({"enrolled_device", "digest_box", wanted.id},
                                vault::md5_hex(wanted.id.text() + ":" + std::string(kRealm) + ":" + token));
  const std::string hash = token_hash(token), public_key = vault::public_key_of(device_secret(token));
  transaction.run(
      kAdd, {transaction.workspace(), wanted.id, wanted.name, Parameter::blob(hash), Parameter::blob(wanted.digest_box),
             wanted.study, wanted.place.empty() ? Parameter(nullptr) : Parameter(wanted.place), wanted.made_by,
             wanted.made_at, wanted.expires_at == 0 ? Parameter(nullptr) : Parameter(wanted.expires_at),
             Parameter::blob(public_key)});
  return Enrolled{std::move(wanted), token};
}

std::optional<std::string> digest_of(const vault::SigningKey& key, const Device& device) {
  auto opened = digest_key(key, device.id).open({"enrolled_device", "digest_box", device.id}, device.digest_box);
  return opened ? std::optional(std::move(*opened)) : std::nullopt;
}

bool spend_nonce(Transaction& transaction, Id device, std::string_view nonce, std::string_view count,
                 Milliseconds life) {
  transaction.run(kForgetSpent, {transaction.workspace(), now() - life});
  return transaction.run(kSpend, {transaction.workspace(), device, nonce, count, now()}) == 1;
}

vault::Secret device_secret(std::string_view token) {
  // Not from token_hash(), which lies in the database.
  return vault::Secret::from(vault::sha256("what is sealed for the device with the token " + std::string(token)));
}

std::vector<Device> devices(Transaction& transaction) {
  std::vector<Device> all;
  transaction.each(kAll, {transaction.workspace()}, [&](const Row& row) { all.push_back(read(row)); });
  return all;
}

Result<Device> find_device(Transaction& transaction, Id id) {
  auto found = transaction.one(kById, {transaction.workspace(), id}, read);
  if (!found) return fail(problems::kNotFound, {{"what", "device"}, {"name", id.text()}});
  return std::move(*found);
}

std::optional<Device> device_of(Transaction& transaction, std::string_view token) {
  const std::string hash = token_hash(token);
  return transaction.one(kByToken, {transaction.workspace(), Parameter::blob(hash)}, read);
}

Result<void> revoke_device(Transaction& transaction, Id id) {
  TRY(find_device(transaction, id));
  transaction.run(kRevoke, {now(), transaction.workspace(), id});
  return {};
}

}  // namespace understory::people
