// The words of the catalogues as they stand in their files, for programs elsewhere (web/desk) that fill them in by
// themselves.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace understory {

// Every key of a language that begins so, with its pattern; English where the language has none. In the keys' order.
std::vector<std::pair<std::string, std::string>> patterns_beginning_with(std::string_view language,
                                                                         std::string_view prefix);

}  // namespace understory
