// Text as people write it: UTF-8 with ICU's rules for characters, words and sentences in every script.
// Offsets are bytes of the text unless a name says otherwise; ends are exclusive.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/result.h"

namespace understory {

struct Span {
  std::int64_t start = 0;
  std::int64_t end = 0;
  std::int64_t length() const { return end - start; }
  bool overlaps(const Span& other) const { return start < other.end && other.start < end; }
  auto operator<=>(const Span&) const = default;
};

// Byte position of the first byte that is not UTF-8 (overlong forms, surrogates and > U+10FFFF included).
std::optional<std::size_t> first_invalid_utf8(std::string_view bytes);

struct DecodedText {
  std::string text;      // UTF-8 without a byte order mark, otherwise unchanged (newlines too)
  std::string encoding;  // "utf-8", "utf-16le" or "utf-16be"
  bool byte_order_mark = false;
};
// A text file's bytes → text. UTF-8 with or without BOM; UTF-16 with BOM, or without one when every other byte of
// the first 1,000 is zero. Anything else: kWrongEncoding with `file`, position and line.
Result<DecodedText> decode_text(std::string_view bytes, std::string_view file);

// The grapheme boundaries of a text (Unicode extended grapheme clusters).
class Graphemes {
 public:
  explicit Graphemes(std::string_view text);  // the text must outlive the object
  ~Graphemes();
  Graphemes(const Graphemes&) = delete;
  Graphemes& operator=(const Graphemes&) = delete;
  bool is_boundary(std::int64_t byte) const;
  // The nearest boundary at or before / at or after.
  std::int64_t before(std::int64_t byte) const;
  std::int64_t after(std::int64_t byte) const;

 private:
  struct Impl;
  Impl* impl_;
};

// Spans of words as ICU sees them in the language (dictionary for Khmer, Thai, Lao); spaces and punctuation left out.
std::vector<Span> words(std::string_view text, std::string_view language);
// Sentences: end at ។ ៕ । ॥ . ? ! … or a newline; trailing spaces belong to no sentence.
std::vector<Span> sentences(std::string_view text);
// Lines that hold something else than white space, without their newline ("\n", "\r\n" or "\r").
std::vector<Span> paragraphs(std::string_view text);

// For comparing and searching: NFKC, case folded, U+200B/U+200C/U+200D/U+FEFF removed, white space runs → one space.
std::string fold(std::string_view text);

// U+200B put in at ICU word boundaries inside runs of Khmer, Lao, Thai or Burmese, so that any renderer can break
// lines there. Text in other scripts comes back unchanged.
std::string with_break_opportunities(std::string_view text);

// Positions in one text counted three ways. Built once in O(n), asked in O(log n).
class OffsetMap {
 public:
  explicit OffsetMap(std::string_view text);  // the text must be valid UTF-8 and outlive the object
  std::int64_t byte_length() const;
  std::int64_t code_point_length() const;
  std::int64_t utf16_length() const;
  // nullopt where the position lies outside the text or (for UTF-16 and bytes) inside a character.
  std::optional<std::int64_t> byte_of_code_point(std::int64_t position) const;
  std::optional<std::int64_t> byte_of_utf16(std::int64_t position) const;
  std::optional<std::int64_t> code_point_of_byte(std::int64_t position) const;
  std::optional<std::int64_t> utf16_of_byte(std::int64_t position) const;

 private:
  struct Mark {
    std::int64_t byte, code_point, utf16;
  };
  std::string_view text_;
  std::vector<Mark> marks_;  // one every 256 code points
  std::int64_t code_points_ = 0, utf16_ = 0;
};

// For HTML and XML text and attribute values: & < > " ' escaped; characters XML 1.0 forbids replaced by U+FFFD.
std::string escape_markup(std::string_view text);

// How many columns of a terminal the text takes: marks above and below take none, wide characters two.
int display_columns(std::string_view text);

// Does the whole text match the pattern (ICU's regular expressions)? nullopt: the pattern cannot be read, or matching
// takes too long (about a tenth of a second) or too much memory. Pattern and text may come from strangers.
std::optional<bool> matches_whole(const std::string& pattern, const std::string& text);

// At most `bytes` bytes from the start, never half a character.
std::string_view shortened(std::string_view text, std::size_t bytes);

std::string_view trim(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char at);
std::string join(const std::vector<std::string>& parts, std::string_view between);
std::string lower_ascii(std::string_view text);
// Every letter that has two cases, in any script (no language's own rules).
std::string lower_case(std::string_view text);
std::string upper_case(std::string_view text);

}  // namespace understory
