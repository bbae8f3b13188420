// Webhooks against a receiver on this machine: what is sent, how it is signed, and what comes of every failure.
#include "collect/webhook.h"

#include <thread>

#include "collect/forms.h"
#include "collect/intake.h"
#include "collect/submissions.h"
#include "foundation/text.h"
#include "people/audit.h"
#include "testing/receiver.h"
#include "testing/workspace.h"
#include "vault/base64.h"
#include "vault/hmac.h"

namespace understory::collect {
namespace {

using testing_support::Receiver;

constexpr const char* kForm = R"(<?xml version="1.0"?>
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:orx="http://openrosa.org/xforms">
<h:head><h:title>Visit</h:title><model><instance><data id="visit" version="1"><village/>
<orx:meta><orx:instanceID/></orx:meta></data></instance><bind nodeset="/data/village" type="string"/>
<bind nodeset="/data/orx:meta/orx:instanceID" type="string"/></model></h:head>
<h:body><input ref="/data/village"><label>Village</label></input></h:body></h:html>)";

std::string header(const std::string& request, const std::string& name) {
  const std::size_t at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "";
  const std::size_t from = at + name.size() + 4;
  return request.substr(from, request.find("\r\n", from) - from);
}
std::string body(const std::string& request) { return request.substr(request.find("\r\n\r\n") + 4); }

class Webhooks : public testing_support::OnBothEngines {
 protected:
  void SetUp() override {
    OnBothEngines::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    key_ = std::make_unique<vault::SigningKey>(*people::audit_key(workspace()));
    auto transaction = workspace().write();
    const auto made = take_form(transaction, {kForm, "visit.xml", {}, {}, false});
    ASSERT_TRUE(made) << made.error().sentence();
    form_ = find_form(transaction, "visit")->id;
    transaction.commit();
  }
  Id add(const std::string& url) {
    auto transaction = workspace().write();
    const auto made = add_webhook(transaction, form_, url, {});
    EXPECT_TRUE(made) << made.error().sentence();
    transaction.commit();
    return made ? made->id : Id{};
  }
  Result<Receipt> send(const std::string& number, const std::string& deprecated = "") {
    Post post;
    post.sender.person.active = true;
    post.sender.person.grants.push_back({Id::make(), people::Role::kEnumerator, {}, ""});
    post.xml = "<data id=\"visit\" version=\"1\"><village>Thmei</village><meta><instanceID>" + number +
               "</instanceID>" + (deprecated.empty() ? "" : "<deprecatedID>" + deprecated + "</deprecatedID>") +
               "</meta></data>";
    return take_in(workspace(), *key_, post);
  }
  std::vector<Delivery> told(Id webhook) {
    auto transaction = workspace().read();
    return deliveries(transaction, webhook, 100);
  }
  // As if so much time had gone by.
  std::optional<Due> claim(Milliseconds later) {
    auto transaction = workspace().write();
    auto all = claim_due(transaction, now() + later);
    transaction.commit();
    EXPECT_LE(all.size(), 1u);
    return all.empty() ? std::nullopt : std::optional(all[0]);
  }
  void note(const Due& due, const Attempt& attempt, Milliseconds later) {
    auto transaction = workspace().write();
    note_attempt(transaction, due.delivery, attempt, now() + later);
    transaction.commit();
  }
  std::unique_ptr<vault::SigningKey> key_;
  Id form_;
};
INSTANTIATE_TEST_SUITE_P(Engines, Webhooks, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(Webhooks, TellInOrderWhatWasKeptEditedAndReviewedOnceEach) {
  Receiver receiver({"204 No Content"});
  const Id webhook = add(receiver.url());
  const auto kept = send("uuid:one");
  ASSERT_TRUE(kept);
  ASSERT_TRUE(send("uuid:one"));  // the same again: nothing new to tell
  ASSERT_TRUE(send("uuid:two", "uuid:one"));
  {
    auto transaction = workspace().write();
    ASSERT_TRUE(review(transaction, kept->submission, {}, ReviewState::kApproved, ""));
    transaction.commit();
  }
  {
    auto transaction = workspace().write();  // undone, and so nothing to tell
    ASSERT_TRUE(review(transaction, kept->submission, {}, ReviewState::kRejected, ""));
  }
  EXPECT_EQ(deliver_what_is_due(workspace(), *key_), 3);
  EXPECT_EQ(deliver_what_is_due(workspace(), *key_), 0);
  const auto came = receiver.came();
  ASSERT_EQ(came.size(), 3u);
  const char* events[]{"submission.kept", "submission.edited", "submission.reviewed"};
  const auto secret = *vault::from_base64(webhook_secret(*key_, webhook).substr(6));
  std::set<std::string> ids;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NE(body(came[i]).find(std::string("\"type\":\"") + events[i] + "\""), std::string::npos) << came[i];
    EXPECT_NE(body(came[i]).find("\"instanceId\":\"uuid:one\""), std::string::npos);
    EXPECT_EQ(came[i].find("Thmei"), std::string::npos);
    const std::string id = header(came[i], "webhook-id"), time = header(came[i], "webhook-timestamp");
    EXPECT_EQ(header(came[i], "webhook-signature"),
              "v1," + vault::to_base64(vault::hmac_sha256(secret, id + "." + time + "." + body(came[i]))));
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 3u);
  for (const Delivery& each : told(webhook)) EXPECT_EQ(each.state, "delivered");
}

TEST_P(Webhooks, TryAgainUnderTheSameNumberAndKeepTheOrder) {
  Receiver receiver({"500 Oh", "200 OK"});
  const Id webhook = add(receiver.url());
  ASSERT_TRUE(send("uuid:one"));
  ASSERT_TRUE(send("uuid:two"));
  EXPECT_EQ(deliver_what_is_due(workspace(), *key_), 1);  // the second waits for the first
  EXPECT_EQ(told(webhook)[1].state, "waits");
  EXPECT_EQ(told(webhook)[1].status, 500);
  EXPECT_EQ(told(webhook)[1].trouble, "refused");
  for (std::string number : {"uuid:one", "uuid:two"}) {
    const auto due = claim(6000);
    ASSERT_TRUE(due);
    EXPECT_EQ(due->delivery.instance_id, number);
    EXPECT_FALSE(claim(6000)) << "it is somebody's already";
    note(*due, send_webhook(*key_, *due), 6000);
  }
  const auto came = receiver.came();
  ASSERT_EQ(came.size(), 3u);
  EXPECT_EQ(header(came[0], "webhook-id"), header(came[1], "webhook-id"));
  EXPECT_NE(header(came[1], "webhook-id"), header(came[2], "webhook-id"));
  EXPECT_EQ(told(webhook)[1].attempts, 2);
}

TEST_P(Webhooks, WaitLongerEachTimeAndGiveUpAfterThreeDays) {
  const Id webhook = add("https://example.org/");
  ASSERT_TRUE(send("uuid:one"));
  Milliseconds later = 0, before = 0;
  int attempts = 0;
  while (const auto due = claim(later)) {
    note(*due, {503, "refused"}, later);
    ++attempts;
    const Delivery told_of = told(webhook)[0];
    if (told_of.state == "given_up") break;
    const Milliseconds pause = told_of.due_at - told_of.changed_at;
    EXPECT_GE(pause, before);
    EXPECT_LE(pause, 6 * 3600 * 1000);
    before = pause;
    later += pause + 1000;
    ASSERT_LT(attempts, 100);
  }
  EXPECT_EQ(told(webhook)[0].state, "given_up");
  EXPECT_GE(later, 72LL * 3600 * 1000);
  EXPECT_GT(attempts, 10);
  EXPECT_FALSE(claim(later * 2));
}

TEST_P(Webhooks, OfAKilledServerAreTakenUpByAnother) {
  const Id webhook = add("https://example.org/");
  ASSERT_TRUE(send("uuid:one"));
  const auto first = claim(0);
  ASSERT_TRUE(first);
  EXPECT_FALSE(claim(60'000));
  const auto second = claim(130'000);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->delivery.id, first->delivery.id);
  note(*first, {500, "refused"}, 130'000);  // it comes back late, and has no say any more
  EXPECT_EQ(told(webhook)[0].status, 0);
  note(*second, {200, ""}, 130'000);
  EXPECT_EQ(told(webhook)[0].state, "delivered");
}

TEST_P(Webhooks, FollowNothingAndGoNowhereInside) {
  Receiver elsewhere({"200 OK"});
  Receiver receiver({"307 There\r\nLocation: " + elsewhere.url()});
  const Id webhook = add(receiver.url());
  ASSERT_TRUE(send("uuid:one"));
  EXPECT_EQ(deliver_what_is_due(workspace(), *key_), 1);
  EXPECT_EQ(told(webhook)[0].trouble, "redirect");
  EXPECT_TRUE(elsewhere.came().empty());
  for (const char* inside :
       {"https://localhost:1/", "https://10.0.0.1/", "https://[::1]:1/", "https://169.254.169.254/",
        "https://[::ffff:127.0.0.1]:1/", "https://0x7f.1:1/", "https://2130706433:1/"}) {
    const Attempt attempt = send_webhook(*key_, {told(webhook)[0], inside});
    EXPECT_EQ(attempt.trouble, "private_address") << inside;
  }
  EXPECT_EQ(send_webhook(*key_, {told(webhook)[0], "http://127.0.0.1:1/"}).trouble, "unreachable");
}

TEST_P(Webhooks, TakeNoOtherAddressAndGoWithTheirDeliveries) {
  {
    auto transaction = workspace().write();
    for (const char* bad : {"", "http://example.org/", "http://localhost/", "ftp://example.org/", "file:///etc/passwd",
                            "https://a:b@example.org/", "https://", "example.org", "http://127.0.0.1.example.org/",
                            "http://127.0.0.1@example.org/", "https://exa mple.org/", "https://example.org/\r\nX: y"}) {
      const auto made = add_webhook(transaction, form_, bad, {});
      EXPECT_FALSE(made) << bad;
    }
  }
  const Id webhook = add("https://example.org/"), other = add("https://example.org/");
  EXPECT_NE(webhook_secret(*key_, webhook), webhook_secret(*key_, other));
  ASSERT_TRUE(send("uuid:one"));
  auto transaction = workspace().write();
  EXPECT_EQ(deliveries(transaction, {}, 10).size(), 2u);
  ASSERT_TRUE(remove_webhook(transaction, webhook));
  EXPECT_FALSE(remove_webhook(transaction, webhook));
  EXPECT_EQ(deliveries(transaction, {}, 10).size(), 1u);
}

TEST(WebhookParts, AreThoseOfTheirStandards) {
  // RFC 4231, test case 2.
  std::string hex = vault::hex(vault::hmac_sha256("Jefe", "what do ya want for nothing?"));
  EXPECT_EQ(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  const auto address = [](const char* text) {
    std::string bytes(16, '\0');
    if (::inet_pton(AF_INET6, text, bytes.data()) == 1) return bytes;
    bytes.resize(4);
    EXPECT_EQ(::inet_pton(AF_INET, text, bytes.data()), 1) << text;
    return bytes;
  };
  for (const char* open : {"8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.0.1", "192.169.0.1", "2606:4700::1"})
    EXPECT_TRUE(is_public_address(address(open))) << open;
  for (const char* inside : {"0.0.0.0",
                             "10.1.2.3",
                             "127.0.0.1",
                             "100.64.0.1",
                             "169.254.169.254",
                             "172.16.0.1",
                             "172.31.255.255",
                             "192.168.0.1",
                             "224.0.0.1",
                             "255.255.255.255",
                             "::",
                             "::1",
                             "fe80::1",
                             "fc00::1",
                             "fd12::1",
                             "::ffff:8.8.8.8",
                             "64:ff9b::a00:1",
                             "2002:a00:1::",
                             "2001::1",
                             "2001:db8::1",
                             "ff02::1"})
    EXPECT_FALSE(is_public_address(address(inside))) << inside;
  EXPECT_FALSE(is_public_address(""));
}

}  // namespace
}  // namespace understory::collect
