#include "study/machine_coder.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <set>

#include "foundation/text.h"
#include "statistics/grams.h"
#include "statistics/one_vs_rest.h"
#include "statistics/random.h"

namespace understory::study {

namespace {

using statistics::GramVector;
using statistics::GramVocabulary;
using statistics::OneVsRest;

// A threshold that let through fewer than this would be chance.
constexpr int kFewest = 5;
constexpr std::size_t kWords = 5, kLike = 3;
constexpr double kAlike = 0.1;  // cosine; below it two passages share hardly more than the language

struct Judged {
  double chance;
  bool is;
};

// The chance from which on suggesting does best (F1), of those where what lies above it is right often enough.
std::optional<double> threshold_for(std::vector<Judged> judged, double precision) {
  std::sort(judged.begin(), judged.end(),
            [](const Judged& left, const Judged& right) { return left.chance > right.chance; });
  const auto coded = std::count_if(judged.begin(), judged.end(), [](const Judged& each) { return each.is; });
  std::optional<double> best;
  double best_f1 = 0;
  int right = 0;
  for (std::size_t i = 0; i < judged.size(); ++i) {
    right += judged[i].is;
    const bool tie = i + 1 < judged.size() && judged[i + 1].chance == judged[i].chance;
    const int taken = static_cast<int>(i) + 1;
    const double f1 = 2.0 * right / static_cast<double>(taken + coded);
    if (tie || taken < kFewest || right < precision * taken || f1 <= best_f1) continue;
    best = judged[i].chance;
    best_f1 = f1;
  }
  return best;
}

class Learner {
 public:
  Learner(const std::vector<PassageToLearn>& passages, const std::vector<int>& parent_of,
          const std::vector<bool>& wanted, const MachineOptions& options, const Progress& progress)
      : passages_(passages), parent_of_(parent_of), wanted_(wanted), options_(options), progress_(progress) {}

  Result<Learnt> run() {
    choose_codes();
    if (codes_.empty()) return std::move(learnt_);
    for (std::size_t i = 0; i < passages_.size(); ++i)
      if (passages_[i].is_read) read_.push_back(static_cast<int>(i));
    make_folds();
    for (int fold = 0; fold < folds_; ++fold) {
      if (!report(progress_, "progress.learning", fold, folds_ + 1)) return fail(problems::kStopped);
      judge(fold);
    }
    if (!report(progress_, "progress.learning", folds_, folds_ + 1)) return fail(problems::kStopped);
    measure();
    suggest();
    return std::move(learnt_);
  }

 private:
  void choose_codes() {
    std::vector<int> passages(parent_of_.size(), 0);
    std::vector<std::set<int>> sources(parent_of_.size());
    for (const PassageToLearn& passage : passages_)
      for (const int code : passage.codes) {
        ++passages[code];
        sources[code].insert(passage.source);
      }
    class_of_.assign(parent_of_.size(), -1);
    for (std::size_t code = 0; code < parent_of_.size(); ++code) {
      if (!wanted_[code] || passages[code] == 0) continue;
      if (passages[code] < options_.least || static_cast<int>(sources[code].size()) < options_.least_sources) {
        ++learnt_.too_few;
        continue;
      }
      class_of_[code] = static_cast<int>(codes_.size());
      codes_.push_back(static_cast<int>(code));
    }
  }

  // Each language's sources are dealt out in turn, in an order drawn from the seed.
  void make_folds() {
    std::map<std::string, std::vector<int>> by_language;
    for (const int each : read_) {
      std::vector<int>& sources = by_language[passages_[each].language];
      if (std::find(sources.begin(), sources.end(), passages_[each].source) == sources.end())
        sources.push_back(passages_[each].source);
    }
    statistics::Random random(options_.seed);
    int next = 0;
    std::map<int, int> fold_of_source;
    for (auto& [language, sources] : by_language) {
      for (std::size_t i = sources.size(); i > 1; --i)
        std::swap(sources[i - 1], sources[random.below(static_cast<std::uint32_t>(i))]);
      for (const int source : sources) fold_of_source[source] = next++ % options_.folds;
    }
    folds_ = std::min(options_.folds, next);
    for (const int each : read_) fold_.push_back(fold_of_source[passages_[each].source]);
    chances_.resize(read_.size());
  }

