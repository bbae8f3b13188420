// The desk over whole requests: its page, codes put on and taken off, and what others hear of it, on both engines.
#include <boost/json.hpp>
#include <thread>

#include "server/assets.h"
#include "server/packing.h"
#include "server/sent_json.h"
#include "study/coding.h"
#include "study/suggestions.h"
#include "testing/who_may.h"

namespace understory::server {

class Desk : public WhoMay {
 protected:
  void SetUp() override {
    WhoMay::SetUp();
    if (IsSkipped()) return;
    rooms_ = two_studies(workspace());
    base_ = "/api/v1/studies/" + rooms_.study.text() + "/sources/" + rooms_.here.text();
  }
  Response send(const std::string& method, const std::string& target, const std::string& session,
                const std::string& body = "") {
    Request request = asked(method, target, session);
    request.content = Upload(body);
    if (!session.empty()) request.headers["x-form"] = people::form_token(session);
    return answer(workspace(), request);
  }
  boost::json::object read(const Response& response) { return boost::json::parse(response.body).as_object(); }
  std::string code_id(const std::string& session) {
    const boost::json::object book = read(get("/api/v1/studies/" + rooms_.study.text() + "/codebook", session));
    for (const auto& code : book.at("codes").as_array())
      if (code.at("path") == "Causes/Poverty") return std::string(code.at("id").as_string());
    return "";
  }
  std::string put(const std::string& code, int start, int end) {
    return R"({"code_id":")" + code + R"(","start":)" + std::to_string(start) + R"(,"end":)" + std::to_string(end) +
           "}";
  }
  Rooms rooms_;
  std::string base_;
};
INSTANTIATE_TEST_SUITE_P(Engines, Desk, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(Desk, IsOnePageThatRunsNothingFromElsewhere) {
  add("sokha", {{{}, Role::kCoder, {}, ""}});
  const std::string session = enter("sokha");
  for (const char* address : {"/desk", "/desk/studies/x/sources/y"}) {
    const Response page = get(address, session);
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(page.body.find("⟦"), std::string::npos);
    EXPECT_NE(page.body.find("/assets/" + asset_named("desk.js").address), std::string::npos);
    const auto policy = std::find_if(page.headers.begin(), page.headers.end(),
                                     [](const auto& each) { return each.first == "Content-Security-Policy"; });
    ASSERT_NE(policy, page.headers.end());
    EXPECT_EQ(policy->second.find("unsafe"), std::string::npos);
    EXPECT_NE(policy->second.find("default-src 'none'; script-src 'self'"), std::string::npos);
  }
  EXPECT_EQ(get("/desk", "").status, 303);
  EXPECT_NE(get("/desk?lang=ne", session).body.find("<html lang=\"ne\">"), std::string::npos);
  const Response script = get("/assets/" + asset_named("desk.js").address, "");
  EXPECT_EQ(script.status, 200);
  EXPECT_EQ(script.body.find("eval("), std::string::npos);
}

// What has to come before anything can be done, by gzip; one round trip after the page each.
TEST_P(Desk, FirstRouteIsSmall) {
  add("sokha", {{{}, Role::kCoder, {}, ""}});
  const Response first = get("/desk?lang=km", enter("sokha"));
  const std::size_t bytes =
      packed(first.body).size() + asset_named("desk.js").small.size() + asset_named("desk.css").small.size();
  RecordProperty("bytes", static_cast<int>(bytes));
  EXPECT_LE(bytes, 90u * 1024);
}

TEST_P(Desk, PutsCodesOnAndTakesThemOff) {
  add("sokha", {{{}, Role::kCoder, {}, ""}});
  add("rafiq", {{{}, Role::kCoder, {}, ""}});
  const std::string sokha = enter("sokha"), rafiq = enter("rafiq"), code = code_id(sokha);
  const boost::json::object before = read(get(base_, sokha));
  EXPECT_TRUE(before.at("own_coder_id").is_null());
  const std::int64_t entries_before = entries();
  const Response made = send("POST", base_ + "/codings", sokha, put(code, 8, 13));
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(entries() - entries_before, 1);
  EXPECT_EQ(send("POST", base_ + "/codings", sokha, put(code, 8, 13)).status, 200);
  const std::string id(read(made).at("coding").at("id").as_string());
  const boost::json::object after = read(get(base_, sokha));
  EXPECT_EQ(after.at("codings").as_array().size(), before.at("codings").as_array().size() + 1);
  EXPECT_EQ(after.at("own_coder_id"), read(made).at("coding").at("coder_id"));
  // Others see it, and cannot take it off.
  const boost::json::object told = read(get(base_ + "/changes?after=0", rafiq));
  EXPECT_EQ(told.at("changes").as_array().at(0).at("id").as_string(), id);
  EXPECT_EQ(send("DELETE", base_ + "/codings/" + id, rafiq).status, 409);
  EXPECT_EQ(send("DELETE", base_ + "/codings/" + id, sokha).status, 200);
  EXPECT_EQ(send("DELETE", base_ + "/codings/" + id, sokha).status, 404);
  const Response back = send("POST", base_ + "/codings", sokha, R"({"restore":")" + id + "\"}");
  EXPECT_EQ(back.status, 201) << back.body;
  EXPECT_EQ(read(back).at("coding").at("id").as_string(), id);
  EXPECT_EQ(send("POST", base_ + "/codings", rafiq, R"({"restore":")" + id + "\"}").status, 404);
  for (const std::string& bad :
       {std::string(), std::string("[]"), std::string("{"), put(code, 5, 5), put(code, 0, 9999), put("x", 1, 2),
        std::string(R"({"code_id":1,"start":0,"end":1})")}) {
    const Response refused = send("POST", base_ + "/codings", sokha, bad);
    EXPECT_TRUE(refused.status == 400 || refused.status == 422) << bad << " " << refused.status;
    EXPECT_FALSE(read(refused).at("message").as_string().empty());
  }
  // Without the word of the session's own page nothing is put on: a page from elsewhere cannot know it.
  Request forged = asked("POST", base_ + "/codings", sokha);
  forged.content = Upload(put(code, 1, 4));
  EXPECT_EQ(answer(workspace(), forged).status, 403);
}

