#include "server/multipart.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "foundation/reasons.h"
#include "foundation/text.h"
#include "server/http.h"

namespace understory::server {

namespace {

constexpr std::size_t kBoundary = 70;  // bytes, RFC 2046
constexpr std::size_t kPadding = 256;  // blanks after a boundary

tl::unexpected<Problem> bad_part(int number, const ProblemKind& reason) {
  return fail_because(reason, problems::kBadPart, {{"number", std::to_string(number)}});
}

bool proper_boundary(std::string_view text) {
  constexpr std::string_view kBesides = "'()+_,-./:=? ";
  return !text.empty() && text.size() <= kBoundary && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(), [&](char letter) {
           return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
                  (letter >= 'A' && letter <= 'Z') || kBesides.find(letter) != std::string_view::npos;
         });
}

// The parameters of a header value: "; name=value; name="quoted"". Takes one off the front. Nothing: it is not one.
struct Parameter {
  std::string name, value;
};
std::optional<Parameter> take_parameter(std::string_view& rest) {
  rest = trim(rest);
  if (rest.empty() || rest.front() != ';') return std::nullopt;
  rest = trim(rest.substr(1));
  const std::size_t equals = rest.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  Parameter parameter{lower_ascii(trim(rest.substr(0, equals))), ""};
  if (parameter.name.empty() || parameter.name.find_first_of("; \"") != std::string::npos) return std::nullopt;
  rest = trim(rest.substr(equals + 1));
  if (rest.empty() || rest.front() != '"') {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    parameter.value = std::string(trim(rest.substr(0, end)));
    rest.remove_prefix(end);
    return parameter;
  }
  std::size_t at = 1;
  for (; at < rest.size() && rest[at] != '"'; ++at) {
    // A backslash stands for itself in the paths old browsers send, and shields a quote where one was written so.
    if (rest[at] == '\\' && at + 1 < rest.size() && (rest[at + 1] == '"' || rest[at + 1] == '\\')) ++at;
    parameter.value += rest[at];
  }
  if (at >= rest.size()) return std::nullopt;
  rest.remove_prefix(at + 1);
  return parameter;
}

bool fit_to_show(std::string_view text) {
  return !first_invalid_utf8(text) && std::none_of(text.begin(), text.end(), [](char letter) {
    return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f;
  });
}

// RFC 5987, in UTF-8: UTF-8''na%C3%AFve. Nothing: another encoding, or not well written.
std::optional<std::string> extended(std::string_view value) {
  const std::size_t first = value.find('\''),
                    second = first == std::string_view::npos ? first : value.find('\'', first + 1);
  if (second == std::string_view::npos || lower_ascii(value.substr(0, first)) != "utf-8") return std::nullopt;
  auto decoded = percent_decode(value.substr(second + 1), false);
  if (!decoded) return std::nullopt;
  return std::move(*decoded);
}

Result<void> read_disposition(std::string_view value, int number, PartHead& head) {
  const std::size_t end = std::min(value.find(';'), value.size());
  if (lower_ascii(trim(value.substr(0, end))) != "form-data") return bad_part(number, problems::kReasonPartOfNoForm);
  std::string_view rest = value.substr(end);
  std::optional<std::string> name, filename, better;
  while (!trim(rest).empty()) {
    auto parameter = take_parameter(rest);
    if (!parameter) return bad_part(number, problems::kReasonPartHead);
    auto* place = parameter->name == "name"        ? &name
                  : parameter->name == "filename"  ? &filename
                  : parameter->name == "filename*" ? &better
                                                   : nullptr;
    if (!place) continue;
    if (*place) return bad_part(number, problems::kReasonPartTwice);
    *place = std::move(parameter->value);
  }
  if (!name) return bad_part(number, problems::kReasonPartName);
  if (better) {
    auto decoded = extended(*better);
    if (decoded)
      filename = std::move(decoded);
    else if (!filename)
      return bad_part(number, problems::kReasonPartText);
  }
  head.name = std::move(*name);
  head.filename = filename.value_or("");
  if (!fit_to_show(head.name) || !fit_to_show(head.filename)) return bad_part(number, problems::kReasonPartText);
  return {};
}

}  // namespace

Result<std::string> boundary_of(std::string_view content_type) {
  const std::size_t end = std::min(content_type.find(';'), content_type.size());
  if (lower_ascii(trim(content_type.substr(0, end))) != "multipart/form-data") return fail(problems::kNotMultipart);
  std::string_view rest = content_type.substr(end);
  std::optional<std::string> boundary;
  while (!trim(rest).empty()) {
    auto parameter = take_parameter(rest);
    if (!parameter) return fail(problems::kNoBoundary);
    if (parameter->name != "boundary") continue;
    if (boundary) return fail(problems::kNoBoundary);
    boundary = std::move(parameter->value);
  }
  if (!boundary || !proper_boundary(*boundary)) return fail(problems::kNoBoundary);
  return std::move(*boundary);
}

