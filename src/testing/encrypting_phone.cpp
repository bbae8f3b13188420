#include "testing/encrypting_phone.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <stdexcept>

#include "vault/base64.h"
#include "vault/md5.h"

namespace understory::testing_support {

namespace {

unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* bytes(const std::string& text) { return reinterpret_cast<const unsigned char*>(text.data()); }

void must(bool done, const char* what) {
  if (!done) throw std::runtime_error(what);
}

std::string md5(const std::string& text) {
  std::string made(16, '\0');
  must(EVP_Digest(text.data(), text.size(), bytes(made), nullptr, EVP_md5(), nullptr) == 1, "MD5");
  return made;
}

}  // namespace

std::string encrypt_file(const std::string& key, const std::string& instance_id, int position, std::string plain) {
  std::string vector = md5(instance_id + key);
  for (int counter = 0; counter <= position; ++counter) ++vector[static_cast<std::size_t>(counter % 16)];
  const std::size_t padding = 16 - plain.size() % 16;
  plain.append(padding, static_cast<char>(padding));
  std::string made(plain.size(), '\0');
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  int size = 0;
  must(EVP_EncryptInit_ex(context, EVP_aes_256_cfb128(), nullptr, bytes(key), bytes(vector)) == 1 &&
           EVP_EncryptUpdate(context, bytes(made), &size, bytes(plain), static_cast<int>(plain.size())) == 1 &&
           size == static_cast<int>(plain.size()),
       "AES");
  EVP_CIPHER_CTX_free(context);
  return made;
}

std::string encrypt_key(const std::string& public_key, const std::string& key, Oaep oaep) {
  const std::string der = vault::from_base64(public_key).value();
  const unsigned char* at = bytes(der);
  EVP_PKEY* rsa = d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size()));
  must(rsa != nullptr, "public key");
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new(rsa, nullptr);
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(rsa));
  std::string made(size, '\0');
  must(EVP_PKEY_encrypt_init(context) == 1 && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_oaep_md(context, oaep == Oaep::kSha1 ? EVP_sha1() : EVP_sha256()) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(context, oaep == Oaep::kSha256 ? EVP_sha256() : EVP_sha1()) == 1 &&
           EVP_PKEY_encrypt(context, bytes(made), &size, bytes(key), key.size()) == 1,
       "RSA");
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(rsa);
  return made;
}

EncryptedSubmission encrypt_as_phones_do(const FilledIn& filled_in) {
  std::string key(32, '\0');
  must(RAND_bytes(bytes(key), 32) == 1, "random bytes");
  const std::string key_text = vault::to_base64(encrypt_key(filled_in.public_key, key, filled_in.oaep));

  EncryptedSubmission made;
  std::string covered = filled_in.form_id + "\n";
  if (!filled_in.version.empty()) covered += filled_in.version + "\n";
  covered += key_text + "\n" + filled_in.instance_id + "\n";
  std::string media;
  int position = 0;
  const auto add = [&](const std::string& name, const std::string& content) {
    made.files.emplace_back(name + ".enc", encrypt_file(key, filled_in.instance_id, position++, content));
    covered += name + "::" + vault::md5_hex(content) + "\n";
  };
  for (const auto& [name, content] : filled_in.media) {
    add(name, content);
    media += "<media><file>" + name + ".enc</file></media>";
  }
  add("submission.xml", filled_in.xml);
  const std::string signature = vault::to_base64(encrypt_key(filled_in.public_key, md5(covered), filled_in.oaep));
  made.manifest = "<data xmlns=\"http://opendatakit.org/submissions\" id=\"" + filled_in.form_id + "\" version=\"" +
                  filled_in.version + "\" encrypted=\"yes\"><base64EncryptedKey>" + key_text +
                  "</base64EncryptedKey><meta xmlns=\"http://openrosa.org/xforms\"><instanceID>" +
                  filled_in.instance_id + "</instanceID></meta>" + media +
                  "<encryptedXmlFile>submission.xml.enc</encryptedXmlFile><base64EncryptedElementSignature>" +
                  signature + "</base64EncryptedElementSignature></data>";
  return made;
}

}  // namespace understory::testing_support