TEST_P(Desk, WhoWaitsHearsAtOnce) {
  add("sokha", {{{}, Role::kCoder, {}, ""}});
  add("rafiq", {{{}, Role::kCoder, {}, ""}});
  const std::string sokha = enter("sokha"), rafiq = enter("rafiq"), code = code_id(sokha);
  Response heard;
  const Milliseconds began = now();
  std::thread waits([&] { heard = get(base_ + "/changes?after=0&wait=1", rafiq); });
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  EXPECT_EQ(send("POST", base_ + "/codings", sokha, put(code, 0, 2)).status, 201);
  waits.join();
  EXPECT_LT(now() - began, 2500);
  EXPECT_TRUE(read(heard).at("more").as_bool()) << heard.body;
  EXPECT_EQ(read(get(base_ + "/changes?after=0", rafiq)).at("changes").as_array().size(), 1u);
}

TEST_P(Desk, MemosByTheDesk) {
  add("sokha", {{{}, Role::kCoder, {}, ""}});
  const std::string sokha = enter("sokha");
  const Response made = send("POST", base_ + "/memos", sokha, R"({"text":"The mill again."})");
  ASSERT_EQ(made.status, 200) << made.body;
  const std::string id(read(made).at("id").as_string());
  EXPECT_EQ(send("POST", base_ + "/memos", sokha, R"({"text":"  "})").status, 422);
  EXPECT_EQ(send("POST", base_ + "/memos", sokha, R"({"id":")" + id + R"(","was":"Other","text":"New"})").status, 409);
  EXPECT_EQ(
      send("POST", base_ + "/memos", sokha, R"({"id":")" + id + R"(","was":"The mill again.","text":"New"})").status,
      200);
  EXPECT_EQ(read(get(base_ + "/memos", sokha)).at("memos").as_array().at(0).at("text"), "New");
}

