// The log in the database.
#include "foundation/clock.h"
#include "people/audit.h"
#include "people/audit_form.h"
#include "people/denials.h"

namespace understory::people {

using storage::Parameter;
using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const Query kHead{"people.audit_head", "select number, hash, signature from audit_head where workspace_id = ?"};
const Query kSetHead{"people.set_audit_head",
                     "insert into audit_head (workspace_id, number, hash, signature) values (?, ?, ?, ?) on conflict "
                     "(workspace_id) do update set number = excluded.number, hash = excluded.hash, signature = "
                     "excluded.signature"};
const Query kAddEntry{"people.add_audit_entry",
                      "insert into audit_entry (workspace_id, number, entry, hash, account_id, record_id) values (?, "
                      "?, ?, ?, ?, ?)"};
const Query kEntries{"people.audit_entries",
                     "select entry from audit_entry where workspace_id = ? and number < ? order by number desc limit "
                     "?"};
const Query kEntriesOfRecord{"people.audit_entries_of_record",
                             "select entry from audit_entry where workspace_id = ? and record_id = ? and number < ? "
                             "order by number desc limit ?"};
const Query kEntriesOfAccount{"people.audit_entries_of_account",
                              "select entry from audit_entry where workspace_id = ? and account_id = ? and number < ? "
                              "order by number desc limit ?"};
const Query kEntriesOfBoth{"people.audit_entries_of_record_and_account",
                           "select entry from audit_entry where workspace_id = ? and record_id = ? and account_id = ? "
                           "and number < ? order by number desc limit ?"};
const Query kWholeLog{"people.whole_audit_log",
                      "select number, entry, hash from audit_entry where workspace_id = ? order by number"};

}  // namespace

namespace {

storage::Question head_into(std::int64_t workspace, AuditHead& head) {
  return {&kHead, {workspace}, [&head](const Row& row) {
            head = {row.integer(0), std::string(row.blob(1)), std::string(row.blob(2))};
          }};
}

}  // namespace

AuditHead audit_head(Transaction& transaction) {
  AuditHead head{0, first_hash(), ""};
  const storage::Question question = head_into(transaction.workspace(), head);
  transaction.each(*question.query, question.parameters, question.reader);
  return head;
}

AuditWriter::AuditWriter(Transaction& transaction, const vault::SigningKey& key)
    : transaction_(transaction), key_(key), head_{0, first_hash(), ""} {}

storage::Question AuditWriter::head() { return head_into(transaction_.workspace(), head_); }

void AuditWriter::record(const Deed& deed) {
  const AuditEntry entry{head_.number + 1, iso_time(now()).substr(0, 16) + "Z", deed};
  const std::string line = entry_line(entry, head_.hash);
  head_ = {entry.number, entry_hash(line), ""};
  transaction_.run_later(kAddEntry, {transaction_.workspace(), entry.number, line, Parameter::blob(head_.hash),
                                     deed.account, deed.record});
  ++written_;
}

void AuditWriter::close() {
  if (std::exchange(written_, 0) == 0) return;
  head_.signature = head_signature(key_, transaction_.workspace(), head_);
  transaction_.run_later(kSetHead, {transaction_.workspace(), head_.number, Parameter::blob(head_.hash),
                                    Parameter::blob(head_.signature)});
}

void record(Transaction& transaction, const vault::SigningKey& key, const Deed& deed) {
  AuditWriter writer(transaction, key);
  const storage::Question head = writer.head();
  transaction.each(*head.query, head.parameters, head.reader);
  writer.record(deed);
  writer.close();
}

std::vector<AuditEntry> audit_entries(Transaction& transaction, Id record, Id account, std::int64_t before, int limit) {
  const std::int64_t below = before > 0 ? before : std::numeric_limits<std::int64_t>::max();
  std::vector<AuditEntry> entries;
  const auto take = [&](const Row& row) {
    if (auto entry = read_entry(row.text(0))) entries.push_back(std::move(*entry));
  };
  if (record && account)
    transaction.each(kEntriesOfBoth, {transaction.workspace(), record, account, below, limit}, take);
  else if (record)
    transaction.each(kEntriesOfRecord, {transaction.workspace(), record, below, limit}, take);
  else if (account)
    transaction.each(kEntriesOfAccount, {transaction.workspace(), account, below, limit}, take);
  else
    transaction.each(kEntries, {transaction.workspace(), below, limit}, take);
  return entries;
}

bool denied_this_minute(Transaction& transaction, Id record) {
  const std::vector<AuditEntry> newest = audit_entries(transaction, record, {}, 0, 1);
  return !newest.empty() && newest[0].deed.outcome == "denied" && newest[0].at == iso_time(now()).substr(0, 16) + "Z";
}

void export_audit(Transaction& transaction, const std::function<void(std::string_view)>& out) {
  export_lines(
      transaction.workspace(), audit_head(transaction),
      [&](const std::function<void(std::string_view)>& write) {
        transaction.each(kWholeLog, {transaction.workspace()}, [&](const Row& row) { write(row.text(1)); });
      },
      out);
}

Result<AuditProof> verify_audit(Transaction& transaction, std::string_view public_key) {
  AuditChain chain("The log in the database");
  Result<void> outcome;
  transaction.each(kWholeLog, {transaction.workspace()}, [&](const Row& row) {
    if (outcome) outcome = chain.add(row.text(1), row.integer(0));
  });
  if (!outcome) return tl::unexpected(outcome.error());
  const AuditHead head = audit_head(transaction);
  if (head.number == 0) return AuditProof{0, chain.head()};
  return chain.close(head, Id{transaction.workspace()}.text(), public_key);
}

}  // namespace understory::people
