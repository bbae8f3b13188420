#include "collect/encrypted.h"
#include "collect/forms.h"
#include "foundation/text.h"
#include "storage/blobs.h"
#include "storage/reseal.h"
#include "vault/base64.h"
#include "vault/digest.h"
#include "vault/md5.h"

namespace understory::collect {

using storage::DatabaseError;
using storage::Parameter;
using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

constexpr std::size_t kXmlLimit = std::size_t{64} << 20;  // a filled-in form; what is longer is none

const Query kKeyOfForm{"collect.public_key_of_form",
                       "select public_key from form_key where workspace_id = ? and form_id = ?"};
const Query kAddKey{"collect.add_form_key",
                    "insert into form_key (workspace_id, id, form_id, public_key, private_key, account_id, made_at) "
                    "values (?, ?, ?, ?, ?, ?, ?)"};
const Query kPrivateKey{"collect.private_key",
                        "select form_key.id, form_key.private_key, data_key.wrapped from form_key left join data_key "
                        "on data_key.workspace_id = form_key.workspace_id and data_key.id = form_key.id where "
                        "form_key.workspace_id = ? and form_key.public_key = ?"};
const Query kPublicKeys{"collect.public_key_of_version",
                        "select form_version.public_key from form join form_version on form_version.workspace_id = "
                        "form.workspace_id and form_version.form_row_id = form.id where form.workspace_id = ? and "
                        "form.form_id = ? and form_version.version = ? and form_version.state = 'published'"};
const Query kFilesHere{"collect.encrypted_files",
                       "select submission_attachment.id, submission_attachment.name, data_key.wrapped, "
                       "submission_attachment.blob_id from submission_attachment left join data_key on "
                       "data_key.workspace_id = submission_attachment.workspace_id and data_key.id = "
                       "submission_attachment.id where submission_attachment.workspace_id = ? and "
                       "submission_attachment.instance_row_id = ? and submission_attachment.blob_id is not null order "
                       "by submission_attachment.id"};

const storage::SealedColumn kSealedKeys{"form_key", "private_key"};

struct TooLong {};

}  // namespace

std::string managed_public_key(Transaction& transaction, std::string_view form_id, Id account) {
  auto held =
      transaction.one(kKeyOfForm, {transaction.workspace(), form_id}, [](const Row& row) { return row.string(0); });
  if (held) return std::move(*held);
  const auto key = vault::SubmissionKey::make();
  const Id id = Id::make();
  std::string pem = key.pem();
  const std::string sealed = transaction.seal(id, "form_key", "private_key", id, pem);
  vault::wipe(pem);
  std::string public_key = key.public_key();
  transaction.run(kAddKey, {transaction.workspace(), id, form_id, public_key, Parameter::blob(sealed), account, now()});
  return public_key;
}

std::shared_ptr<const vault::SubmissionKey> Decrypter::managed_key(const std::string& public_key) {
  std::shared_ptr<const vault::SubmissionKey> key;
  transaction_.each(kPrivateKey, {transaction_.workspace(), public_key}, [&](const Row& row) {
    try {
      auto pem = transaction_.try_open({"form_key", "private_key", row.id(0)}, row.blob(1), row.blob(2));
      if (!pem) return;
      auto read = vault::SubmissionKey::from_pem(*pem);
      vault::wipe(*pem);
      if (read) key = std::make_shared<const vault::SubmissionKey>(std::move(*read));
    } catch (const DatabaseError& error) {
      // Its data key was destroyed: what was encrypted towards it is gone for good, and nothing else.
      if (error.kind() != DatabaseError::Kind::kCorrupt) throw;
    }
  });
  return key;
}

std::shared_ptr<const vault::SubmissionKey> Decrypter::form_key(const Envelope& envelope) {
  const auto [at, is_new] = keys_.try_emplace({envelope.form_id, envelope.version});
  if (!is_new) return at->second;
  std::string public_key;
  transaction_.each(kPublicKeys, {transaction_.workspace(), envelope.form_id, envelope.version},
                    [&](const Row& row) { public_key = plain_key(row.text(0)); });
  if (brought_ && brought_->public_key() == public_key)
    at->second = brought_;
  else if (!public_key.empty())
    at->second = managed_key(public_key);
  // The version may be another one than the phone had in its hands; what is not meant for this key does not open.
  if (!at->second) at->second = brought_;
  return at->second;
}