  std::vector<int> classes_of(const std::vector<int>& codes) const {
    std::vector<int> classes;
    for (const int code : codes)
      if (class_of_[code] >= 0) classes.push_back(class_of_[code]);
    return classes;  // ascending: codes_ is
  }

  struct Model {
    GramVocabulary vocabulary;
    std::vector<GramVector> vectors;  // of the passages it learnt from
    OneVsRest classes;
  };
  Model model_of(const std::vector<int>& passages) const {
    std::vector<std::string_view> texts;
    for (const int each : passages) texts.push_back(passages_[each].text);
    GramVocabulary vocabulary(texts);
    std::vector<GramVector> vectors;
    std::vector<std::vector<int>> classes;
    for (const int each : passages) {
      vectors.push_back(vocabulary.vector_of(passages_[each].text));
      classes.push_back(classes_of(passages_[each].codes));
    }
    // Passages first: `vectors` is cut to them afterwards.
    for (const int each : passages)
      for (const PassageToLearn::Quote& quote : passages_[each].quotes) {
        vectors.push_back(vocabulary.vector_of(quote.text));
        classes.push_back(classes_of(quote.codes));
      }
    OneVsRest learnt(vectors, classes, static_cast<int>(codes_.size()), vocabulary.size(), {.seed = options_.seed});
    vectors.resize(passages.size());
    return {std::move(vocabulary), std::move(vectors), std::move(learnt)};
  }

  void judge(int fold) {
    std::vector<int> others;
    for (std::size_t i = 0; i < read_.size(); ++i)
      if (fold_[i] != fold) others.push_back(read_[i]);
    const Model model = model_of(others);
    for (std::size_t i = 0; i < read_.size(); ++i)
      if (fold_[i] == fold) chances_[i] = model.classes.chances(model.vocabulary.vector_of(passages_[read_[i]].text));
  }

  bool is_coded(std::size_t read, int of_class) const {
    const std::vector<int>& codes = passages_[read_[read]].codes;
    return std::binary_search(codes.begin(), codes.end(), codes_[of_class]);
  }
  std::optional<double> threshold_without(int of_class, int fold) const {  // fold -1: with all
    std::vector<Judged> judged;
    for (std::size_t i = 0; i < read_.size(); ++i)
      if (fold_[i] != fold) judged.push_back({chances_[i][of_class], is_coded(i, of_class)});
    return threshold_for(std::move(judged), options_.precision);
  }

  void measure() {
    thresholds_.resize(codes_.size());
    for (int of_class = 0; of_class < static_cast<int>(codes_.size()); ++of_class) {
      std::vector<std::optional<double>> without;
      for (int fold = 0; fold < folds_; ++fold) without.push_back(threshold_without(of_class, fold));
      std::map<std::string, Measured> by_language;
      Measured all;
      for (std::size_t i = 0; i < read_.size(); ++i) {
        Measured one{.passages = 1, .coded = is_coded(i, of_class)};
        if (const auto& threshold = without[fold_[i]]; threshold && chances_[i][of_class] >= *threshold) {
          one.suggested = 1;
          one.right = one.coded;
        }
        all.add(one);
        by_language[passages_[read_[i]].language].add(one);
      }
      thresholds_[of_class] = threshold_without(of_class, -1);
      const bool abstains = !thresholds_[of_class] || all.suggested == 0 || all.precision() < options_.precision;
      learnt_.lines.push_back({codes_[of_class], "", all, abstains});
      for (const auto& [language, measured] : by_language) {
        const bool worse = measured.suggested >= kFewest && measured.precision() < options_.precision;
        learnt_.lines.push_back({codes_[of_class], language, measured, abstains || worse});
        if (abstains || worse) silent_.emplace(of_class, language);
      }
      if (abstains) thresholds_[of_class].reset();
    }
  }

