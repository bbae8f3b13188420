// What browsers run and show and that lies in the program: scripts and style sheets, under names that change with their
// content, so that browsers may keep them for ever.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "server/http.h"

namespace understory::server {

struct Asset {
  std::string file;     // "forms.js", as it was built
  std::string address;  // its last part: "/assets/" + this
  std::string content_type;
  std::string_view content;
  std::string small;  // by gzip
};

// Built when first asked for; throws std::logic_error where the program was built without it.
const Asset& asset_named(std::string_view file);
const std::vector<Asset>& assets();

// JSON that may stand inside a <script>.
std::string within_script(std::string text);

}  // namespace understory::server
