// Long work tells how far it is, and can be told to stop.
#pragma once
#include <cstdint>
#include <functional>
#include <string_view>

namespace understory {

// Called with what is being done, how much is done and of how much (0: not known yet). Returns false to stop the work.
// Called at most a few hundred times for one piece of work; the callee decides how often to show it.
using Progress = std::function<bool(std::string_view what, std::int64_t done, std::int64_t of)>;

inline bool report(const Progress& progress, std::string_view what, std::int64_t done, std::int64_t of) {
  return !progress || progress(what, done, of);
}

}  // namespace understory
