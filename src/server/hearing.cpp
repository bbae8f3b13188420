#include "server/hearing.h"

#include "server/long_target.h"
#include "server/problems.h"
#include "server/refusal.h"

namespace understory::server {

namespace {

constexpr std::uint64_t kUnasked = 64 * 1024;  // of a body, before it is asked whether its sender may send it

// Where a request ends must be said once: a proxy in front that reads it another way would take the rest for the next
// person's request.
bool ends_in_two_ways(const http::request_header<>& head) {
  const auto lengths = head.count(http::field::content_length), codings = head.count(http::field::transfer_encoding);
  return lengths > 1 ||
         (lengths == 1 &&
          head[http::field::content_length].find_first_not_of("0123456789") != std::string_view::npos) ||
         codings > 1 || (lengths == 1 && codings == 1) || head.count(http::field::host) > 1 ||
         (codings == 1 && !beast::iequals(head[http::field::transfer_encoding], "chunked"));
}

const ProblemKind& kind_of(Came came) {
  return came == Came::kTooLarge    ? problems::kHeadTooLarge
         : came == Came::kBusy      ? problems::kServerBusy
         : came == Came::kInTwoWays ? problems::kEndsTwice
         : came == Came::kTooSlow   ? problems::kTooSlow
         : came == Came::kCutShort  ? problems::kCutShort
                                    : problems::kNotHttp;
}

// Ends what is waited for on a connection when its time is over, and leaves the connection open for saying so. (A
// stream's own timer closes it.)
class Patience {
 public:
  Patience(asio::io_context& io, beast::tcp_stream& stream) : state_(std::make_shared<State>(io, stream)) {
    stream.expires_never();
  }
  ~Patience() {
    state_->stream = nullptr;
    state_->timer.cancel();
  }
  Patience(const Patience&) = delete;
  Patience& operator=(const Patience&) = delete;

  void last(std::chrono::milliseconds time) { wait(state_, time, ++state_->turn); }
  bool over() const { return state_->over; }

 private:
  struct State {
    State(asio::io_context& io, beast::tcp_stream& one) : timer(io), stream(&one) {}
    asio::steady_timer timer;
    beast::tcp_stream* stream;  // null: nobody waits any more
    int turn = 0;
    bool over = false;
  };
  static void wait(const std::shared_ptr<State>& state, std::chrono::milliseconds time, int turn) {
    state->timer.expires_after(time);
    state->timer.async_wait([state, turn](beast::error_code error) {
      if (error || !state->stream || state->turn != turn) return;
      state->over = true;
      state->stream->cancel();
      wait(state, std::chrono::milliseconds(50), turn);  // it may have been between two reads
    });
  }
  std::shared_ptr<State> state_;
};

std::string_view seen(const beast::flat_buffer& buffer) {
  return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

Came came_of(beast::error_code error, bool too_slow) {
  if (!error) return Came::kWhole;
  if (too_slow) return Came::kTooSlow;
  if (error == http::error::header_limit || error == http::error::buffer_overflow) return Came::kTooLarge;
  if (error == http::error::partial_message) return Came::kCutShort;
  const bool no_http = error.category() == http::make_error_code(http::error::bad_method).category();
  return no_http && error != http::error::end_of_stream ? Came::kNoHttp : Came::kNothing;
}

void put_instead(beast::flat_buffer& buffer, const std::string& head) {
  buffer.consume(buffer.size());
  buffer.max_size(kHeaderLimit + kPiece);
  buffer.shrink_to_fit();
  buffer.commit(asio::buffer_copy(buffer.prepare(head.size()), asio::buffer(head)));
}

// Leaves the parser a head of the usual size.
bool take_target(beast::flat_buffer& buffer, LongTarget& far) {
  std::string head(seen(buffer));
  auto target = take_long_target(head);
  if (!target) return false;
  far.text = std::move(*target);
  if (far.text.size() < kHeaderLimit) far.place.reset(), far.of_client.reset();
  put_instead(buffer, head);
  return true;
}

}  // namespace

Problem problem_of(Came came, bool long_target) {
  if (came == Came::kTooLarge && long_target)
    return Problem(problems::kTooMuchAsked, {{"limit", fmt::format("{} KiB", kLongTarget / 1024)}});
  return Problem(kind_of(came));
}

Request glimpse(const Parser& parser, const beast::flat_buffer& buffer) {
  const Head& head = parser.get();
  Request asked = glimpsed(seen(buffer));
  if (!head.target().empty()) asked.path = glimpsed("? " + std::string(head.target()) + " ").path;
  if (head.count(http::field::accept_language) > 0)
    asked.headers["accept-language"] = std::string(head[http::field::accept_language]);
  return asked;
}

std::chrono::milliseconds time_for(const Limits& limits, std::uint64_t bytes) {
  return limits.grace + std::chrono::milliseconds(bytes * 1000 / static_cast<unsigned>(limits.least_rate));
}

// Until a request has arrived whole nothing was begun, and draining may close the connection.
class Hearing::Idle {
 public:
  Idle(std::set<beast::tcp_stream*>& all, beast::tcp_stream* stream) : all_(all), stream_(stream) {
    all_.insert(stream_);
  }
  ~Idle() { all_.erase(stream_); }
  Idle(const Idle&) = delete;
  Idle& operator=(const Idle&) = delete;

