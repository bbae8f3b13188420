// Functions about dates and times. No time zone but the scope's offset from UTC.
#include <algorithm>
#include <chrono>
#include <cmath>

#include "collect/expression_parts.h"
#include "foundation/date_names.h"
#include "foundation/text.h"

namespace understory::collect::expressions {

namespace {

// Exactly `count` digits at `at`, which moves behind them.
std::optional<int> digits(std::string_view text, std::size_t& at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int number = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    number = number * 10 + (text[i] - '0');
  }
  at += count;
  return number;
}

bool sign(std::string_view text, std::size_t& at, char wanted) {
  if (at >= text.size() || text[at] != wanted) return false;
  ++at;
  return true;
}

// hh:mm[:ss[.fff]][Z|±hh[:mm]] to the end of the text: seconds of the day, and the offset.
bool read_time(std::string_view text, std::size_t at, Moment& moment) {
  const auto hours = digits(text, at, 2);
  if (!hours || !sign(text, at, ':')) return false;
  const auto minutes = digits(text, at, 2);
  if (!minutes || *hours > 24 || *minutes > 59) return false;
  moment.seconds = *hours * 3600 + *minutes * 60;
  if (sign(text, at, ':')) {
    const auto seconds = digits(text, at, 2);
    if (!seconds || *seconds > 60) return false;
    moment.seconds += *seconds;
    if (sign(text, at, '.')) {
      double place = 0.1;
      const std::size_t begin = at;
      for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, place /= 10)
        moment.seconds += (text[at] - '0') * place;
      if (at == begin || at - begin > 12) return false;
    }
  }
  if (at == text.size()) return true;
  if (text.substr(at) == "Z") {
    moment.offset_minutes = 0;
    return true;
  }
  if (text[at] != '+' && text[at] != '-') return false;
  const int direction = text[at] == '-' ? -1 : 1;
  ++at;
  const auto offset_hours = digits(text, at, 2);
  if (!offset_hours) return false;
  int offset = *offset_hours * 60;
  if (at < text.size()) {
    sign(text, at, ':');
    const auto offset_minutes = digits(text, at, 2);
    if (!offset_minutes || at != text.size()) return false;
    offset += *offset_minutes;
  }
  if (offset > 24 * 60) return false;
  moment.offset_minutes = direction * offset;
  return true;
}

std::chrono::year_month_day calendar(std::int64_t days) {
  return std::chrono::year_month_day(std::chrono::sys_days(std::chrono::days(days)));
}

// What an argument says: a date, a dateTime, or a number of days.
std::optional<Moment> moment_in(Call& call, std::size_t i) {
  const Value value = call.value(i);
  std::optional<Moment> moment;
  const double number = value.number(call.scope().offset_minutes);
  if (!std::holds_alternative<double>(value)) moment = moment_of(trim(value.text()));
  if (moment) return local(*moment, call.scope().offset_minutes);
  if (!(std::abs(number) < 3'000'000)) return std::nullopt;
  Moment made;
  made.days = static_cast<std::int64_t>(std::floor(number));
  made.seconds = std::round((number - std::floor(number)) * 86'400'000) / 1000;
  made.timed = true;
  return made;
}

std::string offset_text(int minutes) {
  return fmt::format("{}{:02}:{:02}", minutes < 0 ? '-' : '+', std::abs(minutes) / 60, std::abs(minutes) % 60);
}

