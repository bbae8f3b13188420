#include "foundation/clock.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>

namespace understory {

namespace {

std::atomic<Milliseconds> fixed{-1};

bool digits(std::string_view text, std::size_t at, std::size_t count, int& out) {
  if (at + count > text.size()) return false;
  out = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    out = out * 10 + (text[i] - '0');
  }
  return true;
}

bool real_day(int year, int month, int day) {
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  return date.ok();
}

}  // namespace

Milliseconds now() {
  const Milliseconds still = fixed.load(std::memory_order_relaxed);
  if (still >= 0) return still;
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

FixedClock::FixedClock(Milliseconds at) { fixed = at; }
FixedClock::~FixedClock() { fixed = -1; }

std::string iso_time(Milliseconds at) {
  using namespace std::chrono;
  const sys_seconds time{floor<seconds>(milliseconds(at))};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", int(date.year()), unsigned(date.month()),
                     unsigned(date.day()), clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::optional<Milliseconds> parse_time(std::string_view text) {
  int year, month, day, hour, minute, second;
  if (!digits(text, 0, 4, year) || !digits(text, 5, 2, month) || !digits(text, 8, 2, day) ||
      !digits(text, 11, 2, hour) || !digits(text, 14, 2, minute) || !digits(text, 17, 2, second))
    return std::nullopt;
  if (text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != ' ') || text[13] != ':' || text[16] != ':')
    return std::nullopt;
  if (!real_day(year, month, day) || hour > 24 || minute > 59 || second > 60) return std::nullopt;
  std::size_t at = 19;
  Milliseconds fraction = 0;
  if (at < text.size() && text[at] == '.') {
    int scale = 100;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10)
      fraction += (text[at] - '0') * scale;
  }
  Milliseconds shift = 0;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
    int zone_hours, zone_minutes;
    if (!digits(text, at + 1, 2, zone_hours) || at + 3 >= text.size() || text[at + 3] != ':' ||
        !digits(text, at + 4, 2, zone_minutes))
      return std::nullopt;
    shift = (zone_hours * 60 + zone_minutes) * 60000LL * (text[at] == '+' ? -1 : 1);
    at += 6;
  } else if (at < text.size() && text[at] == 'Z') {
    ++at;
  }
  if (at != text.size()) return std::nullopt;
  const std::chrono::sys_days date{std::chrono::year(year) / month / day};
  return std::chrono::duration_cast<std::chrono::milliseconds>(date.time_since_epoch()).count() +
         ((hour * 60LL + minute) * 60 + second) * 1000 + fraction + shift;
}

bool is_date(std::string_view text) {
  int year, month = 1, day = 1;
  if (text.size() != 4 && text.size() != 7 && text.size() != 10) return false;
  if (!digits(text, 0, 4, year)) return false;
  if (text.size() >= 7 && (text[4] != '-' || !digits(text, 5, 2, month))) return false;
  if (text.size() == 10 && (text[7] != '-' || !digits(text, 8, 2, day))) return false;
  return real_day(year, month, day);
}

}  // namespace understory
