// Texts as weights of their character n-grams: what a machine can learn from where a script has no spaces (Khmer, Thai,
// Lao, Burmese). Orders 3 to 5, as in McNamee & Mayfield 2004 (Information Retrieval 7:73); weight = inverse document
// frequency, ln((1 + texts) / (1 + texts that have it)) + 1, of each n-gram that a text holds once or more; each text's
// weights have length 1.
#pragma once
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace understory::statistics {

struct GramVector {
  std::vector<std::uint32_t> features;  // numbers in the vocabulary, ascending
  std::vector<float> weights;           // beside them; squares sum to 1 (or there are none)
};

// Σ of products: 0 … 1, the cosine of two texts.
double similarity(const GramVector& left, const GramVector& right);

class GramVocabulary {
 public:
  // The n-grams that stand in at least `in_at_least` of the texts. Texts are UTF-8, folded (foundation's fold());
  // n-grams that hold "▮", a hidden passage, are left out. They are told apart by a 64-bit hash.
  explicit GramVocabulary(const std::vector<std::string_view>& folded, int in_at_least = 2);

  std::size_t size() const { return weights_.size(); }
  // Of a text of the vocabulary or any other; n-grams outside the vocabulary say nothing.
  GramVector vector_of(std::string_view folded) const;

  struct Place {  // an n-gram in a text
    std::uint32_t start, end, feature;
  };
  // Every n-gram of the vocabulary, wherever it stands, in bytes of the text.
  std::vector<Place> places_in(std::string_view folded) const;

 private:
  std::unordered_map<std::uint64_t, std::uint32_t> features_;  // hash → number
  std::vector<float> weights_;
};

}  // namespace understory::statistics
