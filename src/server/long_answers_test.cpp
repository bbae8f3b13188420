// Long answers over real sockets: they arrive whole or visibly broken, and are made as they are taken.
#include <gtest/gtest.h>

#include "server/streams_test.h"

namespace understory::server {

namespace {

std::string whole(int count, std::size_t size) {
  std::string all;
  for (int i = 0; i < count; ++i) all += noise(size, static_cast<std::uint32_t>(i));
  return all;
}

// The content of a reply, taken out of its chunks where it has some; "cut" where they have no end.
std::string content_of(const std::string& reply) {
  const std::size_t head = reply.find("\r\n\r\n");
  if (head == std::string::npos) return "no head";
  std::string_view rest = std::string_view(reply).substr(head + 4);
  if (reply.substr(0, head).find("Transfer-Encoding: chunked") == std::string::npos) return std::string(rest);
  std::string all;
  for (;;) {
    const std::size_t end = rest.find("\r\n");
    if (end == std::string_view::npos) return "cut";
    const std::size_t size = std::stoul(std::string(rest.substr(0, end)), nullptr, 16);
    if (rest.size() < end + 2 + size + 2) return "cut";
    if (size == 0) return all;
    all += rest.substr(end + 2, size);
    rest.remove_prefix(end + 2 + size + 2);
  }
}

struct Heard {
  std::string reply;
  boost::system::error_code how;
};
Heard hear(std::uint16_t port, const std::string& bytes) {
  asio::io_context context;
  tcp::socket socket(context);
  connect(socket, port, "127.0.0.1");
  asio::write(socket, asio::buffer(bytes));
  Heard heard;
  asio::read(socket, asio::dynamic_buffer(heard.reply), heard.how);
  return heard;
}

}  // namespace

TEST(LongAnswers, ArriveWholeInChunksOrUnderTheirLength) {
  Watch watch;
  Running running(
      [&](const Request& request) {
        const bool sized = request.path == "/sized";
        watch.asked = 0;
        return long_answer(std::make_unique<Made>(watch, 5, kPiece),
                           sized ? std::optional<std::uint64_t>(5 * kPiece) : std::nullopt);
      },
      {}, {"127.0.0.1:0"}, downloads);
  const std::string expected = whole(5, kPiece);
  const std::string chunked = said_to(running.port(), get("127.0.0.1"));
  EXPECT_NE(chunked.find("Transfer-Encoding: chunked"), std::string::npos);
  EXPECT_EQ(chunked.find("Content-Length"), std::string::npos);
  EXPECT_NE(chunked.find("Content-Security-Policy"), std::string::npos);
  EXPECT_TRUE(content_of(chunked) == expected);
  const std::string sized = said_to(running.port(), get("127.0.0.1", "", "/sized"));
  EXPECT_NE(sized.find("Content-Length: " + std::to_string(expected.size())), std::string::npos);
  EXPECT_TRUE(content_of(sized) == expected);
  const std::string old =
      said_to(running.port(), "GET / HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(old.find("chunked"), std::string::npos);
  EXPECT_TRUE(content_of(old) == expected);
  // The connection goes on behind it.
  const std::string both =
      said_to(running.port(), "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + get("127.0.0.1", "", "/sized"));
  EXPECT_NE(both.find("HTTP/1.1 200", 100), std::string::npos);
  const std::string head =
      said_to(running.port(), "HEAD /sized HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
  EXPECT_NE(head.find("Content-Length: " + std::to_string(expected.size())), std::string::npos);
  EXPECT_EQ(content_of(head), "");
  EXPECT_EQ(watch.asked, 0);
  EXPECT_TRUE(soon([&] { return watch.alive == 0; }));
}

TEST(LongAnswers, TheFirstPieceLeavesBeforeTheLastIsMade) {
  Watch watch;
  watch.go = false;
  Running running([&](const Request&) { return long_answer(std::make_unique<Made>(watch, 3, 1000)); }, {},
                  {"127.0.0.1:0"}, downloads);
  asio::io_context context;
  tcp::socket socket(context);
  connect(socket, running.port(), "127.0.0.1");
  asio::write(socket, asio::buffer(get("127.0.0.1")));
  std::string reply;
  while (reply.find(noise(1000, 0)) == std::string::npos) {
    char some[4096];
    reply.append(some, socket.read_some(asio::buffer(some)));
  }
  EXPECT_LE(watch.asked, 2);
  watch.go = true;
  boost::system::error_code error;
  asio::read(socket, asio::dynamic_buffer(reply), error);
  EXPECT_TRUE(content_of(reply) == whole(3, 1000));
}

TEST(LongAnswers, WhatFailsOnItsWayLooksLikeNoWholeAnswer) {
  Watch watch;
  Running running(
      [&](const Request& request) {
        const int pieces = request.path == "/at-once" ? 0 : 3;
        return long_answer(std::make_unique<Made>(watch, pieces, kPiece, request.path != "/short"),
                           request.path == "/sized"   ? std::optional<std::uint64_t>(9 * kPiece)
                           : request.path == "/short" ? std::optional<std::uint64_t>(3 * kPiece + 1)
                                                      : std::nullopt);
      },
      {}, {"127.0.0.1:0"}, downloads);
  for (const std::string path : {"/chunked", "/sized", "/short"}) {
    watch.asked = 0;
    const Heard heard = hear(running.port(), get("127.0.0.1", "", path));
    EXPECT_EQ(status_of(heard.reply), 200);
    EXPECT_EQ(heard.how, asio::error::connection_reset) << path << " " << heard.how.message();
    EXPECT_EQ(heard.reply.find("\r\n0\r\n\r\n"), std::string::npos);
  }
  watch.asked = 0;
  const Heard old = hear(running.port(), "GET /old HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n");
  EXPECT_EQ(old.how, asio::error::connection_reset) << old.how.message();
  // Before anything went out there is still time to say so.
  watch.asked = 0;
  EXPECT_GE(status_of(said_to(running.port(), get("127.0.0.1", "", "/at-once"))), 400);
  EXPECT_TRUE(soon([&] { return watch.alive == 0; }));
}

TEST(LongAnswers, WhoTakesNothingIsMadeNothing) {
  Watch watch;
  Running running([&](const Request&) { return long_answer(std::make_unique<Made>(watch, 100000, kPiece)); }, {},
                  {"127.0.0.1:0"}, downloads);
  {
    asio::io_context context;
    tcp::socket socket(context);
    connect(socket, running.port(), "127.0.0.1");
    asio::write(socket, asio::buffer(get("127.0.0.1")));
    ASSERT_TRUE(soon([&] { return watch.asked > 1; }));
    std::this_thread::sleep_for(500ms);
    const int asked = watch.asked;
    std::this_thread::sleep_for(300ms);
    EXPECT_EQ(watch.asked, asked);  // what the sockets hold, and one more
    EXPECT_LT(asked, 60);
    EXPECT_EQ(watch.alive, 1);
  }
  // Gone: so is what was made for it, on a worker.
  EXPECT_TRUE(soon([&] { return watch.alive == 0; }));
  EXPECT_NE(watch.destroyed_in.load(), std::this_thread::get_id());
}

TEST(LongAnswers, ThoseOnTheirWayKeepNobodyElseWaitingAndAreCounted) {
  Watch watch;
  Limits limits;
  limits.waiting_for_downloads = 4;
  Running running(
      [&](const Request& request) {
        if (request.path == "/quick") return Response{200, "text/plain; charset=utf-8", "quick\n", {}};
        return long_answer(std::make_unique<Made>(watch, 100000, kPiece));
      },
      limits, {"127.0.0.1:0"}, downloads);
  asio::io_context context;
  std::vector<tcp::socket> slow;
  for (int i = 0; i < 4; ++i) {
    connect(slow.emplace_back(context), running.port(), "127.0.0.1");
    asio::write(slow.back(), asio::buffer(get("127.0.0.1")));
  }
  ASSERT_TRUE(soon([&] { return watch.alive == 4; }));
  EXPECT_NE(said_to(running.port(), get("127.0.0.1", "", "/quick")).find("quick"), std::string::npos);
  const std::string fifth = said_to(running.port(), get("127.0.0.1"));
  EXPECT_EQ(status_of(fifth), 503);
  EXPECT_NE(fifth.find("Retry-After: 10"), std::string::npos);
  slow.clear();
  ASSERT_TRUE(soon([&] { return watch.alive == 0; }));
  watch.asked = 99990;
  EXPECT_TRUE(soon([&] {
    watch.asked = 99990;
    return status_of(said_to(running.port(), get("127.0.0.1"))) == 200;
  }));
}

TEST(LongAnswers, DoNotHoldUpTheEnd) {
  Watch watch;
  Limits limits;
  limits.drain = 300ms;
  asio::io_context context;
  tcp::socket taken(context), ignored(context);
  std::chrono::steady_clock::time_point begun;
  {
    Running running([&](const Request&) { return long_answer(std::make_unique<Made>(watch, 100000, kPiece)); }, limits,
                    {"127.0.0.1:0"}, downloads);
    connect(ignored, running.port(), "127.0.0.1");
    asio::write(ignored, asio::buffer(get("127.0.0.1")));
    ASSERT_TRUE(soon([&] { return watch.asked > 1; }));
    begun = std::chrono::steady_clock::now();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
  EXPECT_EQ(watch.alive, 0);
}

}  // namespace understory::server
