#include "foundation/text.h"

#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstring>

namespace understory {

namespace {

bool is_ascii_word(std::uint64_t word) { return (word & 0x8080808080808080ull) == 0; }

std::int64_t line_at(std::string_view bytes, std::size_t position) {
  return 1 + std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(position), '\n');
}

tl::unexpected<Problem> wrong_encoding(std::string_view file, std::string_view encoding, std::size_t position,
                                       std::int64_t line) {
  return fail(problems::kWrongEncoding, {{"file", std::string(file)},
                                         {"encoding", std::string(encoding)},
                                         {"position", std::to_string(position + 1)},
                                         {"line", std::to_string(line)}});
}

void append_utf8(std::string& out, UChar32 character) {
  char bytes[4];
  int length = 0;
  U8_APPEND_UNSAFE(bytes, length, character);
  out.append(bytes, static_cast<std::size_t>(length));
}

Result<DecodedText> decode_utf16(std::string_view bytes, bool big, bool mark, std::string_view file) {
  DecodedText decoded;
  decoded.encoding = big ? "utf-16be" : "utf-16le";
  decoded.byte_order_mark = mark;
  std::int64_t line = 1;
  const auto unit = [&](std::size_t at) {
    const auto first = static_cast<unsigned char>(bytes[at]), second = static_cast<unsigned char>(bytes[at + 1]);
    return static_cast<std::uint16_t>(big ? first << 8 | second : second << 8 | first);
  };
  for (std::size_t at = mark ? 2 : 0; at < bytes.size(); at += 2) {
    if (at + 1 >= bytes.size()) return wrong_encoding(file, decoded.encoding, at, line);
    UChar32 character = unit(at);
    if (U16_IS_LEAD(character)) {
      if (at + 3 >= bytes.size() || !U16_IS_TRAIL(unit(at + 2)))
        return wrong_encoding(file, decoded.encoding, at, line);
      character = U16_GET_SUPPLEMENTARY(character, unit(at + 2));
      at += 2;
    } else if (U16_IS_TRAIL(character)) {
      return wrong_encoding(file, decoded.encoding, at, line);
    }
    line += character == '\n';
    append_utf8(decoded.text, character);
  }
  return decoded;
}

bool looks_like_utf16(std::string_view bytes, bool big) {
  const std::size_t seen = std::min<std::size_t>(bytes.size() & ~std::size_t{1}, 1000);
  if (seen < 4) return false;
  std::size_t zeros = 0;
  for (std::size_t i = big ? 0 : 1; i < seen; i += 2) zeros += bytes[i] == 0;
  return zeros * 2 == seen;
}

bool is_space(unsigned char byte) {
  return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n' || byte == '\f' || byte == '\v';
}

}  // namespace

std::optional<std::size_t> first_invalid_utf8(std::string_view bytes) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const auto size = static_cast<std::int32_t>(bytes.size());
  if (bytes.size() > INT32_MAX) return INT32_MAX;
  for (std::int32_t at = 0; at < size;) {
    // Eight plain characters at a time.
    std::uint64_t word;
    if (at + 8 <= size && (std::memcpy(&word, data + at, 8), is_ascii_word(word))) {
      at += 8;
      continue;
    }
    const std::int32_t before = at;
    UChar32 character;
    U8_NEXT(data, at, size, character);
    if (character < 0) return static_cast<std::size_t>(before);
  }
  return std::nullopt;
}

Result<DecodedText> decode_text(std::string_view bytes, std::string_view file) {
  if (bytes.size() > (std::size_t{1} << 30))
    return fail(problems::kTooLarge,
                {{"what", std::string(file)}, {"limit", "1 GiB"}, {"hint", "Split it and try again."}});
  if (bytes.rfind("\xFF\xFE", 0) == 0) return decode_utf16(bytes, false, true, file);
  if (bytes.rfind("\xFE\xFF", 0) == 0) return decode_utf16(bytes, true, true, file);
  DecodedText decoded;
  decoded.encoding = "utf-8";
  decoded.byte_order_mark = bytes.rfind("\xEF\xBB\xBF", 0) == 0;
  if (!decoded.byte_order_mark) {
    if (looks_like_utf16(bytes, false)) return decode_utf16(bytes, false, false, file);
    if (looks_like_utf16(bytes, true)) return decode_utf16(bytes, true, false, file);
  }
  if (const auto bad = first_invalid_utf8(bytes)) return wrong_encoding(file, "UTF-8", *bad, line_at(bytes, *bad));
  // U+0000 is no part of any text people write, and no database keeps it in one.
  if (const std::size_t nul = bytes.find('\0'); nul != std::string_view::npos)
    return wrong_encoding(file, "UTF-8", nul, line_at(bytes, nul));
  decoded.text = std::string(bytes.substr(decoded.byte_order_mark ? 3 : 0));
  return decoded;
}

namespace {

bool is_ascii(std::string_view text) {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t eight;
    std::memcpy(&eight, text.data() + at, 8);
    if (eight & 0x8080808080808080u) return false;
  }
  for (; at < text.size(); ++at)
    if (static_cast<unsigned char>(text[at]) & 0x80) return false;
  return true;
}

// U+200B, U+200C, U+200D and U+FEFF.
bool is_invisible(std::string_view character) {
  return character == "\xE2\x80\x8B" || character == "\xE2\x80\x8C" || character == "\xE2\x80\x8D" ||
         character == "\xEF\xBB\xBF";
}

}  // namespace

