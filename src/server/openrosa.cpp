#include "server/openrosa.h"

#include <ctime>

#include "foundation/text.h"
#include "people/audit.h"
#include "people/token.h"
#include "vault/base64.h"
#include "vault/md5.h"

namespace understory::server {

namespace {

// RFC 9110 §5.6.7
std::string http_date(Milliseconds at) {
  const std::time_t seconds = at / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  constexpr const char* kDays[]{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[]{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[parts.tm_wday], parts.tm_mday,
                     kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

constexpr Milliseconds kNonceLife = 5 * 60 * 1000;
constexpr Milliseconds kClocks = 2 * 60 * 1000;  // how far those of several servers may be apart

// A nonce needs no memory: the minute it was made, and a mark nobody else can make.
std::string nonce_of(const vault::SigningKey& key, Milliseconds at) {
  const std::string time = std::to_string(at);
  return time + "-" + vault::hex(key.mark("digest nonce", time)).substr(0, 32);
}

// When this server made it; nothing: it did not.
std::optional<Milliseconds> made_at(const vault::SigningKey& key, std::string_view nonce) {
  const std::size_t dash = nonce.find('-');
  if (dash == std::string_view::npos || dash == 0 || dash > 15) return std::nullopt;
  Milliseconds at = 0;
  for (char digit : nonce.substr(0, dash)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    at = at * 10 + (digit - '0');
  }
  return people::same(nonce, nonce_of(key, at)) && at <= now() + kClocks ? std::optional(at) : std::nullopt;
}

// name="value", name=value, … as RFC 7616 has them.
std::map<std::string, std::string> directives(std::string_view text) {
  std::map<std::string, std::string> found;
  while (!text.empty()) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) break;
    const std::string name = lower_ascii(trim(text.substr(0, equals)));
    text.remove_prefix(equals + 1);
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    std::string value;
    if (!text.empty() && text.front() == '"') {
      std::size_t at = 1;
      for (; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        value += text[at];
      }
      text.remove_prefix(std::min(at + 1, text.size()));
      text.remove_prefix(std::min(text.find(','), text.size()));
    } else {
      const std::size_t comma = std::min(text.find(','), text.size());
      value = std::string(trim(text.substr(0, comma)));
      text.remove_prefix(comma);
    }
    if (!text.empty()) text.remove_prefix(1);
    if (found.size() < 20) found.emplace(name, std::move(value));
  }
  return found;
}

std::optional<people::Device> by_name(const Visit& visit, const std::string& name) {
  const auto id = Id::parse(lower_ascii(name));
  if (!id) return std::nullopt;
  auto device = people::find_device(visit.transaction, *id);
  return device ? std::optional(std::move(*device)) : std::nullopt;
}

std::optional<people::Device> by_basic(const Visit& visit, std::string_view credentials) {
  if (!visit.request.secure && !visit.request.from_here) return std::nullopt;  // it went over the air in plain
  const auto plain = vault::from_base64(trim(credentials));
  if (!plain) return std::nullopt;
  const std::size_t colon = plain->find(':');
  if (colon == std::string::npos) return std::nullopt;
  auto device = people::device_of(visit.transaction, plain->substr(colon + 1));
  if (!device || device->id.text() != lower_ascii(plain->substr(0, colon))) return std::nullopt;
  return device;
}

// Who signed this request by HTTP Digest (RFC 7616 with MD5, as clients have it). Whether its nonce is still good is
// for the caller to ask.
struct Signed {
  people::Device device;
  std::string nonce, count;
  bool fresh = false;
};
std::optional<Signed> by_digest(const Visit& visit, std::string_view text) {
  auto said = directives(text);
  const auto key = people::audit_key(visit.workspace);
  if (!key || said["realm"] != people::kRealm) return std::nullopt;
  const auto made = made_at(*key, said["nonce"]);
  // The address it was made for must be this one, with its query.
  if (!made || said["uri"] != visit.request.target) return std::nullopt;
  auto device = by_name(visit, said["username"]);
  const auto digest = device ? people::digest_of(*key, *device) : std::nullopt;
  if (!digest) return std::nullopt;
  const std::string asked = vault::md5_hex(visit.request.method + ":" + said["uri"]);
  const std::string expected = said["qop"].empty()
                                   ? vault::md5_hex(*digest + ":" + said["nonce"] + ":" + asked)
                                   : vault::md5_hex(*digest + ":" + said["nonce"] + ":" + said["nc"] + ":" +
                                                    said["cnonce"] + ":" + said["qop"] + ":" + asked);
  if (!said["qop"].empty() && (said["qop"] != "auth" || said["nc"].size() != 8)) return std::nullopt;
  if (!people::same(lower_ascii(said["response"]), expected)) return std::nullopt;
  return Signed{std::move(*device), said["nonce"], said["qop"].empty() ? "" : lower_ascii(said["nc"]),
                now() - *made < kNonceLife};
}

std::optional<Signed> signed_by_digest(const Visit& visit) {
  if (!visit.request.by_digest() || visit.named.contains("token")) return std::nullopt;
  const std::string authorization = visit.request.header("authorization");
  return by_digest(visit, std::string_view(authorization).substr(7));
}

}  // namespace

void add_openrosa_headers(Response& response) {
  response.headers.emplace_back("Date", http_date(now()));
  response.headers.emplace_back("X-OpenRosa-Version", "1.0");
  response.headers.emplace_back("X-OpenRosa-Accept-Content-Length", std::to_string(kMostSent));
}

Response openrosa_xml(std::string body) {
  Response response;
  response.content_type = "text/xml; charset=utf-8";
  response.body = std::move(body);
  add_openrosa_headers(response);
  return response;
}

Response envelope(int status, std::string_view nature, std::string_view message) {
  Response response = openrosa_xml(fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<OpenRosaResponse xmlns=\"http://openrosa.org/http/response\">\n  "
      "<message nature=\"{}\">{}</message>\n</OpenRosaResponse>\n",
      nature, escape_markup(message)));
  response.status = status;
  return response;
}

Response openrosa_problem(const Catalogue& words, const Problem& problem) {
  // What is wrong with what was sent is 400 here, whatever it is elsewhere.
  const int status = problem.status() == 422 || problem.status() == 415 ? 400 : problem.status();
  return envelope(status, "error", words.sentence(problem));
}

Response in_envelope(Response response) {
  for (const auto& [name, value] : response.headers)
    if (name == "X-OpenRosa-Version") return response;
  Response made = envelope(response.status, "error", trim(response.body));
  for (auto& header : response.headers) made.headers.push_back(std::move(header));
  made.route = response.route;
  return made;
}

std::optional<people::Device> device_behind(const Visit& visit) {
  if (const auto token = visit.named.find("token"); token != visit.named.end())
    return people::device_of(visit.transaction, token->second);
  const std::string authorization = visit.request.header("authorization");
  const std::size_t space = authorization.find(' ');
  if (space == std::string::npos) return std::nullopt;
  const std::string scheme = lower_ascii(authorization.substr(0, space));
  const std::string_view rest = std::string_view(authorization).substr(space + 1);
  if (scheme == "basic") return by_basic(visit, rest);
  if (scheme != "digest" || !visit.signed_well) return std::nullopt;
  // Judged when its head had come; what it brings may have taken longer than that stays good.
  auto by = by_digest(visit, rest);
  return by ? std::optional(std::move(by->device)) : std::nullopt;
}

std::optional<NonceUse> nonce_used(const Visit& visit) {
  auto by = signed_by_digest(visit);
  if (!by || !by->fresh) return std::nullopt;
  return NonceUse{by->device.id, std::move(by->nonce), std::move(by->count)};
}

bool spend(storage::Workspace& workspace, const NonceUse& use) {
  bool first = false;
  workspace.write_together([&](storage::Transaction& transaction) {
    first = people::spend_nonce(transaction, use.device, use.nonce, use.count, kNonceLife + 2 * kClocks);
  });
  return first;
}

std::optional<vault::Secret> device_secret_of(const Visit& visit) {
  if (const auto token = visit.named.find("token"); token != visit.named.end())
    return people::device_secret(token->second);
  const std::string authorization = visit.request.header("authorization");
  if (!lower_ascii(authorization).starts_with("basic ")) return std::nullopt;
  const auto plain = vault::from_base64(trim(std::string_view(authorization).substr(6)));
  const std::size_t colon = plain ? plain->find(':') : std::string::npos;
  if (colon == std::string::npos) return std::nullopt;
  return people::device_secret(std::string_view(*plain).substr(colon + 1));
}

Response ask_for_device(const Visit& visit) {
  Response response = openrosa_problem(visit.words, Problem(problems::kUnknownDevice));
  if (visit.named.contains("token")) {
    response.status = 403;
    return response;
  }
  const auto key = people::audit_key(visit.workspace);
  // Right but for its nonce: the client takes the new one and asks nobody for a password.
  const bool stale = signed_by_digest(visit).has_value();
  if (key)
    response.headers.emplace_back("WWW-Authenticate",
                                  fmt::format("Digest realm=\"{}\", qop=\"auth\", algorithm=MD5, nonce=\"{}\"{}",
                                              people::kRealm, nonce_of(*key, now()), stale ? ", stale=true" : ""));
  if (visit.request.secure || visit.request.from_here)
    response.headers.emplace_back("WWW-Authenticate",
                                  fmt::format("Basic realm=\"{}\", charset=\"UTF-8\"", people::kRealm));
  return response;
}

}  // namespace understory::server