// What is masked comes over the wire for nobody but whoever leads the study, by the one address that is for it.
TEST_P(Desk, WhatIsMaskedNeverLeavesForWhoMayNotSeeIt) {
  add("sokha", {{{}, Role::kCoder, {}, ""}});
  add("lead", {{{}, Role::kResearcher, {}, ""}});
  add("far", {{{}, Role::kCoder, {}, ""}, {{}, Role::kResearcher, {}, "NP"}});
  const std::string sokha = enter("sokha"), lead = enter("lead"), far = enter("far");
  const std::string text(read(get(base_, sokha)).at("text").as_string());
  const std::string at = R"({"start":0,"end":4})";
  const Response put = send("POST", base_ + "/masks", lead,
                            R"({"start":0,"end":4,"kind":"name","instead":"somebody","everywhere":true})");
  ASSERT_EQ(put.status, 200) << put.body;
  const std::string hidden = text.substr(0, 4);
  const boost::json::object after = read(get(base_, sokha));
  EXPECT_EQ(after.at("masks").as_array().at(0).at("instead"), "somebody");
  EXPECT_FALSE(after.at("masks").as_array().at(0).at("own").as_bool());
  const std::string plain = base_.substr(std::string("/api/v1").size());
  for (const std::string& address :
       {base_, plain, base_ + "/suggestions", base_ + "/memos", base_ + "/changes?after=0",
        "/studies/" + rooms_.study.text() + "/findings/causes/passages?item=Causes%2FPoverty"})
    EXPECT_EQ(get(address, sokha).body.find(hidden), std::string::npos) << address;
  EXPECT_NE(get(plain, sokha).body.find("[somebody]"), std::string::npos);
  EXPECT_EQ(send("POST", base_ + "/masks/beneath", sokha, at).status, 403);
  EXPECT_EQ(send("POST", base_ + "/masks/lift", sokha, at).status, 409);
  // Whoever leads elsewhere and codes here.
  EXPECT_EQ(send("POST", base_ + "/masks/lift", far, at).status, 409);
  EXPECT_EQ(send("POST", base_ + "/masks/beneath", far, at).status, 404);
  const std::int64_t before = entries();
  const Response beneath = send("POST", base_ + "/masks/beneath", lead, at);
  EXPECT_EQ(entries() - before, 1);
  EXPECT_EQ(read(beneath).at("words").as_array().at(0).as_string(), hidden);
  ASSERT_EQ(send("POST", base_ + "/masks/lift", lead, R"({"start":0,"end":4,"everywhere":true})").status, 200);
  EXPECT_EQ(std::string(read(get(base_, sokha)).at("text").as_string()), text);
}