std::vector<Decrypter::File> Decrypter::files_here(Id instance) {
  std::vector<File> files;
  transaction_.each(kFilesHere, {transaction_.workspace(), instance}, [&](const Row& row) {
    auto name = transaction_.try_open({"submission_attachment", "name", row.id(0)}, row.blob(1), row.blob(2));
    if (name) files.push_back({std::move(*name), row.id(3)});
  });
  return files;
}

Result<void> Decrypter::read_file(const vault::Secret& key, const Envelope& envelope, std::size_t position, Id blob,
                                  const std::function<void(std::string_view)>& reader) {
  vault::SubmissionFile file(key, envelope.instance_id, position, reader);
  TRY(storage::read_blob(transaction_, blob, [&](std::string_view piece) { file.write(piece); }));
  return file.finish();
}

Result<void> Decrypter::read_file(const Envelope& envelope, std::size_t position, Id blob,
                                  const std::function<void(std::string_view)>& reader) {
  const auto wrapped = vault::from_base64(envelope.encrypted_key);
  const auto key = form_key(envelope);
  const auto own = key && wrapped ? key->unwrap(*wrapped) : std::nullopt;
  if (!own)
    return fail(problems::kNotFound,
                {{"what", "private key of the form"}, {"name", std::string(shortened(envelope.form_id, 80))}});
  return read_file(*own, envelope, position, blob, reader);
}

std::optional<Decrypted> Decrypter::open(Id instance, const Envelope& envelope, bool media) {
  const auto wrapped = vault::from_base64(envelope.encrypted_key);
  const auto key = form_key(envelope);
  const auto own = key && wrapped ? key->unwrap(*wrapped) : std::nullopt;
  if (!own) return std::nullopt;
  try {
    const std::vector<File> here = files_here(instance);
    // One of that name that does not open may have been cut short on its way, and have come again.
    for (const File& file : here) {
      if (file.name != envelope.encrypted_xml) continue;
      std::string xml;
      const auto read = read_file(*own, envelope, envelope.media.size(), file.blob, [&](std::string_view piece) {
        if (xml.size() + piece.size() > kXmlLimit) throw TooLong{};
        xml += piece;
      });
      if (!read) continue;
      const auto inside = read_envelope(xml);
      if (!inside || inside->encrypted || inside->form_id != envelope.form_id) continue;
      const bool same = inside->instance_id.empty() || inside->instance_id == envelope.instance_id;
      const Signature signature = same ? check(*key, *own, envelope, here, xml, media) : Signature::kWrong;
      return Decrypted{std::move(xml), signature};
    }
  } catch (const TooLong&) {
  } catch (const DatabaseError& error) {
    if (error.kind() != DatabaseError::Kind::kCorrupt) throw;
  }
  return std::nullopt;
}

Signature Decrypter::check(const vault::SubmissionKey& form_key, const vault::Secret& key, const Envelope& envelope,
                           const std::vector<File>& here, const std::string& xml, bool media) {
  if (envelope.signature.empty()) return Signature::kNone;
  if (!envelope.media.empty() && !media) return Signature::kUnchecked;
  const auto encrypted = vault::from_base64(envelope.signature);
  const auto said = encrypted ? form_key.decrypt(*encrypted) : std::nullopt;
  if (!said) return Signature::kWrong;
  std::vector<std::pair<std::string, std::string>> files;
  for (std::size_t position = 0; position < envelope.media.size(); ++position) {
    const std::string& name = envelope.media[position];
    const auto found = std::find_if(here.begin(), here.end(), [&](const File& file) { return file.name == name; });
    if (found == here.end()) return Signature::kUnchecked;
    vault::Md5 md5;
    if (!read_file(key, envelope, position, found->blob, [&](std::string_view piece) { md5.add(piece); }))
      return Signature::kWrong;
    files.emplace_back(name_inside(name), md5.finish_hex());
  }
  files.emplace_back(name_inside(envelope.encrypted_xml), vault::md5_hex(xml));
  for (const bool with_version : {true, false})
    if (vault::digest(vault::DigestKind::kMd5, signed_text(envelope, files, with_version)) == *said)
      return Signature::kRight;
  return Signature::kWrong;
}

}  // namespace understory::collect
