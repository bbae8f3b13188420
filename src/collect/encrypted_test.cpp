// Encrypted forms, from publishing to reading: with a key of the workspace, with somebody's own, and with none.
#include "collect/encrypted.h"

#include "collect/export/from_workspace.h"
#include "collect/forms.h"
#include "collect/intake.h"
#include "collect/quarantine.h"
#include "foundation/file.h"
#include "people/audit.h"
#include "testing/encrypting_phone.h"
#include "testing/workspace.h"
#include "vault/md5.h"

namespace understory::collect {
namespace {

using testing_support::FilledIn;
using testing_support::Oaep;

constexpr const char* kForm = R"(<?xml version="1.0"?>
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:orx="http://openrosa.org/xforms">
<h:head><h:title>Safe visit</h:title><model><instance><data id="visit" version="1"><village/><photo/>
<orx:meta><orx:instanceID/></orx:meta></data></instance>
<bind nodeset="/data/village" type="string"/><bind nodeset="/data/photo" type="binary"/></model></h:head>
<h:body><input ref="/data/village"><label>Village</label></input>
<upload ref="/data/photo" mediatype="image/*"><label>Photo</label></upload></h:body></h:html>)";

const vault::SubmissionKey& foreign_key() {
  static const vault::SubmissionKey key = vault::SubmissionKey::make();
  return key;
}

TEST(EncryptedForm, GetsTheKeyAndAVersionOfItsOwn) {
  const std::string key = foreign_key().public_key();
  const auto made = with_public_key(kForm, "visit.xml", key);
  ASSERT_TRUE(made) << made.error().sentence();
  const auto form = read_form(*made, "visit.xml");
  ASSERT_TRUE(form) << form.error().sentence();
  EXPECT_EQ(form->form.public_key, key);
  EXPECT_EQ(form->form.version.rfind("1[encrypted:", 0), 0u) << form->form.version;
  EXPECT_EQ(form->form.version.size(), 1 + 12 + 8);
  // Nothing else was touched.
  std::string without = *made;
  const std::string element = "<submission base64RsaPublicKey=\"" + key + "\"/>";
  without.erase(without.find(element), element.size());
  without.erase(without.find("[encrypted:"), 20);
  EXPECT_EQ(without, kForm);
  EXPECT_EQ(*with_public_key(*made, "visit.xml", key), *made) << "again";
  const auto other = with_public_key(*made, "visit.xml", vault::SubmissionKey::make().public_key());
  ASSERT_FALSE(other);
  EXPECT_TRUE(other.error().is(problems::kBadForm));
}

TEST(EncryptedForm, GetsItHoweverItIsWritten) {
  const std::string key = foreign_key().public_key();
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string xml = kForm;
    xml.replace(xml.find(from), from.size(), to);
    const auto made = with_public_key(xml, "visit.xml", key);
    EXPECT_TRUE(made) << made.error().sentence();
    const auto form = read_form(*made, "visit.xml");
    EXPECT_TRUE(form) << form.error().sentence();
    EXPECT_EQ(form->form.public_key, key) << *made;
    return form->form.version;
  };
  const std::string suffix = changed(" version=\"1\"", "");
  EXPECT_EQ(suffix.rfind("[encrypted:", 0), 0u) << "no version before";
  EXPECT_EQ(changed(" version=\"1\"", " version=''"), suffix);
  EXPECT_EQ(changed(" version=\"1\"", "\n  version = '2 > 1'\t"), "2 > 1" + suffix);
  EXPECT_EQ(changed(" version=\"1\"", " orx:version=\"3\""), "3" + suffix);
  EXPECT_EQ(changed("<bind nodeset=\"/data/photo\"",
                    "<submission action='https://x.example/' method=\"post\"/><bind nodeset=\"/data/photo\""),
            "1" + suffix);
  EXPECT_EQ(changed("<bind nodeset=\"/data/photo\"",
                    "<submission base64RsaPublicKey=\"\"></submission><bind nodeset=\"/data/photo\""),
            "1" + suffix);
}

