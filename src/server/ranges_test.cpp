// One range of a long answer.
#include "server/ranges.h"

#include <gtest/gtest.h>

#include "foundation/catalogue.h"
#include "server/over_sockets_test.h"
#include "server/problems.h"

namespace understory::server {
namespace {

// Ten pieces of 100,000 bytes, each of its own digit.
class Digits : public Pieces {
 public:
  explicit Digits(int* made) : made_(made) {}
  Result<std::string> next() override {
    if (at_ == 10) return std::string();
    ++*made_;
    return std::string(100'000, static_cast<char>('0' + at_++));
  }
  std::uint64_t skip(std::uint64_t bytes) override {
    at_ = static_cast<int>(std::min<std::uint64_t>(bytes / 100'000, 10));
    return static_cast<std::uint64_t>(at_) * 100'000;
  }

 private:
  int* made_;
  int at_ = 0;
};

TEST(Ranges, AreReadStrictly) {
  Range range;
  const auto part = [&](const char* header, std::uint64_t size) {
    range = {};
    return asked_range(header, size, range);
  };
  EXPECT_EQ(part("bytes=0-99", 1000), Asked::kPart);
  EXPECT_TRUE(range.from == 0 && range.length == 100);
  EXPECT_EQ(part("Bytes=990-", 1000), Asked::kPart);
  EXPECT_TRUE(range.from == 990 && range.length == 10);
  EXPECT_EQ(part("bytes=-10", 1000), Asked::kPart);
  EXPECT_TRUE(range.from == 990 && range.length == 10);
  EXPECT_EQ(part("bytes=-5000", 1000), Asked::kPart);
  EXPECT_TRUE(range.from == 0 && range.length == 1000);
  EXPECT_EQ(part("bytes=999-9999", 1000), Asked::kPart);
  EXPECT_TRUE(range.from == 999 && range.length == 1);
  for (const char* all : {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=0-1,5-6", "lines=0-1",
                          "bytes=0-99999999999999999999", "bytes=+1-2", "bytes=1"})
    EXPECT_EQ(part(all, 1000), Asked::kAll) << all;
  EXPECT_EQ(part("bytes=1000-", 1000), Asked::kBeyond);
  EXPECT_EQ(part("bytes=0-", 0), Asked::kBeyond);
  EXPECT_EQ(part("bytes=-0", 1000), Asked::kBeyond);
}

TEST(Ranges, ArriveOverSocketsAndMakeNoMoreThanTheyNeed) {
  int made = 0;
  Running running(
      [&](const Request& request) {
        Response response;
        response.content_type = "image/jpeg";
        response.pieces = std::make_shared<Digits>(&made);
        response.size = 1'000'000;
        response.headers.emplace_back("ETag", "\"one\"");
        return ranged(request, std::move(response));
      },
      {}, {"127.0.0.1:0"}, [](const Request&) { return Lane::kDownloads; });
  const auto said = [&](const std::string& headers) {
    made = 0;
    return said_to(running.port(), get("127.0.0.1", headers));
  };
  const auto content = [](const std::string& reply) { return reply.substr(reply.find("\r\n\r\n") + 4); };
  const std::string whole = said("");
  EXPECT_EQ(status_of(whole), 200);
  EXPECT_EQ(content(whole).size(), 1'000'000u);
  EXPECT_NE(whole.find("Accept-Ranges: bytes\r\n"), std::string::npos);
  const std::string part = said("Range: bytes=299998-300001\r\n");
  EXPECT_EQ(status_of(part), 206);
  EXPECT_NE(part.find("Content-Range: bytes 299998-300001/1000000\r\n"), std::string::npos) << part;
  EXPECT_NE(part.find("Content-Length: 4\r\n"), std::string::npos) << part;
  EXPECT_EQ(content(part), "2233");
  EXPECT_LE(made, 2);
  EXPECT_EQ(content(said("Range: bytes=-3\r\n")), "999");
  EXPECT_EQ(content(said("Range: bytes=0-\r\n")).size(), 1'000'000u);
  const std::string beyond = said("Range: bytes=1000000-\r\n");
  EXPECT_EQ(status_of(beyond), 416);
  EXPECT_NE(beyond.find("Content-Range: bytes */1000000\r\n"), std::string::npos) << beyond;
  const std::string to_phone =
      said_to(running.port(),
              get("127.0.0.1", "Accept-Language: km\r\nRange: bytes=1000000-\r\n", "/v1/key/x/forms/1/files/a"));
  EXPECT_EQ(status_of(to_phone), 416);
  EXPECT_NE(to_phone.find("X-OpenRosa-Version: 1.0"), std::string::npos) << to_phone;
  EXPECT_NE(to_phone.find("<message nature=\"error\">" + Catalogue::of("km").sentence(Problem(problems::kNoSuchRange))),
            std::string::npos)
      << to_phone;
  EXPECT_EQ(status_of(said("Range: bytes=0-1,5-6\r\n")), 200);
  EXPECT_EQ(status_of(said("Range: bytes=0-1\r\nIf-Range: \"one\"\r\n")), 206);
  EXPECT_EQ(status_of(said("Range: bytes=0-1\r\nIf-Range: \"two\"\r\n")), 200);
}

}  // namespace
}  // namespace understory::server
