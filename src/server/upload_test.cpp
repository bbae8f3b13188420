// Bodies taken in: multipart read in pieces of any size, what stays in memory, and what lies sealed on the disk.
#include "server/upload.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>

#include "foundation/file.h"
#include "server/body.h"
#include "server/multipart.h"

namespace understory::server {

namespace {

const std::string kEnd = "\r\n";

std::string part(const std::string& disposition, const std::string& content, const std::string& more = "") {
  return "--b" + kEnd + "Content-Disposition: form-data; " + disposition + kEnd + more + kEnd + content + kEnd;
}

struct Seen : Multipart::Taker {
  std::vector<std::pair<PartHead, std::string>> parts;
  int ended = 0;
  Result<void> begin(PartHead head) override {
    parts.emplace_back(std::move(head), "");
    return {};
  }
  Result<void> bytes(std::string_view piece) override {
    parts.back().second += piece;
    return {};
  }
  Result<void> end() override {
    ++ended;
    return {};
  }
};

// What is seen of a body in pieces of that size; the code of the problem, or none.
std::string read_in(const std::string& body, std::size_t piece, Seen& seen, const std::string& boundary = "b") {
  Multipart multipart(boundary, seen);
  for (std::size_t at = 0; at < body.size(); at += piece)
    if (const auto fed = multipart.feed(std::string_view(body).substr(at, piece)); !fed)
      return std::string(fed.error().code());
  const auto finished = multipart.finish();
  return finished ? "" : std::string(finished.error().code());
}

Request taken(const Body& wanted, const std::string& type, const std::string& body, Spool& spool,
              std::size_t piece = 64 * 1024) {
  Request request;
  request.headers["content-type"] = type;
  BodyReader reader(wanted, type, std::nullopt, spool);
  for (std::size_t at = 0; at < body.size(); at += piece)
    if (!reader.feed(std::string_view(body).substr(at, piece))) break;
  reader.finish(request);
  return request;
}

std::string code_of(const Request& request) {
  return request.body_problem ? std::string(request.body_problem->code()) : "";
}

const Body kParts{Body::Kind::kParts, 100'000'000};
const std::string kMultipart = "multipart/form-data; boundary=b";

std::string noise(std::size_t size) {
  std::string text(size, '\0');
  std::uint32_t state = 12345;
  for (char& each : text) each = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return text;
}

}  // namespace

TEST(Multipart, PartsArriveWholeHoweverTheyAreCut) {
  const std::string tricky = "a\r\n--c\r\n-\r\n--\r\r\n\n\r\n-";
  const std::string body = "a preamble\r\n" + part("name=\"one\"", "1") +
                           part("name=two; filename=\"photo ក.jpg\"", tricky, "content-type: image/jpeg\r\n") +
                           part("name=\"empty\"; filename=\"\"", "") +
                           "--b  \r\nContent-Disposition: form-data;\r\n name=\"folded\"" +
                           "\r\nContent-Transfer-Encoding: binary\r\n\r\nlast\r\n--b--\r\nan epilogue\r\n--b\r\n";
  for (std::size_t piece = 1; piece <= body.size(); ++piece) {
    Seen seen;
    ASSERT_EQ(read_in(body, piece, seen), "") << piece;
    ASSERT_EQ(seen.parts.size(), 4u);
    EXPECT_EQ(seen.ended, 4);
    EXPECT_EQ(seen.parts[0], (std::pair(PartHead{"one", "", ""}, std::string("1"))));
    EXPECT_EQ(seen.parts[1], (std::pair(PartHead{"two", "photo ក.jpg", "image/jpeg"}, tricky)));
    EXPECT_EQ(seen.parts[2], (std::pair(PartHead{"empty", "", ""}, std::string())));
    EXPECT_EQ(seen.parts[3], (std::pair(PartHead{"folded", "", ""}, std::string("last"))));
  }
}

TEST(Multipart, NamesAreReadAsClientsWriteThem) {
  const auto head = [](const std::string& parameters) {
    const auto read = read_part_head("Content-Disposition: form-data; " + parameters, 1);
    return read ? read->name + "|" + read->filename : std::string(read.error().code());
  };
  EXPECT_EQ(head("name=\"a\"; filename=\"b.jpg\""), "a|b.jpg");
  EXPECT_EQ(head("filename = \"b;c.jpg\" ; name=a"), "a|b;c.jpg");
  EXPECT_EQ(head("name=\"a\"; filename=\"say \\\"hi\\\".txt\""), "a|say \"hi\".txt");
  EXPECT_EQ(head("name=\"a\"; filename=\"C:\\photos\\b.jpg\""), "a|C:\\photos\\b.jpg");
  EXPECT_EQ(head("name=\"a\"; filename=\"ស្រី.jpg\""), "a|ស្រី.jpg");
  EXPECT_EQ(head("name=\"a\"; filename=\"x\"; filename*=UTF-8''%E1%9E%80%20b.jpg"), "a|ក b.jpg");
  EXPECT_EQ(head("name=\"a\"; filename*=utf-8'km'%E1%9E%80; filename=x"), "a|ក");
  EXPECT_EQ(head("name=\"a\"; filename=\"x\"; filename*=iso-8859-1''%E9"), "a|x");  // what is known is used
  EXPECT_EQ(head("name=\"a\"; size=12"), "a|");
  for (const char* bad :
       {"filename=\"b\"", "name=\"a", "name=\"a\"; name=\"b\"", "name=\"a\"; filename=x; filename=y", "name", "=a",
        "name=\"a\"; filename*=iso-8859-1''%E9", "name=\"\xff\"", "name=\"a\"; filename=\"a\tb\"", "name=\"a\"x"})
    EXPECT_EQ(head(bad), "bad_part") << bad;
  for (const char* bad : {"", "Content-Type: text/plain", "Content-Disposition: attachment; name=\"a\"", "nonsense",
                          "Content-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"b\"",
                          "Content-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64",
                          "Content-Disposition: form-data; name=\"a\"\nX: y"})
    EXPECT_FALSE(read_part_head(bad, 1)) << bad;
}

TEST(Multipart, TellsWhatIsWrongApart) {
  EXPECT_EQ(*boundary_of("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(*boundary_of("Multipart/Form-Data; charset=utf-8; Boundary=\"a b:c\""), "a b:c");
  EXPECT_EQ(boundary_of("application/json").error().code(), "not_multipart");
  EXPECT_EQ(boundary_of("multipart/mixed; boundary=b").error().code(), "not_multipart");
  for (const std::string bad : {"", "; boundary=", "; boundary=\"\"", "; boundary=a; boundary=b", "; boundary=\"a \"",
                                "; boundary=\"a", "; boundary=a\x01", "; boundary"})
    EXPECT_EQ(boundary_of("multipart/form-data" + bad).error().code(), "no_boundary") << bad;
  EXPECT_FALSE(boundary_of("multipart/form-data; boundary=" + std::string(71, 'a')));
  EXPECT_TRUE(boundary_of("multipart/form-data; boundary=" + std::string(70, 'a')));

  const std::string good = part("name=\"a\"", "x") + "--b--";
  Seen seen;
  EXPECT_EQ(read_in(good, 7, seen), "");
  for (std::size_t cut = 0; cut < good.size(); ++cut)
    EXPECT_EQ(read_in(good.substr(0, cut), 7, seen), "cut_short") << cut;
  EXPECT_EQ(read_in("--bx\r\n", 7, seen), "bad_part");
  EXPECT_EQ(read_in("--b\nContent-Disposition: form-data; name=a\n\nx\n--b--", 7, seen), "bad_part");
  EXPECT_EQ(read_in("--b\r\n\r\nx\r\n--b--", 7, seen), "bad_part");
  EXPECT_EQ(read_in("--b\r\nX: " + std::string(20000, 'a'), 7, seen), "request_too_large");
  EXPECT_EQ(read_in("--b\r\nX: " + std::string(20000, 'a'), 50000, seen), "request_too_large");
  std::string many;
  for (int i = 0; i < 1000; ++i) many += part("name=\"a\"", "x");
  EXPECT_EQ(read_in(many + "--b--", 1000, seen), "");
  EXPECT_EQ(read_in(many + part("name=\"a\"", "x") + "--b--", 1000, seen), "request_too_large");
}

TEST(Uploads, LargePartsLieSealedAndSmallOnesInMemory) {
  const TemporaryFolder folder;
  Spool spool(folder.path());
  const std::string large = noise(3'000'001), edge = noise(UploadWriter::kInMemory);
  {
    const Request request =
        taken(kParts, kMultipart,
              part("name=\"form\"", "token") + part("name=\"large\"; filename=\"l.bin\"", large) +
                  part("name=\"edge\"; filename=\"e.bin\"", edge) + part("name=\"long\"", std::string(300'000, 'x')) +
                  part("name=\"b\"", "កខ") + "--b--",
              spool);
    EXPECT_EQ(code_of(request), "");
    ASSERT_EQ(request.parts.size(), 5u);
    EXPECT_EQ(request.field("form"), "token");
    EXPECT_EQ(request.field("b"), "កខ");
    EXPECT_EQ(request.field("long"), "");  // longer than any field of a page: among the parts alone
    EXPECT_EQ(request.part("large")->content.size(), large.size());
    EXPECT_EQ(request.part("large")->content.in_memory(), 0u);
    EXPECT_EQ(request.part("edge")->content.in_memory(), edge.size());
    for (int again = 0; again < 2; ++again) {
      EXPECT_EQ(*request.part("large")->content.text(large.size()), large);
      EXPECT_EQ(*request.part("edge")->content.text(edge.size()), edge);
      EXPECT_EQ(request.part("long")->content.text(300'000)->size(), 300'000u);
    }
    EXPECT_EQ(request.part("large")->content.text(large.size() - 1).error().code(), "request_too_large");
    EXPECT_EQ(request.part("nothing"), nullptr);
    const auto stopped =
        request.part("large")->content.read([](std::string_view) -> Result<void> { return fail(problems::kStopped); });
    EXPECT_EQ(stopped.error().code(), "stopped");
    EXPECT_EQ(spool.files(), 1);
    EXPECT_GT(spool.bytes(), large.size() + 300'000);
    // No name in the folder, and what the disk holds is not what was sent.
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
    bool found = false;
    for (const auto& handle : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      const auto target = std::filesystem::read_symlink(handle.path(), gone).string();
      if (gone || target.find(folder.path().string()) == std::string::npos) continue;
      found = true;
      std::ifstream file(handle.path(), std::ios::binary);
      const std::string on_disk((std::istreambuf_iterator<char>(file)), {});
      EXPECT_GT(on_disk.size(), large.size());
      EXPECT_EQ(on_disk.find(large.substr(1000, 16)), std::string::npos);
      EXPECT_EQ(on_disk.find("xxxxxxxxxxxxxxxx"), std::string::npos);
    }
    EXPECT_TRUE(found);
  }
  EXPECT_EQ(spool.files(), 0);
  EXPECT_EQ(spool.bytes(), 0u);
}

TEST(Uploads, ManyPartsShareOneFileAndHalfAMebibyteOfMemory) {
  const TemporaryFolder folder;
  Spool spool(folder.path());
  std::string body;
  for (int i = 0; i < 900; ++i)
    body += part("name=\"" + std::to_string(i) + "\"; filename=\"f\"", std::to_string(i) + std::string(5000, 'y'));
  const Request request = taken(kParts, kMultipart, body + "--b--", spool);
  EXPECT_EQ(code_of(request), "");
  ASSERT_EQ(request.parts.size(), 900u);
  std::size_t in_memory = 0;
  for (std::size_t i = 0; i < 900; ++i) {
    in_memory += request.parts[i].content.in_memory();
    EXPECT_EQ(*request.parts[i].content.text(6000), std::to_string(i) + std::string(5000, 'y'));
  }
  EXPECT_LE(in_memory, 512u * 1024);
  EXPECT_GT(in_memory, 400u * 1024);
  EXPECT_EQ(spool.files(), 1);
  std::string names;
  for (int i = 0; i < 100; ++i) names += part("name=\"" + std::string(5000, 'n') + "\"", "");
  EXPECT_EQ(code_of(taken(kParts, kMultipart, names + "--b--", spool)), "request_too_large");
}

// A page of a long form: a part each box, and names of some length.
TEST(Uploads, AsManyPartsAsTheRouteTakes) {
  const TemporaryFolder folder;
  Spool spool(folder.path());
  const Body wanted{Body::Kind::kParts, 100'000'000, 20'000};
  std::string body;
  for (int i = 0; i < 20'000; ++i)
    body += part("name=\"/household/member[" + std::to_string(i) + "]/" + std::string(60, 'n') + "\"", "an answer");
  const Request request = taken(wanted, kMultipart, body + "--b--", spool);
  EXPECT_EQ(code_of(request), "");
  ASSERT_EQ(request.parts.size(), 20'000u);
  EXPECT_EQ(*request.parts.back().content.text(100), "an answer");
  EXPECT_EQ(code_of(taken(wanted, kMultipart, body + part("name=\"a\"", "x") + "--b--", spool)), "request_too_large");
}

TEST(Uploads, WhatIsWrongIsForTheRouteToSay) {
  const TemporaryFolder folder;
  Spool spool(folder.path());
  const std::string good = part("name=\"a\"; filename=\"f\"", noise(400'000)) + "--b--";
  EXPECT_EQ(code_of(taken(kParts, kMultipart, good, spool)), "");
  EXPECT_EQ(code_of(taken(kParts, kMultipart, good.substr(0, good.size() - 6), spool)), "cut_short");
  EXPECT_EQ(code_of(taken(kParts, "application/xml", "<a/>", spool)), "not_multipart");
  EXPECT_EQ(code_of(taken(kParts, "multipart/form-data", good, spool)), "no_boundary");
  EXPECT_EQ(code_of(taken({Body::Kind::kParts, 300'000}, kMultipart, good, spool)), "request_too_large");
  EXPECT_EQ(code_of(taken({Body::Kind::kBytes, 300'000}, "", noise(300'001), spool)), "request_too_large");
  EXPECT_EQ(*taken({Body::Kind::kBytes, 300'000}, "", noise(300'000), spool).content.text(300'000), noise(300'000));
  // A page may send its form either way.
  const Request form = taken(kParts, "application/x-www-form-urlencoded", "a=1&b=%E1%9E%80", spool);
  EXPECT_EQ(form.field("b"), "ក");
  EXPECT_EQ(code_of(taken(kParts, "application/x-www-form-urlencoded", "a=%zz", spool)), "not_a_form");
  EXPECT_EQ(code_of(taken(kParts, "application/x-www-form-urlencoded", std::string(70'000, 'a'), spool)),
            "request_too_large");

  Spool one_file(folder.path(), {std::uint64_t{1} << 30, 1, 0});
  const Request holds = taken(kParts, kMultipart, good, one_file);
  EXPECT_EQ(code_of(holds), "");
  EXPECT_EQ(code_of(taken(kParts, kMultipart, good, one_file)), "too_many_uploads");
  Spool small(folder.path(), {200'000, 4, 0});
  EXPECT_EQ(code_of(taken(kParts, kMultipart, good, small)), "too_many_uploads");
  EXPECT_EQ(small.bytes(), 0u);
  EXPECT_EQ(small.files(), 0);
  Spool full(folder.path(), {std::uint64_t{1} << 30, 4, std::uint64_t{1} << 60});
  EXPECT_EQ(code_of(taken(kParts, kMultipart, good, full)), "disk_full");
  {
    // Neither may a file that may not grow be told as a fault of what was sent.
    const auto before = std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
    const rlimit narrow{100'000, limit.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &narrow), 0);
    const std::string code = code_of(taken(kParts, kMultipart, good, spool));
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
    std::signal(SIGXFSZ, before);
    EXPECT_EQ(code, "disk_full");
  }
  Spool nowhere(folder.path() / "none");
  EXPECT_EQ(code_of(taken(kParts, kMultipart, good, nowhere)), "file_unreadable");
}

}  // namespace understory::server