 private:
  std::set<beast::tcp_stream*>& all_;
  beast::tcp_stream* stream_;
};

void Hearing::end_idle() {
  for (beast::tcp_stream* stream : idle_) stream->cancel();
}

template <class Stream>
asio::awaitable<Came> Hearing::read_head(Stream& stream, beast::flat_buffer& buffer, Parser& parser,
                                         std::chrono::milliseconds patience_to_begin, const Peer& peer,
                                         LongTarget& far) {
  beast::tcp_stream& lowest = beast::get_lowest_layer(stream);
  const Idle until_whole(idle_, &lowest);
  Patience patience(io_, lowest);
  beast::error_code error;
  bool begun = buffer.size() > 0;
  patience.last(begun ? limits_.head : patience_to_begin);
  for (Begun line = Begun::kUnclear;;) {
    if (begun) line = begun_with(seen(buffer));
    if (line == Begun::kUsual) break;
    if (line == Begun::kLong) {
      if (!far.place) {
        if (!gate_.takes_long_heads(peer)) co_return Came::kBusy;
        far.place = std::make_unique<Counted>(gate_.long_heads, [](int) {});
        far.of_client = std::make_unique<Held>(gate_.long_heads_of, peer.client);
      }
      const std::size_t end = std::min(seen(buffer).find('\n'), buffer.size());
      const bool ends = end < buffer.size();
      if (far.passed > 0 || end >= kLongTarget) {
        // Passed over, so that what comes after it tells in which language to say so.
        far.passed += buffer.size();
        put_instead(buffer, without_query(seen(buffer)));
        if (far.passed > limits_.hear_out_bytes) co_return Came::kTooLarge;
      } else if (ends && !take_target(buffer, far)) {
        co_return Came::kNoHttp;
      }
      if (ends) break;
      buffer.max_size(kLongTarget + kPiece);
    }
    const std::size_t came = co_await stream.async_read_some(buffer.prepare(line == Begun::kLong ? kPiece : 4096),
                                                             asio::redirect_error(asio::use_awaitable, error));
    buffer.commit(came);
    if (error || patience.over()) co_return begun&& patience.over() ? Came::kTooSlow : Came::kNothing;
    if (!std::exchange(begun, true)) patience.last(limits_.head);
  }
  co_await http::async_read_header(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
  const Came came = came_of(error, patience.over());
  if (came == Came::kCutShort) co_return Came::kNothing;
  if (came == Came::kWhole && far.passed > 0) co_return Came::kTooLarge;
  co_return came == Came::kWhole&& ends_in_two_ways(parser.get()) ? Came::kInTwoWays : came;
}

template <class Stream>
asio::awaitable<Came> Hearing::read_body(Stream& stream, beast::flat_buffer& buffer, Parser& parser, BodyReader& reader,
                                         Request& request, std::optional<Response>& refused) {
  beast::tcp_stream& lowest = beast::get_lowest_layer(stream);
  const Idle until_whole(idle_, &lowest);
  Patience patience(io_, lowest);
  beast::error_code error;
  const std::uint64_t declared = parser.content_length().value_or(kPiece);
  bool goes_on = true, asked = !admit_;
  std::uint64_t all = 0;
  std::string piece(static_cast<std::size_t>(std::min<std::uint64_t>(declared, kPiece)), '\0');
  for (bool told = false; goes_on;) {
    if (!asked && (request.by_digest() || declared > kUnasked || all > kUnasked)) {
      asked = true;
      auto ask = [this, &request] { return admit_(request); };
      refused = co_await on(io_, lanes_.admitting(), std::move(ask));
      if (draining_) co_return Came::kNothing;
      if (refused) co_return Came::kWhole;
    }
    if (!std::exchange(told, true) && parser.get().version() >= 11 &&
        beast::iequals(parser.get()[http::field::expect], "100-continue")) {
      static constexpr std::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";
      patience.last(limits_.stall);
      co_await asio::async_write(stream, asio::buffer(kGoOn), asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return Came::kNothing;
    }
    if (parser.is_done()) break;
    parser.get().body().data = piece.data();
    parser.get().body().size = piece.size();
    patience.last(time_for(limits_, piece.size()));
    co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    if (error == http::error::need_buffer) error = {};
    if (error) co_return came_of(error, patience.over());
    const std::string_view came(piece.data(), piece.size() - parser.get().body().size);
    all += came.size();
    if (reader.may_wait()) {
      auto feed = [&reader, came] { return reader.feed(came); };
      goes_on = co_await on(io_, lanes_.spooling(), std::move(feed));
      if (draining_) co_return Came::kNothing;
    } else {
      goes_on = reader.feed(came);
    }
  }
  co_return Came::kWhole;
}

template <class Stream>
asio::awaitable<void> Hearing::hear_out(Stream& stream, std::chrono::milliseconds most) {
  beast::tcp_stream& lowest = beast::get_lowest_layer(stream);
  const Idle nothing_begun(idle_, &lowest);
  const auto latest = Clock::now() + most;
  std::string forgotten(kPiece, '\0');
  beast::error_code error;
  for (std::uint64_t came = 0; !error && !draining_ && came < limits_.hear_out_bytes;) {
    lowest.expires_at(latest);
    came += co_await stream.async_read_some(asio::buffer(forgotten), asio::redirect_error(asio::use_awaitable, error));
  }
}

template asio::awaitable<Came> Hearing::read_head(PlainStream&, beast::flat_buffer&, Parser&, std::chrono::milliseconds,
                                                  const Peer&, LongTarget&);
template asio::awaitable<Came> Hearing::read_body(PlainStream&, beast::flat_buffer&, Parser&, BodyReader&, Request&,
                                                  std::optional<Response>&);
template asio::awaitable<void> Hearing::hear_out(PlainStream&, std::chrono::milliseconds);
template asio::awaitable<Came> Hearing::read_head(TlsStream&, beast::flat_buffer&, Parser&, std::chrono::milliseconds,
                                                  const Peer&, LongTarget&);
template asio::awaitable<Came> Hearing::read_body(TlsStream&, beast::flat_buffer&, Parser&, BodyReader&, Request&,
                                                  std::optional<Response>&);
template asio::awaitable<void> Hearing::hear_out(TlsStream&, std::chrono::milliseconds);

}  // namespace understory::server
