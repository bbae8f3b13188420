// The transport over real sockets: TLS, who may be answered, and what slow and hostile clients may take.
#include "server/transport.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <csignal>
#include <thread>

#include "foundation/file.h"
#include "server/over_sockets_test.h"
#include "server/packing.h"
#include "server/routes.h"
#include "server/tls.h"
#include "testing/workspace.h"

namespace understory::server {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using tcp = asio::ip::tcp;
using namespace std::chrono_literals;

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
    EXPECT_LT(kept(running.port(), "GET /secret HTTP/1.1\r\nX: "), 1500ms);
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

namespace {

const Handler kHello = [](const Request& request) {
  return Response{200,
                  "text/plain; charset=utf-8",
                  std::string("hello") + (request.secure ? " secure" : "") + (request.from_here ? " here" : "") + "\n",
                  {}};
};

// Certificates made by the openssl program, as an operator's would be.
class Tls : public ::testing::Test {
 protected:
  Certificate::Files make(const std::string& name, std::vector<std::string> more = {"-days", "30"}) {
    const Certificate::Files files{folder_.path() / (name + ".pem"), folder_.path() / (name + ".key")};
    ProgramCall call{"openssl",
                     {"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                      "/CN=" + name, "-addext", "subjectAltName=DNS:" + name + ",DNS:*.wild.example,IP:192.0.2.7",
                      "-keyout", files.key.string(), "-out", files.chain.string()}};
    call.arguments.insert(call.arguments.end(), more.begin(), more.end());
    const auto made = run_program(call);
    EXPECT_TRUE(made && made->status == 0) << (made ? made->errors : made.error().sentence());
    return files;
  }
  static Listening with(const Certificate::Files& files) { return {"127.0.0.1:0", files.chain, files.key}; }

