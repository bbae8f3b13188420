#include "server/refusal.h"

#include "foundation/catalogue.h"
#include "foundation/json_writer.h"
#include "foundation/text.h"
#include "server/openrosa.h"

namespace understory::server {

namespace mustache = kainjow::mustache;

Wants wants(std::string_view path) {
  if (path.rfind("/api/", 0) == 0) return Wants::kJson;
  const std::string_view last = path.substr(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1);
  const bool of_phones = path == "/v1" || path.rfind("/v1/", 0) == 0 || last == "formList" || last == "submission";
  return of_phones ? Wants::kOpenRosa : Wants::kPage;
}

namespace {
bool is_offered(std::string_view language) { return Catalogue::of(language).language() == language; }
}  // namespace

std::string language_of(const Request& request) {
  if (const std::string asked = request.parameter("lang"); is_offered(asked)) return asked;
  if (const std::string kept = request.cookie("language"); is_offered(kept)) return kept;
  const std::string accepted = request.header("accept-language");
  // By weight, the first of equals first; "hil-PH" is no "hi".
  std::string best = "en";
  double most = 0;
  for (std::string_view each : split(accepted, ',')) {
    const std::string_view tag = trim(each.substr(0, each.find(';')));
    const std::string code = lower_ascii(tag.substr(0, tag.find('-')));
    const std::size_t at = each.find("q=");
    const double weight = at == std::string_view::npos ? 1 : std::atof(std::string(each.substr(at + 2, 5)).c_str());
    if (weight <= most || !is_offered(code)) continue;
    best = code;
    most = weight;
  }
  return best;
}

namespace {

Response small_page(const Catalogue& words, const Problem& problem) {
  mustache::data data;
  data.set("language", std::string(words.language()));
  data.set("title", words.say("page.problem"));
  data.set("sentence", words.sentence(problem));
  data.set("back", words.say("page.back_to_studies"));
  Response response;
  response.status = problem.status();
  response.body = mustache::mustache(std::string(page_template("refusal.mustache"))).render(data);
  return response;
}

Response small_json(const Catalogue& words, const Problem& problem) {
  JsonWriter out;
  out.object().member("code", problem.code()).member("message", words.sentence(problem)).end_object();
  return json(out, problem.status());
}

}  // namespace

Response refusal(const Request& request, const Problem& problem) {
  const Catalogue& words = Catalogue::of(language_of(request));
  switch (wants(request.path)) {
    case Wants::kOpenRosa: return openrosa_problem(words, problem);
    case Wants::kJson: return small_json(words, problem);
    case Wants::kPage: break;
  }
  return small_page(words, problem);
}

Response refusal(const Request& request, const Problem& problem, int come_back_in) {
  Response response = refusal(request, problem);
  response.headers.emplace_back("Retry-After", std::to_string(come_back_in));
  return response;
}

Request glimpsed(std::string_view head) {
  Request request;
  request.path.clear();
  const std::size_t line = std::min(head.find('\n'), head.size());
  const std::size_t first = head.find(' ');
  if (first < line) {
    std::string_view target = head.substr(first + 1, line - first - 1);
    target = target.substr(0, target.find_first_of(" ?#\r"));
    // What does not decode is no address of ours; it may still be a phone's.
    if (target.size() < 2000) request.path = percent_decode(target, false).value_or(std::string(target));
  }
  constexpr std::string_view kName = "accept-language:";
  for (std::string_view rest = head; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view each = rest.substr(0, end);
    if (each.size() > kName.size() && each.size() < 1000 && lower_ascii(each.substr(0, kName.size())) == kName)
      request.headers["accept-language"] = std::string(trim(each.substr(kName.size())));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return request;
}

}  // namespace understory::server
