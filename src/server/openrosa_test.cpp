// What phones meet: the whole way from the list of forms to a kept submission, and every refusal in the protocol's
// envelope. The cases are those of listen.md and of tools/openrosa_probe.py.
#include "server/openrosa.h"

#include <thread>

#include "collect/entities.h"
#include "collect/forms.h"
#include "collect/submissions.h"
#include "foundation/clock.h"
#include "foundation/file.h"
#include "foundation/text.h"
#include "people/account.h"
#include "people/audit.h"
#include "server/routes.h"
#include "storage/blobs.h"
#include "study/study.h"
#include "testing/workspace.h"
#include "vault/base64.h"
#include "vault/md5.h"

namespace understory::server {
namespace {

constexpr const char* kForm = R"(<?xml version="1.0"?>
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:orx="http://openrosa.org/xforms">
<h:head><h:title>ការចុះសួរ &amp; visit</h:title><model><instance><data id="visit" version="VERSION"><village/><photo/>
<orx:meta><orx:instanceID/></orx:meta></data></instance>
<bind nodeset="/data/village" type="string"/><bind nodeset="/data/photo" type="binary"/>
<bind nodeset="/data/orx:meta/orx:instanceID" type="string"/></model></h:head>
<h:body><input ref="/data/village"><label>Village</label></input>
<upload ref="/data/photo" mediatype="image/*"><label>Photo</label></upload></h:body></h:html>)";

std::string form_of_version(const std::string& version) {
  std::string xml = kForm;
  return xml.replace(xml.find("VERSION"), 7, version);
}

struct Answers {
  std::string number = "uuid:one", village = "ភូមិថ្មី", photo, deprecated, version = "1", form = "visit";
  std::string xml() const {
    return "<data id=\"" + form + "\" version=\"" + version + "\"><village>" + village + "</village><photo>" + photo +
           "</photo><meta>" + (number.empty() ? "" : "<instanceID>" + number + "</instanceID>") +
           (deprecated.empty() ? "" : "<deprecatedID>" + deprecated + "</deprecatedID>") + "</meta></data>";
  }
};

class Phones : public testing_support::OnBothEngines {
 protected:
  void SetUp() override {
    OnBothEngines::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    publish("1");
    enrolled_ = enroll({});
  }
  people::Enrolled enroll(Id study, int days = 30) {
    auto transaction = workspace().write();
    people::Device wanted;
    wanted.name = "Test phone";
    wanted.study = study;
    auto made = people::enroll_device(transaction, *people::audit_key(workspace()), wanted, days);
    EXPECT_TRUE(made);
    transaction.commit();
    return std::move(*made);
  }
  collect::Published publish(const std::string& version, Id study = {}) {
    auto transaction = workspace().write();
    auto made = collect::take_form(transaction, {form_of_version(version), "visit.xml", study, {}, false});
    EXPECT_TRUE(made) << made.error().sentence();
    transaction.commit();
    return std::move(*made);
  }
  Request request(const std::string& method, const std::string& target) {
    Request request;
    request.method = method;
    EXPECT_TRUE(read_target(target, request));
    request.headers["host"] = "voices.example.org";
    request.secure = true;
    request.from_here = false;
    return request;
  }
  Response get(const std::string& path, const std::string& method = "GET") {
    return answer(workspace(), request(method, base() + path));
  }
  Response post(const std::string& xml, std::vector<std::pair<std::string, std::string>> files = {},
                const std::string& part = "xml_submission_file", const std::string& language = "en") {
    Request made = request("POST", base() + "/submission?deviceID=collect%3Aabc");
    made.headers["accept-language"] = language;
    made.parts.push_back({part, "s.xml", "text/xml", Upload(xml)});
    for (const auto& [name, content] : files) made.parts.push_back({name, name, "image/jpeg", Upload(content)});
    return answer(workspace(), made);
  }
  std::string base() const { return "/v1/key/" + enrolled_.token; }
  std::vector<collect::Submission> kept() {
    auto transaction = workspace().read();
    return collect::submissions(transaction, collect::find_form(transaction, "visit")->id, {});
  }
  std::vector<collect::Submission> waiting() {
    auto transaction = workspace().read();
    return collect::waiting_submissions(transaction, "");
  }
  std::vector<collect::Attachment> attachments(Id submission) {
    auto transaction = workspace().read();
    return collect::attachments_of(transaction, submission);
  }
  people::Enrolled enrolled_;
};
INSTANTIATE_TEST_SUITE_P(Engines, Phones, testing_support::BothEngines(), testing_support::engine_name);

std::string header(const Response& response, std::string_view name) {
  for (const auto& [each, value] : response.headers)
    if (each == name) return value;
  return "";
}

std::string between(const std::string& text, const std::string& from, const std::string& to) {
  const std::size_t begin = text.find(from);
  if (begin == std::string::npos) return "";
  const std::size_t start = begin + from.size();
  return text.substr(start, text.find(to, start) - start);
}

TEST_P(Phones, FetchWhatTheListNamesByteForByte) {
  const Response list = get("/formList");
  EXPECT_EQ(list.status, 200);
  EXPECT_EQ(header(list, "X-OpenRosa-Version"), "1.0");
  EXPECT_TRUE(header(list, "Date").ends_with(" GMT")) << header(list, "Date");
  EXPECT_EQ(between(list.body, "<formID>", "<"), "visit");
  EXPECT_EQ(between(list.body, "<name>", "</name>"), "ការចុះសួរ &amp; visit");
  EXPECT_EQ(list.body.find("manifestUrl"), std::string::npos);  // no media, no manifest
  const std::string url = between(list.body, "<downloadUrl>", "<");
  ASSERT_EQ(url.rfind("https://voices.example.org/v1/key/", 0), 0u) << url;
  const Response form =
      answer(workspace(), request("GET", url.substr(std::string("https://voices.example.org").size())));
  EXPECT_EQ(form.body, form_of_version("1"));
  EXPECT_EQ("md5:" + vault::md5_hex(form.body), between(list.body, "<hash>", "<"));
  EXPECT_EQ(get("/formList?formID=nope").body.find("<xform>"), std::string::npos);
  EXPECT_EQ(get("/formList?formID=nope").status, 200);
}

TEST_P(Phones, FetchFilesBesideAForm) {
  std::string big(700'000, 'x');
  big += "end";
  {
    const auto made = publish("2");
    auto transaction = workspace().write();
    ASSERT_TRUE(collect::put_form_file(transaction, made.version.id, "ភូមិ.csv", "text/csv", [&](const auto& put) {
      put(std::string_view(big).substr(0, 5));
      put(std::string_view(big).substr(5));
    }));
    transaction.commit();
  }
  const std::string manifest_url = between(get("/formList").body, "<manifestUrl>", "<");
  ASSERT_FALSE(manifest_url.empty());
  const std::string here = "https://voices.example.org";
  const Response manifest = answer(workspace(), request("GET", manifest_url.substr(here.size())));
  EXPECT_EQ(between(manifest.body, "<filename>", "<"), "ភូមិ.csv");
  EXPECT_EQ(between(manifest.body, "<hash>", "<"), "md5:" + vault::md5_hex(big));
  const std::string url = between(manifest.body, "<downloadUrl>", "<");
  const Response file = answer(workspace(), request("GET", url.substr(here.size())));
  ASSERT_TRUE(file.pieces);
  EXPECT_EQ(file.size, big.size());
  std::string got;
  for (std::string piece = *file.pieces->next(); !piece.empty(); piece = *file.pieces->next()) got += piece;
  EXPECT_EQ(got, big);
}

TEST_P(Phones, AreWelcomedAndThanked) {
  for (const char* method : {"HEAD", "GET"}) {
    const Response welcome = get("/submission", method);
    EXPECT_EQ(welcome.status, 204);
    EXPECT_EQ(header(welcome, "X-OpenRosa-Accept-Content-Length"), "100000000");
  }
  const Response thanks = post(Answers{}.xml(), {}, "xml_submission_file", "km");
  EXPECT_EQ(thanks.status, 201);
  EXPECT_NE(thanks.body.find("សូមអរគុណ"), std::string::npos) << thanks.body;
  ASSERT_EQ(kept().size(), 1u);
  EXPECT_EQ(kept()[0].device_id, "") << "sealed, and opened one by one";
  {
    auto transaction = workspace().read();
    EXPECT_EQ(collect::find_submission(transaction, kept()[0].id)->device_id, "collect:abc");
    collect::each_submission(transaction, kept()[0].form, {}, [](const collect::Opened& opened) {
      EXPECT_EQ(opened.submission.device_id, "collect:abc");
      return true;
    });
  }
  EXPECT_EQ(kept()[0].device, enrolled_.device.id);
  auto transaction = workspace().read();
  const auto instances = *collect::instances_of(transaction, kept()[0].id);
  ASSERT_EQ(instances.size(), 1u);
  EXPECT_EQ(instances[0].xml, Answers{}.xml());
  EXPECT_EQ(people::audit_entries(transaction, kept()[0].id, {}, 0, 10).size(), 1u);
}

TEST_P(Phones, AreAnsweredInTheirLanguage) {
  const std::map<std::string, std::string> received{{"en", "Received"}, {"km", "បានទទួល"},     {"ne", "प्राप्त भयो"},
                                                    {"hi", "प्राप्त हुआ"}, {"bn", "পাওয়া গেছে"}, {"th", "ได้รับแล้ว"},
                                                    {"vi", "Đã nhận"},  {"xx", "Received"}};
  std::set<std::string> refusals;
  for (const auto& [language, word] : received) {
    EXPECT_NE(post(Answers{}.xml(), {}, "xml_submission_file", language + "-KH,en;q=0.5").body.find(word),
              std::string::npos)
        << language;
    const Response refused = post("<data/>", {}, "xml_submission_file", language);
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(refused.body.find("⟦"), std::string::npos);
    refusals.insert(refused.body);
  }
  EXPECT_EQ(refusals.size(), 7u);
}

TEST_P(Phones, TheSameEightTimesAtOnceIsOneRecord) {
  for (int round = 0; round < testing_support::drill(20, 500); ++round) {
    const std::string xml = Answers{.number = "uuid:round-" + std::to_string(round)}.xml();
    std::vector<std::thread> senders;
    std::array<Response, 8> replies;
    for (Response& reply : replies) senders.emplace_back([&reply, &xml, this] { reply = post(xml); });
    for (std::thread& sender : senders) sender.join();
    for (const Response& reply : replies) EXPECT_EQ(reply.status, 201) << reply.body;
    ASSERT_EQ(kept().size(), static_cast<std::size_t>(round + 1));
  }
}

TEST_P(Phones, PartsOfOneSubmissionComeTogetherHoweverTheyCome) {
  const std::string xml = Answers{.photo = "រូប.jpg"}.xml();
  EXPECT_EQ(post(xml).status, 201);
  EXPECT_EQ(kept()[0].attachments_expected, 1);
  EXPECT_EQ(kept()[0].attachments_present, 0);
  EXPECT_EQ(post(xml, {{"រូប.jpg", "123"}, {"unreferenced.jpg", "456"}}).status, 201);
  EXPECT_EQ(post(xml, {{"រូប.jpg", "123"}}).status, 201);    // again
  EXPECT_EQ(post(xml, {{"រូប.jpg", "other"}}).status, 201);  // the same name, other content: kept as well
  ASSERT_EQ(kept().size(), 1u);
  EXPECT_EQ(kept()[0].attachments_present, 1);
  const auto all = attachments(kept()[0].id);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_TRUE(all[0].expected && all[0].present);
  EXPECT_EQ(all[1].name, "unreferenced.jpg");
  auto transaction = workspace().read();
  EXPECT_EQ(*storage::read_blob(transaction, all[0].blob), "123");
  EXPECT_EQ(*storage::read_blob(transaction, all[2].blob), "other");
}

TEST_P(Phones, EditsFollowOneAnother) {
  EXPECT_EQ(post(Answers{.photo = "a.jpg"}.xml(), {{"a.jpg", "123"}}).status, 201);
  const std::string edit =
      Answers{.number = "uuid:two", .village = "Edited", .photo = "a.jpg", .deprecated = "uuid:one"}.xml();
  EXPECT_EQ(post(edit).status, 201);
  EXPECT_EQ(post(edit).status, 201);
  EXPECT_EQ(post(Answers{.number = "uuid:three", .deprecated = "uuid:one"}.xml()).status, 409);
  EXPECT_EQ(post(Answers{.number = "uuid:four", .deprecated = "uuid:nobody"}.xml()).status, 404);
  EXPECT_EQ(post(Answers{.village = "other answers, same number"}.xml()).status, 409);
  EXPECT_EQ(post(Answers{.photo = "a.jpg"}.xml()).status, 201) << "the original again, after its edit";
  ASSERT_EQ(kept().size(), 1u);
  EXPECT_EQ(kept()[0].edits, 1);
  EXPECT_EQ(kept()[0].state, collect::ReviewState::kEdited);
  EXPECT_EQ(kept()[0].instance_id, "uuid:one");
  EXPECT_EQ(kept()[0].current_id, "uuid:two");
  EXPECT_EQ(kept()[0].attachments_present, 1) << "carried over by name";
  auto transaction = workspace().read();
  EXPECT_EQ(collect::instances_of(transaction, kept()[0].id)->size(), 2u);
}

TEST_P(Phones, AFileThatComesAfterAnEditIsTheEditsToo) {
  const std::string original = Answers{.photo = "late.jpg"}.xml();
  EXPECT_EQ(post(original).status, 201);
  EXPECT_EQ(post(Answers{.number = "uuid:two", .photo = "late.jpg", .deprecated = "uuid:one"}.xml()).status, 201);
  EXPECT_EQ(kept()[0].attachments_present, 0);
  EXPECT_EQ(post(original, {{"late.jpg", "123"}}).status, 201);
  EXPECT_EQ(kept()[0].attachments_present, 1);
  const auto all = attachments(kept()[0].id);
  ASSERT_EQ(all.size(), 1u);
  auto transaction = workspace().read();
  EXPECT_EQ(*storage::read_blob(transaction, all[0].blob), "123");
}

TEST_P(Phones, WhoeverMayNotHaveARecordCannotChangeIt) {
  Id here, elsewhere;
  {
    auto transaction = workspace().write();
    study::NewStudy wanted;
    wanted.study.name = "Here";
    here = *study::create_study(transaction, wanted);
    wanted.study.name = "Elsewhere";
    elsewhere = *study::create_study(transaction, wanted);
    std::string xml = form_of_version("1");
    xml.replace(xml.find("\"visit\""), 7, "\"home\"");
    ASSERT_TRUE(collect::take_form(transaction, {xml, "home.xml", here, {}, false}));
    transaction.commit();
  }
  const auto of_home = [&] {
    auto transaction = workspace().read();
    return collect::submissions(transaction, collect::find_form(transaction, "home")->id, {});
  };
  const people::Enrolled stolen = enrolled_ = enroll(here);
  EXPECT_EQ(post(Answers{.form = "home"}.xml()).status, 201);
  const std::string forged =
      Answers{.number = "uuid:forged", .village = "x", .deprecated = "uuid:one", .form = "home"}.xml();
  enrolled_ = enroll(elsewhere);
  EXPECT_EQ(post(forged).status, 404) << "a phone of another study";
  {
    auto transaction = workspace().write();
    ASSERT_TRUE(people::revoke_device(transaction, stolen.device.id));
    transaction.commit();
  }
  enrolled_ = stolen;
  EXPECT_EQ(post(forged).status, 202) << "kept by itself, for somebody to look at";
  ASSERT_EQ(of_home().size(), 1u);
  EXPECT_EQ(of_home()[0].current_id, "uuid:one");
  EXPECT_EQ(waiting().size(), 1u);
}

TEST_P(Phones, KindsOfFilesHoldNoNames) {
  Request made = request("POST", base() + "/submission");
  made.parts.push_back({"xml_submission_file", "s.xml", "text/xml", Upload(Answers{.photo = "a.jpg"}.xml())});
  made.parts.push_back({"a.jpg", "a.jpg", "Image/JPEG; name=\"Somebody.jpg\"", Upload(std::string("1"))});
  made.parts.push_back({"b.jpg", "b.jpg", "nothing of the kind", Upload(std::string("2"))});
  EXPECT_EQ(answer(workspace(), made).status, 201);
  const auto all = attachments(kept()[0].id);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].media_type, "image/jpeg");
  EXPECT_EQ(all[1].media_type, "application/octet-stream");
}

