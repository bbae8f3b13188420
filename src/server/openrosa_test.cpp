// What phones meet: the whole way from the list of forms to a kept submission, and every refusal in the protocol's
// envelope. The cases are those of listen.md and of tools/openrosa_probe.py. Who a phone is: devices_test.cpp.
#include "server/openrosa.h"

#include <thread>

#include "foundation/clock.h"
#include "foundation/file.h"
#include "foundation/text.h"
#include "people/account.h"
#include "server/phones_test.h"
#include "storage/blobs.h"
#include "study/study.h"
#include "vault/base64.h"
#include "vault/md5.h"

namespace understory::server {
namespace {

INSTANTIATE_TEST_SUITE_P(Engines, Phones, testing_support::BothEngines(), testing_support::engine_name);

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
  const auto [here, elsewhere] = two_studies("home", true);
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
  // Why, too, in the language of whoever sends.
  const auto told_in = [&](const std::string& language, const std::string& xml) {
    return between(post(xml, {}, "xml_submission_file", language).body, "<message nature=\"error\">", "</message>");
  };
  EXPECT_EQ(
      told_in("en", "<data id=\"visit\">\n<a></b></data>"),
      "xml_submission_file, line 2, column 6: an element is not closed, or another one is closed than was opened.");
  for (const std::string language : {"km", "ne", "hi", "bn", "th", "vi"})
    for (const auto& [xml, said] : bad) {
      const std::string sentence = told_in(language, xml);
      for (const char* unfilled : {"⟦", "{"}) EXPECT_EQ(sentence.find(unfilled), std::string::npos) << sentence;
      for (const char* english : {" is ", " it ", "holds", "element", " no "})
        EXPECT_EQ(sentence.find(english), std::string::npos) << language << ": " << sentence;
      if (said.starts_with("line 1")) EXPECT_NE(sentence.find('1'), std::string::npos) << sentence;
    }
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

}  // namespace
}  // namespace understory::server
