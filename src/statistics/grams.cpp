#include "statistics/grams.h"

#include <algorithm>
#include <cmath>

namespace understory::statistics {

namespace {

constexpr int kShortest = 3, kLongest = 5;
constexpr std::string_view kHidden = "▮";

// FNV-1a over the bytes, then splitmix64's last steps so that near n-grams lie far apart.
std::uint64_t hash_of(std::string_view gram) {
  std::uint64_t hash = 0xCBF29CE484222325ull;
  for (const char byte : gram) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3ull;
  hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9ull;
  hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBull;
  return hash ^ (hash >> 31);
}

// Calls take(start, end) for every n-gram; characters are code points.
template <typename Take>
void each_gram(std::string_view text, const Take& take) {
  std::vector<std::uint32_t> starts;  // of code points
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) starts.push_back(static_cast<std::uint32_t>(i));
  const std::size_t characters = starts.size();
  starts.push_back(static_cast<std::uint32_t>(text.size()));
  std::size_t open_from = 0;  // the character after the last hidden one
  for (std::size_t last = 0; last < characters; ++last) {
    if (text.substr(starts[last], starts[last + 1] - starts[last]) == kHidden) {
      open_from = last + 1;
      continue;
    }
    for (int order = kShortest; order <= kLongest && last + 1 >= open_from + order; ++order)
      take(starts[last + 1 - order], starts[last + 1]);
  }
}

std::vector<std::uint64_t> distinct_grams(std::string_view text) {
  std::vector<std::uint64_t> grams;
  each_gram(text,
            [&](std::uint32_t start, std::uint32_t end) { grams.push_back(hash_of(text.substr(start, end - start))); });
  std::sort(grams.begin(), grams.end());
  grams.erase(std::unique(grams.begin(), grams.end()), grams.end());
  return grams;
}

}  // namespace

double similarity(const GramVector& left, const GramVector& right) {
  double sum = 0;
  for (std::size_t i = 0, j = 0; i < left.features.size() && j < right.features.size();) {
    if (left.features[i] == right.features[j])
      sum += double{left.weights[i++]} * right.weights[j++];
    else if (left.features[i] < right.features[j])
      ++i;
    else
      ++j;
  }
  return sum;
}

GramVocabulary::GramVocabulary(const std::vector<std::string_view>& folded, int in_at_least) {
  std::vector<std::uint64_t> all;
  for (const std::string_view text : folded) {
    const std::vector<std::uint64_t> grams = distinct_grams(text);
    all.insert(all.end(), grams.begin(), grams.end());
  }
  std::sort(all.begin(), all.end());
  for (std::size_t i = 0; i < all.size();) {
    const std::size_t from = i;
    while (i < all.size() && all[i] == all[from]) ++i;
    if (static_cast<int>(i - from) < in_at_least) continue;
    features_.emplace(all[from], static_cast<std::uint32_t>(weights_.size()));
    weights_.push_back(static_cast<float>(
        std::log((1.0 + static_cast<double>(folded.size())) / (1.0 + static_cast<double>(i - from))) + 1.0));
  }
}

GramVector GramVocabulary::vector_of(std::string_view folded) const {
  GramVector result;
  for (const std::uint64_t gram : distinct_grams(folded))
    if (const auto found = features_.find(gram); found != features_.end()) result.features.push_back(found->second);
  std::sort(result.features.begin(), result.features.end());
  double squares = 0;
  for (const std::uint32_t feature : result.features) squares += double{weights_[feature]} * weights_[feature];
  for (const std::uint32_t feature : result.features)
    result.weights.push_back(static_cast<float>(weights_[feature] / std::sqrt(squares)));
  return result;
}

std::vector<GramVocabulary::Place> GramVocabulary::places_in(std::string_view folded) const {
  std::vector<Place> places;
  each_gram(folded, [&](std::uint32_t start, std::uint32_t end) {
    if (const auto found = features_.find(hash_of(folded.substr(start, end - start))); found != features_.end())
      places.push_back({start, end, found->second});
  });
  return places;
}

}  // namespace understory::statistics
