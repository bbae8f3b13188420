#include "server/transport.h"

#include <unistd.h>

#include <atomic>
#include <set>

#include "foundation/log.h"
#include "foundation/text.h"
#include "server/body.h"
#include "server/delivery.h"
#include "server/gate.h"
#include "server/hearing.h"
#include "server/lanes.h"
#include "server/metrics.h"
#include "server/problems.h"
#include "server/refusal.h"

namespace understory::server {

namespace ssl = boost::asio::ssl;
using tcp = asio::ip::tcp;

namespace {

constexpr auto kLookForCertificate = std::chrono::minutes(1);
// What is still heard of somebody who was too slow: whoever is slow on purpose gets no more of it.
constexpr auto kHearSlow = std::chrono::milliseconds(500);

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

// The answer to one request, and its place in a lane for as long as it is on its way.
struct Answer {
  Response response;
  bool own = false;  // the transport's, not a route's
  bool hung_up = false, too_slow = false;
  Workers* lane = nullptr;
  std::unique_ptr<Counted> place = nullptr;
  std::unique_ptr<Held> held = nullptr;  // of its client's downloads
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
        hearing(io, limits, gate, lanes, admit, draining),
        delivery(io, limits, ending),
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
  // But for `lanes`, whose workers must end before it: what such conversations still count there (Answer::place) is
  // read by nobody any more.
  KeptCertificate certificate;
  Gate gate;
  std::set<asio::steady_timer*> timers;  // of again_and_again()
  bool draining = false;
  Hearing hearing;
  Delivery delivery;
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
        const Came came = co_await hearing.read_body(stream, buffer, parser, reader, request, refused);
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
      const Came came =
          co_await hearing.read_head(stream, buffer, parser, first ? limits.head : limits.idle, peer, far);
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
      const beast::error_code error = co_await delivery.deliver(stream, std::move(answer.response), answer.lane,
                                                                request, sender.secure, keep_alive && sized);
      if (error) co_return long_answer ? End::kCut : End::kClean;
      if (!whole) co_return too_slow ? End::kSlow : End::kUnread;
      if (!keep_alive || !sized) co_return End::kClean;
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
      if (const auto more = still_heard(end); more.count() > 0) co_await hearing.hear_out(stream, more);
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
      if (const auto more = still_heard(end); more.count() > 0) co_await hearing.hear_out(stream, more);
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
    hearing.end_idle();
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
