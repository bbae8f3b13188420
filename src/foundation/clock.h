// Times are milliseconds since 1970-01-01 UTC; shown in ISO 8601.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace understory {

using Milliseconds = std::int64_t;

Milliseconds now();

// Makes now() stand still at a time for as long as the object lives (tests only; not for several threads).
class FixedClock {
 public:
  explicit FixedClock(Milliseconds at);
  ~FixedClock();
  FixedClock(const FixedClock&) = delete;
  FixedClock& operator=(const FixedClock&) = delete;
};

// 2026-11-24T08:16:34Z (milliseconds dropped).
std::string iso_time(Milliseconds at);
// Reads xsd:dateTime ("2026-11-24T08:16:34Z", fractions, ±hh:mm; no zone is read as UTC); nullopt if it is not one.
std::optional<Milliseconds> parse_time(std::string_view text);
// "2026", "2026-11" or "2026-11-24" and a real date?
bool is_date(std::string_view text);

}  // namespace understory
