// A receiver of webhooks on this machine.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace understory::testing_support {

// Answers each request with the next of its answers, the last of them for ever, and keeps what came.
class Receiver {
 public:
  explicit Receiver(std::vector<std::string> answers) : answers_(std::move(answers)) {
    listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listening_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listening_, 16) != 0 ||
        ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("no port");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Receiver() {
    ::shutdown(listening_, SHUT_RDWR);
    thread_.join();
    ::close(listening_);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/told"; }
  std::vector<std::string> came() {
    const std::lock_guard lock(mutex_);
    return came_;
  }

 private:
  void serve() {
    for (int peer; (peer = ::accept(listening_, nullptr, nullptr)) >= 0; ::close(peer)) {
      std::string request;
      char buffer[4096];
      for (ssize_t count; !whole(request) && (count = ::read(peer, buffer, sizeof buffer)) > 0;)
        request.append(buffer, static_cast<std::size_t>(count));
      const std::lock_guard lock(mutex_);
      came_.push_back(request);
      const std::string answer = "HTTP/1.1 " + answers_[std::min(came_.size(), answers_.size()) - 1] +
                                 "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
      [[maybe_unused]] const auto written = ::write(peer, answer.data(), answer.size());
    }
  }
  static bool whole(const std::string& request) {
    const std::size_t head = request.find("\r\n\r\n"), length = request.find("Content-Length: ");
    return head != std::string::npos && length != std::string::npos &&
           request.size() >= head + 4 + std::stoul(request.substr(length + 16));
  }
  std::vector<std::string> answers_, came_;
  int listening_ = -1, port_ = 0;
  std::mutex mutex_;
  std::thread thread_;
};

}  // namespace understory::testing_support