Result<PartHead> read_part_head(std::string_view text, int number) {
  // A line may go on in the next one, which then begins with a blank.
  std::string unfolded(text);
  for (std::size_t at = 0; (at = unfolded.find("\r\n", at)) != std::string::npos; ++at)
    if (at + 2 < unfolded.size() && (unfolded[at + 2] == ' ' || unfolded[at + 2] == '\t')) unfolded.erase(at, 2);
  PartHead head;
  bool disposed = false, typed = false;
  for (std::string_view rest = unfolded; !rest.empty();) {
    const std::size_t end = std::min(rest.find("\r\n"), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 2, rest.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0 || line.find_first_of(std::string_view("\r\n\0", 3)) != line.npos)
      return bad_part(number, problems::kReasonPartHead);
    const std::string field = lower_ascii(line.substr(0, colon));
    const std::string_view value = trim(line.substr(colon + 1));
    if (field == "content-disposition") {
      if (std::exchange(disposed, true)) return bad_part(number, problems::kReasonPartTwice);
      TRY(read_disposition(value, number, head));
    } else if (field == "content-type") {
      if (std::exchange(typed, true)) return bad_part(number, problems::kReasonPartTwice);
      if (!fit_to_show(value)) return bad_part(number, problems::kReasonPartText);
      head.media_type = std::string(value);
    } else if (field == "content-transfer-encoding") {
      // Given up by RFC 7578: bytes are sent as they are. To keep base64 as if it were the file would damage it.
      const std::string encoding = lower_ascii(value);
      if (encoding != "binary" && encoding != "8bit" && encoding != "7bit")
        return bad_part(number, problems::kReasonPartEncoding);
    }
  }
  if (!disposed) return bad_part(number, problems::kReasonPartOfNoForm);
  return head;
}

Multipart::Multipart(std::string_view boundary, Taker& taker, int parts)
    : delimiter_("\r\n--" + std::string(boundary)), taker_(taker), most_parts_(parts) {}

tl::unexpected<Problem> Multipart::bad(const ProblemKind& reason) const { return bad_part(parts_, reason); }

Result<void> Multipart::feed(std::string_view piece) {
  if (at_ == At::kEpilogue) return {};
  held_.append(piece);
  while (TRY(step())) {
  }
  held_.erase(0, std::exchange(from_, 0));
  return {};
}

Result<void> Multipart::finish() const {
  if (at_ != At::kEpilogue) return fail(problems::kCutShort);
  return {};
}

Result<bool> Multipart::step() {
  switch (at_) {
    case At::kPreamble:
    case At::kContent: return to_boundary();
    case At::kAfterBoundary: return after_boundary();
    case At::kHead: return head();
    case At::kEpilogue: from_ = held_.size(); return false;
  }
  return false;
}

Result<bool> Multipart::to_boundary() {
  const std::size_t found = held_.find(delimiter_, from_);
  // What may be the beginning of a boundary waits for its end.
  const std::size_t sure = found != std::string::npos                 ? found
                           : held_.size() - from_ < delimiter_.size() ? from_
                                                                      : held_.size() - delimiter_.size() + 1;
  if (at_ == At::kContent && sure > from_) TRY(taker_.bytes(std::string_view(held_).substr(from_, sure - from_)));
  from_ = sure;
  if (found == std::string::npos) return false;
  from_ += delimiter_.size();
  if (at_ == At::kContent) TRY(taker_.end());
  at_ = At::kAfterBoundary;
  return true;
}

Result<bool> Multipart::after_boundary() {
  std::string_view rest = std::string_view(held_).substr(from_);
  if (rest.size() < 2) return false;
  if (rest.substr(0, 2) == "--") {
    at_ = At::kEpilogue;
    return true;
  }
  const std::size_t blanks = std::min(rest.find_first_not_of(" \t"), rest.size());
  if (blanks > kPadding) return bad(problems::kReasonPartEnd);
  rest.remove_prefix(blanks);
  if (rest.size() < 2) return rest.empty() || rest == "\r" ? Result<bool>(false) : bad(problems::kReasonPartEnd);
  if (rest.substr(0, 2) != "\r\n") return bad(problems::kReasonPartEnd);
  if (++parts_ > most_parts_)
    return fail(problems::kRequestTooLarge, {{"limit", fmt::format("{} × Content-Disposition", most_parts_)}});
  from_ += blanks;  // the line's end stays: a head may be empty
  at_ = At::kHead;
  return true;
}

Result<bool> Multipart::head() {
  const std::size_t end = held_.find("\r\n\r\n", from_);
  const std::size_t size = (end == std::string::npos ? held_.size() : end) - from_;
  if (size > kHead + 2) return fail(problems::kRequestTooLarge, {{"limit", fmt::format("{} KiB", kHead / 1024)}});
  if (end == std::string::npos) return false;
  const std::string_view lines = std::string_view(held_).substr(from_, size);
  TRY(taker_.begin(TRY(read_part_head(lines.size() < 2 ? lines : lines.substr(2), parts_))));
  from_ = end + 4;
  at_ = At::kContent;
  return true;
}

}  // namespace understory::server
