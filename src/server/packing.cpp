#include "server/packing.h"

#include <zlib.h>

#include <new>

namespace understory::server {

bool worth_packing(const Response& response) {
  constexpr std::size_t kFrom = 1024;  // bytes
  const auto is = [&](std::string_view type) { return response.content_type.rfind(type, 0) == 0; };
  return response.body.size() >= kFrom && (is("text/") || is("application/json") || is("image/svg"));
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
