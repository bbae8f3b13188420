#include "collect/export/values.h"

#include <algorithm>
#include <charconv>

#include "foundation/clock.h"
#include "foundation/csv.h"
#include "foundation/text.h"

namespace understory::collect {

namespace {

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

// Digits from `at` on; moves `at` behind them.
std::string_view digits(std::string_view text, std::size_t& at) {
  const std::size_t from = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  return text.substr(from, at - from);
}

std::string coordinates(const Point& point) {
  std::string out = "[" + point.longitude + "," + point.latitude;
  if (!point.altitude.empty()) out += "," + point.altitude;
  return out + "]";
}

bool within(const std::string& number, double limit) {
  const double value = std::strtod(number.c_str(), nullptr);
  return value >= -limit && value <= limit;
}

}  // namespace

std::string json_number(std::string_view text) {
  text = trim(text);
  std::string out;
  std::size_t at = 0;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) out += text[at++] == '-' ? "-" : "";
  std::string_view whole = digits(text, at);
  std::string_view fraction;
  if (at < text.size() && text[at] == '.') fraction = digits(text, ++at);
  if (whole.empty() && fraction.empty()) return {};
  whole.remove_prefix(std::min(whole.find_first_not_of('0'), whole.size()));
  out += whole.empty() ? "0" : whole;
  if (!fraction.empty()) out += "." + std::string(fraction);
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    out += 'e';
    if (++at < text.size() && (text[at] == '+' || text[at] == '-')) out += text[at++];
    const std::string_view exponent = digits(text, at);
    if (exponent.empty() || exponent.size() > 3) return {};
    out += exponent;
  }
  if (at != text.size() || out.size() > 400) return {};
  return out;
}

std::string json_integer(std::string_view text) {
  std::string number = json_number(text);
  if (const std::size_t point = number.find('.'); point != std::string::npos) {
    if (number.find_first_not_of('0', point + 1) != std::string::npos) return {};
    number.resize(point);
  }
  std::int64_t value = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
  if (number.empty() || read.ec != std::errc() || read.ptr != number.data() + number.size()) return {};
  return std::to_string(value);
}

bool is_whole_date(std::string_view text) { return text.size() == 10 && is_date(text); }

std::string json_moment(std::string_view text) {
  text = trim(text);
  if (text.size() < 16 || text[10] != 'T' || !parse_time(text)) return {};
  std::string out(text);
  if (out.back() != 'Z' && out.find_first_of("+-", 10) == std::string::npos) out += 'Z';
  return out;
}

std::optional<Point> read_point(std::string_view text) {
  std::vector<std::string_view> parts = chosen(text);
  if (parts.size() < 2 || parts.size() > 4) return std::nullopt;
  std::string numbers[4];
  for (std::size_t i = 0; i < parts.size(); ++i)
    if ((numbers[i] = json_number(parts[i])).empty()) return std::nullopt;
  if (!within(numbers[0], 90) || !within(numbers[1], 180)) return std::nullopt;
  return Point{numbers[0], numbers[1], numbers[2], numbers[3]};
}

bool is_geometry(AnswerType type) {
  return type == AnswerType::kGeopoint || type == AnswerType::kGeotrace || type == AnswerType::kGeoshape;
}

std::string geometry(AnswerType type, std::string_view text) {
  if (type == AnswerType::kGeopoint) {
    const auto point = read_point(text);
    if (!point) return {};
    std::string out = R"({"type":"Point","coordinates":)" + coordinates(*point);
    if (!point->accuracy.empty()) out += R"(,"properties":{"accuracy":)" + point->accuracy + "}";
    return out + "}";
  }
  std::vector<std::string> points;
  for (std::string_view part : split(text, ';')) {
    if (trim(part).empty()) continue;
    const auto point = read_point(part);
    if (!point) return {};
    points.push_back(coordinates(*point));
  }
  if (type == AnswerType::kGeotrace) {
    if (points.size() < 2) return {};
    return R"({"type":"LineString","coordinates":[)" + join(points, ",") + "]}";
  }
  if (points.size() < 3) return {};
  if (points.front() != points.back()) points.push_back(points.front());
  if (points.size() < 4) return {};
  return R"({"type":"Polygon","coordinates":[[)" + join(points, ",") + "]]}";
}

void write_json(JsonWriter& json, AnswerType type, const char* text) {
  const auto raw = [&](const std::string& made) {
    if (made.empty())
      json.null();
    else
      json.raw(made);
  };
  if (!text || !*text) {
    json.null();
    return;
  }
  const std::string_view told(text);
  switch (type) {
    case AnswerType::kInteger: raw(json_integer(told)); return;
    case AnswerType::kDecimal: raw(json_number(told)); return;
    case AnswerType::kBoolean: {
      const std::string_view word = trim(told);
      if (word == "true" || word == "1")
        json.value(true);
      else if (word == "false" || word == "0")
        json.value(false);
      else
        json.null();
      return;
    }
    case AnswerType::kDate:
      if (is_whole_date(trim(told)))
        json.value(trim(told));
      else
        json.null();
      return;
    case AnswerType::kDateTime: {
      const std::string moment = json_moment(told);
      if (moment.empty())
        json.null();
      else
        json.value(std::string_view(moment));
      return;
    }
    case AnswerType::kGeopoint:
    case AnswerType::kGeotrace:
    case AnswerType::kGeoshape: raw(geometry(type, told)); return;
    default: json.value(told);
  }
}

int csv_width(AnswerType type) { return type == AnswerType::kGeopoint ? 4 : 1; }

void append_csv(std::string& line, AnswerType type, const char* text) {
  const std::string_view told = text ? std::string_view(text) : std::string_view();
  if (type != AnswerType::kGeopoint) {
    line += csv_safe_field(told);
    return;
  }
  // What is no place stays whole in the first of the four.
  std::vector<std::string_view> parts = read_point(told) ? chosen(told) : std::vector<std::string_view>{told};
  for (std::size_t i = 0; i < 4; ++i) {
    if (i) line += ',';
    if (i < parts.size()) line += csv_safe_field(parts[i]);
  }
}

std::vector<std::string_view> chosen(std::string_view text) {
  std::vector<std::string_view> values;
  constexpr std::string_view kSpaces = " \t\r\n";
  for (std::size_t at = text.find_first_not_of(kSpaces); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(kSpaces, at), text.size());
    values.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(kSpaces, end);
  }
  return values;
}

}  // namespace understory::collect
