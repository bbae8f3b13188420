// Who gets in, and how much of this server each may take. No sockets: touched by the I/O thread alone.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "server/clients.h"
#include "server/listening.h"
#include "server/transport.h"

namespace understory::server {

// The other end of a connection.
struct Peer {
  std::string client;
  bool here = false;  // a program on this machine
  bool tls = false;
};

// On whose behalf a request was sent.
struct Sender {
  std::string client;
  bool from_here = false;
  bool secure = false;
};

class Gate {
 public:
  Gate(const Listening& listening, const Limits& limits);

  // Whether a connection is heard at all. A handshake is work, so with TLS it counts as a request.
  bool welcome(const Peer& peer, bool tls);
  // Who sent a request. Only our own proxy's word on that is taken, and only where it was said that there is one;
  // nothing: it did not say. `forwarded_for`: the last header of that name; `passed_on`: there is any such header.
  std::optional<Sender> sender_of(const Peer& peer, std::string_view host, std::string_view forwarded_for,
                                  bool passed_on) const;

  // Seconds until the client may ask again; 0: go on.
  int wait_to_ask(const Sender& sender);
  int wait_to_sign_in(const Sender& sender);
  bool sends_too_much(const Sender& sender, const Held& sending) const;  // bodies that may be large
  bool asks_too_much(const Sender& sender, const Held& waiting,
                     Lane lane) const;  // unanswered requests, all clients' too

  bool takes_too_much(const Sender& sender, const Held& downloads) const;  // long answers, asked for or on their way

  // Addresses too long for a head, before it is known who asks: a proxy's are told apart by nothing.
  bool takes_long_heads(const Peer& peer) const;

  // What was refused unheard: counted, and told in one line, so that who floods this server cannot flood the log;
  // nobody stands in it.
  void refused(int status);
  void tell_refusals();

  Held::Counts connections_of, waiting_of, waiting_for_news_of, sending_of, downloads_of, long_heads_of;
  int connections = 0, waiting = 0, long_heads = 0;

 private:
  bool counts(const Sender& sender) const { return !(sender.from_here && limits_.spare_this_machine); }

  const bool behind_proxy_;
  const Limits limits_;
  Limiter requests_, passwords_;
  std::map<int, std::int64_t> refusals_;  // by status, not yet told
};

// Makes a count one higher for as long as it lives, however that ends.
class Counted {
 public:
  Counted(int& count, void (*figure)(int)) : count_(count), figure_(figure) {
    ++count_;
    figure_(+1);
  }
  ~Counted() {
    --count_;
    figure_(-1);
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  int& count_;
  void (*figure_)(int);
};

}  // namespace understory::server
