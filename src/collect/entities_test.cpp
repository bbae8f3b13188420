// Lists of entities: what submissions make of them, in any order, twice, and while stories are locked.
#include "collect/entities.h"

#include <gmock/gmock.h>

#include "collect/forms.h"
#include "collect/intake.h"
#include "collect/quarantine.h"
#include "collect/submissions.h"
#include "foundation/file.h"
#include "people/audit.h"
#include "people/device.h"
#include "places/places.h"
#include "testing/encrypting_phone.h"
#include "testing/workspace.h"

namespace understory::collect {
namespace {

using What = EntityVerdict::What;

constexpr const char* kNumber = "12345678-1234-4123-8234-123456789abc";

EntityAction create() {
  EntityAction action;
  action.uuid = kNumber;
  action.creates = true;
  return action;
}
EntityAction update(int base, int trunk = 0, const std::string& branch = "") {
  EntityAction action;
  action.uuid = kNumber;
  action.updates = true;
  action.base_version = base;
  action.trunk_version = trunk;
  action.branch_id = branch;
  return action;
}
void expect(const EntityVerdict& verdict, What what, int version = 0, int follows = 0, bool conflict = false) {
  EXPECT_EQ(verdict.what, what);
  EXPECT_EQ(verdict.version, version);
  EXPECT_EQ(verdict.follows, follows);
  EXPECT_EQ(verdict.conflict, conflict);
}

TEST(EntityVersions, FollowOneAnother) {
  expect(follow(create(), {}), What::kApplied, 1, 0);
  expect(follow(create(), {3, {}}), What::kRefused);
  expect(follow(update(1), {}), What::kWaits);
  expect(follow(update(1), {1, {}}), What::kApplied, 2, 1);
  expect(follow(update(1), {2, {}}), What::kApplied, 3, 1, true);
  expect(follow(update(5), {2, {}}), What::kWaits);
  EntityAction both = update(1);
  both.creates = true;
  expect(follow(both, {}), What::kApplied, 1, 0);
  expect(follow(both, {1, {}}), What::kApplied, 2, 1);
  EntityAction nameless = create();
  nameless.uuid.clear();
  expect(follow(nameless, {}), What::kRefused);
}

TEST(EntityVersions, FollowInTheirBranch) {
  // Offline, from version 2 of the server: 2, then 3, then 4 as the phone counts.
  expect(follow(update(2, 2, "b"), {2, {}}), What::kApplied, 3, 2);
  expect(follow(update(3, 2, "b"), {2, {}}), What::kWaits);
  expect(follow(update(3, 2, "b"), {3, {{3, 2}}}), What::kApplied, 4, 3);
  // Somebody else was in between: it still follows its own.
  expect(follow(update(3, 2, "b"), {4, {{3, 2}}}), What::kApplied, 5, 3, true);
  expect(follow(update(4, 2, "b"), {5, {{3, 2}, {5, 3}}}), What::kApplied, 6, 5);
  // Made offline too: there is no trunk.
  expect(follow(update(1, 0, "b"), {1, {}}), What::kApplied, 2, 1);
  expect(follow(update(2, 0, "b"), {1, {}}), What::kWaits);
  expect(follow(update(2, 0, "b"), {2, {{2, 1}}}), What::kApplied, 3, 2);
}

class Central {
 public:
  static std::optional<std::string> file(const std::string& path) {
    const auto data = testing_support::shared_data();
    if (!data) return std::nullopt;
    auto bytes = read_file(*data / "forms" / "central-backend" / path);
    return bytes ? std::optional(*bytes) : std::nullopt;
  }
};

TEST(EntityActions, OfCentralsForms) {
  struct Case {
    const char *form, *instance;
    std::vector<std::string> labels;  // list: label
  };
  for (const Case& each :
       std::vector<Case>{{"simpleEntity", "simpleEntity.one", {"people: Alice (88)"}},
                         {"offlineEntity", "offlineEntity.one", {"people: -"}},
                         {"offlineEntity", "offlineEntity.two", {"people: Megan (20)"}},
                         {"multiEntityFarm", "multiEntityFarm.one", {"farmers: Farmer Barb", "farms: Farm 123"}},
                         {"repeatEntityNested",
                          "repeatEntityNested.one",
                          {"trees: Tree bing", "trees: Tree rainier", "trees: Tree gala", "trees: Tree pink lady",
                           "plots: Plot 123: cherries", "plots: Plot 333: apples"}}}) {
    const auto form_xml = Central::file(std::string("forms/") + each.form + ".xml");
    const auto xml = Central::file(std::string("instances/") + each.instance + ".xml");
    if (!form_xml || !xml) GTEST_SKIP() << "../shared/data is not here";
    const auto form = read_form(*form_xml, each.form);
    ASSERT_TRUE(form) << form.error().sentence();
    const auto plans = entity_plans(form->form);
    // Central's instance files leave prefixes undeclared.
    std::vector<std::string> labels;
    for (const EntityAction& action : entity_actions(*XmlDocument::parse(*xml, "sent.xml"), plans)) {
      EXPECT_EQ(action.uuid.size(), 36u) << each.instance;
      labels.push_back(plans[action.plan].list + ": " + action.label.value_or("-"));
    }
    EXPECT_THAT(labels, testing::UnorderedElementsAreArray(each.labels)) << each.instance;
  }
}

TEST(EntityActions, EachTakesItsOwnAnswers) {
  const auto form_xml = Central::file("forms/repeatEntityNested.xml");
  const auto xml = Central::file("instances/repeatEntityNested.one.xml");
  if (!form_xml || !xml) GTEST_SKIP() << "../shared/data is not here";
  const auto plans = entity_plans(read_form(*form_xml, "x")->form);
  for (const EntityAction& action : entity_actions(*XmlDocument::parse(*xml, "sent.xml"), plans)) {
    if (action.label == "Tree pink lady")
      EXPECT_THAT(action.values,
                  testing::ElementsAre(testing::Pair("species", "pink lady"), testing::Pair("health_status", "good")));
    if (action.label == "Plot 333: apples")
      EXPECT_THAT(action.values,
                  testing::ElementsAre(testing::Pair("plot_id", "333"), testing::Pair("crop", "apples")));
  }
}

// A form of our own: it makes and changes, and asks the list it fills.
constexpr const char* kForm = R"(<?xml version="1.0"?>
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:orx="http://openrosa.org/xforms" xmlns:entities="http://www.opendatakit.org/xforms/entities">
<h:head><h:title>Wells</h:title><model entities:entities-version="2024.1.0"><instance><data id="wells" version="1"><depth/><state/>
<meta><instanceID/><entity dataset="wells" id="" create="" update="" baseVersion="" trunkVersion="" branchId=""><label/></entity></meta></data></instance>
<instance id="wells" src="jr://file-csv/wells.csv"/>
<bind nodeset="/data/depth" type="int" entities:saveto="depth"/><bind nodeset="/data/state" type="string" entities:saveto="state"/>
</model></h:head>
<h:body><input ref="/data/depth"><label>Depth</label></input><input ref="/data/state"><label>State</label></input></h:body></h:html>)";

class Entities : public testing_support::OnBothEngines {
 protected:
  void SetUp() override {
    OnBothEngines::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    audit_key_.emplace(*people::audit_key(workspace()));
  }
  Published publish(const std::string& xml = kForm, bool encrypt = false) {
    auto transaction = workspace().write();
    NewForm wanted{xml, "wells.xml", {}, {}, false, encrypt};
    auto made = take_form(transaction, wanted);
    EXPECT_TRUE(made) << made.error().sentence();
    transaction.commit();
    return std::move(*made);
  }
  std::string instance(const std::string& entity, const std::string& answers, const std::string& number,
                       const std::string& version = "1") {
    return "<data id=\"wells\" version=\"" + version + "\">" + answers + "<meta><instanceID>" + number +
           "</instanceID>" + entity + "</meta></data>";
  }
  void send(const std::string& attributes, const std::string& answers, const std::string& label = "") {
    const std::string number = "uuid:" + std::to_string(++sent_);
    post(instance("<entity dataset=\"wells\" id=\"" + std::string(kNumber) + "\" " + attributes + ">" +
                      (label.empty() ? "" : "<label>" + label + "</label>") + "</entity>",
                  answers, number));
  }
  Receipt post(const std::string& xml, const std::vector<std::pair<std::string, std::string>>& files = {}) {
    Post post;
    post.sender.person.at_machine = true;
    post.xml = xml;
    for (const auto& [name, content] : files)
      post.files.push_back({name, "application/octet-stream", static_cast<std::int64_t>(content.size()),
                            [content = content](const auto& piece) { piece(content); }});
    const auto receipt = take_in(workspace(), *audit_key_, post);
    EXPECT_TRUE(receipt) << receipt.error().sentence();
    return receipt.value_or(Receipt{});
  }
  std::vector<Entity> held(const std::shared_ptr<const vault::Vault>& vault = nullptr) {
    auto transaction = workspace().read();
    if (vault) transaction.unlock(vault);
    const auto list = find_entity_list(transaction, {}, "wells");
    EXPECT_TRUE(list);
    std::vector<Entity> all;
    const auto secret = list_secret(transaction, list->id);
    EXPECT_TRUE(secret);
    each_entity(transaction, *list, *secret, [&](const Entity& entity) { all.push_back(entity); });
    return all;
  }
  EntityCounts counts() {
    auto transaction = workspace().read();
    return count_entities(transaction, find_entity_list(transaction, {}, "wells")->id);
  }
  std::optional<vault::SigningKey> audit_key_;
  int sent_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Engines, Entities, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(Entities, AreMadeAndChanged) {
  publish();
  EXPECT_TRUE(held().empty());
  send("create=\"1\"", "<depth>12</depth><state>ល្អ</state>", "Well, by the \"pagoda\"");
  send("update=\"1\" baseVersion=\"1\"", "<state></state>");
  auto all = held();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].uuid, kNumber);
  EXPECT_EQ(all[0].label, "Well, by the \"pagoda\"");
  EXPECT_EQ(all[0].version, 2);
  EXPECT_FALSE(all[0].conflicts);
  EXPECT_EQ(all[0].values.at("depth"), "12") << "not asked is not emptied";
  EXPECT_EQ(all[0].values.at("state"), "") << "emptied is";
  auto transaction = workspace().read();
  const auto list = *find_entity_list(transaction, {}, "wells");
  EXPECT_EQ(entity_csv(transaction, list, *list_secret(transaction, list.id)),
            "name,label,__version,depth,state\n" + std::string(kNumber) + ",\"Well, by the \"\"pagoda\"\"\",2,12,\n");
}

