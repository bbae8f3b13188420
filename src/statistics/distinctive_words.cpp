#include "statistics/distinctive_words.h"

#include <cmath>

namespace understory::statistics {

std::vector<Distinctive> distinctive_words(const std::vector<WordCount>& counts) {
  constexpr double kLeastPrior = 0.01;
  double first = 0, second = 0, prior = 0;
  for (const WordCount& count : counts) {
    first += static_cast<double>(count.first);
    second += static_cast<double>(count.second);
    prior += std::max(count.prior, kLeastPrior);
  }
  std::vector<Distinctive> result;
  for (const WordCount& count : counts) {
    const double alpha = std::max(count.prior, kLeastPrior), y1 = static_cast<double>(count.first) + alpha,
                 y2 = static_cast<double>(count.second) + alpha;
    const double rest1 = first + prior - y1, rest2 = second + prior - y2;
    if (rest1 <= 0 || rest2 <= 0) {  // there is no other word to have odds against
      result.push_back({count.word, 0, 0});
      continue;
    }
    const double delta = std::log(y1 / rest1) - std::log(y2 / rest2);
    result.push_back({count.word, delta, delta / std::sqrt(1 / y1 + 1 / y2)});
  }
  return result;
}

}  // namespace understory::statistics
