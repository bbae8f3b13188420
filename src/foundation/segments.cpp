// Characters, words, sentences, lines: where text may be cut.
#include <unicode/brkiter.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/utext.h>
#include <unicode/utf8.h>

#include <map>
#include <mutex>

#include "foundation/text.h"

namespace understory {

namespace {

// Opening a break iterator costs milliseconds (it reads its rules and dictionary), cloning one microseconds.
std::unique_ptr<icu::BreakIterator> word_iterator(const std::string& language) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<icu::BreakIterator>> prototypes;
  const std::lock_guard lock(mutex);
  auto& prototype = prototypes[language];
  if (!prototype) {
    UErrorCode error = U_ZERO_ERROR;
    prototype.reset(icu::BreakIterator::createWordInstance(icu::Locale(language.c_str()), error));
    if (U_FAILURE(error)) throw std::runtime_error("ICU has no rules for words");
  }
  return std::unique_ptr<icu::BreakIterator>(prototype->clone());
}

std::unique_ptr<icu::BreakIterator> character_iterator() {
  static const std::unique_ptr<icu::BreakIterator> prototype = [] {
    UErrorCode error = U_ZERO_ERROR;
    std::unique_ptr<icu::BreakIterator> made(
        icu::BreakIterator::createCharacterInstance(icu::Locale::getRoot(), error));
    if (U_FAILURE(error)) throw std::runtime_error("ICU has no rules for characters");
    return made;
  }();
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  return std::unique_ptr<icu::BreakIterator>(prototype->clone());
}

// A view of UTF-8 for ICU, closed when it goes.
class TextView {
 public:
  explicit TextView(std::string_view text) {
    UErrorCode error = U_ZERO_ERROR;
    view_ = utext_openUTF8(nullptr, text.data(), static_cast<std::int64_t>(text.size()), &error);
    if (U_FAILURE(error)) throw std::runtime_error("ICU cannot open a text");
  }
  ~TextView() { utext_close(view_); }
  TextView(const TextView&) = delete;
  TextView& operator=(const TextView&) = delete;
  void give_to(icu::BreakIterator& iterator) {
    UErrorCode error = U_ZERO_ERROR;
    iterator.setText(view_, error);
    if (U_FAILURE(error)) throw std::runtime_error("ICU cannot read a text");
  }

 private:
  UText* view_;
};

UChar32 character_at(std::string_view text, std::size_t at, std::int32_t* next = nullptr) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  auto position = static_cast<std::int32_t>(at);
  UChar32 character;
  U8_NEXT(bytes, position, static_cast<std::int32_t>(text.size()), character);
  if (next) *next = position;
  return character;
}

// Scripts that are written without spaces between words.
bool without_spaces(UChar32 character) {
  UErrorCode error = U_ZERO_ERROR;
  const UScriptCode script = uscript_getScript(character, &error);
  return script == USCRIPT_KHMER || script == USCRIPT_THAI || script == USCRIPT_LAO || script == USCRIPT_MYANMAR;
}

bool is_plain(char byte) { return static_cast<unsigned char>(byte) < 0x80 && byte != '\r' && byte != '\n'; }

}  // namespace

struct Graphemes::Impl {
  std::string_view text;
  TextView view;
  std::unique_ptr<icu::BreakIterator> iterator;
  explicit Impl(std::string_view wanted) : text(wanted), view(wanted), iterator(character_iterator()) {
    view.give_to(*iterator);
  }
};

Graphemes::Graphemes(std::string_view text) : impl_(new Impl(text)) {}
Graphemes::~Graphemes() { delete impl_; }

bool Graphemes::is_boundary(std::int64_t byte) const {
  const std::string_view text = impl_->text;
  if (byte < 0 || byte > static_cast<std::int64_t>(text.size())) return false;
  if (byte == 0 || byte == static_cast<std::int64_t>(text.size())) return true;
  // Two plain characters side by side always part; nearly all boundaries asked for are of that kind.
  if (is_plain(text[static_cast<std::size_t>(byte) - 1]) && is_plain(text[static_cast<std::size_t>(byte)])) return true;
  if ((static_cast<unsigned char>(text[static_cast<std::size_t>(byte)]) & 0xC0) == 0x80)
    return false;  // inside a character
  return impl_->iterator->isBoundary(static_cast<std::int32_t>(byte));
}

std::int64_t Graphemes::before(std::int64_t byte) const {
  if (byte <= 0) return 0;
  const auto size = static_cast<std::int64_t>(impl_->text.size());
  if (byte >= size) return size;
  // Inside a character ICU would step back from its first byte; that byte may be the boundary itself.
  while ((static_cast<unsigned char>(impl_->text[static_cast<std::size_t>(byte)]) & 0xC0) == 0x80) --byte;
  return is_boundary(byte) ? byte : impl_->iterator->preceding(static_cast<std::int32_t>(byte));
}

std::int64_t Graphemes::after(std::int64_t byte) const {
  if (byte <= 0) return 0;
  const auto size = static_cast<std::int64_t>(impl_->text.size());
  if (byte >= size) return size;
  return is_boundary(byte) ? byte : impl_->iterator->following(static_cast<std::int32_t>(byte));
}

