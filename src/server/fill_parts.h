// Small things fill_page writes with.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "foundation/text.h"

namespace understory::server {

inline std::string option_html(std::string_view value, std::string_view label, bool chosen) {
  return fmt::format("<option value=\"{}\"{}>{}</option>", escape_markup(value), chosen ? " selected" : "",
                     escape_markup(label));
}

inline std::vector<std::string> listed(std::string_view text) {
  std::vector<std::string> items;
  for (std::string_view each : split(text, ' '))
    if (!trim(each).empty()) items.emplace_back(trim(each));
  return items;
}

inline bool holds(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// "1999-05-13T10:30:00.000+07:00" in the boxes people see. What was half written stays as it was.
struct Moment {
  std::string year, month, day, time;
};
inline Moment moment_of(std::string_view text, bool has_date) {
  Moment moment;
  std::string_view date = has_date ? text.substr(0, text.find('T')) : std::string_view();
  std::string_view time = !has_date                      ? text
                          : text.find('T') < text.size() ? text.substr(text.find('T') + 1)
                                                         : std::string_view();
  const auto parts = split(date, '-');
  if (parts.size() == 3) {
    moment.year = parts[0];
    moment.month = parts[1].size() == 2 && parts[1][0] == '0' ? parts[1].substr(1) : parts[1];
    moment.day = parts[2].size() == 2 && parts[2][0] == '0' ? parts[2].substr(1) : parts[2];
  }
  moment.time = time.substr(0, 5);
  return moment;
}

}  // namespace understory::server
