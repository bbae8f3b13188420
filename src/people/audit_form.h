// How an entry is written down and chained. Private to the room; audit.h says why.
#pragma once
#include "people/audit.h"

namespace understory::people {

std::string entry_line(const AuditEntry& entry, std::string_view previous);
std::optional<AuditEntry> read_entry(std::string_view line);
std::string first_hash();  // what the first entry follows: 32 zero bytes
std::string entry_hash(std::string_view line);
std::string head_signature(const vault::SigningKey& key, std::int64_t workspace, const AuditHead& head);

// Takes the entries of a log in order and tells whether they are one chain up to a signed head.
class AuditChain {
 public:
  explicit AuditChain(std::string file);
  Result<void> add(std::string_view line, std::int64_t at_line);
  Result<AuditProof> close(const AuditHead& head, std::string_view workspace, std::string_view public_key) const;
  std::string head() const { return fmt::format("{}:{}", entries_, vault::hex(hash_)); }

 private:
  std::string file_, hash_;
  std::int64_t entries_ = 0;
};

void export_lines(std::int64_t workspace, const AuditHead& head,
                  const std::function<void(const std::function<void(std::string_view)>&)>& entries,
                  const std::function<void(std::string_view)>& out);

}  // namespace understory::people
