#include "people/password_rules.h"

#include <algorithm>
#include <set>

#include "foundation/resource.h"
#include "foundation/text.h"

namespace understory::people {

std::span<const Resource> resources();

namespace {

bool breached(std::string_view password) {
  static const std::vector<std::string_view> kList = [] {
    const auto text = find_resource(resources(), "people/passwords.txt");
    if (!text) throw std::logic_error("the list of breached passwords is not built in");
    return split(trim(*text), '\n');
  }();
  return std::binary_search(kList.begin(), kList.end(), password);
}

// Words of this place, and hardly a letter beside them.
bool only_own_words(std::string_view folded) {
  std::string letters;
  for (const char c : folded)
    if (std::isalpha(static_cast<unsigned char>(c)) || (static_cast<unsigned char>(c) & 0x80)) letters += c;
  const std::size_t before = letters.size();
  for (std::string_view word : kOwnWords)
    for (std::size_t at; (at = letters.find(word)) != std::string::npos;) letters.erase(at, word.size());
  return letters.size() < before && letters.size() < 4;
}

}  // namespace

Result<void> check_password(std::string_view password, std::string_view account) {
  const auto weak = [](std::string_view reason) {
    return fail(problems::kWeakPassword, {{"reason", std::string(reason)}});
  };
  if (first_invalid_utf8(password)) return weak("it is not text");
  const OffsetMap characters(password);
  if (characters.code_point_length() < kShortestPassword) return weak("it is shorter than 10 characters");
  if (characters.code_point_length() > kLongestPassword) return weak("it is longer than 200 characters");
  std::string core = lower_ascii(password);
  if (breached(core)) return weak("it is one of those that guessers try first");
  while (!core.empty() && !std::isalpha(static_cast<unsigned char>(core.back())) &&
         !(static_cast<unsigned char>(core.back()) & 0x80))
    core.pop_back();
  if (core.size() >= 6 && breached(core)) return weak("it is one of those that guessers try first, with an ending");
  const std::string folded = fold(password);
  if (!account.empty() && folded.find(fold(account)) != std::string::npos && account.size() >= 3)
    return weak("it holds the account's name");
  if (only_own_words(folded)) return weak("it is little more than words of this place");
  if (std::set<char>(folded.begin(), folded.end()).size() < 5) return weak("it repeats a few characters");
  return {};
}

}  // namespace understory::people
