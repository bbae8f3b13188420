// The words people read, one file per language (languages/<code>.json), in ICU message syntax:
//   "findings.asked": "{n, plural, one {# person was} other {# people were}} asked."
// English is complete; a key a language lacks falls back to English. Keys that start with "_" are about the file:
// "_name" (the language's own name), "_checked" ("yes" once a native speaker has read it all).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "foundation/problem.h"

namespace understory {

// Names said one after the other; one that begins with "#" is a catalogue key.
struct Names {
  std::vector<std::string> list;
};

// A sentence that is not yet in a language: its key and what goes into it.
struct Message {
  using Value = std::variant<std::string, std::int64_t, double, Names>;
  std::string key;
  std::vector<std::pair<std::string, Value>> arguments;
};

class Catalogue {
 public:
  // Unknown languages answer in English. The object lives as long as the program.
  static const Catalogue& of(std::string_view language);
  // Codes pages are offered in, English first, then by code.
  static const std::vector<std::string>& languages();

  std::string_view language() const { return language_; }
  bool has(std::string_view key) const;  // in this very language
  bool checked() const;                  // has a native speaker read it?
  // All of them, ordered by key: English, and this language's (English again where it has none). Sentences of problems
  // are not among them: their English stands with the problems.
  struct Sentence {
    std::string key, english, words;
  };
  std::vector<Sentence> sentences() const;
  // An unknown key comes back as itself in ⟦ ⟧, which a test looks for on every page.
  std::string say(const Message& message) const;
  std::string say(std::string_view key) const { return say(Message{std::string(key), {}}); }
  std::string say(const Names& names) const;
  std::string sentence(const Problem& problem) const;
  // What a problem says in English within its sentence: a thing's name, a hint, a reason. Unknown ones stay English.
  std::string phrase(const std::string& english) const;
  // 0.674 → "67%"; digits and decimal point are the same in every language.
  std::string percent(double share, int decimals = 0) const;
  std::string number(double value, int decimals = 0) const;

  struct Words;  // the file's content

 private:
  explicit Catalogue(std::string language);
  std::string language_;
  const Words* words_ = nullptr;
  const Words* english_ = nullptr;
};

}  // namespace understory
