#include "foundation/patterns.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "foundation/resource.h"

namespace understory {

namespace foundation {
std::span<const Resource> resources();
}

namespace {

using Patterns = std::map<std::string, std::string, std::less<>>;

void read(const boost::json::object& object, const std::string& prefix, Patterns& into) {
  for (const auto& [key, value] : object) {
    const std::string path = prefix.empty() ? std::string(key) : prefix + "." + std::string(key);
    if (value.is_object())
      read(value.as_object(), path, into);
    else
      into[path] = std::string(value.as_string());
  }
}

const std::map<std::string, Patterns, std::less<>>& of_languages() {
  static const auto all = [] {
    std::map<std::string, Patterns, std::less<>> made;
    for (const Resource& resource : foundation::resources())
      read(boost::json::parse(resource.content).as_object(), "",
           made[std::string(resource.name.substr(10, resource.name.size() - 15))]);  // languages/xx.json
    return made;
  }();
  return all;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> patterns_beginning_with(std::string_view language,
                                                                         std::string_view prefix) {
  Patterns found;
  for (const std::string_view each : {language, std::string_view("en")})
    if (const auto own = of_languages().find(each); own != of_languages().end())
      for (auto at = own->second.lower_bound(prefix); at != own->second.end() && at->first.starts_with(prefix); ++at)
        found.insert(*at);
  return {found.begin(), found.end()};
}

}  // namespace understory
