#include "collect/form_language.h"

#include "foundation/text.h"

namespace understory::collect {

namespace {

constexpr std::pair<std::string_view, std::string_view> kNames[] = {
    {"en", "english"}, {"km", "khmer"}, {"ne", "nepali"},    {"hi", "hindi"},
    {"bn", "bengali"}, {"th", "thai"},  {"vi", "vietnamese"}};

}  // namespace

std::string language_code(std::string_view language) {
  const std::size_t open = language.rfind('('), close = language.rfind(')');
  if (open != std::string_view::npos && close == language.size() - 1 && open < close)
    return lower_ascii(trim(language.substr(open + 1, close - open - 1)));
  if (language.size() == 2 || language.size() == 3) return lower_ascii(language);
  const std::string name = lower_ascii(language);
  for (const auto& [code, english] : kNames)
    if (name.rfind(english, 0) == 0) return std::string(code);
  return {};
}

std::string nearest_language(const std::vector<std::string>& languages, std::string_view page_language) {
  if (languages.empty()) return "";
  for (const std::string& each : languages)
    if (language_code(each) == page_language) return each;
  return languages.front();
}

}  // namespace understory::collect
