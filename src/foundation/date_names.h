// Short names of months and days of the week in any language, by CLDR (through ICU).
#pragma once
#include <string>
#include <string_view>

namespace understory {

// `language`: an ISO 639 code ("km"); one that ICU does not know, or none: English. Months 1–12; days 0 (Sunday)–6.
std::string short_month(int month, std::string_view language);
std::string short_day(int day, std::string_view language);

}  // namespace understory
