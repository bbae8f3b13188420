// What is to be known about encrypted forms and submissions without a database.
#include "collect/encrypted.h"

#include "collect/form_edit.h"
#include "foundation/text.h"
#include "vault/base64.h"
#include "vault/vault.h"

namespace understory::collect {

namespace {

constexpr std::string_view kEnding = ".enc";
constexpr std::size_t kVersionLimit = 249;  // what clients and take_in() hold

tl::unexpected<Problem> refused(const std::string& file, const FormEdit& edit, std::string reason, std::string hint) {
  return fail(problems::kBadForm, {{"file", file},
                                   {"line", std::to_string(edit.document.line_of(edit.root))},
                                   {"reason", std::move(reason)},
                                   {"hint", std::move(hint)}});
}

}  // namespace

std::string plain_key(std::string_view public_key) {
  const auto bytes = vault::from_base64(public_key);
  return bytes ? vault::to_base64(*bytes) : "";
}

Result<std::string> with_public_key(std::string_view xml, const std::string& file, std::string_view public_key) {
  const FormRead read = TRY(read_form(xml, file));
  const FormEdit edit = TRY(FormEdit::open(xml, file, "it is to be encrypted"));
  if (!read.form.public_key.empty()) {
    if (plain_key(read.form.public_key) == plain_key(public_key)) return std::string(xml);
    return refused(file, edit, "it is encrypted already, towards a key that is not this workspace's",
                   "Publish it as it is, or take its base64RsaPublicKey out.");
  }
  const std::string suffix = "[encrypted:" + vault::sha256_hex(public_key).substr(0, 8) + "]";
  if (read.form.version.size() + suffix.size() > kVersionLimit)
    return refused(file, edit, "its version is too long to say in it that it is encrypted", "Shorten the version.");

  std::vector<FormEdit::Insertion> insertions;
  if (!read.form.version.ends_with(suffix)) insertions.push_back(edit.in_attribute(edit.root, "version", suffix));
  if (const pugi::xml_node submission = child_named(edit.model, "submission"))
    insertions.push_back(edit.in_attribute(submission, "base64RsaPublicKey", std::string(public_key)));
  else
    insertions.push_back(edit.inside(edit.model, fmt::format("<{}submission base64RsaPublicKey=\"{}\"/>",
                                                             FormEdit::prefix_of(edit.model), public_key)));
  return edit.with(std::move(insertions));
}

std::vector<std::string> files_of(const Envelope& envelope) {
  std::vector<std::string> names = envelope.media;
  if (!envelope.encrypted_xml.empty()) names.push_back(envelope.encrypted_xml);
  return names;
}

std::string name_inside(std::string_view name) {
  if (name.ends_with(kEnding)) name.remove_suffix(kEnding.size());
  return std::string(name);
}

std::string signed_text(const Envelope& envelope, const std::vector<std::pair<std::string, std::string>>& files,
                        bool with_version) {
  std::string text = envelope.form_id + "\n";
  if (with_version) text += envelope.version + "\n";
  text += envelope.encrypted_key + "\n" + envelope.instance_id + "\n";
  for (const auto& [name, md5] : files) text += name + "::" + md5 + "\n";
  return text;
}

std::optional<Envelope> encrypted_envelope(std::string_view xml) {
  if (xml.find("base64EncryptedKey") == std::string_view::npos) return std::nullopt;
  auto envelope = read_envelope(xml);
  if (!envelope || !envelope->encrypted) return std::nullopt;
  return std::move(*envelope);
}

}  // namespace understory::collect
