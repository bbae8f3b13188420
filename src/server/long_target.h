// Addresses longer than a head may be. A phone that has much of a list of entities names all of it in the address it
// asks (integrityUrl, docs.getodk.org/openrosa-integrity): 10,000 numbers take some 400 KB. So the first line of such a
// request is read by itself; what parses HTTP gets it without its query. Pure.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace understory::server {

inline constexpr std::size_t kLongTarget = 512 * 1024;  // bytes of such a first line
inline constexpr std::size_t kMostNumbers = 10'000;     // asked for at once

// What begins a request: an address that may be long, or not. kUnclear: more of it must have come.
enum class Begun { kUnclear, kUsual, kLong };
Begun begun_with(std::string_view head);

// Takes the query out of the first line, which is whole; the target as it was. Nothing: that is no line of HTTP.
std::optional<std::string> take_long_target(std::string& head);
// The same of one that is longer than that, as far as it has come: what it asked is forgotten.
std::string without_query(std::string_view head);

}  // namespace understory::server