class Encrypted : public testing_support::OnBothEngines {
 protected:
  void SetUp() override {
    OnBothEngines::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    audit_key_.emplace(*people::audit_key(workspace()));
  }
  Published publish(std::string xml, bool encrypt) {
    auto transaction = workspace().write();
    NewForm wanted{std::move(xml), "visit.xml", {}, {}, false, encrypt};
    auto made = take_form(transaction, wanted);
    EXPECT_TRUE(made) << made.error().sentence();
    transaction.commit();
    return std::move(*made);
  }
  // A phone that has this version in its hands.
  FilledIn filled(const FormVersion& version, const std::string& instance, const std::string& village = "ភូមិថ្មី") {
    FilledIn filled;
    filled.public_key = version.public_key;
    filled.form_id = "visit";
    filled.version = version.version;
    filled.instance_id = instance;
    filled.xml = "<data id=\"visit\" version=\"" + version.version + "\"><village>" + village +
                 "</village><meta><instanceID>" + instance + "</instanceID></meta></data>";
    return filled;
  }
  Id send(const testing_support::EncryptedSubmission& made, std::size_t files = 100) {
    Post post;
    post.sender.person.at_machine = true;
    post.xml = made.manifest;
    for (const auto& [name, content] : made.files) {
      if (files-- == 0) break;
      post.files.push_back({name, "application/octet-stream", static_cast<std::int64_t>(content.size()),
                            [content = content](const auto& piece) {
                              piece(std::string_view(content).substr(0, 10));
                              piece(std::string_view(content).substr(std::min<std::size_t>(10, content.size())));
                            }});
    }
    const auto receipt = take_in(workspace(), *audit_key_, post);
    EXPECT_TRUE(receipt) << receipt.error().sentence();
    return receipt ? receipt->submission : Id{};
  }
  struct Read {
    std::string xml;
    bool unreadable, encrypted;
    Signature signature;
  };
  std::vector<Read> read(const std::shared_ptr<const vault::Vault>& vault = nullptr,
                         const std::shared_ptr<const vault::SubmissionKey>& key = nullptr) {
    auto transaction = workspace().read();
    if (vault) transaction.unlock(vault);
    Wanted wanted;
    wanted.key = key;
    std::vector<Read> all;
    each_submission(transaction, find_form(transaction, "visit")->id, wanted, [&](const Opened& opened) {
      all.push_back({std::string(opened.xml), opened.unreadable, opened.encrypted, opened.signature});
      return true;
    });
    return all;
  }
  std::optional<vault::SigningKey> audit_key_;
};
INSTANTIATE_TEST_SUITE_P(Engines, Encrypted, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(Encrypted, WhatPhonesEncryptIsReadWithStories) {
  const Published form = publish(kForm, true);
  EXPECT_FALSE(form.version.public_key.empty());
  FilledIn one = filled(form.version, "uuid:1");
  one.oaep = Oaep::kSha256MaskSha1;
  const FilledIn two = filled(form.version, "uuid:2", std::string(700'000, 'x'));
  send(encrypt_as_phones_do(one));
  send(encrypt_as_phones_do(two));
  const auto all = read();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].xml, one.xml);
  EXPECT_EQ(all[1].xml, two.xml);
  for (const Read& each : all) {
    EXPECT_FALSE(each.unreadable);
    EXPECT_TRUE(each.encrypted);
    EXPECT_EQ(each.signature, Signature::kRight);
  }
  auto transaction = workspace().read();
  const auto kept = submissions(transaction, form.form.id, {});
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].waits_for, WaitsFor::kNothing);
  EXPECT_EQ(kept[0].attachments_expected, 1);
  EXPECT_EQ(kept[0].attachments_present, 1);
  const auto instances = *instances_of(transaction, kept[1].id);
  ASSERT_EQ(instances.size(), 1u);
  EXPECT_EQ(instances[0].xml, one.xml);
}

