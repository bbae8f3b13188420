// A form's submissions on their way out: what was sent in comes out, to whoever may have it and to nobody else.
#include <thread>

#include "collect/forms.h"
#include "collect/intake.h"
#include "collect/submissions.h"
#include "foundation/archive.h"
#include "people/account.h"
#include "people/audit.h"
#include "people/sign_in.h"
#include "server/pushed.h"
#include "server/routes.h"
#include "study/study.h"
#include "testing/workspace.h"

namespace understory::server {

namespace {

constexpr vault::PasswordCost kLight{1, 8 << 20};
constexpr const char* kPassword = "three rivers meet here";
constexpr const char* kForm = R"(<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml">
<h:head><h:title>Visit</h:title><model><instance><data id="visit" version="VERSION"><village/><where/><photo/>
<person><name/></person><meta><instanceID/></meta></data></instance><bind nodeset="/data/where" type="geopoint"/>
<bind nodeset="/data/photo" type="binary"/></model></h:head><h:body>
<upload ref="/data/photo" mediatype="image/*"><label>p</label></upload>
<group ref="/data/person"><repeat nodeset="/data/person"/></group></h:body></h:html>)";

std::string all_of(const Response& response) {
  std::string all = response.body;
  if (!response.pieces) return all;
  for (;;) {
    const auto piece = response.pieces->next();
    if (!piece) return all + "!" + std::string(piece.error().code());
    if (piece->empty()) return all;
    all += *piece;
  }
}

}  // namespace