std::vector<Span> words(std::string_view text, std::string_view language) {
  std::vector<Span> spans;
  TextView view(text);
  const auto iterator = word_iterator(std::string(language.empty() ? "en" : language));
  view.give_to(*iterator);
  std::int32_t start = iterator->first();
  for (std::int32_t end = iterator->next(); end != icu::BreakIterator::DONE; start = end, end = iterator->next()) {
    bool holds_letter = false;
    for (std::int32_t at = start; at < end && !holds_letter;) {
      std::int32_t next;
      const UChar32 character = character_at(text, static_cast<std::size_t>(at), &next);
      holds_letter = u_isalnum(character) || (U_GET_GC_MASK(character) & U_GC_M_MASK) != 0;
      at = next;
    }
    if (holds_letter) spans.push_back({start, end});
  }
  return spans;
}

std::vector<Span> sentences(std::string_view text) {
  std::vector<Span> spans;
  std::size_t start = 0;
  const auto close = [&](std::size_t end) {
    std::string_view part = text.substr(start, end - start);
    const std::string_view words = trim(part);
    if (!words.empty()) {
      const auto from = static_cast<std::int64_t>(words.data() - text.data());
      spans.push_back({from, from + static_cast<std::int64_t>(words.size())});
    }
    start = end;
  };
  for (std::size_t at = 0; at < text.size();) {
    std::int32_t next;
    const UChar32 character = character_at(text, at, &next);
    const bool ends = character == 0x17D4 || character == 0x17D5 || character == 0x0964 || character == 0x0965 ||
                      character == '?' || character == '!' || character == 0x2026 || character == '.';
    if (character == '\n' || character == '\r') {
      close(at);
    } else if (ends) {
      // "3.5", "e.g." and "?!" do not end a sentence in their middle.
      const UChar32 following =
          static_cast<std::size_t>(next) < text.size() ? character_at(text, static_cast<std::size_t>(next)) : ' ';
      const bool more_marks = following == '?' || following == '!' || following == '.' || following == '"' ||
                              following == 0x201D || following == ')';
      if (!more_marks && (character != '.' || u_isUWhiteSpace(following))) close(static_cast<std::size_t>(next));
    } else if ((character == '"' || character == 0x201D || character == ')') && at > start) {
      const char before = text[at - 1];
      if (before == '.' || before == '?' || before == '!') close(static_cast<std::size_t>(next));
    }
    at = static_cast<std::size_t>(next);
  }
  close(text.size());
  return spans;
}

std::vector<Span> paragraphs(std::string_view text) {
  std::vector<Span> spans;
  for (std::size_t start = 0; start < text.size();) {
    std::size_t end = text.find_first_of("\r\n", start);
    if (end == std::string_view::npos) end = text.size();
    if (!trim(text.substr(start, end - start)).empty())
      spans.push_back({static_cast<std::int64_t>(start), static_cast<std::int64_t>(end)});
    start = end + 1;
    if (end + 1 < text.size() && text[end] == '\r' && text[end + 1] == '\n') ++start;
  }
  return spans;
}

std::string with_break_opportunities(std::string_view text) {
  bool any = false;
  for (std::size_t at = 0; at < text.size() && !any;) {
    // Khmer, Thai, Lao and Burmese all begin with 0xE0 or 0xE1.
    if (static_cast<unsigned char>(text[at]) < 0xE0) {
      ++at;
      continue;
    }
    std::int32_t next;
    any = without_spaces(character_at(text, at, &next));
    at = static_cast<std::size_t>(next);
  }
  if (!any) return std::string(text);
  constexpr std::string_view kBreak = "\xE2\x80\x8B";
  TextView view(text);
  const auto iterator = word_iterator("km");  // the dictionaries are chosen by script, whatever the language
  view.give_to(*iterator);
  std::string out;
  std::int32_t start = iterator->first();
  for (std::int32_t end = iterator->next(); end != icu::BreakIterator::DONE; start = end, end = iterator->next()) {
    out += text.substr(static_cast<std::size_t>(start), static_cast<std::size_t>(end - start));
    if (static_cast<std::size_t>(end) >= text.size()) break;
    std::int32_t last = end;
    U8_BACK_1(reinterpret_cast<const std::uint8_t*>(text.data()), 0, last);
    const bool between = without_spaces(character_at(text, static_cast<std::size_t>(last))) &&
                         without_spaces(character_at(text, static_cast<std::size_t>(end)));
    const bool there = text.substr(static_cast<std::size_t>(end), 3) == kBreak ||
                       (out.size() >= 3 && out.compare(out.size() - 3, 3, kBreak) == 0);
    if (between && !there) out += kBreak;
  }
  return out;
}

int display_columns(std::string_view text) {
  int columns = 0;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto size = static_cast<std::int32_t>(text.size());
  for (std::int32_t at = 0; at < size;) {
    UChar32 character;
    U8_NEXT(bytes, at, size, character);
    const int type = u_charType(character);
    if (character < 0 || type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_FORMAT_CHAR ||
        type == U_CONTROL_CHAR)
      continue;
    const int width = u_getIntPropertyValue(character, UCHAR_EAST_ASIAN_WIDTH);
    columns += width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
  }
  return columns;
}

}  // namespace understory
