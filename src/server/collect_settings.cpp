#include "server/collect_settings.h"

#include <zlib.h>

#include <stdexcept>

#include "foundation/json_writer.h"
#include "vault/base64.h"

namespace understory::server {

std::string device_address(std::string_view server, std::string_view token) {
  while (server.ends_with('/')) server.remove_suffix(1);
  return std::string(server) + "/v1/key/" + std::string(token);
}

std::string collect_settings(std::string_view address, std::string_view project) {
  JsonWriter out;
  out.object().key("general").object();
  out.member("server_url", address).member("form_update_mode", "match_exactly").member("autosend", "wifi_and_cellular");
  out.end_object().key("project").object();
  out.member("name", project);
  out.end_object().key("admin").object().end_object().end_object();
  const std::string json = out.text();
  uLongf size = compressBound(json.size());
  std::string packed(size, '\0');
  if (compress2(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(json.data()),
                json.size(), Z_BEST_COMPRESSION) != Z_OK)
    throw std::runtime_error("zlib packed nothing");
  packed.resize(size);
  return vault::to_base64(packed);
}

}  // namespace understory::server
