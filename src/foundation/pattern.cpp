#include <unicode/regex.h>
#include <unicode/unistr.h>

#include "foundation/text.h"

namespace understory {

std::optional<bool> matches_whole(const std::string& pattern, const std::string& text) {
  constexpr std::size_t kPatternLimit = 10'000;
  if (pattern.size() > kPatternLimit) return std::nullopt;
  UErrorCode status = U_ZERO_ERROR;
  UParseError where;
  icu::RegexPattern* read = icu::RegexPattern::compile(icu::UnicodeString::fromUTF8(pattern), 0, where, status);
  const std::unique_ptr<icu::RegexPattern> owned(read);
  if (U_FAILURE(status) || !read) return std::nullopt;
  const icu::UnicodeString input = icu::UnicodeString::fromUTF8(text);
  const std::unique_ptr<icu::RegexMatcher> matcher(read->matcher(input, status));
  if (U_FAILURE(status) || !matcher) return std::nullopt;
  matcher->setTimeLimit(100, status);  // steps of about a millisecond
  matcher->setStackLimit(1 << 20, status);
  const bool matched = matcher->matches(status);
  if (U_FAILURE(status)) return std::nullopt;
  return matched;
}

}  // namespace understory