TEST_P(Entities, TheSameSentAgainChangesNothing) {
  publish();
  send("create=\"true\"", "<depth>12</depth>", "Well");
  --sent_;
  send("create=\"true\"", "<depth>12</depth>", "Well");
  EXPECT_EQ(held()[0].version, 1);
  EXPECT_EQ(counts().refused, 0);
  send("create=\"1\"", "<depth>99</depth>", "Another of the same number");
  EXPECT_EQ(held()[0].values.at("depth"), "12");
  EXPECT_EQ(counts().refused, 1) << "kept, and told";
}

TEST_P(Entities, WhatWasMadeApartIsKeptAndMarked) {
  publish();
  send("create=\"1\"", "<depth>12</depth><state>good</state>", "Well");
  send("update=\"1\" baseVersion=\"1\"", "<depth>13</depth>");
  send("update=\"1\" baseVersion=\"1\"", "<depth>14</depth><state>dry</state>");
  auto all = held();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].version, 3);
  EXPECT_TRUE(all[0].conflicts);
  EXPECT_EQ(all[0].values.at("depth"), "14");
  EXPECT_EQ(all[0].values.at("state"), "dry");
  ASSERT_EQ(all[0].overwritten.size(), 1u) << "the state nobody else had touched";
  EXPECT_EQ(all[0].overwritten[0].property, "depth");
  EXPECT_EQ(all[0].overwritten[0].before, "13");
  EXPECT_EQ(all[0].overwritten[0].after, "14");
  EXPECT_EQ(counts().conflicts, 1);
  auto transaction = workspace().write();
  const Id list = find_entity_list(transaction, {}, "wells")->id;
  EXPECT_TRUE(settle_entity(transaction, list, kNumber));
  EXPECT_FALSE(settle_entity(transaction, list, "nobody"));
  transaction.commit();
  EXPECT_EQ(counts().conflicts, 0);
  EXPECT_EQ(held()[0].overwritten.size(), 1u);
}

