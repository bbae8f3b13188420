#include "statistics/one_vs_rest.h"

#include <cmath>

#include "statistics/random.h"

namespace understory::statistics {

namespace {

float logistic(float sum) { return 1.0f / (1.0f + std::exp(-sum)); }

// An error this small moves nothing a person could see; most classes are there after the first passes, and skipping
// them is what makes learning fast.
constexpr float kLearnt = 0.01f;

}  // namespace

OneVsRest::OneVsRest(const std::vector<GramVector>& texts, const std::vector<std::vector<int>>& classes_of, int classes,
                     std::size_t features, const Learning& learning)
    : stride_(static_cast<std::size_t>(classes)), weights_(features * stride_), base_(stride_) {
  std::vector<float> squares(weights_.size(), 0.0f), base_squares(stride_, 0.0f);  // of gradients so far
  std::vector<float> sums_of_text(stride_);
  std::vector<std::uint32_t> order(texts.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
  Random random(learning.seed);
  const float step = static_cast<float>(learning.step), penalty = static_cast<float>(learning.penalty);
  std::vector<std::pair<int, float>> wrong;  // class, error
  for (int pass = 0; pass < learning.passes; ++pass) {
    for (std::size_t i = order.size(); i > 1; --i)
      std::swap(order[i - 1], order[random.below(static_cast<std::uint32_t>(i))]);
    for (const std::uint32_t each : order) {
      sums(texts[each], sums_of_text);
      wrong.clear();
      auto own = classes_of[each].begin();
      for (int of_class = 0; of_class < classes; ++of_class) {
        const bool is = own != classes_of[each].end() && *own == of_class;
        if (is) ++own;
        const float error = logistic(sums_of_text[of_class]) - (is ? 1.0f : 0.0f);
        if (std::abs(error) > kLearnt) wrong.emplace_back(of_class, error);
      }
      for (const auto& [of_class, error] : wrong) {
        base_squares[of_class] += error * error;
        base_[of_class] -= step * error / std::sqrt(base_squares[of_class]);
      }
      for (std::size_t i = 0; i < texts[each].features.size(); ++i) {
        const std::size_t row = texts[each].features[i] * stride_;
        for (const auto& [of_class, error] : wrong) {
          float& weight = weights_[row + of_class];
          const float gradient = error * texts[each].weights[i] + penalty * weight;
          float& sum = squares[row + of_class];
          sum += gradient * gradient;
          if (sum > 0) weight -= step * gradient / std::sqrt(sum);
        }
      }
    }
  }
}

void OneVsRest::sums(const GramVector& text, std::vector<float>& into) const {
  into = base_;
  for (std::size_t i = 0; i < text.features.size(); ++i) {
    const float* row = &weights_[text.features[i] * stride_];
    const float weight = text.weights[i];
    for (std::size_t of_class = 0; of_class < stride_; ++of_class) into[of_class] += weight * row[of_class];
  }
}

std::vector<double> OneVsRest::chances(const GramVector& text) const {
  std::vector<float> sums_of_text(stride_);
  sums(text, sums_of_text);
  std::vector<double> result;
  for (const float sum : sums_of_text) result.push_back(1.0 / (1.0 + std::exp(-double{sum})));
  return result;
}

}  // namespace understory::statistics
