// What a filled-in page sends back, made the answers of the form again.
#include <map>
#include <optional>

#include "foundation/text.h"
#include "foundation/time_zone.h"
#include "server/fill_page.h"

namespace understory::server {

namespace {

using collect::AnswerType;
using collect::Control;
using collect::Node;

// What came under the name of one question.
struct Fields {
  std::vector<std::string> plain;
  std::map<std::string, std::string, std::less<>> parts;  // day, month, year, time, drop
  std::string part(std::string_view name) const {
    const auto found = parts.find(name);
    return found == parts.end() ? std::string() : found->second;
  }
};

// Keyboards of these scripts write digits of their own: Devanagari, Bengali, Thai, Burmese, Khmer.
std::string with_plain_digits(std::string_view text) {
  constexpr char32_t kZeros[] = {0x0966, 0x09E6, 0x0E50, 0x1040, 0x17E0};
  std::string made;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t at) { return static_cast<char32_t>(static_cast<unsigned char>(text[at])); };
    if ((byte(i) & 0xF0) == 0xE0 && i + 2 < text.size()) {
      const char32_t letter = ((byte(i) & 0x0F) << 12) | ((byte(i + 1) & 0x3F) << 6) | (byte(i + 2) & 0x3F);
      const auto zero = std::find_if(std::begin(kZeros), std::end(kZeros),
                                     [&](char32_t each) { return letter >= each && letter <= each + 9; });
      if (zero == std::end(kZeros))
        made += text.substr(i, 3);
      else
        made += static_cast<char>('0' + (letter - *zero));
      i += 3;
    } else {
      made += text[i++];
    }
  }
  return made;
}

bool digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Boxes hold a dash or a T as little as a date does between them: what is no number stays visible as what is wrong.
std::string box(const Fields& fields, std::string_view name) {
  std::string text = with_plain_digits(trim(fields.part(name)));
  std::erase_if(text, [](char byte) { return byte == '-' || byte == 'T' || byte == '\n' || byte == '\r'; });
  return text;
}

std::string padded(const std::string& text, std::size_t to) {
  return digits(text) && text.size() < to ? std::string(to - text.size(), '0') + text : text;
}

// The same moment of the day, by the page's clock of now where it was written by the one before.
std::string by_clock(const std::string& time, const FillClock& clock) {
  const auto own = offset_in(time);
  if (!own || !clock.before || *own != *clock.before || *own == clock.offset_minutes) return time;
  return time.substr(0, time.size() - (time.ends_with('Z') ? 1 : 6)) + offset_text(clock.offset_minutes);
}

std::string moment(const Node& asked, const Fields& fields, const std::string& before, const FillClock& clock) {
  const bool dated = asked.type != AnswerType::kTime, timed = asked.type != AnswerType::kDate;
  std::string date;
  if (dated) {
    const std::string year = box(fields, "year"), month = box(fields, "month"), day = box(fields, "day");
    if (!year.empty() || !month.empty() || !day.empty()) {
      // A form that asks for a year or a month has no box for the rest.
      const auto rest = [&](std::string_view name, const std::string& typed) {
        return fields.parts.contains(name) ? typed : std::string("1");
      };
      date = padded(year, 4) + "-" + padded(rest("month", month), 2) + "-" + padded(rest("day", day), 2);
    }
  }
  // What nobody touched keeps what people do not see of it: seconds, and where it was written down.
  std::string time = timed ? box(fields, "time").substr(0, 5) : std::string();
  if (time.size() == 4 && time[1] == ':') time.insert(0, "0");
  const std::size_t begin = dated ? before.find('T') : 0;
  if (dated && !timed) return !date.empty() && before.rfind(date, 0) == 0 ? before : date;
  const bool same_date = !dated || before.rfind(date + "T", 0) == 0;
  if (same_date && !time.empty() && begin != std::string::npos && before.substr(dated ? begin + 1 : 0, 5) == time)
    return by_clock(before, clock);
  if (time.empty()) return date;
  const auto told = offset_in(before);
  const bool own = told && before.find(':') != std::string::npos && told != clock.before;
  const std::string exact = time + ":00.000" + offset_text(own ? *told : clock.offset_minutes);
  return dated ? date + "T" + exact : exact;
}

std::string joined(const std::vector<std::string>& values) {
  std::string all;
  std::vector<std::string> there;
  for (const std::string& each : values) {
    if (each.empty() || std::find(there.begin(), there.end(), each) != there.end()) continue;
    there.push_back(each);
    all += (all.empty() ? "" : " ") + each;
  }
  return all;
}

// Browsers send ends of lines as CR LF.
std::string plain_lines(std::string text) {
  std::string made;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] != '\r')
      made += text[i];
    else if (i + 1 >= text.size() || text[i + 1] != '\n')
      made += '\n';
  return made;
}

std::optional<std::string> answer(const Node& asked, const Fields& fields, const std::string& before,
                                  const FillClock& clock) {
  switch (asked.control) {
    case Control::kNone: return std::nullopt;
    case Control::kUpload:
      if (fields.parts.contains("drop")) return "";
      return std::nullopt;
    case Control::kSelectMany:
    case Control::kRank: return joined(fields.plain);
    default: break;
  }
  if (asked.control == Control::kInput &&
      (asked.type == AnswerType::kDate || asked.type == AnswerType::kTime || asked.type == AnswerType::kDateTime)) {
    if (fields.parts.empty()) return std::nullopt;
    return moment(asked, fields, before, clock);
  }
  if (fields.plain.empty()) return std::nullopt;
  // Of a box that is ticked, the last: the first is what stands for "not ticked".
  std::string text = plain_lines(fields.plain.back());
  if (asked.type == AnswerType::kInteger || asked.type == AnswerType::kDecimal || asked.type == AnswerType::kGeopoint)
    text = with_plain_digits(trim(text));
  return text;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> answers_of(const collect::Filling& filling, const FillSent& sent,
                                                            const FillClock& clock) {
  std::vector<std::string> order;
  std::map<std::string, Fields> fields;
  for (const auto& [name, value] : sent) {
    if (name.empty() || name[0] != '/') continue;
    const std::size_t at = name.find('#');
    const std::string address = name.substr(0, at);
    const auto [found, is_new] = fields.try_emplace(address);
    if (is_new) order.push_back(address);
    if (at == std::string::npos)
      found->second.plain.push_back(value);
    else
      found->second.parts[name.substr(at + 1)] = value;
  }
  std::vector<std::pair<std::string, std::string>> answers;
  for (const std::string& address : order) {
    const collect::Element* element = filling.find(address);
    if (!element || element->node < 0) continue;
    const Node& asked = filling.form().nodes[static_cast<std::size_t>(element->node)];
    if (asked.shape != Node::Shape::kField || filling.readonly(*element)) continue;
    auto text = answer(asked, fields.at(address), element->text, clock);
    if (text && *text != element->text) answers.emplace_back(address, std::move(*text));
  }
  return answers;
}

}  // namespace understory::server
