#include "foundation/catalogue.h"

#include <unicode/msgfmt.h>
#include <unicode/numberformatter.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <unordered_map>

#include "foundation/resource.h"

namespace understory {

struct Catalogue::Words {
  std::string language;
  std::unordered_map<std::string, std::string> patterns;
  icu::Locale locale;
  // MessageFormat::format is not const-safe across threads in every version; formats are cheap to keep per thread.
  mutable std::mutex mutex;
  mutable std::unordered_map<std::string, std::unique_ptr<icu::MessageFormat>> formats;
};

namespace foundation {
std::span<const Resource> resources();
}

namespace {

std::string to_utf8(const icu::UnicodeString& text) {
  std::string out;
  text.toUTF8String(out);
  return out;
}

void read_object(const boost::json::object& object, const std::string& prefix,
                 std::unordered_map<std::string, std::string>& into) {
  for (const auto& [key, value] : object) {
    const std::string path = prefix.empty() ? std::string(key) : prefix + "." + std::string(key);
    if (value.is_object())
      read_object(value.as_object(), path, into);
    else
      into[path] = std::string(value.as_string());
  }
}

const std::map<std::string, std::unique_ptr<Catalogue::Words>>& all_words() {
  static const auto words = [] {
    std::map<std::string, std::unique_ptr<Catalogue::Words>> made;
    for (const Resource& resource : foundation::resources()) {
      auto entry = std::make_unique<Catalogue::Words>();
      entry->language = std::string(resource.name.substr(10, resource.name.size() - 15));  // languages/xx.json
      read_object(boost::json::parse(resource.content).as_object(), "", entry->patterns);
      // Latin digits everywhere: tables of two languages line up, and nobody misreads a number.
      entry->locale = icu::Locale((entry->language + "@numbers=latn").c_str());
      made[entry->language] = std::move(entry);
    }
    if (!made.contains("en")) throw std::logic_error("languages/en.json was not built in");
    return made;
  }();
  return words;
}

// Digits and decimal point are the same in every language: "[0,77, 1,00]" would be read wrongly beside "[0.77, 1.00]".
std::string format_number(double value, int decimals, bool percent) {
  UErrorCode error = U_ZERO_ERROR;
  if (std::abs(value) < 0.5 * std::pow(10.0, -decimals - (percent ? 2 : 0))) value = 0;  // never "-0.00"
  auto formatter = icu::number::NumberFormatter::withLocale(icu::Locale::getEnglish())
                       .precision(icu::number::Precision::fixedFraction(decimals));
  if (percent) formatter = formatter.unit(icu::NoUnit::percent()).scale(icu::number::Scale::powerOfTen(2));
  return to_utf8(formatter.formatDouble(value, error).toString(error));
}

}  // namespace

Catalogue::Catalogue(std::string language) : language_(std::move(language)) {
  words_ = all_words().at(language_).get();
  english_ = all_words().at("en").get();
}

const Catalogue& Catalogue::of(std::string_view language) {
  static const auto catalogues = [] {
    std::map<std::string, std::unique_ptr<Catalogue>, std::less<>> made;
    for (const auto& [code, words] : all_words()) made[code] = std::unique_ptr<Catalogue>(new Catalogue(code));
    return made;
  }();
  const auto found = catalogues.find(language);
  return *(found == catalogues.end() ? catalogues.find("en") : found)->second;
}

const std::vector<std::string>& Catalogue::languages() {
  static const auto list = [] {
    std::vector<std::string> codes{"en"};
    for (const auto& [code, words] : all_words())
      if (code != "en") codes.push_back(code);
    return codes;
  }();
  return list;
}

bool Catalogue::has(std::string_view key) const { return words_->patterns.contains(std::string(key)); }

bool Catalogue::checked() const {
  const auto found = words_->patterns.find("_checked");
  return found != words_->patterns.end() && found->second == "yes";
}

std::vector<Catalogue::Sentence> Catalogue::sentences() const {
  std::vector<Sentence> all;
  for (const auto& [key, english] : english_->patterns) {
    if (key.starts_with("_")) continue;
    const auto here = words_->patterns.find(key);
    all.push_back({key, english, here == words_->patterns.end() ? english : here->second});
  }
  for (const auto& [key, words] : words_->patterns)
    if (key.starts_with("phrase.")) all.push_back({key, key.substr(std::string_view("phrase.").size()), words});
  std::ranges::sort(all, {}, &Sentence::key);
  return all;
}

std::string Catalogue::say(const Message& message) const {
  const Words* words = words_;
  auto found = words->patterns.find(message.key);
  if (found == words->patterns.end()) {
    words = english_;
    found = words->patterns.find(message.key);
    if (found == words->patterns.end()) return "⟦" + message.key + "⟧";
  }
  if (found->second.find_first_of("{'") == std::string::npos) return found->second;  // nothing to put in
  std::vector<icu::UnicodeString> names;
  std::vector<icu::Formattable> values;
  for (const auto& [name, value] : message.arguments) {
    names.push_back(icu::UnicodeString::fromUTF8(name));
    if (const auto* text = std::get_if<std::string>(&value))
      values.emplace_back(icu::UnicodeString::fromUTF8(*text));
    else if (const auto* whole = std::get_if<std::int64_t>(&value))
      values.emplace_back(static_cast<int64_t>(*whole));
    else if (const auto* several = std::get_if<Names>(&value))
      values.emplace_back(icu::UnicodeString::fromUTF8(say(*several)));
    else
      values.emplace_back(std::get<double>(value));
  }
  const std::lock_guard lock(words->mutex);
  UErrorCode error = U_ZERO_ERROR;
  auto& format = words->formats[message.key];
  if (!format) {
    format = std::make_unique<icu::MessageFormat>(icu::UnicodeString::fromUTF8(found->second), words->locale, error);
    if (U_FAILURE(error))
      throw std::logic_error("languages/" + words->language + ".json: “" + message.key + "” is no ICU message");
  }
  icu::UnicodeString out;
  format->format(names.data(), values.data(), static_cast<std::int32_t>(names.size()), out, error);
  if (U_FAILURE(error))
    throw std::logic_error("languages/" + words->language + ".json: “" + message.key + "” cannot be filled");
  return to_utf8(out);
}

std::string Catalogue::say(const Names& names) const {
  std::string out;
  for (const std::string& name : names.list)
    out += (out.empty() ? "" : ", ") + (name.rfind('#', 0) == 0 ? say(name.substr(1)) : name);
  return out;
}

std::string Catalogue::phrase(const std::string& english) const {
  const auto found = words_->patterns.find("phrase." + english);
  return found == words_->patterns.end() ? english : found->second;
}

std::string Catalogue::sentence(const Problem& problem) const {
  const std::string key = "problem." + std::string(problem.code());
  if (!has(key)) return problem.sentence();
  Message message{key, {}};
  for (const auto& [name, value] : problem.details()) {
    // A place in capitals is a name of ours (“The question”); else it is a field, an option, a column.
    const bool ours = name == "what" || name == "reason" || name == "hint" ||
                      (name == "where" && !value.empty() && std::isupper(static_cast<unsigned char>(value[0])));
    message.arguments.emplace_back(name, ours ? phrase(value) : value);
  }
  if (const auto because = problem.details().find("because"); because != problem.details().end())
    if (Message reason{"problem." + because->second, message.arguments}; has(reason.key))
      for (auto& [name, value] : message.arguments)
        if (name == "reason") value = say(reason);  // reasons.h
  return say(message);
}

std::string Catalogue::percent(double share, int decimals) const { return format_number(share, decimals, true); }
std::string Catalogue::number(double value, int decimals) const { return format_number(value, decimals, false); }

}  // namespace understory
