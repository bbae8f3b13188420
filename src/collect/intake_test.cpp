// Posts that are kept together: what one of them does is known to the next, on both engines.
#include "collect/intake.h"

#include "collect/export/from_workspace.h"
#include "collect/forms.h"
#include "collect/intake_steps.h"
#include "collect/quarantine.h"
#include "collect/submissions.h"
#include "collect/webhook.h"
#include "people/audit.h"
#include "testing/workspace.h"

namespace understory::collect {
namespace {

constexpr const char* kForm = R"(<?xml version="1.0"?>
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:orx="http://openrosa.org/xforms">
<h:head><h:title>Visit</h:title><model><instance><data id="visit" version="1"><village/><photo/>
<orx:meta><orx:instanceID/></orx:meta></data></instance><bind nodeset="/data/village" type="string"/>
<bind nodeset="/data/photo" type="binary"/>
<bind nodeset="/data/orx:meta/orx:instanceID" type="string"/></model></h:head>
<h:body><input ref="/data/village"><label>Village</label></input>
<upload ref="/data/photo" mediatype="image/*"><label>Photo</label></upload></h:body></h:html>)";

const storage::Query kPieces{"test.blob_pieces_kept", "select count(*) from blob_piece where workspace_id = ?"};

std::string xml(std::string_view number, std::string_view photo = "", std::string_view edits = "",
                std::string_view version = "1") {
  return fmt::format(R"(<data id="visit" version="{}"><village>Thmei</village><photo>{}</photo><meta>)"
                     "<instanceID>{}</instanceID>{}</meta></data>",
                     version, photo, number,
                     edits.empty() ? "" : fmt::format("<deprecatedID>{}</deprecatedID>", edits));
}

}  // namespace

class KeptTogether : public testing_support::OnBothEngines {
 protected:
  void SetUp() override {
    OnBothEngines::SetUp();
    if (IsSkipped()) return;
    key_.emplace(std::move(*people::audit_key(workspace())));
    auto transaction = workspace().write();
    const auto made = take_form(transaction, {kForm, "visit.xml", {}, {}, false});
    ASSERT_TRUE(made) << made.error().sentence();
    form_ = find_form(transaction, "visit")->id;
    ASSERT_TRUE(add_webhook(transaction, form_, "https://127.0.0.1/told", {}));
    transaction.commit();
  }
  Post post(std::string content, std::vector<std::pair<std::string, std::string>> files = {}) {
    Post made;
    made.sender.person.at_machine = made.sender.person.active = true;
    made.xml = std::move(content);
    made.route = "POST /v1/submission";
    for (auto& [name, bytes] : files)
      made.files.push_back({name, "image/jpeg", static_cast<std::int64_t>(bytes.size()),
                            [bytes = bytes](const auto& put) { put(std::string_view(bytes)); }});
    return made;
  }
  // All of them in one transaction: what each is answered.
  std::vector<std::string> keep_all(const std::vector<Post>& posts) {
    std::vector<Arrival> arrivals;
    for (const Post& each : posts) {
      auto arrival = arrived(*key_, each);
      EXPECT_TRUE(arrival) << arrival.error().sentence();
      arrivals.push_back(std::move(*arrival));
    }
    std::vector<const Arrival*> all;
    for (const Arrival& each : arrivals) all.push_back(&each);
    auto transaction = workspace().write();
    std::vector<std::string> said;
    for (const auto& receipt : keep(transaction, all))
      said.push_back(!receipt            ? std::string(receipt.error().code())
                     : receipt->repeated ? "again, missing " + std::to_string(receipt->files_missing)
                                         : "new" + std::string(name_of(receipt->waits_for)) + ", missing " +
                                               std::to_string(receipt->files_missing));
    transaction.commit();
    return said;
  }
  std::int64_t pieces() {
    auto transaction = workspace().read();
    return *transaction.one(kPieces, {transaction.workspace()}, [](const storage::Row& row) { return row.integer(0); });
  }
  std::optional<vault::SigningKey> key_;
  Id form_;
};
INSTANTIATE_TEST_SUITE_P(Engines, KeptTogether, testing_support::BothEngines(), testing_support::engine_name);

