#include "server/clients.h"

#include <arpa/inet.h>

#include <cmath>

#include "foundation/text.h"

namespace understory::server {

namespace {

// Without its port: "localhost:8080", "[::1]:8080".
std::string name_in(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  const bool has_port = colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos;
  return lower_ascii(has_port ? host.substr(0, colon) : host);
}

std::string bytes_of(const void* address, std::size_t size) { return {static_cast<const char*>(address), size}; }

}  // namespace

std::optional<std::string> client_of(std::string_view text) {
  text = trim(text);
  if (!text.empty() && text.front() == '[') {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    text = text.substr(1, end - 1);
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    text = text.substr(0, text.find(':'));
  }
  const std::string address(text.substr(0, text.find('%')));
  in_addr four{};
  if (inet_pton(AF_INET, address.c_str(), &four) == 1) return bytes_of(&four, 4);
  in6_addr six{};
  if (inet_pton(AF_INET6, address.c_str(), &six) != 1) return std::nullopt;
  if (IN6_IS_ADDR_V4MAPPED(&six)) return bytes_of(six.s6_addr + 12, 4);
  return bytes_of(&six, 8);
}

std::optional<std::string> last_hop(std::string_view forwarded_for) {
  const std::size_t comma = forwarded_for.rfind(',');
  return client_of(comma == std::string_view::npos ? forwarded_for : forwarded_for.substr(comma + 1));
}

bool names_this_machine(std::string_view host) {
  const std::string name = name_in(host);
  return name == "localhost" || name == "127.0.0.1" || name == "[::1]";
}

bool names_one_of(std::string_view host, const std::vector<std::string>& names) {
  const std::string name = name_in(host);
  const std::size_t dot = name.find('.');
  const std::string around = dot == std::string::npos || dot == 0 ? "" : "*" + name.substr(dot);
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& each) { return each == name || (!around.empty() && each == around); });
}

int Limiter::take(const std::string& client, Time now) {
  auto found = buckets_.find(client);
  if (found == buckets_.end()) {
    if (buckets_.size() >= clients_) {
      buckets_.erase(order_.front());
      order_.pop_front();
    }
    const auto place = order_.insert(order_.end(), client);
    found = buckets_.emplace(client, Bucket{rate_.at_once, now, place}).first;
  }
  Bucket& bucket = found->second;
  const double passed = std::chrono::duration<double>(now - bucket.at).count();
  bucket.tokens = std::min(rate_.at_once, bucket.tokens + passed * rate_.a_second);
  bucket.at = now;
  order_.splice(order_.end(), order_, bucket.place);
  if (bucket.tokens < 1) return std::max(1, static_cast<int>(std::ceil((1 - bucket.tokens) / rate_.a_second)));
  bucket.tokens -= 1;
  return 0;
}

}  // namespace understory::server
