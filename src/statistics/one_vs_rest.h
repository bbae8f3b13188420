// One logistic model for each class, against all others: P(class | text) = 1 / (1 + exp(−(b + Σ w x))). Learnt by
// AdaGrad (Duchi, Hazan & Singer 2011, JMLR 12:2121) on the logistic loss with a quadratic penalty on the weights,
// texts in an order drawn anew for each pass from the seed: the same texts and seed learn the same.
#pragma once
#include <cstdint>
#include <vector>

#include "statistics/grams.h"

namespace understory::statistics {

struct Learning {
  int passes = 20;        // over all texts, ≥ 1
  double step = 0.2;      // > 0
  double penalty = 1e-5;  // on squared weights, ≥ 0
  std::uint64_t seed = 1;
};

class OneVsRest {
 public:
  // `classes_of`: for each text the classes it belongs to, 0 … classes − 1, ascending (none, one or several).
  // `features`: the size of the vocabulary.
  OneVsRest(const std::vector<GramVector>& texts, const std::vector<std::vector<int>>& classes_of, int classes,
            std::size_t features, const Learning& learning = {});

  std::vector<double> chances(const GramVector& text) const;  // for each class, 0 … 1
  double weight(std::uint32_t feature, int of_class) const { return weights_[feature * stride_ + of_class]; }

 private:
  void sums(const GramVector& text, std::vector<float>& into) const;
  std::size_t stride_;
  std::vector<float> weights_;  // feature × class: one text touches few features and all classes
  std::vector<float> base_;     // b
};

}  // namespace understory::statistics
