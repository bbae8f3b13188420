#include "collect/export/read_ahead.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

namespace understory::collect {

namespace {

// How far the walk may be ahead: so that neither waits for the other at each submission, and a form of pictures in its
// text does not fill the memory.
constexpr std::size_t kBatch = 64, kBatchBytes = 128'000, kBatchesAhead = 2;

// An Opened that outlives the row it was read from.
struct Kept {
  Submission submission;
  std::string xml, submitter;
  Opened rest;

  explicit Kept(const Opened& opened)
      : submission(opened.submission), xml(opened.xml), submitter(opened.submitter), rest(opened) {}
  Opened opened() const { return {submission, xml, rest.unreadable, submitter, rest.encrypted, rest.signature}; }
};
using Batch = std::vector<Kept>;

// Batches on their way from one thread to another.
class Belt {
 public:
  // False: nobody takes any more.
  bool put(Batch batch) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return batches_.size() < kBatchesAhead || stopped_; });
    if (stopped_) return false;
    batches_.push_back(std::move(batch));
    filled_.notify_one();
    return true;
  }
  void end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    filled_.notify_one();
  }
  // Nothing: that was all.
  std::optional<Batch> take() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [&] { return !batches_.empty() || ended_; });
    if (batches_.empty()) return std::nullopt;
    Batch batch = std::move(batches_.front());
    batches_.pop_front();
    room_.notify_one();
    return batch;
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    room_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable room_, filled_;
  std::deque<Batch> batches_;
  bool ended_ = false, stopped_ = false;
};

void read_all(Belt& belt, const std::function<bool(const Opened&)>& reader, std::exception_ptr& thrown) {
  try {
    while (const auto batch = belt.take())
      for (const Kept& kept : *batch)
        if (!reader(kept.opened())) return belt.stop();
  } catch (...) {
    thrown = std::current_exception();
    belt.stop();
  }
}

}  // namespace

Walk read_ahead(Walk walk) {
  return [walk = std::move(walk)](const std::function<bool(const Opened&)>& reader) {
    Belt belt;
    std::exception_ptr thrown;
    {
      std::jthread second([&] { read_all(belt, reader, thrown); });
      // However the walk ends, the second thread learns of it before it is waited for.
      const struct AtEnd {
        Belt& belt;
        ~AtEnd() { belt.end(); }
      } at_end{belt};
      Batch batch;
      std::size_t bytes = 0;
      bool wanted = true;
      walk([&](const Opened& opened) {
        batch.emplace_back(opened);
        bytes += opened.xml.size();
        if (batch.size() < kBatch && bytes < kBatchBytes) return true;
        bytes = 0;
        return wanted = belt.put(std::exchange(batch, {}));
      });
      if (wanted && !batch.empty()) belt.put(std::move(batch));
    }
    if (thrown) std::rethrow_exception(thrown);
  };
}

}  // namespace understory::collect
