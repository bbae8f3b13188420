#include "server/body.h"

#include <fmt/format.h>

#include "foundation/text.h"

namespace understory::server {

namespace {

constexpr std::uint64_t kFormLimit = 64 * 1024;
constexpr std::size_t kAllInMemory = 512 * 1024;
constexpr std::size_t kHeadOfPart = 256;  // bytes of names, on an average

bool is_plain_form(std::string_view content_type) {
  return lower_ascii(content_type).rfind("application/x-www-form-urlencoded", 0) == 0;
}

}  // namespace

BodyReader::BodyReader(const Body& wanted, std::string_view content_type, std::optional<std::uint64_t> declared,
                       Spool& spool)
    : wanted_(wanted), spool_(spool) {
  plain_ = wanted_.kind == Body::Kind::kForm || (wanted_.kind == Body::Kind::kParts && is_plain_form(content_type));
  limit_ = plain_ ? std::min(wanted_.limit, kFormLimit) : wanted_.limit;
  if (declared.value_or(0) > limit_) {
    problem_ = too_large();
  } else if (plain_ || declared == std::uint64_t{0}) {
    // Nothing to prepare.
  } else if (wanted_.kind == Body::Kind::kBytes) {
    writer_.emplace(spool_, file_, room());
  } else if (auto boundary = boundary_of(content_type); !boundary) {
    problem_ = std::move(boundary.error());
  } else {
    multipart_.emplace(*boundary, static_cast<Multipart::Taker&>(*this), wanted_.parts);
  }
}

BodyReader::~BodyReader() = default;

Problem BodyReader::too_large() const {
  const auto amount = limit_ < 1000000 ? fmt::format("{} KiB", limit_ / 1024) : fmt::format("{} MB", limit_ / 1000000);
  return Problem(problems::kRequestTooLarge, {{"limit", amount}});
}

// What the part or body that begins now may hold in memory.
std::size_t BodyReader::room() const { return kAllInMemory - std::min(in_memory_, kAllInMemory); }

bool BodyReader::feed(std::string_view piece) {
  if (problem_) return false;
  came_ += piece.size();
  if (const auto taken = take(piece); !taken) problem_.emplace(taken.error());
  return !problem_;
}

Result<void> BodyReader::take(std::string_view piece) {
  if (came_ > limit_) return tl::unexpected<Problem>(too_large());
  if (plain_) {
    form_ += piece;
    return {};
  }
  return multipart_ ? multipart_->feed(piece) : writer_->write(piece);
}

Result<void> BodyReader::begin(PartHead head) {
  head_ = std::move(head);
  heads_ += head_.name.size() + head_.filename.size() + head_.media_type.size();
  const std::size_t all_heads = static_cast<std::size_t>(wanted_.parts) * kHeadOfPart;
  if (heads_ > all_heads) return fail(problems::kRequestTooLarge, {{"limit", fmt::format("{} KiB", all_heads / 1024)}});
  writer_.emplace(spool_, file_, room());
  return {};
}

Result<void> BodyReader::bytes(std::string_view piece) { return writer_->write(piece); }

Result<void> BodyReader::end() {
  Upload content = TRY(writer_->finish());
  writer_.reset();
  in_memory_ += content.in_memory();
  parts_.push_back({std::move(head_.name), std::move(head_.filename), std::move(head_.media_type), std::move(content)});
  return {};
}

void BodyReader::finish(Request& request) {
  if (!problem_ && multipart_)
    if (const auto whole = multipart_->finish(); !whole) problem_.emplace(whole.error());
  if (!problem_ && wanted_.kind == Body::Kind::kBytes && writer_) {
    auto content = writer_->finish();
    if (content)
      content_ = std::move(*content);
    else
      problem_.emplace(content.error());
  }
  writer_.reset();
  request.body = std::move(form_);
  request.parts = std::move(parts_);
  request.content = std::move(content_);
  request.body_problem = problem_;
  if (wanted_.kind != Body::Kind::kParts) return;
  if (plain_) {
    if (const auto read = read_form(request); !read) request.body_problem.emplace(read.error());
    return;
  }
  // What the fields of a page hold. Longer ones and those that are no text stand among the parts alone.
  std::uint64_t fields = 0;
  for (const Part& part : request.parts) {
    if (!part.filename.empty() || part.content.size() > kFormLimit - fields) continue;
    auto text = part.content.text(kFormLimit);
    if (!text || text->find('\0') != std::string::npos || first_invalid_utf8(*text)) continue;
    fields += text->size();
    request.form.emplace_back(part.name, std::move(*text));
  }
}

}  // namespace understory::server
