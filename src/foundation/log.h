// The log: one line an event on standard error, no personal data, ever. Callers log ids, counts and problem codes.
#pragma once
#include <fmt/format.h>
#include <string>
#include <string_view>

namespace understory::log {

enum class Level { kDebug, kInfo, kWarning, kError };

void set_level(Level level);
void write(Level level, std::string_view line);
// Line breaks and other control characters as \n or \x1b: what a library or a stranger says cannot look like an event.
std::string one_line(std::string_view text);

template <class... A>
void info(fmt::format_string<A...> format, A&&... arguments) {
  write(Level::kInfo, fmt::format(format, std::forward<A>(arguments)...));
}
template <class... A>
void warning(fmt::format_string<A...> format, A&&... arguments) {
  write(Level::kWarning, fmt::format(format, std::forward<A>(arguments)...));
}
template <class... A>
void error(fmt::format_string<A...> format, A&&... arguments) {
  write(Level::kError, fmt::format(format, std::forward<A>(arguments)...));
}

}  // namespace understory::log
