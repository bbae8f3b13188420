#include "collect/webhook.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <memory>

#include "vault/base64.h"
#include "vault/hmac.h"

namespace understory::collect {

namespace {

constexpr long kConnectSeconds = 5, kSeconds = 10;
constexpr std::size_t kAnswer = 64 * 1024;
constexpr auto kTurn = std::chrono::seconds(30);

std::string key_bytes(const vault::SigningKey& key, Id webhook) { return key.mark("webhook secret", webhook.text()); }

struct Going {
  bool local = false;  // the URL says 127.0.0.1
  bool refused = false;
  std::size_t answered = 0;
  const std::function<bool()>* go_on = nullptr;
};

// In these very words: libcurl takes 0x7f.1 and 2130706433 for the same, which nobody means who writes an address.
bool says_this_machine(std::string_view address) {
  constexpr std::string_view kHere = "127.0.0.1";
  const std::size_t host = address.find("://");
  if (host == std::string_view::npos || address.substr(host + 3, kHere.size()) != kHere) return false;
  const std::string_view rest = address.substr(host + 3 + kHere.size());
  return rest.empty() || std::string_view(":/?#").find(rest.front()) != std::string_view::npos;
}

std::string_view bytes_of(const curl_sockaddr& address) {
  if (address.family == AF_INET)
    return {reinterpret_cast<const char*>(&reinterpret_cast<const sockaddr_in*>(&address.addr)->sin_addr), 4};
  if (address.family == AF_INET6)
    return {reinterpret_cast<const char*>(&reinterpret_cast<const sockaddr_in6*>(&address.addr)->sin6_addr), 16};
  return {};
}

// Here the address itself is seen, after names were looked up: a name cannot lead inside by leading elsewhere first.
curl_socket_t open_socket(void* data, curlsocktype, curl_sockaddr* address) {
  auto* going = static_cast<Going*>(data);
  const std::string_view bytes = bytes_of(*address);
  const bool here = bytes == std::string_view("\x7f\0\0\1", 4);
  if (going->local ? !here : !is_public_address(bytes)) {
    going->refused = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::size_t take_answer(char*, std::size_t size, std::size_t count, void* data) {
  auto* going = static_cast<Going*>(data);
  going->answered += size * count;
  return going->answered > kAnswer ? 0 : size * count;
}

int look_whether_to_go_on(void* data, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto* going = static_cast<const Going*>(data);
  return *going->go_on && !(*going->go_on)() ? 1 : 0;
}

std::string trouble_of(CURLcode code, const Going& going) {
  if (going.refused) return "private_address";
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return "timeout";
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR: return "certificate";
    case CURLE_COULDNT_RESOLVE_HOST: return "unknown_host";
    case CURLE_WRITE_ERROR: return "long_answer";
    case CURLE_ABORTED_BY_CALLBACK: return "stopped";
    default: return "unreachable";
  }
}

}  // namespace

std::string webhook_secret(const vault::SigningKey& key, Id webhook) {
  return "whsec_" + vault::to_base64(key_bytes(key, webhook));
}

std::string webhook_signature(const vault::SigningKey& key, Id webhook, std::string_view id, std::int64_t seconds,
                              std::string_view body) {
  return "v1," +
         vault::to_base64(vault::hmac_sha256(key_bytes(key, webhook), fmt::format("{}.{}.{}", id, seconds, body)));
}

std::string webhook_body(const Delivery& delivery) {
  const boost::json::object data{{"formId", delivery.form_id}, {"instanceId", delivery.instance_id}};
  return boost::json::serialize(boost::json::object{
      {"type", "submission." + delivery.event}, {"timestamp", iso_time(delivery.happened_at)}, {"data", data}});
}

bool is_public_address(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (bytes.size() == 4) {
    const unsigned a = at(0), b = at(1), c = at(2);
    return !(a == 0 || a == 10 || a == 127 || a >= 224 || (a == 100 && b >= 64 && b < 128) || (a == 169 && b == 254) ||
             (a == 172 && b >= 16 && b < 32) || (a == 192 && b == 168) || (a == 192 && b == 0 && (c == 0 || c == 2)) ||
             (a == 198 && (b == 18 || b == 19)) || (a == 198 && b == 51 && c == 100) ||
             (a == 203 && b == 0 && c == 113));
  }
  if (bytes.size() != 16) return false;
  // 2000::/3 alone is given out; of it not 6to4 and Teredo, which hold an address of the other kind, nor examples.
  if ((at(0) & 0xe0) != 0x20) return false;
  if (at(0) == 0x20 && at(1) == 0x02) return false;
  return !(at(0) == 0x20 && at(1) == 0x01 && ((at(2) == 0 && at(3) == 0) || (at(2) == 0x0d && at(3) == 0xb8)));
}

Attempt send_webhook(const vault::SigningKey& key, const Due& due, const std::function<bool()>& go_on) {
  [[maybe_unused]] static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), &curl_easy_cleanup);
  if (!curl) throw std::bad_alloc();
  const std::string body = webhook_body(due.delivery), id = due.delivery.id.text();
  const std::int64_t seconds = now() / 1000;
  curl_slist* list = nullptr;
  for (const std::string& line :
       {std::string("Content-Type: application/json"), "webhook-id: " + id,
        fmt::format("webhook-timestamp: {}", seconds),
        "webhook-signature: " + webhook_signature(key, due.delivery.webhook, id, seconds, body),
        std::string("Expect:")})
    list = curl_slist_append(list, line.c_str());
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(list, &curl_slist_free_all);
  Going going;
  going.local = says_this_machine(due.url);
  going.go_on = &go_on;
  const auto set = [&](CURLoption option, auto value) {
    if (curl_easy_setopt(curl.get(), option, value) != CURLE_OK) throw std::runtime_error("libcurl lacks an option");
  };
  set(CURLOPT_URL, due.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, going.local ? "http,https" : "https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  set(CURLOPT_TIMEOUT, kSeconds);
  set(CURLOPT_USERAGENT, "Understory");
  set(CURLOPT_HTTPHEADER, headers.get());
  set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  set(CURLOPT_POSTFIELDS, body.c_str());
  set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
  set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(&going));
  set(CURLOPT_WRITEFUNCTION, &take_answer);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&going));
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &look_whether_to_go_on);
  set(CURLOPT_XFERINFODATA, static_cast<void*>(&going));
  const CURLcode code = curl_easy_perform(curl.get());
  if (code != CURLE_OK) return {0, trouble_of(code, going)};
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status >= 200 && status < 300) return {static_cast<int>(status), ""};
  return {static_cast<int>(status), status >= 300 && status < 400 ? "redirect" : "refused"};
}

int deliver_what_is_due(storage::Workspace& workspace, const vault::SigningKey& key,
                        const std::function<bool()>& go_on) {
  const auto until = std::chrono::steady_clock::now() + kTurn;
  int tried = 0;
  while (std::chrono::steady_clock::now() < until && (!go_on || go_on())) {
    {
      auto transaction = workspace.read();
      if (!something_is_due(transaction, now())) return tried;
    }
    std::vector<Due> all;
    {
      auto claiming = workspace.write();
      all = claim_due(claiming, now());
      claiming.commit();
    }
    if (all.empty()) return tried;
    for (const Due& due : all) {
      const Attempt attempt = send_webhook(key, due, go_on);
      auto noting = workspace.write();
      note_attempt(noting, due.delivery, attempt, now());
      noting.commit();
      ++tried;
    }
  }
  return tried;
}

}  // namespace understory::collect