// A phone that was offline for a week, whose submissions arrive in any order.
TEST_P(Entities, ABranchIsPutInOrderHoweverItComes) {
  publish();
  std::vector<std::pair<std::string, std::string>> branch{
      {"create=\"1\" branchId=\"b\"", "<depth>1</depth>"},
      {"update=\"1\" baseVersion=\"1\" trunkVersion=\"\" branchId=\"b\"", "<depth>2</depth>"},
      {"update=\"1\" baseVersion=\"2\" trunkVersion=\"\" branchId=\"b\"", "<depth>3</depth>"},
      {"update=\"1\" baseVersion=\"3\" trunkVersion=\"\" branchId=\"b\"", "<depth>4</depth>"}};
  for (const int i : {3, 1, 2})
    send(branch[static_cast<std::size_t>(i)].first, branch[static_cast<std::size_t>(i)].second);
  EXPECT_TRUE(held().empty());
  EXPECT_EQ(counts().waiting, 3);
  send(branch[0].first, branch[0].second, "Well");
  const auto all = held();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].version, 4);
  EXPECT_EQ(all[0].values.at("depth"), "4");
  EXPECT_FALSE(all[0].conflicts);
  EXPECT_EQ(counts().waiting, 0);
}

TEST_P(Entities, AreTakenWhileLockedAndAreInPlainNowhere) {
  publish();
  send("create=\"1\"", "<depth>12</depth><state>told at night</state>", "The well of Sokha");
  const auto recovery = vault::Secret::random();
  {
    auto transaction = workspace().write();
    ASSERT_TRUE(workspace().put_key_away(std::move(transaction), recovery));
  }
  send("update=\"1\" baseVersion=\"1\"", "<state>dry since May</state>");
  send("update=\"1\" baseVersion=\"1\"", "<state>wet since June</state>");
  EXPECT_EQ(counts().entities, 1);
  EXPECT_EQ(counts().conflicts, 1) << "known without a key";
  {
    auto transaction = workspace().read();
    const auto list = find_entity_list(transaction, {}, "wells");
    EXPECT_FALSE(list_secret(transaction, list->id));
  }
  const auto all = held(*workspace().recover(recovery));
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].label, "The well of Sokha");
  EXPECT_EQ(all[0].values.at("state"), "wet since June");
  EXPECT_EQ(all[0].overwritten.at(0).before, "dry since May");
  for (const auto& each : std::filesystem::recursive_directory_iterator(folder())) {
    if (!each.is_regular_file()) continue;
    const std::string bytes = *read_file(each.path());
    for (const char* story : {"Sokha", "since May", "since June", "told at night"})
      EXPECT_EQ(bytes.find(story), std::string::npos) << story << " in " << each.path();
  }
}