TEST_P(Encrypted, AttachmentsOpenWhenTheyAreRead) {
  const Published form = publish(kForm, true);
  FilledIn one = filled(form.version, "uuid:1");
  one.media = {{"រូប.jpg", std::string(600'001, 'p')}, {"voice.m4a", "told at night"}};
  const Id id = send(encrypt_as_phones_do(one));
  auto transaction = workspace().read();
  std::map<std::string, std::string> found;
  for (const Attachment& each : attachments_of(transaction, id)) {
    EXPECT_TRUE(each.present);
    std::string content;
    const auto done = read_attachment(transaction, id, each, [&](std::string_view piece) { content += piece; });
    ASSERT_TRUE(done) << each.name << ": " << done.error().sentence();
    found[each.name] = content;
  }
  EXPECT_EQ(found["រូប.jpg"], one.media[0].second);
  EXPECT_EQ(found["voice.m4a"], "told at night");
  EXPECT_EQ(found.size(), 3u) << "the XML as it was sent is kept too";
  EXPECT_EQ(read()[0].signature, Signature::kUnchecked) << "a walk opens no media";
  EXPECT_EQ(check_signature(transaction, id), Signature::kRight);
}

TEST_P(Encrypted, ExportsHoldWhatIsInsideAttachmentsToo) {
  const Published form = publish(kForm, true);
  FilledIn one = filled(form.version, "uuid:1", "Svay");
  one.media = {{"a.jpg", "photo"}};
  send(encrypt_as_phones_do(one));
  auto transaction = workspace().read();
  const auto from = FormExport::of(transaction, form.form, {});
  ASSERT_TRUE(from);
  int rows = 0;
  from->walk()([&](const Opened& opened) {
    const Told row = told(opened, from->outline());
    EXPECT_EQ(status_of(row), "");
    rows += row.record.has_value();
    return true;
  });
  EXPECT_EQ(rows, 1);
  std::map<std::string, std::string> media;
  ASSERT_TRUE(from->media()([&](const MediaFile& file) {
    return file.content([&](std::string_view piece) -> Result<void> {
      media[file.name] += piece;
      return {};
    });
  }));
  EXPECT_EQ(media["a.jpg"], "photo");
}

TEST_P(Encrypted, WhatWasDamagedOrMixedUpIsTold) {
  const Published form = publish(kForm, true);
  auto swapped = encrypt_as_phones_do(filled(form.version, "uuid:1"));
  // Another XML under the same envelope, as only somebody with the submission's key can make it: here, by a phone that
  // signed something else.
  {
    FilledIn other = filled(form.version, "uuid:1", "elsewhere");
    const auto second = encrypt_as_phones_do(other);
    const auto signature_of = [](const std::string& manifest) {
      const std::string begin = "<base64EncryptedElementSignature>";
      const std::size_t at = manifest.find(begin) + begin.size();
      return std::pair(at, manifest.find('<', at) - at);
    };
    const auto [to, size] = signature_of(swapped.manifest);
    const auto [from, length] = signature_of(second.manifest);
    swapped.manifest.replace(to, size, second.manifest.substr(from, length));
  }
  const Id wrong = send(swapped);
  auto unsigned_one = encrypt_as_phones_do(filled(form.version, "uuid:2"));
  const std::size_t begin = unsigned_one.manifest.find("<base64EncryptedElementSignature>");
  unsigned_one.manifest.erase(begin, unsigned_one.manifest.find("</data>") - begin);
  send(unsigned_one);
  FilledIn with_photo = filled(form.version, "uuid:3");
  with_photo.media = {{"a.jpg", "photo"}};
  auto cut = encrypt_as_phones_do(with_photo);
  cut.files[0].second.resize(10);
  const Id damaged = send(cut);
  const auto all = read();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].signature, Signature::kWrong);
  EXPECT_FALSE(all[0].unreadable) << "told, and shown";
  EXPECT_EQ(all[1].signature, Signature::kNone);
  EXPECT_EQ(all[2].signature, Signature::kUnchecked);
  auto transaction = workspace().read();
  EXPECT_EQ(check_signature(transaction, wrong), Signature::kWrong);
  EXPECT_EQ(check_signature(transaction, damaged), Signature::kWrong);
  for (const Attachment& each : attachments_of(transaction, damaged))
    if (each.encrypted)
      EXPECT_TRUE(read_attachment(transaction, damaged, each, [](std::string_view) {}).error().is(problems::kDamaged));
}

TEST_P(Encrypted, OneThatDoesNotOpenSpoilsNoOther) {
  const Published form = publish(kForm, true);
  send(encrypt_as_phones_do(filled(form.version, "uuid:1")));
  FilledIn elsewhere = filled(form.version, "uuid:2");
  elsewhere.public_key = foreign_key().public_key();
  send(encrypt_as_phones_do(elsewhere));                          // towards another key
  send(encrypt_as_phones_do(filled(form.version, "uuid:3")), 0);  // its XML has not arrived
  auto broken = encrypt_as_phones_do(filled(form.version, "uuid:4"));
  broken.files.back().second.pop_back();
  send(broken);  // cut short …
  const auto whole = encrypt_as_phones_do(filled(form.version, "uuid:5"));
  const Id destroyed = send(whole);
  send(encrypt_as_phones_do(filled(form.version, "uuid:6")));
  {
    auto transaction = workspace().write();
    transaction.destroy_data_key((*instances_of(transaction, destroyed))[0].id);
    transaction.commit();
  }
  auto all = read();
  ASSERT_EQ(all.size(), 6u);
  for (const std::size_t i : {1u, 2u, 3u, 4u}) {
    EXPECT_TRUE(all[i].unreadable) << i;
    EXPECT_TRUE(all[i].xml.empty()) << i;
  }
  EXPECT_FALSE(all[0].unreadable);
  EXPECT_FALSE(all[5].unreadable);
  // … and sent again whole.
  broken.files.back().second = testing_support::encrypt_file(std::string(32, 'k'), "uuid:4", 0, "not under its key");
  send(broken);
  EXPECT_TRUE(read()[3].unreadable);
  auto transaction = workspace().read();
  const auto kept = submissions(transaction, form.form.id, {});
  EXPECT_TRUE((*instances_of(transaction, kept[4].id))[0].unreadable);
  EXPECT_FALSE(check_signature(transaction, kept[4].id));
}

TEST_P(Encrypted, SentAgainWholeItOpens) {
  const Published form = publish(kForm, true);
  const auto whole = encrypt_as_phones_do(filled(form.version, "uuid:1"));
  auto cut = whole;
  cut.files.back().second.pop_back();
  send(cut);
  EXPECT_TRUE(read()[0].unreadable);
  send(whole);
  ASSERT_EQ(read().size(), 1u);
  EXPECT_FALSE(read()[0].unreadable);
}

TEST_P(Encrypted, SomebodysOwnKeyIsGivenForOneReading) {
  const auto own = with_public_key(kForm, "visit.xml", foreign_key().public_key());
  const Published form = publish(*own, false);
  EXPECT_EQ(form.version.public_key, foreign_key().public_key());
  FilledIn one = filled(form.version, "uuid:1");
  one.media = {{"a.jpg", "photo"}};
  const Id id = send(encrypt_as_phones_do(one));
  ASSERT_EQ(read().size(), 1u);
  EXPECT_TRUE(read()[0].unreadable);
  const auto given = std::make_shared<const vault::SubmissionKey>(foreign_key());
  EXPECT_EQ(read(nullptr, given)[0].xml, one.xml);
  EXPECT_TRUE(read(nullptr, std::make_shared<const vault::SubmissionKey>(vault::SubmissionKey::make()))[0].unreadable);
  EXPECT_TRUE(read()[0].unreadable) << "it is not kept";
  auto transaction = workspace().read();
  EXPECT_EQ(check_signature(transaction, id, given), Signature::kRight);
  for (const Attachment& each : attachments_of(transaction, id))
    if (each.encrypted) {
      std::string content;
      EXPECT_FALSE(read_attachment(transaction, id, each, [](std::string_view) {}));
      ASSERT_TRUE(read_attachment(
          transaction, id, each, [&](std::string_view piece) { content += piece; }, given));
      EXPECT_EQ(content, "photo");
    }
}

TEST_P(Encrypted, TheNextVersionHasTheSameKeyAndTheSameAgainChangesNothing) {
  const Published first = publish(kForm, true);
  EXPECT_FALSE(publish(kForm, true).is_new);
  std::string next = kForm;
  next.replace(next.find("version=\"1\""), 11, "version=\"2\"");
  const Published second = publish(next, true);
  EXPECT_TRUE(second.is_new);
  EXPECT_EQ(second.version.public_key, first.version.public_key);
  EXPECT_TRUE(publish(kForm, false).is_new) << "the plain version 1 is another version";
  EXPECT_EQ(publish(kForm, false).version.public_key, "");
  send(encrypt_as_phones_do(filled(first.version, "uuid:1")));
  send(encrypt_as_phones_do(filled(second.version, "uuid:2")));
  for (const Read& each : read()) EXPECT_FALSE(each.unreadable);
}

TEST_P(Encrypted, WhatWaitedForItsVersionKeepsItsFiles) {
  const Published first = publish(kForm, true);
  FormVersion later = first.version;
  later.version = "2" + first.version.version.substr(1);
  send(encrypt_as_phones_do(filled(later, "uuid:1")));
  EXPECT_TRUE(read().empty());
  std::string next = kForm;
  next.replace(next.find("version=\"1\""), 11, "version=\"2\"");
  publish(next, true);
  ASSERT_EQ(read().size(), 1u);
  EXPECT_FALSE(read()[0].unreadable);
  auto transaction = workspace().read();
  EXPECT_EQ(submissions(transaction, first.form.id, {})[0].attachments_expected, 1);
}

// The private key: made, sealed and used while stories are locked or not, and in plain nowhere on the disk.
TEST_P(Encrypted, TheKeyIsSealedAndOpensWithStoriesAlone) {
  const auto recovery = vault::Secret::random();
  {
    auto transaction = workspace().write();
    ASSERT_TRUE(workspace().put_key_away(std::move(transaction), recovery));
  }
  const Published form = publish(kForm, true);  // while locked
  send(encrypt_as_phones_do(filled(form.version, "uuid:1", "a name nobody may read")));
  EXPECT_THROW(read(), storage::DatabaseError);
  const auto vault = *workspace().recover(recovery);
  const auto all = read(vault);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_FALSE(all[0].unreadable);

  static const storage::Query kKeys{"test.private_keys", "select private_key from form_key"};
  auto transaction = workspace().read();
  int keys = 0;
  transaction.each(kKeys, std::initializer_list<storage::Parameter>{}, [&](const storage::Row& row) {
    ++keys;
    EXPECT_EQ(row.blob(0).find("PRIVATE KEY"), std::string_view::npos);
    EXPECT_TRUE(vault::data_key_of(row.blob(0))) << "sealed under a key of its own";
  });
  EXPECT_EQ(keys, 1);
  for (const auto& each : std::filesystem::recursive_directory_iterator(folder())) {
    if (!each.is_regular_file()) continue;
    const auto bytes = read_file(each.path());
    ASSERT_TRUE(bytes);
    EXPECT_EQ(bytes->find("PRIVATE KEY"), std::string::npos) << each.path();
    EXPECT_EQ(bytes->find("nobody may read"), std::string::npos) << each.path();
  }
}

// ODK Central's own example: its private key is not known, and nothing of it may break.
TEST_P(Encrypted, CentralsSubmissionsAreUnreadableAndKept) {
  const auto data = testing_support::shared_data();
  if (!data) GTEST_SKIP() << "../shared/data is not here";
  const auto folder = *data / "forms" / "central-backend";
  std::string form_xml = *read_file(folder / "forms" / "encrypted.xml");
  const auto made = [&] {
    auto transaction = workspace().write();
    auto taken = take_form(transaction, {form_xml, "encrypted.xml", {}, {}, false});
    EXPECT_TRUE(taken) << taken.error().sentence();
    transaction.commit();
    return std::move(*taken);
  }();
  EXPECT_EQ(made.version.public_key.rfind("MIIBIjANBgkq", 0), 0u);
  for (const char* name : {"encrypted.one.xml", "encrypted.two.xml"}) {
    Post post;
    post.sender.person.at_machine = true;
    post.xml = *read_file(folder / "instances" / name);
    for (const char* file : {"submission.xml.enc", "1561432508817.jpg.enc"})
      post.files.push_back(
          {file, "application/octet-stream", 32, [](const auto& piece) { piece(std::string(32, 'e')); }});
    ASSERT_TRUE(take_in(workspace(), *audit_key_, post));
  }
  auto transaction = workspace().read();
  for (const bool given : {false, true}) {
    Wanted wanted;
    if (given) wanted.key = std::make_shared<const vault::SubmissionKey>(foreign_key());
    int seen = 0;
    each_submission(transaction, made.form.id, wanted, [&](const Opened& opened) {
      ++seen;
      EXPECT_TRUE(opened.unreadable && opened.encrypted && opened.xml.empty());
      return true;
    });
    EXPECT_EQ(seen, 2);
  }
}

TEST_P(Encrypted, AFormThatIsEncryptedTowardsAnotherKeyIsNotTakenOver) {
  const auto own = with_public_key(kForm, "visit.xml", foreign_key().public_key());
  auto transaction = workspace().write();
  const auto made = take_form(transaction, {*own, "visit.xml", {}, {}, false, true});
  ASSERT_FALSE(made);
  EXPECT_TRUE(made.error().is(problems::kBadForm)) << made.error().sentence();
}

}  // namespace
}  // namespace understory::collect
