#include "foundation/time_zone.h"

#include <fmt/format.h>
#include <unicode/strenum.h>
#include <unicode/timezone.h>

#include <ctime>
#include <memory>
#include <set>

namespace understory {

namespace {

// Of all places that ICU knows, or of those of one country.
std::set<int> offsets(const char* country, Milliseconds at) {
  std::set<int> found;
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::StringEnumeration> zones(
      icu::TimeZone::createTimeZoneIDEnumeration(UCAL_ZONE_TYPE_CANONICAL_LOCATION, country, nullptr, status));
  if (U_FAILURE(status) || !zones) return found;
  while (const icu::UnicodeString* id = zones->snext(status)) {
    if (U_FAILURE(status)) break;
    const std::unique_ptr<icu::TimeZone> zone(icu::TimeZone::createTimeZone(*id));
    int32_t plain = 0, summer = 0;
    zone->getOffset(static_cast<UDate>(at), false, plain, summer, status);
    if (U_SUCCESS(status)) found.insert((plain + summer) / 60'000);
  }
  return found;
}

}  // namespace

std::optional<int> offset_of_country(std::string_view country, Milliseconds at) {
  if (country.size() != 2) return std::nullopt;
  const std::set<int> found = offsets(std::string(country).c_str(), at);
  if (found.size() != 1) return std::nullopt;
  return *found.begin();
}

int offset_of_machine(Milliseconds at) {
  const std::time_t seconds = at / 1000;
  std::tm local{};
  return localtime_r(&seconds, &local) ? static_cast<int>(local.tm_gmtoff / 60) : 0;
}

std::vector<int> offsets_anywhere(Milliseconds at) {
  const std::set<int> found = offsets(nullptr, at);
  return {found.begin(), found.end()};
}

std::string offset_text(int minutes) {
  const int size = minutes < 0 ? -minutes : minutes;
  return fmt::format("{}{:02}:{:02}", minutes < 0 ? '-' : '+', size / 60, size % 60);
}

std::optional<int> offset_in(std::string_view time) {
  if (time.ends_with('Z') && time.size() > 1) return 0;
  if (time.size() < 6) return std::nullopt;
  const std::string_view end = time.substr(time.size() - 6);
  const auto digit = [&](std::size_t at) { return end[at] >= '0' && end[at] <= '9' ? end[at] - '0' : -1; };
  if ((end[0] != '+' && end[0] != '-') || end[3] != ':' || digit(1) < 0 || digit(2) < 0 || digit(4) < 0 || digit(5) < 0)
    return std::nullopt;
  const int minutes = (digit(1) * 10 + digit(2)) * 60 + digit(4) * 10 + digit(5);
  return end[0] == '-' ? -minutes : minutes;
}

}  // namespace understory
