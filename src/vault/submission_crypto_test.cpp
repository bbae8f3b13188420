// Encrypted submissions: against what another implementation made (Python's cryptography, over OpenSSL), and against a
// phone written from the specification.
#include "vault/submission_crypto.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "testing/encrypting_phone.h"
#include "vault/signing.h"
#include "vault/vault.h"

namespace understory::vault {
namespace {

using testing_support::Oaep;

constexpr const char* kInstance = "uuid:5b9cf8d1-106f-4004-844f-c072d76762ed";

// One key for all tests here: making one takes its time.
const SubmissionKey& some_key() {
  static const SubmissionKey key = SubmissionKey::make();
  return key;
}

std::string counted_key() {
  std::string key;
  for (char i = 0; i < 32; ++i) key += i;
  return key;
}

std::optional<std::string> opened(const std::string& key, std::size_t position, std::string_view encrypted,
                                  std::size_t step = 1 << 20) {
  std::string plain;
  SubmissionFile file(Secret::from(key), kInstance, position, [&](std::string_view piece) { plain += piece; });
  for (std::size_t at = 0; at < encrypted.size(); at += step) file.write(encrypted.substr(at, step));
  const auto finished = file.finish();
  return finished ? std::optional(plain) : std::nullopt;
}

TEST(SubmissionCrypto, OpensWhatAnotherProgramMade) {
  const std::string key = counted_key();
  EXPECT_EQ(opened(key, 0, *from_hex("9ebf95a6bdd1ad13350505b3ddeba182")), "a photo");
  EXPECT_EQ(opened(key, 1,
                   *from_hex("1b6579053fcb58aedd912297f5bc042155903a838d5c7565a242ac4e15870e96"
                             "f3170f6ca2c432e3de109b1be91f1135")),
            "<data>ភូមិថ្មី</data>");
  // After sixteen files the counting begins at the first byte again.
  EXPECT_EQ(opened(key, 17, *from_hex("dec1f70281475fa0b60d3f0cf60e589a")), "the eighteenth");
}

TEST(SubmissionCrypto, OpensFilesOfEveryLengthInPiecesOfAny) {
  const std::string key(Secret::random().view());
  for (std::size_t size : {0, 1, 15, 16, 17, 31, 32, 33, 1000, 300'000}) {
    std::string plain = size == 0 ? "" : random_bytes(size);
    const std::string encrypted = testing_support::encrypt_file(key, kInstance, 3, plain);
    for (std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{16}, std::size_t{1} << 20}) {
      if (size > 10'000 && step < 16) continue;
      EXPECT_EQ(opened(key, 3, encrypted, step), plain) << size << " in " << step;
    }
  }
}

TEST(SubmissionCrypto, NoticesWhatIsCutShortOrUnderAnotherKey) {
  const std::string key = counted_key();
  const std::string encrypted = testing_support::encrypt_file(key, kInstance, 0, std::string(100, 'x'));
  EXPECT_TRUE(opened(key, 0, encrypted));
  EXPECT_FALSE(opened(key, 0, ""));
  EXPECT_FALSE(opened(key, 0, std::string_view(encrypted).substr(0, 10)));
  EXPECT_FALSE(opened(key, 0, std::string_view(encrypted).substr(0, 96)));
  EXPECT_FALSE(opened(key, 0, std::string_view(encrypted).substr(0, 111)));
  std::string other = key;
  other[5] ^= 1;
  EXPECT_FALSE(opened(other, 0, encrypted));
}

TEST(SubmissionCrypto, UnwrapsKeysInEachReadingOfOaep) {
  const std::string key = counted_key();
  const std::string public_key = some_key().public_key();
  for (const Oaep oaep : {Oaep::kSha256, Oaep::kSha256MaskSha1, Oaep::kSha1}) {
    const std::string wrapped = testing_support::encrypt_key(public_key, key, oaep);
    const auto unwrapped = some_key().unwrap(wrapped);
    ASSERT_TRUE(unwrapped) << static_cast<int>(oaep);
    EXPECT_EQ(unwrapped->view(), key);
    std::string changed = wrapped;
    changed[100] ^= 1;
    EXPECT_FALSE(some_key().unwrap(changed));
    EXPECT_FALSE(some_key().unwrap(wrapped.substr(1)));
  }
  EXPECT_FALSE(some_key().unwrap(""));
  // Sixteen bytes are no key of a submission, and the signature has just those.
  const std::string short_one = testing_support::encrypt_key(public_key, "sixteen bytes it", Oaep::kSha256);
  EXPECT_FALSE(some_key().unwrap(short_one));
  EXPECT_EQ(some_key().decrypt(short_one), "sixteen bytes it");
  EXPECT_FALSE(SubmissionKey::make().decrypt(short_one)) << "another key";
}

TEST(SubmissionCrypto, AKeyGoesThroughPemAndBack) {
  std::string pem = some_key().pem();
  EXPECT_EQ(pem.rfind("-----BEGIN PRIVATE KEY-----\n", 0), 0u);
  const auto again = SubmissionKey::from_pem(pem);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->public_key(), some_key().public_key());
  EXPECT_EQ(again->public_key().rfind("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A", 0), 0u) << "2,048 bits, as ODK has them";
  wipe(pem);
  EXPECT_TRUE(pem.empty());
}

TEST(SubmissionCrypto, RefusesWhatIsNoPrivateKeyAndNeverAsksForAPassword) {
  for (const std::string text : {"", "hello", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}) {
    const auto key = SubmissionKey::from_pem(text);
    ASSERT_FALSE(key);
    EXPECT_TRUE(key.error().is(problems::kInvalidValue));
  }
  const auto written = [](EVP_PKEY* key, const EVP_CIPHER* cipher) {
    BIO* bio = BIO_new(BIO_s_mem());
    char password[] = "secret";
    EXPECT_EQ(
        PEM_write_bio_PKCS8PrivateKey(bio, key, cipher, cipher ? password : nullptr, cipher ? 6 : 0, nullptr, nullptr),
        1);
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio, &text);
    std::string pem(text, static_cast<std::size_t>(size));
    BIO_free(bio);
    EVP_PKEY_free(key);
    return pem;
  };
  EXPECT_FALSE(SubmissionKey::from_pem(written(EVP_RSA_gen(2048), EVP_aes_256_cbc()))) << "under a password";
  EXPECT_FALSE(SubmissionKey::from_pem(written(EVP_EC_gen("P-256"), nullptr))) << "no RSA key";
  EXPECT_FALSE(SubmissionKey::from_pem(written(EVP_RSA_gen(512), nullptr))) << "too short to keep anything";
}

}  // namespace
}  // namespace understory::vault
