// Refusals: before a route is asked and after, in the form the address wants and the language of whoever asked.
#include "server/refusal.h"

#include <gtest/gtest.h>

#include "foundation/catalogue.h"
#include "server/over_sockets_test.h"
#include "server/routes.h"
#include "testing/workspace.h"

namespace understory::server {
namespace {

const std::vector<std::string> kPhoneLanguages{"en", "km", "ne", "hi", "bn", "th", "vi"};

Problem some(const ProblemKind& kind) { return Problem(kind, {{"seconds", "3"}, {"limit", "100 MB"}}); }

// An envelope with the protocol's headers and that sentence.
void expect_envelope(const std::string& reply, int status, const std::string& sentence) {
  EXPECT_EQ(status_of(reply), status) << reply;
  const std::size_t end = reply.find("\r\n\r\n");
  const std::string head = reply.substr(0, end);
  for (const char* line : {"X-OpenRosa-Version: 1.0", "Date: ", "X-OpenRosa-Accept-Content-Length: 100000000",
                           "Content-Type: text/xml; charset=utf-8"})
    EXPECT_NE(head.find(line), std::string::npos) << line << "\n" << reply;
  EXPECT_NE(reply.find("<OpenRosaResponse xmlns=\"http://openrosa.org/http/response\">"), std::string::npos) << reply;
  EXPECT_NE(reply.find("<message nature=\"error\">" + sentence), std::string::npos) << sentence << "\n" << reply;
}

TEST(Refusals, AnAddressSaysWhatItWants) {
  for (const char* phone : {"/v1", "/v1/", "/v1/key/x/formList", "/v1/projects/1", "/formList", "/submission",
                            "/somewhere/formList", "/v1/key/x/submission"})
    EXPECT_EQ(wants(phone), Wants::kOpenRosa) << phone;
  for (const char* page : {"/", "/v11", "/forms", "/submissions/abc", "", "/forms/x/submissions", "/formlist"})
    EXPECT_EQ(wants(page), Wants::kPage) << page;
  EXPECT_EQ(wants("/api/v1/studies"), Wants::kJson);
}

TEST(Refusals, AreInEveryLanguageOfPhonesForWhateverAPhoneMayMeet) {
  for (const ProblemKind* kind :
       {&problems::kNotHttp,         &problems::kEndsTwice,      &problems::kHeadTooLarge,
        &problems::kTooSlow,         &problems::kUnknownHost,    &problems::kSilentProxy,
        &problems::kBadAddress,      &problems::kNoSuchAddress,  &problems::kNoSuchMethod,
        &problems::kRequestTooLarge, &problems::kNotAForm,       &problems::kTooManyRequests,
        &problems::kTooManySignIns,  &problems::kServerBusy,     &problems::kSignInsTaken,
        &problems::kReportsTaken,    &problems::kDownloadsTaken, &problems::kIntakeTaken,
        &problems::kUnforeseen,      &problems::kLocked,         &problems::kNotFound,
        &problems::kUnknownDevice,   &problems::kDeviceOver,     &problems::kCutShort,
        &problems::kBadPart,         &problems::kNoBoundary,     &problems::kNotMultipart,
        &problems::kDiskFull,        &problems::kBusy,           &problems::kTooManyUploads,
        &problems::kOtherInstance,   &problems::kEditOutdated,   &problems::kEditUnknown,
        &problems::kBadSubmission,   &problems::kBadXml,         &problems::kForbidden,
        &problems::kStopped,         &problems::kDamaged,        &problems::kDatabaseUnavailable})
    for (const std::string& language : kPhoneLanguages) {
      if (language == "en") continue;
      EXPECT_TRUE(Catalogue::of(language).has("problem." + std::string(kind->code))) << language << kind->code;
    }
}

TEST(Refusals, TakeTheFormOfTheAddress) {
  Request request;
  request.headers["accept-language"] = "th-TH,en;q=0.5";
  request.path = "/v1/nothing";
  EXPECT_NE(refusal(request, some(problems::kServerBusy)).body.find("เซิร์ฟเวอร์กำลังยุ่ง"), std::string::npos);
  request.path = "/api/v1/x";
  request.headers["accept-language"] = "de, en;q=0.5, km;q=0.4";
  EXPECT_EQ(refusal(request, some(problems::kServerBusy)).body,
            "{\"code\":\"server_busy\",\"message\":\"The server is busy. Try again in a moment.\"}\n");
  request.path = "/x";
  request.headers["accept-language"] = "km";
  const Response page = refusal(request, some(problems::kServerBusy), 7);
  EXPECT_EQ(page.status, 503);
  EXPECT_NE(page.body.find("<html lang=\"km\">"), std::string::npos);
  EXPECT_NE(page.body.find("ម៉ាស៊ីនមេកំពុងរវល់"), std::string::npos);
  EXPECT_EQ(page.headers.back(), (std::pair<std::string, std::string>{"Retry-After", "7"}));
}

TEST(Refusals, SpeakTheLanguageThatIsWantedMost) {
  Request request;
  for (const auto& [accepted, language] :
       std::initializer_list<std::pair<const char*, const char*>>{{"", "en"},
                                                                  {"en;q=0.1, km", "km"},
                                                                  {"km-KH,km;q=0.9,en;q=0.8", "km"},
                                                                  {"hil-PH, th;q=0.2", "th"},
                                                                  {"KMR", "en"},
                                                                  {"th;q=0, vi;q=x", "en"},
                                                                  {"vi, km", "vi"}}) {
    request.headers["accept-language"] = accepted;
    EXPECT_EQ(language_of(request), language) << accepted;
  }
}

TEST(Refusals, SomethingIsMadeOfAnyHead) {
  EXPECT_EQ(glimpsed("").path, "");
  EXPECT_EQ(glimpsed("GET /v1/a%20b?x HTTP/9\r\naccept-LANGUAGE: vi\r\n").path, "/v1/a b");
  EXPECT_EQ(glimpsed("GET /v1/a%20b?x HTTP/9\r\naccept-LANGUAGE: vi\r\n").header("accept-language"), "vi");
  EXPECT_EQ(glimpsed("GET /v1/%zz HTTP/1.1").path, "/v1/%zz");
  EXPECT_EQ(glimpsed("nonsense\nGET / HTTP/1.1").path, "");
  EXPECT_EQ(glimpsed(std::string(5000, ' ')).path, "");
}

// What the transport itself refuses, before any route is asked.
TEST(Refusals, OfTheTransportAreEnvelopesForPhones) {
  Limits limits;
  limits.head = limits.grace = 300ms;
  limits.least_rate = 1 << 20;
  limits.waiting_for_intake = 0;
  Running running(
      kHello, limits, {"127.0.0.1:0"},
      [](const Request& request) { return request.method == "POST" ? Lane::kIntake : Lane::kPages; },
      [](const Request& request) {
        return request.path == "/v1/bytes" ? Body{Body::Kind::kBytes, 1000} : Body{};
      });
  const std::string line = " HTTP/1.1\r\nAccept-Language: vi\r\nConnection: close\r\n", host = "Host: 127.0.0.1\r\n";
  const auto said = [&](const std::string& bytes) { return said_to(running.port(), bytes); };
  const auto vi = [](const ProblemKind& kind) { return Catalogue::of("vi").sentence(some(kind)); };
  for (const std::string address : {"/v1/key/abc/submission", "/submission", "/formList"}) {
    const std::string get = "GET " + address + line, post = "POST " + address + line;
    expect_envelope(said(get + host + "Bad Header : x\r\n\r\n"), 400, vi(problems::kNotHttp));
    expect_envelope(said("GET " + address + " HTTP/x.y\r\nAccept-Language: vi\r\n" + host + "\r\n"), 400,
                    vi(problems::kNotHttp));
    expect_envelope(said(get + host + host + "\r\n"), 400, vi(problems::kEndsTwice));
    expect_envelope(said(get + "Host: evil.example\r\n\r\n"), 421, vi(problems::kUnknownHost));
    expect_envelope(said(get + host + "X: " + std::string(40000, 'a') + "\r\n\r\n"), 431, vi(problems::kHeadTooLarge));
    expect_envelope(said("OPTIONS " + address + line + host + "\r\n"), 405, vi(problems::kNoSuchMethod));
    expect_envelope(said(post + host + "Content-Length: 70000\r\n\r\n"), 413,
                    vi(problems::kRequestTooLarge).substr(0, 20));
    expect_envelope(said(post + host + "Content-Type: text/xml\r\nContent-Length: 1\r\n\r\n1"), 400,
                    vi(problems::kNotAForm));
    expect_envelope(said(post + host + "Content-Type: text/xml\r\nContent-Length: 5\r\n\r\n1"), 400,
                    vi(problems::kCutShort));
    expect_envelope(said(post + host + "Content-Length: 0\r\n\r\n"), 503, vi(problems::kIntakeTaken));
  }
  expect_envelope(said("GET /v1/%zz" + line + host + "\r\n"), 400, vi(problems::kBadAddress));
  const std::string page = said("GET /%zz HTTP/1.1\r\nAccept-Language: km\r\n" + host + "Connection: close\r\n\r\n");
  EXPECT_EQ(status_of(page), 400);
  EXPECT_NE(page.find(Catalogue::of("km").sentence(some(problems::kBadAddress))), std::string::npos) << page;
}

// Whoever is too slow is told so, and held no longer for it.
TEST(Refusals, WhoIsTooSlowHearsIt) {
  Limits limits;
  limits.head = limits.grace = 300ms;
  limits.least_rate = 1 << 20;
  Running running(kHello, limits);
  const std::string vi = Catalogue::of("vi").sentence(some(problems::kTooSlow));
  const std::string line = "POST /v1/submission HTTP/1.1\r\nAccept-Language: vi\r\nHost: 127.0.0.1\r\n";
  for (const std::string& bytes :
       {line, line + "Content-Length: 100\r\n\r\n", line + "Content-Length: 100\r\n\r\nabc"}) {
    asio::io_context context;
    tcp::socket socket(context);
    connect(socket, running.port(), "127.0.0.1");
    asio::write(socket, asio::buffer(bytes));
    std::string reply;
    boost::system::error_code error;
    asio::read(socket, asio::dynamic_buffer(reply), error);
    expect_envelope(reply, 408, vi);
  }
  // One that never began a request is not spoken to.
  asio::io_context context;
  tcp::socket socket(context);
  connect(socket, running.port(), "127.0.0.1");
  std::string reply;
  boost::system::error_code error;
  asio::read(socket, asio::dynamic_buffer(reply), error);
  EXPECT_EQ(reply, "");
}

class Strangers : public testing_support::OnBothEngines {};
INSTANTIATE_TEST_SUITE_P(Engines, Strangers, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(Strangers, LargeBodiesAreRefusedBeforeTheyAreRead) {
  Running running([this](const Request& request) { return answer(workspace(), request); }, {}, {"127.0.0.1:0"}, lane_of,
                  body_of, [this](Request& request) { return refuse_unread(workspace(), request); });
  // As from another machine: a proxy passed it on.
  const std::string rest =
      " HTTP/1.1\r\nAccept-Language: km\r\nHost: 127.0.0.1\r\nX-Forwarded-For: 203.0.113.9\r\nContent-Type: "
      "multipart/form-data; boundary=b\r\n";
  const std::string piece =
      "--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"a\"\r\n\r\n" + std::string(200'000, 'x');
  const auto answered = [&](const std::string& address, const std::string& bytes) {
    asio::io_context context;
    tcp::socket socket(context);
    connect(socket, running.port(), "127.0.0.1");
    asio::write(socket, asio::buffer("POST " + address + rest + bytes));
    std::string reply(4096, '\0');  // while the sender has most of it still before it
    reply.resize(socket.read_some(asio::buffer(reply)));
    return reply;
  };
  const std::string km = Catalogue::of("km").sentence(some(problems::kUnknownDevice));
  const std::string token = "/v1/key/" + std::string(64, 'a') + "/submission";
  expect_envelope(answered(token, "Content-Length: 90000000\r\n\r\n" + piece), 403, km);
  expect_envelope(answered(token, "Content-Length: 90000000\r\nExpect: 100-continue\r\n\r\n"), 403, km);
  expect_envelope(answered(token, "Transfer-Encoding: chunked\r\n\r\n" + fmt::format("{:x}\r\n", piece.size()) + piece),
                  403, km);
  expect_envelope(answered("/v1/submission", "Content-Length: 90000000\r\n\r\n" + piece), 401, km);
  EXPECT_EQ(status_of(answered("/forms", "Content-Length: 90000000\r\n\r\n" + piece)), 303);  // to the sign-in page
}

TEST_P(Strangers, AreToldWhatAnAddressOfPhonesAnswersTo) {
  Running running([this](const Request& request) { return answer(workspace(), request); });
  const auto said = [&](const std::string& method, const std::string& address) {
    return said_to(running.port(), method + " " + address +
                                       " HTTP/1.1\r\nAccept-Language: ne\r\nHost: 127.0.0.1\r\nConnection: "
                                       "close\r\nContent-Length: 0\r\n\r\n");
  };
  const Catalogue& ne = Catalogue::of("ne");
  for (const char* method : {"POST", "PUT", "DELETE"}) {
    const std::string reply = said(method, "/v1/key/x/formList");
    expect_envelope(reply, 405, ne.sentence(some(problems::kNoSuchMethod)));
    EXPECT_NE(reply.find("Allow: GET, HEAD\r\n"), std::string::npos) << reply;
  }
  for (const char* address : {"/v1/nope", "/v1", "/formList", "/submission", "/key/x/formList"})
    expect_envelope(said("GET", address), 404, ne.sentence(some(problems::kNoSuchAddress)));
}

}  // namespace
}  // namespace understory::server
