#include "server/transport.h"

#include <unistd.h>

#include <atomic>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <set>

#include "foundation/log.h"
#include "foundation/text.h"
#include "server/body.h"
#include "server/gate.h"
#include "server/lanes.h"
#include "server/long_target.h"
#include "server/metrics.h"
#include "server/packing.h"
#include "server/problems.h"
#include "server/refusal.h"

namespace understory::server {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using tcp = asio::ip::tcp;

namespace {

constexpr std::size_t kHeaderLimit = 16 * 1024;
constexpr std::size_t kPiece = 64 * 1024;      // of a body read
constexpr std::uint64_t kUnasked = 64 * 1024;  // of a body, before it is asked whether its sender may send it
constexpr auto kLookForCertificate = std::chrono::minutes(1);
// What is still heard of somebody who was too slow: whoever is slow on purpose gets no more of it.
constexpr auto kHearSlow = std::chrono::milliseconds(500);

using Clock = std::chrono::steady_clock;
using Parser = http::request_parser<http::buffer_body>;
using Head = http::request_header<>;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

// The answer without its content; how long that is, is said by whoever sends it.
template <class Answer>
void dress(Answer& out, const Response& response, const Head& request, bool secure, bool keep_alive) {
  out.version(request.version());
  out.result(static_cast<unsigned>(response.status));
  if (response.status != 204) out.set(http::field::content_type, response.content_type);
  for (const auto& [name, value] : kOnEveryAnswer) out.set(name, value);
  if (secure && !names_this_machine(std::string_view(request[http::field::host])))
    out.set("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
  // A page may set several cookies, and offer several ways to sign in; any other header it gives stands for the one
  // above.
  for (const auto& [name, value] : response.headers)
    name == "Set-Cookie" || name == "WWW-Authenticate" ? out.insert(name, value) : out.set(name, value);
  out.keep_alive(keep_alive);
}

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

// What a route may answer to; no other method gets as far as the routes.
bool known_method(http::verb method) {
  using enum http::verb;
  return method == get || method == head || method == post || method == put || method == delete_ || method == patch;
}

// `target`: where it is not the one in the head (long_target.h).
Result<Request> understand(const Head& head, std::string_view target) {
  Request request;
  request.method = std::string(head.method_string());
  for (const auto& field : head) {
    std::string& value = request.headers[lower_ascii(std::string_view(field.name_string()))];
    value += (value.empty() ? "" : ", ") + std::string(field.value());
  }
  TRY(read_target(target.empty() ? std::string_view(head.target()) : target, request));
  return request;
}

// How a conversation ended. kUnread: its last request was not read whole; kSlow: nor in its time. kCut: nobody may take
// the answer for whole.
enum class End { kClean, kUnread, kSlow, kCut };

// What came instead of a request, or of the rest of one. kNothing: whoever hangs up hears nothing.
enum class Came { kWhole, kNothing, kNoHttp, kTooLarge, kBusy, kInTwoWays, kTooSlow, kCutShort };
const ProblemKind& kind_of(Came came) {
  return came == Came::kTooLarge    ? problems::kHeadTooLarge
         : came == Came::kBusy      ? problems::kServerBusy
         : came == Came::kInTwoWays ? problems::kEndsTwice
         : came == Came::kTooSlow   ? problems::kTooSlow
         : came == Came::kCutShort  ? problems::kCutShort
                                    : problems::kNotHttp;
}
Problem problem_of(Came came, bool long_target = false) {
  if (came == Came::kTooLarge && long_target)
    return Problem(problems::kTooMuchAsked, {{"limit", fmt::format("{} KiB", kLongTarget / 1024)}});
  return Problem(kind_of(came));
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

// Of a request that is refused before it is understood: what tells how to say so.
Request glimpse(const Parser& parser, const beast::flat_buffer& buffer) {
  const Head& head = parser.get();
  Request asked = glimpsed(seen(buffer));
  if (!head.target().empty()) asked.path = glimpsed("? " + std::string(head.target()) + " ").path;
  if (head.count(http::field::accept_language) > 0)
    asked.headers["accept-language"] = std::string(head[http::field::accept_language]);
  return asked;
}

// The answer to one request, and its place in a lane for as long as it is on its way.
struct Answer {
  Response response;
  bool own = false;  // the transport's, not a route's
  bool hung_up = false, too_slow = false;
  Workers* lane = nullptr;
  std::unique_ptr<Counted> place = nullptr;
  std::unique_ptr<Held> held = nullptr;  // of its client's downloads
};

// An address too long for a head, and its place among those held at once.
struct LongTarget {
  std::string text;
  std::uint64_t passed = 0;  // bytes of one that is too long even so
  std::unique_ptr<Counted> place = nullptr;
  std::unique_ptr<Held> of_client = nullptr;
};

Answer own(Response response) { return {std::move(response), true}; }

// A conversation that fails ends alone. Without the others the server would be deaf and look alive: it ends, and
// whatever watches it starts it anew.
void ends_alone(const std::exception_ptr& failure) try {
  if (failure) std::rethrow_exception(failure);
} catch (const std::exception& error) {
  log::error("a connection was given up: {}", error.what());
}
void ends_all(const std::exception_ptr& failure) {
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

struct Transport::Impl {
  Impl(Listening where, Handler wanted, int workers, LaneOf lane, BodyOf body, Admit admission, const Limits& most)
      : listening(std::move(where)),
        limits(most),
        handler(std::move(wanted)),
        lane_of(std::move(lane)),
        body_of(std::move(body)),
        admit(std::move(admission)),
        spool(listening.spool.empty() ? std::filesystem::temp_directory_path() : listening.spool, most.spool),
        gate(listening, most),
        lanes(workers, most),
        acceptor(io),
        signals(io),
        hang_up(io),
        drain_timer(io) {}

  Listening listening;
  Limits limits;
  Handler handler;
  LaneOf lane_of;
  BodyOf body_of;
  Admit admit;
  Spool spool;
  std::atomic<bool> ending = false;  // no worker works any more
  // Touched by the I/O thread alone. They stand before `io`, whose end is the end of conversations that count in them.
  KeptCertificate certificate;
  Gate gate;
  std::set<beast::tcp_stream*> idle;     // connections waiting for a request
  std::set<asio::steady_timer*> timers;  // of again_and_again()
  bool draining = false;
  // Its window closed: what was started in it ends. (A service is asked by the same signal to read its files anew.)
  const bool at_terminal = ::isatty(STDIN_FILENO) == 1;

  asio::io_context io{1};
  Lanes lanes;
  tcp::acceptor acceptor;
  asio::signal_set signals, hang_up;
  asio::steady_timer drain_timer;

  // It is asked for by these: those it was told, or those of its certificate as it is now.
  const std::vector<std::string>& names() const {
    return listening.names.empty() && certificate.now() ? certificate.now()->names() : listening.names;
  }

  // A long answer being sent. However that ends, it is destroyed on a worker, since it may hold a transaction.
  struct Sending {
    Impl& impl;
    Workers& workers;
    std::shared_ptr<Pieces> pieces;
    ~Sending() {
      if (!impl.ending) asio::post(workers.pool, [gone = std::move(pieces)]() mutable { gone.reset(); });
    }
  };

  std::optional<Sender> sender_of(const Peer& peer, const Head& head) const {
    std::string_view last;  // a proxy adds its own behind what it was sent
    for (const auto& field : head)
      if (beast::iequals(field.name_string(), "X-Forwarded-For")) last = std::string_view(field.value());
    return gate.sender_of(peer, std::string_view(head[http::field::host]), last,
                          !last.empty() || head.count("Forwarded") > 0);
  }

  template <class Stream>
  asio::awaitable<Answer> respond(Stream& stream, beast::flat_buffer& buffer, Parser& parser, const Sender& sender,
                                  const std::string& target) {
    const Head& head = parser.get();
    auto understood = understand(head, target);
    if (!known_method(head.method())) {
      Response response = refusal(understood ? *understood : glimpse(parser, buffer), Problem(problems::kNoSuchMethod));
      response.headers.emplace_back("Allow", "GET, HEAD, POST");
      co_return own(std::move(response));
    }
    if (const int seconds = gate.wait_to_ask(sender))
      co_return own(
          refusal(understood ? *understood : glimpse(parser, buffer), Problem(problems::kTooManyRequests), seconds));
    if (!understood) co_return own(refusal(glimpse(parser, buffer), understood.error()));
    Request& request = *understood;
    request.from_here = sender.from_here;
    request.secure = sender.secure;
    const Lane lane = lane_of ? lane_of(request) : Lane::kPages;
    const bool takes_more = body_of && request.method != "GET" && request.method != "HEAD";
    const Body wanted = takes_more ? body_of(request) : Body{};
    {
      const bool comes = parser.chunked() || parser.content_length().value_or(0) > 0;
      BodyReader reader(wanted, request.header("content-type"),
                        parser.chunked() ? std::optional<std::uint64_t>() : parser.content_length().value_or(0), spool);
      // What may be large takes a file, of which there are so many.
      const Held sending(gate.sending_of, sender.client);
      if (comes && wanted.kind != Body::Kind::kForm && gate.sends_too_much(sender, sending))
        reader.refuse(Problem(problems::kTooManyUploads));
      if (comes && !reader.problem()) {
        std::optional<Response> refused;
        const Came came = co_await read_body(stream, buffer, parser, reader, request, refused);
        if (refused) {
          Answer answer;
          answer.response = std::move(*refused);
          co_return answer;
        }
        if (came == Came::kNothing) co_return Answer{.hung_up = true};
        if (came != Came::kWhole) {
          Answer answer = own(refusal(request, problem_of(came)));
          answer.too_slow = came == Came::kTooSlow;
          co_return answer;
        }
      }
      if (reader.may_wait()) {
        auto finish = [&reader, &request] { return reader.finish(request), true; };
        co_await on(io, lanes.spooling(), std::move(finish));
      } else {
        reader.finish(request);
      }
    }
    if (wanted.kind == Body::Kind::kForm) {
      if (request.body_problem) co_return own(refusal(request, *request.body_problem));
      if (request.method == "POST")
        if (const auto read = read_form(request); !read) co_return own(refusal(request, read.error()));
    }
    beast::get_lowest_layer(stream).expires_never();  // the worker's time is not the client's
    co_return co_await answer(std::move(request), sender, lane);
  }

  // Waits for a worker of the lane, and for its answer.
  asio::awaitable<Answer> answer(Request request, const Sender& sender, Lane lane) {
    if (lane == Lane::kPasswords)
      if (const int seconds = gate.wait_to_sign_in(sender))
        co_return own(
            refusal(request, Problem(problems::kTooManySignIns, {{"seconds", std::to_string(seconds)}}), seconds));
    const bool news = lane == Lane::kNews;
    const Held held(news ? gate.waiting_for_news_of : gate.waiting_of, sender.client);
    Workers& workers = lanes.of(lane);
    Answer out;
    if (lane == Lane::kDownloads) {
      out.held = std::make_unique<Held>(gate.downloads_of, sender.client);
      if (gate.takes_too_much(sender, *out.held))
        co_return own(refusal(request, Problem(problems::kDownloadsTaken), taken(lane).seconds));
    }
    if (const bool many = gate.asks_too_much(sender, held, lane); many || workers.waiting >= workers.most) {
      const Taken full = taken(many ? Lane::kPages : lane);
      co_return own(refusal(request, Problem(*full.problem), full.seconds));
    }
    int apart = 0;  // who only waits for news takes nobody's place
    const Counted begun(news ? apart : gate.waiting, news ? [](int) {} : metrics::waiting);
    out.lane = &workers;
    out.place = std::make_unique<Counted>(workers.waiting, [](int) {});
    auto work = [this, moved = std::move(request)] { return begun_by(handler(moved), moved); };
    out.response = co_await on(io, workers, std::move(work));
    if (!out.response.pieces) out.place.reset();
    co_return out;
  }

  // The time bytes may take: at least so many a second, after some grace for the way.
  auto time_for(std::uint64_t bytes) const {
    return limits.grace + std::chrono::milliseconds(bytes * 1000 / static_cast<unsigned>(limits.least_rate));
  }

  // Until a request has arrived whole nothing was begun, and draining may close the connection.
  struct Idle {
    std::set<beast::tcp_stream*>& all;
    beast::tcp_stream* stream;
    Idle(std::set<beast::tcp_stream*>& those, beast::tcp_stream* one) : all(those), stream(one) { all.insert(stream); }
    ~Idle() { all.erase(stream); }
    Idle(const Idle&) = delete;
    Idle& operator=(const Idle&) = delete;
  };

  static Came came_of(beast::error_code error, bool too_slow) {
    if (!error) return Came::kWhole;
    if (too_slow) return Came::kTooSlow;
    if (error == http::error::header_limit || error == http::error::buffer_overflow) return Came::kTooLarge;
    if (error == http::error::partial_message) return Came::kCutShort;
    const bool no_http = error.category() == http::make_error_code(http::error::bad_method).category();
    return no_http && error != http::error::end_of_stream ? Came::kNoHttp : Came::kNothing;
  }

  // Leaves the parser a head of the usual size.
  static bool take_target(beast::flat_buffer& buffer, LongTarget& far) {
    std::string head(seen(buffer));
    auto target = take_long_target(head);
    if (!target) return false;
    far.text = std::move(*target);
    if (far.text.size() < kHeaderLimit) far.place.reset(), far.of_client.reset();
    put_instead(buffer, head);
    return true;
  }
  static void put_instead(beast::flat_buffer& buffer, const std::string& head) {
    buffer.consume(buffer.size());
    buffer.max_size(kHeaderLimit + kPiece);
    buffer.shrink_to_fit();
    buffer.commit(asio::buffer_copy(buffer.prepare(head.size()), asio::buffer(head)));
  }

  template <class Stream>
  asio::awaitable<Came> read_head(Stream& stream, beast::flat_buffer& buffer, Parser& parser,
                                  std::chrono::milliseconds patience_to_begin, const Peer& peer, LongTarget& far) {
    beast::tcp_stream& lowest = beast::get_lowest_layer(stream);
    const Idle until_whole(idle, &lowest);
    Patience patience(io, lowest);
    beast::error_code error;
    bool begun = buffer.size() > 0;
    patience.last(begun ? limits.head : patience_to_begin);
    for (Begun line = Begun::kUnclear;;) {
      if (begun) line = begun_with(seen(buffer));
      if (line == Begun::kUsual) break;
      if (line == Begun::kLong) {
        if (!far.place) {
          if (!gate.takes_long_heads(peer)) co_return Came::kBusy;
          far.place = std::make_unique<Counted>(gate.long_heads, [](int) {});
          far.of_client = std::make_unique<Held>(gate.long_heads_of, peer.client);
        }
        const std::size_t end = std::min(seen(buffer).find('\n'), buffer.size());
        const bool ends = end < buffer.size();
        if (far.passed > 0 || end >= kLongTarget) {
          // Passed over, so that what comes after it tells in which language to say so.
          far.passed += buffer.size();
          put_instead(buffer, without_query(seen(buffer)));
          if (far.passed > limits.hear_out_bytes) co_return Came::kTooLarge;
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
      if (!std::exchange(begun, true)) patience.last(limits.head);
    }
    co_await http::async_read_header(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    const Came came = came_of(error, patience.over());
    if (came == Came::kCutShort) co_return Came::kNothing;
    if (came == Came::kWhole && far.passed > 0) co_return Came::kTooLarge;
    co_return came == Came::kWhole&& ends_in_two_ways(parser.get()) ? Came::kInTwoWays : came;
  }

  // The body, as far as it is wanted. Each piece must come in its time. `refused`: its sender may not send so much.
  template <class Stream>
  asio::awaitable<Came> read_body(Stream& stream, beast::flat_buffer& buffer, Parser& parser, BodyReader& reader,
                                  Request& request, std::optional<Response>& refused) {
    beast::tcp_stream& lowest = beast::get_lowest_layer(stream);
    const Idle until_whole(idle, &lowest);
    Patience patience(io, lowest);
    beast::error_code error;
    const std::uint64_t declared = parser.content_length().value_or(kPiece);
    bool goes_on = true, asked = !admit;
    std::uint64_t all = 0;
    std::string piece(static_cast<std::size_t>(std::min<std::uint64_t>(declared, kPiece)), '\0');
    for (bool told = false; goes_on;) {
      if (!asked && (request.by_digest() || declared > kUnasked || all > kUnasked)) {
        asked = true;
        auto ask = [this, &request] { return admit(request); };
        refused = co_await on(io, lanes.admitting(), std::move(ask));
        if (draining) co_return Came::kNothing;
        if (refused) co_return Came::kWhole;
      }
      if (!std::exchange(told, true) && parser.get().version() >= 11 &&
          beast::iequals(parser.get()[http::field::expect], "100-continue")) {
        static constexpr std::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";
        patience.last(limits.stall);
        co_await asio::async_write(stream, asio::buffer(kGoOn), asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return Came::kNothing;
      }
      if (parser.is_done()) break;
      parser.get().body().data = piece.data();
      parser.get().body().size = piece.size();
      patience.last(time_for(piece.size()));
      co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
      if (error == http::error::need_buffer) error = {};
      if (error) co_return came_of(error, patience.over());
      const std::string_view came(piece.data(), piece.size() - parser.get().body().size);
      all += came.size();
      if (reader.may_wait()) {
        auto feed = [&reader, came] { return reader.feed(came); };
        goes_on = co_await on(io, lanes.spooling(), std::move(feed));
        if (draining) co_return Came::kNothing;
      } else {
        goes_on = reader.feed(came);
      }
    }
    co_return Came::kWhole;
  }

  template <class Stream, class Out>
  asio::awaitable<beast::error_code> send(Stream& stream, Out& pieces, std::size_t bytes) {
    const auto latest = Clock::now() + time_for(bytes);
    beast::error_code error;
    while (!error && !pieces.is_done()) {
      beast::get_lowest_layer(stream).expires_at(std::min(Clock::now() + limits.stall, latest));
      co_await http::async_write_some(stream, pieces, asio::redirect_error(asio::use_awaitable, error));
    }
    co_return error;
  }

  // An answer held whole.
  template <class Stream>
  asio::awaitable<beast::error_code> send_whole(Stream& stream, Response response, const Head& request, bool secure,
                                                bool keep_alive) {
    http::response<http::string_body> out;
    dress(out, response, request, secure, keep_alive);
    if (worth_packing(response)) {
      out.set(http::field::vary, "Accept-Encoding, Accept-Language, Cookie");
      if (takes_gzip(std::string_view(request[http::field::accept_encoding]))) {
        response.body = packed(response.body);
        out.set(http::field::content_encoding, "gzip");
      }
    }
    boost::optional<std::uint64_t> length;  // none where the status has none, or it is not known
    if (response.pieces && response.size) length = *response.size;
    if (!response.pieces && response.status != 204 && response.status != 304) length = response.body.size();
    if (length) out.content_length(length);
    if (request.method() != http::verb::head) out.body() = std::move(response.body);
    http::response_serializer<http::string_body> pieces(out);
    co_return co_await send(stream, pieces, out.body().size());
  }

  // An answer in pieces. An error: it did not go out to its end.
  template <class Stream>
  asio::awaitable<beast::error_code> send_pieces(Stream& stream, const Sending& sending, std::string piece,
                                                 Response response, const Head& request, bool secure, bool keep_alive) {
    http::response<http::buffer_body> out;
    dress(out, response, request, secure, keep_alive);
    if (response.size)
      out.content_length(*response.size);
    else
      out.chunked(request.version() >= 11);
    http::response_serializer<http::buffer_body> pieces(out);
    for (std::uint64_t left = response.size.value_or(0);;) {
      const bool last = piece.empty();
      if (response.size && (last ? left > 0 : piece.size() > left)) {
        log::error("a long answer was not as long as it said");
        co_return metrics::cut_short("failed"), asio::error::operation_aborted;
      }
      left -= response.size ? piece.size() : 0;
      out.body() = {last ? nullptr : piece.data(), piece.size(), !last};
      beast::error_code error = co_await send(stream, pieces, piece.size());
      if (error == http::error::need_buffer) error = {};
      if (error) metrics::cut_short("not_taken");
      if (error || last) co_return error;
      Pieces& source = *sending.pieces;
      auto next = [&source] { return next_of(source); };
      auto made = co_await on(io, sending.workers, std::move(next));
      if (!made) {
        log::error("a long answer failed: {}", made.error().code());
        co_return metrics::cut_short("failed"), asio::error::operation_aborted;
      }
      piece = std::move(*made);
    }
  }

  // Sends the answer, long or not.
  template <class Stream>
  asio::awaitable<beast::error_code> deliver(Stream& stream, Answer answer, const Head& request, bool secure,
                                             bool keep_alive) {
    if (!answer.response.pieces || request.method() == http::verb::head)
      co_return co_await send_whole(stream, std::move(answer.response), request, secure, keep_alive);
    const Sending sending{*this, *answer.lane, std::move(answer.response.pieces)};
    std::string first = std::move(answer.response.body);
    co_return co_await send_pieces(stream, sending, std::move(first), std::move(answer.response), request, secure,
                                   keep_alive);
  }

  template <class Stream>
  asio::awaitable<End> converse(Stream& stream, const Peer& peer) {
    beast::tcp_stream& lowest = beast::get_lowest_layer(stream);
    beast::flat_buffer buffer(kHeaderLimit + kPiece);
    for (bool first = true;; first = false) {
      Parser parser;
      parser.header_limit(kHeaderLimit);
      parser.body_limit(boost::none);  // BodyReader counts
      if (draining) co_return End::kClean;
      LongTarget far;
      const Came came = co_await read_head(stream, buffer, parser, first ? limits.head : limits.idle, peer, far);
      if (came == Came::kNothing) co_return End::kClean;
      const Head& request = parser.get();
      Answer answer;
      Sender sender;
      std::string method;
      const auto begun = Clock::now();
      if (came != Came::kWhole) {
        answer = own(came == Came::kBusy ? refusal(glimpse(parser, buffer), problem_of(came), 5)
                                         : refusal(glimpse(parser, buffer), problem_of(came, far.place != nullptr)));
        answer.too_slow = came == Came::kTooSlow;
      } else if (const std::string_view host(request[http::field::host]);
                 !names_this_machine(host) && !names_one_of(host, names())) {
        answer = own(refusal(glimpse(parser, buffer), Problem(problems::kUnknownHost)));
      } else if (const auto known = sender_of(peer, request); !known) {
        answer = own(refusal(glimpse(parser, buffer), Problem(problems::kSilentProxy)));
      } else {
        sender = *known;
        method = std::string(request.method_string());
        answer = co_await respond(stream, buffer, parser, sender, far.text);
        if (answer.hung_up) co_return End::kClean;
      }
      lowest.expires_never();
      // What has no body is read whole with its head, but the parser wants to be asked once more.
      const bool bodiless = !parser.chunked() && parser.content_length().value_or(0) == 0;
      const bool whole = came == Came::kWhole && (bodiless || parser.is_done());
      const bool keep_alive = whole && parser.keep_alive() && !draining;
      const bool too_slow = answer.too_slow;
      const int status = answer.response.status;
      if (answer.own || status == 405) gate.refused(status);
      metrics::answered(method, answer.response.route, status,
                        std::chrono::duration<double>(Clock::now() - begun).count());
      const bool long_answer = answer.response.pieces != nullptr;
      const bool sized = !long_answer || answer.response.size || request.version() >= 11;
      const beast::error_code error =
          co_await deliver(stream, std::move(answer), request, sender.secure, keep_alive && sized);
      if (error) co_return long_answer ? End::kCut : End::kClean;
      if (!whole) co_return too_slow ? End::kSlow : End::kUnread;
      if (!keep_alive || !sized) co_return End::kClean;
    }
  }

  // Closing a connection while its sender still sends would tear the answer from it: some more is read and forgotten.
  template <class Stream>
  asio::awaitable<void> hear_out(Stream& stream, std::chrono::milliseconds most) {
    beast::tcp_stream& lowest = beast::get_lowest_layer(stream);
    const Idle nothing_begun(idle, &lowest);
    const auto latest = Clock::now() + most;
    std::string forgotten(kPiece, '\0');
    beast::error_code error;
    for (std::uint64_t came = 0; !error && !draining && came < limits.hear_out_bytes;) {
      lowest.expires_at(latest);
      came +=
          co_await stream.async_read_some(asio::buffer(forgotten), asio::redirect_error(asio::use_awaitable, error));
    }
  }

  // So that the other end sees it was torn off, and takes what came for no whole answer.
  static void tear_off(tcp::socket& socket) {
    beast::error_code ignored;
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    socket.close(ignored);
  }

  asio::awaitable<void> attend(tcp::socket accepted, Peer peer) {
    const Held held(gate.connections_of, peer.client);
    const Counted open(gate.connections, metrics::connected);
    beast::error_code error;
    if (const std::shared_ptr<Certificate> ours = certificate.now()) {
      peer.tls = true;
      TlsStream stream(std::move(accepted), ours->context());
      beast::get_lowest_layer(stream).expires_after(limits.head);
      co_await stream.async_handshake(ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, error));
      if (error) {
        metrics::turned_away("no_tls");
        co_return;
      }
      const End end = co_await converse(stream, peer);
      if (const auto more = still_heard(end); more.count() > 0) co_await hear_out(stream, more);
      if (end == End::kCut) {
        tear_off(beast::get_lowest_layer(stream).socket());
      } else {
        beast::get_lowest_layer(stream).expires_after(std::chrono::seconds(1));
        co_await stream.async_shutdown(asio::redirect_error(asio::use_awaitable, error));
      }
    } else {
      beast::tcp_stream stream(std::move(accepted));
      const End end = co_await converse(stream, peer);
      if (end == End::kCut) co_return tear_off(stream.socket());
      stream.socket().shutdown(tcp::socket::shutdown_send, error);
      if (const auto more = still_heard(end); more.count() > 0) co_await hear_out(stream, more);
    }
  }

  std::chrono::milliseconds still_heard(End end) const {
    using std::chrono::milliseconds;
    return end == End::kUnread ? limits.hear_out
           : end == End::kSlow ? std::min<milliseconds>(limits.hear_out, kHearSlow)
                               : milliseconds(0);
  }

  asio::awaitable<void> accept() {
    asio::steady_timer pause(io);
    while (!draining) {
      beast::error_code error;
      tcp::socket socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted) break;
      if (error) {  // out of file handles: some come free in a moment
        pause.expires_after(std::chrono::milliseconds(50));
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
        continue;
      }
      const auto address = socket.remote_endpoint(error).address();
      if (error) continue;
      Peer peer;
      peer.client = client_of(address.to_string()).value_or("");
      peer.here = address.is_loopback() || (peer.client.size() == 4 && peer.client[0] == 127);  // ::ffff:127.0.0.1
      if (!gate.welcome(peer, certificate.now() != nullptr)) continue;
      asio::co_spawn(io, attend(std::move(socket), std::move(peer)), [this](const std::exception_ptr& failure) {
        ends_alone(failure);
        if (draining && gate.connections == 0) drain_timer.cancel();
      });
    }
  }

  void await_hang_up() {
    hang_up.async_wait([this](beast::error_code error, int) {
      if (error) return;
      if (certificate.now())
        certificate.renew(true);
      else if (at_terminal)
        return drain();
      await_hang_up();
    });
  }

  asio::awaitable<void> again_and_again(std::chrono::milliseconds pause, std::function<void()> act) {
    asio::steady_timer timer(io);
    while (!draining) {
      beast::error_code error;
      timer.expires_after(pause);
      timers.insert(&timer);
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
      timers.erase(&timer);
      if (!error && !draining) act();
    }
  }

  void drain() {
    if (std::exchange(draining, true)) return;
    gate.tell_refusals();
    beast::error_code ignored;
    acceptor.close(ignored);
    signals.cancel(ignored);
    hang_up.cancel(ignored);
    for (asio::steady_timer* timer : timers) timer->cancel();
    for (beast::tcp_stream* stream : idle) stream->cancel();
    if (gate.connections == 0) return;
    drain_timer.expires_after(limits.drain);
    drain_timer.async_wait([this](beast::error_code error) {
      if (!error) io.stop();
    });
  }
};

Transport::Transport(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Transport::~Transport() {
  impl_->lanes.stop();
  impl_->ending = true;
}

Result<std::unique_ptr<Transport>> Transport::open(const Listening& listening, Handler handler, int workers,
                                                   LaneOf lane_of, const Limits& limits, BodyOf body_of, Admit admit) {
  TRY(endpoint_of(listening));
  auto impl = std::make_unique<Impl>(listening, std::move(handler), workers, std::move(lane_of), std::move(body_of),
                                     std::move(admit), limits);
  for (std::string& name : impl->listening.names) name = lower_ascii(name);
  TRY(impl->certificate.read(listening));
  TRY(begin_to_listen(impl->acceptor, listening));
  return std::unique_ptr<Transport>(new Transport(std::move(impl)));
}

std::uint16_t Transport::port() const { return impl_->acceptor.local_endpoint().port(); }

std::string Transport::address() const {
  const tcp::endpoint endpoint = impl_->acceptor.local_endpoint();
  const std::string host =
      endpoint.address().is_v6() ? "[" + endpoint.address().to_string() + "]" : endpoint.address().to_string();
  return (impl_->certificate.now() ? "https://" : "http://") + host + ":" + std::to_string(endpoint.port());
}

bool Transport::beyond_this_machine() const {
  return impl_->listening.behind_proxy || !impl_->acceptor.local_endpoint().address().is_loopback();
}

void Transport::every(std::chrono::milliseconds pause, std::function<void()> act) {
  asio::co_spawn(impl_->io, impl_->again_and_again(pause, std::move(act)), ends_all);
}

void Transport::run() {
  impl_->hang_up.add(SIGHUP);
  impl_->await_hang_up();
  if (impl_->certificate.now()) every(kLookForCertificate, [this] { impl_->certificate.renew(false); });
  every(impl_->limits.tell_refusals, [this] { impl_->gate.tell_refusals(); });
  impl_->signals.add(SIGINT);
  impl_->signals.add(SIGTERM);
  impl_->signals.async_wait([this](beast::error_code error, int) {
    if (!error) impl_->drain();
  });
  asio::co_spawn(impl_->io, impl_->accept(), ends_all);
  impl_->io.run();
}

void Transport::stop() {
  asio::post(impl_->io, [this] { impl_->drain(); });
}

}  // namespace understory::server
