#include "server/pushed.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <limits>
#include <mutex>
#include <thread>
#include <vector>

namespace understory::server {

namespace {

constexpr std::size_t kPiece = 64 * 1024, kAhead = 256 * 1024;
constexpr auto kLooks = std::chrono::milliseconds(200);  // whether a place was lost

using Clock = std::chrono::steady_clock;

// Who is being written for, in the whole server.
class Places {
 public:
  struct Place {
    Id account;
    Clock::time_point waits_since;  // for its reader; the far future: it does not
    bool lost = false;
  };

  Result<std::shared_ptr<Place>> take(Id account, const PushedPlaces& most) {
    std::unique_lock lock(mutex_);
    const auto full = [&]() -> const ProblemKind* {
      if (account && std::count_if(taken_.begin(), taken_.end(),
                                   [&](const auto& each) { return each->account == account; }) >= most.of_one)
        return &problems::kOwnExportsTaken;
      return std::ssize(taken_) >= most.at_once ? &problems::kExportsTaken : nullptr;
    };
    if (const ProblemKind* why = full()) {
      const bool own = why == &problems::kOwnExportsTaken;
      const auto slow = std::find_if(taken_.begin(), taken_.end(), [&](const auto& each) {
        return !each->lost && (!own || each->account == account) && each->waits_since < Clock::now() - most.patience;
      });
      if (slow == taken_.end()) return fail(*why);
      (*slow)->lost = true;
      changed_.notify_all();
      // Its writer ends as soon as it notices.
      changed_.wait_for(lock, std::chrono::seconds(2), [&] { return full() == nullptr; });
      if (const ProblemKind* still = full()) return fail(*still);
    }
    auto place = std::make_shared<Place>();
    place->account = account;
    place->waits_since = Clock::time_point::max();
    taken_.push_back(place);
    return place;
  }
  void leave(const std::shared_ptr<Place>& place) {
    const std::lock_guard lock(mutex_);
    std::erase(taken_, place);
    changed_.notify_all();
  }
  void wait_for_reader(Place& place, bool waits) {
    const std::lock_guard lock(mutex_);
    if (!waits)
      place.waits_since = Clock::time_point::max();
    else if (place.waits_since == Clock::time_point::max())
      place.waits_since = Clock::now();
  }
  bool lost(const Place& place) {
    const std::lock_guard lock(mutex_);
    return place.lost;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<Place>> taken_;
};

Places& places() {
  static Places all;
  return all;
}

class Pushed : public Pieces {
 public:
  Pushed(std::shared_ptr<Places::Place> place, const PushedPlaces& most)
      : place_(std::move(place)),
        spool_(most.spool, {most.most_aside, 1, Spool::Limits{}.spare}),
        aside_(!most.spool.empty()) {}
  ~Pushed() override {
    {
      const std::lock_guard lock(mutex_);
      gone_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable())
      thread_.join();
    else
      places().leave(place_);
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
      places().leave(place_);
    });
  }

  // Until there is something to send, or it is known that nothing will come.
  Result<void> wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return something_is_there() || ended_; });
    if (something_is_there()) return {};
    return how_it_ended();
  }

  Result<std::string> next() override {
    std::unique_lock lock(mutex_);
    // Rows are small: they go out together, but what is there does not wait long for more.
    if (begun_)
      changed_.wait_for(lock, std::chrono::milliseconds(50), [this] { return held_.size() >= kPiece || ended_; });
    begun_ = true;
    changed_.wait(lock, [this] { return something_is_there() || ended_; });
    if (!something_is_there()) {
      TRY(how_it_ended());
      return std::string();
    }
    places().wait_for_reader(*place_, false);
    if (held_.empty() && !behind_.empty()) {
      const Upload piece = std::move(behind_.front());
      behind_.pop_front();
      lock.unlock();
      return piece.text(std::numeric_limits<std::size_t>::max());
    }
    std::string piece = std::exchange(held_.empty() ? last_ : held_, {});
    changed_.notify_all();
    return piece;
  }

 private:
  bool going_on() {
    const std::lock_guard lock(mutex_);
    return !gone_ && !places().lost(*place_);
  }
  bool something_is_there() const { return !held_.empty() || !behind_.empty() || !last_.empty(); }

  Result<void> put(std::string_view bytes) {
    std::unique_lock lock(mutex_);
    if (gone_) return fail(problems::kStopped);
    const bool is_next = behind_.empty() && last_.empty();  // of what the reader takes
    if (is_next && held_.size() < kAhead) {
      held_ += bytes;
      changed_.notify_all();
      return {};
    }
    last_ += bytes;
    if (last_.size() < kAhead) return {};
    if (aside_) {
      std::string piece = std::exchange(last_, {});
      lock.unlock();
      auto kept = put_aside(piece);
      lock.lock();
      if (kept) {
        behind_.push_back(std::move(*kept));
        changed_.notify_all();
        return {};
      }
      aside_ = false;
      last_ = std::move(piece);
    }
    while (last_.size() >= kAhead && !gone_) {
      places().wait_for_reader(*place_, true);
      if (places().lost(*place_)) return fail(problems::kStopped);
      changed_.wait_for(lock, kLooks);
    }
    return {};
  }

  // By the writer alone.
  Result<Upload> put_aside(std::string_view piece) {
    UploadWriter writer(spool_, file_, 0);
    TRY(writer.write(piece));
    return writer.finish();
  }

  Result<void> how_it_ended() {
    if (thrown_) std::rethrow_exception(thrown_);
    if (problem_) return tl::unexpected<Problem>(*problem_);
    return {};
  }

  const std::shared_ptr<Places::Place> place_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Spool spool_;
  std::shared_ptr<SpoolFile> file_;
  bool aside_;
  // In the order they go out: what is in memory, what was put aside, what came after that.
  std::string held_;
  std::deque<Upload> behind_;
  std::string last_;
  bool begun_ = false, ended_ = false, gone_ = false;
  std::optional<Problem> problem_;
  std::exception_ptr thrown_;
  std::thread thread_;
};

}  // namespace

Result<std::shared_ptr<Pieces>> pushed(Writer writer, Id account, const PushedPlaces& most) {
  auto made = std::make_shared<Pushed>(TRY(places().take(account, most)), most);
  made->start(std::move(writer));
  TRY(made->wait());
  return std::shared_ptr<Pieces>(std::move(made));
}

}  // namespace understory::server
