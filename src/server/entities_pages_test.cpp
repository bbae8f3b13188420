// Lists that forms fill, as people keep them on pages and phones fetch them: what is deleted, and what lies elsewhere.
#include <gmock/gmock.h>

#include "testing/who_may.h"
#include "vault/md5.h"

namespace understory::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kNumber = "12345678-1234-4123-8234-12345678900";

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
