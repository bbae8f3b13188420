#include "server/transport.h"

#include <unistd.h>

#include <atomic>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <set>

#include "foundation/clock.h"
#include "foundation/log.h"
#include "foundation/text.h"
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
constexpr std::uint64_t kBodyLimit = 64 * 1024;
constexpr auto kLookForCertificate = std::chrono::minutes(1);

using Clock = std::chrono::steady_clock;
using RawRequest = http::request<http::string_body>;
using RawResponse = http::response<http::string_body>;
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

RawResponse raw(Response response, const RawRequest& request, bool secure, bool keep_alive) {
  RawResponse out{static_cast<http::status>(response.status), request.version()};
  out.set(http::field::content_type, response.content_type);
  for (const auto& [name, value] : kOnEveryAnswer) out.set(name, value);
  if (secure && !names_this_machine(std::string_view(request[http::field::host])))
    out.set("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
  // A page may set several cookies; any other header it gives stands for the one above.
  for (const auto& [name, value] : response.headers)
    name == "Set-Cookie" ? out.insert(name, value) : out.set(name, value);
  if (worth_packing(response)) {
    out.set(http::field::vary, "Accept-Encoding, Accept-Language, Cookie");
    if (std::string_view(request[http::field::accept_encoding]).find("gzip") != std::string_view::npos) {
      response.body = packed(response.body);
      out.set(http::field::content_encoding, "gzip");
    }
  }
  out.keep_alive(keep_alive);
  out.content_length(response.body.size());
  if (request.method() != http::verb::head) out.body() = std::move(response.body);
  return out;
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

Result<Request> understand(const RawRequest& raw_request) {
  Request request;
  request.method = std::string(raw_request.method_string());
  for (const auto& field : raw_request) {
    std::string& value = request.headers[lower_ascii(std::string_view(field.name_string()))];
    value += (value.empty() ? "" : ", ") + std::string(field.value());
  }
  TRY(read_target(std::string_view(raw_request.target()), request));
  request.body = raw_request.body();
  if (request.method == "POST") TRY(read_form(request));
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
  Impl(Listening where, Handler wanted, int workers, LaneOf lanes, const Limits& most)
      : listening(std::move(where)),
        limits(most),
        handler(std::move(wanted)),
        lane_of(std::move(lanes)),
        requests(most.requests, most.clients),
        passwords(most.passwords, most.clients),
        pool(workers),
        passwords_lane(1),
        reports_lane(1),
        acceptor(io),
        signals(io),
        hang_up(io),
        drain_timer(io) {}

  Listening listening;
  Limits limits;
  Handler handler;
  LaneOf lane_of;
  // Touched by the I/O thread alone. They stand before `io`, whose end is the end of conversations that count in them.
  std::shared_ptr<Certificate> certificate;  // null: no TLS
  std::string certificate_files;             // as they were when it was read
  Limiter requests, passwords;
  Held::Counts connections_of, waiting_of;
  std::set<beast::tcp_stream*> idle;     // connections waiting for a request
  std::set<asio::steady_timer*> timers;  // of again_and_again()
  int connections = 0;
  int waiting = 0;
  int reports_waiting = 0, passwords_waiting = 0;
  bool draining = false;
  // Its window closed: what was started in it ends. (A service is asked by the same signal to read its files anew.)
  const bool at_terminal = ::isatty(STDIN_FILENO) == 1;

  asio::io_context io{1};
  asio::thread_pool pool, passwords_lane, reports_lane;
  tcp::acceptor acceptor;
  asio::signal_set signals, hang_up;
  asio::steady_timer drain_timer;

  // It is asked for by these: those it was told, or those of its certificate as it is now.
  const std::vector<std::string>& names() const {
    return listening.names.empty() && certificate ? certificate->names() : listening.names;
  }

  bool counts(const Peer& peer) const { return !(peer.here && (listening.behind_proxy || limits.spare_this_machine)); }
  bool counts(const Sender& sender) const { return !(sender.from_here && limits.spare_this_machine); }

  // Runs the handler on the pool and comes back to the I/O thread with its answer.
  asio::awaitable<Response> answer(Request request, Lane wanted) {
    asio::thread_pool& lane = wanted == Lane::kPasswords ? passwords_lane
                              : wanted == Lane::kReports ? reports_lane
                                                         : pool;
    auto start = [this, &lane](auto completion, Request moved) {
      auto work = asio::make_work_guard(io);
      asio::post(
          lane, [this, work = std::move(work), completion = std::move(completion), moved = std::move(moved)]() mutable {
            Response response = handler(moved);
            asio::post(io, [completion = std::move(completion), response = std::move(response)]() mutable {
              std::move(completion)(std::move(response));
            });
          });
    };
    co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(Response)>(
        std::move(start), asio::use_awaitable, std::move(request));
  }

  // Who sent it. Only our own proxy's word on that is taken, and only where it was said that there is one.
  std::optional<Sender> sender_of(const Peer& peer, const RawRequest& raw_request) const {
    std::string_view last;  // a proxy adds its own behind what it was sent
    for (const auto& field : raw_request)
      if (beast::iequals(field.name_string(), "X-Forwarded-For")) last = std::string_view(field.value());
    const bool passed_on = !last.empty() || raw_request.count("Forwarded") > 0;
    Sender sender;
    sender.client = peer.client;
    sender.from_here = peer.here && !passed_on && names_this_machine(std::string_view(raw_request[http::field::host]));
    sender.secure = peer.tls || (listening.behind_proxy && peer.here && !sender.from_here);
    if (!listening.behind_proxy || !peer.here || sender.from_here) return sender;
    const auto client = last_hop(last);
    if (!client) return std::nullopt;
    sender.client = *client;
    return sender;
  }

  asio::awaitable<Response> respond(const Sender& sender, const RawRequest& raw_request) {
    if (raw_request.method() != http::verb::get && raw_request.method() != http::verb::head &&
        raw_request.method() != http::verb::post) {
      Response response = plain(405, "Nothing here answers to that.");
      response.headers.emplace_back("Allow", "GET, HEAD, POST");
      co_return response;
    }
    if (counts(sender))
      if (const int seconds = requests.take(sender.client, Clock::now()))
        co_return come_back(429, seconds, "Too many requests came from your address. Wait a moment and try again.");
    auto request = understand(raw_request);
    if (!request)
      co_return plain(request.error().status() == 422 ? 400 : request.error().status(), request.error().sentence());
    request->from_here = sender.from_here;
    request->secure = sender.secure;
    // Looked at before the request moves on to its worker.
    const Lane lane = lane_of ? lane_of(*request) : Lane::kPages;
    if (lane == Lane::kPasswords && counts(sender))
      if (const int seconds = passwords.take(sender.client, Clock::now()))
        co_return come_back(
            429, seconds,
            fmt::format("Too many sign-ins came from your address. Wait {} seconds and try again.", seconds));
    const Held held(waiting_of, sender.client);
    if (waiting >= limits.waiting || (counts(sender) && held.count() > limits.waiting_of_client))
      co_return come_back(503, 2, "The server is busy. Try again in a moment.");
    if (lane == Lane::kReports && reports_waiting >= limits.waiting_for_reports)
      co_return come_back(503, 30, "Other reports are being made. Try again in half a minute.");
    if (lane == Lane::kPasswords && passwords_waiting >= limits.waiting_for_passwords)
      co_return come_back(503, 5, "Many people are signing in. Try again in a moment.");
    const Counted begun(waiting, metrics::waiting);
    std::optional<Counted> in_lane;
    if (lane != Lane::kPages) in_lane.emplace(lane == Lane::kReports ? reports_waiting : passwords_waiting, [](int) {});
    co_return co_await answer(std::move(*request), lane);
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

  // What came in, whole. `refused`: it could be read in two ways.
  template <class Stream>
  asio::awaitable<beast::error_code> read(Stream& stream, beast::flat_buffer& buffer,
                                          http::request_parser<http::string_body>& parser,
                                          std::chrono::milliseconds patience, bool& refused) {
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
    refused = !error && ends_in_two_ways(parser.get());
    if (error || refused) co_return error;
    lowest.expires_after(time_for(parser.content_length().value_or(kBodyLimit)));
    co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    co_return error;
  }

  template <class Stream>
  asio::awaitable<void> converse(Stream& stream, const Peer& peer) {
    beast::tcp_stream& lowest = beast::get_lowest_layer(stream);
    beast::flat_buffer buffer(kHeaderLimit + kBodyLimit);
    for (bool first = true;; first = false) {
      http::request_parser<http::string_body> parser;
      parser.header_limit(kHeaderLimit);
      parser.body_limit(kBodyLimit);
      if (draining) break;
      bool refused = false;
      // What is no HTTP at all is told so; who hangs up, is cut short or is too slow hears nothing.
      const beast::error_code wrong = co_await read(stream, buffer, parser, first ? limits.head : limits.idle, refused);
      if (wrong && (wrong.category() != http::make_error_code(http::error::bad_method).category() ||
                    wrong == http::error::end_of_stream || wrong == http::error::partial_message))
        break;
      const RawRequest request = parser.release();
      bool keep_alive = request.keep_alive() && !draining && !wrong && !refused;
      Response response;
      Sender sender;
      std::string method;
      const auto begun = Clock::now();
      if (wrong) {
        const bool large = wrong == http::error::header_limit || wrong == http::error::body_limit ||
                           wrong == http::error::buffer_overflow;
        response = plain(large ? 413 : 400, large ? "The request is larger than this server takes."
                                                  : "The request is not HTTP as this server knows it.");
      } else if (refused) {
        response = plain(400, "The request says in two ways where it ends, or for whom it is.");
      } else if (const std::string_view host(request[http::field::host]);
                 !names_this_machine(host) && !names_one_of(host, names())) {
        response = plain(421, "This server does not answer to that name.");
      } else if (const auto known = sender_of(peer, request); !known) {
        response = plain(400, "The proxy in front of this server must say for whom it asks (X-Forwarded-For).");
      } else {
        sender = *known;
        method = std::string(request.method_string());
        lowest.expires_never();  // the worker's time is not the client's
        response = co_await respond(sender, request);
      }
      const std::string_view route = response.route;
      const int status = response.status;
      const RawResponse out = raw(std::move(response), request, sender.secure, keep_alive);
      metrics::answered(method, route, status, std::chrono::duration<double>(Clock::now() - begun).count());
      http::response_serializer<http::string_body> pieces(out);
      const auto latest = Clock::now() + time_for(out.body().size());
      beast::error_code error;
      while (!error && !pieces.is_done()) {
        lowest.expires_at(std::min(Clock::now() + limits.stall, latest));
        co_await http::async_write_some(stream, pieces, asio::redirect_error(asio::use_awaitable, error));
      }
      if (error || !keep_alive) break;
    }
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
      if (error)
        metrics::turned_away("no_tls");
      else
        co_await converse(stream, peer);
      if (!error) {
        beast::get_lowest_layer(stream).expires_after(std::chrono::seconds(1));
        co_await stream.async_shutdown(asio::redirect_error(asio::use_awaitable, error));
      }
    } else {
      beast::tcp_stream stream(std::move(accepted));
      co_await converse(stream, peer);
      stream.socket().shutdown(tcp::socket::shutdown_send, error);
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
  impl_->pool.stop();
  impl_->passwords_lane.stop();
  impl_->reports_lane.stop();
  impl_->pool.join();
  impl_->passwords_lane.join();
  impl_->reports_lane.join();
}

Result<std::unique_ptr<Transport>> Transport::open(const Listening& listening, Handler handler, int workers,
                                                   LaneOf lane_of, const Limits& limits) {
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

  auto impl = std::make_unique<Impl>(listening, std::move(handler), workers, std::move(lane_of), limits);
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
