#include "server/http.h"

#include "foundation/text.h"

namespace understory::server {

namespace {

int hex_digit(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
  return -1;
}

std::string cookie_name(bool secure, std::string_view name) { return (secure ? "__Host-" : "") + std::string(name); }

}  // namespace

std::string Request::parameter(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return "";
}

bool Request::has_parameter(std::string_view name) const {
  return std::any_of(query.begin(), query.end(), [&](const auto& entry) { return entry.first == name; });
}

std::string Request::header(std::string_view name) const {
  const auto found = headers.find(std::string(name));
  return found == headers.end() ? "" : found->second;
}

std::string Request::field(std::string_view name) const {
  for (const auto& [key, value] : form)
    if (key == name) return value;
  return "";
}

bool Request::by_digest() const { return lower_ascii(header("authorization").substr(0, 7)) == "digest "; }

const Part* Request::part(std::string_view name) const {
  const auto found = std::find_if(parts.begin(), parts.end(), [&](const Part& each) { return each.name == name; });
  return found == parts.end() ? nullptr : &*found;
}

std::string Request::cookie(std::string_view plain_name) const {
  const std::string all = header("cookie"), name = cookie_name(secure, plain_name);
  for (std::string_view part : split(all, ';')) {
    part = trim(part);
    const std::size_t at = part.find('=');
    if (at != std::string_view::npos && part.substr(0, at) == name) return std::string(part.substr(at + 1));
  }
  return "";
}

void set_cookie(Response& response, const Request& request, std::string_view name, std::string_view value, int life) {
  std::string cookie =
      cookie_name(request.secure, name) + "=" + std::string(value) + "; Path=/; HttpOnly; SameSite=Strict";
  if (request.secure) cookie += "; Secure";
  if (life != 0) cookie += "; Max-Age=" + std::to_string(std::max(life, 0));
  response.headers.emplace_back("Set-Cookie", std::move(cookie));
}

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const int high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1,
                low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return fail(problems::kBadAddress);
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  if (out.find('\0') != std::string::npos || first_invalid_utf8(out)) return fail(problems::kBadAddress);
  return out;
}

std::string percent_encode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '-' ||
        byte == '_' || byte == '.' || byte == '~')
      out += letter;
    else
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return out;
}

namespace {

Result<std::vector<std::pair<std::string, std::string>>> read_pairs(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::string_view part : split(text, '&')) {
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    std::string name = TRY(percent_decode(part.substr(0, equals), true));
    std::string value = equals == std::string_view::npos ? "" : TRY(percent_decode(part.substr(equals + 1), true));
    pairs.emplace_back(std::move(name), std::move(value));
  }
  return pairs;
}

}  // namespace

Result<void> read_form(Request& request) {
  request.form.clear();
  if (request.body.empty()) return {};
  const std::string type = lower_ascii(request.header("content-type"));
  if (type.rfind("application/x-www-form-urlencoded", 0) != 0) return fail(problems::kNotAForm);
  auto pairs = read_pairs(request.body);
  if (!pairs) return fail(problems::kNotAForm);
  request.form = std::move(*pairs);
  return {};
}

Result<void> read_target(std::string_view target, Request& request) {
  request.target = target;
  if (target.empty() || target[0] != '/') return fail(problems::kBadAddress);
  target = target.substr(0, target.find('#'));
  const std::size_t question = target.find('?');
  request.path = TRY(percent_decode(target.substr(0, question), false));
  request.query.clear();
  if (question == std::string_view::npos) return {};
  request.query = TRY(read_pairs(target.substr(question + 1)));
  return {};
}

}  // namespace understory::server
