// The transport: sockets in, requests out, responses back. How bytes come stands in `hearing`, how they go in
// `delivery`.
//
// One thread moves bytes; a bounded pool of workers answers. What a slow or hostile client may take stands in Limits;
// headers end at 16 KiB (but for an address that may be long: long_target.h) and bodies where BodyOf says; what is long
// comes and goes in pieces, so that a connection takes about a MiB at most. A request whose end could be read in two
// ways is refused.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "foundation/result.h"
#include "server/clients.h"
#include "server/http.h"
#include "server/listening.h"
#include "server/upload.h"

namespace understory::server {

using Handler = std::function<Response(const Request&)>;  // called on worker threads; must not throw
// Asked on the I/O thread, once the head of a request has come.
using LaneOf = std::function<Lane(const Request&)>;
using BodyOf = std::function<Body(const Request&)>;  // without one, and for GET and HEAD: a form's fields
// Asked on workers of its own, before more of a body is read than a page's form takes, and before any of what is signed
// by HTTP Digest: an answer if its sender may not send that here.
using Admit = std::function<std::optional<Response>(Request&)>;

struct Limits {
  int connections = 512;
  int connections_of_client = 128;  // an office behind one address has many browsers
  int waiting = 64;                 // requests begun and not answered; more are told to come back (503)
  int waiting_of_client = 24;
  // Of the slow lanes, so that what waits there does not take every place of those who only want a page.
  int waiting_for_passwords = 24;
  int waiting_for_reports = 4;
  int waiting_for_downloads = 64;  // or on their way: one that is slow holds a piece in memory and no worker
  int downloads_of_client = 16;
  int waiting_for_intake = 48;
  int waiting_for_news = 48;  // not counted among `waiting`: they only wait
  int waiting_for_news_of_client = 16;
  int sending_of_client = 32;  // bodies that may be large
  int long_heads = 16;         // at once: each takes the memory of a hundred others
  int long_heads_of_client = 4;
  Spool::Limits spool;
  Limiter::Rate requests{20, 200};         // of one client; more are told to come back (429)
  Limiter::Rate passwords{1.0 / 10, 30};   // requests that take the work of a password
  std::size_t clients = 20000;             // remembered
  std::chrono::milliseconds head{10000};   // a handshake, the head of a request
  std::chrono::milliseconds idle{30000};   // between two requests
  std::chrono::milliseconds stall{15000};  // between two pieces of an answer taken
  int least_rate = 1024;                   // bytes a second, of a body sent and of an answer taken,
  std::chrono::milliseconds grace{10000};  // after this
  std::chrono::milliseconds drain{10000};  // to answer what was begun, when told to stop
  // What is still read of a request that was refused, so that its sender gets to see the answer.
  std::chrono::milliseconds hear_out{5000};
  std::uint64_t hear_out_bytes = 16 << 20;
  std::chrono::milliseconds tell_refusals{60000};  // how often the log says how many were refused
  // Programs on this machine are not counted as clients: whoever runs them needs no network to do harm.
  bool spare_this_machine = true;
};

class Transport {
 public:
  // Takes connections at once. kInvalidValue: not an address, one beyond this machine without TLS, a proxy without the
  // names it is asked for, a key that does not fit; kFileUnreadable; kAlreadyExists: the address is in use.
  static Result<std::unique_ptr<Transport>> open(const Listening& listening, Handler handler, int workers,
                                                 LaneOf lane_of = {}, const Limits& limits = {}, BodyOf body_of = {},
                                                 Admit admit = {});
  ~Transport();

  std::string address() const;  // "http://127.0.0.1:8080"
  std::uint16_t port() const;
  bool beyond_this_machine() const;  // others reach it, by themselves or through a proxy
  // Calls `act` on the I/O thread again and again, for as long as it runs: that it is called shows that bytes move.
  void every(std::chrono::milliseconds pause, std::function<void()> act);
  // Until SIGINT, SIGTERM or stop(): then no new connections, what was begun is answered (as long as Limits say), and
  // it returns. With TLS, SIGHUP reads the certificate anew; so does a change of its files, within a minute. One that
  // cannot be used is told in the log, and the one before stays.
  void run();
  void stop();  // from any thread

 private:
  struct Impl;
  explicit Transport(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace understory::server
