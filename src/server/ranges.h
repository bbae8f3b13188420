// A part of a long answer (RFC 9110 §14): one range of bytes, so that a download that was cut goes on where it was.
#pragma once
#include <optional>
#include <string_view>

#include "server/http.h"

namespace understory::server {

struct Range {
  std::uint64_t from = 0, length = 0;
};
enum class Asked { kAll, kPart, kBeyond };
// "bytes=0-99", "bytes=100-", "bytes=-100" of so many bytes. kAll: anything else, and several ranges at once, which may
// be answered with everything. kBeyond: it begins where there is nothing.
Asked asked_range(std::string_view header, std::uint64_t size, Range& range);

// The answer, or the part of it that was asked for (206, 416). It must be one of pieces whose size is said.
Response ranged(const Request& request, Response response);

}  // namespace understory::server
