#include "study/exchange/offsets.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace understory::study {

namespace {

// How far the preferred reading may lag behind another and still be taken.
constexpr double kPreference = 0.04;
// How much better a source's own best must be to leave the project's reading, and on how many selections.
constexpr double kOwnMind = 0.2;
constexpr std::size_t kOwnMindFrom = 5;

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// Bytes of the character that begins here; 1 for a stray byte.
int length_at(std::string_view text, std::int64_t at) {
  const auto byte = static_cast<unsigned char>(text[static_cast<std::size_t>(at)]);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

bool has_crlf(std::string_view text) { return contains(text, "\r\n"); }

// Readings that give the same spans on this text, as one.
Reading effective(const TextToRead& text, Reading reading, bool ascii, bool astral, bool crlf) {
  if (reading.unit == Unit::kUtf16 && !astral) reading.unit = Unit::kCodePoint;
  if (ascii && !(text.byte_order_mark && reading.counts_byte_order_mark)) reading.unit = Unit::kCodePoint;
  if (!text.byte_order_mark) reading.counts_byte_order_mark = false;
  if (!crlf) reading.newline_counts_two = true;
  return reading;
}

struct Border {
  std::int64_t position;
  std::size_t selection;
  bool end;
};

enum class Kind { kEdge, kNewline, kSpace, kMark, kWord, kUnspaced };

Kind kind_of(std::string_view text, std::int64_t at) {
  const auto byte = static_cast<unsigned char>(text[static_cast<std::size_t>(at)]);
  if (byte == '\n' || byte == '\r') return Kind::kNewline;
  if (byte == ' ' || byte == '\t') return Kind::kSpace;
  if (byte < 0x80) return std::isalnum(byte) ? Kind::kWord : Kind::kMark;
  // Thai, Lao, Burmese, Khmer (U+0E00 – U+109F, U+1780 – U+17FF) and what lies from U+3000 on do not space their words.
  if (byte == 0xE0) {
    const auto next = static_cast<unsigned char>(text[static_cast<std::size_t>(at) + 1]);
    return next >= 0xB8 && next <= 0xBB ? Kind::kUnspaced : Kind::kWord;
  }
  if (byte == 0xE1) {
    const auto next = static_cast<unsigned char>(text[static_cast<std::size_t>(at) + 1]);
    return next <= 0x82 || next == 0x9E || next == 0x9F ? Kind::kUnspaced : Kind::kWord;
  }
  if (byte == 0xE2) return Kind::kMark;
  return byte >= 0xE3 && byte < 0xF0 ? Kind::kUnspaced : byte >= 0xF0 ? Kind::kMark : Kind::kWord;
}

std::int64_t before(std::string_view text, std::int64_t at) {
  do --at;
  while (at > 0 && (static_cast<unsigned char>(text[static_cast<std::size_t>(at)]) & 0xC0) == 0x80);
  return at;
}

// 0 … 1 for a border between what stands before and after it.
double border_score(std::string_view text, std::int64_t at, bool end) {
  const Kind left = at <= 0 ? Kind::kEdge : kind_of(text, before(text, at));
  const Kind right = at >= static_cast<std::int64_t>(text.size()) ? Kind::kEdge : kind_of(text, at);
  const auto inside = [](Kind kind) { return kind == Kind::kWord || kind == Kind::kUnspaced || kind == Kind::kMark; };
  if (left == Kind::kNewline && right == Kind::kNewline) return 0.6;
  if (left == Kind::kEdge || right == Kind::kEdge) return 1;
  if (left == Kind::kNewline || right == Kind::kNewline) {
    // A selection of lines may end before its last line end or after it; one that begins with a line end is odd.
    return right == Kind::kNewline && !end ? 0.3 : 1;
  }
  if (left == Kind::kWord && right == Kind::kWord) return 0;
  if (left == Kind::kUnspaced && right == Kind::kUnspaced) return 0.5;
  const Kind own = end ? left : right, other = end ? right : left;
  if (inside(own) && other == Kind::kSpace) return 1;
  if (own == Kind::kSpace) return 0.3;
  return 0.7;
}

std::string squeezed(std::string_view text, std::size_t most) {
  std::string out;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (space && (out.empty() || out.back() == ' ')) continue;
    out += space ? ' ' : c;
    if (out.size() > most) break;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// −1: the words say nothing about what stands there (“line:6”); else 0 … 1.
double words_score(std::string_view there, std::string_view words) {
  std::string said = squeezed(words, 400);
  bool cut = false;
  for (std::string_view dots : {"...", "…"})
    if (said.size() > dots.size() && said.ends_with(dots)) said.erase(said.rfind(dots)), cut = true;
  while (!said.empty() && said.back() == ' ') said.pop_back();
  if (said.size() < 4) return -1;
  const std::string found = squeezed(there, 400);
  if (found == said) return 1;
  if (found.rfind(said, 0) == 0 && (cut || said.size() >= 20)) return 0.9;
  if (found.size() >= 4 && said.rfind(found, 0) == 0) return 0.3;
  return 0;
}

std::string_view unit_name(Unit unit) {
  return unit == Unit::kCodePoint ? "code points" : unit == Unit::kUtf16 ? "UTF-16" : "UTF-8";
}

std::vector<Reading> all_readings() {
  std::vector<Reading> readings;
  for (Unit unit : {Unit::kCodePoint, Unit::kUtf16, Unit::kUtf8})
    for (bool inclusive : {false, true})
      for (bool mark : {false, true})
        for (bool two : {true, false}) readings.push_back({unit, mark, two, inclusive});
  return readings;
}

// A text with its scores by reading, each set of spans computed once.
class Scored {
 public:
  explicit Scored(const TextToRead& text) : text_(text), crlf_(has_crlf(text.text)) {
    for (const char c : text.text) {
      ascii_ = ascii_ && static_cast<signed char>(c) >= 0;
      astral_ = astral_ || static_cast<unsigned char>(c) >= 0xF0;
    }
    for (const Reading& reading : all_readings()) words_matter_ = words_matter_ || entry(reading).fit.words > 0;
  }
  double of(const Reading& reading) { return entry(reading).fit.score(words_matter_); }
  const std::vector<LocatedSpan>& spans(const Reading& reading) { return entry(reading).spans; }
  std::size_t selections() const { return text_.selections.size(); }

 private:
  struct Entry {
    std::vector<LocatedSpan> spans;
    Fit fit;
  };
  Entry& entry(const Reading& reading) {
    const Reading key = effective(text_, reading, ascii_, astral_, crlf_);
    auto found = entries_.find(key);
    if (found == entries_.end()) {
      std::vector<RawSelection> shifted = text_.selections;
      if (key.counts_byte_order_mark) {
        const std::int64_t mark = key.unit == Unit::kUtf8 ? 3 : 1;
        for (RawSelection& each : shifted) each.start -= mark, each.end -= mark;
      }
      Entry made{locate(text_.text, shifted, key), {}};
      made.fit = fit_of(text_.text, text_.selections, made.spans);
      found = entries_.emplace(key, std::move(made)).first;
    }
    return found->second;
  }
  const TextToRead& text_;
  bool ascii_ = true, astral_ = false, crlf_, words_matter_ = false;
  std::map<Reading, Entry> entries_;
};

bool same_spans(const std::vector<LocatedSpan>& left, const std::vector<LocatedSpan>& right) {
  for (std::size_t i = 0; i < left.size(); ++i)
    if (left[i].usable != right[i].usable || left[i].bytes != right[i].bytes) return false;
  return true;
}

}  // namespace

Reading reading_of_origin(std::string_view origin) {
  const std::string who = lower_ascii(origin);
  if (contains(who, "understory (spec)")) return {Unit::kCodePoint, false, true, true};
  if (contains(who, "nvivo")) return {Unit::kUtf16, false, true, false};
  if (contains(who, "atlas") || contains(who, "maxqda") || contains(who, "qualcoder"))
    return {Unit::kCodePoint, false, false, false};
  if (contains(who, "taguette")) return {Unit::kUtf8, false, true, false};
  return {};
}

std::vector<LocatedSpan> locate(std::string_view text, const std::vector<RawSelection>& selections,
                                const Reading& reading) {
  std::vector<Border> borders;
  for (std::size_t i = 0; i < selections.size(); ++i) {
    borders.push_back({selections[i].start, i, false});
    borders.push_back({selections[i].end + (reading.end_inclusive && !selections[i].between ? 1 : 0), i, true});
  }
  std::sort(borders.begin(), borders.end(),
            [](const Border& left, const Border& right) { return left.position < right.position; });
  std::vector<LocatedSpan> spans(selections.size(), {{-1, -1}});
  const auto size = static_cast<std::int64_t>(text.size());
  std::int64_t at = 0, count = 0, last = 0;  // the character that begins at byte `last` ended at `at`
  for (const Border& border : borders) {
    if (border.position < 0) continue;
    while (count < border.position && at < size) {
      last = at;
      const int length = length_at(text, at);
      std::int64_t next = std::min(at + length, size), counted = reading.unit == Unit::kUtf8                   ? length
                                                                 : reading.unit == Unit::kUtf16 && length == 4 ? 2
                                                                                                               : 1;
      if (!reading.newline_counts_two && text[static_cast<std::size_t>(at)] == '\r' && next < size &&
          text[static_cast<std::size_t>(next)] == '\n')
        ++next;
      at = next;
      count += counted;
    }
    if (count < border.position) break;  // beyond the text, and so is every later one
    LocatedSpan& span = spans[border.selection];
    if (count > border.position) span.widened = true;
    if (border.end)
      span.bytes.end = at;
    else
      span.bytes.start = count > border.position ? last : at;
  }
  const Graphemes graphemes(text);
  for (LocatedSpan& span : spans) {
    span.usable = span.bytes.start >= 0 && span.bytes.end > span.bytes.start;
    if (!span.usable) continue;
    const Span wide{graphemes.before(span.bytes.start), graphemes.after(span.bytes.end)};
    span.widened = span.widened || wide != span.bytes;
    span.bytes = wide;
  }
  return spans;
}

Fit fit_of(std::string_view text, const std::vector<RawSelection>& selections, const std::vector<LocatedSpan>& spans) {
  if (selections.empty()) return {};
  double borders = 0, words = 0;
  std::size_t with_words = 0;
  for (std::size_t i = 0; i < selections.size(); ++i) {
    const std::string_view there = spans[i].usable ? text.substr(static_cast<std::size_t>(spans[i].bytes.start),
                                                                 static_cast<std::size_t>(spans[i].bytes.length()))
                                                   : std::string_view();
    double best = -1;
    for (std::string_view said : {selections[i].name, selections[i].described})
      best = std::max(best, words_score(there, said));
    if (best >= 0) ++with_words, words += best;
    if (!spans[i].usable || spans[i].widened) continue;
    borders += (border_score(text, spans[i].bytes.start, false) + border_score(text, spans[i].bytes.end, true)) / 2;
  }
  return {with_words == 0 ? 0 : words / static_cast<double>(with_words),
          borders / static_cast<double>(selections.size())};
}

std::vector<ChosenReading> choose_readings(const std::vector<TextToRead>& texts, std::string_view origin) {
  const Reading preferred = reading_of_origin(origin);
  const std::vector<Reading> readings = all_readings();
  std::vector<Scored> scored;
  scored.reserve(texts.size());
  for (const TextToRead& text : texts) scored.emplace_back(text);
  const bool ours = origin.rfind("Understory (", 0) == 0;  // no guess: the preset is written in the file
  const auto best_of = [&](const auto& value_of) {
    Reading best = preferred;
    if (ours) return best;
    double best_value = value_of(preferred) + kPreference;
    for (const Reading& reading : readings)
      if (const double value = value_of(reading); value > best_value) best = reading, best_value = value;
    return best;
  };
  double all = 0;
  for (const Scored& each : scored) all += static_cast<double>(each.selections());
  const Reading of_project = best_of([&](const Reading& reading) {
    double sum = 0;
    for (Scored& each : scored) sum += each.of(reading) * static_cast<double>(each.selections());
    return all > 0 ? sum / all : 0;
  });

  std::vector<ChosenReading> chosen;
  for (std::size_t t = 0; t < texts.size(); ++t) {
    Reading taken = of_project;
    if (scored[t].selections() >= kOwnMindFrom) {
      const Reading own = best_of([&](const Reading& reading) { return scored[t].of(reading); });
      if (scored[t].of(own) > scored[t].of(of_project) + kOwnMind) taken = own;
    }
    ChosenReading result{scored[t].spans(taken), {}};
    OffsetReading& report = result.report;
    report.source = texts[t].name;
    report.unit = std::string(unit_name(taken.unit));
    report.counts_byte_order_mark = taken.counts_byte_order_mark && texts[t].byte_order_mark;
    report.newline_counts_two = taken.newline_counts_two;
    report.end_inclusive = taken.end_inclusive;
    report.score = scored[t].of(taken);
    report.selections = static_cast<int>(texts[t].selections.size());
    for (const Reading& reading : readings)
      if (!same_spans(scored[t].spans(reading), result.spans))
        report.runner_up = std::max(report.runner_up, scored[t].of(reading));
    if (taken != of_project)
      report.why = "this source fits another count than the rest of the project";
    else if (ours)
      report.why = "the file says so";
    else if (taken == preferred)
      report.why = origin.empty() ? "the usual count, and no other fits better"
                                  : "what " + std::string(origin) + " is known to write, and no other fits better";
    else
      report.why = "fits clearly better than what " +
                   (origin.empty() ? std::string("is usual") : std::string(origin) + " is known to write");
    chosen.push_back(std::move(result));
  }
  return chosen;
}

Positions::Positions(std::string_view text, const Reading& reading, bool byte_order_mark)
    : map_(text), reading_(reading) {
  if (byte_order_mark && reading.counts_byte_order_mark) mark_ = reading.unit == Unit::kUtf8 ? 3 : 1;
  if (reading.newline_counts_two) return;
  for (std::size_t at = text.find("\r\n"); at != std::string_view::npos; at = text.find("\r\n", at + 2))
    carriage_returns_.push_back(static_cast<std::int64_t>(at));
}

std::int64_t Positions::count(std::int64_t byte) const {
  const std::int64_t units = reading_.unit == Unit::kUtf8    ? byte
                             : reading_.unit == Unit::kUtf16 ? map_.utf16_of_byte(byte).value()
                                                             : map_.code_point_of_byte(byte).value();
  return mark_ + units -
         (std::lower_bound(carriage_returns_.begin(), carriage_returns_.end(), byte) - carriage_returns_.begin());
}

std::int64_t Positions::start_of(std::int64_t byte) const { return count(byte); }
std::int64_t Positions::end_of(std::int64_t byte) const { return count(byte) - (reading_.end_inclusive ? 1 : 0); }

}  // namespace understory::study
