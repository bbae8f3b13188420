#include "server/gate.h"

#include <fmt/format.h>

#include <chrono>

#include "foundation/log.h"
#include "server/metrics.h"

namespace understory::server {

using Clock = std::chrono::steady_clock;

Gate::Gate(const Listening& listening, const Limits& limits)
    : behind_proxy_(listening.behind_proxy),
      limits_(limits),
      requests_(limits.requests, limits.clients),
      passwords_(limits.passwords, limits.clients) {}

bool Gate::welcome(const Peer& peer, bool tls) {
  if (connections >= limits_.connections) return metrics::turned_away("full"), false;
  if (peer.here && (behind_proxy_ || limits_.spare_this_machine)) return true;
  const auto found = connections_of.find(peer.client);
  if ((found != connections_of.end() && found->second >= limits_.connections_of_client) ||
      (tls && requests_.take(peer.client, Clock::now()) > 0))
    return metrics::turned_away("client_full"), false;
  return true;
}

std::optional<Sender> Gate::sender_of(const Peer& peer, std::string_view host, std::string_view forwarded_for,
                                      bool passed_on) const {
  const bool to_this_machine = names_this_machine(host);
  Sender sender;
  sender.client = peer.client;
  sender.secure = peer.tls;
  if (!behind_proxy_ || !peer.here) {
    sender.from_here = peer.here && !passed_on && to_this_machine;
    return sender;
  }
  // A proxy that forgets to say for whom it asks looks like a program on this machine: neither has rights by that.
  if (!passed_on && to_this_machine) return sender;
  const auto client = last_hop(forwarded_for);
  if (!client) return std::nullopt;
  sender.secure = true;
  sender.client = *client;
  return sender;
}

int Gate::wait_to_ask(const Sender& sender) { return counts(sender) ? requests_.take(sender.client, Clock::now()) : 0; }

int Gate::wait_to_sign_in(const Sender& sender) {
  return counts(sender) ? passwords_.take(sender.client, Clock::now()) : 0;
}

bool Gate::sends_too_much(const Sender& sender, const Held& sending) const {
  return counts(sender) && sending.count() > limits_.sending_of_client;
}

bool Gate::asks_too_much(const Sender& sender, const Held& held, Lane lane) const {
  const bool news = lane == Lane::kNews;
  return (!news && waiting >= limits_.waiting) ||
         (counts(sender) && held.count() > (news ? limits_.waiting_for_news_of_client : limits_.waiting_of_client));
}

bool Gate::takes_too_much(const Sender& sender, const Held& downloads) const {
  return counts(sender) && downloads.count() > limits_.downloads_of_client;
}

bool Gate::takes_long_heads(const Peer& peer) const {
  if (long_heads >= limits_.long_heads) return false;
  if (peer.here && (behind_proxy_ || limits_.spare_this_machine)) return true;
  const auto found = long_heads_of.find(peer.client);
  return found == long_heads_of.end() || found->second < limits_.long_heads_of_client;
}

void Gate::refused(int status) {
  metrics::refused(status);
  ++refusals_[status];
}

void Gate::tell_refusals() {
  if (refusals_.empty()) return;
  std::string counts;
  for (const auto& [status, count] : std::exchange(refusals_, {}))
    counts += fmt::format("{}{} × {}", counts.empty() ? "" : ", ", count, status);
  log::warning("requests were refused unheard, by status: {}", counts);
}

}  // namespace understory::server
