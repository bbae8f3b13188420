// Pages and the JSON interface over real requests, and the transport over real sockets.
#include <gtest/gtest.h>

#include <boost/asio.hpp>
#include <boost/json.hpp>
#include <thread>

#include "foundation/file.h"
#include "server/routes.h"
#include "server/transport.h"
#include "study/import_file.h"
#include "study/source.h"
#include "testing/workspace.h"

namespace understory::server {

namespace asio = boost::asio;

namespace {

Request request_for(const std::string& target, std::map<std::string, std::string> headers = {}) {
  Request request;
  request.target = target;
  request.headers = std::move(headers);
  const auto read = read_target(target, request);
  EXPECT_TRUE(read);
  return request;
}

Id small_study(storage::Workspace& workspace) {
  auto transaction = workspace.write();
  study::NewStudy wanted;
  wanted.study.name = "One <study>";
  wanted.study.invented = true;
  const Id study = *study::create_study(transaction, wanted);
  std::map<std::string, std::string> files{
      {"respondents.csv",
       "respondent,location,kind,size,age_band,gender,role,place,language\nSR-01,Svay & "
       "Rieng,person,1,50-64,male,chief,,km\nSR-02,Svay & Rieng,person,1,25-34,female,farmer,,en\n"},
      {"sources.csv",
       "file,source,kind,location,language,date,respondents,translation_of\none.txt,One,interview,Svay & "
       "Rieng,km,2026-02-11,SR-01,\ntwo.txt,Two,interview,Svay & Rieng,en,2026-02-12,SR-02,\n"},
      {"codings.csv",
       "source,coder,code,quote,occurrence\nOne,Anita,Causes/Poverty/Debt,ជំពាក់បំណុល,\nTwo,Anita,Causes/Poverty,poor "
       "<script>,\nTwo,Rafiq,Causes/Poverty,poor <script>,\n"},
      {"masks.csv", "source,quote,kind\nTwo,Grandma Sim,name\n"},
      {"one.txt", "I: ហេតុអ្វី?\n\nSR-01: គេជំពាក់បំណុល ហើយទៅ។\n"},
      {"two.txt", "I: Why?\n\nSR-02: We are poor <script>alert(1)</script>, said Grandma Sim.\n"}};
  for (const char* table : {"respondents.csv", "sources.csv", "codings.csv", "masks.csv"}) {
    const auto report = study::import_file(transaction, study, files[table], table, {},
                                           [&](const std::string& file) -> Result<std::string> { return files[file]; });
    EXPECT_TRUE(report) << (report ? "" : report.error().sentence());
  }
  transaction.commit();
  return study;
}

}  // namespace

class Pages : public testing_support::OnBothEngines {};
INSTANTIATE_TEST_SUITE_P(Engines, Pages, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(Pages, EveryRouteAnswersInEveryLanguageWithoutAKeyShowing) {
  const Id study = small_study(workspace());
  std::string source;
  {
    auto transaction = workspace().read();
    source = study::list_sources(transaction, study).at(1).id.text();
  }
  for (const Route& route : routes()) {
    // Without accounts there is nobody to sign in or to be named; rights_test.cpp asks those as people.
    if (route.method != "GET" || route.address == "/sign-in") continue;
    if (std::ranges::any_of(std::array{"{invitation}", "{account}", "{glass}"},
                            [&](const char* named) { return route.address.find(named) != std::string::npos; }))
      continue;
    for (const std::string language : {"en", "km"}) {
      std::string address(route.address);
      const auto put = [&](const std::string& name, const std::string& value) {
        if (const std::size_t at = address.find(name); at != std::string::npos) address.replace(at, name.size(), value);
      };
      put("{study}", study.text());
      put("{source}", source);
      for (const std::string ask :
           {"causes", "risks", "strategies", "trend", "cooccurrence", "agreement", "saturation"}) {
        std::string each = address;
        if (const std::size_t at = each.find("{ask}"); at != std::string::npos) each.replace(at, 5, ask);
        if (each.find("passages") != std::string::npos && ask != "causes") continue;
        const Response response =
            answer(workspace(), request_for(each + "?lang=" + language + "&group=(all)&item=Causes%2FPoverty"));
        EXPECT_EQ(response.status, 200) << each << "\n" << response.body.substr(0, 300);
        EXPECT_EQ(response.body.find("⟦"), std::string::npos) << each;
        if (response.content_type.rfind("application/json", 0) == 0)
          EXPECT_NO_THROW(boost::json::parse(response.body)) << each;
        if (each == address) break;
      }
    }
  }
}

TEST_P(Pages, StoriesAreEscapedAndMasked) {
  const Id study = small_study(workspace());
  auto transaction = workspace().read();
  std::string all;
  for (const auto& line : study::list_sources(transaction, study))
    all += answer(workspace(), request_for("/studies/" + study.text() + "/sources/" + line.id.text())).body;
  all += answer(workspace(),
                request_for("/studies/" + study.text() + "/findings/causes/passages?group=(all)&item=Causes/Poverty"))
             .body;
  EXPECT_EQ(answer(workspace(),
                   request_for("/api/v1/studies/" + study.text() + "/findings/causes/passages?item=Causes/Poverty"))
                .body.find("Grandma"),
            std::string::npos);
  EXPECT_EQ(all.find("alert(1)</script>"), std::string::npos);
  EXPECT_EQ(all.find("Grandma"), std::string::npos);
  EXPECT_NE(all.find("poor &lt;script&gt;"), std::string::npos);
  EXPECT_NE(all.find("ជំពាក់បំណុល"), std::string::npos);
  EXPECT_NE(answer(workspace(), request_for("/")).body.find("One &lt;study&gt;"), std::string::npos);
}

TEST_P(Pages, WhatIsNotThereIsNotFoundAlike) {
  const Id study = small_study(workspace());
  for (const std::string& address :
       {std::string("/nowhere"), "/studies/" + Id::make().text(), std::string("/studies/x"),
        "/studies/" + study.text() + "/sources/" + Id::make().text(), "/studies/" + study.text() + "/findings/gossip",
        "/studies/" + study.text() + "/findings/causes/passages?item=None", std::string("/studies//sources")}) {
    EXPECT_EQ(answer(workspace(), request_for(address)).status, 404) << address;
    EXPECT_EQ(answer(workspace(), request_for("/api/v1" + address)).status, 404) << address;
  }
  EXPECT_EQ(answer(workspace(), request_for("/studies/" + study.text() + "/findings/causes?by=colour")).status, 422);
  EXPECT_EQ(
      answer(workspace(), request_for("/studies/" + study.text() + "/findings/causes?gender=female&among=x")).status,
      200);
}

TEST_P(Pages, TheLanguageIsAskedThenKeptThenTheBrowsers) {
  small_study(workspace());
  const Response asked = answer(workspace(), request_for("/?lang=km"));
  EXPECT_NE(asked.body.find("<html lang=\"km\">"), std::string::npos);
  EXPECT_EQ(asked.headers.back().second.rfind("language=km", 0), 0u);
  EXPECT_NE(answer(workspace(), request_for("/", {{"cookie", "a=b; language=km"}})).body.find("lang=\"km\""),
            std::string::npos);
  EXPECT_NE(
      answer(workspace(), request_for("/", {{"accept-language", "fr, km;q=0.8"}})).body.find("<html lang=\"km\">"),
      std::string::npos);
  EXPECT_NE(answer(workspace(), request_for("/?lang=../x")).body.find("<html lang=\"en\">"), std::string::npos);
}

TEST(Http, TargetsAreReadStrictly) {
  Request request;
  EXPECT_TRUE(read_target("/a%20b?x=1&x=2&y=%E1%9E%80+z", request));
  EXPECT_EQ(request.path, "/a b");
  EXPECT_EQ(request.parameter("x"), "1");
  EXPECT_EQ(request.parameter("y"), "ក z");
  for (const char* bad : {"/%zz", "/%00", "/%ff", "/a?b=%e1%9e"}) EXPECT_FALSE(read_target(bad, request)) << bad;
}

namespace {

// What a server says to these bytes on one connection.
std::string said_to(std::uint16_t port, const std::string& bytes) {
  asio::io_context context;
  asio::ip::tcp::socket socket(context);
  socket.connect({asio::ip::make_address("127.0.0.1"), port});
  boost::system::error_code error;
  asio::write(socket, asio::buffer(bytes), error);  // the server may hang up before it has read everything
  socket.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  std::string reply;
  asio::read(socket, asio::dynamic_buffer(reply), error);
  return reply;
}

class Running {
 public:
  explicit Running(Handler handler)
      : transport_(std::move(*Transport::open("127.0.0.1:0", std::move(handler), 2))),
        thread_([this] { transport_->run(); }) {}
  ~Running() {
    transport_->stop();
    thread_.join();
  }
  std::uint16_t port() const { return transport_->port(); }

 private:
  std::unique_ptr<Transport> transport_;
  std::thread thread_;
};

}  // namespace

TEST(Transport, ServesThisMachineAlone) {
  const Handler handler = [](const Request&) { return Response{}; };
  for (const char* address :
       {"0.0.0.0:0", "192.168.1.1:80", "[::]:0", "example.org:80", "127.0.0.1", "127.0.0.1:99999"})
    EXPECT_FALSE(Transport::open(address, handler, 1)) << address;
  Running running(handler);
  const auto taken = Transport::open("127.0.0.1:" + std::to_string(running.port()), handler, 1);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code(), "already_exists");
}

TEST(Transport, AnswersGetHeadAndFormsAndNothingElse) {
  Running running([](const Request& request) {
    return Response{200, "text/plain; charset=utf-8", "hello " + request.path + "\n", {}};
  });
  const std::string host =
      " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(running.port()) + "\r\nConnection: close\r\n\r\n";
  const std::string got = said_to(running.port(), "GET /x%20y" + host);
  EXPECT_EQ(got.rfind("HTTP/1.1 200", 0), 0u) << got;
  EXPECT_NE(got.find("hello /x y"), std::string::npos);
  EXPECT_NE(got.find("Content-Security-Policy"), std::string::npos);
  EXPECT_NE(got.find("Cache-Control: no-store"), std::string::npos);
  const std::string head = said_to(running.port(), "HEAD /x" + host);
  EXPECT_EQ(head.rfind("HTTP/1.1 200", 0), 0u);
  EXPECT_EQ(head.find("hello"), std::string::npos);
  EXPECT_EQ(said_to(running.port(), "DELETE /x" + host).rfind("HTTP/1.1 405", 0), 0u);
  const auto posted = [&](const std::string& type, const std::string& body) {
    return said_to(running.port(), "POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: " + type +
                                       "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  };
  EXPECT_EQ(posted("application/x-www-form-urlencoded", "a=1&b=%E1%9E%80").rfind("HTTP/1.1 200", 0), 0u);
  EXPECT_EQ(posted("application/x-www-form-urlencoded", "a=%zz").rfind("HTTP/1.1 400", 0), 0u);
  EXPECT_EQ(posted("text/plain", "a=1").rfind("HTTP/1.1 400", 0), 0u);
  EXPECT_EQ(posted("application/x-www-form-urlencoded", std::string(70000, 'a')).find("HTTP/1.1 200"),
            std::string::npos);
  EXPECT_EQ(said_to(running.port(), "GET /%zz" + host).rfind("HTTP/1.1 4", 0), 0u);
}

TEST(Transport, WhatIsSlowKeepsNobodyElseWaiting) {
  std::atomic<int> slow_ones = 0, most = 0;
  auto transport = std::move(*Transport::open(
      "127.0.0.1:0",
      [&](const Request& request) {
        if (request.path == "/slow") {
          const int now = ++slow_ones;
          if (now > most) most = now;
          std::this_thread::sleep_for(std::chrono::milliseconds(150));
          --slow_ones;
        }
        return Response{200, "text/plain; charset=utf-8", "done\n", {}};
      },
      2, [](const Request& request) { return request.path == "/slow"; }));
  std::thread serving([&] { transport->run(); });
  const auto ask = [&](const std::string& path) {
    return said_to(transport->port(), "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  };
  std::vector<std::thread> slow;
  for (int i = 0; i < 4; ++i) slow.emplace_back([&] { EXPECT_NE(ask("/slow").find("done"), std::string::npos); });
  while (slow_ones == 0) std::this_thread::yield();
  EXPECT_NE(ask("/quick").find("done"), std::string::npos);
  for (std::thread& each : slow) each.join();
  EXPECT_EQ(most, 1);  // one after another in their own lane
  transport->stop();
  serving.join();
}

TEST(Transport, SeveralCookiesAllArrive) {
  Running running([](const Request&) {
    return Response{303, "text/plain; charset=utf-8", "", {{"Set-Cookie", "session=1"}, {"Set-Cookie", "device=2"}}};
  });
  const std::string got = said_to(running.port(), "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
  EXPECT_NE(got.find("Set-Cookie: session=1"), std::string::npos) << got;
  EXPECT_NE(got.find("Set-Cookie: device=2"), std::string::npos) << got;
}

TEST(Transport, RefusesForeignHostsAndNonsense) {
  Running running([](const Request&) { return Response{200, "text/plain; charset=utf-8", "secret\n", {}}; });
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"), std::string("\x16\x03\x01 nonsense\r\n\r\n"),
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + std::string(40000, 'a') + "\r\n\r\n",
        std::string("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello")})
    EXPECT_EQ(said_to(running.port(), bytes).find("secret"), std::string::npos) << bytes.substr(0, 60);
}

TEST(Transport, PacksLargeAnswersForThoseWhoCanUnpack) {
  Running running([](const Request&) {
    return Response{200, "text/html; charset=utf-8", std::string(100000, 'a'), {}};
  });
  const std::string host =
      "GET / HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(running.port()) + "\r\nConnection: close\r\n";
  EXPECT_LT(said_to(running.port(), host + "Accept-Encoding: gzip\r\n\r\n").size(), 3000u);
  EXPECT_GT(said_to(running.port(), host + "\r\n").size(), 100000u);
}

TEST(Transport, AnswersWhatWasBegunWhenItIsTold) {
  std::atomic<bool> begun = false;
  auto transport = std::move(*Transport::open(
      "127.0.0.1:0",
      [&](const Request&) {
        begun = true;
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        return Response{200, "text/plain; charset=utf-8", "finished\n", {}};
      },
      2));
  std::thread runs([&] { transport->run(); });
  std::string reply;
  std::thread asks([&] {
    reply = said_to(transport->port(), "GET / HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(transport->port()) +
                                           "\r\nConnection: close\r\n\r\n");
  });
  while (!begun) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  transport->stop();
  asks.join();
  runs.join();
  EXPECT_NE(reply.find("finished"), std::string::npos);
}

}  // namespace understory::server