// Released while locked, and encrypted by the phone: nothing is lost, it is read when it can be.
TEST_P(Entities, WhatCannotBeReadYetWaits) {
  const Published form = publish(kForm, true);
  testing_support::FilledIn filled;
  filled.public_key = form.version.public_key;
  filled.form_id = "wells";
  filled.version = form.version.version;
  filled.instance_id = "uuid:closed";
  filled.xml = instance(
      "<entity dataset=\"wells\" id=\"" + std::string(kNumber) + "\" create=\"1\"><label>Closed well</label></entity>",
      "<depth>7</depth>", "uuid:closed", form.version.version);
  const auto made = testing_support::encrypt_as_phones_do(filled);
  post(made.manifest, made.files);
  const std::string later = "aaaaaaaa-1234-4123-8234-123456789abc";
  EXPECT_EQ(post(instance("<entity dataset=\"wells\" id=\"" + later + "\" create=\"1\"><label>Later</label></entity>",
                          "<depth>8</depth>", "uuid:later", "2"))
                .waits_for,
            WaitsFor::kVersion);
  const auto recovery = vault::Secret::random();
  {
    auto transaction = workspace().write();
    ASSERT_TRUE(workspace().put_key_away(std::move(transaction), recovery));
  }
  std::string next = kForm;
  next.replace(next.find("id=\"wells\" version=\"1\""), 22, "id=\"wells\" version=\"2\"");
  publish(next);
  EXPECT_EQ(counts().entities, 0);
  const auto vault = *workspace().recover(recovery);
  {
    auto transaction = workspace().write();
    transaction.unlock(vault);
    EXPECT_EQ(apply_waiting_entities(transaction), 2);
    EXPECT_EQ(apply_waiting_entities(transaction), 0);
    transaction.commit();
  }
  const auto all = held(vault);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].label, "Closed well");
  EXPECT_EQ(all[0].values.at("depth"), "7");
  EXPECT_EQ(all[1].label, "Later");
}

