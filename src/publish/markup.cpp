#include "publish/markup.h"

#include <limits>
#include <stdexcept>

#include "findings/words.h"
#include "foundation/resource.h"
#include "foundation/text.h"

namespace understory::publish {

std::span<const Resource> resources();

namespace {

constexpr std::string_view kZeroWidthSpace = "\xE2\x80\x8B";

struct Piece {
  std::string text;
  bool space_after = false;
};

std::vector<Piece> pieces_of(std::string_view text) {
  const std::string marked = with_break_opportunities(text);
  std::vector<Piece> pieces(1);
  for (std::size_t at = 0; at < marked.size();) {
    if (marked[at] == ' ') {
      pieces.back().space_after = true;
      pieces.emplace_back();
      ++at;
    } else if (marked.compare(at, kZeroWidthSpace.size(), kZeroWidthSpace) == 0) {
      pieces.emplace_back();
      at += kZeroWidthSpace.size();
    } else {
      pieces.back().text += marked[at++];
    }
  }
  return pieces;
}

}  // namespace

std::string element(std::string_view tag, std::string_view text, std::string_view attributes) {
  return fmt::format("<{}{}{}>{}</{}>", tag, attributes.empty() ? "" : " ", attributes, escape_markup(text), tag);
}

std::vector<std::string> label_lines(std::string_view text, int columns, int most) {
  std::vector<std::string> lines(1);
  bool space = false;
  for (const Piece& piece : pieces_of(text)) {
    const std::string with_space = (space && !lines.back().empty() ? " " : "") + piece.text;
    if (!lines.back().empty() && display_columns(lines.back() + with_space) > columns) {
      if (static_cast<int>(lines.size()) == most) {
        lines.back() += "…";
        return lines;
      }
      lines.push_back(piece.text);
    } else {
      lines.back() += with_space;
    }
    space = piece.space_after;
  }
  return lines;
}

std::vector<std::string> whole_label(std::string_view text, int columns) {
  std::vector<std::string> lines;
  for (std::string& line : label_lines(text, columns, std::numeric_limits<int>::max())) {
    if (display_columns(line) <= columns) {
      lines.push_back(std::move(line));
      continue;
    }
    const Graphemes characters(line);
    std::string part;
    for (std::int64_t at = 0; at < static_cast<std::int64_t>(line.size());) {
      const std::int64_t end = characters.after(at + 1);
      const std::string character = line.substr(at, end - at);
      if (!part.empty() && display_columns(part + character) > columns) {
        lines.push_back(part);
        part.clear();
      }
      part += character;
      at = end;
    }
    lines.push_back(part);
  }
  return lines;
}

std::string url_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-' || c == '_' || c == '.' || c == '~')
      out += c;
    else
      out += fmt::format("%{:02X}", byte);
  }
  return out;
}

namespace {

// How each part of a picture looks, as attributes of its own: renderers of documents pass over style sheets inside a
// picture, and a picture that is saved alone keeps its looks.
constexpr std::pair<std::string_view, std::string_view> kLooks[] = {
    {"title", "font-size=\"15\" font-weight=\"700\" fill=\"#1c2530\""},
    {"label", "font-size=\"13\" fill=\"#1c2530\""},
    {"value", "font-size=\"12\" fill=\"#1c2530\""},
    {"small", "font-size=\"12\""},
    {"small boxed", "font-size=\"12\" fill=\"#1c2530\" stroke=\"#ffffff\" stroke-width=\"4\" paint-order=\"stroke\""},
    {"note", "font-size=\"12\" fill=\"#55606e\""},
    {"track", "fill=\"#eef1f5\""},
    {"bar", "fill=\"#7fb0dd\" stroke=\"#2c6aa5\""},
    {"interval", "fill=\"none\" stroke=\"#10202f\" stroke-width=\"1.6\""},
    {"cell", "stroke=\"#ffffff\""},
    {"less", "fill=\"#2c6aa5\""},
    {"more", "fill=\"#c46a2a\""},
    {"same", "stroke=\"#68727e\""},
    {"hatch", "fill=\"none\" stroke=\"#68727e\""},
    {"zero", "fill=\"none\" stroke=\"#9aa5b1\""},
    {"axis", "fill=\"none\" stroke=\"#9aa5b1\""},
    {"line", "fill=\"none\" stroke=\"#2c6aa5\" stroke-width=\"2\""},
    {"point", "fill=\"#0a4a86\""},
    {"thing", "fill=\"#f3f7fb\" stroke=\"#2c6aa5\""},
    {"arrow", "fill=\"none\" stroke=\"#2c6aa5\""},
    {"head", "fill=\"#2c6aa5\""},
    {"thing prevented", "fill=\"#fdf6f1\" stroke=\"#8a3b12\" stroke-dasharray=\"5 3\""},
    {"arrow prevented", "fill=\"none\" stroke=\"#8a3b12\" stroke-dasharray=\"5 3\""},
    {"head prevented", "fill=\"none\" stroke=\"#8a3b12\" stroke-width=\"2.5\""},
};

std::string with_looks(std::string_view picture) {
  std::string out;
  constexpr std::string_view kClass = "class=\"";
  for (std::size_t at = 0; at < picture.size();) {
    const std::size_t found = picture.find(kClass, at);
    if (found == std::string_view::npos) return out.append(picture.substr(at));
    const std::size_t start = found + kClass.size(), end = picture.find('"', start);
    const std::string_view name = picture.substr(start, end - start);
    const auto looks =
        std::find_if(std::begin(kLooks), std::end(kLooks), [&](const auto& each) { return each.first == name; });
    out.append(picture.substr(at, found - at))
        .append(looks == std::end(kLooks) ? picture.substr(found, end + 1 - found) : looks->second);
    at = end + 1;
  }
  return out;
}

}  // namespace