std::string fold(std::string_view text) {
  static constexpr auto kIsSpace = [] {
    std::array<bool, 256> table{};
    for (const unsigned char each : {' ', '\t', '\r', '\n', '\f', '\v'}) table[each] = true;
    return table;
  }();
  UErrorCode error = U_ZERO_ERROR;
  static const icu::Normalizer2* normalizer = icu::Normalizer2::getNFKCCasefoldInstance(error);
  std::string out;
  std::string folded;
  if (is_ascii(text)) {
    folded = lower_ascii(text);
  } else {
    // NFKC_Casefold also removes default-ignorable characters: ZWSP, ZWNJ, ZWJ, BOM.
    icu::StringByteSink<std::string> sink(&folded, static_cast<std::int32_t>(text.size()));
    error = U_ZERO_ERROR;
    normalizer->normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())), sink, nullptr,
                              error);
    if (U_FAILURE(error)) return std::string(text);
  }
  // White space becomes one space; U+200B and its like go, which not every version of Unicode's data calls ignorable.
  out.resize(folded.size());
  char* to = out.data();
  const char *from = folded.data(), *const end = from + folded.size();
  // Without a branch for each letter: searching folds every text of a study.
  bool after_space = false;
  while (from < end) {
    const auto byte = static_cast<unsigned char>(*from);
    if ((byte == 0xE2 || byte == 0xEF) && end - from >= 3 && is_invisible(std::string_view(from, 3))) {
      from += 3;
      continue;
    }
    const bool space = kIsSpace[byte];
    *to = space ? ' ' : *from;
    to += !(space && after_space);
    after_space = space;
    ++from;
  }
  out.resize(static_cast<std::size_t>(to - out.data()));
  return out;
}

std::string escape_markup(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 16);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    switch (byte) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default:
        if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r')
          out += "\xEF\xBF\xBD";
        else if (byte == 0xEF && i + 2 < text.size() && text[i + 1] == '\xBF' &&
                 (text[i + 2] == '\xBE' || text[i + 2] == '\xBF'))
          out += "\xEF\xBF\xBD", i += 2;
        else
          out += text[i];
    }
  }
  return out;
}

std::string_view shortened(std::string_view text, std::size_t bytes) {
  if (bytes >= text.size()) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && is_space(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t position = text.find(at);
    parts.push_back(text.substr(0, position));
    if (position == std::string_view::npos) return parts;
    text.remove_prefix(position + 1);
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view between) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += between;
    out += parts[i];
  }
  return out;
}

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& letter : out)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter + 32);
  return out;
}

std::string lower_case(std::string_view text) {
  std::string out;
  icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())))
      .toLower(icu::Locale::getRoot())
      .toUTF8String(out);
  return out;
}

std::string upper_case(std::string_view text) {
  std::string out;
  icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())))
      .toUpper(icu::Locale::getRoot())
      .toUTF8String(out);
  return out;
}

OffsetMap::OffsetMap(std::string_view text) : text_(text) {
  std::int64_t byte = 0;
  while (byte < static_cast<std::int64_t>(text.size())) {
    if (code_points_ % 256 == 0) marks_.push_back({byte, code_points_, utf16_});
    const auto lead = static_cast<unsigned char>(text[static_cast<std::size_t>(byte)]);
    const int length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    byte += length;
    ++code_points_;
    utf16_ += length == 4 ? 2 : 1;
  }
  marks_.push_back({static_cast<std::int64_t>(text.size()), code_points_, utf16_});
}

std::int64_t OffsetMap::byte_length() const { return static_cast<std::int64_t>(text_.size()); }
std::int64_t OffsetMap::code_point_length() const { return code_points_; }
std::int64_t OffsetMap::utf16_length() const { return utf16_; }

namespace {

int length_at(std::string_view text, std::int64_t byte) {
  const auto lead = static_cast<unsigned char>(text[static_cast<std::size_t>(byte)]);
  return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

// Walks from the last mark whose `from` is not beyond the position; stops when `from` reaches it.
template <class Mark>
std::optional<Mark> walk(std::string_view text, const std::vector<Mark>& marks, std::int64_t Mark::*from,
                         std::int64_t position) {
  if (position < 0 || position > marks.back().*from) return std::nullopt;
  auto next = std::upper_bound(marks.begin(), marks.end(), position,
                               [&](std::int64_t wanted, const Mark& mark) { return wanted < mark.*from; });
  Mark at = *std::prev(next);
  while (at.*from < position) {
    const int length = length_at(text, at.byte);
    at.byte += length;
    ++at.code_point;
    at.utf16 += length == 4 ? 2 : 1;
  }
  return at.*from == position ? std::optional(at) : std::nullopt;
}

}  // namespace

std::optional<std::int64_t> OffsetMap::byte_of_code_point(std::int64_t position) const {
  const auto mark = walk(text_, marks_, &Mark::code_point, position);
  return mark ? std::optional(mark->byte) : std::nullopt;
}
std::optional<std::int64_t> OffsetMap::byte_of_utf16(std::int64_t position) const {
  const auto mark = walk(text_, marks_, &Mark::utf16, position);
  return mark ? std::optional(mark->byte) : std::nullopt;
}
std::optional<std::int64_t> OffsetMap::code_point_of_byte(std::int64_t position) const {
  const auto mark = walk(text_, marks_, &Mark::byte, position);
  return mark ? std::optional(mark->code_point) : std::nullopt;
}
std::optional<std::int64_t> OffsetMap::utf16_of_byte(std::int64_t position) const {
  const auto mark = walk(text_, marks_, &Mark::byte, position);
  return mark ? std::optional(mark->utf16) : std::nullopt;
}

}  // namespace understory