// Somebody who sends much is read, and its files are sealed and written, while nobody's transaction is open.
TEST_P(KeptTogether, ALargePostKeepsNobodyWaiting) {
  const std::string photo(3'000'000, 'p');
  int read = 0;
  Post large = post(xml("uuid:large", "p.jpg"));
  large.files.push_back({"p.jpg", "image/jpeg", static_cast<std::int64_t>(photo.size()), [&](const auto& put) {
                           ++read;
                           for (std::size_t at = 0; at < photo.size(); at += 100'000) {
                             put(std::string_view(photo).substr(at, 100'000));
                             // On one database this would wait for itself, were it within a transaction that writes.
                             if (at == 2'000'000)
                               EXPECT_TRUE(take_in(workspace(), *key_, post(xml("uuid:small" + std::to_string(read)))));
                           }
                         }});
  const auto receipt = take_in(workspace(), *key_, large);
  ASSERT_TRUE(receipt) << receipt.error().sentence();
  EXPECT_EQ(receipt->files_missing, 0);
  EXPECT_EQ(read, 2) << "once for its mark, once to be kept";
  const auto again = take_in(workspace(), *key_, large);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(read, 3) << "what is here already is not written anew";
  auto transaction = workspace().read();
  const auto files = attachments_of(transaction, receipt->submission);
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].size, 3'000'000);
  std::string content;
  ASSERT_TRUE(
      read_attachment(transaction, receipt->submission, files[0], [&](std::string_view piece) { content += piece; }));
  EXPECT_EQ(content, photo);
  transaction.commit();
  // One that is refused leaves nothing behind, and is not even written.
  const std::int64_t kept_pieces = pieces();
  EXPECT_GT(kept_pieces, 0);
  read = 0;
  large.xml = xml("uuid:edit", "p.jpg", "uuid:nobody");
  EXPECT_EQ(take_in(workspace(), *key_, large).error().code(), "edit_unknown");
  large.xml = xml("uuid:large", "p.jpg", "uuid:nobody");
  EXPECT_EQ(take_in(workspace(), *key_, large).error().code(), "other_instance");
  EXPECT_EQ(read, 2) << "once each, for its mark";
  EXPECT_EQ(pieces(), kept_pieces);
}

