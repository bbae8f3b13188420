#include "server/transport.h"

#include <zlib.h>

#include <atomic>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <set>

#include "foundation/clock.h"
#include "foundation/log.h"
#include "foundation/text.h"

namespace understory::server {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

namespace {

constexpr std::size_t kHeaderLimit = 16 * 1024;
constexpr std::uint64_t kBodyLimit = 64 * 1024;
constexpr int kConnectionLimit = 512;
constexpr int kWaitingLimit = 64;
constexpr auto kReadTime = std::chrono::seconds(15);
constexpr auto kIdleTime = std::chrono::seconds(30);
constexpr auto kWriteTime = std::chrono::seconds(30);
constexpr auto kDrainTime = std::chrono::seconds(10);
constexpr std::size_t kCompressFrom = 1024;  // bytes: below this the header costs more than it saves

using RawRequest = http::request<http::string_body>;
using RawResponse = http::response<http::string_body>;

std::string gzip(const std::string& content) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return "";
  std::string out(deflateBound(&stream, content.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int outcome = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return outcome == Z_STREAM_END ? out : "";
}

bool compressible(std::string_view type) {
  return type.rfind("text/", 0) == 0 || type.rfind("application/json", 0) == 0 || type.rfind("image/svg", 0) == 0;
}

Response plain(int status, std::string_view sentence) {
  Response response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::string(sentence) + "\n";
  return response;
}

RawResponse raw(Response response, const RawRequest& request, bool keep_alive) {
  RawResponse out{static_cast<http::status>(response.status), request.version()};
  out.set(http::field::content_type, response.content_type);
  // A page names nothing from elsewhere, runs nothing, is framed by nobody and stays in no cache.
  out.set("Content-Security-Policy",
          "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
          "frame-ancestors 'none'");
  out.set("X-Content-Type-Options", "nosniff");
  // Not "no-referrer": browsers then send "Origin: null" with our own forms, which no form from here may carry.
  out.set("Referrer-Policy", "same-origin");
  out.set("Cross-Origin-Opener-Policy", "same-origin");
  out.set("Cross-Origin-Resource-Policy", "same-origin");
  out.set(http::field::cache_control, "no-store");
  // A page may set several cookies; any other header it gives stands for the one above.
  for (const auto& [name, value] : response.headers)
    name == "Set-Cookie" ? out.insert(name, value) : out.set(name, value);
  const bool can_unpack =
      std::string_view(request[http::field::accept_encoding]).find("gzip") != std::string_view::npos;
  if (compressible(response.content_type) && response.body.size() >= kCompressFrom) {
    out.set(http::field::vary, "Accept-Encoding, Accept-Language, Cookie");
    if (can_unpack) {
      if (std::string packed = gzip(response.body); !packed.empty()) {
        response.body = std::move(packed);
        out.set(http::field::content_encoding, "gzip");
      }
    }
  }
  out.keep_alive(keep_alive);
  out.content_length(response.body.size());
  if (request.method() != http::verb::head) out.body() = std::move(response.body);
  return out;
}

// Host must name this machine: a page from elsewhere that points its own name at 127.0.0.1 gets nothing.
bool host_is_here(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  const bool has_port = colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos;
  const std::string name = lower_ascii(has_port ? host.substr(0, colon) : host);
  return name == "localhost" || name == "127.0.0.1" || name == "[::1]";
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

}  // namespace

struct Transport::Impl {
  Impl(Handler wanted, int workers, Slow slow_ones)
      : handler(std::move(wanted)),
        slow(std::move(slow_ones)),
        pool(workers),
        slow_lane(1),
        acceptor(io),
        signals(io),
        drain_timer(io) {}

  asio::io_context io{1};
  Handler handler;
  Slow slow;
  asio::thread_pool pool, slow_lane;
  tcp::acceptor acceptor;
  asio::signal_set signals;
  asio::steady_timer drain_timer;
  std::set<beast::tcp_stream*> idle;  // connections waiting for a request; touched by the I/O thread alone
  int connections = 0;
  int waiting = 0;
  bool draining = false;

  // Runs the handler on the pool and comes back to the I/O thread with its answer.
  asio::awaitable<Response> answer(Request request) {
    auto start = [this](auto completion, Request moved) {
      auto work = asio::make_work_guard(io);
      // Chosen first: as an argument of post() it might be looked at when the request has moved on already.
      asio::thread_pool& lane = slow && slow(moved) ? slow_lane : pool;
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

  asio::awaitable<Response> respond(const RawRequest& raw_request) {
    if (!host_is_here(std::string_view(raw_request[http::field::host])))
      co_return plain(421, "This server answers for this machine alone.");
    if (raw_request.method() != http::verb::get && raw_request.method() != http::verb::head &&
        raw_request.method() != http::verb::post) {
      Response response = plain(405, "Nothing here answers to that.");
      response.headers.emplace_back("Allow", "GET, HEAD, POST");
      co_return response;
    }
    auto request = understand(raw_request);
    if (!request)
      co_return plain(request.error().status() == 422 ? 400 : request.error().status(), request.error().sentence());
    if (waiting >= kWaitingLimit) {
      Response response = plain(503, "The server is busy. Try again in a moment.");
      response.headers.emplace_back("Retry-After", "2");
      co_return response;
    }
    ++waiting;
    Response response = co_await answer(std::move(*request));
    --waiting;
    co_return response;
  }

  asio::awaitable<void> converse(tcp::socket accepted) {
    beast::tcp_stream stream(std::move(accepted));
    beast::flat_buffer buffer(kHeaderLimit + kBodyLimit);
    ++connections;
    for (bool first = true;; first = false) {
      http::request_parser<http::string_body> parser;
      parser.header_limit(kHeaderLimit);
      parser.body_limit(kBodyLimit);
      beast::error_code error;
      if (draining) break;
      // Until a request has arrived whole nothing was begun, and draining may close the connection.
      idle.insert(&stream);
      stream.expires_after(first ? kReadTime : kIdleTime);
      co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
      idle.erase(&stream);
      RawRequest request = parser.release();
      bool keep_alive = request.keep_alive() && !draining;
      Response response;
      if (error == http::error::end_of_stream || error == asio::error::operation_aborted ||
          error == beast::error::timeout || error == asio::error::connection_reset)
        break;
      if (error) {
        // What was sent is not HTTP, or too much of it: say so and hang up.
        keep_alive = false;
        const bool large = error == http::error::header_limit || error == http::error::body_limit ||
                           error == http::error::buffer_overflow;
        response = plain(large ? 413 : 400, large ? "The request is larger than this server takes."
                                                  : "The request is not HTTP as this server knows it.");
      } else {
        stream.expires_never();  // the worker's time is not the client's
        response = co_await respond(request);
      }
      const RawResponse out = raw(std::move(response), request, keep_alive);
      stream.expires_after(kWriteTime);
      co_await http::async_write(stream, out, asio::redirect_error(asio::use_awaitable, error));
      if (error || !keep_alive) break;
    }
    beast::error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
    --connections;
    if (draining && connections == 0) drain_timer.cancel();
  }

  asio::awaitable<void> accept() {
    while (!draining) {
      beast::error_code error;
      tcp::socket socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted) break;
      if (error || connections >= kConnectionLimit) continue;  // the socket closes itself
      asio::co_spawn(io, converse(std::move(socket)), asio::detached);
    }
  }

  void drain() {
    if (std::exchange(draining, true)) return;
    beast::error_code ignored;
    acceptor.close(ignored);
    signals.cancel(ignored);
    for (beast::tcp_stream* stream : idle) stream->cancel();
    if (connections == 0) return;
    drain_timer.expires_after(kDrainTime);
    drain_timer.async_wait([this](beast::error_code error) {
      if (!error) io.stop();
    });
  }
};

Transport::Transport(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Transport::~Transport() {
  impl_->pool.stop();
  impl_->slow_lane.stop();
  impl_->pool.join();
  impl_->slow_lane.join();
}

Result<std::unique_ptr<Transport>> Transport::open(const std::string& listen, Handler handler, int workers, Slow slow) {
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
  if (!address.is_loopback())
    return refuse("Only this machine itself can be served (127.0.0.1 or [::1]) until there are accounts.");

  auto impl = std::make_unique<Impl>(std::move(handler), workers, std::move(slow));
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
  return "http://" + host + ":" + std::to_string(endpoint.port());
}

void Transport::run() {
  impl_->signals.add(SIGINT);
  impl_->signals.add(SIGTERM);
  impl_->signals.async_wait([this](beast::error_code error, int) {
    if (!error) impl_->drain();
  });
  asio::co_spawn(impl_->io, impl_->accept(), asio::detached);
  impl_->io.run();
}

void Transport::stop() {
  asio::post(impl_->io, [this] { impl_->drain(); });
}

}  // namespace understory::server
