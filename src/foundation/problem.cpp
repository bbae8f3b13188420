#include "foundation/problem.h"

namespace understory {

std::string Problem::sentence() const {
  const std::string_view pattern = kind_->english;
  std::string out;
  for (std::size_t i = 0; i < pattern.size();) {
    const std::size_t close = pattern[i] == '{' ? pattern.find('}', i) : std::string_view::npos;
    if (close == std::string_view::npos) {
      out += pattern[i++];
      continue;
    }
    const auto found = details_.find(pattern.substr(i + 1, close - i - 1));
    if (found != details_.end()) out += found->second;
    i = close + 1;
  }
  // A detail that was left empty leaves a space behind.
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace understory
