// The page that fills a form in by script, as the server sees it: who gets it, what it is given, what is taken from it.
#include <boost/json.hpp>

#include "collect/forms.h"
#include "collect/submissions.h"
#include "people/account.h"
#include "people/sign_in.h"
#include "people/token.h"
#include "server/packing.h"
#include "server/routes.h"
#include "study/study.h"
#include "testing/workspace.h"

namespace understory::server {

namespace {

constexpr vault::PasswordCost kLight{1, 8 << 20};
constexpr const char* kPassword = "three rivers meet here";
constexpr const char* kForm = R"(<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml">
<h:head><h:title>Visit &lt;/script&gt;</h:title><model><instance><data id="visit" version="VERSION"><village/><photo/>
<meta><instanceID/></meta></data></instance><bind nodeset="/data/photo" type="binary"/></model></h:head><h:body>
<upload ref="/data/photo" mediatype="image/*"><label>p</label></upload></h:body></h:html>)";

std::string header(const Response& response, std::string_view name) {
  for (const auto& [each, value] : response.headers)
    if (each == name) return value;
  return "";
}

std::string between(const std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  if (at == std::string::npos) return "";
  return text.substr(at + from.size(), text.find(to, at + from.size()) - at - from.size());
}

}  // namespace

class Engine : public testing_support::OnBothEngines {
 protected:
  void SetUp() override {
    OnBothEngines::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    {
      auto transaction = workspace().write();
      study::NewStudy wanted;
      wanted.study.name = "Experiences";
      study_ = *study::create_study(transaction, wanted);
      wanted.study.name = "Another";
      other_ = *study::create_study(transaction, wanted);
      transaction.commit();
    }
    const auto made = publish("1");
    form_ = made.form.id;
    version_ = made.version.id;
  }
  collect::Published publish(const std::string& version) {
    auto transaction = workspace().write();
    std::string xml = kForm;
    auto made =
        collect::take_form(transaction, {xml.replace(xml.find("VERSION"), 7, version), "visit.xml", study_, {}, false});
    EXPECT_TRUE(made) << made.error().sentence();
    transaction.commit();
    return std::move(*made);
  }
  std::string session_of(const std::string& name, people::Role role, Id study) {
    {
      auto transaction = workspace().write();
      const Id id = *people::add_account(transaction, name, "");
      people::add_grant(transaction, id, {{}, role, study, ""}, {});
      const std::string token = people::invite(transaction, id, {});
      EXPECT_TRUE(people::accept_invitation(transaction, token, vault::make_person_key(kPassword, kLight)));
      transaction.commit();
    }
    const auto entered = people::sign_in(workspace(), {name, kPassword, "", ""},
                                         [](storage::Transaction&, Id, std::string_view, std::string_view) {});
    EXPECT_TRUE(entered);
    return entered ? entered->session : "";
  }
  Request request(const std::string& target, const std::string& session) {
    Request request;
    EXPECT_TRUE(read_target(target, request));
    request.headers["host"] = "voices.example.org";
    request.headers["cookie"] = "session=" + session + "; __Host-session=" + session;
    request.secure = true;
    request.from_here = false;
    return request;
  }
  Response get(const std::string& target, const std::string& session) {
    return answer(workspace(), request(target, session));
  }
  Request filled(const std::string& session, const std::string& number, const std::string& form = "visit") {
    Request made = request(page(), session);
    made.method = "POST";
    made.form.emplace_back("form", people::form_token(session));
    made.parts.push_back({"xml_submission_file", "s.xml", "text/xml",
                          Upload("<data id=\"" + form +
                                 "\" version=\"1\"><village>ភូមិថ្មី</village><photo>a.jpg"
                                 "</photo><meta><instanceID>" +
                                 number + "</instanceID></meta></data>")});
    made.parts.push_back({"a.jpg", "a.jpg", "image/jpeg", Upload("picture")});
    return made;
  }
  std::size_t kept() {
    auto transaction = workspace().read();
    return collect::submissions(transaction, form_, {}).size();
  }
  std::string page() const { return "/forms/" + form_.text() + "/engine"; }
  std::string of_version(Id version, const std::string& what) const {
    return "/forms/" + form_.text() + "/versions/" + version.text() + what;
  }
  Id study_, other_, form_, version_;
};
INSTANTIATE_TEST_SUITE_P(Engines, Engine, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(Engine, OpensToWhoeverMayFillTheFormInAndIsNotThereForOthers) {
  session_of("keeper", people::Role::kSteward, {});
  const std::string inside = session_of("dara", people::Role::kEnumerator, study_);
  const std::string outside = session_of("sok", people::Role::kEnumerator, other_);
  const std::string definition = of_version(version_, "/definition"), file = of_version(version_, "/files/none.csv");
  EXPECT_EQ(get(page(), inside).status, 200);
  EXPECT_EQ(get(definition, inside).status, 200);
  EXPECT_EQ(get(file, inside).status, 404);
  for (const std::string& address : {page(), definition, file}) {
    const Response refused = get(address, outside);
    EXPECT_EQ(refused.status, 404) << address;
    // As for a form nobody ever made.
    const std::string made_up = Id::make().text();
    std::string nowhere = address, told = refused.body;
    nowhere.replace(nowhere.find(form_.text()), form_.text().size(), made_up);
    std::string absent = get(nowhere, outside).body;
    for (std::size_t at; (at = absent.find(made_up)) != std::string::npos;)
      absent.replace(at, made_up.size(), form_.text());
    EXPECT_EQ(absent, told) << address;
    EXPECT_EQ(get(address, "").status, 303) << address;
  }
  EXPECT_EQ(answer(workspace(), filled(outside, "uuid:out")).status, 404);
  EXPECT_EQ(answer(workspace(), filled("", "uuid:out")).status, 303);
  EXPECT_EQ(kept(), 0u);
}

TEST_P(Engine, GivesThePageWhatItNeedsAndNothingThatEndsItsScript) {
  session_of("keeper", people::Role::kSteward, {});
  const std::string session = session_of("dara", people::Role::kEnumerator, study_);
  const Response shown = get(page(), session);
  EXPECT_NE(header(shown, "Content-Security-Policy").find("script-src 'self' 'wasm-unsafe-eval'; "), std::string::npos);
  const auto setting =
      boost::json::parse(between(shown.body, R"(<script type="application/json" id="setting">)", "</script>"));
  EXPECT_EQ(setting.at("title").as_string(), "Visit </script>");
  EXPECT_EQ(setting.at("version").as_string(), version_.text());
  for (const auto& [key, word] : setting.at("words").as_object())
    EXPECT_EQ(std::string_view(word.as_string()).find("⟦"), std::string_view::npos) << key;
  // The version a draft was begun in stays, when there is a newer one.
  const auto newer = publish("2");
  EXPECT_NE(get(page(), session).body.find(newer.version.id.text()), std::string::npos);
  auto transaction = workspace().read();
  EXPECT_EQ(get(of_version(version_, "/definition"), session).body, collect::form_xml(transaction, version_));
}

TEST_P(Engine, TakesWhatIsSentOnceHoweverOftenItComes) {
  session_of("keeper", people::Role::kSteward, {});
  const std::string session = session_of("dara", people::Role::kEnumerator, study_);
  const Response first = answer(workspace(), filled(session, "uuid:one"));
  EXPECT_EQ(first.status, 201) << first.body;
  const Response again = answer(workspace(), filled(session, "uuid:one"));
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);  // the same receipt
  ASSERT_EQ(kept(), 1u);
  {
    auto transaction = workspace().read();
    const auto sent = collect::submissions(transaction, form_, {}).front();
    EXPECT_EQ(sent.study, study_);
    EXPECT_TRUE(sent.account);
    EXPECT_EQ(sent.attachments_present, 1);
    EXPECT_EQ(boost::json::parse(first.body).at("receipt").as_string(), sent.id.text());
  }
  // What is not this form's, what came in pieces, what nobody in this session asked for.
  EXPECT_EQ(answer(workspace(), filled(session, "uuid:two", "another")).status, 400);
  Request broken = filled(session, "uuid:two");
  broken.body_problem = Problem(problems::kCutShort);
  const Response cut = answer(workspace(), broken);
  EXPECT_EQ(cut.content_type, "application/json; charset=utf-8");
  EXPECT_GE(cut.status, 400);
  Request bare = filled(session, "uuid:two");
  bare.parts.erase(bare.parts.begin());
  EXPECT_EQ(answer(workspace(), bare).status, 400);
  Request forged = filled(session, "uuid:two");
  forged.form.clear();
  EXPECT_EQ(answer(workspace(), forged).status, 403);
  EXPECT_EQ(kept(), 1u);
}