std::string figure_html(const FigureParts& parts) {
  std::string out = fmt::format(
      "<figure id=\"{0}\" aria-labelledby=\"{0}-title\">\n<figcaption><strong id=\"{0}-title\">{1}</strong>", parts.id,
      escape_markup(parts.title));
  if (!parts.note.empty()) out += " <span class=\"note\">" + escape_markup(parts.note) + "</span>";
  out += "</figcaption>\n" + with_looks(parts.picture);
  if (!parts.table.empty())
    out += fmt::format("<details{}><summary>{}</summary>\n{}</details>\n", parts.open_table ? " open" : "",
                       escape_markup(parts.table_label), parts.table);
  return out + "</figure>\n";
}

std::string passages_address(const FigureOptions& options, const std::string& group, const std::string& item) {
  if (options.passages.empty()) return "";
  return options.passages + "&group=" + url_encoded(group) + "&item=" + url_encoded(item);
}

std::string passages_address(const FigureOptions& options, const findings::Table::Arrow& arrow) {
  if (options.passages.empty()) return "";
  return options.passages + "&from=" + url_encoded(arrow.from) + "&to=" + url_encoded(arrow.to) +
         (arrow.prevents ? "&sign=prevents" : "");
}

std::string estimates_table(const findings::Answer& answer, const Catalogue& words, const FigureOptions& options) {
  std::string out = "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>";
  const bool ranked = !answer.overall.empty() && answer.overall[0].rank > 0;
  for (const char* key :
       {"findings.column.group", "findings.column.item", "findings.column.named_by", "findings.column.share_interval"})
    out += element("th", words.say(key), "scope=\"col\"");
  if (ranked)
    out += element("th", words.say("findings.column.rank"), "scope=\"col\"") +
           element("th", words.say("findings.column.first_again"), "scope=\"col\"");
  out += "</tr></thead>\n<tbody>\n";
  const auto rows = [&](const std::string& key, const std::string& label,
                        const std::vector<findings::Estimate>& estimates) {
    for (std::size_t i = 0; i < answer.items.size(); ++i) {
      const findings::Estimate& each = estimates[i];
      out += "<tr>" + element("th", label, "scope=\"row\"") +
             element("td", findings::label_of(answer.items[i].label, words));
      const std::string count = findings::cell_text(findings::Counted{each.mentioned, each.asked}, words),
                        address = passages_address(options, key, answer.items[i].key);
      out += address.empty() || each.mentioned == 0 ? element("td", count, "class=\"number\"")
                                                    : fmt::format("<td class=\"number\"><a href=\"{}\">{}</a></td>",
                                                                  escape_markup(address), escape_markup(count));
      out += element("td", each.asked == 0 ? "–" : findings::share_text(each, words), "class=\"number\"");
      if (ranked) {
        out += element("td", findings::rank_text(each), "class=\"number\"");
        out += element("td", each.p_first < 0 ? "–" : words.percent(each.p_first), "class=\"number\"");
      }
      out += "</tr>\n";
    }
  };
  for (std::size_t g = 0; g < answer.groups.size(); ++g)
    rows(answer.groups[g].key, findings::label_of(answer.groups[g].label, words), answer.cells[g]);
  if (answer.groups.size() > 1 && !answer.overall.empty())
    rows("(all)", words.say("findings.all_groups"), answer.overall);
  return out + "</tbody></table></div>\n";
}

std::string_view template_text(std::string_view name) {
  for (const Resource& resource : resources())
    if (resource.name == "src/publish/templates/" + std::string(name)) return resource.content;
  throw std::logic_error("no template " + std::string(name));
}

}  // namespace understory::publish
