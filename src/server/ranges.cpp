#include "server/ranges.h"

#include <fmt/format.h>

#include <algorithm>

#include "foundation/text.h"
#include "server/problems.h"
#include "server/refusal.h"

namespace understory::server {

namespace {

std::optional<std::uint64_t> number(std::string_view digits) {
  if (digits.empty() || digits.size() > 18) return std::nullopt;
  std::uint64_t value = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return value;
}

// So many bytes of the pieces, from some byte on.
class PartOf : public Pieces {
 public:
  PartOf(std::shared_ptr<Pieces> whole, const Range& range) : whole_(std::move(whole)), left_(range.length) {
    before_ = range.from - whole_->skip(range.from);
  }
  Result<std::string> next() override {
    while (left_ > 0) {
      std::string piece = TRY(whole_->next());
      if (piece.empty()) break;  // shorter than it said: whoever sends it notices
      const std::uint64_t passed = std::min<std::uint64_t>(before_, piece.size());
      before_ -= passed;
      piece.erase(0, static_cast<std::size_t>(passed));
      if (piece.size() > left_) piece.resize(static_cast<std::size_t>(left_));
      left_ -= piece.size();
      if (!piece.empty()) return piece;
    }
    return std::string();
  }

 private:
  std::shared_ptr<Pieces> whole_;
  std::uint64_t before_ = 0, left_;
};

std::string header_of(const Response& response, std::string_view name) {
  for (const auto& [each, value] : response.headers)
    if (each == name) return value;
  return "";
}

}  // namespace

Asked asked_range(std::string_view header, std::uint64_t size, Range& range) {
  constexpr std::string_view kUnit = "bytes=";
  if (lower_ascii(header.substr(0, kUnit.size())) != kUnit) return Asked::kAll;
  const std::string_view asked = trim(header.substr(kUnit.size()));
  const std::size_t dash = asked.find('-');
  if (dash == std::string_view::npos) return Asked::kAll;
  const std::string_view first = asked.substr(0, dash), last = asked.substr(dash + 1);
  if (first.empty()) {  // the last so many
    const auto many = number(last);
    if (!many) return Asked::kAll;
    if (*many == 0 || size == 0) return Asked::kBeyond;
    range.length = std::min(*many, size);
    range.from = size - range.length;
    return Asked::kPart;
  }
  const auto from = number(first), to = last.empty() ? std::optional<std::uint64_t>(UINT64_MAX) : number(last);
  if (!from || !to || *to < *from) return Asked::kAll;
  if (*from >= size) return Asked::kBeyond;
  range.from = *from;
  range.length = std::min(*to, size - 1) - *from + 1;
  return Asked::kPart;
}

Response ranged(const Request& request, Response response) {
  if (!response.pieces || !response.size || response.status != 200) return response;
  response.headers.emplace_back("Accept-Ranges", "bytes");
  const std::string header = request.header("range"), only_if = request.header("if-range");
  if (request.method != "GET" || header.empty()) return response;
  if (!only_if.empty() && only_if != header_of(response, "ETag")) return response;  // what it has is of something else
  Range range;
  switch (asked_range(header, *response.size, range)) {
    case Asked::kAll: return response;
    case Asked::kBeyond: {
      Response beyond = refusal(request, Problem(problems::kNoSuchRange));
      beyond.headers.emplace_back("Content-Range", fmt::format("bytes */{}", *response.size));
      return beyond;
    }
    case Asked::kPart: break;
  }
  response.status = 206;
  response.headers.emplace_back(
      "Content-Range", fmt::format("bytes {}-{}/{}", range.from, range.from + range.length - 1, *response.size));
  response.pieces = std::make_shared<PartOf>(std::move(response.pieces), range);
  response.size = range.length;
  return response;
}

}  // namespace understory::server
