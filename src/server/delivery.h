// What goes out over a connection: an answer held whole, packed where that is worth it, or one that is made while it is
// taken. For the transport alone; touched by its I/O thread.
#pragma once
#include <atomic>

#include "server/lanes.h"
#include "server/wire.h"

namespace understory::server {

class Delivery {
 public:
  // `io` ends before it, and with it the conversations that are still in here; the rest outlive it. `ending`: no worker
  // works any more.
  Delivery(asio::io_context& io, const Limits& limits, const std::atomic<bool>& ending)
      : io_(io), limits_(limits), ending_(ending) {}

  // Sends the answer, long or not; a long one's pieces are made by `workers`. An error: it did not go out to its end.
  template <class Stream>
  asio::awaitable<beast::error_code> deliver(Stream& stream, Response response, Workers* workers, const Head& request,
                                             bool secure, bool keep_alive);

 private:
  struct Sending;
  template <class Stream, class Out>
  asio::awaitable<beast::error_code> send(Stream& stream, Out& pieces, std::size_t bytes);
  template <class Stream>
  asio::awaitable<beast::error_code> send_whole(Stream& stream, Response response, const Head& request, bool secure,
                                                bool keep_alive);
  template <class Stream>
  asio::awaitable<beast::error_code> send_pieces(Stream& stream, const Sending& sending, std::string piece,
                                                 Response response, const Head& request, bool secure, bool keep_alive);

  asio::io_context& io_;
  const Limits& limits_;
  const std::atomic<bool>& ending_;
};

}  // namespace understory::server
