// An exported log from somebody who would like it to say something else: its lines one by one, and as a whole. No text
// but the one that was signed is ever taken for it; and what is read of an entry is what is written of it.
#include "foundation/file.h"
#include "fuzz.h"
#include "people/audit_form.h"

using namespace understory;
using namespace understory::people;

namespace {

constexpr std::int64_t kWorkspace = 1234567;

struct Log {
  std::string text, public_key;
};

AuditEntry entry(std::int64_t number, Deed deed) { return {number, "2026-11-24T08:16Z", std::move(deed)}; }

// The same bytes in every run: kept inputs stay of use.
Log signed_log() {
  const TemporaryFolder folder;
  const auto path = folder.path() / "audit.key";
  if (!write_file(path, "understory-signing-key-1 " + std::string(64, '5') + "\n", 0600)) __builtin_trap();
  const auto key = vault::SigningKey::load(path);
  if (!key) __builtin_trap();
  const std::vector<AuditEntry> entries = {
      entry(1, {Id{7}, "sign_in", "POST /sign-in", "account", Id{7}, "done", ""}),
      entry(2, {Id{7}, "read_stories", "GET /sources/{source}", "source", Id{9}, "denied", "no \"key\" \\ ខ្មែរ"}),
      entry(3, {Id{}, "erase", "cli erase", "source", Id{9}, "done", "asked to be forgotten"})};
  std::vector<std::string> lines;
  AuditHead head{0, first_hash(), ""};
  for (const AuditEntry& each : entries) {
    lines.push_back(entry_line(each, head.hash));
    head = {each.number, entry_hash(lines.back()), ""};
  }
  head.signature = head_signature(*key, kWorkspace, head);
  Log log{"", key->public_key()};
  const auto out = [&](std::string_view line) { log.text.append(line).push_back('\n'); };
  export_lines(
      kWorkspace, head,
      [&](const std::function<void(std::string_view)>& take) {
        for (const std::string& line : lines) take(line);
      },
      out);
  return log;
}

const Log& the_log() {
  static const Log log = signed_log();
  return log;
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds{the_log().text};
  for (std::size_t start = 0, end; (end = the_log().text.find('\n', start)) != std::string::npos; start = end + 1)
    seeds.push_back(the_log().text.substr(start, end - start));
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const bool genuine = text == the_log().text;
  if (verify_audit(text, the_log().public_key, "", "log").has_value() != genuine) __builtin_trap();
  if (const auto read = read_entry(text)) {
    const std::string line = entry_line(*read, first_hash());
    const auto again = read_entry(line);
    if (!again || entry_line(*again, first_hash()) != line) __builtin_trap();
  }
  return 0;
}