// Of large texts one is read at a time; that turn is over when its files are looked at.
TEST_P(KeptTogether, LargeTextsWaitForNobodysFiles) {
  const auto long_text = [](std::string_view number, std::string_view photo) {
    std::string content = xml(number, photo);
    return content.replace(content.find("Thmei"), 5, std::string(400'000, 't'));
  };
  const std::string photo(2'000'000, 'p');
  int read = 0;
  Post large = post(long_text("uuid:large", "p.jpg"));
  large.files.push_back({"p.jpg", "image/jpeg", static_cast<std::int64_t>(photo.size()), [&](const auto& put) {
                           // It would wait for itself, were it still the turn of the other.
                           ++read;
                           const auto other = take_in(workspace(), *key_,
                                                      post(long_text("uuid:other" + std::to_string(read), "q.jpg")));
                           ASSERT_TRUE(other) << other.error().sentence();
                           EXPECT_EQ(other->files_missing, 1) << "what it names is known";
                           put(std::string_view(photo));
                         }});
  const auto receipt = take_in(workspace(), *key_, large);
  ASSERT_TRUE(receipt) << receipt.error().sentence();
  EXPECT_EQ(receipt->files_missing, 0);
  EXPECT_EQ(read, 2);
  auto transaction = workspace().read();
  EXPECT_EQ(count_submissions(transaction, form_, {}), 3);
}

// What does not open, or names its files itself, is not opened again and again.
TEST_P(KeptTogether, WhatCannotBeCountedIsTriedOnce) {
  EXPECT_EQ(keep_all({post(xml("uuid:1", "a.jpg", "", "2")), post(xml("uuid:2", "a.jpg", "", "2"))}),
            (std::vector<std::string>{"newversion, missing 0", "newversion, missing 0"}));
  const auto recovery = vault::Secret::random();
  {
    auto transaction = workspace().write();
    ASSERT_TRUE(workspace().put_key_away(std::move(transaction), recovery));
  }
  const auto vault = *workspace().recover(recovery);
  {
    std::string form = kForm;
    form.replace(form.find("version=\"1\""), 11, "version=\"2\"");
    auto transaction = workspace().write();
    ASSERT_TRUE(take_form(transaction, {form, "visit.xml", {}, {}, false}));
    const storage::Query spoil{"test.spoil_instance",
                               "update instance set xml = ? where workspace_id = ? and instance_id = ?"};
    transaction.run(spoil, {storage::Parameter::blob("spoilt"), transaction.workspace(), "uuid:1"});
    transaction.commit();
  }
  auto transaction = workspace().write();
  transaction.unlock(vault);
  EXPECT_EQ(count_waiting_files(transaction), 2);
  EXPECT_EQ(find_submission(transaction, *submission_of(transaction, "visit", "uuid:2"))->attachments_expected, 1);
  EXPECT_EQ(count_waiting_files(transaction), 0);
}

TEST_P(KeptTogether, TheSameIsOneRecordAndItsFilesMeet) {
  const std::string first = xml("uuid:1", "a.jpg");
  EXPECT_EQ(keep_all({post(first), post(first), post(first, {{"a.jpg", "bytes of a"}}), post(xml("uuid:2")),
                      post(first, {{"a.jpg", "bytes of a"}}), post(xml("uuid:1", "other.jpg"))}),
            (std::vector<std::string>{"new, missing 1", "again, missing 1", "again, missing 0", "new, missing 0",
                                      "again, missing 0", "other_instance"}));
  auto transaction = workspace().read();
  const auto all = submissions(transaction, form_, {});
  ASSERT_EQ(all.size(), 2u);
  for (const Submission& each : all) {
    EXPECT_EQ(each.attachments_present, each.instance_id == "uuid:1" ? 1 : 0);
    for (const Attachment& file : attachments_of(transaction, each.id)) {
      std::string content;
      ASSERT_TRUE(read_attachment(transaction, each.id, file, [&](std::string_view piece) { content += piece; }));
      EXPECT_EQ(content, "bytes of a");
    }
  }
  // A line for each that changed something, told once each.
  const auto proof = people::verify_audit(transaction, key_->public_key());
  ASSERT_TRUE(proof) << proof.error().sentence();
  EXPECT_EQ(proof->entries, 3);
  EXPECT_EQ(deliveries(transaction, {}, 100).size(), 2u);
}

TEST_P(KeptTogether, AnEditIsKnownToWhatComesAfterIt) {
  EXPECT_EQ(keep_all({post(xml("uuid:1", "a.jpg")), post(xml("uuid:2", "a.jpg", "uuid:1")),
                      // A late file of the first is the edit's too, whoever of the group made the edit.
                      post(xml("uuid:1", "a.jpg"), {{"a.jpg", "bytes of a"}}), post(xml("uuid:3", "", "uuid:1")),
                      post(xml("uuid:4", "", "uuid:9")), post(xml("uuid:3", "", "uuid:2"))}),
            (std::vector<std::string>{"new, missing 1", "new, missing 1", "again, missing 0", "edit_outdated",
                                      "edit_unknown", "new, missing 0"}));
  auto transaction = workspace().read();
  const auto all = submissions(transaction, form_, {});
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].current_id, "uuid:3");
  EXPECT_EQ(all[0].edits, 2);
}

TEST_P(KeptTogether, WhatFitsNowhereWaitsBesideWhatFits) {
  std::string elsewhere = xml("uuid:5");
  elsewhere.replace(elsewhere.find("visit"), 5, "other");
  EXPECT_EQ(
      keep_all({post(xml("uuid:1")), post(xml("uuid:2", "", "", "2")), post(elsewhere), post(xml("uuid:3"))}),
      (std::vector<std::string>{"new, missing 0", "newversion, missing 0", "newform, missing 0", "new, missing 0"}));
  auto transaction = workspace().read();
  EXPECT_EQ(count_submissions(transaction, form_, {}), 2);
  EXPECT_EQ(deliveries(transaction, {}, 100).size(), 2u);
}