TEST_P(Phones, WhatFitsNowhereWaitsUntilItDoes) {
  EXPECT_EQ(post(Answers{.number = "uuid:v9", .photo = "p.jpg", .version = "9"}.xml(), {{"p.jpg", "123"}}).status, 202);
  EXPECT_EQ(post(Answers{.number = "uuid:f", .form = "later"}.xml()).status, 202);
  EXPECT_EQ(post(Answers{.number = "uuid:f", .form = "later"}.xml()).status, 202);
  EXPECT_EQ(waiting().size(), 2u);
  EXPECT_TRUE(kept().empty());
  publish("9");
  ASSERT_EQ(kept().size(), 1u);
  EXPECT_EQ(kept()[0].attachments_expected, 1);
  EXPECT_EQ(kept()[0].attachments_present, 1);
  EXPECT_EQ(waiting().size(), 1u);
}

TEST_P(Phones, AFormReplacedMeanwhileTakesAWeekOfQueuedSubmissions) {
  publish("2");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(post(Answers{.number = "uuid:q" + std::to_string(i)}.xml()).status, 201);
  {
    auto transaction = workspace().write();
    collect::set_form_state(transaction, collect::find_form(transaction, "visit")->id, collect::FormState::kClosed);
    transaction.commit();
  }
  EXPECT_EQ(get("/formList").body.find("<xform>"), std::string::npos);
  EXPECT_EQ(post(Answers{.number = "uuid:late"}.xml()).status, 202);
  {
    auto transaction = workspace().write();
    collect::set_form_state(transaction, collect::find_form(transaction, "visit")->id, collect::FormState::kClosing);
    transaction.commit();
  }
  EXPECT_EQ(kept().size(), 21u) << "opened again, it takes what waited";
}