class Exports : public testing_support::OnBothEngines {
 protected:
  void SetUp() override {
    OnBothEngines::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    auto transaction = workspace().write();
    study::NewStudy wanted;
    wanted.study.name = "Experiences";
    study_ = *study::create_study(transaction, wanted);
    wanted.study.name = "Another";
    other_ = *study::create_study(transaction, wanted);
    std::string xml = kForm;
    ASSERT_TRUE(
        collect::take_form(transaction, {xml.replace(xml.find("VERSION"), 7, "1"), "visit.xml", study_, {}, false}));
    const auto device =
        people::enroll_device(transaction, *people::audit_key(workspace()), {.name = "Phone", .study = study_}, 30);
    ASSERT_TRUE(device);
    transaction.commit();
    token_ = device->token;
  }
  void send(const std::string& number, const std::string& village, const std::string& people = "",
            std::vector<std::pair<std::string, std::string>> files = {}) {
    Request request;
    request.method = "POST";
    ASSERT_TRUE(read_target("/v1/key/" + token_ + "/submission?deviceID=collect%3Aabc", request));
    request.headers["host"] = "voices.example.org";
    request.secure = true;
    request.from_here = false;
    const std::string photo = files.empty() ? "" : files[0].first;
    request.parts.push_back({"xml_submission_file", "s.xml", "text/xml",
                             Upload("<data id=\"visit\" version=\"1\"><village>" + village +
                                    "</village><where>11.5 104.9 0 5</where><photo>" + photo + "</photo>" + people +
                                    "<meta><instanceID>" + number + "</instanceID></meta></data>")});
    for (const auto& [name, content] : files) request.parts.push_back({name, name, "image/jpeg", Upload(content)});
    const Response response = answer(workspace(), request);
    EXPECT_EQ(response.status, 201) << response.body;
  }
  Response get(const std::string& target, const std::string& session = "") {
    Request request;
    EXPECT_TRUE(read_target(target, request));
    request.headers["host"] = "voices.example.org";
    request.headers["cookie"] = "session=" + session + "; __Host-session=" + session;
    request.secure = true;
    return answer(workspace(), request);
  }
  std::string enter(const std::string& name, const people::Grant& grant) {
    {
      auto transaction = workspace().write();
      const Id id = *people::add_account(transaction, name, "");
      people::add_grant(transaction, id, grant, {});
      const std::string token = people::invite(transaction, id, {});
      EXPECT_TRUE(people::accept_invitation(transaction, token, vault::make_person_key(kPassword, kLight)));
      transaction.commit();
    }
    const auto entered = people::sign_in(workspace(), {name, kPassword, "", ""},
                                         [](storage::Transaction&, Id, std::string_view, std::string_view) {});
    EXPECT_TRUE(entered);
    return entered ? entered->session : "";
  }
  Response ask(const std::string& target, const std::string& query, const std::string& session = "",
               const std::string& type = "text/plain") {
    Request request;
    request.method = "POST";
    EXPECT_TRUE(read_target(target, request));
    request.headers["host"] = "voices.example.org";
    request.headers["content-type"] = type;
    request.headers["cookie"] = "session=" + session + "; __Host-session=" + session;
    request.secure = true;
    request.content = Upload(query);
    return answer(workspace(), request);
  }
  std::int64_t entries() {
    auto transaction = workspace().read();
    return people::audit_head(transaction).number;
  }
  Id study_, other_;
  std::string token_;
};
INSTANTIATE_TEST_SUITE_P(Engines, Exports, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(Exports, WhatWasSentComesOut) {
  send("uuid:one", "ភូមិថ្មី", "<person><name>A</name></person><person><name>B</name></person>", {{"រូប.jpg", "picture"}});
  send("uuid:two", "=1+1");
  const Response csv = get("/api/v1/forms/visit/submissions.csv.zip?attachments=true&splitSelectMultiples=true");
  ASSERT_EQ(csv.status, 200) << csv.body;
  const std::string bytes = all_of(csv);
  const auto archive = Archive::open(bytes, "out.zip");
  ASSERT_TRUE(archive) << archive.error().sentence();
  EXPECT_EQ(archive->names(), (std::vector<std::string>{"visit.csv", "visit-person.csv", "media/រូប.jpg"}));
  const std::string table = *archive->read("visit.csv");
  EXPECT_NE(table.find(",ភូមិថ្មី,11.5,104.9,0,5,រូប.jpg,uuid:one,uuid:one,"), std::string::npos) << table;
  EXPECT_NE(table.find(",Phone,1,1,,,collect:abc,0,1\n"), std::string::npos) << table;
  EXPECT_NE(table.find(",'=1+1,"), std::string::npos) << table;
  EXPECT_EQ(*archive->read("visit-person.csv"),
            "name,PARENT_KEY,KEY\nA,uuid:one,uuid:one/person[1]\nB,uuid:one,uuid:one/person[2]\n");
  EXPECT_EQ(*archive->read("media/រូប.jpg"), "picture");

  EXPECT_NE(all_of(get("/api/v1/forms/visit/submissions.geojson")).find(R"("coordinates":[104.9,11.5,0])"),
            std::string::npos);
  const std::string xlsx = all_of(get("/api/v1/forms/visit/submissions.xlsx"));
  EXPECT_TRUE(Archive::open(xlsx, "out.xlsx"));
  const std::string base = "/api/v1/studies/" + study_.text() + "/forms/visit.svc";
  EXPECT_NE(all_of(get(base)).find("\"Submissions.person\""), std::string::npos);
  EXPECT_NE(all_of(get(base + "/$metadata")).find("Edm.GeographyPoint"), std::string::npos);
  const std::string rows = all_of(get(base + "/Submissions?%24filter=contains(village,'%E1%9E%97')&%24count=true"));
  EXPECT_NE(rows.find("\"__id\":\"uuid:one\""), std::string::npos) << rows;
  EXPECT_EQ(rows.find("uuid:two"), std::string::npos);
  EXPECT_NE(rows.find("\"@odata.count\":1}"), std::string::npos) << rows;
  EXPECT_NE(rows.find("https://voices.example.org" + base + "/$metadata#Submissions"), std::string::npos) << rows;
  EXPECT_EQ(all_of(get(base + "/Submissions('uuid%3Aone')/person/$count")), "2");
  EXPECT_EQ(all_of(get(base + "/Submissions.person('uuid:one%2Fperson%5B2%5D')")).find("\"name\":\"A\""),
            std::string::npos);
  // What cannot be answered is said before anything is sent.
  const Response bad = get(base + "/Submissions?%24filter=nope%20eq%201");
  EXPECT_EQ(bad.status, 422);
  EXPECT_NE(all_of(bad).find("character 1"), std::string::npos);
  EXPECT_EQ(get(base + "/Nothing").status, 404);
  EXPECT_EQ(get("/api/v1/forms/visit/submissions.geojson?field=village").status, 422);
}

TEST_P(Exports, OnlyToWhoeverMayAndItIsWrittenDown) {
  send("uuid:one", "secret village");
  const std::string here = enter("Here", {{}, people::Role::kResearcher, study_, ""});
  const std::string elsewhere = enter("Elsewhere", {{}, people::Role::kResearcher, other_, ""});
  const std::string reporter = enter("Reporter", {{}, people::Role::kReporter, study_, ""});
  const std::string in_study = "/api/v1/studies/" + study_.text() + "/forms/visit";
  for (const std::string& end :
       {std::string("/submissions.csv.zip"), std::string("/submissions.xlsx"), std::string("/submissions.geojson"),
        std::string(".svc"), std::string(".svc/$metadata"), std::string(".svc/Submissions")}) {
    std::int64_t before = entries();
    EXPECT_EQ(get(in_study + end, here).status, 200) << end;
    EXPECT_EQ(entries() - before, 1) << end;
    before = entries();
    for (const std::string& nobody : {elsewhere, reporter, std::string("none")}) {
      const Response response = get(in_study + end, nobody);
      EXPECT_NE(response.status, 200) << end;
      EXPECT_EQ(all_of(response).find("secret"), std::string::npos);
    }
    EXPECT_EQ(entries() - before, 2) << end;
    // A form of this study under another study's name, and under none, by somebody of one study alone.
    EXPECT_EQ(get("/api/v1/studies/" + other_.text() + "/forms/visit" + end, elsewhere).status, 404) << end;
    EXPECT_EQ(get("/api/v1/forms/visit" + end, here).status, 404) << end;
  }
}

// What a filter looks for is often a name: it stands in no address, neither of the question nor of what comes next.
TEST_P(Exports, AFilterMayBeAskedWithoutStandingInAnAddress) {
  for (int i = 0; i < 5; ++i) send("uuid:" + std::to_string(i), i == 3 ? "elsewhere" : "Sophea's village");
  const std::string rows = "/api/v1/studies/" + study_.text() + "/forms/visit.svc/Submissions";
  const Response first =
      ask(rows + "/$query", "%24filter=contains(village,'Sophea')&$top=2&%24count=true&$select=__id\r\n");
  ASSERT_EQ(first.status, 200) << first.body;
  std::string page = all_of(first), all;
  EXPECT_NE(page.find("\"@odata.count\":4"), std::string::npos) << page;
  int pages = 0;
  for (; pages < 5; ++pages) {
    for (std::size_t at = page.find("\"__id\":\""); at != std::string::npos; at = page.find("\"__id\":\"", at + 1))
      all += page.substr(at + 8, 6) + " ";
    const std::size_t link = page.find("@odata.nextLink\":\"");
    if (link == std::string::npos) break;
    const std::string next = page.substr(link + 18, page.find('"', link + 18) - link - 18);
    EXPECT_EQ(next.find("Sophea"), std::string::npos) << next;
    EXPECT_EQ(next.find("filter"), std::string::npos) << next;
    page = all_of(get(next.substr(std::string("https://voices.example.org").size())));
  }
  EXPECT_EQ(pages, 1);
  EXPECT_EQ(all, "uuid:0 uuid:1 uuid:2 uuid:4 ");

  // Changed, of another list, or made up: begin again.
  const std::string answer = all_of(get(rows + "?%24top=1"));
  const std::size_t at = answer.find("skiptoken=") + 10;
  const std::string token = answer.substr(at, answer.find('"', at) - at);
  EXPECT_EQ(get(rows + "?%24skiptoken=" + token).status, 200);
  EXPECT_EQ(get(rows + ".person?%24skiptoken=" + token).status, 422);
  std::string changed = token;
  changed[changed.size() / 2] = changed[changed.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_EQ(get(rows + "?%24skiptoken=" + changed).status, 422);
  EXPECT_EQ(get(rows + "?%24skiptoken=0000000000001.0").status, 422);
  // What is no query, or is not asked so.
  EXPECT_EQ(ask(rows + "/$query", "%24filter=nope eq 1").status, 422);
  EXPECT_EQ(ask(rows + "/$query", "{}", "", "application/json").status, 422);
  EXPECT_EQ(ask(rows, "%24top=1").status, 404);
}

TEST_P(Exports, AQuestionInABodyIsForWhoeverMayAlone) {
  send("uuid:one", "secret village");
  const std::string here = enter("Here", {{}, people::Role::kResearcher, study_, ""});
  const std::string elsewhere = enter("Elsewhere", {{}, people::Role::kResearcher, other_, ""});
  const std::string query = "/api/v1/studies/" + study_.text() + "/forms/visit.svc/Submissions/$query";
  const std::int64_t before = entries();
  EXPECT_NE(all_of(ask(query, "%24top=1", here)).find("secret village"), std::string::npos);
  EXPECT_EQ(entries() - before, 1);
  for (const std::string& nobody : {elsewhere, std::string("none")})
    EXPECT_NE(ask(query, "%24top=1", nobody).status, 200);
  // Sent by another site's page.
  Request request;
  request.method = "POST";
  ASSERT_TRUE(read_target(query, request));
  request.headers["host"] = "voices.example.org";
  request.headers["origin"] = "https://elsewhere.example";
  request.headers["content-type"] = "text/plain";
  request.headers["cookie"] = "session=" + here + "; __Host-session=" + here;
  request.secure = true;
  request.content = Upload(std::string("%24top=1"));
  EXPECT_EQ(answer(workspace(), request).status, 403);
}

// Two are written at once for one account; the next is told when to come back.
TEST_P(Exports, TooManyAtOnceAreToldWhenToComeBack) {
  send("uuid:one", "Thmei");
  const std::string here = enter("Here", {{}, people::Role::kResearcher, study_, ""});
  const std::string rows = "/api/v1/studies/" + study_.text() + "/forms/visit.svc/Submissions";
  Id account;
  {
    auto transaction = workspace().read();
    account = people::find_account(transaction, "Here")->id;
  }
  {
    const Writer endless = [](const std::function<bool()>& going_on, const Sink& sink) -> Result<void> {
      TRY(sink("begin"));
      while (going_on()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      return {};
    };
    const auto first = pushed(endless, account), second = pushed(endless, account);
    ASSERT_TRUE(first && second);
    const Response third = get(rows, here);
    EXPECT_EQ(third.status, 503);
    EXPECT_NE(third.body.find("Two exports are on their way to you"), std::string::npos) << third.body;
    EXPECT_NE(
        std::find(third.headers.begin(), third.headers.end(), std::pair<std::string, std::string>("Retry-After", "30")),
        third.headers.end());
  }
  EXPECT_EQ(get(rows, here).status, 200);
}

// What its reader has not taken lies on the disk, and keeps no place.
TEST_P(Exports, SlowReadersKeepNoPlaces) {
  for (int i = 0; i < 3; ++i) send("uuid:" + std::to_string(i), std::string(400'000, 'x'));
  const std::string here = enter("Here", {{}, people::Role::kResearcher, study_, ""});
  const std::string rows = "/api/v1/studies/" + study_.text() + "/forms/visit.svc/Submissions";
  std::vector<Response> open;
  for (int i = 0; i < 6; ++i) {
    open.push_back(get(rows, here));
    for (int n = 0; open.back().status == 503 && n < 500; ++n) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      open.back() = get(rows, here);
    }
    ASSERT_EQ(open.back().status, 200);
  }
  const std::string first = all_of(open[0]);
  EXPECT_GT(first.size(), 1'200'000u);
  for (const Response& each : open)
    if (&each != &open[0]) EXPECT_EQ(all_of(each), first);
}

// A person's words asked for stand in the address, and in no line of ours.
TEST_P(Exports, WhatWasLookedForStandsInNoLog) {
  send("uuid:one", "Thmei");
  const std::string session = enter("anita", {{}, people::Role::kResearcher, study_, ""});
  const std::string address = "/api/v1/studies/" + study_.text() + "/forms/visit.svc/Submissions";
  for (const std::string query : {"?$filter=village%20eq%20%27Sokhannary%27", "?$filter=Sokhannary%20eq%201",
                                  "?$filter=village%20eq%20%27Sokhannary", "/Sokhannary?$filter=Sokhannary"}) {
    (void)all_of(get(address + query, session));
    (void)all_of(ask(address + "/$query", query.substr(query.find('$')), session));
  }
  auto transaction = workspace().read();
  std::string log;
  people::export_audit(transaction, [&](std::string_view line) { log += line; });
  EXPECT_NE(log.find("/api/v1/studies/{study}/forms/{form}.svc/{rest*}"), std::string::npos) << log;
  EXPECT_EQ(log.find("Sokhannary"), std::string::npos) << log;
}

}  // namespace understory::server
