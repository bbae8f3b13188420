#include "server/packing.h"

#include <zlib.h>

#include <new>

#include "foundation/text.h"

namespace understory::server {

bool worth_packing(const Response& response) {
  constexpr std::size_t kFrom = 1024;  // bytes
  const auto is = [&](std::string_view type) { return response.content_type.rfind(type, 0) == 0; };
  return response.body.size() >= kFrom && (is("text/") || is("application/json") || is("image/svg"));
}

bool takes_gzip(std::string_view accept_encoding) {
  bool any = false;
  for (std::string_view each : split(accept_encoding, ',')) {
    const std::size_t end = std::min(each.find(';'), each.size());
    const std::string coding = lower_ascii(trim(each.substr(0, end)));
    if (coding != "gzip" && coding != "x-gzip" && coding != "*") continue;
    bool wanted = true;
    for (std::string_view parameter : split(each.substr(end), ';')) {
      const std::string weight = lower_ascii(trim(parameter));
      // "q=0", "q=0.000": never. Anything else is some weight, and there is nothing better to give.
      if (weight.rfind("q=", 0) == 0) wanted = weight.find_first_of("123456789", 2) != std::string::npos;
    }
    if (coding != "*") return wanted;  // what is named counts for more than "whatever you have"
    any = wanted;
  }
  return any;
}

std::string packed(const std::string& content) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  std::string out(deflateBound(&stream, content.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);  // whole: deflateBound() is never too small
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace understory::server