// Looking is taking given up: it writes nothing, and says what taking would.
TEST_P(Desk, FilesAreLookedAtAndThenTaken) {
  add("lead", {{{}, Role::kResearcher, {}, ""}});
  add("place", {{{}, Role::kResearcher, {}, "KH"}});
  const std::string lead = enter("lead"), address = "/api/v1/studies/" + rooms_.study.text() + "/imports";
  using Files = std::vector<std::pair<std::string, std::string>>;
  const auto bring = [&](const std::string& session, bool keeps, const Files& files,
                         std::vector<std::pair<std::string, std::string>> fields = {}) {
    if (keeps) fields.emplace_back("keep", "yes");
    Request request = asked("POST", address, session, std::move(fields));
    request.headers["x-form"] = people::form_token(session);
    for (const auto& [name, bytes] : files) request.parts.push_back({"file", name, "text/plain", Upload(bytes)});
    Response response = answer(workspace(), request);
    if (!response.pieces) return response.status == 200 ? boost::json::object() : read(response);
    std::string all;
    for (auto piece = response.pieces->next(); piece && !piece->empty(); piece = response.pieces->next()) all += *piece;
    const std::size_t last = all.rfind('\n', all.size() - 2);
    return boost::json::parse(all.substr(last == std::string::npos ? 0 : last + 1)).as_object();
  };
  const auto sources = [&] {
    auto transaction = workspace().read();
    return study::list_sources(transaction, rooms_.study).size();
  };
  const std::size_t before = sources();
  const Files files{
      {"codings.csv", "source,coder,code,quote,occurrence\nThree,Anita,Causes/Poverty,no rain,\n"},
      {"talks/three.txt", "I: Why?\n\nSR-01: There was no rain.\n"},
      {"sources.csv",
       "file,source,kind,location,language,date,respondents,translation_of\nthree.txt,Three,interview,Svay "
       "Rieng,en,2026-02-13,SR-01,\n"}};
  const boost::json::object looked = bring(lead, false, files);
  ASSERT_TRUE(looked.contains("reports")) << boost::json::serialize(looked);
  EXPECT_FALSE(looked.at("kept").as_bool());
  EXPECT_EQ(sources(), before);
  const std::int64_t entries_before = entries();
  const boost::json::object taken = bring(lead, true, files);
  ASSERT_TRUE(taken.contains("reports")) << boost::json::serialize(taken);
  EXPECT_EQ(taken.at("reports"), looked.at("reports"));
  EXPECT_EQ(taken.at("reports").as_array().size(), 2u);  // the text came in with its table
  EXPECT_EQ(sources(), before + 1);
  EXPECT_EQ(entries() - entries_before, 1);
  // All or none, and which file it was.
  const boost::json::object refused =
      bring(lead, true, {{"new.txt", "I: More?\n"}, {"talk.wav", std::string("\0\1", 2)}});
  EXPECT_EQ(refused.at("problem").as_object().at("code"), "unknown_format");
  EXPECT_EQ(refused.at("file"), "talk.wav");
  EXPECT_EQ(sources(), before + 1);
  // A survey whose columns a person must name.
  const Files survey{{"survey.csv", "Number,Years,Told\nQ-1,25-34,The river took the field\n"}};
  const boost::json::object unnamed = bring(lead, false, survey);
  EXPECT_EQ(unnamed.at("tables").as_array().at(0).as_object().at("columns").as_array().size(), 3u);
  EXPECT_TRUE(bring(lead, true, survey,
                    {{"columns_of", "survey.csv"}, {"columns", "Number=respondent\nYears=age_band\nTold=open\n"}})
                  .contains("reports"));
  EXPECT_EQ(sources(), before + 2);
  // What was taken in is a row among the jobs; what was looked at is none.
  const boost::json::array jobs =
      read(get("/api/v1/studies/" + rooms_.study.text() + "/jobs", lead)).at("jobs").as_array();
  ASSERT_FALSE(jobs.empty());
  EXPECT_EQ(jobs[0].at("kind"), "import");
  EXPECT_EQ(jobs[0].at("state"), "done");
  EXPECT_EQ(jobs[0].at("said"), "1 file was taken in.");
  EXPECT_EQ(jobs[0].at("by"), "lead");
  const Files nothing{{"broken.qdpx", "no archive"}};
  EXPECT_TRUE(bring(lead, false, nothing).contains("problem"));
  EXPECT_EQ(read(get("/api/v1/studies/" + rooms_.study.text() + "/jobs", lead)).at("jobs").as_array().size(),
            jobs.size());
  EXPECT_TRUE(bring(lead, true, nothing).contains("problem"));
  EXPECT_EQ(read(get("/api/v1/studies/" + rooms_.study.text() + "/jobs", lead)).at("jobs").at(0).at("state"), "failed");
  EXPECT_EQ(bring(lead, false, {}).at("code"), "missing_value");
  EXPECT_EQ(bring(enter("place"), false, files).at("code"), "forbidden");
  EXPECT_GE(read(get(address, lead)).at("imports").as_array().size(), 2u);
}

