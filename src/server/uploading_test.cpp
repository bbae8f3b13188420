// Long bodies over real sockets: they arrive whole or not at all, and take little memory.
#include <gtest/gtest.h>
#include <malloc.h>

#include <fstream>

#include "foundation/file.h"
#include "server/streams_test.h"

namespace understory::server {

namespace {

const std::string kUpload =
    "POST /submission HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: multipart/form-data; "
    "boundary=b\r\n";

Body parts_of(const Request& request) {
  if (request.path == "/submission") return {Body::Kind::kParts, 300'000'000};
  if (request.path == "/small") return {Body::Kind::kParts, 1'000'000};
  if (request.path == "/bytes") return {Body::Kind::kBytes, 300'000'000};
  return {};
}

// Says what arrived.
Response received(const Request& request) {
  Response response;
  response.content_type = "text/plain; charset=utf-8";
  if (request.body_problem) {
    response.status = request.body_problem->status();
    response.body = "envelope: " + std::string(request.body_problem->code()) + "\n";
    return response;
  }
  std::uint64_t sum = 0, size = 0;
  const auto add = [&](std::string_view piece) -> Result<void> {
    for (const char each : piece) sum = sum * 31 + static_cast<unsigned char>(each);
    size += piece.size();
    return {};
  };
  for (const Part& part : request.parts) EXPECT_TRUE(part.content.read(add));
  EXPECT_TRUE(request.content.read(add));
  response.body =
      fmt::format("{} parts, {} bytes, sum {}, note {}\n", request.parts.size(), size, sum, request.field("note"));
  return response;
}

std::string sum_of(std::string_view bytes) {
  std::uint64_t sum = 0;
  for (const char each : bytes) sum = sum * 31 + static_cast<unsigned char>(each);
  return std::to_string(sum);
}

std::string in_chunks(std::string_view body, std::size_t size) {
  std::string out;
  for (; !body.empty(); body.remove_prefix(std::min(size, body.size())))
    out += fmt::format("{:x}\r\n{}\r\n", std::min(size, body.size()), body.substr(0, size));
  return out + "0\r\n\r\n";
}

std::string file_part(const std::string& content) {
  return "--b\r\nContent-Disposition: form-data; name=\"photo.jpg\"; filename=\"photo.jpg\"\r\nContent-Type: "
         "image/jpeg\r\n\r\n" +
         content + "\r\n";
}
const std::string kNote = "--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n";

class Uploading : public ::testing::Test {
 protected:
  Listening listening() const {
    Listening where{"127.0.0.1:0"};
    where.spool = folder_.path();
    return where;
  }
  const TemporaryFolder folder_;
};

}  // namespace

TEST_F(Uploading, PartsAndBytesArriveUnderALengthOrInChunks) {
  Running running(
      received, {}, listening(), [](const Request&) { return Lane::kIntake; }, parts_of);
  const std::string content = noise(2'000'003, 7), body = file_part(content) + kNote + "--b--\r\n";
  const std::string expected = "2 parts, 2000008 bytes, sum " + sum_of(content + "hello") + ", note hello";
  const std::string length = "Content-Length: " + std::to_string(body.size()) + "\r\n";
  EXPECT_NE(said_to(running.port(), kUpload + length + "\r\n" + body).find(expected), std::string::npos);
  for (const std::size_t size : {1'000ul, 65'536ul, 3'000'000ul})
    EXPECT_NE(
        said_to(running.port(), kUpload + "Transfer-Encoding: chunked\r\n\r\n" + in_chunks(body, size)).find(expected),
        std::string::npos)
        << size;
  const std::string raw =
      said_to(running.port(), "PUT /bytes HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: " +
                                  std::to_string(content.size()) + "\r\n\r\n" + content);
  EXPECT_NE(raw.find("0 parts, 2000003 bytes, sum " + sum_of(content)), std::string::npos) << raw;
  // The connection goes on behind it.
  const std::string again =
      "POST /submission HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=b\r\n" + length +
      "\r\n" + body;
  const std::string both = said_to(running.port(), again + again);
  EXPECT_NE(both.find(expected, both.find(expected) + 1), std::string::npos);
  const std::string empty = said_to(
      running.port(), "POST /submission HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  EXPECT_NE(empty.find("0 parts, 0 bytes"), std::string::npos) << empty;
}

TEST_F(Uploading, WhoAsksFirstIsToldToGoOnOrNot) {
  Running running(received, {}, listening(), {}, parts_of);
  const std::string body = file_part("x") + "--b--\r\n";
  asio::io_context context;
  tcp::socket socket(context);
  connect(socket, running.port(), "127.0.0.1");
  asio::write(socket, asio::buffer(kUpload + "Expect: 100-continue\r\nContent-Length: " + std::to_string(body.size()) +
                                   "\r\n\r\n"));
  std::string go_on(25, '\0');
  asio::read(socket, asio::buffer(go_on));
  EXPECT_EQ(go_on, "HTTP/1.1 100 Continue\r\n\r\n");
  asio::write(socket, asio::buffer(body));
  std::string reply;
  boost::system::error_code error;
  asio::read(socket, asio::dynamic_buffer(reply), error);
  EXPECT_NE(reply.find("1 parts, 1 bytes"), std::string::npos) << reply;
  const std::string refused =
      said_to(running.port(), kUpload + "Expect: 100-continue\r\nContent-Length: 300000001\r\n\r\n");
  EXPECT_EQ(status_of(refused), 413);
}

TEST_F(Uploading, TheRouteSaysWhatIsWrongAndTheSenderHearsIt) {
  std::atomic<int> asked = 0;
  Running running(
      [&](const Request& request) {
        ++asked;
        return received(request);
      },
      {}, listening(), {}, parts_of);
  const std::string body = file_part(noise(500'000, 7)) + "--b--\r\n", cut = body.substr(0, body.size() - 20);
  const auto sent = [&](const std::string& head, const std::string& bytes) {
    return said_to(running.port(), head + "Content-Length: " + std::to_string(bytes.size()) + "\r\n\r\n" + bytes);
  };
  const std::string small =
      "POST /small HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=b\r\n";
  EXPECT_NE(sent(kUpload, cut).find("envelope: cut_short"), std::string::npos);
  EXPECT_NE(sent("POST /submission HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/xml\r\n", body)
                .find("envelope: not_multipart"),
            std::string::npos);
  EXPECT_NE(sent(kUpload, "--b\r\nX\r\n\r\n" + body).find("envelope: bad_part"), std::string::npos);
  const std::string large = file_part(noise(4'000'000, 7)) + "--b--\r\n";
  EXPECT_NE(sent(small, large).find("envelope: request_too_large"), std::string::npos);
  EXPECT_NE(said_to(running.port(), small + "Transfer-Encoding: chunked\r\n\r\n" + in_chunks(large, 50'000))
                .find("envelope: request_too_large"),
            std::string::npos);
  EXPECT_EQ(asked, 5);
  // What never came to its end was never sent; whoever still listens is told.
  EXPECT_EQ(status_of(said_to(running.port(), kUpload + "Content-Length: 1000000\r\n\r\n" + body)), 400);
  EXPECT_EQ(status_of(said_to(running.port(), kUpload + "Transfer-Encoding: chunked\r\n\r\nzz\r\n" + body)), 400);
  EXPECT_EQ(asked, 5);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(Uploading, OneClientDoesNotTakeAllPlaces) {
  Limits limits;
  limits.spare_this_machine = false;
  limits.sending_of_client = 3;
  Running running(received, limits, listening(), {}, parts_of);
  asio::io_context context;
  std::vector<tcp::socket> slow;
  for (int i = 0; i < 3; ++i) {
    connect(slow.emplace_back(context), running.port(), "127.0.0.1");
    asio::write(slow.back(), asio::buffer(kUpload + "Content-Length: 1000000\r\n\r\n--b"));
  }
  const std::string body = file_part("x") + "--b--\r\n";
  const std::string whole_one = kUpload + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  EXPECT_TRUE(
      soon([&] { return said_to(running.port(), whole_one).find("envelope: too_many_uploads") != std::string::npos; }));
  EXPECT_EQ(status_of(said_to(running.port(), whole_one, "127.0.0.2")), 200);
  EXPECT_EQ(status_of(said_to(running.port(), get("127.0.0.1"))), 200);
  slow.clear();
  EXPECT_TRUE(soon([&] { return status_of(said_to(running.port(), whole_one)) == 200; }));
}

TEST_F(Uploading, BodiesMustMove) {
  Limits limits;
  limits.grace = 300ms;
  limits.least_rate = 1 << 20;
  Running running(received, limits, listening(), {}, parts_of);
  EXPECT_LT(kept(running.port(), kUpload + "Content-Length: 100000000\r\n\r\n"), 5s);
  EXPECT_LT(kept(running.port(), kUpload + "Transfer-Encoding: chunked\r\n\r\nf0000\r\n"), 5s);
  // Much that came fast buys no time to stand still afterwards.
  EXPECT_LT(kept(running.port(), kUpload + "Content-Length: 100000000\r\n\r\n" + std::string(20'000'000, 'a')), 5s);
}

namespace {

std::size_t peak_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmHWM:", 0) == 0) return std::stoul(line.substr(6));
  return 0;
}

}  // namespace

TEST_F(Uploading, TwoHundredMegabytesThereAndBackTakeLittleMemory) {
  Watch watch;
  std::atomic<std::uint64_t> arrived = 0;
  Running running(
      [&](const Request& request) {
        if (request.method == "GET") return long_answer(std::make_unique<Made>(watch, 800, kPiece));
        arrived = request.part("photo.jpg")->content.size();
        return received(request);
      },
      {}, listening(), downloads, parts_of);
  ASSERT_EQ(status_of(said_to(running.port(), get("127.0.0.1", "", "/quick"))), 200);
  ::malloc_trim(0);  // what earlier tests left is not room for this one
  std::ofstream("/proc/self/clear_refs") << "5";
  const std::size_t idle = peak_kib();
  ASSERT_GT(idle, 0u);
  asio::io_context context;
  const std::string piece = noise(kPiece, 3), begin = file_part("").substr(0, file_part("").size() - 2);
  const std::string end = "\r\n--b--\r\n";
  {
    tcp::socket socket(context);
    connect(socket, running.port(), "127.0.0.1");
    asio::write(socket, asio::buffer(kUpload + "Content-Length: " +
                                     std::to_string(begin.size() + 800 * kPiece + end.size()) + "\r\n\r\n" + begin));
    for (int i = 0; i < 800; ++i) asio::write(socket, asio::buffer(piece));
    asio::write(socket, asio::buffer(end));
    std::string reply;
    boost::system::error_code error;
    asio::read(socket, asio::dynamic_buffer(reply), error);
    EXPECT_EQ(status_of(reply), 200) << reply;
    EXPECT_EQ(arrived, 800 * kPiece);
  }
  watch.asked = 0;
  tcp::socket socket(context);
  connect(socket, running.port(), "127.0.0.1");
  asio::write(socket, asio::buffer(get("127.0.0.1")));
  std::string some(kPiece, '\0');
  std::uint64_t came = 0;
  for (boost::system::error_code error; !error;) came += socket.read_some(asio::buffer(some), error);
  EXPECT_GT(came, 800 * kPiece);
  const std::size_t more = peak_kib() - idle;
  RecordProperty("more_kib", static_cast<int>(more));
  printf("peak above idle: %zu KiB\n", more);
  EXPECT_LT(more, 60u * 1024);
}

}  // namespace understory::server
