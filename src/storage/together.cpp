// One commit for all who wait at the same moment: a disk that is asked to keep something a hundred times a second can
// keep a thousand things.
#include "storage/together.h"

namespace understory::storage {

namespace {

constexpr std::ptrdiff_t kMost = 64;  // in one transaction: nobody waits for more than that of others' work

}  // namespace

void Workspace::write_together(const std::function<void(Transaction&)>& work) {
  using Piece = Together::Piece;
  const auto alone = [&](Piece& piece) {
    try {
      Transaction transaction = write();
      (*piece.work)(transaction);
      transaction.commit();
    } catch (...) {
      piece.wrong = std::current_exception();
    }
  };
  const auto all = [&](const std::vector<Piece*>& pieces) {
    if (pieces.size() > 1) try {
        Transaction transaction = write();
        for (Piece* piece : pieces) (*piece->work)(transaction);
        transaction.commit();
        return;
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
    all(group);
    lock.lock();
    for (Piece* piece : group) piece->done = true;
    shared.somebody_works = false;
    shared.changed.notify_all();
  }
  lock.unlock();
  if (mine.wrong) std::rethrow_exception(mine.wrong);
}

}  // namespace understory::storage