TEST_P(Desk, ViewsAreOnesOwn) {
  add("sokha", {{{}, Role::kCoder, {}, ""}});
  add("rafiq", {{{}, Role::kCoder, {}, ""}});
  const std::string sokha = enter("sokha"), rafiq = enter("rafiq");
  const std::string address = "/api/v1/studies/" + rooms_.study.text() + "/views";
  const auto names = [&](const std::string& session) { return read(get(address, session)).at("views").as_array(); };
  const Response made = send("POST", address, sokha, R"({"name":" Groups ","filter":"{\"kind\":\"focus_group\"}"})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(send("POST", address, sokha, R"({"name":"Groups","filter":"{}"})").status, 201);  // gives way
  ASSERT_EQ(names(sokha).size(), 1u);
  EXPECT_EQ(names(sokha)[0].at("name"), "Groups");
  EXPECT_EQ(names(sokha)[0].at("filter"), "{}");
  EXPECT_TRUE(names(rafiq).empty());
  const std::string id(names(sokha)[0].at("id").as_string());
  EXPECT_EQ(send("DELETE", address + "/" + id, rafiq).status, 404);
  EXPECT_EQ(send("POST", address, sokha, R"({"name":"  ","filter":"{}"})").status, 422);
  for (int i = 0; i < 49; ++i)
    ASSERT_EQ(send("POST", address, sokha, R"({"name":"v)" + std::to_string(i) + R"(","filter":"{}"})").status, 201);
  EXPECT_EQ(send("POST", address, sokha, R"({"name":"one more","filter":"{}"})").status, 422);
  EXPECT_EQ(send("DELETE", address + "/" + id, sokha).status, 200);
}

TEST_P(Desk, WhatTheMachineSuggestsIsTakenOrDeclined) {
  add("sokha", {{{}, Role::kCoder, {}, ""}});
  add("lead", {{{}, Role::kProgrammeLead, {}, ""}});
  const std::string sokha = enter("sokha"), code = code_id(sokha);
  {
    auto transaction = workspace().write();
    study::LearntStudy learnt;
    for (const Span span : {Span{0, 5}, Span{5, 8}})
      learnt.suggestions.push_back({rooms_.here, *Id::parse(code), span, 0.9, {"wh"}, {{rooms_.here, {0, 5}}}});
    learnt.suggestions.push_back({rooms_.here, *Id::parse(code), {8, 13}, 0.9, {}, {}});
    learnt.report.lines.push_back({*Id::parse(code), "", {10, 4, 4, 3}, false});
    study::keep_learnt(transaction, rooms_.study, learnt);
    transaction.commit();
  }
  const std::string address = base_ + "/suggestions";
  const boost::json::object told = read(get(address, sokha));
  const boost::json::array& open = told.at("suggestions").as_array();
  ASSERT_GE(open.size(), 2u);
  EXPECT_EQ(open[0].at("words").as_array().at(0), "wh");
  EXPECT_EQ(open[0].at("like").as_array().size(), 1u);
  EXPECT_EQ(open[0].at("measured").at("right"), 3);
  // That is a figure of the whole study.
  add("of_a_place", {{{}, Role::kCoder, rooms_.study, "KH-20"}});
  const boost::json::object part = read(get(address, enter("of_a_place")));
  ASSERT_EQ(part.at("suggestions").as_array().size(), open.size());
  for (const boost::json::value& each : part.at("suggestions").as_array()) EXPECT_TRUE(each.at("measured").is_null());
  const std::size_t codings = read(get(base_, sokha)).at("codings").as_array().size();
  const auto answered = [&](std::size_t which, const char* take) {
    return send("POST", address, sokha,
                R"({"id":")" + std::string(open[which].at("id").as_string()) + R"(","take":)" + take + "}");
  };
  const Response taken = answered(0, "true");
  ASSERT_EQ(taken.status, 200) << taken.body;
  EXPECT_EQ(read(taken).at("coding").at("code_id").as_string(), code);
  EXPECT_EQ(answered(0, "true").status, 404);  // it is a coding now
  EXPECT_EQ(answered(1, "false").status, 200);
  EXPECT_EQ(answered(1, "true").status, 404);
  EXPECT_EQ(read(get(base_, sokha)).at("codings").as_array().size(), codings + 1);
  EXPECT_EQ(read(get(address, sokha)).at("suggestions").as_array().size(), open.size() - 2);
  EXPECT_EQ(send("POST", address, sokha, R"({"id":"0000000000001","take":true})").status, 404);
  EXPECT_EQ(send("POST", address, sokha, R"({"take":true})").status, 400);
  EXPECT_EQ(get(address, enter("lead")).status, 403);
  // While the source is coded blind, which are left would tell what others did.
  add("researcher", {{{}, Role::kResearcher, {}, ""}});
  ASSERT_FALSE(read(get(address, sokha)).at("suggestions").as_array().empty());
  ASSERT_EQ(send("POST", base_ + "/blind", enter("researcher"), R"({"blind":true})").status, 200);
  EXPECT_TRUE(read(get(address, sokha)).at("suggestions").as_array().empty());
  EXPECT_EQ(answered(2, "false").status, 409);
}

