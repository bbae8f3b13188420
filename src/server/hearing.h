// What comes over a connection: heads, addresses too long for one, bodies. Each in its time, and no more of it than is
// wanted. For the transport alone; touched by its I/O thread.
#pragma once
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "server/body.h"
#include "server/gate.h"
#include "server/lanes.h"
#include "server/wire.h"

namespace understory::server {

// What came instead of a request, or of the rest of one. kNothing: whoever hangs up hears nothing.
enum class Came { kWhole, kNothing, kNoHttp, kTooLarge, kBusy, kInTwoWays, kTooSlow, kCutShort };
Problem problem_of(Came came, bool long_target = false);

// An address too long for a head, and its place among those held at once.
struct LongTarget {
  std::string text;
  std::uint64_t passed = 0;  // bytes of one that is too long even so
  std::unique_ptr<Counted> place = nullptr;
  std::unique_ptr<Held> of_client = nullptr;
};

// Of a request that is refused before it is understood: what tells how to say so.
Request glimpse(const Parser& parser, const beast::flat_buffer& buffer);

// The time bytes may take: at least so many a second, after some grace for the way.
std::chrono::milliseconds time_for(const Limits& limits, std::uint64_t bytes);

class Hearing {
 public:
  // `io` and `lanes` end before it: conversations that end with `io` still count in it. The rest outlive it.
  // `draining`: nothing more is waited for.
  Hearing(asio::io_context& io, const Limits& limits, Gate& gate, Lanes& lanes, const Admit& admit,
          const bool& draining)
      : io_(io), limits_(limits), gate_(gate), lanes_(lanes), admit_(admit), draining_(draining) {}

  // Waits so long for a request to begin.
  template <class Stream>
  asio::awaitable<Came> read_head(Stream& stream, beast::flat_buffer& buffer, Parser& parser,
                                  std::chrono::milliseconds patience_to_begin, const Peer& peer, LongTarget& far);
  // The body, as far as it is wanted. Each piece must come in its time. `refused`: its sender may not send so much.
  template <class Stream>
  asio::awaitable<Came> read_body(Stream& stream, beast::flat_buffer& buffer, Parser& parser, BodyReader& reader,
                                  Request& request, std::optional<Response>& refused);
  // Closing a connection while its sender still sends would tear the answer from it: some more is read and forgotten.
  template <class Stream>
  asio::awaitable<void> hear_out(Stream& stream, std::chrono::milliseconds most);

  // Connections on which nothing was begun are waited for no more.
  void end_idle();

 private:
  class Idle;
  asio::io_context& io_;
  const Limits& limits_;
  Gate& gate_;
  Lanes& lanes_;
  const Admit& admit_;
  const bool& draining_;
  std::set<beast::tcp_stream*> idle_;  // connections waiting for a request
};

}  // namespace understory::server
