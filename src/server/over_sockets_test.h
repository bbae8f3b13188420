// For tests: a transport that runs, and clients that speak to it over real sockets.
#pragma once
#include <boost/asio.hpp>
#include <chrono>
#include <string>
#include <thread>

#include "server/transport.h"

namespace understory::server {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using namespace std::chrono_literals;

// The whole of 127.0.0.0/8 is this machine: another address of it is another client.
inline void connect(tcp::socket& socket, std::uint16_t port, const char* from) {
  socket.open(tcp::v4());
  socket.bind({asio::ip::make_address(from), 0});
  socket.connect({asio::ip::make_address("127.0.0.1"), port});
}

// What a server says to these bytes on one connection.
inline std::string said_to(std::uint16_t port, const std::string& bytes, const char* from = "127.0.0.1") {
  asio::io_context context;
  tcp::socket socket(context);
  connect(socket, port, from);
  boost::system::error_code error;
  asio::write(socket, asio::buffer(bytes), error);  // the server may hang up before it has read everything
  socket.shutdown(tcp::socket::shutdown_send, error);
  std::string reply;
  asio::read(socket, asio::dynamic_buffer(reply), error);
  return reply;
}

inline const Handler kHello = [](const Request& request) {
  return Response{200,
                  "text/plain; charset=utf-8",
                  std::string("hello") + (request.secure ? " secure" : "") + (request.from_here ? " here" : "") + "\n",
                  {}};
};

class Running {
 public:
  explicit Running(Handler handler, const Limits& limits = {}, Listening listening = {"127.0.0.1:0"}, LaneOf lanes = {},
                   BodyOf bodies = {}, Admit admit = {})
      : transport_(std::move(*Transport::open(listening, std::move(handler), 2, std::move(lanes), limits,
                                              std::move(bodies), std::move(admit)))),
        thread_([this] { transport_->run(); }) {}
  ~Running() {
    transport_->stop();
    thread_.join();
  }
  std::uint16_t port() const { return transport_->port(); }

 private:
  std::unique_ptr<Transport> transport_;
  std::thread thread_;
};

inline std::string get(const std::string& host, const std::string& headers = "", const std::string& target = "/") {
  return "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n" + headers + "\r\n";
}

inline int status_of(const std::string& reply) { return reply.size() > 12 ? std::atoi(reply.c_str() + 9) : 0; }

// How long the server keeps a connection that sends `bytes`, and then one byte every 50 ms.
inline std::chrono::milliseconds kept(std::uint16_t port, const std::string& bytes) {
  asio::io_context context;
  tcp::socket socket(context);
  connect(socket, port, "127.0.0.1");
  const auto begun = std::chrono::steady_clock::now();
  boost::system::error_code error;
  asio::write(socket, asio::buffer(bytes), error);
  for (int i = 0; i < 100 && !error; ++i) {
    std::this_thread::sleep_for(50ms);
    asio::write(socket, asio::buffer("a", 1), error);
  }
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun);
}

}  // namespace understory::server
