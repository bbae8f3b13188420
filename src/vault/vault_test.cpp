#include "vault/vault.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "foundation/file.h"
#include "vault/data_key.h"
#include "vault/digest.h"

namespace understory::vault {

namespace {

Vault made(const TemporaryFolder& folder) { return std::move(*Vault::create(folder.path() / "key")); }
constexpr std::string_view kStory = "គេនាំទៅ – she was taken at night";

}  // namespace

TEST(Vault, ASealedFieldOpensOnlyWhereItWasSealed) {
  TemporaryFolder folder;
  const Vault vault = made(folder);
  const Id row = Id::make(), other = Id::make();
  const std::string sealed = vault.seal({"source", "text", row}, kStory);
  EXPECT_EQ(*vault.open({"source", "text", row}, sealed), kStory);
  EXPECT_FALSE(vault.open({"source", "text", other}, sealed));
  EXPECT_FALSE(vault.open({"source", "name", row}, sealed));
  EXPECT_FALSE(vault.open({"memo", "text", row}, sealed));
  EXPECT_NE(vault.seal({"source", "text", row}, kStory), sealed);
  EXPECT_EQ(sealed.find("night"), std::string::npos);
}

TEST(Vault, EveryChangedByteIsNoticed) {
  TemporaryFolder folder;
  const Vault vault = made(folder);
  const Field field{"source", "text", Id::make()};
  for (const Algorithm algorithm : {Algorithm::kXChaCha20Poly1305, Algorithm::kAes256Gcm}) {
    const std::string sealed = vault.seal(field, "short", algorithm);
    EXPECT_EQ(*vault.open(field, sealed), "short");
    for (std::size_t at = 0; at < sealed.size(); ++at)
      for (const int bit : {1, 4, 5, 16}) {
        std::string changed = sealed;
        changed[at] = static_cast<char>(changed[at] ^ bit);
        EXPECT_FALSE(vault.open(field, changed)) << at;
      }
    for (std::size_t length = 0; length < sealed.size(); ++length)
      EXPECT_FALSE(vault.open(field, std::string_view(sealed).substr(0, length)));
  }
}

TEST(Vault, EitherAlgorithmSealsUnderADataKeyAndNamesIt) {
  const Id number = Id::make(), row = Id::make();
  const DataKey key = DataKey::make(number), other = DataKey::make(Id::make());
  const Field field{"source", "text", row};
  for (const Algorithm algorithm : {Algorithm::kXChaCha20Poly1305, Algorithm::kAes256Gcm})
    for (const std::string& plain : {std::string(kStory), std::string(), std::string(300'000, 'x')}) {
      const std::string sealed = key.seal(field, plain, algorithm);
      EXPECT_EQ(data_key_of(sealed), number);
      EXPECT_EQ(sealed[0], versions_of(algorithm)[1]);
      EXPECT_EQ(*key.open(field, sealed), plain);
      EXPECT_NE(key.seal(field, plain, algorithm), sealed);
      EXPECT_FALSE(other.open(field, sealed));
      EXPECT_FALSE(key.open({"source", "name", row}, sealed));
      std::string disguised = sealed;  // as the other algorithm's
      disguised[0] = sealed[0] == 2 ? 5 : 2;
      EXPECT_FALSE(key.open(field, disguised));
    }
  EXPECT_EQ(algorithm_of("aes-256-gcm"), Algorithm::kAes256Gcm);
  EXPECT_FALSE(algorithm_of("rot13"));
  EXPECT_FALSE(algorithm_of(0));
  EXPECT_FALSE(algorithm_of(3));
}

TEST(Vault, TheKeyIsReadByItsOwnerAlone) {
  TemporaryFolder folder;
  const Vault vault = made(folder);
  struct stat facts {};
  ASSERT_EQ(stat((folder.path() / "key").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
  EXPECT_EQ(Vault::load(folder.path() / "key")->fingerprint(), vault.fingerprint());
  EXPECT_FALSE(Vault::create(folder.path() / "key"));  // never overwritten
  ASSERT_TRUE(write_file(folder.path() / "broken", "abc"));
  EXPECT_FALSE(Vault::load(folder.path() / "broken"));
  EXPECT_FALSE(Vault::load(folder.path() / "absent"));
}

TEST(Vault, BlindIndexesTellEqualTextsAndNothingElse) {
  TemporaryFolder one, two;
  const Vault vault = made(one), other = made(two);
  EXPECT_EQ(vault.blind_index("source.text", kStory), vault.blind_index("source.text", kStory));
  EXPECT_NE(vault.blind_index("source.text", kStory), vault.blind_index("respondent.name", kStory));
  EXPECT_NE(vault.blind_index("source.text", kStory), other.blind_index("source.text", kStory));
}

TEST(Hash, HasThePublishedValue) {  // FIPS 180-4
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, HasThePublishedValues) {  // RFC 1321, FIPS 180-4
  EXPECT_EQ(hexadecimal(digest(DigestKind::kMd5, "message digest")), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(hexadecimal(digest(DigestKind::kSha1, "abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(digest(DigestKind::kSha512, "").size(), 64u);
  EXPECT_EQ(digest_kind_of("sha-384"), DigestKind::kSha384);
  EXPECT_FALSE(digest_kind_of("SHA-3"));
}

TEST(Base64, ReadsBackWhatItWrites) {  // RFC 4648
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(from_base64("Zm9v\nYmFy "), "foobar");
  EXPECT_EQ(from_base64(""), "");
  EXPECT_FALSE(from_base64("Zm9"));
  EXPECT_FALSE(from_base64("Zm9v!"));
}

}  // namespace understory::vault