TEST_P(Phones, ASubmissionWithoutANumberGetsOneFromItsContent) {
  const std::string xml = Answers{.number = ""}.xml();
  EXPECT_EQ(post(xml).status, 201);
  EXPECT_EQ(post(xml).status, 201);
  ASSERT_EQ(kept().size(), 1u);
  EXPECT_EQ(kept()[0].instance_id.rfind("uuid:", 0), 0u);
}

TEST_P(Phones, WhatIsNoSubmissionIsToldInAnEnvelope) {
  const std::vector<std::pair<std::string, std::string>> bad{
      {"<data id=\"visit\"><unclosed>", "line 1, column"},
      {"", "line 1"},
      {"<!DOCTYPE d [<!ENTITY x SYSTEM \"file:///etc/hostname\">]><data id=\"visit\"/>", "document type definition"},
      {"<data/>", "no filled-in form"}};
  for (const auto& [xml, said] : bad) {
    const Response response = post(xml);
    EXPECT_EQ(response.status, 400) << xml;
    EXPECT_EQ(header(response, "X-OpenRosa-Version"), "1.0");
    EXPECT_NE(between(response.body, "<message nature=\"error\">", "</message>").find(said), std::string::npos)
        << response.body;
  }
  EXPECT_EQ(post(Answers{}.xml(), {}, "file").status, 400);
  for (const char* method : {"PUT", "DELETE"}) {
    const Response response = get("/submission", method);
    EXPECT_EQ(response.status, 405);
    EXPECT_EQ(header(response, "X-OpenRosa-Version"), "1.0");
  }
  EXPECT_EQ(header(get("/nope"), "X-OpenRosa-Version"), "1.0");
  EXPECT_EQ(get("/nope").status, 404);
  EXPECT_EQ(get("/nope").body.find(enrolled_.token), std::string::npos);
  EXPECT_TRUE(kept().empty());
}

