#include "foundation/id.h"

#include <sys/random.h>

#include <cctype>
#include <mutex>
#include <stdexcept>

#include "foundation/clock.h"

namespace understory {

namespace {

constexpr std::int64_t kEpoch = 1735689600000;  // 2025-01-01T00:00:00Z
constexpr int kCounterBits = 22;
constexpr std::int64_t kCounterLimit = std::int64_t{1} << kCounterBits;
constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";

void fill_random(void* bytes, std::size_t count) {
  if (getrandom(bytes, count, 0) != static_cast<ssize_t>(count))
    throw std::runtime_error("the system gives no random numbers");
}

}  // namespace

std::string Id::text() const {
  std::string out(13, '0');
  auto rest = static_cast<std::uint64_t>(value);
  for (int i = 12; i >= 0; --i, rest >>= 5) out[i] = kDigits[rest & 31];
  return out;
}

std::optional<Id> Id::parse(std::string_view text) {
  if (text.size() != 13) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t digit = kDigits.find(static_cast<char>(std::tolower(static_cast<unsigned char>(text[i]))));
    if (digit == std::string_view::npos || (i == 0 && digit > 7)) return std::nullopt;  // 63 bits
    value = value << 5 | digit;
  }
  return value == 0 ? std::nullopt : std::optional(Id{static_cast<std::int64_t>(value)});
}

Id Id::make() {
  static std::mutex mutex;
  static std::int64_t last_time = 0, counter = 0;
  const std::lock_guard lock(mutex);
  const std::int64_t time = now() - kEpoch;
  if (time > last_time) {
    std::uint32_t start;
    fill_random(&start, sizeof start);
    last_time = time;
    counter = start % (kCounterLimit / 2);  // room to count up
  } else if (++counter == kCounterLimit) {
    ++last_time;  // two million in one millisecond: borrow from the next
    counter = 0;
  }
  return Id{last_time << kCounterBits | counter};
}

std::string make_guid() {
  unsigned char bytes[16];
  fill_random(bytes, sizeof bytes);
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += kHex[bytes[i] >> 4];
    out += kHex[bytes[i] & 15];
  }
  return out;
}

std::optional<std::string> normal_guid(std::string_view text) {
  if (text.size() == 38 && text.front() == '{' && text.back() == '}') text = text.substr(1, 36);
  if (text.size() != 36) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-') || (!dash && !std::isxdigit(static_cast<unsigned char>(text[i])))) return std::nullopt;
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(text[i])));
  }
  return out;
}

}  // namespace understory