std::string moment_text(const Moment& moment, int offset) {
  const auto milliseconds = static_cast<std::int64_t>(std::floor(moment.seconds * 1000 + 0.5));
  return fmt::format("{}T{:02}:{:02}:{:02}.{:03}{}", date_text(moment.days), milliseconds / 3'600'000,
                     milliseconds / 60'000 % 60, milliseconds / 1000 % 60, milliseconds % 1000, offset_text(offset));
}

Moment now_here(const Scope& scope) {
  const std::int64_t at = scope.now + static_cast<std::int64_t>(scope.offset_minutes) * 60'000;
  Moment moment;
  moment.days = at >= 0 ? at / 86'400'000 : -((-at + 86'399'999) / 86'400'000);
  moment.seconds = static_cast<double>(at - moment.days * 86'400'000) / 1000;
  moment.timed = true;
  return moment;
}

Value format(Call& call) {
  const auto moment = moment_in(call, 0);
  const std::string pattern = call.text(1);
  if (!moment) return std::string();
  const auto date = calendar(moment->days);
  const int year = static_cast<int>(date.year());
  const unsigned month = static_cast<unsigned>(date.month()), day = static_cast<unsigned>(date.day());
  const auto milliseconds = static_cast<std::int64_t>(std::floor(moment->seconds * 1000 + 0.5));
  const unsigned weekday = std::chrono::weekday(std::chrono::sys_days(date)).c_encoding();
  std::string made;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%' || i + 1 == pattern.size()) {
      made += pattern[i];
      continue;
    }
    switch (pattern[++i]) {
      case '%': made += '%'; break;
      case 'Y': made += fmt::format("{:04}", year); break;
      case 'y': made += fmt::format("{:02}", ((year % 100) + 100) % 100); break;
      case 'm': made += fmt::format("{:02}", month); break;
      case 'n': made += std::to_string(month); break;
      case 'b': made += short_month(static_cast<int>(month), call.scope().language); break;
      case 'd': made += fmt::format("{:02}", day); break;
      case 'e': made += std::to_string(day); break;
      case 'a': made += short_day(static_cast<int>(weekday), call.scope().language); break;
      case 'H': made += fmt::format("{:02}", milliseconds / 3'600'000); break;
      case 'h': made += std::to_string(milliseconds / 3'600'000); break;
      case 'M': made += fmt::format("{:02}", milliseconds / 60'000 % 60); break;
      case 'S': made += fmt::format("{:02}", milliseconds / 1000 % 60); break;
      case '3': made += fmt::format("{:03}", milliseconds % 1000); break;
      default: call.stop(fmt::format("%{} is no part of a date", pattern[i])); return std::string();
    }
  }
  return made;
}

Value date(Call& call) {
  const auto moment = moment_in(call, 0);
  return moment ? date_text(moment->days) : std::string();
}

Value date_time(Call& call) {
  const auto moment = moment_in(call, 0);
  return moment ? moment_text(*moment, call.scope().offset_minutes) : std::string();
}

Value decimal_date_time(Call& call) {
  const auto moment = moment_in(call, 0);
  return moment ? static_cast<double>(moment->days) + moment->seconds / 86'400 : kNoNumber;
}

Value decimal_time(Call& call) {
  const std::string text(trim(call.text(0)));
  Moment moment;
  if (const auto whole = moment_of(text)) {
    moment = local(*whole, call.scope().offset_minutes);
  } else {
    if (!read_time(text, 0, moment)) return kNoNumber;
    moment = local(moment, call.scope().offset_minutes);
  }
  return moment.seconds / 86'400;
}

}  // namespace

std::optional<Moment> moment_of(std::string_view text) {
  Moment moment;
  std::size_t at = 0;
  const auto year = digits(text, at, 4);
  if (!year || !sign(text, at, '-')) return std::nullopt;
  const auto month = digits(text, at, 2);
  if (!month || !sign(text, at, '-')) return std::nullopt;
  const auto day = digits(text, at, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  moment.days = std::chrono::sys_days(date).time_since_epoch().count();
  if (at == text.size()) return moment;
  moment.timed = true;
  if (!sign(text, at, 'T') && !sign(text, at, ' ')) return std::nullopt;
  if (!read_time(text, at, moment)) return std::nullopt;
  return moment;
}

bool is_time(std::string_view text) {
  Moment moment;
  return read_time(text, 0, moment);
}

Moment local(const Moment& moment, int offset_minutes) {
  if (!moment.offset_minutes) return moment;
  Moment here = moment;
  here.offset_minutes.reset();
  here.seconds += (offset_minutes - *moment.offset_minutes) * 60;
  const double over = std::floor(here.seconds / 86'400);
  here.days += static_cast<std::int64_t>(over);
  here.seconds -= over * 86'400;
  return here;
}

std::string date_text(std::int64_t days) {
  const auto date = calendar(days);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

const Function kDateFunctions[] = {
    {"today", 0, 0, [](Call& c) -> Value { return date_text(now_here(c.scope()).days); }},
    {"now", 0, 0, [](Call& c) -> Value { return moment_text(now_here(c.scope()), c.scope().offset_minutes); }},
    {"date", 1, 1, date},
    {"date-time", 1, 1, date_time},
    {"decimal-date", 1, 1, decimal_date_time},
    {"decimal-date-time", 1, 1, decimal_date_time},
    {"decimal-time", 1, 1, decimal_time},
    {"format-date", 2, 2, format},
    {"format-date-time", 2, 2, format},
    {"", 0, 0, nullptr}};

}  // namespace understory::collect::expressions
