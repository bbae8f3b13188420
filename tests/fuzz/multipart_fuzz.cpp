// Bodies of parts, cut anywhere: however the pieces fall, the same parts are seen, or the same problem. And everything
// a body goes through on its way into a request.
#include "fuzz.h"
#include "server/body.h"
#include "server/multipart.h"

using namespace understory;

namespace {

struct Seen : server::Multipart::Taker {
  std::vector<std::pair<server::PartHead, std::string>> parts;
  std::size_t ended = 0;
  Result<void> begin(server::PartHead head) override {
    if (ended != parts.size()) __builtin_trap();
    parts.emplace_back(std::move(head), "");
    return {};
  }
  Result<void> bytes(std::string_view piece) override {
    if (ended + 1 != parts.size() || piece.empty()) __builtin_trap();
    parts.back().second += piece;
    return {};
  }
  Result<void> end() override {
    if (++ended != parts.size()) __builtin_trap();
    return {};
  }
};

// What was seen, and the code of what was wrong.
std::string read_in(std::string_view body, std::size_t piece, Seen& seen) {
  server::Multipart multipart("b", seen);
  for (; !body.empty(); body.remove_prefix(std::min(piece, body.size())))
    if (const auto fed = multipart.feed(body.substr(0, piece)); !fed) return std::string(fed.error().code());
  const auto finished = multipart.finish();
  return finished ? "" : std::string(finished.error().code());
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  const std::string part =
      "--b\r\nContent-Disposition: form-data; name=\"xml_submission_file\"; filename=\"s.xml\"\r\n"
      "Content-Type: text/xml\r\n\r\n<data id=\"a\"/>\r\n";
  return {part + "--b--\r\n",
          "preamble\r\n" + part + part +
              "--b \t\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\n\r\n--b\r\n--b--epilogue",
          "--b\r\nContent-Disposition: form-data; name=\"a\"; filename*=UTF-8''%E1%9E%80; filename=\"\\\"x\\\\\"\r\n"
          "Content-Transfer-Encoding: binary\r\n\r\n\r\n--c\r\n-\r\n--\r\n--b--",
          "multipart/form-data; charset=utf-8; boundary=\"a b\"",
          "Content-Disposition: form-data; name=\"a;b\"; filename=\"C:\\photos\\b.jpg\"",
          "--b\r\n\r\n--b--"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto boundary = server::boundary_of(text); boundary && (boundary->empty() || boundary->size() > 70))
    __builtin_trap();
  (void)server::read_part_head(text, 1);
  Seen whole, cut;
  const std::string said = read_in(text, size + 1, whole);
  if (read_in(text, 1 + size % 7, cut) != said) __builtin_trap();
  if (whole.parts != cut.parts && said.empty()) __builtin_trap();

  static server::Spool spool("/tmp", {std::uint64_t{1} << 30, 4, 0});
  const server::Body wanted{server::Body::Kind::kParts, size % 3 == 0 ? size / 2 : size};
  server::BodyReader reader(wanted, "multipart/form-data; boundary=b", size % 2 ? std::optional(size) : std::nullopt,
                            spool);
  for (std::size_t at = 0; at < size && reader.feed(std::string_view(text).substr(at, 11)); at += 11) {
  }
  server::Request request;
  reader.finish(request);
  if (!request.body_problem && (!said.empty() || request.parts.size() != whole.parts.size())) __builtin_trap();
  for (const server::Part& part : request.parts)
    if (part.content.text(size)->size() != part.content.size()) __builtin_trap();
  return 0;
}
