#include "server/delivery.h"

#include "foundation/log.h"
#include "server/hearing.h"
#include "server/metrics.h"
#include "server/packing.h"

namespace understory::server {

namespace {

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

}  // namespace

// A long answer being sent. However that ends, it is destroyed on a worker, since it may hold a transaction.
struct Delivery::Sending {
  const std::atomic<bool>& ending;
  Workers& workers;
  std::shared_ptr<Pieces> pieces;
  ~Sending() {
    if (!ending) asio::post(workers.pool, [gone = std::move(pieces)]() mutable { gone.reset(); });
  }
};

template <class Stream, class Out>
asio::awaitable<beast::error_code> Delivery::send(Stream& stream, Out& pieces, std::size_t bytes) {
  const auto latest = Clock::now() + time_for(limits_, bytes);
  beast::error_code error;
  while (!error && !pieces.is_done()) {
    beast::get_lowest_layer(stream).expires_at(std::min(Clock::now() + limits_.stall, latest));
    co_await http::async_write_some(stream, pieces, asio::redirect_error(asio::use_awaitable, error));
  }
  co_return error;
}

// An answer held whole.
template <class Stream>
asio::awaitable<beast::error_code> Delivery::send_whole(Stream& stream, Response response, const Head& request,
                                                        bool secure, bool keep_alive) {
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
asio::awaitable<beast::error_code> Delivery::send_pieces(Stream& stream, const Sending& sending, std::string piece,
                                                         Response response, const Head& request, bool secure,
                                                         bool keep_alive) {
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
    auto made = co_await on(io_, sending.workers, std::move(next));
    if (!made) {
      log::error("a long answer failed: {}", made.error().code());
      co_return metrics::cut_short("failed"), asio::error::operation_aborted;
    }
    piece = std::move(*made);
  }
}

template <class Stream>
asio::awaitable<beast::error_code> Delivery::deliver(Stream& stream, Response response, Workers* workers,
                                                     const Head& request, bool secure, bool keep_alive) {
  if (!response.pieces || request.method() == http::verb::head)
    co_return co_await send_whole(stream, std::move(response), request, secure, keep_alive);
  const Sending sending{ending_, *workers, std::move(response.pieces)};
  std::string first = std::move(response.body);
  co_return co_await send_pieces(stream, sending, std::move(first), std::move(response), request, secure, keep_alive);
}

template asio::awaitable<beast::error_code> Delivery::deliver(PlainStream&, Response, Workers*, const Head&, bool,
                                                              bool);
template asio::awaitable<beast::error_code> Delivery::deliver(TlsStream&, Response, Workers*, const Head&, bool, bool);

}  // namespace understory::server
