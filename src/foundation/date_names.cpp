#include "foundation/date_names.h"

#include <unicode/dtfmtsym.h>
#include <unicode/locid.h>
#include <unicode/unistr.h>

#include <array>
#include <map>

namespace understory {

namespace {

struct Names {
  std::array<std::string, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::array<std::string, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
};

// A language ICU does not have would get the names of this machine's own.
bool known(const icu::Locale& locale) {
  int32_t count = 0;
  const icu::Locale* all = icu::Locale::getAvailableLocales(count);
  for (int32_t i = 0; i < count; ++i)
    if (std::string_view(all[i].getLanguage()) == locale.getLanguage()) return true;
  return false;
}

Names names_in(const std::string& language) {
  Names names;
  if (language.empty() || language == "en") return names;
  const icu::Locale locale((language + "@calendar=gregorian").c_str());  // Thai counts years otherwise, not months
  if (!known(locale)) return names;
  UErrorCode status = U_ZERO_ERROR;
  const icu::DateFormatSymbols symbols(locale, status);
  if (U_FAILURE(status)) return names;
  const auto take = [](auto& names, const icu::UnicodeString* from, int32_t count, std::size_t skipped) {
    for (std::size_t i = 0; i < names.size() && i + skipped < static_cast<std::size_t>(count); ++i) {
      names[i].clear();
      from[i + skipped].toUTF8String(names[i]);
    }
  };
  int32_t count = 0;
  const icu::UnicodeString* found =
      symbols.getMonths(count, icu::DateFormatSymbols::FORMAT, icu::DateFormatSymbols::ABBREVIATED);
  take(names.months, found, count, 0);
  found = symbols.getWeekdays(count, icu::DateFormatSymbols::FORMAT, icu::DateFormatSymbols::ABBREVIATED);
  take(names.days, found, count, 1);  // ICU counts them from 1
  return names;
}

const Names& names_of(std::string_view language) {
  constexpr std::size_t kMost = 50;  // languages; a form may name any
  thread_local std::map<std::string, Names, std::less<>> kept;
  if (const auto found = kept.find(language); found != kept.end()) return found->second;
  if (kept.size() >= kMost) kept.clear();
  const std::string name(language.substr(0, 20));
  return kept[name] = names_in(name);
}

}  // namespace

std::string short_month(int month, std::string_view language) {
  return month >= 1 && month <= 12 ? names_of(language).months[static_cast<std::size_t>(month - 1)] : std::string();
}

std::string short_day(int day, std::string_view language) {
  return day >= 0 && day <= 6 ? names_of(language).days[static_cast<std::size_t>(day)] : std::string();
}

}  // namespace understory
