#include "publish/print.h"

#include <charconv>

namespace understory::publish {

namespace {

// Value of an attribute in an opening tag, empty where it has none.
std::string_view attribute(std::string_view tag, std::string_view name) {
  const std::string start = fmt::format(" {}=\"", name);
  const std::size_t at = tag.find(start);
  if (at == std::string_view::npos) return {};
  const std::size_t from = at + start.size();
  return tag.substr(from, tag.find('"', from) - from);
}

double number(std::string_view text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Its baseline goes where the picture had it: a line without height has its middle there, a third of an em above it.
std::string set_line(std::string_view tag, std::string_view words, double width, double height) {
  const double across = 100 * number(attribute(tag, "x")) / width, down = 100 * number(attribute(tag, "y")) / height;
  const std::string_view anchor = attribute(tag, "text-anchor"), fill = attribute(tag, "fill"),
                         weight = attribute(tag, "font-weight");
  std::string style = fmt::format("top:{:.3f}%;font-size:{}px;color:{}", down, attribute(tag, "font-size"),
                                  fill.empty() ? "#000000" : fill);
  style += anchor == "end" ? fmt::format(";right:{:.3f}%", 100 - across) : fmt::format(";left:{:.3f}%", across);
  if (anchor == "middle") style += ";transform:translateX(-50%)";
  if (!weight.empty()) style += fmt::format(";font-weight:{}", weight);
  return fmt::format("<span style=\"{}\">{}</span>", style, words);
}

std::string picture(std::string_view svg) {
  const std::string_view opening = svg.substr(0, svg.find('>'));
  const double width = number(attribute(opening, "width")), height = number(attribute(opening, "height"));
  if (width <= 0 || height <= 0) return std::string(svg);
  constexpr std::string_view kStart = "<text", kEnd = "</text>";
  std::string drawn, lines;
  std::size_t at = 0;
  for (std::size_t text = svg.find(kStart); text != std::string_view::npos; text = svg.find(kStart, at)) {
    drawn += svg.substr(at, text - at);
    const std::size_t words = svg.find('>', text) + 1, end = svg.find(kEnd, words);
    lines += set_line(svg.substr(text, words - text), svg.substr(words, end - words), width, height);
    at = end + kEnd.size();
  }
  drawn += svg.substr(at);
  return fmt::format("<div class=\"picture\" style=\"width:{}px\">{}{}</div>", width, drawn, lines);
}

}  // namespace

std::string with_words_over_pictures(std::string_view html) {
  constexpr std::string_view kEnd = "</svg>";
  std::string out;
  std::size_t at = 0;
  for (std::size_t svg = html.find("<svg "); svg != std::string_view::npos; svg = html.find("<svg ", at)) {
    const std::size_t end = html.find(kEnd, svg);
    if (end == std::string_view::npos) break;
    out += html.substr(at, svg - at);
    out += picture(html.substr(svg, end + kEnd.size() - svg));
    at = end + kEnd.size();
  }
  return out.append(html.substr(at));
}

}  // namespace understory::publish