TEST_P(Entities, APhonesTokenOpensTheListsOfItsStudyAlone) {
  people::Enrolled before, after;
  const auto enroll = [&](Id study) {
    auto transaction = workspace().write();
    people::Device wanted;
    wanted.name = "Phone";
    wanted.study = study;
    auto made = *people::enroll_device(transaction, *people::audit_key(workspace()), wanted, 30);
    transaction.commit();
    return made;
  };
  before = enroll({});
  publish();
  send("create=\"1\"", "<depth>12</depth>", "Well");
  after = enroll({});
  const auto opens = [&](const people::Enrolled& phone, const std::string& token) {
    auto transaction = workspace().read();
    const auto list = find_entity_list(transaction, {}, "wells");
    const auto secret = list_secret(transaction, list->id, phone.device.id, people::device_secret(token));
    return secret && entity_csv(transaction, *list, *secret).find("Well") != std::string::npos;
  };
  EXPECT_TRUE(opens(before, before.token));
  EXPECT_FALSE(opens(before, after.token));
  EXPECT_FALSE(opens(after, after.token)) << "nobody has shared it yet";
  {
    auto transaction = workspace().write();
    share_entity_lists(transaction);
    share_entity_lists(transaction);
    transaction.commit();
  }
  EXPECT_TRUE(opens(after, after.token));
  // What lies in the database does not open it: the hash of the token is not what it is made from.
  EXPECT_FALSE(opens(after, vault::sha256(after.token)));
}

