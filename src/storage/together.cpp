// One commit for all who wait at the same moment: a disk that is asked to keep something a hundred times a second can
// keep a thousand things.
#include "storage/together.h"

#include <algorithm>
#include <typeinfo>

namespace understory::storage {

namespace {

constexpr std::ptrdiff_t kMost = 64;  // in one transaction: nobody waits for more than that of others' work

// Each class of them by itself, in the order they came.
void keep_all(Transaction& transaction, std::vector<Work*> all) {
  while (!all.empty()) {
    const std::type_info& kind = typeid(*all.front());
    const auto others =
        std::stable_partition(all.begin(), all.end(), [&](const Work* each) { return typeid(*each) == kind; });
    all.front()->keep(transaction, {all.begin(), others});
    all.erase(all.begin(), others);
  }
  transaction.commit();
}

class OneByOne final : public Work {
 public:
  explicit OneByOne(const std::function<void(Transaction&)>& work) : work_(work) {}
  void keep(Transaction& transaction, std::span<Work* const> all) override {
    for (Work* each : all) static_cast<OneByOne*>(each)->work_(transaction);
  }

 private:
  const std::function<void(Transaction&)>& work_;
};

}  // namespace

void Workspace::write_together(Work& work) {
  using Piece = Together::Piece;
  const auto keep = [&](const std::vector<Piece*>& pieces) {
    std::vector<Work*> all;
    for (const Piece* piece : pieces) all.push_back(piece->work);
    Transaction transaction = write(false);
    keep_all(transaction, std::move(all));
  };
  const auto alone = [&](Piece& piece) {
    try {
      keep({&piece});
    } catch (...) {
      piece.wrong = std::current_exception();
    }
  };
  const auto together = [&](const std::vector<Piece*>& pieces) {
    if (pieces.size() > 1) try {
        return keep(pieces);
      } catch (...) {
        // Nothing was kept; each by itself tells whose fault it was.
      }
    for (Piece* piece : pieces) alone(*piece);
  };

  Together& shared = *together_;
  Piece mine{&work, false, nullptr};
  std::unique_lock lock(shared.mutex);
  shared.waiting.push_back(&mine);
  while (!mine.done) {
    if (shared.somebody_works) {
      shared.changed.wait(lock);
      continue;
    }
    shared.somebody_works = true;
    const auto end = shared.waiting.begin() + std::min(std::ssize(shared.waiting), kMost);
    const std::vector<Piece*> group(shared.waiting.begin(), end);
    shared.waiting.erase(shared.waiting.begin(), end);
    lock.unlock();
    together(group);
    lock.lock();
    for (Piece* piece : group) piece->done = true;
    shared.somebody_works = false;
    shared.changed.notify_all();
  }
  lock.unlock();
  if (mine.wrong) std::rethrow_exception(mine.wrong);
}

void Workspace::write_together(const std::function<void(Transaction&)>& work) {
  OneByOne one(work);
  write_together(one);
}

}  // namespace understory::storage
