// Keys of people, second factors and signatures.
#include <gtest/gtest.h>

#include "foundation/file.h"
#include "vault/password.h"
#include "vault/second_factor.h"
#include "vault/signing.h"

namespace understory::vault {

namespace {
constexpr PasswordCost kLight{1, 8 << 20};  // the tests' own machines are old too
}

TEST(Password, OpensThePersonsOwnKeyAndNothingElseDoes) {
  const PersonKey key = make_person_key("three rivers meet here", kLight);
  const auto opened = open_person_key(key, "three rivers meet here");
  ASSERT_TRUE(opened);
  EXPECT_FALSE(open_person_key(key, "three rivers meet Here"));
  EXPECT_FALSE(open_person_key(key, ""));
  const std::string sealed = seal_for(key.public_key, "the workspace's key");
  EXPECT_EQ(open_sealed(*opened, sealed), "the workspace's key");
  EXPECT_FALSE(open_sealed(Secret::random(), sealed));
  EXPECT_FALSE(open_sealed(*opened, sealed.substr(1)));
  EXPECT_EQ(key.wrapped.find(std::string(opened->view())), std::string::npos);
}

TEST(Password, AnotherOneKeepsTheKey) {
  const PersonKey before = make_person_key("three rivers meet here", kLight);
  const std::string sealed = seal_for(before.public_key, "kept");
  const PersonKey after =
      with_password(before, *open_person_key(before, "three rivers meet here"), "a boat under the house", kLight);
  EXPECT_EQ(after.public_key, before.public_key);
  EXPECT_FALSE(open_person_key(after, "three rivers meet here"));
  EXPECT_EQ(open_sealed(*open_person_key(after, "a boat under the house"), sealed), "kept");
}

TEST(Secret, IsWrappedForOnePurpose) {
  const Secret secret = Secret::random(), under = Secret::random();
  std::string wrapped = wrap(secret, under, "session");
  EXPECT_EQ(unwrap(wrapped, under, "session")->view(), secret.view());
  EXPECT_FALSE(unwrap(wrapped, under, "recovery"));
  EXPECT_FALSE(unwrap(wrapped, secret, "session"));
  for (std::size_t i = 0; i < wrapped.size(); ++i) {
    wrapped[i] ^= 4;
    EXPECT_FALSE(unwrap(wrapped, under, "session")) << i;
    wrapped[i] ^= 4;
  }
  EXPECT_NE(derived(secret, "a").view(), derived(secret, "b").view());
}

// RFC 6238, appendix B (SHA-1), its last six digits.
TEST(SecondFactor, CodesAreThoseOfTheStandard) {
  const std::string factor = "12345678901234567890";
  for (const auto& [second, code] : {std::pair<std::int64_t, const char*>{59, "287082"},
                                     {1111111109, "081804"},
                                     {1111111111, "050471"},
                                     {1234567890, "005924"},
                                     {2000000000, "279037"},
                                     {20000000000, "353130"}})
    EXPECT_EQ(factor_code(factor, factor_step(second * 1000)), code);
  // RFC 4648, section 10.
  EXPECT_EQ(base32("foobar"), "MZXW6YTBOI");
  EXPECT_EQ(base32("fo"), "MZXQ");
  EXPECT_EQ(factor_address(factor, "lead one"),
            "otpauth://totp/Understory:lead%20one?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Understory");
}

TEST(SecondFactor, ACodeWorksOnceAndNotAnHourLater) {
  const std::string factor = make_factor();
  const std::int64_t now = 1'790'000'000'000;
  const std::string code = factor_code(factor, factor_step(now));
  const auto used = matching_step(factor, code, now, 0);
  ASSERT_TRUE(used);
  EXPECT_FALSE(matching_step(factor, code, now, *used));     // again
  EXPECT_TRUE(matching_step(factor, code, now + 30000, 0));  // a slow hand
  EXPECT_TRUE(matching_step(factor, code, now - 30000, 0));  // a phone ahead
  EXPECT_FALSE(matching_step(factor, code, now + 3600000, 0));
  EXPECT_FALSE(matching_step(factor, code + "0", now, 0));
  EXPECT_FALSE(matching_step(factor, "", now, 0));
}

TEST(Signing, TellsWhatTheKeyWrote) {
  TemporaryFolder folder;
  const auto key = SigningKey::create(folder.path() / "audit.key");
  ASSERT_TRUE(key);
  EXPECT_FALSE(SigningKey::create(folder.path() / "audit.key"));
  const auto loaded = SigningKey::load(folder.path() / "audit.key");
  ASSERT_TRUE(loaded);
  const std::string signature = key->sign("head 7");
  EXPECT_EQ(loaded->public_key(), key->public_key());
  EXPECT_TRUE(signed_by(loaded->public_key(), "head 7", signature));
  EXPECT_FALSE(signed_by(loaded->public_key(), "head 8", signature));
  EXPECT_FALSE(signed_by(loaded->public_key(), "head 7", signature.substr(1)));
  EXPECT_EQ(from_hex(hex(signature)), signature);
  EXPECT_FALSE(from_hex("AB"));
  EXPECT_FALSE(from_hex("abc"));
  EXPECT_FALSE(from_hex("zz"));
  ASSERT_TRUE(write_file(folder.path() / "bad.key", "understory-signing-key-1 00\n", 0600));
  EXPECT_EQ(SigningKey::load(folder.path() / "bad.key").error().code(), "damaged");
}

}  // namespace understory::vault
