#include "server/news.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <unordered_map>

namespace understory::server::news {

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kLongest = std::chrono::seconds(8), kLooks = std::chrono::seconds(1);

struct Heard {
  std::mutex mutex;
  std::condition_variable changed;
  std::unordered_map<std::int64_t, std::uint64_t> told;  // study → how often; of studies changed since the start
};

Heard& heard() {
  static Heard one;
  return one;
}

}  // namespace

void tell(Id study) {
  const std::lock_guard lock(heard().mutex);
  ++heard().told[study.value];
  heard().changed.notify_all();
}

bool wait(Id study, const std::function<bool()>& is_there) {
  const auto latest = Clock::now() + kLongest;
  std::unique_lock lock(heard().mutex);
  for (;;) {
    const std::uint64_t seen = heard().told[study.value];
    lock.unlock();
    if (is_there()) return true;
    lock.lock();
    if (Clock::now() >= latest) return false;
    heard().changed.wait_until(lock, std::min(latest, Clock::now() + kLooks),
                               [&] { return heard().told[study.value] != seen; });
  }
}

}  // namespace understory::server::news