// Which files it names is known once its form is here; those that are missing are waited for from then on.
TEST_P(KeptTogether, WhatIsMissingWhenItIsReleasedIsWaitedFor) {
  for (const bool locked : {false, true}) {
    const std::string version = locked ? "3" : "2", number = "uuid:v" + version;
    const std::string sent = xml(number, "a.jpg", "", version);
    EXPECT_EQ(keep_all({post(sent)}), (std::vector<std::string>{"newversion, missing 0"}));
    std::shared_ptr<const vault::Vault> vault;
    if (locked) {
      const auto recovery = vault::Secret::random();
      auto transaction = workspace().write();
      ASSERT_TRUE(workspace().put_key_away(std::move(transaction), recovery));
      vault = *workspace().recover(recovery);
    }
    Id id;
    {
      std::string form = kForm;
      form.replace(form.find("version=\"1\""), 11, "version=\"" + version + "\"");
      auto transaction = workspace().write();
      ASSERT_TRUE(take_form(transaction, {form, "visit.xml", {}, {}, false}));
      id = *submission_of(transaction, "visit", number);
      transaction.commit();
    }
    const auto counted = [&] {
      auto transaction = workspace().read();
      const Submission now = *find_submission(transaction, id);
      return std::pair(now.attachments_present, now.attachments_expected);
    };
    if (locked) {
      EXPECT_EQ(counted(), std::pair(0, 0)) << "nobody may read it yet";
      auto transaction = workspace().write();
      transaction.unlock(vault);
      EXPECT_TRUE(catch_up(transaction));
      transaction.commit();
    }
    EXPECT_EQ(counted(), std::pair(0, 1));
    EXPECT_EQ(keep_all({post(sent, {{"other.txt", "beside it"}})}), (std::vector<std::string>{"again, missing 1"}));
    EXPECT_EQ(counted(), std::pair(0, 1)) << "still missing";
    EXPECT_EQ(keep_all({post(sent, {{"a.jpg", "bytes of a"}})}), (std::vector<std::string>{"again, missing 0"}));
    EXPECT_EQ(counted(), std::pair(1, 1));
  }
}

// Keys of what is new are made without asking: a form that is full costs no more than an empty one.
TEST_P(KeptTogether, ManyWithFilesAtOnceComeBackAsTheyWereSent) {
  std::vector<Post> posts;
  for (int i = 0; i < 40; ++i) {
    const std::string name = fmt::format("{}.jpg", i);
    posts.push_back(post(xml(fmt::format("uuid:{}", i), name),
                         {{name, std::string(static_cast<std::size_t>(i) * 997, 'x') + name}, {"extra.txt", name}}));
  }
  for (const std::string& said : keep_all(posts)) EXPECT_EQ(said, "new, missing 0");
  auto transaction = workspace().read();
  int files = 0;
  each_submission(transaction, form_, {}, [&](const Opened& opened) {
    EXPECT_NE(opened.xml.find(opened.submission.instance_id), std::string::npos);
    return true;
  });
  for (const Submission& each : submissions(transaction, form_, {}))
    for (const Attachment& file : attachments_of(transaction, each.id)) {
      std::string content;
      ASSERT_TRUE(read_attachment(transaction, each.id, file, [&](std::string_view piece) { content += piece; }));
      const std::string number = each.instance_id.substr(5), photo = number + ".jpg";
      EXPECT_EQ(content, file.name == "extra.txt"
                             ? photo
                             : std::string(static_cast<std::size_t>(std::stoi(number)) * 997, 'x') + photo);
      ++files;
    }
  EXPECT_EQ(files, 80);
  // The zip has all of them, also of a submission whose file nobody named.
  keep_all({post(xml("uuid:unnamed"), {{"unnamed.txt", "nobody asked for it"}}), post(xml("uuid:without"))});
  auto later = workspace().read();
  const auto exported = FormExport::of(later, *find_form(later, form_), {}, true);
  ASSERT_TRUE(exported);
  std::vector<std::string> names;
  exported->walk({})([](const Opened&) { return true; });
  ASSERT_TRUE(exported->media()([&](const MediaFile& file) -> Result<void> {
    names.push_back(file.name);
    return {};
  }));
  EXPECT_EQ(names.size(), 81u);
  EXPECT_EQ(names.back(), "unnamed.txt");
}

}  // namespace understory::collect
