// Encrypted forms (https://getodk.github.io/xforms-spec/encryption): the phone encrypts what was filled in as soon as
// it is finished, towards the form's public key. What arrives is an envelope that names its files, the answers among
// them.
//
// Either the workspace has the key pair (a form published “encrypted”): the private key lies sealed like a story and
// opens with stories. Or the form brought a public key of its own: then somebody gives the private key for one reading,
// and it is never written down.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collect/record.h"
#include "collect/submissions.h"
#include "storage/workspace.h"
#include "vault/submission_crypto.h"

namespace understory::collect {

// The same form for phones that encrypt: with this public key in its <submission>, and "[encrypted:…]" behind its
// version, so that phones which hold the plain one fetch it anew. Everything else stays byte for byte; a form that has
// just this key comes back unchanged. kBadForm: it is encrypted towards another key already, or is not UTF-8.
Result<std::string> with_public_key(std::string_view xml, const std::string& file, std::string_view public_key);

// The public key of a form that is published encrypted: made with its first version, the same for all that follow. The
// private key is sealed at once; stories may be locked.
std::string managed_public_key(storage::Transaction& transaction, std::string_view form_id, Id account);

// Base64 as forms carry it in any layout → without white space; "" where it is none.
std::string plain_key(std::string_view public_key);

// An envelope's files in the order they were encrypted: the media, then the XML.
std::vector<std::string> files_of(const Envelope& envelope);
// "photo.jpg.enc" → "photo.jpg".
std::string name_inside(std::string_view name);
// The text an envelope's signature is the MD5 of, where these are the MD5s of its files (name_inside(), hexadecimal).
std::string signed_text(const Envelope& envelope, const std::vector<std::pair<std::string, std::string>>& files,
                        bool with_version);

// What is inside one encrypted instance.
struct Decrypted {
  std::string xml;
  Signature signature = Signature::kNone;
};

// Opens encrypted instances for one reading; keys are asked for once each. Stories must be unlocked, or it throws as
// Transaction::open() does. Not longer than the transaction; any thread, one at a time.
class Decrypter {
 public:
  // `brought`: for forms whose key is not ours.
  explicit Decrypter(storage::Transaction& transaction, std::shared_ptr<const vault::SubmissionKey> brought = nullptr)
      : transaction_(transaction), brought_(std::move(brought)) {}

  // Nothing: no key for it is at hand, its XML has not arrived, or that is damaged or no filled-in form. `media`: they
  // are opened too where the signature covers some; else it is kUnchecked then.
  std::optional<Decrypted> open(Id instance, const Envelope& envelope, bool media);
  // One of its files. kNotFound: no key for it is at hand; kDamaged, after pieces were handed out perhaps.
  Result<void> read_file(const Envelope& envelope, std::size_t position, Id blob,
                         const std::function<void(std::string_view piece)>& reader);

 private:
  struct File {
    std::string name;
    Id blob;
  };
  std::vector<File> files_here(Id instance);
  std::shared_ptr<const vault::SubmissionKey> form_key(const Envelope& envelope);
  std::shared_ptr<const vault::SubmissionKey> managed_key(const std::string& public_key);
  Result<void> read_file(const vault::Secret& key, const Envelope& envelope, std::size_t position, Id blob,
                         const std::function<void(std::string_view piece)>& reader);
  Signature check(const vault::SubmissionKey& form_key, const vault::Secret& key, const Envelope& envelope,
                  const std::vector<File>& here, const std::string& xml, bool media);

  storage::Transaction& transaction_;
  std::shared_ptr<const vault::SubmissionKey> brought_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const vault::SubmissionKey>> keys_;  // id and version
};

// The envelope in an instance's XML, if it is one of an encrypted submission.
std::optional<Envelope> encrypted_envelope(std::string_view xml);

}  // namespace understory::collect
