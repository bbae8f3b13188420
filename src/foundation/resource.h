// Files put into the binary when it was built (languages, migrations, templates, the default codebook).
#pragma once
#include <optional>
#include <span>
#include <string_view>

namespace understory {

struct Resource {
  std::string_view name;     // path inside the project, for example "languages/en.json"
  std::string_view content;  // the file's bytes, unchanged
};

// Each room with resources defines `std::span<const Resource> resources()` in its own namespace (cmake/rooms.cmake).
inline std::optional<std::string_view> find_resource(std::span<const Resource> list, std::string_view name) {
  for (const Resource& entry : list)
    if (entry.name == name) return entry.content;
  return std::nullopt;
}

}  // namespace understory
