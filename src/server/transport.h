// The transport: sockets in, requests out, responses back. The only file that sees Boost.Beast.
//
// One thread moves bytes; a bounded pool of workers answers. Rules for slow and hostile clients: headers within 10 s
// and 16 KiB, bodies within 64 KiB (there is nothing to upload yet) and 15 s, a connection idle for 30 s is closed, a
// response must move within 30 s, at most 512 connections, more than 64 waiting requests are told to come back (503).
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "foundation/result.h"
#include "server/http.h"

namespace understory::server {

using Handler = std::function<Response(const Request&)>;  // called on worker threads; must not throw
using Slow = std::function<bool(const Request&)>;  // asked on the I/O thread: does it take the work of a password?

class Transport {
 public:
  // Takes connections at once. kInvalidValue: not an address, or not one of this machine alone; kAlreadyExists: in use.
  // Slow requests wait in a lane of their own with one worker, so that many sign-ins starve nothing else.
  static Result<std::unique_ptr<Transport>> open(const std::string& listen, Handler handler, int workers,
                                                 Slow slow = {});
  ~Transport();

  std::string address() const;  // "http://127.0.0.1:8080"
  std::uint16_t port() const;
  // Until SIGINT, SIGTERM or stop(): then no new connections, what was begun is answered (at most 10 s), and it
  // returns.
  void run();
  void stop();  // from any thread

 private:
  struct Impl;
  explicit Transport(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace understory::server