TEST_P(Phones, ARevokedPhoneFetchesNothingAndLosesNothing) {
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

TEST_P(Phones, KnowNothingOfOtherStudiesForms) {
  Id here, elsewhere;
  {
    auto transaction = workspace().write();
    study::NewStudy wanted;
    wanted.study.name = "Here";
    here = *study::create_study(transaction, wanted);
    wanted.study.name = "Elsewhere";
    elsewhere = *study::create_study(transaction, wanted);
    std::string xml = form_of_version("1");
    xml.replace(xml.find("\"visit\""), 7, "\"other\"");
    ASSERT_TRUE(collect::take_form(transaction, {xml, "other.xml", elsewhere, {}, false}));
    transaction.commit();
  }
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

TEST_P(Phones, SignInByNameAndTokenToo) {
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

// RFC 7616: a nonce is good for some minutes, and each answer to it once.
TEST_P(Phones, DigestIsGoodOnceAndNotForLong) {
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

TEST_P(Phones, SendWhileStoriesAreLockedAndNobodyCanReadIt) {
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
TEST_P(Phones, FetchListsOfEntitiesWhileStoriesAreLocked) {
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
    EXPECT_TRUE(collect::catch_up_entities(transaction));
    transaction.commit();
  }
  EXPECT_EQ(fetched(), header_line + first + second);
  auto transaction = workspace().read();
  const Id list = collect::find_entity_list(transaction, {}, "wells")->id;
  EXPECT_EQ(people::audit_entries(transaction, list, {}, 0, 10).size(), 3u) << "each fetch stands in the log";
}

}  // namespace
}  // namespace understory::server
