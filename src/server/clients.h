// Who asks, and how much of this server each may take. Pure: no sockets, and the caller tells the time.
#pragma once
#include <chrono>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace understory::server {

// What counts as one client: an IPv4 address, or the network of 64 bits around an IPv6 address, which one household
// has. Reads an address as sockets and proxies write it, with or without brackets, port and zone. Nothing: it is none.
std::optional<std::string> client_of(std::string_view address);

// The client an X-Forwarded-For names in its last place, which is what our own proxy saw; what stands before it
// anybody may have written.
std::optional<std::string> last_hop(std::string_view forwarded_for);

// Does the Host header name this machine itself, or one of `names`? A page from elsewhere that points its own name here
// gets nothing. Names are in lower case; "*.example.org" stands for one label.
bool names_this_machine(std::string_view host);
bool names_one_of(std::string_view host, const std::vector<std::string>& names);

// A bucket of tokens for each client, filled at a steady rate. It remembers at most so many clients: the one that asked
// longest ago is forgotten first, so that a flood from many addresses takes no more memory than this.
class Limiter {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Rate {
    double a_second;
    double at_once;  // what may come in one go
  };
  Limiter(Rate rate, std::size_t clients) : rate_(rate), clients_(clients) {}

  // Seconds until it may ask again; 0: go on, a token was taken.
  int take(const std::string& client, Time now);
  std::size_t size() const { return buckets_.size(); }

 private:
  struct Bucket {
    double tokens;
    Time at;
    std::list<std::string>::iterator place;
  };
  Rate rate_;
  std::size_t clients_;
  std::list<std::string> order_;  // who asked last stands last
  std::unordered_map<std::string, Bucket> buckets_;
};

// Counts something of a client for as long as it lives. The map holds only who has some.
class Held {
 public:
  using Counts = std::unordered_map<std::string, int>;
  Held(Counts& counts, std::string client) : counts_(counts), client_(std::move(client)) { ++counts_[client_]; }
  ~Held() {
    const auto found = counts_.find(client_);
    if (--found->second == 0) counts_.erase(found);
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  int count() const { return counts_.at(client_); }

 private:
  Counts& counts_;
  std::string client_;
};

}  // namespace understory::server
