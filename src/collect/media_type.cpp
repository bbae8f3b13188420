#include "collect/media_type.h"

#include <map>

#include "foundation/text.h"

namespace understory::collect {

std::string media_type_of(std::string_view name) {
  static const std::map<std::string, std::string, std::less<>> kTypes{
      {"csv", "text/csv"},      {"xml", "text/xml"},       {"geojson", "application/geo+json"},
      {"jpg", "image/jpeg"},    {"jpeg", "image/jpeg"},    {"png", "image/png"},
      {"svg", "image/svg+xml"}, {"mp3", "audio/mpeg"},     {"m4a", "audio/mp4"},
      {"wav", "audio/wav"},     {"ogg", "audio/ogg"},      {"mp4", "video/mp4"},
      {"3gp", "video/3gpp"},    {"pdf", "application/pdf"}};
  const auto found = kTypes.find(lower_ascii(name.substr(name.rfind('.') + 1)));
  return found == kTypes.end() ? "application/octet-stream" : found->second;
}

}  // namespace understory::collect