  struct Said {
    std::string reply, protocol, cipher, subject;
  };
  static Said said_over_tls(std::uint16_t port, const std::string& bytes, int newest = TLS1_3_VERSION) {
    asio::io_context context;
    ssl::context settings(ssl::context::tls_client);
    SSL_CTX_set_max_proto_version(settings.native_handle(), newest);
    SSL_CTX_set_min_proto_version(settings.native_handle(), TLS1_VERSION);
    SSL_CTX_set_security_level(settings.native_handle(), 0);
    ssl::stream<tcp::socket> stream(context, settings);
    connect(stream.next_layer(), port, "127.0.0.1");
    boost::system::error_code error;
    stream.handshake(ssl::stream_base::client, error);
    if (error) return {};
    Said said;
    said.protocol = SSL_get_version(stream.native_handle());
    said.cipher = SSL_get_cipher(stream.native_handle());
    X509* certificate = SSL_get1_peer_certificate(stream.native_handle());
    char subject[128] = "";
    X509_NAME_oneline(X509_get_subject_name(certificate), subject, sizeof subject);
    X509_free(certificate);
    said.subject = subject;
    asio::write(stream, asio::buffer(bytes), error);
    asio::read(stream, asio::dynamic_buffer(said.reply), error);
    return said;
  }
  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

}  // namespace

TEST_F(Tls, SpeaksTheNewestAndRefusesTheOld) {
  Running running(kHello, {}, with(make("desk.example")));
  const Said newest = said_over_tls(running.port(), get("desk.example"));
  EXPECT_EQ(newest.protocol, "TLSv1.3");
  EXPECT_NE(newest.reply.find("hello secure\n"), std::string::npos) << newest.reply;
  EXPECT_NE(newest.reply.find("Strict-Transport-Security: max-age=31536000; includeSubDomains"), std::string::npos);
  const Said older = said_over_tls(running.port(), get("desk.example"), TLS1_2_VERSION);
  EXPECT_EQ(older.protocol, "TLSv1.2");
  EXPECT_TRUE(older.cipher.rfind("ECDHE", 0) == 0 &&
              (older.cipher.find("GCM") != std::string::npos || older.cipher.find("CHACHA20") != std::string::npos))
      << older.cipher;
  EXPECT_EQ(said_over_tls(running.port(), get("desk.example"), TLS1_1_VERSION).protocol, "");
  EXPECT_EQ(said_to(running.port(), get("desk.example")).find("hello"), std::string::npos);  // no TLS at all
}

namespace {

// Ten pieces, and then the end or a failure.
class Ten : public Pieces {
 public:
  explicit Ten(bool fails) : fails_(fails) {}
  Result<std::string> next() override {
    if (made_++ < 10) return std::string(100'000, 'a');
    if (fails_) return fail(problems::kBusy);
    return std::string();
  }

 private:
  const bool fails_;
  int made_ = 0;
};

}  // namespace

TEST_F(Tls, LongBodiesAndAnswersPassToo) {
  Listening listening = with(make("desk.example"));
  listening.spool = folder();
  Running running(
      [](const Request& request) {
        Response response{200, "text/plain; charset=utf-8", fmt::format("{} bytes\n", request.content.size()), {}};
        if (request.method == "GET") response.pieces = std::make_shared<Ten>(request.path == "/fails");
        return response;
      },
      {}, listening, {},
      [](const Request&) {
        return Body{Body::Kind::kBytes, 2'000'000};
      });
  const std::string whole = said_over_tls(running.port(), get("desk.example")).reply;
  EXPECT_EQ(status_of(whole), 200);
  EXPECT_GT(whole.size(), 1'000'000u);
  EXPECT_EQ(whole.substr(whole.size() - 7), "\r\n0\r\n\r\n");
  const std::string cut = said_over_tls(running.port(), get("desk.example", "", "/fails")).reply;
  EXPECT_EQ(status_of(cut), 200);
  EXPECT_EQ(cut.find("\r\n0\r\n\r\n"), std::string::npos);
  const auto sent = [&](std::size_t size) {
    return said_over_tls(running.port(),
                         "POST / HTTP/1.1\r\nHost: desk.example\r\nConnection: close\r\nContent-Length: " +
                             std::to_string(size) + "\r\n\r\n" + std::string(size, 'x'))
        .reply;
  };
  EXPECT_NE(sent(1'500'000).find("1500000 bytes"), std::string::npos);
  EXPECT_NE(sent(3'000'000).find("0 bytes"), std::string::npos);  // refused; the route is asked, and the answer arrives
}

TEST_F(Tls, AnswersToTheNamesOfItsCertificateOrThoseGiven) {
  Listening listening = with(make("desk.example"));
  {
    Running running(kHello, {}, listening);
    for (const char* name :
         {"desk.example", "DESK.example:443", "a.wild.example", "192.0.2.7", "localhost", "127.0.0.1:8"})
      EXPECT_EQ(status_of(said_over_tls(running.port(), get(name)).reply), 200) << name;
    for (const char* name :
         {"evil.example", "a.b.wild.example", "wild.example", ".wild.example", "", "desk.example.evil"})
      EXPECT_EQ(status_of(said_over_tls(running.port(), get(name)).reply), 421) << name;
    // A browser would keep to TLS for everything else on this machine.
    EXPECT_EQ(said_over_tls(running.port(), get("localhost")).reply.find("Strict-Transport"), std::string::npos);
  }
  listening.names = {"Office.example"};
  Running running(kHello, {}, listening);
  EXPECT_EQ(status_of(said_over_tls(running.port(), get("office.example")).reply), 200);
  EXPECT_EQ(status_of(said_over_tls(running.port(), get("desk.example")).reply), 421);
}

TEST_F(Tls, SaysWhatIsWrongWithACertificate) {
  const auto good = make("desk.example"), other = make("other.example");
  const auto said = [](const Certificate::Files& files) {
    const auto opened = Transport::open(with(files), kHello, 1);
    return opened ? std::string() : opened.error().sentence();
  };
  EXPECT_EQ(said(good), "");
  EXPECT_NE(said({folder() / "none.pem", good.key}).find("none.pem cannot be read: No such file"), std::string::npos);
  EXPECT_NE(said({good.chain, folder() / "none.key"}).find("none.key cannot be read"), std::string::npos);
  EXPECT_NE(said({good.key, good.key}).find("holds no certificate"), std::string::npos);
  EXPECT_NE(said({good.chain, good.chain}).find("holds no private key"), std::string::npos);
  EXPECT_NE(said({good.chain, other.key}).find("Give the private key this certificate was issued for"),
            std::string::npos);
  const auto locked = run_program({"openssl",
                                   {"pkcs8", "-topk8", "-in", good.key.string(), "-passout", "pass:secret", "-out",
                                    (folder() / "locked.key").string()}});
  ASSERT_TRUE(locked && locked->status == 0);
  EXPECT_NE(said({good.chain, folder() / "locked.key"}).find("without a password"), std::string::npos);
  for (const auto& half : {Listening{"127.0.0.1:0", good.chain, ""}, Listening{"127.0.0.1:0", "", good.key}})
    EXPECT_FALSE(Transport::open(half, kHello, 1));

  const auto warnings = [](const Certificate::Files& files) { return (*Certificate::read(files))->warnings(); };
  EXPECT_TRUE(warnings(good).empty());
  const auto expiring = warnings(make("soon.example", {"-days", "3"}));
  ASSERT_EQ(expiring.size(), 1u);
  EXPECT_NE(expiring[0].find("expires at"), std::string::npos);
  {
    FixedClock later(now() + 40LL * 24 * 3600 * 1000);
    EXPECT_NE(warnings(good).at(0).find("expired at"), std::string::npos);
  }
  ::chmod(good.key.c_str(), 0644);
  EXPECT_NE(warnings(good).at(0).find("chmod o-r"), std::string::npos);
}

TEST_F(Tls, ARenewedCertificateIsTakenUpAndABrokenOneIsNot) {
  const auto files = make("desk.example");
  Listening listening = with(files);
  listening.names = {"desk.example"};
  Running running(kHello, {}, listening);
  EXPECT_NE(said_over_tls(running.port(), get("desk.example")).subject.find("desk.example"), std::string::npos);
  const auto subject_becomes = [&](const std::string& wanted) {
    std::raise(SIGHUP);
    for (int i = 0; i < 100; ++i) {
      if (said_over_tls(running.port(), get("desk.example")).subject.find(wanted) != std::string::npos) return true;
      std::this_thread::sleep_for(20ms);
    }
    return false;
  };
  const auto renewed = make("renewed.example");
  std::filesystem::rename(renewed.chain, files.chain);
  std::filesystem::rename(renewed.key, files.key);
  EXPECT_TRUE(subject_becomes("renewed.example"));
  EXPECT_EQ(status_of(said_over_tls(running.port(), get("renewed.example")).reply), 421);  // the names given stay
  ASSERT_TRUE(write_file(files.chain, "half a cert"));
  std::raise(SIGHUP);
  std::this_thread::sleep_for(100ms);
  EXPECT_TRUE(subject_becomes("renewed.example"));  // the one before stays
}

TEST_F(Tls, ARenewedCertificateBringsItsNames) {
  const auto files = make("desk.example");
  Running running(kHello, {}, with(files));
  EXPECT_EQ(status_of(said_over_tls(running.port(), get("renewed.example")).reply), 421);
  const auto renewed = make("renewed.example");
  std::filesystem::rename(renewed.chain, files.chain);
  std::filesystem::rename(renewed.key, files.key);
  std::raise(SIGHUP);
  int status = 421;
  for (int i = 0; i < 100 && status != 200; ++i) {
    status = status_of(said_over_tls(running.port(), get("renewed.example")).reply);
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(status, 200);
  EXPECT_EQ(status_of(said_over_tls(running.port(), get("desk.example")).reply), 421);
}

TEST_F(Tls, IsNeededBeyondThisMachine) {
  EXPECT_TRUE(Transport::open({"127.0.0.1:0"}, kHello, 1));
  Listening open = with(make("desk.example"));
  open.address = "0.0.0.0:0";
  const auto beyond = Transport::open(open, kHello, 1);
  ASSERT_TRUE(beyond);
  EXPECT_TRUE((*beyond)->beyond_this_machine());
  for (const auto& refused :
       {Listening{"0.0.0.0:0", "", "", true, {"desk.example"}}, Listening{"127.0.0.1:0", "", "", true, {}},
        Listening{"127.0.0.1:0", open.certificate, open.key, true, {"desk.example"}}}) {
    const auto opened = Transport::open(refused, kHello, 1);
    ASSERT_FALSE(opened);
    EXPECT_FALSE(opened.error().sentence().empty());
  }
}

TEST(BehindAProxy, TheLastHopIsTheClientAndTheWayWasSecure) {
  Limits limits;
  limits.requests = {0.5, 3};
  limits.passwords = {0.1, 1};
  Running running(kHello, limits, {"127.0.0.1:0", "", "", true, {"desk.example"}},
                  [](const Request& request) { return request.path == "/sign-in" ? Lane::kPasswords : Lane::kPages; });
  const auto from = [&](const std::string& hops, const std::string& target = "/") {
    return said_to(running.port(),
                   get("desk.example", hops.empty() ? "" : "X-Forwarded-For: " + hops + "\r\n", target));
  };
  EXPECT_NE(from("203.0.113.9").find("hello secure\n"), std::string::npos);
  EXPECT_NE(from("203.0.113.9").find("Strict-Transport-Security"), std::string::npos);
  EXPECT_EQ(status_of(from("")), 400);  // a proxy that does not say for whom
  EXPECT_EQ(status_of(from("somebody")), 400);
  // What a client writes before the last hop makes no new client of it.
  EXPECT_EQ(status_of(from("198.51.100.1, 203.0.113.9")), 200);
  const std::string refused = from("198.51.100.2, 203.0.113.9");
  EXPECT_EQ(status_of(refused), 429);
  EXPECT_NE(refused.find("Retry-After: 2"), std::string::npos) << refused;
  EXPECT_NE(refused.find("Wait a moment and try again."), std::string::npos);
  EXPECT_EQ(status_of(from("203.0.113.10")), 200);
  // A proxy that says nothing and passes a local name on looks like a browser on this machine itself: both are
  // strangers, counted, and not over TLS.
  for (int i = 0; i < 3; ++i) EXPECT_NE(said_to(running.port(), get("127.0.0.1")).find("hello\n"), std::string::npos);
  EXPECT_EQ(status_of(said_to(running.port(), get("127.0.0.1"))), 429);
  EXPECT_EQ(status_of(from("2001:db8::1", "/sign-in")), 200);
  const std::string guessing = from("2001:db8::ffff", "/sign-in");  // the same household
  EXPECT_EQ(status_of(guessing), 429);
  EXPECT_NE(guessing.find("Retry-After: 10"), std::string::npos) << guessing;
  EXPECT_EQ(status_of(from("2001:db8:0:1::1", "/sign-in")), 200);
}

TEST(BehindAProxy, NobodyIsBelievedWhereThereIsNone) {
  Running running(kHello);
  const std::string reply = said_to(running.port(), get("127.0.0.1", "X-Forwarded-For: 203.0.113.9\r\n"));
  EXPECT_NE(reply.find("hello\n"), std::string::npos) << reply;  // neither secure nor from here
}

TEST(Clients, AddressesAreReadStrictly) {
  EXPECT_EQ(client_of("203.0.113.9"), client_of(" 203.0.113.9:4711 "));
  EXPECT_EQ(client_of("203.0.113.9"), client_of("::ffff:203.0.113.9"));
  EXPECT_EQ(client_of("[2001:db8::1]:80"), client_of("2001:db8::2"));
  EXPECT_EQ(client_of("fe80::1%eth0"), client_of("fe80::2"));
  EXPECT_NE(client_of("2001:db8::1"), client_of("2001:db8:0:1::1"));
  for (const char* bad :
       {"", "unknown", "203.0.113", "203.0.113.9.1", "[2001:db8::1", "1:2", "_hidden", "203.0.113.9 x"})
    EXPECT_FALSE(client_of(bad)) << bad;
  EXPECT_EQ(last_hop("evil, 198.51.100.1 , 203.0.113.9"), client_of("203.0.113.9"));
  EXPECT_FALSE(last_hop("203.0.113.9,"));
}

TEST(Clients, ABucketFillsAtItsRateAndTheTableStaysSmall) {
  Limiter limiter({2, 5}, 100);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(limiter.take("one", start), 0);
  EXPECT_EQ(limiter.take("one", start), 1);
  EXPECT_EQ(limiter.take("one", start + 500ms), 0);
  EXPECT_EQ(limiter.take("one", start + 500ms), 1);
  EXPECT_EQ(limiter.take("another", start), 0);
  int passed = 0;
  for (int second = 1; second <= 1000; ++second) passed += limiter.take("one", start + second * 100ms) == 0;
  EXPECT_NEAR(passed, 200, 6);
  for (int i = 0; i < 100000; ++i) limiter.take("flood-" + std::to_string(i), start + 200s);
  EXPECT_EQ(limiter.size(), 100u);
}

TEST(SlowClients, OneClientDoesNotTakeAllConnections) {
  Limits limits;
  limits.spare_this_machine = false;
  limits.connections_of_client = 4;
  Running running(kHello, limits);
  asio::io_context context;
  std::vector<tcp::socket> held;
  for (int i = 0; i < 4; ++i) connect(held.emplace_back(context), running.port(), "127.0.0.1");
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(said_to(running.port(), get("127.0.0.1")), "");
  EXPECT_EQ(status_of(said_to(running.port(), get("127.0.0.1"), "127.0.0.2")), 200);
  held.clear();
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(status_of(said_to(running.port(), get("127.0.0.1"))), 200);
}

TEST(SlowClients, AConversationThatFailsLeavesNothingBehind) {
  Limits limits;
  limits.connections = 2;
  limits.waiting = 2;
  Running running(kHello, limits, {"127.0.0.1:0"}, [](const Request& request) {
    if (request.path == "/fails") throw std::runtime_error("on purpose");
    return Lane::kPages;
  });
  for (int i = 0; i < 5; ++i) EXPECT_EQ(said_to(running.port(), get("127.0.0.1", "", "/fails")), "");
  EXPECT_EQ(status_of(said_to(running.port(), get("127.0.0.1"))), 200);
}

TEST(SlowClients, HeadsBodiesAndReadersMustMove) {
  Limits limits;
  limits.head = limits.idle = limits.stall = 300ms;
  limits.grace = 300ms;
  limits.least_rate = 100000;
  const std::string large(16 << 20, 'a');
  Running running([&](const Request&) { return Response{200, "application/octet-stream", large, {}}; }, limits);
  EXPECT_LT(kept(running.port(), ""), 1500ms);
  EXPECT_LT(kept(running.port(), "GET / HTTP/1.1\r\nX: "), 1500ms);
  EXPECT_LT(kept(running.port(), "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 60000\r\n\r\n"), 2500ms);
  EXPECT_LT(kept(running.port(), "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nf000\r\n"),
            2500ms);
  // Who takes nothing of an answer is let go of: what the sockets hold comes, and the rest never does.
  asio::io_context context;
  tcp::socket socket(context);
  connect(socket, running.port(), "127.0.0.1");
  asio::write(socket, asio::buffer(get("127.0.0.1")));
  std::this_thread::sleep_for(1500ms);
  std::string reply;
  boost::system::error_code error;
  asio::read(socket, asio::dynamic_buffer(reply), error);
  EXPECT_LT(reply.size(), large.size());
  // Who takes it gets all of it.
  EXPECT_GT(said_to(running.port(), get("127.0.0.1")).size(), large.size());
}

TEST(SlowClients, DoNotHoldUpTheEnd) {
  Limits limits;
  limits.drain = 200ms;
  const std::string large(16 << 20, 'a');
  asio::io_context context;
  tcp::socket socket(context);
  const auto begun = [&] {
    Running running([&](const Request&) { return Response{200, "application/octet-stream", large, {}}; }, limits);
    connect(socket, running.port(), "127.0.0.1");
    asio::write(socket, asio::buffer(get("127.0.0.1")));
    std::this_thread::sleep_for(300ms);  // the answer is on its way, and nobody takes it
    return std::chrono::steady_clock::now();
  }();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
}

TEST(SlowClients, ThreeHundredOfThemDoNotStallAGoodOne) {
  Running running(kHello);
  asio::io_context context;
  std::vector<tcp::socket> slow;
  for (int i = 0; i < 300; ++i) {
    connect(slow.emplace_back(context), running.port(), "127.0.0.1");
    asio::write(slow.back(), asio::buffer(std::string("GET / HTTP/1.1\r\nX: ")));
  }
  std::atomic<bool> done = false;
  std::thread drips([&] {
    while (!done)
      for (tcp::socket& each : slow) {
        boost::system::error_code error;
        asio::write(each, asio::buffer("a", 1), error);
      }
  });
  std::chrono::steady_clock::duration slowest{};
  for (int i = 0; i < 100; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(status_of(said_to(running.port(), get("127.0.0.1"))), 200);
    slowest = std::max(slowest, std::chrono::steady_clock::now() - begun);
  }
  done = true;
  drips.join();
  RecordProperty("slowest_ms", static_cast<int>(slowest / 1ms));
  EXPECT_LT(slowest, 1s);
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
         {desk ? "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
                 "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'\r\n"
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
