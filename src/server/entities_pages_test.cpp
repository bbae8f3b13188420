// Lists that forms fill, as people keep them on pages and phones fetch them: what is deleted, and what lies elsewhere.
#include <gmock/gmock.h>

#include "server/over_sockets_test.h"
#include "server/problems.h"
#include "testing/who_may.h"
#include "vault/md5.h"

namespace understory::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kNumber = "12345678-1234-4123-8234-12345678900";

std::string unescaped(std::string text) {
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&apos;", "'"}, {"&amp;", "&"}})
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
  return text;
}

class EntityPages : public WhoMay {
 protected:
  void SetUp() override {
    WhoMay::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    rooms_ = two_studies(workspace());
    add("anita", {{{}, Role::kResearcher, rooms_.study, ""}});
    researcher_ = enter("anita");
    const Wells wells = one_list(workspace(), rooms_.study);
    version_ = wells.version;
    list_ = wells.list;
    auto transaction = workspace().write();
    everywhere_ = enroll(transaction, "");
    in_svay_rieng_ = enroll(transaction, "KH-20");
    transaction.commit();
  }
  std::string enroll(storage::Transaction& transaction, const std::string& place) {
    people::Device wanted;
    wanted.name = "Phone " + place;
    wanted.study = rooms_.study;
    wanted.place = place;
    return people::enroll_device(transaction, *people::audit_key(workspace()), wanted, 30)->token;
  }
  void share() {
    auto transaction = workspace().write();
    collect::share_entity_lists(transaction);
    transaction.commit();
  }
  void send(char digit, const std::string& place) {
    Request request = asked("POST", "/v1/key/" + everywhere_ + "/submission", "");
    request.parts.push_back(
        {"xml_submission_file", "s.xml", "text/xml",
         Upload("<data id=\"wells\" version=\"1\"><place>" + place + "</place><meta><instanceID>uuid:" + digit +
                "</instanceID><entity dataset=\"wells\" create=\"1\" id=\"" + kNumber + digit + "\"><label>Well " +
                digit + "</label></entity></meta></data>")});
    EXPECT_EQ(answer(workspace(), request).status, 201);
  }
  std::string fetched(const std::string& token, const std::string& rest) {
    const Response got = get("/v1/key/" + token + "/forms/" + version_.text() + rest, "");
    return got.status == 200 ? got.body : std::to_string(got.status);
  }
  int post(const std::string& rest, const std::string& session, const std::string& name, const std::string& value) {
    return answer(workspace(), asked("POST", "/entities/" + list_.text() + rest, session,
                                     {{"form", people::form_token(session)}, {name, value}}))
        .status;
  }
  Rooms rooms_;
  Id version_, list_;
  std::string researcher_, everywhere_, in_svay_rieng_;
};
INSTANTIATE_TEST_SUITE_P(Engines, EntityPages, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(EntityPages, WhatIsDeletedGoesToNoPhoneAndPhonesAreToldSo) {
  share();
  send('1', "KH-20");
  send('2', "KH");
  const std::string files = "/files/wells.csv";
  EXPECT_THAT(fetched(everywhere_, "/manifest"),
              HasSubstr("/forms/" + version_.text() + files + "/integrity</integrityUrl>"));
  const Response page = get("/entities/" + list_.text(), researcher_);
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr("Well 1"));
  EXPECT_THAT(page.body, HasSubstr("Delete “Well 1”"));
  EXPECT_THAT(get("/entities", researcher_).body, HasSubstr("/entities/" + list_.text()));
  EXPECT_THAT(get("/forms", researcher_).body, HasSubstr("href=\"/entities\""));

  const std::int64_t before = entries();
  EXPECT_EQ(post("/" + kNumber + "1", researcher_, "do", "delete"), 303);
  EXPECT_EQ(entries() - before, 1) << "in the log";
  EXPECT_EQ(post("/" + kNumber + "1", researcher_, "do", "delete"), 404);
  EXPECT_EQ(post("/" + kNumber + "9", researcher_, "do", "restore"), 404);
  EXPECT_EQ(fetched(everywhere_, files), "name,label,__version,place\n" + kNumber + "2,Well 2,1,KH\n");
  const std::string manifest = fetched(everywhere_, "/manifest");
  EXPECT_THAT(manifest, HasSubstr("md5:" + vault::md5_hex(fetched(everywhere_, files))));
  // ODK's own shape; of what is of nobody's list it is told that it was not deleted, and no more.
  EXPECT_EQ(fetched(everywhere_, files + "/integrity?id=" + kNumber + "1," + kNumber + "2,x%3Cy"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<data>\n  <entities>\n    <entity id=\"" + kNumber +
                "1\"><deleted>true</deleted></entity>\n    <entity id=\"" + kNumber +
                "2\"><deleted>false</deleted></entity>\n    <entity id=\"x&lt;y\"><deleted>false</deleted></entity>\n"
                "  </entities>\n</data>\n");
  EXPECT_EQ(fetched(everywhere_, files + "/integrity"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<data>\n  <entities>\n  </entities>\n</data>\n");
  EXPECT_EQ(fetched(everywhere_, files + "/integrity?id=" + std::string(101, 'a')), "400");
  EXPECT_EQ(fetched(everywhere_, "/files/others.csv/integrity?id=1"), "404");
  EXPECT_EQ(fetched("nobody", files + "/integrity?id=" + kNumber + "1"), "403");

  EXPECT_THAT(get("/entities/" + list_.text(), researcher_).body, HasSubstr("Restore “Well 1”"));
  EXPECT_EQ(post("/" + kNumber + "1", researcher_, "do", "restore"), 303);
  EXPECT_THAT(fetched(everywhere_, files), HasSubstr("Well 1"));
  EXPECT_THAT(fetched(everywhere_, files + "/integrity?id=" + kNumber + "1"), Not(HasSubstr("true")));
}

// A phone names all it wants to know of in one address.
TEST_P(EntityPages, APhoneAsksAboutTenThousandAtOnce) {
  share();
  send('1', "KH-20");
  EXPECT_EQ(post("/" + kNumber + "1", researcher_, "do", "delete"), 303);
  Limits limits;
  limits.long_heads = 1;
  Running running([this](const Request& request) { return answer(workspace(), request); }, limits, {"127.0.0.1:0"},
                  lane_of, body_of);
  const auto asked = [&](const std::string& ids) {
    return said_to(running.port(), server::get("127.0.0.1", "Accept-Language: km\r\n",
                                               "/v1/key/" + everywhere_ + "/forms/" + version_.text() +
                                                   "/files/wells.csv/integrity?id=" + ids));
  };
  const auto numbers = [&](int count) {
    std::string all = kNumber + "1";
    for (int i = 1; i < count; ++i) all += fmt::format("%2C{:08x}-1234-4123-8234-123456789001", i);
    return all;
  };
  const std::string reply = asked(numbers(10'000));
  EXPECT_EQ(status_of(reply), 200) << reply.substr(0, 1000);
  EXPECT_THAT(reply, HasSubstr("<entity id=\"" + kNumber + "1\"><deleted>true"));
  EXPECT_THAT(reply, HasSubstr("0000270f-1234-4123-8234-123456789001\"><deleted>false"));
  const auto km = [](const Problem& problem) { return Catalogue::of("km").sentence(problem); };
  const std::string many = asked(numbers(10'001));
  EXPECT_EQ(status_of(many), 400);
  EXPECT_THAT(many,
              HasSubstr("<message nature=\"error\">" + km(Problem(problems::kTooManyNumbers, {{"most", "10000"}}))));
  const std::string long_one = asked(std::string(600'000, 'a'));
  EXPECT_EQ(status_of(long_one), 431);
  EXPECT_THAT(long_one,
              HasSubstr("<message nature=\"error\">" + km(Problem(problems::kTooMuchAsked, {{"limit", "512 KiB"}}))));
  // No other address may be so long, nor another field of the same request.
  EXPECT_EQ(status_of(said_to(running.port(),
                              server::get("127.0.0.1", "", "/v1/formList?formID=" + std::string(20'000, 'a')))),
            431);
  EXPECT_EQ(status_of(said_to(running.port(), server::get("127.0.0.1", "X: " + std::string(80'000, 'a') + "\r\n",
                                                          "/v1/forms/1/files/a/integrity?id=1"))),
            431);
  EXPECT_EQ(status_of(said_to(running.port(), "GET /v1/a/integrity?id=1 2 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")), 400);
  {
    asio::io_context context;
    tcp::socket first(context);
    connect(first, running.port(), "127.0.0.1");
    asio::write(first, asio::buffer(std::string("GET /v1/a/integrity?id=1,2")));
    std::string busy;
    for (int i = 0; i < 200 && status_of(busy) != 503; ++i) busy = asked("1");
    EXPECT_EQ(status_of(busy), 503);
    EXPECT_THAT(busy, HasSubstr("<OpenRosaResponse"));
  }
}

// The plain page offers what a list holds, by the form's own filter, and takes nothing else.
TEST_P(EntityPages, ThePlainPageOffersEntities) {
  constexpr const char* form =
      R"xml(<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml">
<h:head><h:title>Repairs</h:title><model><instance><data id="repairs" version="1"><place>KH-20</place><well/>
<meta><instanceID/></meta></data></instance><instance id="wells" src="jr://file-csv/wells.csv"/>
<bind nodeset="/data/place" type="string"/><bind nodeset="/data/well" type="string" required="true()"/></model></h:head>
<h:body><input ref="/data/place"><label>Place</label></input><select1 ref="/data/well"><label>Well</label>
<itemset nodeset="instance('wells')/root/item[place = /data/place ]"><value ref="name"/><label ref="label"/></itemset>
</select1></h:body></h:html>)xml";
  share();
  send('1', "KH-20");
  send('2', "KH");
  std::string address;
  {
    auto transaction = workspace().write();
    const auto made = collect::take_form(transaction, {form, "repairs.xml", rooms_.study, {}, false});
    ASSERT_TRUE(made) << made.error().sentence();
    address = "/forms/" + made->form.id.text() + "/fill";
    transaction.commit();
  }
  const auto opened = [&] {
    auto transaction = workspace().read();
    std::size_t all = 0;
    for (const auto& each : people::audit_entries(transaction, list_, {}, 0, 100))
      all += each.deed.action == "fill_forms" && each.deed.reason == "account";
    return all;
  };
  Response page = get(address, researcher_);
  EXPECT_EQ(page.status, 200) << page.body;
  EXPECT_THAT(page.body, HasSubstr("value=\"" + kNumber + "1\""));
  EXPECT_THAT(page.body, HasSubstr("Well 1"));
  EXPECT_THAT(page.body, Not(HasSubstr("Well 2")));
  EXPECT_EQ(opened(), 1u) << "what was told is opened by that";
  const auto press = [&](const std::string& place, const std::string& well, const std::string& what) {
    std::vector<std::pair<std::string, std::string>> fields{
        {"form", people::form_token(researcher_)}, {"/data/place", place}, {"/data/well", well}, {"do", what}};
    for (const std::string name : {"version", "mark", "asked_in", "state"}) {
      const std::string from = "name=\"" + name + "\" value=\"";
      const std::size_t at = page.body.find(from) + from.size();
      fields.emplace_back(name, unescaped(page.body.substr(at, page.body.find('"', at) - at)));
    }
    Request request = asked("POST", address, researcher_, fields);
    for (const auto& [name, value] : fields) request.parts.push_back({name, "", "", Upload(value)});
    return answer(workspace(), request);
  };
  const Response other = press("KH", "", "look");
  EXPECT_THAT(other.body, HasSubstr("Well 2"));
  EXPECT_THAT(other.body, Not(HasSubstr("Well 1")));
  EXPECT_EQ(press("KH-20", kNumber + "2", "send").status, 422) << "not among what is offered";
  EXPECT_EQ(press("KH-20", kNumber + "1", "send").status, 303);
  auto transaction = workspace().read();
  EXPECT_EQ(collect::submissions(transaction, collect::find_form(transaction, "repairs")->id, {}).size(), 1u);
}

// Whoever reviews a part of the study sees no more of a list than of the study.
TEST_P(EntityPages, AnEditOffersWhatItsReviewerMayHave) {
  constexpr const char* form =
      R"xml(<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml">
<h:head><h:title>Repairs</h:title><model><instance><data id="repairs" version="1"><well/>
<meta><instanceID/></meta></data></instance><instance id="wells" src="jr://file-csv/wells.csv"/>
<bind nodeset="/data/well" type="string"/></model></h:head>
<h:body><select1 ref="/data/well"><label>Well</label>
<itemset nodeset="instance('wells')/root/item"><value ref="name"/><label ref="label"/></itemset>
</select1></h:body></h:html>)xml";
  share();
  send('1', "KH-20");
  send('2', "NP");
  {
    auto transaction = workspace().write();
    const auto made = collect::take_form(transaction, {form, "repairs.xml", rooms_.study, {}, false});
    ASSERT_TRUE(made) << made.error().sentence();
    transaction.commit();
  }
  Request request = asked("POST", "/v1/key/" + in_svay_rieng_ + "/submission", "");
  request.parts.push_back({"xml_submission_file", "s.xml", "text/xml",
                           Upload("<data id=\"repairs\" version=\"1\"><well/><meta><instanceID>uuid:r"
                                  "</instanceID></meta></data>")});
  ASSERT_EQ(answer(workspace(), request).status, 201);
  std::string address;
  {
    auto transaction = workspace().read();
    address = "/submissions/" + collect::submission_of(transaction, "repairs", "uuid:r")->text() + "/edit";
  }
  add("whole", {{{}, Role::kResearcher, rooms_.study, ""}});
  add("cambodia", {{{}, Role::kResearcher, rooms_.study, "KH"}});
  const Id apart = add("apart", {{{}, Role::kResearcher, rooms_.study, ""}});
  {
    auto transaction = workspace().write();
    people::exclude(transaction, apart, {}, "source", rooms_.elsewhere, {});
    transaction.commit();
  }
  const auto offered = [&](const std::string& name) {
    const Response page = get(address, enter(name));
    EXPECT_EQ(page.status, 200) << name;
    EXPECT_THAT(page.body, HasSubstr("Repairs")) << name;
    std::string wells;
    for (const char* well : {"Well 1", "Well 2"})
      if (page.body.find(well) != std::string::npos) wells += well;
    return wells;
  };
  EXPECT_EQ(offered("whole"), "Well 1Well 2");
  EXPECT_EQ(offered("cambodia"), "") << "the list knows no places";
  EXPECT_EQ(offered("apart"), "") << "something is kept back";
  EXPECT_EQ(post("", researcher_, "property", "place"), 303);
  EXPECT_EQ(offered("cambodia"), "Well 1");
  EXPECT_EQ(offered("apart"), "");
}

TEST_P(EntityPages, APhoneOfAPlaceGetsWhatLiesThere) {
  share();
  send('1', "KH-20");
  send('2', "KH");
  send('3', "");
  const std::string files = "/files/wells.csv";
  EXPECT_THAT(fetched(in_svay_rieng_, files), HasSubstr("Well 3")) << "the list knows no places";
  EXPECT_EQ(post("", researcher_, "property", "colour"), 404);
  EXPECT_EQ(post("", researcher_, "property", "place"), 303);
  EXPECT_EQ(fetched(in_svay_rieng_, files), "name,label,__version,place\n" + kNumber + "1,Well 1,1,KH-20\n");
  EXPECT_THAT(fetched(in_svay_rieng_, "/manifest"), HasSubstr("md5:" + vault::md5_hex(fetched(in_svay_rieng_, files))));
  EXPECT_THAT(fetched(everywhere_, files), HasSubstr("Well 3"));
  // An enumerator of that place, on the page that fills forms in by script.
  add("dara", {{{}, Role::kEnumerator, rooms_.study, "KH-20"}});
  add("sokha", {{{}, Role::kEnumerator, rooms_.study, ""}});
  const auto by_account = [&](const std::string& name) {
    Id form;
    {
      auto transaction = workspace().read();
      form = collect::find_form(transaction, "wells")->id;
    }
    return get("/forms/" + form.text() + "/versions/" + version_.text() + files, enter(name)).body;
  };
  EXPECT_THAT(by_account("dara"), Not(HasSubstr("Well 2")));
  EXPECT_THAT(by_account("dara"), HasSubstr("Well 1"));
  EXPECT_THAT(by_account("sokha"), HasSubstr("Well 3"));
  EXPECT_EQ(post("", researcher_, "property", ""), 303);
  EXPECT_THAT(fetched(in_svay_rieng_, files), HasSubstr("Well 3"));
}

TEST_P(EntityPages, AListOfAnotherStudyLooksLikeNone) {
  send('1', "KH-20");
  add("elsewhere", {{{}, Role::kResearcher, rooms_.other_study, ""}});
  add("of_a_place", {{{}, Role::kResearcher, rooms_.study, "KH-20"}});
  for (const char* name : {"elsewhere", "of_a_place"}) {
    const std::string session = enter(name);
    const Id unknown = Id::make();
    std::string hidden = get("/entities/" + list_.text(), session).body;
    for (std::size_t at; (at = hidden.find(list_.text())) != std::string::npos;)
      hidden.replace(at, list_.text().size(), unknown.text());
    EXPECT_EQ(hidden, get("/entities/" + unknown.text(), session).body) << name;
    EXPECT_THAT(get("/entities", session).body, Not(HasSubstr(">wells<"))) << name;
    EXPECT_EQ(post("/" + kNumber + "1", session, "do", "delete"), 404) << name;
    EXPECT_EQ(post("", session, "property", "place"), 404) << name;
  }
}

}  // namespace
}  // namespace understory::server
