// The form of an entry, of an export, and their proof. No SQL.
#include "people/audit.h"

#include <boost/json.hpp>

#include "foundation/json_writer.h"
#include "foundation/text.h"
#include "people/audit_form.h"
#include "vault/vault.h"

namespace understory::people {

namespace json = boost::json;

namespace {

constexpr std::string_view kFormat = "understory audit 1";

std::string signed_text(std::string_view workspace, std::int64_t number, std::string_view hash) {
  return fmt::format("{} {} {} {}", kFormat, workspace, number, vault::hex(hash));
}

std::string heading(std::string_view workspace) {
  JsonWriter out;
  out.object().member("format", kFormat).member("workspace", workspace).end_object();
  return out.text();
}

std::string footing(const AuditHead& head) {
  JsonWriter out;
  out.object()
      .member("head", head.number)
      .member("hash", vault::hex(head.hash))
      .member("signature", vault::hex(head.signature))
      .end_object();
  return out.text();
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->as_string()) : "";
}

std::optional<json::object> object_in(std::string_view line) {
  json::error_code error;
  json::value value = json::parse(line, error);
  if (error || !value.is_object()) return std::nullopt;
  return value.as_object();
}

}  // namespace

Result<vault::SigningKey> audit_key(const storage::Workspace& workspace) {
  const std::filesystem::path path = workspace.folder() / "audit.key";
  if (std::filesystem::exists(path)) return vault::SigningKey::load(path);
  auto made = vault::SigningKey::create(path);
  // Another server was first.
  if (!made && made.error().is(problems::kAlreadyExists)) return vault::SigningKey::load(path);
  return made;
}

Result<void> check_audit_key(storage::Workspace& workspace) {
  storage::Transaction transaction = workspace.read();
  const AuditHead head = audit_head(transaction);
  const std::filesystem::path path = workspace.folder() / "audit.key";
  if (head.number == 0) return {};
  if (!std::filesystem::exists(path)) return fail(problems::kWrongKey, {{"where", path.string() + " (missing)"}});
  const auto key = TRY(vault::SigningKey::load(path));
  if (!vault::signed_by(key.public_key(), signed_text(Id{workspace.id()}.text(), head.number, head.hash),
                        head.signature))
    return fail(problems::kWrongKey, {{"where", path.string()}});
  return {};
}

std::string entry_line(const AuditEntry& entry, std::string_view previous) {
  const auto id = [](Id each) { return each ? each.text() : std::string(); };
  JsonWriter out;
  out.object()
      .member("number", entry.number)
      .member("at", entry.at)
      .member("account", id(entry.deed.account))
      .member("action", entry.deed.action)
      .member("route", entry.deed.route)
      .member("kind", entry.deed.kind)
      .member("record", id(entry.deed.record))
      .member("outcome", entry.deed.outcome)
      .member("reason", entry.deed.reason)
      .member("previous", vault::hex(previous))
      .end_object();
  return out.text();
}

std::optional<AuditEntry> read_entry(std::string_view line) {
  const auto object = object_in(line);
  if (!object) return std::nullopt;
  AuditEntry entry;
  const json::value* number = object->if_contains("number");
  if (!number || !number->is_int64()) return std::nullopt;
  entry.number = number->as_int64();
  entry.at = text_of(*object, "at");
  entry.deed = {Id::parse(text_of(*object, "account")).value_or(Id{}),
                text_of(*object, "action"),
                text_of(*object, "route"),
                text_of(*object, "kind"),
                Id::parse(text_of(*object, "record")).value_or(Id{}),
                text_of(*object, "outcome"),
                text_of(*object, "reason")};
  return entry;
}

std::string head_signature(const vault::SigningKey& key, std::int64_t workspace, const AuditHead& head) {
  return key.sign(signed_text(Id{workspace}.text(), head.number, head.hash));
}

std::string first_hash() { return std::string(32, '\0'); }
std::string entry_hash(std::string_view line) { return vault::sha256(line); }

AuditChain::AuditChain(std::string file) : file_(std::move(file)), hash_(first_hash()) {}

Result<void> AuditChain::add(std::string_view line, std::int64_t at_line) {
  const auto entry = read_entry(line);
  // Written again it must be the same bytes: an entry has one form.
  if (!entry || entry->number != entries_ + 1 || entry_line(*entry, hash_) != line)
    return fail(
        problems::kLogChanged,
        {{"what", file_}, {"reason", fmt::format("line {} is not entry {} as it was written", at_line, entries_ + 1)}});
  hash_ = entry_hash(line);
  ++entries_;
  return {};
}

Result<AuditProof> AuditChain::close(const AuditHead& head, std::string_view workspace,
                                     std::string_view public_key) const {
  const auto bad = [&](std::string_view reason) {
    return fail(problems::kLogChanged, {{"what", file_}, {"reason", std::string(reason)}});
  };
  if (head.number != entries_ || head.hash != hash_) return bad("entries are missing at its end, or were added");
  if (!vault::signed_by(public_key, signed_text(workspace, head.number, head.hash), head.signature))
    return bad("its head was not signed with this key");
  return AuditProof{entries_, fmt::format("{}:{}", entries_, vault::hex(hash_))};
}

void export_lines(std::int64_t workspace, const AuditHead& head,
                  const std::function<void(const std::function<void(std::string_view)>&)>& entries,
                  const std::function<void(std::string_view)>& out) {
  out(heading(Id{workspace}.text()));
  entries(out);
  out(footing(head));
}

Result<AuditProof> verify_audit(std::string_view text, std::string_view public_key, std::string_view known_head,
                                const std::string& file) {
  const auto bad = [&](std::string reason) {
    return fail(problems::kLogChanged, {{"what", file}, {"reason", std::move(reason)}});
  };
  if (text.empty() || text.back() != '\n') return bad("it does not end with a whole line");
  std::vector<std::string_view> lines = split(text.substr(0, text.size() - 1), '\n');
  if (lines.size() < 2) return bad("it has no heading or no head");
  const auto top = object_in(lines.front()), bottom = object_in(lines.back());
  const std::string workspace = top ? text_of(*top, "workspace") : "";
  if (!top || heading(workspace) != lines.front()) return bad("its heading is not one of an audit log");
  if (!bottom || !bottom->contains("head") || !bottom->at("head").is_int64()) return bad("its head is missing");
  AuditHead head;
  head.number = bottom->at("head").as_int64();
  head.hash = vault::from_hex(text_of(*bottom, "hash")).value_or("");
  head.signature = vault::from_hex(text_of(*bottom, "signature")).value_or("");
  if (footing(head) != lines.back()) return bad("its head is not as it was written");
  AuditChain chain(file);
  bool met = known_head.empty();
  for (std::size_t i = 1; i + 1 < lines.size(); ++i) {
    TRY(chain.add(lines[i], static_cast<std::int64_t>(i) + 1));
    met = met || chain.head() == known_head;
  }
  AuditProof proof = TRY(chain.close(head, workspace, public_key));
  if (!met) return bad("the head that was kept elsewhere is not in it: the log was cut back or written anew");
  return proof;
}

}  // namespace understory::people
