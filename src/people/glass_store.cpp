#include "people/glass.h"

#include <fmt/format.h>

#include "foundation/text.h"
#include "people/account.h"

namespace understory::people {

using storage::Parameter;
using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

constexpr Milliseconds kHour = 3600LL * 1000;
constexpr std::string_view kPurpose = "source key of a session";
constexpr int kShortestReason = 10, kLongestReason = 300;  // characters

const Query kAsk{"people.ask_glass",
                 "insert into glass (workspace_id, id, account_id, study_id, source_id, reason, hours, asked_at) "
                 "values (?, ?, ?, ?, ?, ?, ?, ?)"};
const Query kOpen{"people.open_glass",
                  "update glass set opened_by = ?, opened_at = ?, expires_at = ?, data_key = ? where workspace_id = ? "
                  "and id = ? and opened_at is null and ended_at is null"};
const Query kEnd{"people.end_glass",
                 "update glass set ended_at = ?, data_key = null where workspace_id = ? and id = ? and ended_at is "
                 "null"};
const Query kForgetSessionKey{"people.forget_glass_key",
                              "delete from session_glass where workspace_id = ? and source_id = ? and token_hash in "
                              "(select token_hash from session where workspace_id = ? and account_id = ?)"};
const Query kEndOfSource{
    "people.end_glasses_of_source",
    "update glass set ended_at = coalesce(ended_at, ?), data_key = null where workspace_id = ? and "
    "source_id = ?"};
const Query kForgetKeysOfSource{"people.forget_glass_keys_of_source",
                                "delete from session_glass where workspace_id = ? and source_id = ?"};
const Query kOne{"people.glass",
                 "select id, account_id, study_id, source_id, reason, hours, asked_at, opened_by, opened_at, "
                 "expires_at, ended_at from glass where workspace_id = ? and id = ?"};
const Query kAll{"people.glasses",
                 "select id, account_id, study_id, source_id, reason, hours, asked_at, opened_by, opened_at, "
                 "expires_at, ended_at from glass where workspace_id = ? order by asked_at desc, id desc"};
const Query kTell{"people.tell",
                  "insert into notice (workspace_id, id, account_id, kind, record_id, told_at) values (?, ?, ?, ?, ?, "
                  "?)"};
const Query kUnread{"people.unread_notices",
                    "select id, kind, record_id, told_at from notice where workspace_id = ? and account_id = ? and "
                    "seen_at is null order by told_at, id"};
const Query kMarkRead{"people.mark_notices_read",
                      "update notice set seen_at = ? where workspace_id = ? and account_id = ? and seen_at is null"};
const Query kSealed{"people.sealed_glass_keys",
                    "select source_id, data_key from glass where workspace_id = ? and account_id = ? and data_key is "
                    "not null and ended_at is null and expires_at > ?"};
const Query kKeep{"people.keep_glass_key",
                  "insert into session_glass (workspace_id, token_hash, source_id, data_key) values (?, ?, ?, ?) "
                  "on conflict do nothing"};
const Query kKept{"people.kept_glass_keys",
                  "select session_glass.source_id, session_glass.data_key from session_glass join glass on "
                  "glass.workspace_id = session_glass.workspace_id and glass.source_id = session_glass.source_id where "
                  "session_glass.workspace_id = ? and session_glass.token_hash = ? and glass.account_id = ? and "
                  "glass.ended_at is null and glass.expires_at > ?"};
// What has run out keeps no key that whoever finds the database and a password could open later.
const Query kForgetRunOut{"people.forget_glass_keys_run_out",
                          "update glass set data_key = null where workspace_id = ? and data_key is not null and "
                          "expires_at <= ?"};
const Query kForgetOld{"people.forget_old_glass_keys",
                       "delete from session_glass where workspace_id = ? and token_hash not in (select token_hash from "
                       "session where workspace_id = ?)"};

std::optional<Milliseconds> time_at(const Row& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(row.integer(column));
}

Glass read_glass(const Row& row) {
  return {
      row.id(0),      row.id(1), row.id(2),       row.id(3),       row.string(4),   static_cast<int>(row.integer(5)),
      row.integer(6), row.id(7), time_at(row, 8), time_at(row, 9), time_at(row, 10)};
}

}  // namespace

Decision decide(const Person& person, const Glass& glass, Milliseconds at) {
  const auto no = [](std::string reason) { return Decision{false, true, std::move(reason), {}}; };
  if (!person.active || person.code_missing || person.account != glass.account)
    return no("the glass was opened for somebody else");
  if (person.excluded_from.contains(glass.study) || person.excluded_from.contains(glass.source))
    return no("this person is excluded from the record");
  if (!glass.opened_at) return no("nobody has opened it yet");
  if (glass.ended_at || at >= *glass.expires_at) return no("it has ended");
  return {true, false, fmt::format("broken glass {}: {}", glass.id.text(), glass.reason), {}};
}

