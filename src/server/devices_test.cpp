// Who a phone is and what is open to it: tokens taken back, other studies, Basic and Digest, locked stories.
#include <thread>

#include "collect/entities.h"
#include "collect/quarantine.h"
#include "foundation/clock.h"
#include "foundation/text.h"
#include "people/account.h"
#include "server/openrosa.h"
#include "server/phones_test.h"
#include "storage/blobs.h"
#include "study/study.h"
#include "vault/base64.h"
#include "vault/md5.h"

namespace understory::server {
namespace {

class Devices : public Phones {};
INSTANTIATE_TEST_SUITE_P(Engines, Devices, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(Devices, ARevokedPhoneFetchesNothingAndLosesNothing) {
  {
    auto transaction = workspace().write();
    ASSERT_TRUE(people::revoke_device(transaction, enrolled_.device.id));
    transaction.commit();
  }
  std::string form, file;
  {
    auto transaction = workspace().read();
    const Id version = collect::form_versions(transaction, collect::find_form(transaction, "visit")->id).front().id;
    form = "/forms/" + version.text();
  }
  {
    FixedClock clock(now());  // within one minute
    for (const std::string& asked :
         {std::string("/formList"), form + ".xml", form + "/manifest", form + "/files/wells.csv"}) {
      const Response denied = get(asked);
      EXPECT_EQ(denied.status, 403) << asked;
      EXPECT_EQ(header(denied, "X-OpenRosa-Version"), "1.0") << asked;
    }
  }
  {
    auto transaction = workspace().read();
    const auto log = people::audit_entries(transaction, enrolled_.device.id, {}, 0, 10);
    ASSERT_EQ(log.size(), 1u) << "once a minute: its requests do not fill the disk";
    EXPECT_EQ(log[0].deed.outcome, "denied");
    EXPECT_EQ(log[0].deed.route, "GET /v1/key/{token}/formList");
    EXPECT_EQ(log[0].deed.reason, "the device was revoked");
  }
  EXPECT_EQ(post(Answers{}.xml()).status, 202);
  ASSERT_EQ(waiting().size(), 1u);
  EXPECT_EQ(waiting()[0].waits_for, collect::WaitsFor::kDevice);
}

TEST_P(Devices, ARevokedPhoneAddsNoFilesToWhatWasTaken) {
  const std::string before = Answers{.number = "uuid:before", .photo = "p.jpg"}.xml();
  const std::string after = Answers{.number = "uuid:after", .photo = "p.jpg"}.xml();
  EXPECT_EQ(post(before).status, 201);
  {
    auto transaction = workspace().write();
    ASSERT_TRUE(people::revoke_device(transaction, enrolled_.device.id));
    transaction.commit();
  }
  FixedClock clock(now());  // within one minute
  for (const std::string name : {"p.jpg", "other.jpg"}) {
    const Response refused = post(before, {{name, "forged"}}, "xml_submission_file", "km");
    EXPECT_EQ(refused.status, 403);
    EXPECT_NE(refused.body.find(Catalogue::of("km").sentence(Problem(problems::kDeviceOver))), std::string::npos)
        << refused.body;
  }
  ASSERT_EQ(kept().size(), 1u);
  EXPECT_EQ(kept()[0].attachments_present, 0);
  EXPECT_EQ(attachments(kept()[0].id).size(), 1u) << "the one it names";
  EXPECT_EQ(post(before).status, 201) << "the same again, and nothing new";
  {
    auto transaction = workspace().read();
    const auto log = people::audit_entries(transaction, enrolled_.device.id, {}, 0, 10);
    ASSERT_EQ(log.size(), 1u) << "once a minute";
    EXPECT_EQ(log[0].deed.outcome, "denied");
  }
  // What waits for somebody to look at it may still get the rest of its files.
  EXPECT_EQ(post(after).status, 202);
  EXPECT_EQ(post(after, {{"p.jpg", "picture"}}).status, 202);
  ASSERT_EQ(waiting().size(), 1u);
  EXPECT_EQ(waiting()[0].attachments_present, 1);
}

// How many files are missing is known as soon as somebody may open what was released.
TEST_P(Devices, FilesOfWhatWasReleasedWhileLockedAreCountedLater) {
  const auto recovery = vault::Secret::random();
  {
    auto transaction = workspace().write();
    ASSERT_TRUE(workspace().put_key_away(std::move(transaction), recovery));
  }
  EXPECT_EQ(post(Answers{.number = "uuid:none", .photo = "p.jpg", .version = "9"}.xml()).status, 202);
  EXPECT_EQ(post(Answers{.number = "uuid:some", .photo = "p.jpg", .version = "9"}.xml(), {{"p.jpg", "1"}}).status, 202);
  publish("9");
  const auto counted = [&] {
    std::map<std::string, std::pair<int, int>> all;
    for (const auto& each : kept()) all[each.instance_id] = {each.attachments_expected, each.attachments_present};
    return all;
  };
  using Counted = std::map<std::string, std::pair<int, int>>;
  EXPECT_EQ(counted(), (Counted{{"uuid:none", {0, 0}}, {"uuid:some", {0, 0}}}));
  const auto unlocked = [&](bool something) {
    auto transaction = workspace().write();
    transaction.unlock(*workspace().recover(recovery));
    EXPECT_EQ(collect::catch_up(transaction), something);
    transaction.commit();
  };
  unlocked(true);
  EXPECT_EQ(counted(), (Counted{{"uuid:none", {1, 0}}, {"uuid:some", {1, 1}}}));
  unlocked(false);
  EXPECT_EQ(post(Answers{.number = "uuid:none", .photo = "p.jpg", .version = "9"}.xml(), {{"p.jpg", "2"}}).status, 201);
  EXPECT_EQ(counted(), (Counted{{"uuid:none", {1, 1}}, {"uuid:some", {1, 1}}}));
}

// A file that is replaced while a phone fetches it never comes as parts of two.
TEST_P(Devices, OneDownloadIsOneVersionOfAFile) {
  Id version;
  const auto bring = [&](char letter) {
    auto transaction = workspace().write();
    version = collect::form_versions(transaction, collect::find_form(transaction, "visit")->id).front().id;
    ASSERT_TRUE(collect::put_form_file(transaction, version, "map.jpg", "image/jpeg",
                                       [&](const auto& put) { put(std::string(600'000, letter)); }));
    transaction.commit();
  };
  bring('a');
  const auto fetch = [&](const std::function<void()>& meanwhile) {
    const Response file = get("/forms/" + version.text() + "/files/map.jpg");
    EXPECT_EQ(file.status, 200);
    EXPECT_EQ(file.size, std::uint64_t{600'000});
    std::string all = *file.pieces->next();
    meanwhile();
    for (auto piece = file.pieces->next(); piece && !piece->empty(); piece = file.pieces->next()) all += *piece;
    return all;
  };
  EXPECT_EQ(fetch([] {}), std::string(600'000, 'a'));
  const std::string cut = fetch([&] { bring('b'); });
  EXPECT_LT(cut.size(), 600'000u) << "shorter than it said: the transport cuts the connection";
  EXPECT_EQ(cut.find('b'), std::string::npos);
  EXPECT_EQ(fetch([] {}), std::string(600'000, 'b'));
}

TEST_P(Devices, KnowNothingOfOtherStudiesForms) {
  const auto [here, elsewhere] = two_studies("other", false);
  enrolled_ = enroll(here);
  EXPECT_EQ(get("/formList").body.find("<formID>other"), std::string::npos);
  EXPECT_NE(get("/formList").body.find("<formID>visit"), std::string::npos)
      << "forms of the whole workspace are theirs";
  // Sent all the same, it is answered like a form that is not there.
  const Response unknown = post(Answers{.number = "uuid:u", .form = "nope"}.xml());
  const Response hidden = post(Answers{.number = "uuid:h", .form = "other"}.xml());
  EXPECT_EQ(hidden.status, 202);
  EXPECT_EQ(hidden.body, unknown.body);
}

TEST_P(Devices, SignInByNameAndTokenToo) {
  Request asking = request("GET", "/v1/formList");
  const Response asked = answer(workspace(), asking);
  EXPECT_EQ(asked.status, 401);
  const std::string nonce = between(header(asked, "WWW-Authenticate"), "nonce=\"", "\"");
  const std::string name = enrolled_.device.id.text();
  const auto with = [&](const std::string& authorization) {
    Request made = request("GET", "/v1/formList");
    made.headers["authorization"] = authorization;
    return answer(workspace(), made).status;
  };
  EXPECT_EQ(with("Basic " + vault::to_base64(name + ":" + enrolled_.token)), 200);
  EXPECT_EQ(with("Basic " + vault::to_base64(name + ":" + std::string(64, 'a'))), 401);
  EXPECT_EQ(with("Basic " + vault::to_base64("somebody:" + enrolled_.token)), 401);
  EXPECT_EQ(with("Basic nonsense"), 401);
  // RFC 2617 §3.2.2
  const auto digest = [&](const std::string& token, const std::string& of) {
    const std::string ha1 = vault::md5_hex(name + ":Understory:" + token), ha2 = vault::md5_hex("GET:/v1/formList");
    return "Digest username=\"" + name + "\", realm=\"Understory\", nonce=\"" + of +
           "\", uri=\"/v1/formList\", qop=auth, nc=00000001, cnonce=\"0a4f113b\", response=\"" +
           vault::md5_hex(ha1 + ":" + of + ":00000001:0a4f113b:auth:" + ha2) + "\"";
  };
  EXPECT_EQ(with(digest(enrolled_.token, nonce)), 200);
  EXPECT_EQ(with(digest(std::string(64, 'b'), nonce)), 401);
  EXPECT_EQ(with(digest(enrolled_.token, "1700000000000-" + std::string(32, 'c'))), 401);
  EXPECT_EQ(with("Digest username=\"\\"), 401);
  Request plain = request("GET", "/v1/formList");
  plain.secure = false;
  plain.headers["authorization"] = "Basic " + vault::to_base64(name + ":" + enrolled_.token);
  EXPECT_EQ(answer(workspace(), plain).status, 401) << "no password is taken that went in plain";
}

// A photo over a slow line takes longer than a nonce is good for.
TEST_P(Devices, DigestIsJudgedWhenTheHeadHasCome) {
  const std::string name = enrolled_.device.id.text();
  const std::string nonce =
      between(header(answer(workspace(), request("GET", "/v1/formList")), "WWW-Authenticate"), "nonce=\"", "\"");
  Request sent = request("POST", "/v1/submission");
  const std::string ha1 = vault::md5_hex(name + ":Understory:" + enrolled_.token);
  sent.headers["authorization"] =
      "Digest username=\"" + name + "\", realm=\"Understory\", nonce=\"" + nonce +
      "\", uri=\"/v1/submission\", qop=auth, nc=00000001, cnonce=\"0a4f113b\", response=\"" +
      vault::md5_hex(ha1 + ":" + nonce + ":00000001:0a4f113b:auth:" + vault::md5_hex("POST:/v1/submission")) + "\"";
  Request again = sent;
  EXPECT_FALSE(refuse_unread(workspace(), sent));
  sent.parts.push_back({"xml_submission_file", "s.xml", "text/xml", Upload(Answers{}.xml())});
  {
    FixedClock later(now() + 20 * 60 * 1000);
    EXPECT_EQ(answer(workspace(), sent).status, 201);
  }
  EXPECT_EQ(kept().size(), 1u);
  // It was used up before anything else of it came.
  const auto refused = refuse_unread(workspace(), again);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 401);
  EXPECT_NE(header(*refused, "WWW-Authenticate").find("stale=true"), std::string::npos);
  // One that was too old when its head came is not let in by that.
  Request old = request("POST", "/v1/submission");
  old.headers["authorization"] = sent.headers["authorization"];
  old.headers["authorization"].replace(old.headers["authorization"].find("nc=00000001"), 11, "nc=00000002");
  FixedClock later(now() + 20 * 60 * 1000);
  EXPECT_TRUE(refuse_unread(workspace(), old));
  EXPECT_EQ(old.signed_well, false);
}

// RFC 7616: a nonce is good for some minutes, and each answer to it once.
TEST_P(Devices, DigestIsGoodOnceAndNotForLong) {
  const std::string name = enrolled_.device.id.text();
  const auto ask = [&](const std::string& nonce, const std::string& count, const std::string& token) {
    const std::string ha1 = vault::md5_hex(name + ":Understory:" + token), ha2 = vault::md5_hex("GET:/v1/formList");
    Request made = request("GET", "/v1/formList");
    made.headers["authorization"] = "Digest username=\"" + name + "\", realm=\"Understory\", nonce=\"" + nonce +
                                    "\", uri=\"/v1/formList\", qop=auth, nc=" + count +
                                    ", cnonce=\"0a4f113b\", response=\"" +
                                    vault::md5_hex(ha1 + ":" + nonce + ":" + count + ":0a4f113b:auth:" + ha2) + "\"";
    return answer(workspace(), made);
  };
  const auto is_stale = [](const Response& response) {
    return response.status == 401 && header(response, "WWW-Authenticate").find(", stale=true") != std::string::npos;
  };
  const Response asked = answer(workspace(), request("GET", "/v1/formList"));
  EXPECT_FALSE(is_stale(asked));
  const std::string nonce = between(header(asked, "WWW-Authenticate"), "nonce=\"", "\"");
  EXPECT_EQ(ask(nonce, "00000001", enrolled_.token).status, 200);
  EXPECT_TRUE(is_stale(ask(nonce, "00000001", enrolled_.token))) << "the same again, as from somebody who listened";
  EXPECT_EQ(ask(nonce, "00000002", enrolled_.token).status, 200);
  EXPECT_EQ(ask(nonce, "00000000000003", enrolled_.token).status, 401);
  const Response wrong = ask(nonce, "00000004", std::string(64, 'b'));
  EXPECT_EQ(wrong.status, 401);
  EXPECT_FALSE(is_stale(wrong)) << "whoever has no token asks for one";
  {
    FixedClock later(now() + 6 * 60 * 1000);
    const Response over = ask(nonce, "00000005", enrolled_.token);
    EXPECT_TRUE(is_stale(over));
    const std::string fresh = between(header(over, "WWW-Authenticate"), "nonce=\"", "\"");
    EXPECT_EQ(ask(fresh, "00000001", enrolled_.token).status, 200);
  }
  // What lies in the database is not what signs in: without the key beside it, it opens as nothing.
  auto transaction = workspace().read();
  const auto device = *people::find_device(transaction, enrolled_.device.id);
  const std::string secret = vault::md5_hex(name + ":Understory:" + enrolled_.token);
  EXPECT_EQ(people::digest_of(*people::audit_key(workspace()), device), secret);
  EXPECT_EQ(device.digest_box.find(secret), std::string::npos);
  const TemporaryFolder elsewhere;
  const auto other = vault::SigningKey::create(elsewhere.path() / "audit.key");
  ASSERT_TRUE(other);
  EXPECT_FALSE(people::digest_of(*other, device));
}

TEST_P(Devices, SendWhileStoriesAreLockedAndNobodyCanReadIt) {
  {
    auto transaction = workspace().write();
    const auto recovery = vault::Secret::random();
    ASSERT_TRUE(workspace().put_key_away(std::move(transaction), recovery));
  }
  const std::string xml = Answers{.photo = "a.jpg"}.xml();
  EXPECT_EQ(post(xml).status, 201);
  EXPECT_EQ(post(xml, {{"a.jpg", "123"}}).status, 201) << "a part that comes later";
  EXPECT_EQ(post(Answers{.number = "uuid:two", .photo = "a.jpg", .deprecated = "uuid:one"}.xml()).status, 201);
  ASSERT_EQ(kept().size(), 1u);
  EXPECT_EQ(kept()[0].attachments_present, 1);
  auto transaction = workspace().read();
  EXPECT_THROW(collect::each_submission(transaction, kept()[0].form, {}, [](const auto&) { return true; }),
               storage::DatabaseError);
}

// A list that forms fill: the bytes the manifest's hash is of, for whom a key was given, stories locked or not.
TEST_P(Devices, FetchListsOfEntitiesWhileStoriesAreLocked) {
  constexpr const char* form =
      R"(<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:entities="http://www.opendatakit.org/xforms/entities">
<h:head><h:title>Wells</h:title><model entities:entities-version="2024.1.0"><instance><data id="wells" version="1"><depth/>
<meta><instanceID/><entity dataset="wells" id="" create="1"><label/></entity></meta></data></instance>
<instance id="wells" src="jr://file-csv/wells.csv"/><bind nodeset="/data/depth" type="int" entities:saveto="depth"/></model></h:head>
<h:body><input ref="/data/depth"><label>Depth</label></input></h:body></h:html>)";
  Id version;
  {
    auto transaction = workspace().write();
    const auto made = collect::take_form(transaction, {form, "wells.xml", {}, {}, false});
    ASSERT_TRUE(made) << made.error().sentence();
    version = made->version.id;
    transaction.commit();
  }
  const auto well = [&](char digit) {
    return std::string("<data id=\"wells\" version=\"1\"><depth>12</depth><meta><instanceID>uuid:") + digit +
           "</instanceID><entity dataset=\"wells\" create=\"1\" id=\"12345678-1234-4123-8234-12345678900" + digit +
           "\"><label>ភូមិថ្មី " + digit + "</label></entity></meta></data>";
  };
  const std::string header_line = "name,label,__version,depth\n";
  const std::string first = "12345678-1234-4123-8234-123456789001,ភូមិថ្មី 1,1,12\n";
  const std::string second = "12345678-1234-4123-8234-123456789002,ភូមិថ្មី 2,1,12\n";
  EXPECT_EQ(post(well('1')).status, 201);
  EXPECT_NE(get("/formList?formID=wells").body.find("manifestUrl"), std::string::npos);
  const std::string at = "/forms/" + version.text();
  const auto fetched = [&] {
    const Response manifest = get(at + "/manifest");
    if (manifest.body.find("<mediaFile type=\"entityList\">") == std::string::npos) return std::string("left out");
    EXPECT_EQ(between(manifest.body, "<filename>", "<"), "wells.csv");
    const Response file = get(at + "/files/wells.csv");
    EXPECT_EQ(file.content_type, "text/csv; charset=utf-8");
    EXPECT_EQ(between(manifest.body, "<hash>", "<"), "md5:" + vault::md5_hex(file.body));
    return file.body;
  };
  EXPECT_EQ(fetched(), header_line + first);
  const auto recovery = vault::Secret::random();
  {
    auto transaction = workspace().write();
    ASSERT_TRUE(workspace().put_key_away(std::move(transaction), recovery));
  }
  EXPECT_EQ(post(well('2')).status, 201);
  EXPECT_EQ(fetched(), header_line + first + second) << "this phone's token opens it";
  const auto with_it = enrolled_;
  enrolled_ = enroll({});  // while locked: nobody can give it the list
  EXPECT_EQ(fetched(), "left out");
  EXPECT_EQ(get(at + "/files/wells.csv").status, 404);
  {
    auto transaction = workspace().write();
    transaction.unlock(*workspace().recover(recovery));
    EXPECT_TRUE(collect::catch_up(transaction));
    transaction.commit();
  }
  EXPECT_EQ(fetched(), header_line + first + second);
  auto transaction = workspace().read();
  const Id list = collect::find_entity_list(transaction, {}, "wells")->id;
  EXPECT_EQ(people::audit_entries(transaction, list, {}, 0, 10).size(), 3u) << "each fetch stands in the log";
}

}  // namespace
}  // namespace understory::server
