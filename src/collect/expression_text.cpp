// Functions about texts, choices and truth.
#include <algorithm>
#include <cmath>
#include <ctime>

#include "collect/expression_parts.h"
#include "foundation/text.h"
#include "vault/digest.h"
#include "vault/signing.h"

namespace understory::collect::expressions {

namespace {

// The text, or the context's where there is no argument.
std::string text_or_context(Call& call) {
  if (call.count() > 0) return call.text(0);
  return call.place().node.element ? call.place().node.text() : std::string();
}

// Where each character begins, and the end.
std::vector<std::size_t> beginnings(std::string_view text) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) found.push_back(i);
  found.push_back(text.size());
  return found;
}

Value concat(Call& call) {
  std::string made;
  for (std::size_t i = 0; i < call.count(); ++i)
    for (const std::string& each : call.texts(i)) {
      made += each;
      if (!call.spend(1 + each.size() / 64) || made.size() > 1'000'000) {
        call.stop("its result is longer than a million bytes");
        return std::string();
      }
    }
  return made;
}

Value join_texts(Call& call) {
  std::vector<std::string> parts;
  std::size_t size = 0;
  const std::string between = call.text(0);
  for (std::size_t i = 1; i < call.count(); ++i)
    for (std::string& each : call.texts(i)) {
      size += each.size() + between.size();
      if (size > 1'000'000) {
        call.stop("its result is longer than a million bytes");
        return std::string();
      }
      parts.push_back(std::move(each));
    }
  return join(parts, between);
}

Value substr(Call& call) {
  const std::string text = call.text(0);
  const auto begins = beginnings(text);
  const auto size = static_cast<double>(begins.size() - 1);
  // As in Java's and JavaScript's: a negative index counts from the end.
  const auto index = [&](double number) {
    if (std::isnan(number)) return 0.0;
    return std::clamp(number < 0 ? size + std::trunc(number) : std::trunc(number), 0.0, size);
  };
  const auto from = static_cast<std::size_t>(index(call.number(1)));
  const auto to = call.count() > 2 ? static_cast<std::size_t>(index(call.number(2))) : begins.size() - 1;
  if (to <= from) return std::string();
  return text.substr(begins[from], begins[to] - begins[from]);
}

// XPath 1.0: from 1, both numbers rounded.
Value substring(Call& call) {
  const std::string text = call.text(0);
  const auto begins = beginnings(text);
  const double start = std::floor(call.number(1) + 0.5);
  const double end = call.count() > 2 ? start + std::floor(call.number(2) + 0.5) : HUGE_VAL;
  std::string made;
  for (std::size_t i = 0; i + 1 < begins.size(); ++i) {
    const auto position = static_cast<double>(i + 1);
    if (position >= start && position < end) made += text.substr(begins[i], begins[i + 1] - begins[i]);
  }
  return made;
}

Value substring_before(Call& call) {
  const std::string text = call.text(0);
  const std::size_t at = text.find(call.text(1));
  return at == std::string::npos ? std::string() : text.substr(0, at);
}

Value substring_after(Call& call) {
  const std::string text = call.text(0), target = call.text(1);
  const std::size_t at = text.find(target);
  return at == std::string::npos ? std::string() : text.substr(at + target.size());
}

Value translate(Call& call) {
  const std::string text = call.text(0), from = call.text(1), to = call.text(2);
  const auto of_text = beginnings(text), of_from = beginnings(from), of_to = beginnings(to);
  std::string made;
  for (std::size_t i = 0; i + 1 < of_text.size(); ++i) {
    const std::string_view each = std::string_view(text).substr(of_text[i], of_text[i + 1] - of_text[i]);
    std::size_t k = 0;
    while (k + 1 < of_from.size() && std::string_view(from).substr(of_from[k], of_from[k + 1] - of_from[k]) != each)
      ++k;
    if (!call.spend(1 + k / 8)) return made;
    if (k + 1 >= of_from.size())
      made += each;
    else if (k + 1 < of_to.size())
      made += to.substr(of_to[k], of_to[k + 1] - of_to[k]);
  }
  return made;
}

