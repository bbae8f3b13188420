// The transport over real sockets: lanes, what is refused and how that is told, what every answer carries.
#include "server/transport.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "server/over_sockets_test.h"
#include "server/packing.h"
#include "server/routes.h"
#include "testing/workspace.h"

namespace understory::server {

TEST(Transport, WhatTakesLongKeepsNobodyElseWaiting) {
  std::atomic<int> at_work = 0, most = 0;
  const auto lanes = [](const Request& request) {
    return request.path == "/sign-in" ? Lane::kPasswords : request.path == "/report" ? Lane::kReports : Lane::kPages;
  };
  Limits limits;
  limits.waiting_for_reports = 2;
  Running running(
      [&](const Request& request) {
        if (request.path != "/quick") {
          const int now = ++at_work;
          if (now > most) most = now;
          std::this_thread::sleep_for(150ms);
          --at_work;
        }
        return Response{200, "text/plain; charset=utf-8", "done\n", {}};
      },
      limits, {"127.0.0.1:0"}, lanes);
  const auto ask = [&](const std::string& path) {
    return said_to(running.port(), "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  };
  std::atomic<int> refused = 0;
  std::vector<std::thread> asking;
  for (int i = 0; i < 4; ++i) {
    asking.emplace_back([&] { EXPECT_NE(ask("/sign-in").find("done"), std::string::npos); });
    asking.emplace_back([&] { refused += ask("/report").find("503") != std::string::npos; });
  }
  while (at_work == 0) std::this_thread::yield();
  EXPECT_NE(ask("/quick").find("done"), std::string::npos);
  for (std::thread& each : asking) each.join();
  EXPECT_LE(most, 2);     // one after another in each lane
  EXPECT_GE(refused, 1);  // a third report has no place to wait
  EXPECT_LE(refused, 2);
}

TEST(Transport, AsksWhetherSomethingLargeMayComeWithoutWaitingForTheLane) {
  std::atomic<bool> go = false;
  std::atomic<int> asked = 0;
  Running running(
      [&](const Request& request) {
        while (request.path == "/report" && !go) std::this_thread::sleep_for(5ms);
        return Response{200, "text/plain; charset=utf-8", "done\n", {}};
      },
      {}, {"127.0.0.1:0"}, [](const Request&) { return Lane::kReports; },
      [](const Request&) {
        return Body{Body::Kind::kBytes, 1'000'000};
      },
      [&](Request& request) -> std::optional<Response> {
        ++asked;
        if (request.path == "/open") return std::nullopt;
        return Response{403, "text/plain; charset=utf-8", "no\n", {}};
      });
  std::thread report([&] { said_to(running.port(), get("localhost", "", "/report")); });
  const auto send = [&](const std::string& path, const std::string& headers, std::size_t bytes) {
    return said_to(running.port(), "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers +
                                       "Content-Length: " + std::to_string(bytes) + "\r\n\r\n" +
                                       std::string(bytes, 'x'));
  };
  EXPECT_EQ(status_of(send("/large", "", 100'000)), 403);
  EXPECT_EQ(asked, 1);
  // What is signed by HTTP Digest is asked for at once, however small.
  EXPECT_EQ(status_of(send("/small", "Authorization: digest x\r\n", 10)), 403);
  EXPECT_EQ(asked, 2);
  std::thread small([&] { EXPECT_EQ(status_of(send("/open", "", 10)), 200); });
  go = true;
  small.join();
  report.join();
  EXPECT_EQ(asked, 2);
}

TEST(Transport, SignInsThatWaitLeaveRoomForPages) {
  Limits limits;
  limits.waiting = 4;
  limits.waiting_for_passwords = 2;
  std::atomic<bool> go = false;
  Running running(
      [&](const Request& request) {
        while (request.path == "/sign-in" && !go) std::this_thread::sleep_for(5ms);
        return Response{200, "text/plain; charset=utf-8", "done\n", {}};
      },
      limits, {"127.0.0.1:0"},
      [](const Request& request) { return request.path == "/sign-in" ? Lane::kPasswords : Lane::kPages; });
  const auto ask = [&](const std::string& path) {
    return said_to(running.port(), "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  };
  std::atomic<int> refused = 0;
  std::vector<std::thread> asking;
  for (int i = 0; i < 4; ++i) asking.emplace_back([&] { refused += ask("/sign-in").find("503") != std::string::npos; });
  for (int i = 0; i < 1000 && refused < 2; ++i) std::this_thread::sleep_for(5ms);
  EXPECT_NE(ask("/quick").find("done"), std::string::npos);
  go = true;
  for (std::thread& each : asking) each.join();
  EXPECT_EQ(refused, 2);
}

TEST(Transport, ServesThisMachineAlone) {
  const Handler handler = [](const Request&) { return Response{}; };
  for (const char* address :
       {"0.0.0.0:0", "192.168.1.1:80", "[::]:0", "example.org:80", "127.0.0.1", "127.0.0.1:99999"})
    EXPECT_FALSE(Transport::open({address}, handler, 1)) << address;
  Running running(handler);
  const auto taken = Transport::open({"127.0.0.1:" + std::to_string(running.port())}, handler, 1);
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
  for (const char* method : {"TRACE", "OPTIONS", "CONNECT", "PROPFIND", "BREW"})
    EXPECT_EQ(said_to(running.port(), method + (" /x" + host)).rfind("HTTP/1.1 405", 0), 0u) << method;
  // What a route might answer to is for the routes to refuse.
  for (const char* method : {"PUT", "DELETE", "PATCH"})
    EXPECT_EQ(said_to(running.port(), method + (" /x" + host)).rfind("HTTP/1.1 200", 0), 0u) << method;
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

TEST(Transport, AnAnswerWithoutContentSaysSo) {
  Running running([](const Request& request) {
    Response response{204, "text/plain; charset=utf-8", "", {{"X-OpenRosa-Version", "1.0"}}};
    if (request.method != "HEAD") response.status = 200, response.body = "more\n";
    return response;
  });
  // The connection goes on behind it.
  const std::string both =
      said_to(running.port(), "HEAD /submission HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + get("127.0.0.1"));
  EXPECT_EQ(status_of(both), 204);
  const std::string head = both.substr(0, both.find("\r\n\r\n"));
  EXPECT_NE(head.find("X-OpenRosa-Version: 1.0"), std::string::npos) << head;
  EXPECT_EQ(head.find("\r\nContent-Length:"), std::string::npos) << head;
  EXPECT_EQ(head.find("\r\nContent-Type:"), std::string::npos) << head;
  EXPECT_NE(both.find("more\n"), std::string::npos);
}

TEST(Transport, SeveralCookiesAllArrive) {
  Running running([](const Request&) {
    return Response{303, "text/plain; charset=utf-8", "", {{"Set-Cookie", "session=1"}, {"Set-Cookie", "device=2"}}};
  });
  const std::string got = said_to(running.port(), "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
  EXPECT_NE(got.find("Set-Cookie: session=1"), std::string::npos) << got;
  EXPECT_NE(got.find("Set-Cookie: device=2"), std::string::npos) << got;
}

TEST(Transport, CountsWhatItRefusesAndTellsTheLogNobody) {
  Limits limits;
  limits.spare_this_machine = false;
  limits.requests = {0.001, 3};
  limits.head = 200ms;
  limits.tell_refusals = 300ms;
  testing::internal::CaptureStderr();
  {
    Running running([](const Request&) { return Response{200, "text/plain; charset=utf-8", "hello\n", {}}; }, limits);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(status_of(said_to(running.port(), get("secret.example"))), 421);
    EXPECT_EQ(status_of(said_to(running.port(), "secret nonsense\r\n\r\n")), 400);
    EXPECT_EQ(status_of(said_to(running.port(), "BREW /secret HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")), 405);
    EXPECT_EQ(status_of(said_to(running.port(), get("127.0.0.1", "X-Secret: " + std::string(40000, 'a') + "\r\n"))),
              431);
    EXPECT_EQ(
        status_of(said_to(running.port(), "POST /secret HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 70000\r\n\r\n")),
        413);
    EXPECT_LT(kept(running.port(), "GET /secret HTTP/1.1\r\nX: "), 5s);
    for (int i = 0; i < 6; ++i) said_to(running.port(), get("127.0.0.1", "", "/secret"));
    std::this_thread::sleep_for(400ms);
  }
  const std::string log = testing::internal::GetCapturedStderr();
  for (const char* told : {"2 × 421", "1 × 400", "1 × 405", "1 × 408", "1 × 413", "1 × 431", "4 × 429"})
    EXPECT_NE(log.find(told), std::string::npos) << told << "\n" << log;
  EXPECT_EQ(log.find("secret"), std::string::npos) << log;
  EXPECT_EQ(log.find("127.0.0.1"), std::string::npos) << log;
}

// A sender that is refused is still sending; a connection closed in its face would tear the answer from it.
TEST(Transport, WhoIsRefusedWhileSendingSeesTheAnswer) {
  Running running([](const Request&) { return Response{200, "text/plain; charset=utf-8", "hello\n", {}}; });
  const std::string head = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n";
  for (int i = 0; i < 10; ++i) {
    asio::io_context context;
    tcp::socket socket(context);
    connect(socket, running.port(), "127.0.0.1");
    const std::string bytes = head + "Content-Length: 8000000\r\n\r\n" + std::string(8000000, 'a');
    EXPECT_EQ(asio::write(socket, asio::buffer(bytes)), bytes.size());
    std::string reply;
    boost::system::error_code error;
    asio::read(socket, asio::dynamic_buffer(reply), error);
    EXPECT_EQ(status_of(reply), 413);
    EXPECT_EQ(error, asio::error::eof) << error.message();
    EXPECT_NE(reply.find("larger than this server takes"), std::string::npos);
  }
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
  EXPECT_GT(said_to(running.port(), host + "Accept-Encoding: gzip;q=0, br\r\n\r\n").size(), 100000u);
  for (const char* yes : {"gzip", "br, GZIP ;q=0.5", "*", "identity;q=0, gzip;q=0.001", "gzip;q=1.0"})
    EXPECT_TRUE(takes_gzip(yes)) << yes;
  for (const char* no : {"", "br", "gzip;q=0", "gzip; q=0.000", "*;q=0", "*, gzip;q=0", "gzip;q=0, *", "notgzip"})
    EXPECT_FALSE(takes_gzip(no)) << no;
}

TEST(Transport, AnswersWhatWasBegunWhenItIsTold) {
  std::atomic<bool> begun = false;
  auto transport = std::move(*Transport::open(
      {"127.0.0.1:0"},
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

TEST(Smuggling, ARequestWhoseEndCanBeReadTwoWaysIsRefused) {
  std::atomic<int> asked = 0;
  Running running([&](const Request& request) {
    ++asked;
    return kHello(request);
  });
  const std::string post = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n",
                    hidden = "GET /hidden HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  for (const std::string& bytes :
       {post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\na=1",
        post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\na=1", post + "Content-Length: 3, 3\r\n\r\na=1",
        post + "Content-Length: +3\r\n\r\na=1",
        post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
        post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n" + hidden,
        post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        post + "Content-Length : 3\r\n\r\na=1", post + "Transfer-Encoding: chunked\r\n\r\n3x\r\na=1\r\n0\r\n\r\n",
        post + "Host: evil.example\r\n\r\n", "GET / HTTP/1.1\nHost: 127.0.0.1\n\n" + hidden,
        std::string("GET  / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")}) {
    const std::string reply = said_to(running.port(), bytes);
    EXPECT_EQ(status_of(reply), 400) << bytes << "\n" << reply;
    EXPECT_EQ(reply.find("HTTP/1.1", 8), std::string::npos) << bytes << "\n" << reply;  // one answer, then it hangs up
  }
  EXPECT_EQ(asked, 0);
  EXPECT_EQ(status_of(said_to(running.port(), post + "Content-Length: 3\r\n\r\na=1")), 200);
  EXPECT_EQ(status_of(said_to(running.port(), post + "Transfer-Encoding: chunked\r\n\r\n3\r\na=1\r\n0\r\n\r\n")), 200);
  EXPECT_EQ(asked, 2);
}

class Headers : public testing_support::OnBothEngines {};
INSTANTIATE_TEST_SUITE_P(Engines, Headers, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(Headers, StandOnEveryRouteAndEveryRefusal) {
  Running running([this](const Request& request) { return answer(workspace(), request); });
  std::vector<std::string> asked{get("127.0.0.1", "", "/nowhere"), get("127.0.0.1", "", "/%zz"), get("evil.example"),
                                 "DELETE / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "nonsense\r\n\r\n"};
  for (const Route& route : routes()) {
    const std::string host = " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    asked.push_back(std::string(route.method) + " " + std::string(route.address) + host);
  }
  for (const std::string& request : asked) {
    const std::string reply = said_to(running.port(), request), head = reply.substr(0, reply.find("\r\n\r\n") + 2);
    EXPECT_GE(status_of(reply), 200) << request;
    EXPECT_LT(status_of(reply), 500) << request << reply;
    // The desk runs its own script, from here alone.
    const bool desk = request.starts_with("GET /desk");
    for (const char* line :
         {desk
              ? "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
                "img-src 'self' data:; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors "
                "'none'\r\n"
              : "Content-Security-Policy: default-src 'none'; style-src 'self'; img-src 'self' data:; form-action "
                "'self'; base-uri 'none'; frame-ancestors 'none'\r\n",
          "Permissions-Policy: camera=(), microphone=(), geolocation=()", "X-Content-Type-Options: nosniff\r\n",
          "Referrer-Policy: same-origin\r\n", "Cross-Origin-Opener-Policy: same-origin\r\n",
          "Cross-Origin-Resource-Policy: same-origin\r\n", status_of(reply) == 204 ? "" : "Content-Type: "})
      EXPECT_NE(head.find(line), std::string::npos) << request << line << "\n" << head;
    const bool style = request.find("/page.css") != std::string::npos;
    if (!style) EXPECT_NE(head.find("Cache-Control: no-store\r\n"), std::string::npos) << request << head;
    EXPECT_EQ(head.find("Server:"), std::string::npos) << head;
  }
  EXPECT_NE(said_to(running.port(), get("127.0.0.1", "", "/healthz")).find("\r\n\r\nok\n"), std::string::npos);
}

TEST_P(Headers, FiguresNameNoPersonRecordOrQuestion) {
  Running running([this](const Request& request) { return answer(workspace(), request); });
  const std::string secret = "grandmother-sim";
  for (const std::string& target : {"/?words=" + secret, "/" + secret, "/studies/" + secret, "/invitations/" + secret,
                                    "/studies/" + Id::make().text() + "/sources?words=" + secret})
    said_to(running.port(), get("127.0.0.1", "Cookie: session=" + secret + "\r\n", target));
  const std::string reply = said_to(running.port(), get("127.0.0.1", "", "/metrics"));
  EXPECT_EQ(status_of(reply), 200);
  EXPECT_EQ(reply.find(secret), std::string::npos);
  EXPECT_EQ(reply.find("127.0.0.1"), std::string::npos);
  for (const char* line :
       {"understory_requests_total{method=\"GET\",route=\"/studies/{study}\",status=\"4xx\"} ",
        "understory_requests_total{method=\"\",route=\"none\",status=\"4xx\"} ",
        "understory_request_seconds_bucket{method=\"GET\",route=\"/\",le=\"1\"} ", "understory_connections ",
        "understory_requests_waiting 1", "understory_jobs{state=\"queued\"} 0", "understory_database_bytes "})
    EXPECT_NE(reply.find(line), std::string::npos) << line << "\n" << reply;
  // Through a proxy it is a page like any other: not for strangers.
  const std::string through = said_to(running.port(), get("127.0.0.1", "X-Forwarded-For: 203.0.113.9\r\n", "/metrics"));
  EXPECT_EQ(through.find("understory_"), std::string::npos);
  EXPECT_EQ(status_of(through), 303);
}

}  // namespace understory::server
