#include "server/transport.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <map>
#include <set>

#include "foundation/clock.h"
#include "foundation/log.h"
#include "foundation/text.h"
#include "server/body.h"
#include "server/metrics.h"
#include "server/packing.h"
#include "server/tls.h"

namespace understory::server {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using tcp = asio::ip::tcp;

namespace {

constexpr std::size_t kHeaderLimit = 16 * 1024;
constexpr std::size_t kPiece = 64 * 1024;  // of a body read
constexpr auto kLookForCertificate = std::chrono::minutes(1);

using Clock = std::chrono::steady_clock;
using Parser = http::request_parser<http::buffer_body>;
using Head = http::request_header<>;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

Response plain(int status, std::string_view sentence) {
  Response response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::string(sentence) + "\n";
  return response;
}

Response come_back(int status, int seconds, std::string_view sentence) {
  Response response = plain(status, sentence);
  response.headers.emplace_back("Retry-After", std::to_string(seconds));
  return response;
}

// The answer without its content; how long that is, is said by whoever sends it.
template <class Answer>
void dress(Answer& out, const Response& response, const Head& request, bool secure, bool keep_alive) {
  out.version(request.version());
  out.result(static_cast<unsigned>(response.status));
  if (response.status != 204) out.set(http::field::content_type, response.content_type);
  for (const auto& [name, value] : kOnEveryAnswer) out.set(name, value);
  if (secure && !names_this_machine(std::string_view(request[http::field::host])))
    out.set("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
  // A page may set several cookies; any other header it gives stands for the one above.
  for (const auto& [name, value] : response.headers)
    name == "Set-Cookie" ? out.insert(name, value) : out.set(name, value);
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

Result<Request> understand(const Head& head) {
  Request request;
  request.method = std::string(head.method_string());
  for (const auto& field : head) {
    std::string& value = request.headers[lower_ascii(std::string_view(field.name_string()))];
    value += (value.empty() ? "" : ", ") + std::string(field.value());
  }
  TRY(read_target(std::string_view(head.target()), request));
  return request;
}

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

// What answers requests of one kind: its workers, and how many wait for them or are still being sent what they made.
struct Workers {
  Workers(int count, int most_waiting) : pool(static_cast<std::size_t>(count)), most(most_waiting) {}
  asio::thread_pool pool;
  int waiting = 0;
  const int most;
};

// What is said where those are all taken, and after how many seconds to come back.
struct Taken {
  int seconds;
  const char* sentence;
};
constexpr Taken kTaken[] = {{2, "The server is busy. Try again in a moment."},
                            {5, "Many people are signing in. Try again in a moment."},
                            {30, "Other reports are being made. Try again in half a minute."},
                            {10, "Other long answers are on their way. Try again in a moment."},
                            {5, "Much is being sent in. Try again in a moment."},
                            {5, "Many people wait for news. Ask again in a moment."}};

// How a conversation ended. kUnread: its last request was not read whole. kCut: nobody may take the answer for whole.
enum class End { kClean, kUnread, kCut };

// The answer to one request, and its place in a lane for as long as it is on its way.
struct Answer {
  Response response;
  bool own = false;  // the transport's, not a route's
  bool hung_up = false;
  Workers* lane = nullptr;
  std::unique_ptr<Counted> place = nullptr;
};

// Stands for pieces nobody asks for.
struct Nothing : Pieces {
  Result<std::string> next() override { return std::string(); }
};

Result<std::string> next_of(Pieces& pieces) try { return pieces.next(); } catch (const std::exception& error) {
  log::error("a long answer failed: {}", error.what());
  return fail(problems::kStopped);
}

// Of a long answer the first piece, put into its body: while nothing has gone out, a failure is an answer like any
// other.
Response begun_by(Response response, bool only_head) {
  if (!response.pieces) return response;
  if (only_head) {
    response.pieces = std::make_shared<Nothing>();  // its length is said, or not known
    return response;
  }
  auto first = next_of(*response.pieces);
  if (first) {
    response.body = std::move(*first);
    return response;
  }
  log::error("a long answer failed: {}", first.error().code());
  Response failed = plain(first.error().status(), first.error().sentence());
  failed.route = response.route;
  return failed;
}

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
  Impl(Listening where, Handler wanted, int workers, LaneOf lane, BodyOf body, const Limits& most)
      : listening(std::move(where)),
        limits(most),
        handler(std::move(wanted)),
        lane_of(std::move(lane)),
        body_of(std::move(body)),
        spool(listening.spool.empty() ? std::filesystem::temp_directory_path() : listening.spool, most.spool),
        requests(most.requests, most.clients),
        passwords(most.passwords, most.clients),
        lanes{{{workers, most.waiting},
               {1, most.waiting_for_passwords},
               {1, most.waiting_for_reports},
               {2, most.waiting_for_downloads},
               {16, most.waiting_for_intake},
               {most.waiting_for_news, most.waiting_for_news}}},
        spooling(2, most.connections),
        acceptor(io),
        signals(io),
        hang_up(io),
        drain_timer(io) {}

  Listening listening;
  Limits limits;
  Handler handler;
  LaneOf lane_of;
  BodyOf body_of;
  Spool spool;
  std::atomic<bool> ending = false;  // no worker works any more
  // Touched by the I/O thread alone. They stand before `io`, whose end is the end of conversations that count in them.
  std::shared_ptr<Certificate> certificate;  // null: no TLS
  std::string certificate_files;             // as they were when it was read
  Limiter requests, passwords;
  Held::Counts connections_of, waiting_of, waiting_for_news_of, sending_of;
  std::set<beast::tcp_stream*> idle;     // connections waiting for a request
  std::set<asio::steady_timer*> timers;  // of again_and_again()
  int connections = 0;
  int waiting = 0;
  std::map<int, std::int64_t> refusals;  // by status, not yet told in the log
  bool draining = false;
  // Its window closed: what was started in it ends. (A service is asked by the same signal to read its files anew.)
  const bool at_terminal = ::isatty(STDIN_FILENO) == 1;

  asio::io_context io{1};
  std::array<Workers, 6> lanes;  // by Lane
  Workers spooling;              // write what is large to the disk
  tcp::acceptor acceptor;
  asio::signal_set signals, hang_up;
  asio::steady_timer drain_timer;

  // It is asked for by these: those it was told, or those of its certificate as it is now.
  const std::vector<std::string>& names() const {
    return listening.names.empty() && certificate ? certificate->names() : listening.names;
  }

  bool counts(const Peer& peer) const { return !(peer.here && (listening.behind_proxy || limits.spare_this_machine)); }
  bool counts(const Sender& sender) const { return !(sender.from_here && limits.spare_this_machine); }

  // Does some work on these workers and comes back to the I/O thread with what came of it.
  template <class Work, class Made = std::invoke_result_t<Work&>>
  asio::awaitable<Made> on(Workers& workers, Work work) {
    auto start = [this, &workers](auto completion, Work moved) {
      auto guard = asio::make_work_guard(io);
      asio::post(workers.pool, [this, guard = std::move(guard), completion = std::move(completion),
                                moved = std::move(moved)]() mutable {
        Made made = moved();
        asio::post(io, [completion = std::move(completion), made = std::move(made)]() mutable {
          std::move(completion)(std::move(made));
        });
      });
    };
    co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(Made)>(
        std::move(start), asio::use_awaitable, std::move(work));
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

  // Who sent it. Only our own proxy's word on that is taken, and only where it was said that there is one.
  std::optional<Sender> sender_of(const Peer& peer, const Head& head) const {
    std::string_view last;  // a proxy adds its own behind what it was sent
    for (const auto& field : head)
      if (beast::iequals(field.name_string(), "X-Forwarded-For")) last = std::string_view(field.value());
    const bool passed_on = !last.empty() || head.count("Forwarded") > 0,
               to_this_machine = names_this_machine(std::string_view(head[http::field::host]));
    Sender sender;
    sender.client = peer.client;
    sender.secure = peer.tls;
    if (!listening.behind_proxy || !peer.here) {
      sender.from_here = peer.here && !passed_on && to_this_machine;
      return sender;
    }
    // A proxy that forgets to say for whom it asks looks like a program on this machine: neither has rights by that.
    if (!passed_on && to_this_machine) return sender;
    const auto client = last_hop(last);
    if (!client) return std::nullopt;
    sender.secure = true;
    sender.client = *client;
    return sender;
  }

  // What can be refused before the body is read.
  std::optional<Answer> refused_unread(const Sender& sender) {
    if (!counts(sender)) return std::nullopt;
    const int seconds = requests.take(sender.client, Clock::now());
    if (seconds == 0) return std::nullopt;
    return own(come_back(429, seconds, "Too many requests came from your address. Wait a moment and try again."));
  }

  template <class Stream>
  asio::awaitable<Answer> respond(Stream& stream, beast::flat_buffer& buffer, Parser& parser, const Sender& sender) {
    const Head& head = parser.get();
    if (!known_method(head.method())) {
      Response response = plain(405, "Nothing here answers to that.");
      response.headers.emplace_back("Allow", "GET, HEAD, POST");
      co_return own(std::move(response));
    }
    if (auto refused = refused_unread(sender)) co_return std::move(*refused);
    auto understood = understand(head);
    if (!understood) {
      const int status = understood.error().status();
      co_return own(plain(status == 422 ? 400 : status, understood.error().sentence()));
    }
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
      const Held sending(sending_of, sender.client);
      if (comes && wanted.kind != Body::Kind::kForm && counts(sender) && sending.count() > limits.sending_of_client)
        reader.refuse(Problem(problems::kTooManyUploads));
      if (comes && !reader.problem())
        if (const beast::error_code wrong = co_await read_body(stream, buffer, parser, reader)) {
          if (hangs_up(wrong)) co_return Answer{.hung_up = true};
          co_return own(plain(400, "The request is not HTTP as this server knows it."));
        }
      if (reader.may_wait()) {
        auto finish = [&reader, &request] { return reader.finish(request), true; };
        co_await on(spooling, std::move(finish));
      } else {
        reader.finish(request);
      }
    }
    if (wanted.kind == Body::Kind::kForm) {
      if (request.body_problem)
        co_return own(plain(request.body_problem->status(), "The request is larger than this server takes."));
      if (request.method == "POST")
        if (const auto read = read_form(request); !read) co_return own(plain(400, read.error().sentence()));
    }
    beast::get_lowest_layer(stream).expires_never();  // the worker's time is not the client's
    co_return co_await answer(std::move(request), sender, lane);
  }

  // Waits for a worker of the lane, and for its answer.
  asio::awaitable<Answer> answer(Request request, const Sender& sender, Lane lane) {
    if (lane == Lane::kPasswords && counts(sender))
      if (const int seconds = passwords.take(sender.client, Clock::now()))
        co_return own(come_back(
            429, seconds,
            fmt::format("Too many sign-ins came from your address. Wait {} seconds and try again.", seconds)));
    const bool news = lane == Lane::kNews;
    const Held held(news ? waiting_for_news_of : waiting_of, sender.client);
    if ((!news && waiting >= limits.waiting) ||
        (counts(sender) && held.count() > (news ? limits.waiting_for_news_of_client : limits.waiting_of_client)))
      co_return own(come_back(503, kTaken[0].seconds, kTaken[0].sentence));
    Workers& workers = lanes[static_cast<std::size_t>(lane)];
    const Taken& taken = kTaken[static_cast<std::size_t>(lane)];
    if (workers.waiting >= workers.most) co_return own(come_back(503, taken.seconds, taken.sentence));
    int apart = 0;  // who only waits takes nobody's place
    const Counted begun(news ? apart : waiting, news ? [](int) {} : metrics::waiting);
    Answer out;
    out.lane = &workers;
    out.place = std::make_unique<Counted>(workers.waiting, [](int) {});
    auto work = [this, moved = std::move(request)] { return begun_by(handler(moved), moved.method == "HEAD"); };
    out.response = co_await on(workers, std::move(work));
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

  // Whoever hangs up, is cut short or is too slow hears nothing; what is no HTTP at all is told so.
  static bool hangs_up(beast::error_code error) {
    return error.category() != http::make_error_code(http::error::bad_method).category() ||
           error == http::error::end_of_stream || error == http::error::partial_message;
  }

  void refused(int status) {
    metrics::refused(status);
    ++refusals[status];
  }

  // One line for all of them: who floods this server cannot flood the log, and nobody stands in it.
  void tell_refusals() {
    if (refusals.empty()) return;
    std::string counts;
    for (const auto& [status, count] : std::exchange(refusals, {}))
      counts += fmt::format("{}{} × {}", counts.empty() ? "" : ", ", count, status);
    log::warning("requests were refused unheard, by status: {}", counts);
  }

  // The head of a request. `refused`: where it ends could be read in two ways.
  template <class Stream>
  asio::awaitable<beast::error_code> read_head(Stream& stream, beast::flat_buffer& buffer, Parser& parser,
                                               std::chrono::milliseconds patience, bool& in_two_ways) {
    beast::tcp_stream& lowest = beast::get_lowest_layer(stream);
    const Idle until_whole(idle, &lowest);
    beast::error_code error;
    if (buffer.size() == 0) {
      lowest.expires_after(patience);
      const std::size_t came =
          co_await stream.async_read_some(buffer.prepare(4096), asio::redirect_error(asio::use_awaitable, error));
      buffer.commit(came);
    }
    if (error) co_return error;
    lowest.expires_after(limits.head);
    co_await http::async_read_header(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    in_two_ways = !error && ends_in_two_ways(parser.get());
    if (error == beast::error::timeout) refused(408);
    co_return error;
  }

  // The body, as far as it is wanted. Each piece must come in its time.
  template <class Stream>
  asio::awaitable<beast::error_code> read_body(Stream& stream, beast::flat_buffer& buffer, Parser& parser,
                                               BodyReader& reader) {
    beast::tcp_stream& lowest = beast::get_lowest_layer(stream);
    const Idle until_whole(idle, &lowest);
    beast::error_code error;
    if (parser.get().version() >= 11 && beast::iequals(parser.get()[http::field::expect], "100-continue")) {
      static constexpr std::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";
      lowest.expires_after(limits.stall);
      co_await asio::async_write(stream, asio::buffer(kGoOn), asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return error;
    }
    const std::uint64_t declared = parser.content_length().value_or(kPiece);
    std::string piece(static_cast<std::size_t>(std::min<std::uint64_t>(declared, kPiece)), '\0');
    while (!parser.is_done()) {
      parser.get().body().data = piece.data();
      parser.get().body().size = piece.size();
      lowest.expires_after(time_for(piece.size()));
      co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
      if (error == http::error::need_buffer) error = {};
      if (error == beast::error::timeout) refused(408);
      if (error) co_return error;
      const std::string_view came(piece.data(), piece.size() - parser.get().body().size);
      bool goes_on = false;
      if (reader.may_wait()) {
        auto feed = [&reader, came] { return reader.feed(came); };
        goes_on = co_await on(spooling, std::move(feed));
        if (draining) co_return asio::error::operation_aborted;
      } else {
        goes_on = reader.feed(came);
      }
      if (!goes_on) break;
    }
    co_return error;
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
      auto made = co_await on(sending.workers, std::move(next));
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
      bool in_two_ways = false;
      const beast::error_code wrong =
          co_await read_head(stream, buffer, parser, first ? limits.head : limits.idle, in_two_ways);
      if (wrong && hangs_up(wrong)) co_return End::kClean;
      const Head& request = parser.get();
      Answer answer;
      Sender sender;
      std::string method;
      const auto begun = Clock::now();
      if (wrong) {
        const bool large = wrong == http::error::header_limit || wrong == http::error::buffer_overflow;
        answer = own(plain(large ? 431 : 400, large ? "The request is larger than this server takes."
                                                    : "The request is not HTTP as this server knows it."));
      } else if (in_two_ways) {
        answer = own(plain(400, "The request says in two ways where it ends, or for whom it is."));
      } else if (const std::string_view host(request[http::field::host]);
                 !names_this_machine(host) && !names_one_of(host, names())) {
        answer = own(plain(421, "This server does not answer to that name."));
      } else if (const auto known = sender_of(peer, request); !known) {
        answer = own(plain(400, "The proxy in front of this server must say for whom it asks (X-Forwarded-For)."));
      } else {
        sender = *known;
        method = std::string(request.method_string());
        answer = co_await respond(stream, buffer, parser, sender);
        if (answer.hung_up) co_return End::kClean;
      }
      lowest.expires_never();
      // What has no body is read whole with its head, but the parser wants to be asked once more.
      const bool bodiless = !parser.chunked() && parser.content_length().value_or(0) == 0;
      const bool whole = !wrong && !in_two_ways && (bodiless || parser.is_done());
      const bool keep_alive = whole && parser.keep_alive() && !draining;
      const int status = answer.response.status;
      if (answer.own || status == 405) refused(status);
      metrics::answered(method, answer.response.route, status,
                        std::chrono::duration<double>(Clock::now() - begun).count());
      const bool long_answer = answer.response.pieces != nullptr;
      const bool sized = !long_answer || answer.response.size || request.version() >= 11;
      const beast::error_code error =
          co_await deliver(stream, std::move(answer), request, sender.secure, keep_alive && sized);
      if (error) co_return long_answer ? End::kCut : End::kClean;
      if (!whole) co_return End::kUnread;
      if (!keep_alive || !sized) co_return End::kClean;
    }
  }

  // Closing a connection while its sender still sends would tear the answer from it: some more is read and forgotten.
  template <class Stream>
  asio::awaitable<void> hear_out(Stream& stream) {
    beast::tcp_stream& lowest = beast::get_lowest_layer(stream);
    const Idle nothing_begun(idle, &lowest);
    const auto latest = Clock::now() + limits.hear_out;
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
    const Held held(connections_of, peer.client);
    const Counted open(connections, metrics::connected);
    beast::error_code error;
    if (const std::shared_ptr<Certificate> ours = certificate) {
      peer.tls = true;
      TlsStream stream(std::move(accepted), ours->context());
      beast::get_lowest_layer(stream).expires_after(limits.head);
      co_await stream.async_handshake(ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, error));
      if (error) {
        metrics::turned_away("no_tls");
        co_return;
      }
      const End end = co_await converse(stream, peer);
      if (end == End::kUnread) co_await hear_out(stream);
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
      if (end == End::kUnread) co_await hear_out(stream);
    }
  }

  // Whether a connection is heard at all. A handshake is work, so with TLS it counts as a request.
  bool welcome(const Peer& peer) {
    if (connections >= limits.connections) return metrics::turned_away("full"), false;
    if (!counts(peer)) return true;
    const auto found = connections_of.find(peer.client);
    if ((found != connections_of.end() && found->second >= limits.connections_of_client) ||
        (certificate && requests.take(peer.client, Clock::now()) > 0))
      return metrics::turned_away("client_full"), false;
    return true;
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
      if (!welcome(peer)) continue;
      asio::co_spawn(io, attend(std::move(socket), std::move(peer)), [this](const std::exception_ptr& failure) {
        ends_alone(failure);
        if (draining && connections == 0) drain_timer.cancel();
      });
    }
  }

  // The certificate's files as they are now, if they changed or it is asked for.
  void renew_certificate(bool asked_for) {
    const Certificate::Files files{listening.certificate, listening.key};
    const std::string now_there = fingerprint_of(files);
    if (!asked_for && now_there == certificate_files) return;
    certificate_files = now_there;
    auto renewed = Certificate::read(files);
    if (!renewed) {
      log::error("the certificate was not renewed: {}", renewed.error().sentence());
      return;
    }
    certificate = std::move(*renewed);
    log::info("the certificate was read anew");
    for (const std::string& warning : certificate->warnings()) log::write(log::Level::kWarning, warning);
  }

  void await_hang_up() {
    hang_up.async_wait([this](beast::error_code error, int) {
      if (error) return;
      if (certificate)
        renew_certificate(true);
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
    tell_refusals();
    beast::error_code ignored;
    acceptor.close(ignored);
    signals.cancel(ignored);
    hang_up.cancel(ignored);
    for (asio::steady_timer* timer : timers) timer->cancel();
    for (beast::tcp_stream* stream : idle) stream->cancel();
    if (connections == 0) return;
    drain_timer.expires_after(limits.drain);
    drain_timer.async_wait([this](beast::error_code error) {
      if (!error) io.stop();
    });
  }
};

Transport::Transport(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Transport::~Transport() {
  for (Workers& each : impl_->lanes) each.pool.stop();
  impl_->spooling.pool.stop();
  for (Workers& each : impl_->lanes) each.pool.join();
  impl_->spooling.pool.join();
  impl_->ending = true;
}

Result<std::unique_ptr<Transport>> Transport::open(const Listening& listening, Handler handler, int workers,
                                                   LaneOf lane_of, const Limits& limits, BodyOf body_of) {
  const std::string& listen = listening.address;
  const auto refuse = [&](std::string_view hint) {
    return fail(
        problems::kInvalidValue,
        {{"where", "--listen"}, {"value", listen}, {"what", "address to listen on"}, {"hint", std::string(hint)}});
  };
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string::npos) return refuse("Write it as 127.0.0.1:8080.");
  std::string host = listen.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  beast::error_code error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  int port = -1;
  const std::string digits = listen.substr(colon + 1);
  if (!digits.empty() && digits.size() <= 5 && digits.find_first_not_of("0123456789") == std::string::npos)
    port = std::stoi(digits);
  if (error || port < 0 || port > 65535) return refuse("Write it as 127.0.0.1:8080.");
  const bool tls = !listening.certificate.empty() || !listening.key.empty();
  if (tls && (listening.certificate.empty() || listening.key.empty()))
    return fail(problems::kMissingValue, {{"where", listening.key.empty() ? "--certificate" : "--key"},
                                          {"what", listening.key.empty() ? "--key" : "--certificate"},
                                          {"hint", "TLS needs both files."}});
  if (!address.is_loopback() && !tls)
    return refuse(
        "Beyond this machine it speaks TLS alone: give --certificate and --key, or put a TLS proxy on this machine in "
        "front of 127.0.0.1 and say --behind-proxy.");
  if (listening.behind_proxy && (tls || !address.is_loopback()))
    return refuse("Behind a proxy it listens on this machine alone, without a certificate of its own.");
  if (listening.behind_proxy && listening.names.empty())
    return fail(
        problems::kMissingValue,
        {{"where", "--behind-proxy"}, {"what", "--name"}, {"hint", "Say the name people open in their browsers."}});

  auto impl =
      std::make_unique<Impl>(listening, std::move(handler), workers, std::move(lane_of), std::move(body_of), limits);
  for (std::string& name : impl->listening.names) name = lower_ascii(name);
  if (tls) {
    const Certificate::Files files{listening.certificate, listening.key};
    impl->certificate_files = fingerprint_of(files);
    impl->certificate = TRY(Certificate::read(files));
    for (const std::string& warning : impl->certificate->warnings()) log::write(log::Level::kWarning, warning);
  }
  const tcp::endpoint endpoint(address, static_cast<std::uint16_t>(port));
  impl->acceptor.open(endpoint.protocol(), error);
  if (!error) impl->acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) impl->acceptor.bind(endpoint, error);
  if (!error) impl->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error == asio::error::address_in_use)
    return fail(problems::kAlreadyExists, {{"what", "program listening at this address"}, {"name", listen}});
  if (error) return refuse(error.message() + ".");
  return std::unique_ptr<Transport>(new Transport(std::move(impl)));
}

std::uint16_t Transport::port() const { return impl_->acceptor.local_endpoint().port(); }

std::string Transport::address() const {
  const tcp::endpoint endpoint = impl_->acceptor.local_endpoint();
  const std::string host =
      endpoint.address().is_v6() ? "[" + endpoint.address().to_string() + "]" : endpoint.address().to_string();
  return (impl_->certificate ? "https://" : "http://") + host + ":" + std::to_string(endpoint.port());
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
  if (impl_->certificate) every(kLookForCertificate, [this] { impl_->renew_certificate(false); });
  every(impl_->limits.tell_refusals, [this] { impl_->tell_refusals(); });
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
