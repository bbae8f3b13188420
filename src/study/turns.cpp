#include "study/turns.h"

namespace understory::study {

namespace {

// What may stand between a label and what was said: ":" , Khmer "៖" , full-width "：".
constexpr std::string_view kColons[] = {":", "\xE1\x9F\x96", "\xEF\xBC\x9A"};
// A label with one of these in it is a sentence, not a name.
constexpr std::string_view kNoLabel[] = {".", "?", "!", ",", ";", "\xE1\x9F\x94", "\xE0\xA5\xA4", "\"", "\xE2\x80\x9C"};
constexpr int kLabelCharacters = 40;

int characters(std::string_view text) {
  int count = 0;
  for (char byte : text) count += (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  return count;
}

// Bytes of the label and of its colon with the space after it, or {0, 0} where the line has none.
std::pair<std::size_t, std::size_t> label_of(std::string_view line) {
  std::size_t best = std::string_view::npos, colon = 0;
  for (std::string_view mark : kColons) {
    const std::size_t at = line.find(mark);
    if (at < best) {
      best = at;
      colon = mark.size();
    }
  }
  if (best == std::string_view::npos || best == 0) return {0, 0};
  const std::string_view label = line.substr(0, best);
  if (characters(label) > kLabelCharacters) return {0, 0};
  for (std::string_view sign : kNoLabel)
    if (label.find(sign) != std::string_view::npos) return {0, 0};
  std::size_t speech = best + colon;
  if (speech < line.size() && line[speech] != ' ' && line[speech] != '\t') return {0, 0};  // 10:30, http://
  while (speech < line.size() && (line[speech] == ' ' || line[speech] == '\t')) ++speech;
  return {best, speech};
}

bool begins_with_dash(std::string_view line) {
  return line.rfind("- ", 0) == 0 || line.rfind("\xE2\x80\x93 ", 0) == 0 || line.rfind("\xE2\x80\x94 ", 0) == 0;
}

}  // namespace

std::vector<Turn> find_turns(std::string_view text) {
  std::vector<Turn> turns;
  std::int64_t end_of_last = 0;
  for (const Span& paragraph : paragraphs(text)) {
    std::string_view line = text.substr(paragraph.start, paragraph.length());
    const std::size_t indent = line.find_first_not_of(" \t");
    const std::int64_t start =
        paragraph.start + static_cast<std::int64_t>(indent == std::string_view::npos ? 0 : indent);
    line = trim(line);
    const std::int64_t end = start + static_cast<std::int64_t>(line.size());
    const auto [label, speech] = label_of(line);

    const std::string_view between = text.substr(end_of_last, paragraph.start - end_of_last);
    const bool blank_line = std::count(between.begin(), between.end(), '\n') > 1;
    if (speech == 0 && !turns.empty() && !blank_line && !begins_with_dash(line)) {
      turns.back().span.end = end;
    } else {
      turns.push_back({{start, end}, start + static_cast<std::int64_t>(speech), line.substr(0, label)});
    }
    end_of_last = paragraph.end;
  }
  return turns;
}

}  // namespace understory::study
