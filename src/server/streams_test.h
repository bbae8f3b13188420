// For tests: bytes in quantity, sent and taken.
#pragma once
#include <atomic>
#include <functional>
#include <memory>

#include "server/over_sockets_test.h"

namespace understory::server {

inline std::string noise(std::size_t size, std::uint32_t state) {
  std::string text(size, '\0');
  for (char& each : text) each = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return text;
}

// What a producer did, seen from outside.
struct Watch {
  std::atomic<int> asked = 0, alive = 0;
  std::atomic<bool> go = true;
  std::atomic<std::thread::id> destroyed_in{};
};

// `count` pieces of that size; then the end, or a failure.
class Made : public Pieces {
 public:
  Made(Watch& watch, int count, std::size_t size, bool fails = false)
      : watch_(watch), count_(count), size_(size), fails_(fails) {
    ++watch_.alive;
  }
  ~Made() override {
    watch_.destroyed_in = std::this_thread::get_id();
    --watch_.alive;
  }
  Result<std::string> next() override {
    const int number = watch_.asked++;
    if (number > 0)
      while (!watch_.go) std::this_thread::sleep_for(2ms);
    if (number < count_) return noise(size_, static_cast<std::uint32_t>(number));
    if (fails_) throw std::runtime_error("on purpose");
    return std::string();
  }

 private:
  Watch& watch_;
  const int count_;
  const std::size_t size_;
  const bool fails_;
};

inline Response long_answer(std::unique_ptr<Pieces> pieces, std::optional<std::uint64_t> size = {}) {
  Response response;
  response.content_type = "application/zip";
  response.pieces = std::move(pieces);
  response.size = size;
  return response;
}

inline Lane downloads(const Request& request) { return request.path == "/quick" ? Lane::kPages : Lane::kDownloads; }

inline bool soon(const std::function<bool()>& holds) {
  for (int i = 0; i < 500 && !holds(); ++i) std::this_thread::sleep_for(10ms);
  return holds();
}

inline constexpr std::size_t kPiece = 256 * 1024;

}  // namespace understory::server
