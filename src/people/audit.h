// The log that cannot be bent: who did what to which record, when and with what outcome; never a story or a name.
//
// Each entry is one line of JSON that ends with the hash of the entry before; entries are numbered without a gap, and
// the newest hash is signed with the workspace's audit key (Ed25519). Written in the transaction of the deed itself, so
// that no deed is kept without its entry. Whoever holds the export and the public key can tell any change, drop, swap
// or cut; with a head kept elsewhere also a log cut back to an older signed head.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/workspace.h"
#include "vault/signing.h"

namespace understory::people {

struct Deed {
  Id account;          // none: nobody signed in, or at the machine
  std::string action;  // a Right's name, or sign_in, sign_out, grant, …
  std::string route;   // address as in the table of routes, or "cli import"; never with its query
  std::string kind;    // of the record: "study", "source", "account"; may be empty
  Id record;
  std::string outcome;  // "done", "denied"
  std::string reason;   // of the decision; a person's own where one was asked for
};

struct AuditEntry {
  std::int64_t number = 0;
  std::string at;  // to the minute: 2026-11-24T08:16Z
  Deed deed;
};

struct AuditHead {
  std::int64_t number = 0;  // 0: no entry yet
  std::string hash;         // 32 bytes
  std::string signature;    // 64 bytes
};

// The workspace's own key, in its folder (audit.key); made when it is first needed. Several servers share one folder,
// or carry copies of it.
Result<vault::SigningKey> audit_key(const storage::Workspace& workspace);

// Whether that key signed the newest entry. kWrongKey: another server's folder has the right one; a log that went on
// under two keys could not be verified.
Result<void> check_audit_key(storage::Workspace& workspace);

// Writes one entry. One at a time in a workspace, which a write transaction ensures.
void record(storage::Transaction& transaction, const vault::SigningKey& key, const Deed& deed);

// The same for many entries of one transaction, whose head is asked before the first and signed after the last: nothing
// else may write an entry in between.
class AuditWriter {
 public:
  AuditWriter(storage::Transaction& transaction, const vault::SigningKey& key);
  storage::Question head();  // to be asked first, perhaps together with other things
  void record(const Deed& deed);
  void close();  // what was recorded without it must not be committed

 private:
  storage::Transaction& transaction_;
  const vault::SigningKey& key_;
  AuditHead head_;
  std::int64_t written_ = 0;
};

AuditHead audit_head(storage::Transaction& transaction);
// Newest first, at most `limit`, below number `before` (0: from the newest); of one record, account or both where
// given.
std::vector<AuditEntry> audit_entries(storage::Transaction& transaction, Id record, Id account, std::int64_t before,
                                      int limit);

// The whole log, line by line: a heading, the entries, the signed head.
void export_audit(storage::Transaction& transaction, const std::function<void(std::string_view line)>& out);

struct AuditProof {
  std::int64_t entries = 0;
  std::string head;  // hash of the newest, in hexadecimal: keep it elsewhere
};
// Reads an export with nothing but the public key. kLogChanged, naming the line, for anything that was not written by
// the key's owner just so. `known_head` ("123:abcd…" or empty): a head kept elsewhere, which must be in the log.
Result<AuditProof> verify_audit(std::string_view text, std::string_view public_key, std::string_view known_head,
                                const std::string& file);
// The same for the log in the database itself.
Result<AuditProof> verify_audit(storage::Transaction& transaction, std::string_view public_key);

}  // namespace understory::people
