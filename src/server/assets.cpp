#include "server/assets.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "foundation/resource.h"
#include "foundation/text.h"
#include "server/packing.h"
#include "server/routes.h"
#include "vault/md5.h"

namespace understory::server {

std::span<const Resource> resources();

namespace {

std::string_view built(std::string_view name) {
  const auto content = find_resource(resources(), name);
  if (!content) throw std::logic_error("no file " + std::string(name));
  return *content;
}

std::string type_of(std::string_view name) {
  return name.ends_with(".css") ? "text/css; charset=utf-8" : "application/javascript; charset=utf-8";
}

Asset of_forms(std::string_view file) {
  const std::string_view content = built("web/" + std::string(file));
  const std::size_t dot = file.find('.');
  return {
      std::string(file),
      std::string(file.substr(0, dot)) + "-" + vault::md5_hex(content).substr(0, 16) + std::string(file.substr(dot)),
      type_of(file), content, packed(std::string(content))};
}

// The desk's files, whose builder gave them their names: for each a line with its entry ("desk.js"; "-" for what only
// others ask for), its name and its length, then its bytes and a newline.
void add_desk(std::vector<Asset>& all) {
  std::string_view rest = built("desk/desk.pack");
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const auto parts = split(rest.substr(0, end), ' ');
    std::size_t length = 0;
    if (end == std::string_view::npos || parts.size() != 3 ||
        std::from_chars(parts[2].data(), parts[2].data() + parts[2].size(), length).ec != std::errc() ||
        rest.size() < end + 1 + length + 1)
      throw std::logic_error("desk.pack is not as scripts/make_desk.py writes it");
    const std::string_view content = rest.substr(end + 1, length);
    all.push_back(
        {std::string(parts[0]), std::string(parts[1]), type_of(parts[1]), content, packed(std::string(content))});
    rest.remove_prefix(end + 1 + length + 1);
  }
}

}  // namespace

const std::vector<Asset>& assets() {
  static const std::vector<Asset> all = [] {
    std::vector<Asset> made{of_forms("forms.js"), of_forms("forms.css")};
    add_desk(made);
    return made;
  }();
  return all;
}

const Asset& asset_named(std::string_view file) {
  for (const Asset& each : assets())
    if (each.file == file) return each;
  throw std::logic_error("no file " + std::string(file));
}

std::string within_script(std::string text) {
  std::string safe;
  for (const char letter : text) {
    if (letter == '<')
      safe += "\\u003c";
    else
      safe += letter;
  }
  return safe;
}

Result<Response> send_asset(const Visit& visit) {
  const std::string& name = visit.named.at("name");
  for (const Asset& each : assets()) {
    if (each.address != name) continue;
    Response response;
    response.content_type = each.content_type;
    response.body = std::string(each.content);
    // What the transport packs at each request it packs; what is long is too long for that.
    if (!worth_packing(response)) {
      response.headers.emplace_back("Vary", "Accept-Encoding");
      if (takes_gzip(visit.request.header("accept-encoding"))) {
        response.body = each.small;
        response.headers.emplace_back("Content-Encoding", "gzip");
      }
    }
    response.headers.emplace_back("Cache-Control", "public, max-age=31536000, immutable");
    return response;
  }
  return fail(problems::kNotFound, {{"what", "page"}, {"name", std::string(shortened(name, 80))}});
}

}  // namespace understory::server