TEST_P(Desk, BlindCodersDoNotSeeEachOtherUntilItIsEnded) {
  add("sokha", {{{}, Role::kCoder, {}, ""}});
  add("rafiq", {{{}, Role::kCoder, {}, ""}});
  add("lead", {{{}, Role::kResearcher, {}, ""}});
  const std::string sokha = enter("sokha"), rafiq = enter("rafiq"), lead = enter("lead"), code = code_id(sokha);
  const auto codings = [&](const std::string& session) {
    return read(get(base_, session)).at("codings").as_array().size();
  };
  EXPECT_EQ(codings(rafiq), 1u);  // Anita's, who was imported
  EXPECT_EQ(send("POST", base_ + "/blind", sokha, R"({"blind":true})").status, 403);
  ASSERT_EQ(send("POST", base_ + "/blind", lead, R"({"blind":true})").status, 200);
  ASSERT_EQ(send("POST", base_ + "/codings", sokha, put(code, 8, 13)).status, 201);
  ASSERT_EQ(send("POST", base_ + "/codings", rafiq, put(code, 9, 13)).status, 201);
  ASSERT_EQ(send("POST", base_ + "/memos", sokha, R"({"text":"The mill again."})").status, 200);
  EXPECT_EQ(codings(sokha), 1u);
  EXPECT_EQ(codings(rafiq), 1u);
  EXPECT_EQ(codings(lead), 0u);
  EXPECT_TRUE(read(get(base_ + "/memos", rafiq)).at("memos").as_array().empty());
  const boost::json::object told = read(get(base_ + "/changes?after=0", rafiq));
  for (const auto& change : told.at("changes").as_array())
    EXPECT_TRUE(change.at("what") == "blind" || change.at("what") == "add") << change;
  const std::string plain = base_.substr(std::string("/api/v1").size());
  EXPECT_EQ(get(plain, lead).body.find("Anita"), std::string::npos);
  EXPECT_EQ(get("/studies/" + rooms_.study.text() + "/findings/causes/passages?item=Causes%2FPoverty", lead)
                .body.find("owe the mill"),
            std::string::npos);
  EXPECT_EQ(
      get("/api/v1/studies/" + rooms_.study.text() + "/codebook/" + code + "/passages", lead).body.find("owe the mill"),
      std::string::npos);
  EXPECT_EQ(get(base_ + "/comparison", lead).status, 409);
  // Nor how many there are, in the list of sources, however it is narrowed.
  const auto in_list = [&](const std::string& session, const std::string& narrowed = "") {
    const boost::json::object list =
        read(get("/api/v1/studies/" + rooms_.study.text() + "/sources" + narrowed, session));
    std::string told;
    for (const auto& each : list.at("sources").as_array())
      told += fmt::format("{}:{}/{} ", std::string(each.at("name").as_string()), each.at("codings").as_int64(),
                          each.at("coders").as_int64());
    return told;
  };
  const auto on_page = [&](const std::string& session) {
    const std::string page = get("/studies/" + rooms_.study.text() + "/sources", session).body;
    const std::size_t at = page.find(">One<");
    return page.substr(at, page.find("</tr>", at) - at);
  };
  // Nor by how far the numbers of changes move, nor by what a merge would do.
  const auto number = [&] { return read(get(base_ + "/changes?after=0", rafiq)).at("number").as_int64(); };
  const std::string book = "/api/v1/studies/" + rooms_.study.text() + "/codebook";
  const auto would_move = [&](const std::string& session) -> std::int64_t {
    const boost::json::object told = read(get(book, session));
    for (const auto& each : told.at("codes").as_array()) {
      const std::string into(each.at("id").as_string());
      if (into == code) continue;
      const Response looked = get(book + "/" + code + "/merge?into=" + into, session);
      if (looked.status == 200) return read(looked).at("codings").as_int64();
    }
    ADD_FAILURE() << "no code to merge into";
    return -1;
  };
  const std::int64_t number_before = number(), would_before = would_move(lead);
  ASSERT_EQ(send("POST", base_ + "/codings", sokha, put(code, 1, 4)).status, 201);
  EXPECT_EQ(number(), number_before);
  EXPECT_EQ(would_move(lead), would_before);
  EXPECT_EQ(in_list(lead), "One:0/0 Two:1/1 ");
  EXPECT_EQ(in_list(sokha), "One:2/1 Two:1/1 ");
  EXPECT_EQ(in_list(rafiq, "?kind=interview"), "One:1/1 Two:1/1 ");
  EXPECT_EQ(on_page(lead).find(">4<"), std::string::npos) << on_page(lead);
  EXPECT_NE(on_page(lead).find(">0<"), std::string::npos) << on_page(lead);
  EXPECT_NE(on_page(sokha).find(">2<"), std::string::npos) << on_page(sokha);
  ASSERT_EQ(send("DELETE",
                 base_ + "/codings/" +
                     std::string(read(get(base_, sokha)).at("codings").as_array().at(0).at("id").as_string()),
                 sokha)
                .status,
            200);
  ASSERT_EQ(send("POST", base_ + "/blind", lead, R"({"blind":false})").status, 200);
  EXPECT_EQ(in_list(lead), "One:3/3 Two:1/1 ");
  EXPECT_GT(number(), number_before);
  EXPECT_GT(would_move(lead), would_before);
  EXPECT_EQ(codings(lead), 3u);
  const boost::json::object before = read(get(base_, lead));
  std::map<std::string, std::string> ids;
  for (const auto& coder : before.at("coders").as_array())
    ids[std::string(coder.at("name").as_string())] = std::string(coder.at("id").as_string());
  const std::string pair = "/comparison?one=" + ids.at("sokha") + "&other=" + ids.at("rafiq");
  const boost::json::object compared = read(get(base_ + pair, lead));
  ASSERT_EQ(compared.at("differences").as_array().size(), 2u);
  const auto& difference = compared.at("differences").as_array().at(0);
  EXPECT_TRUE(difference.at("near").as_bool());
  const std::string settle =
      R"({"coding":")" + std::string(difference.at("id").as_string()) + R"(","stands":false,"reason":"Too wide"})";
  EXPECT_EQ(send("POST", base_ + "/settlements", sokha, settle).status, 403);
  ASSERT_EQ(send("POST", base_ + "/settlements", lead, settle).status, 200);
  EXPECT_EQ(codings(lead), 2u);
  const boost::json::object after = read(get(base_ + pair, lead));
  EXPECT_EQ(after.at("codes"), compared.at("codes"));  // as it was coded
  const auto& settled = after.at("differences").as_array().at(0).at("settled");
  EXPECT_EQ(settled.at("by"), "lead");
  EXPECT_EQ(settled.at("reason"), "Too wide");
  EXPECT_FALSE(settled.at("stands").as_bool());
}

TEST(SentJson, ReadsObjectsOfValuesAndSaysWhatIsWrong) {
  const auto sent = SentJson::read(R"({"a":"x","n":3,"t":true,"i":"0000000000001","l":["0000000000001"],"z":null})");
  ASSERT_TRUE(sent);
  EXPECT_EQ(*sent->text("a", 5), "x");
  EXPECT_EQ(*sent->number("n"), 3);
  EXPECT_TRUE(*sent->truth("t"));
  EXPECT_EQ(sent->id("i")->value, 1);
  EXPECT_EQ(sent->ids("l", 5)->size(), 1u);
  EXPECT_FALSE(sent->has("z"));
  for (const auto& problem :
       {sent->text("n", 5).error(), sent->text("b", 5).error(), sent->text("a", 0).error(), sent->number("a").error(),
        sent->id("a").error(), sent->ids("l", 0).error(), SentJson::read("[1]").error(), SentJson::read("").error(),
        SentJson::read("{").error(), SentJson::read(R"({"a":[[[[[[]]]]]]})").error()})
    EXPECT_EQ(problem.code(), "bad_json");
}

}  // namespace understory::server