Result<Id> ask_glass(Transaction& transaction, Id account, Id study, Id source, std::string_view reason, int hours) {
  const std::string_view given = trim(reason);
  if (const auto length = OffsetMap(given).code_point_length(); length < kShortestReason || length > kLongestReason)
    return fail(problems::kInvalidValue, {{"where", "Reason"},
                                          {"value", std::string(shortened(given, 40))},
                                          {"what", "reason"},
                                          {"hint",
                                           "Say in 10 to 300 characters why it cannot wait. It stands in the log: no "
                                           "names, and nothing of what was told."}});
  if (hours < 1 || hours > kLongestGlass)
    return fail(problems::kInvalidValue, {{"where", "Hours"},
                                          {"value", std::to_string(hours)},
                                          {"what", "time"},
                                          {"hint", "Give a whole number of hours from 1 to 24."}});
  const Id id = Id::make();
  transaction.run(kAsk, {transaction.workspace(), id, account, study, source, given, hours, now()});
  return id;
}

Result<void> open_glass(Transaction& transaction, const Glass& glass, Id by, const std::vector<Id>& tell) {
  if (by == glass.account) return fail(problems::kForbidden);
  std::string sealed;
  if (const auto key = person_key(transaction, glass.account); key && !transaction.locked())
    sealed = vault::seal_for(key->public_key, transaction.data_key(glass.source).bytes().view());
  const Milliseconds at = now();
  if (transaction.run(kOpen,
                      {by, at, at + glass.hours * kHour, sealed.empty() ? Parameter(nullptr) : Parameter::blob(sealed),
                       transaction.workspace(), glass.id}) == 0)
    return fail(problems::kNotFound, {{"what", "request"}, {"name", glass.id.text()}});
  for (const Id account : tell)
    transaction.run(kTell, {transaction.workspace(), Id::make(), account, "glass_opened", glass.id, at});
  return {};
}

Result<void> end_glass(Transaction& transaction, Id glass) {
  const Glass found = TRY(find_glass(transaction, glass));
  if (transaction.run(kEnd, {now(), transaction.workspace(), glass}) == 0)
    return fail(problems::kNotFound, {{"what", "request"}, {"name", glass.text()}});
  transaction.run(kForgetSessionKey, {transaction.workspace(), found.source, transaction.workspace(), found.account});
  return {};
}

void forget_glasses_of(Transaction& transaction, Id source) {
  transaction.run(kEndOfSource, {now(), transaction.workspace(), source});
  transaction.run(kForgetKeysOfSource, {transaction.workspace(), source});
}

Result<Glass> find_glass(Transaction& transaction, Id glass) {
  auto found = transaction.one(kOne, {transaction.workspace(), glass}, read_glass);
  if (!found) return fail(problems::kNotFound, {{"what", "request"}, {"name", glass.text()}});
  return *found;
}

std::vector<Glass> glasses(Transaction& transaction) {
  std::vector<Glass> list;
  transaction.each(kAll, {transaction.workspace()}, [&](const Row& row) { list.push_back(read_glass(row)); });
  return list;
}

std::vector<Notice> unread_notices(Transaction& transaction, Id account) {
  std::vector<Notice> list;
  transaction.each(kUnread, {transaction.workspace(), account}, [&](const Row& row) {
    list.push_back({row.id(0), row.string(1), row.id(2), row.integer(3)});
  });
  return list;
}

void mark_read(Transaction& transaction, Id account) {
  transaction.run(kMarkRead, {now(), transaction.workspace(), account});
}

void take_glass_keys(Transaction& transaction, Id account, const vault::Secret& person_key, std::string_view token_hash,
                     const vault::Secret& session_key) {
  transaction.run(kForgetOld, {transaction.workspace(), transaction.workspace()});
  transaction.run(kForgetRunOut, {transaction.workspace(), now()});
  std::vector<std::pair<Id, std::string>> keys;
  transaction.each(kSealed, {transaction.workspace(), account, now()},
                   [&](const Row& row) { keys.emplace_back(row.id(0), row.blob(1)); });
  for (const auto& [source, sealed] : keys) {
    const auto opened = vault::open_sealed(person_key, sealed);
    if (!opened || opened->size() != vault::Secret::kSize) continue;  // of a key the person had before
    const std::string wrapped = vault::wrap(vault::Secret::from(*opened), session_key, kPurpose);
    transaction.run(kKeep, {transaction.workspace(), Parameter::blob(token_hash), source, Parameter::blob(wrapped)});
  }
}

void bring_glass_keys(Transaction& transaction, Id account, std::string_view token_hash,
                      const vault::Secret& session_key) {
  transaction.each(kKept, {transaction.workspace(), Parameter::blob(token_hash), account, now()}, [&](const Row& row) {
    if (const auto key = vault::unwrap(row.blob(1), session_key, kPurpose))
      transaction.unlock(vault::DataKey::from(row.id(0), *key));
  });
}

}  // namespace understory::people