Value normalize_space(Call& call) {
  const std::string text = text_or_context(call);
  std::string made;
  for (const std::string_view each : list_items(text)) made.append(made.empty() ? "" : " ").append(each);
  return made;
}

std::int64_t own_microseconds() {
  timespec spent{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<std::int64_t>(spent.tv_sec) * 1'000'000 + spent.tv_nsec / 1'000;
}

Value regex(Call& call) {
  const std::string text = call.text(0), pattern = call.text(1);
  if (!call.spend(100 + text.size() / 8)) return false;
  // A pattern costs what it takes: many slow ones are not to add up. By this thread's own time: a busy machine changes
  // no answer.
  const std::int64_t began = own_microseconds();
  const std::optional<bool> matched = matches_whole(pattern, text);
  call.spend(static_cast<std::size_t>(own_microseconds() - began) * 20);
  if (!matched) call.stop("the pattern cannot be read, or takes too long");
  return matched.value_or(false);
}

Value digest(Call& call) {
  const std::string text = call.text(0), name = call.text(1);
  const auto kind = vault::digest_kind_of(name);
  const std::string encoding = call.count() > 2 ? lower_ascii(call.text(2)) : "base64";
  if (!kind || (encoding != "base64" && encoding != "hex")) {
    call.stop("digest() knows MD5, SHA-1, SHA-256, SHA-384 and SHA-512, as hex or base64");
    return std::string();
  }
  const std::string bytes = vault::digest(*kind, text);
  return encoding == "hex" ? vault::hexadecimal(bytes) : vault::to_base64(bytes);
}

Value base64_decode(Call& call) {
  const auto bytes = vault::from_base64(call.text(0));
  return bytes && !first_invalid_utf8(*bytes) ? *bytes : std::string();
}

// extract-signed('message', 'public key'): a message behind its Ed25519 signature, as base64; empty where it is not by
// whom the key belongs to.
Value extract_signed(Call& call) {
  constexpr std::size_t kKey = 32, kSignature = 64;  // bytes
  const auto signed_text = vault::from_base64(trim(call.text(0))), key = vault::from_base64(trim(call.text(1)));
  if (!key || key->size() != kKey) {
    call.stop("extract-signed() needs a public key of 32 bytes, as base64");
    return std::string();
  }
  if (!signed_text || signed_text->size() < kSignature || !call.spend(1000 + signed_text->size() / 8))
    return std::string();
  const std::string_view all = *signed_text, message = all.substr(kSignature);
  if (!vault::signed_by(*key, message, all.substr(0, kSignature)) || first_invalid_utf8(message)) return std::string();
  return std::string(message);
}

Value selected(Call& call) {
  const std::string list = call.text(0), wanted = call.text(1);
  const auto items = list_items(list);
  return std::find(items.begin(), items.end(), trim(wanted)) != items.end();
}

Value selected_at(Call& call) {
  const std::string list = call.text(0);
  const auto items = list_items(list);
  const double index = std::trunc(call.number(1));
  if (!(index >= 0) || index >= static_cast<double>(items.size())) return std::string();
  return std::string(items[static_cast<std::size_t>(index)]);
}

Value coalesce(Call& call) {
  for (std::size_t i = 0; i < call.count(); ++i)
    if (std::string text = call.text(i); !text.empty()) return text;
  return std::string();
}

Value once(Call& call) {
  const Found& self = call.scope().context;
  std::string before = self.element ? self.text() : std::string();
  return before.empty() ? Value(call.text(0)) : Value(std::move(before));
}

// The documentation counts answers that are "yes", the specification those that are true or a number above 0.
bool checked(const std::string& text, int offset) {
  return text == "yes" || text == "true" || number_of(text, offset) > 0;
}

bool within(double least, double sum, double most) { return (least < 0 || sum >= least) && (most < 0 || sum <= most); }

Value checklist(Call& call) {
  double count = 0;
  for (std::size_t i = 2; i < call.count(); ++i)
    for (const std::string& each : call.texts(i)) count += checked(each, call.scope().offset_minutes);
  return within(call.number(0), count, call.number(1));
}

Value weighted_checklist(Call& call) {
  if (call.count() % 2) {
    call.stop("each answer of weighted-checklist() needs a weight");
    return false;
  }
  double sum = 0;
  for (std::size_t i = 2; i + 1 < call.count(); i += 2)
    if (checked(call.text(i), call.scope().offset_minutes)) sum += call.number(i + 1);
  return within(call.number(0), sum, call.number(1));
}

Value uuid(Call& call) {
  if (call.count() == 0) return call.scope().guid ? call.scope().guid() : std::string();
  constexpr std::string_view kLetters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const double length = call.number(0);
  std::string made;
  for (double i = 0; i < std::min(length, 1'000.0) && call.scope().random; ++i)
    made += kLetters[std::min(static_cast<std::size_t>(call.scope().random() * 62), std::size_t{61})];
  return made;
}

}  // namespace

std::vector<std::string_view> list_items(std::string_view text) {
  std::vector<std::string_view> items;
  constexpr std::string_view kSpace = " \t\r\n";
  for (std::size_t at = text.find_first_not_of(kSpace); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(kSpace, at), text.size());
    items.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(kSpace, end);
  }
  return items;
}

const Function kTextFunctions[] = {
    {"string", 0, 1, [](Call& c) -> Value { return text_or_context(c); }},
    {"concat", 0, kAny, concat},
    {"join", 1, kAny, join_texts},
    {"substr", 2, 3, substr},
    {"substring", 2, 3, substring},
    {"substring-before", 2, 2, substring_before},
    {"substring-after", 2, 2, substring_after},
    {"string-length", 0, 1, [](Call& c) -> Value { return static_cast<double>(characters(text_or_context(c))); }},
    {"contains", 2, 2, [](Call& c) -> Value { return c.text(0).find(c.text(1)) != std::string::npos; }},
    {"starts-with", 2, 2, [](Call& c) -> Value { return c.text(0).starts_with(c.text(1)); }},
    {"ends-with", 2, 2, [](Call& c) -> Value { return c.text(0).ends_with(c.text(1)); }},
    {"normalize-space", 0, 1, normalize_space},
    {"translate", 3, 3, translate},
    {"regex", 2, 2, regex},
    {"digest", 2, 3, digest},
    {"base64-decode", 1, 1, base64_decode},
    {"extract-signed", 2, 2, extract_signed},
    {"uuid", 0, 1, uuid},
    {"selected", 2, 2, selected},
    {"selected-at", 2, 2, selected_at},
    {"is-selected", 2, 2, selected},
    {"count-selected", 1, 1, [](Call& c) -> Value { return static_cast<double>(list_items(c.text(0)).size()); }},
    {"coalesce", 1, kAny, coalesce},
    {"once", 1, 1, once},
    {"if", 3, 3, [](Call& c) -> Value { return c.truth(0) ? c.value(1) : c.value(2); }},
    {"true", 0, 0, [](Call&) -> Value { return true; }},
    {"false", 0, 0, [](Call&) -> Value { return false; }},
    {"boolean", 1, 1, [](Call& c) -> Value { return c.truth(0); }},
    {"not", 1, 1, [](Call& c) -> Value { return !c.truth(0); }},
    {"boolean-from-string", 1, 1,
     [](Call& c) -> Value {
       const std::string text = c.text(0);
       return text == "1" || text == "true";
     }},
    {"checklist", 2, kAny, checklist},
    {"weighted-checklist", 2, kAny, weighted_checklist},
    {"depend", 1, kAny, [](Call& c) -> Value { return c.value(0); }},
    {"", 0, 0, nullptr}};

}  // namespace understory::collect::expressions