  void suggest() {
    const Model model = model_of(read_);
    for (std::size_t i = 0; i < passages_.size(); ++i) {
      const PassageToLearn& passage = passages_[i];
      if (!passage.codes.empty()) continue;
      const GramVector vector = model.vocabulary.vector_of(passage.text);
      if (vector.features.empty()) continue;
      const std::vector<double> chances = model.classes.chances(vector);
      std::vector<int> found;
      for (int of_class = 0; of_class < static_cast<int>(codes_.size()); ++of_class)
        if (thresholds_[of_class] && chances[of_class] >= *thresholds_[of_class] &&
            !silent_.contains({of_class, passage.language}))
          found.push_back(of_class);
      std::sort(found.begin(), found.end(), [&](int left, int right) {
        return chances[left] != chances[right] ? chances[left] > chances[right] : left < right;
      });
      for (const int of_class : found) {
        const bool has_lower =
            std::any_of(found.begin(), found.end(), [&](int other) { return lies_below(other, of_class); });
        if (has_lower) continue;
        learnt_.suggested.push_back(
            {static_cast<int>(i), codes_[of_class], chances[of_class], reason_for(model, passage, vector, of_class)});
      }
    }
  }
  bool lies_below(int of_class, int other) const {
    for (int code = parent_of_[codes_[of_class]]; code >= 0; code = parent_of_[code])
      if (code == codes_[other]) return true;
    return false;
  }

  Reason reason_for(const Model& model, const PassageToLearn& passage, const GramVector& vector, int of_class) const {
    Reason reason;
    // What each n-gram adds is spread over its bytes; a word is worth what lies on it.
    std::vector<double> worth(passage.text.size() + 1, 0.0);  // sums up to each byte
    for (const GramVocabulary::Place& place : model.vocabulary.places_in(passage.text)) {
      const auto at = std::lower_bound(vector.features.begin(), vector.features.end(), place.feature);
      const double adds = model.classes.weight(place.feature, of_class) * vector.weights[at - vector.features.begin()];
      for (std::uint32_t byte = place.start; byte < place.end; ++byte)
        worth[byte + 1] += adds / (place.end - place.start);
    }
    std::partial_sum(worth.begin(), worth.end(), worth.begin());
    std::map<std::string, double> by_word;
    for (const Span& word : words(passage.text, passage.language)) {
      const std::string text = passage.text.substr(word.start, word.length());
      if (text.find("▮") == std::string::npos) by_word[text] += worth[word.end] - worth[word.start];
    }
    std::vector<std::pair<double, std::string>> ranked;
    for (const auto& [word, adds] : by_word)
      if (adds > 0) ranked.emplace_back(-adds, word);
    std::sort(ranked.begin(), ranked.end());
    for (std::size_t i = 0; i < std::min(kWords, ranked.size()); ++i) reason.words.push_back(ranked[i].second);

    std::vector<std::pair<double, int>> alike;
    for (std::size_t i = 0; i < read_.size(); ++i)
      if (is_coded(i, of_class))
        if (const double cosine = similarity(vector, model.vectors[i]); cosine >= kAlike)
          alike.emplace_back(-cosine, read_[i]);
    std::sort(alike.begin(), alike.end());
    for (std::size_t i = 0; i < std::min(kLike, alike.size()); ++i) reason.like.push_back(alike[i].second);
    return reason;
  }

  const std::vector<PassageToLearn>& passages_;
  const std::vector<int>& parent_of_;
  const std::vector<bool>& wanted_;
  const MachineOptions& options_;
  const Progress& progress_;
  Learnt learnt_;
  std::vector<int> codes_;                         // of each class
  std::vector<int> class_of_;                      // of each code; -1: not learnt
  std::vector<int> read_;                          // passages that people read
  std::vector<int> fold_;                          // beside read_
  std::vector<std::vector<double>> chances_;       // beside read_: held out
  std::vector<std::optional<double>> thresholds_;  // by class; none: abstains
  std::set<std::pair<int, std::string>> silent_;   // class and language
  int folds_ = 0;
};

}  // namespace

void Measured::add(const Measured& other) {
  passages += other.passages;
  coded += other.coded;
  suggested += other.suggested;
  right += other.right;
}

Result<Learnt> learn(const std::vector<PassageToLearn>& passages, const std::vector<int>& parent_of,
                     const std::vector<bool>& wanted, const MachineOptions& options, const Progress& progress) {
  return Learner(passages, parent_of, wanted, options, progress).run();
}

}  // namespace understory::study
