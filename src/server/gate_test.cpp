// Who gets in, and what one client, slow or greedy, may take.
#include "server/gate.h"

#include <gtest/gtest.h>

#include <atomic>

#include "server/over_sockets_test.h"

namespace understory::server {

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

// Addresses that are too long for a head take much memory: one client has a few places of them, not all.
TEST(LongAddresses, OfOneClientLeavePlacesForOthers) {
  Limits limits;
  limits.long_heads = 3;
  limits.long_heads_of_client = 1;
  limits.spare_this_machine = false;
  Running running(kHello, limits);
  const std::string request = get("127.0.0.1", "", "/v1/a/integrity?id=1");
  asio::io_context context;
  tcp::socket first(context);
  connect(first, running.port(), "127.0.0.1");
  asio::write(first, asio::buffer(std::string("GET /v1/a/integrity?id=1,2")));
  int status = 0;
  for (int i = 0; i < 150 && status != 503; ++i) status = status_of(said_to(running.port(), request));
  EXPECT_EQ(status, 503);
  EXPECT_EQ(status_of(said_to(running.port(), request, "127.0.0.2")), 200);
  EXPECT_EQ(status_of(said_to(running.port(), get("127.0.0.1"))), 200) << "any other address of the same client";
  first.close();
  for (int i = 0; i < 150 && status != 200; ++i) status = status_of(said_to(running.port(), request));
  EXPECT_EQ(status, 200) << "its place is free again";
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
  EXPECT_LT(kept(running.port(), ""), 5s);
  EXPECT_LT(kept(running.port(), "GET / HTTP/1.1\r\nX: "), 5s);
  EXPECT_LT(kept(running.port(), "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 60000\r\n\r\n"), 5s);
  EXPECT_LT(kept(running.port(), "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nf000\r\n"),
            5s);
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
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
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
  EXPECT_LT(slowest, 3s);
}

}  // namespace understory::server
