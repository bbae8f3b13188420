#include "server/long_target.h"

#include <algorithm>

namespace understory::server {

Begun begun_with(std::string_view head) {
  constexpr std::string_view kBegins = "GET /v1/", kEnds = "/integrity";
  constexpr std::size_t kLongestPath = 4096;
  const std::size_t shared = std::min(head.size(), kBegins.size());
  if (head.substr(0, shared) != kBegins.substr(0, shared)) return Begun::kUsual;
  const std::size_t end = head.find_first_of("? \r\n", 4);
  if (end == std::string_view::npos) return head.size() < kLongestPath ? Begun::kUnclear : Begun::kUsual;
  return head[end] == '?' && head.substr(0, end).ends_with(kEnds) ? Begun::kLong : Begun::kUsual;
}

std::optional<std::string> take_long_target(std::string& head) {
  const std::size_t line = std::min(head.find('\n'), head.size());
  const std::size_t first = head.find(' '), last = head.rfind(' ', line);
  if (first >= line || last == std::string::npos || last <= first) return std::nullopt;
  std::string target = head.substr(first + 1, last - first - 1);
  const bool plain = std::all_of(target.begin(), target.end(), [](char each) { return each > ' ' && each != 127; });
  const std::size_t query = target.find('?');
  if (!plain || query == std::string::npos) return std::nullopt;
  head.erase(first + 1 + query, target.size() - query);
  return target;
}

std::string without_query(std::string_view head) {
  const std::size_t end = head.find('\n');
  const std::string path(head.substr(0, head.find('?')));
  return end == std::string_view::npos ? path + "?" : path + " HTTP/1.1\r\n" + std::string(head.substr(end + 1));
}

}  // namespace understory::server
