#include "server/pushed.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace understory::server {

namespace {

constexpr std::size_t kPiece = 64 * 1024, kAhead = 256 * 1024;
constexpr int kAtOnce = 4;  // each may hold one of the ten connections to a database
std::atomic<int> running{0};

class Pushed : public Pieces {
 public:
  ~Pushed() override {
    {
      const std::lock_guard lock(mutex_);
      gone_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  void start(Writer writer) {
    thread_ = std::thread([this, writer = std::move(writer)] {
      std::optional<Problem> problem;
      std::exception_ptr thrown;
      try {
        auto written = writer([this] { return going_on(); }, [this](std::string_view bytes) { return put(bytes); });
        if (!written) problem = std::move(written.error());
      } catch (...) {
        thrown = std::current_exception();
      }
      const std::lock_guard lock(mutex_);
      problem_ = std::move(problem);
      thrown_ = thrown;
      ended_ = true;
      changed_.notify_all();
      --running;
    });
  }

  // Until there is something to send, or it is known that nothing will come.
  Result<void> wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !held_.empty() || ended_; });
    if (!held_.empty()) return {};
    return how_it_ended();
  }

  Result<std::string> next() override {
    std::unique_lock lock(mutex_);
    // Rows are small: they go out together, but what is there does not wait long for more.
    if (begun_)
      changed_.wait_for(lock, std::chrono::milliseconds(50), [this] { return held_.size() >= kPiece || ended_; });
    begun_ = true;
    changed_.wait(lock, [this] { return !held_.empty() || ended_; });
    if (held_.empty()) {
      TRY(how_it_ended());
      return std::string();
    }
    std::string piece = std::exchange(held_, {});
    changed_.notify_all();
    return piece;
  }

 private:
  bool going_on() {
    const std::lock_guard lock(mutex_);
    return !gone_;
  }
  Result<void> put(std::string_view bytes) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return held_.size() < kAhead || gone_; });
    if (gone_) return fail(problems::kStopped);
    held_ += bytes;
    changed_.notify_all();
    return {};
  }
  Result<void> how_it_ended() {
    if (thrown_) std::rethrow_exception(thrown_);
    if (problem_) return tl::unexpected<Problem>(*problem_);
    return {};
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string held_;
  bool begun_ = false, ended_ = false, gone_ = false;
  std::optional<Problem> problem_;
  std::exception_ptr thrown_;
  std::thread thread_;
};

}  // namespace

Result<std::shared_ptr<Pieces>> pushed(Writer writer) {
  if (++running > kAtOnce) {
    --running;
    return fail(problems::kBusy);
  }
  auto made = std::make_shared<Pushed>();
  try {
    made->start(std::move(writer));
  } catch (...) {
    --running;
    throw;
  }
  TRY(made->wait());
  return std::shared_ptr<Pieces>(std::move(made));
}

}  // namespace understory::server
