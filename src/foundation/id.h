// Ids of rows: 63 random-enough bits that sort by the time they were made.
//
// Layout: 41 bits of milliseconds since 2025-01-01 UTC, 22 bits that start at a random number each millisecond and
// count up within it. Two ids of one process never meet; two processes meet with a chance of about n²/2²² in the
// same millisecond, and the primary key then refuses the second. Valid until 2094.
#pragma once
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace understory {

struct Id {
  std::int64_t value = 0;  // 0 means "none"
  explicit operator bool() const { return value != 0; }
  auto operator<=>(const Id&) const = default;

  // 13 characters of Crockford's base 32 (no i, l, o, u): what URLs and JSON show.
  std::string text() const;
  static std::optional<Id> parse(std::string_view text);

  static Id make();
};

// A random GUID (RFC 9562 version 4), lower case, 36 characters: what leaves the workspace in REFI-QDA files.
std::string make_guid();

// 8-4-4-4-12 hexadecimal digits in any case, with or without braces → lower case without; nullopt otherwise.
std::optional<std::string> normal_guid(std::string_view text);

}  // namespace understory

template <>
struct std::hash<understory::Id> {
  std::size_t operator()(understory::Id id) const noexcept {
    // Ids of one import are consecutive numbers; spread them.
    return static_cast<std::size_t>(static_cast<std::uint64_t>(id.value) * 0x9E3779B97F4A7C15ull);
  }
};