// Deleted is not gone: what phones still send of it is kept, named, and stands in it again once it is restored.
TEST_P(Entities, ADeletedOneIsKeptAndGoesToNoPhone) {
  publish();
  send("create=\"1\"", "<depth>12</depth>", "Well");
  const auto list = [&](storage::Transaction& transaction) { return *find_entity_list(transaction, {}, "wells"); };
  const auto csv = [&] {
    auto transaction = workspace().read();
    return entity_csv(transaction, list(transaction), *list_secret(transaction, list(transaction).id));
  };
  {
    auto transaction = workspace().write();
    const Id id = list(transaction).id;
    EXPECT_FALSE(delete_entity(transaction, id, "nobody"));
    EXPECT_FALSE(restore_entity(transaction, id, kNumber)) << "it is there";
    EXPECT_TRUE(delete_entity(transaction, id, kNumber));
    EXPECT_FALSE(delete_entity(transaction, id, kNumber)) << "it is gone already";
    transaction.commit();
  }
  EXPECT_EQ(csv(), "name,label,__version,depth,state\n");
  EXPECT_EQ(counts().entities, 0);
  EXPECT_EQ(counts().deleted, 1);
  EXPECT_EQ(counts().changed_since, 0);
  // From phones that did not know: one in time, one made without knowing of that.
  send("update=\"1\" baseVersion=\"1\"", "<state>dry</state>");
  send("update=\"1\" baseVersion=\"1\"", "<state>wet</state>");
  send("create=\"1\"", "<depth>1</depth>", "Another of the same number");
  EXPECT_EQ(csv(), "name,label,__version,depth,state\n");
  EXPECT_EQ(counts().changed_since, 1);
  EXPECT_EQ(counts().conflicts, 0) << "nobody need look at what is deleted";
  EXPECT_EQ(counts().refused, 1) << "it is no new one";
  ASSERT_EQ(held().size(), 1u);
  EXPECT_TRUE(held()[0].deleted);
  EXPECT_EQ(held()[0].changes_since, 2);
  {
    auto transaction = workspace().write();
    EXPECT_EQ(deleted_entities(transaction, list(transaction).id), std::set<std::string>{kNumber});
    EXPECT_TRUE(restore_entity(transaction, list(transaction).id, kNumber));
    EXPECT_TRUE(deleted_entities(transaction, list(transaction).id).empty());
    transaction.commit();
  }
  EXPECT_EQ(csv(), "name,label,__version,depth,state\n" + std::string(kNumber) + ",Well,3,12,wet\n");
  EXPECT_EQ(counts().conflicts, 1) << "now somebody should";
  EXPECT_EQ(held()[0].changes_since, 0);
}

TEST_P(Entities, OfAPlaceGoToItAlone) {
  publish();
  const auto well = [&](const std::string& digit, const std::string& place) {
    post(instance("<entity dataset=\"wells\" id=\"12345678-1234-4123-8234-12345678900" + digit +
                      "\" create=\"1\"><label>" + digit + "</label></entity>",
                  "<depth>1</depth><state>" + place + "</state>", "uuid:" + digit));
  };
  {
    auto transaction = workspace().write();
    ASSERT_TRUE(places::install_builtin_places(transaction));
    ASSERT_TRUE(places::import_places(transaction, "code,parent,level,en\nKH-20-1,KH-20,district,Upper\n", "p.csv"));
    transaction.commit();
  }
  well("1", "KH-20-1");
  well("2", "KH-20");
  well("3", "KH");
  well("4", "");
  well("5", "nowhere that is known");
  well("6", "KH-2");
  const auto given = [&](const std::vector<std::string>* places) {
    auto transaction = workspace().read();
    const auto list = *find_entity_list(transaction, {}, "wells");
    const std::string csv = entity_csv(transaction, list, *list_secret(transaction, list.id), places);
    std::string labels;
    for (std::size_t at = csv.find("12345678900"); at != std::string::npos; at = csv.find("12345678900", at + 1))
      labels += csv[at + 11];
    return labels;
  };
  const std::vector<std::string> province{"KH-20"}, two{"KH-20-1", "KH-2"}, none;
  EXPECT_EQ(given(&province), "123456") << "the list knows no places: it goes whole";
  {
    auto transaction = workspace().write();
    const auto list = *find_entity_list(transaction, {}, "wells");
    EXPECT_FALSE(set_place_property(transaction, list, "village"));
    EXPECT_TRUE(set_place_property(transaction, list, "state"));
    transaction.commit();
  }
  EXPECT_EQ(given(&province), "12");
  EXPECT_EQ(given(&two), "16");
  EXPECT_EQ(given(&none), "");
  EXPECT_EQ(given(nullptr), "123456");
}

}  // namespace
}  // namespace understory::collect