TEST_P(Engine, ItsScriptAndStyleMayBeKeptForEver) {
  session_of("keeper", people::Role::kSteward, {});
  const std::string session = session_of("dara", people::Role::kEnumerator, study_);
  const std::string body = get(page(), session).body;
  const std::string script = between(body, R"(<script type="module" src=")", "\"");
  Request asked = request(script, "");
  const Response plain = answer(workspace(), asked);
  EXPECT_EQ(plain.status, 200);
  EXPECT_EQ(header(plain, "Cache-Control"), "public, max-age=31536000, immutable");
  asked.headers["accept-encoding"] = "gzip";
  const Response small = answer(workspace(), asked);
  EXPECT_EQ(header(small, "Content-Encoding"), "gzip");
  EXPECT_EQ(small.body, packed(plain.body));
  EXPECT_LE(small.body.size(), 320u * 1024);
  // The transport packs the style by itself: packed twice, no browser reads it.
  asked = request(between(body, R"(<link rel="stylesheet" href="/assets/)", "\"").insert(0, "/assets/"), "");
  asked.headers["accept-encoding"] = "gzip";
  EXPECT_EQ(header(answer(workspace(), asked), "Content-Encoding"), "");
  EXPECT_EQ(get("/assets/forms.js", "").status, 404);
}

}  // namespace understory::server
