// Private to the room: see Workspace::write_together.
#pragma once
#include <condition_variable>
#include <mutex>
#include <vector>

#include "storage/workspace.h"

namespace understory::storage {

struct Workspace::Together {
  struct Piece {
    Work* work;
    bool done = false;
    std::exception_ptr wrong;
  };
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Piece*> waiting;
  bool somebody_works = false;
};

}  // namespace understory::storage
