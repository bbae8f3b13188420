#include "vault/submission_crypto.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>
#include <stdexcept>

#include "vault/base64.h"
#include "vault/digest.h"

namespace understory::vault {

namespace {

constexpr int kBits = 2048;
constexpr std::size_t kBlock = 16;

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free>;
using Bio = std::unique_ptr<BIO, Free>;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::optional<std::string> decrypt_by(EVP_PKEY* key, std::string_view encrypted, const EVP_MD* hash,
                                      const EVP_MD* mask) {
  const KeyContext context(EVP_PKEY_CTX_new(key, nullptr));
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key));
  std::string plain(size, '\0');
  if (!context || EVP_PKEY_decrypt_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) != 1 ||
      EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), hash) != 1 ||
      EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), mask) != 1 ||
      EVP_PKEY_decrypt(context.get(), bytes(plain), &size, bytes(encrypted), encrypted.size()) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  plain.resize(size);
  return plain;
}

}  // namespace

struct SubmissionKey::State {
  Key key;
};

SubmissionKey SubmissionKey::make() {
  Key key(EVP_RSA_gen(kBits));
  if (!key) throw std::runtime_error("OpenSSL made no RSA key");
  return SubmissionKey(std::make_shared<const State>(State{std::move(key)}));
}

Result<SubmissionKey> SubmissionKey::from_pem(std::string_view pem) {
  const auto refused = [](const char* hint) -> Result<SubmissionKey> {
    ERR_clear_error();
    return fail(problems::kInvalidValue,
                {{"where", "The private key"}, {"value", "…"}, {"what", "RSA key in PEM"}, {"hint", hint}});
  };
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(std::min<std::size_t>(pem.size(), 1 << 20))));
  // Without this OpenSSL would ask for a password at the terminal.
  const auto no_password = [](char*, int, int, void*) { return -1; };
  Key key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr) : nullptr);
  if (!key)
    return refused(
        "It begins with “-----BEGIN PRIVATE KEY-----” or “-----BEGIN RSA PRIVATE KEY-----” and has no password.");
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key.get()) < 1024 ||
      EVP_PKEY_get_bits(key.get()) > 16384)
    return refused("Give the one that belongs to the form's base64RsaPublicKey.");
  return SubmissionKey(std::make_shared<const State>(State{std::move(key)}));
}

std::string SubmissionKey::public_key() const {
  unsigned char* made = nullptr;
  const int size = i2d_PUBKEY(state_->key.get(), &made);
  if (size <= 0) throw std::runtime_error("OpenSSL gave no public key");
  std::string text = to_base64({reinterpret_cast<const char*>(made), static_cast<std::size_t>(size)});
  OPENSSL_free(made);
  return text;
}

std::string SubmissionKey::pem() const {
  const Bio bio(BIO_new(BIO_s_secmem()));
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), state_->key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    throw std::runtime_error("OpenSSL gave no private key");
  char* written = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &written);
  return {written, static_cast<std::size_t>(size)};
}

std::optional<std::string> SubmissionKey::decrypt(std::string_view encrypted) const {
  EVP_PKEY* key = state_->key.get();
  if (encrypted.size() != static_cast<std::size_t>(EVP_PKEY_get_size(key))) return std::nullopt;
  const std::array<std::pair<const EVP_MD*, const EVP_MD*>, 3> ways{
      {{EVP_sha256(), EVP_sha256()}, {EVP_sha256(), EVP_sha1()}, {EVP_sha1(), EVP_sha1()}}};
  for (const auto& [hash, mask] : ways)
    if (auto plain = decrypt_by(key, encrypted, hash, mask)) return plain;
  return std::nullopt;
}

std::optional<Secret> SubmissionKey::unwrap(std::string_view encrypted) const {
  auto plain = decrypt(encrypted);
  if (!plain || plain->size() != Secret::kSize) return std::nullopt;
  Secret key = Secret::from(*plain);
  wipe(*plain);
  return key;
}

struct SubmissionFile::State {
  std::unique_ptr<EVP_CIPHER_CTX, Free> context;
  std::string held;  // opened, and perhaps padding
  std::uint64_t size = 0;
};

SubmissionFile::SubmissionFile(const Secret& key, std::string_view instance_id, std::size_t position, Out out)
    : state_(std::make_unique<State>()), out_(std::move(out)) {
  std::string seed(instance_id);
  seed += key.view();
  std::string start = digest(DigestKind::kMd5, seed);
  wipe(seed);
  // Before each file one byte more is counted up, the first again after the last.
  for (std::size_t i = 0; i < kBlock; ++i)
    start[i] = static_cast<char>(static_cast<unsigned char>(start[i]) + (position + kBlock - i) / kBlock);
  state_->context.reset(EVP_CIPHER_CTX_new());
  if (!state_->context || EVP_DecryptInit_ex(state_->context.get(), EVP_aes_256_cfb128(), nullptr, key.data(),
                                             bytes(std::string_view(start))) != 1)
    throw std::runtime_error("no AES here");
}

SubmissionFile::~SubmissionFile() {
  if (state_) wipe(state_->held);
}

void SubmissionFile::write(std::string_view encrypted) {
  constexpr std::size_t kPiece = 256 * 1024;
  while (!encrypted.empty()) {
    const std::string_view piece = encrypted.substr(0, kPiece);
    encrypted.remove_prefix(piece.size());
    const std::size_t before = state_->held.size();
    state_->held.resize(before + piece.size());
    int made = 0;
    if (EVP_DecryptUpdate(state_->context.get(), bytes(state_->held) + before, &made, bytes(piece),
                          static_cast<int>(piece.size())) != 1)
      throw std::runtime_error("AES failed");
    state_->held.resize(before + static_cast<std::size_t>(made));
    state_->size += piece.size();
    if (state_->held.size() <= kBlock) continue;
    const std::size_t sure = state_->held.size() - kBlock;
    out_(std::string_view(state_->held).substr(0, sure));
    state_->held.erase(0, sure);
  }
}

Result<void> SubmissionFile::finish() {
  const std::string& last = state_->held;
  const std::size_t padding = last.size() == kBlock ? static_cast<unsigned char>(last.back()) : 0;
  if (state_->size % kBlock != 0 || padding == 0 || padding > kBlock ||
      last.find_first_not_of(static_cast<char>(padding), kBlock - padding) != std::string::npos)
    return fail(problems::kDamaged,
                {{"what", "An encrypted file"}, {"reason", "it is cut short, or encrypted under another key"}});
  if (padding < kBlock) out_(std::string_view(last).substr(0, kBlock - padding));
  return {};
}

void wipe(std::string& text) {
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

}  // namespace understory::vault
