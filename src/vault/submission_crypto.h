// How phones encrypt what is filled in by an encrypted form (https://getodk.github.io/xforms-spec/encryption): a key
// for each submission (AES-256), encrypted towards the form's RSA key, and each of its files under that key (CFB,
// padded as PKCS #7), the media first and the XML last. Only opening is here: we send nothing of the kind.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "foundation/result.h"
#include "vault/secret.h"

namespace understory::vault {

// The private key of an encrypted form. Thread-safe: immutable after construction.
class SubmissionKey {
 public:
  static SubmissionKey make();  // RSA, 2,048 bits: 0.1 to 1 s
  // kInvalidValue: no RSA private key in PEM, or one under a password.
  static Result<SubmissionKey> from_pem(std::string_view pem);

  std::string public_key() const;  // as forms have it: base64 of SubjectPublicKeyInfo (DER)
  std::string pem() const;         // PKCS #8, not under a password: to be sealed and wiped at once

  // What was encrypted towards the public key by OAEP: with SHA-256 and MGF1 of SHA-256, as ODK's clients do, else MGF1
  // of SHA-1 (what Java reads into the same name), else SHA-1 for both. Nothing: not towards this key, or damaged.
  std::optional<std::string> decrypt(std::string_view encrypted) const;
  // The same for the key of a submission, 32 bytes.
  std::optional<Secret> unwrap(std::string_view encrypted) const;

 private:
  struct State;
  explicit SubmissionKey(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

// Opens one file of a submission as it comes, piece by piece; holds back 16 bytes. What was handed out is not vouched
// for: nothing in this format is, but by the submission's signature.
class SubmissionFile {
 public:
  using Out = std::function<void(std::string_view piece)>;
  // `position`: which file of the submission it is, in the order they were encrypted, from 0.
  SubmissionFile(const Secret& key, std::string_view instance_id, std::size_t position, Out out);
  ~SubmissionFile();
  void write(std::string_view encrypted);
  Result<void> finish();  // once; kDamaged: it is cut short, or under another key

 private:
  struct State;
  std::unique_ptr<State> state_;
  Out out_;
};

// For what held a key.
void wipe(std::string& text);

}  // namespace understory::vault
