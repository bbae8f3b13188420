// The one place where Boost.Beast comes in: the names under which `hearing`, `delivery` and `transport` speak of it.
#pragma once
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>

namespace understory::server {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

using Clock = std::chrono::steady_clock;
using Parser = http::request_parser<http::buffer_body>;
using Head = http::request_header<>;
using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

inline constexpr std::size_t kHeaderLimit = 16 * 1024;
inline constexpr std::size_t kPiece = 64 * 1024;  // of a body read, in bytes

}  // namespace understory::server
