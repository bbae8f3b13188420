#include "collect/answers.h"

#include <cmath>

#include "collect/expression_parts.h"
#include "foundation/text.h"

namespace understory::collect {

namespace {

bool is_number(std::string_view text, bool whole) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  const std::string_view allowed = whole ? "0123456789" : "0123456789.eE+-";
  if (text.empty() || text.find_first_not_of(allowed) != std::string_view::npos) return false;
  if (whole) return true;
  char* end = nullptr;
  const std::string copy(text);
  return std::isfinite(std::strtod(copy.c_str(), &end)) && end == copy.c_str() + copy.size();
}

bool is_point(std::string_view text) {
  const auto parts = expressions::list_items(text);
  if (parts.size() < 2 || parts.size() > 4) return false;
  for (std::string_view part : parts)
    if (!is_number(part, false)) return false;
  return std::abs(std::strtod(std::string(parts[0]).c_str(), nullptr)) <= 90 &&
         std::abs(std::strtod(std::string(parts[1]).c_str(), nullptr)) <= 180;
}

// At least so many points; a shape ends where it began.
bool is_line(std::string_view text, std::size_t least, bool closed) {
  std::vector<std::string_view> points;
  for (std::string_view each : split(text, ';'))
    if (!trim(each).empty()) points.push_back(trim(each));
  if (points.size() < least) return false;
  for (std::string_view point : points)
    if (!is_point(point)) return false;
  const auto first = expressions::list_items(points.front()), last = expressions::list_items(points.back());
  return !closed || (first[0] == last[0] && first[1] == last[1]);
}

}  // namespace

bool fits(AnswerType type, std::string_view text) {
  if (trim(text).empty()) return true;
  text = trim(text);
  switch (type) {
    case AnswerType::kInteger: return is_number(text, true);
    case AnswerType::kDecimal: return is_number(text, false);
    case AnswerType::kBoolean: return text == "true" || text == "false" || text == "1" || text == "0";
    case AnswerType::kDate: {
      // Phones of some makes send a date as a dateTime.
      return expressions::moment_of(text).has_value();
    }
    case AnswerType::kTime: return expressions::is_time(text);
    case AnswerType::kDateTime: {
      const auto moment = expressions::moment_of(text);
      return moment && moment->timed;
    }
    case AnswerType::kGeopoint: return is_point(text);
    case AnswerType::kGeotrace: return is_line(text, 2, false);
    case AnswerType::kGeoshape: return is_line(text, 3, true);
    default: return true;
  }
}

}  // namespace understory::collect
