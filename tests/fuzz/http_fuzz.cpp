// The glue behind the HTTP parser: targets, percent signs, forms, cookies, hosts, packing and whom a proxy asks for;
// and the question a target may carry.
#include "findings/question.h"
#include "fuzz.h"
#include "server/clients.h"
#include "server/http.h"
#include "server/packing.h"
#include "server/sent_json.h"

using namespace understory;

std::vector<std::string> fuzz_seeds() {
  return {"/studies/0123456789abc/findings/causes?by=gender&lang=km",
          "/a%20b?x=%E1%9E%80&x=2",
          "causes by gender among location=\"Svay, Rieng\", role=chief seed 7 draws 10",
          "{\"ask\":\"causes\",\"among\":{\"gender\":[\"female\"]}}",
          "language=km; a=\"b\"",
          "198.51.100.1, [2001:db8::1%eth0]:443",
          "desk.example.org:8443",
          "name=anita&password=a+b%21&code=",
          "{\"code_id\":\"0000000000001\",\"start\":0,\"names\":{\"km\":\"x\"},\"codings\":[\"0000000000001\"]}",
          "br;q=1.0, gzip;q=0.000, *;q=0.1"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  server::Request request;
  if (server::read_target(text, request)) {
    (void)request.parameter("x");
    if (server::percent_decode(server::percent_encode(request.path), false).value() != request.path) __builtin_trap();
  }
  request.headers["content-type"] = "application/x-www-form-urlencoded";
  request.body = text;
  if (server::read_form(request)) (void)request.field("name");
  if (server::takes_gzip(text) && text.find_first_of("*gG") == std::string::npos) __builtin_trap();
  request.headers["cookie"] = text;
  (void)request.cookie("language");
  if (const auto client = server::last_hop(text); client && client->size() != 4 && client->size() != 8)
    __builtin_trap();
  if (server::names_one_of(text, {"*.example.org", "[::1]"}) && server::names_this_machine(text) &&
      text.rfind("[::1]", 0) != 0)
    __builtin_trap();
  if (const auto question = findings::parse_question(text);
      question && *findings::parse_question(question->text()) != *question)
    __builtin_trap();
  if (const auto question = findings::parse_question_json(text);
      question && *findings::parse_question_json(question->json()) != *question)
    __builtin_trap();
  if (const auto sent = server::SentJson::read(text)) {
    if (const auto value = sent->text("name", 40); value && value->size() > 40) __builtin_trap();
    if (const auto ids = sent->ids("codings", 3); ids && ids->size() > 3) __builtin_trap();
    (void)sent->id("code_id");
    (void)sent->number("start");
    (void)sent->truth("codable");
    (void)sent->texts("names", 40);
  }
  return 0;
}
