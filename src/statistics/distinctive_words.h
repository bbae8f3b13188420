// Which words one group uses more than another: log-odds with an informative Dirichlet prior (Monroe, Colaresi & Quinn
// 2008, Political Analysis 16:372, equations 15–22).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace understory::statistics {

struct WordCount {
  std::string word;
  std::int64_t first = 0, second = 0;  // in the two groups' words
  double prior = 0;                    // α of the word, > 0: its share of a background corpus times the prior's weight
};
struct Distinctive {
  std::string word;
  double log_odds = 0;  // > 0: the first group's word
  double z = 0;         // log_odds over its standard deviation
};
// In the order given. Σ prior is the prior's weight in words; a word with prior 0 is given 0.01.
std::vector<Distinctive> distinctive_words(const std::vector<WordCount>& counts);

}  // namespace understory::statistics
