// multipart/form-data (RFC 7578, RFC 2046) read as it arrives, in pieces of any size. Pure: it knows no files and no
// sockets, and holds one piece and the head of one part.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "foundation/result.h"

namespace understory::server {

struct PartHead {
  std::string name;
  std::string filename;    // as sent; valid UTF-8 without control characters, perhaps with slashes
  std::string media_type;  // as sent
  bool operator==(const PartHead&) const = default;
};

// What stands between the parts. kNotMultipart: another Content-Type; kNoBoundary: none, or no proper one.
Result<std::string> boundary_of(std::string_view content_type);
// The head of a part, without the empty line. kBadPart with that number.
Result<PartHead> read_part_head(std::string_view head, int number);

class Multipart {
 public:
  static constexpr std::size_t kHead = 16 * 1024;  // bytes

  // Is told each part: its head, its bytes in any number of pieces, its end. What it fails with ends the reading.
  class Taker {
   public:
    virtual ~Taker() = default;
    virtual Result<void> begin(PartHead head) = 0;
    virtual Result<void> bytes(std::string_view piece) = 0;
    virtual Result<void> end() = 0;
  };

  // `parts`: how many there may be.
  Multipart(std::string_view boundary, Taker& taker, int parts = 1000);
  // kBadPart, kRequestTooLarge (too many parts, a head too long), or the taker's. Nothing can be fed after a failure.
  Result<void> feed(std::string_view piece);
  // After the last piece. kCutShort: the closing boundary did not come.
  Result<void> finish() const;

 private:
  enum class At { kPreamble, kAfterBoundary, kHead, kContent, kEpilogue };
  Result<bool> step();  // false: more bytes are needed
  Result<bool> to_boundary();
  Result<bool> after_boundary();
  Result<bool> head();
  tl::unexpected<Problem> bad(const ProblemKind& reason) const;
  const std::string delimiter_;  // CR LF -- boundary
  Taker& taker_;
  At at_ = At::kPreamble;
  std::string held_ = "\r\n";  // not yet understood; the first boundary may stand at the very beginning
  std::size_t from_ = 0;       // in it
  const int most_parts_;
  int parts_ = 0;
};

}  // namespace understory::server
