// The log: whole, signed, and every change of it found; on both engines.
#include <chrono>

#include "people/audit.h"
#include "people/audit_form.h"
#include "testing/people.h"

namespace understory::people {

class Audit : public People {
 protected:
  void SetUp() override {
    People::SetUp();
    if (IsSkipped()) return;
    key_ = std::make_unique<vault::SigningKey>(std::move(*vault::SigningKey::create(keys_.path() / "audit.key")));
  }
  void write(int entries) {
    Transaction transaction = workspace().write();
    for (int i = 0; i < entries; ++i)
      record(transaction, *key_,
             {Id{100 + i % 7}, i % 3 ? "read_source" : "sign_in", "/studies/{study}/sources/{source}", "source",
              Id{1000 + i % 5}, i % 4 ? "done" : "denied", i % 4 ? "researcher" : "“no role” may\nread"});
    transaction.commit();
  }
  std::string exported() {
    std::string text;
    Transaction transaction = workspace().read();
    export_audit(transaction, [&](std::string_view line) { text += std::string(line) + "\n"; });
    return text;
  }
  TemporaryFolder keys_;
  std::unique_ptr<vault::SigningKey> key_;
};
INSTANTIATE_TEST_SUITE_P(Engines, Audit, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(Audit, IsProvenWithTheExportAndThePublicKeyAlone) {
  write(40);
  const auto proof = verify_audit(exported(), key_->public_key(), "", "log");
  ASSERT_TRUE(proof) << proof.error().sentence();
  EXPECT_EQ(proof->entries, 40);
  {
    Transaction transaction = workspace().read();
    EXPECT_EQ(verify_audit(transaction, key_->public_key())->head, proof->head);
    EXPECT_EQ(audit_entries(transaction, Id{1002}, {}, 0, 100).size(), 8u);
    EXPECT_EQ(audit_entries(transaction, {}, Id{101}, 0, 100).size(), 6u);
    EXPECT_EQ(audit_entries(transaction, {}, {}, 11, 5).front().number, 10);
    for (const AuditEntry& entry : audit_entries(transaction, Id{1002}, Id{101}, 0, 100)) {
      EXPECT_EQ(entry.deed.record, Id{1002});
      EXPECT_EQ(entry.deed.account, Id{101});
    }
    EXPECT_EQ(audit_entries(transaction, Id{1002}, Id{101}, 0, 100).size(), 1u);
  }
  // The log goes on: the older head is still in it.
  write(5);
  EXPECT_TRUE(verify_audit(exported(), key_->public_key(), proof->head, "log"));
  TemporaryFolder other;
  const auto stranger = vault::SigningKey::create(other.path() / "k");
  EXPECT_FALSE(verify_audit(exported(), stranger->public_key(), "", "log"));
}

TEST_P(Audit, EveryMutationIsFound) {
  write(60);
  const std::string before = exported();
  write(40);
  const std::string text = exported(), head = verify_audit(text, key_->public_key(), "", "log")->head;
  // Cut back to what was true and signed earlier: only a head kept elsewhere tells.
  EXPECT_TRUE(verify_audit(before, key_->public_key(), "", "log"));
  EXPECT_FALSE(verify_audit(before, key_->public_key(), head, "log"));
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at + 1));
    at = end + 1;
  }
  const std::string known = head.substr(head.find(':') + 1);
  std::uint64_t state = 20261124;
  const auto below = [&](std::size_t bound) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<std::size_t>((state >> 33) % bound);
  };
  const int rounds = testing_support::drill(1'000, 10'000);
  int missed = 0;
  for (int round = 0; round < rounds; ++round) {
    std::string bent;
    auto changed = lines;
    const int kind = round % 6;
    switch (kind) {
      case 0:  // a flipped bit
        bent = text;
        bent[below(bent.size())] ^= static_cast<char>(1 << below(8));
        break;
      case 1:  // a dropped line
        changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(below(changed.size())));
        break;
      case 2: {  // two lines swapped
        const std::size_t a = below(changed.size()), b = (a + 1 + below(changed.size() - 1)) % changed.size();
        std::swap(changed[a], changed[b]);
        break;
      }
      case 3:  // cut off anywhere
        bent = text.substr(0, below(text.size()));
        break;
      case 5: {  // an entry changed, and every hash after it made anew; only the signature cannot be
        const std::size_t at = 1 + below(100);
        std::string previous = first_hash();
        for (std::size_t i = 1; i <= 100; ++i) {
          auto entry = read_entry(std::string_view(changed[i]).substr(0, changed[i].size() - 1));
          ASSERT_TRUE(entry) << changed[i];
          if (i == at) entry->deed.outcome = entry->deed.outcome == "done" ? "denied" : "done";
          const std::string line = entry_line(*entry, previous);
          previous = entry_hash(line);
          changed[i] = line + "\n";
        }
        std::string& last = changed.back();
        const std::size_t hash = last.find(known);
        ASSERT_NE(hash, std::string::npos) << last;
        last.replace(hash, known.size(), vault::hex(previous));
        break;
      }
      case 4: {  // a line put in again
        const std::size_t from = below(changed.size());
        changed.insert(changed.begin() + static_cast<std::ptrdiff_t>(below(changed.size() + 1)), changed[from]);
        break;
      }
    }
    if (kind != 0 && kind != 3)
      for (const std::string& line : changed) bent += line;
    if (bent == text) continue;
    // With every hash in order, a head kept elsewhere is not what tells.
    missed += kind == 5 && verify_audit(bent, key_->public_key(), "", "log").has_value();
    missed += verify_audit(bent, key_->public_key(), head, "log").has_value();
  }
  EXPECT_EQ(missed, 0);
}

}  // namespace understory::people
