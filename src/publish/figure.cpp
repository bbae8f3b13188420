// Heat maps, trends, time lines; and which figures suit which answer.
#include "publish/figure.h"

#include <cmath>

#include "findings/words.h"
#include "foundation/text.h"
#include "publish/markup.h"

namespace understory::publish {

using findings::Answer;

namespace {

// White to deep blue; the cell's text turns white where the ground is dark (contrast above 4.5 everywhere).
struct Shade {
  std::string fill;
  bool dark;
};
Shade shade_of(double share) {
  const auto mix = [&](int light, int deep) {
    return static_cast<int>(std::lround(light + (deep - light) * std::clamp(share, 0.0, 1.0)));
  };
  return {fmt::format("#{:02x}{:02x}{:02x}", mix(0xff, 0x08), mix(0xff, 0x3f), mix(0xff, 0x77)), share > 0.52};
}

std::string heading(const std::vector<std::string>& lines, double x, int bottom) {
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i)
    out += fmt::format("<text x=\"{:.1f}\" y=\"{}\" class=\"note\" text-anchor=\"middle\">{}</text>", x,
                       bottom - 14 * static_cast<int>(lines.size() - 1 - i), escape_markup(lines[i]));
  return out;
}

}  // namespace

std::string table_html(const findings::Table& table, const Catalogue& words, const FigureOptions& options) {
  std::string out = "<div class=\"scroll\" tabindex=\"0\"><table>\n<caption>" + escape_markup(words.say(table.title)) +
                    "</caption>\n<thead><tr>";
  for (const auto& [key, label] : table.columns) out += element("th", words.say(label), "scope=\"col\"");
  out += "</tr></thead>\n<tbody>\n";
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const auto& row = table.rows[r];
    std::string address;  // opens the passages behind the row's first count
    if (r < table.arrows.size()) address = passages_address(options, table.arrows[r]);
    out += "<tr>";
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (!address.empty() && std::holds_alternative<findings::Counted>(row[c])) {
        out += fmt::format("<td class=\"number\"><a href=\"{}\">{}</a></td>", escape_markup(address),
                           escape_markup(findings::cell_text(row[c], words)));
        address.clear();
        continue;
      }
      const bool text = std::holds_alternative<std::string>(row[c]) || std::holds_alternative<findings::Words>(row[c]);
      out += element(c == 0 ? "th" : "td", findings::cell_text(row[c], words),
                     c == 0 ? "scope=\"row\""
                     : text ? ""
                            : "class=\"number\"");
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string heat_map(const Answer& answer, const Catalogue& words, const FigureOptions& options) {
  if (answer.items.empty() || answer.groups.empty()) return "";
  const int rows = std::min<int>(options.items, static_cast<int>(answer.items.size())),
            columns = static_cast<int>(answer.groups.size());
  const int label_width = 200, head = 40, row_height = 34;
  const double cell = std::max(56.0, static_cast<double>(options.width - label_width) / columns);
  const int width = label_width + static_cast<int>(std::ceil(cell * columns)), height = head + rows * row_height + 2;
  std::string picture = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\"><svg class=\"wide\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
      "role=\"img\" "
      "aria-label=\"{2}\">\n",
      width, height, escape_markup(words.say("figure.heat")));
  for (int g = 0; g < columns; ++g)
    picture += heading(label_lines(findings::label_of(answer.groups[g].label, words), static_cast<int>(cell / 6.6), 2),
                       label_width + (g + 0.5) * cell, head - 8);
  for (int i = 0; i < rows; ++i) {
    const int y = head + i * row_height;
    const std::vector<std::string> lines = label_lines(findings::label_of(answer.items[i].label, words), 27, 2);
    for (std::size_t l = 0; l < lines.size(); ++l)
      picture += fmt::format("<text x=\"0\" y=\"{}\" class=\"small\">{}</text>",
                             y + (lines.size() == 1 ? 21 : 14 + 14 * static_cast<int>(l)), escape_markup(lines[l]));
    for (int g = 0; g < columns; ++g) {
      const findings::Estimate& each = answer.cells[g][i];
      const Shade shade = shade_of(each.share);
      const double x = label_width + g * cell;
      picture += fmt::format("<rect x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" fill=\"{}\" class=\"cell\"/>",
                             x, y, cell, row_height, each.asked == 0 ? "#ffffff" : shade.fill);
      picture += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\" class=\"small\"{}>{}</text>",
                             x + cell / 2, y + 21, shade.dark && each.asked > 0 ? " fill=\"#ffffff\"" : "",
                             each.asked == 0 ? "–" : escape_markup(words.percent(each.share)));
    }
    picture += "\n";
  }
  picture += "</svg></div>\n";
  return figure_html({options.id + "-heat", words.say("figure.heat"), words.say("figure.heat_note"), picture,
                      options.with_table ? estimates_table(answer, words, options) : "", words.say("figure.show_table"),
                      options.open_table});
}

std::string trend_bars(const Answer& answer, const Catalogue& words, const FigureOptions& options) {
  if (answer.items.size() != 4 || answer.groups.empty()) return "";
  const int width = 310, half = 150, row_height = 46, rows = static_cast<int>(answer.groups.size()),
            height = rows * row_height + 26;
  const double centre = half + 4;
  double widest = 0.05;  // the longest arm fills its half
  for (const auto& cells : answer.cells)
    widest = std::max({widest, cells[1].share / 2 + cells[0].share, cells[1].share / 2 + cells[2].share});
  const double scale = (half - 26) / widest;
  std::string picture = fmt::format(
      "<div class=\"panels\"><svg class=\"panel\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" "
      "aria-label=\"{2}\">\n",
      width, height, escape_markup(words.say("figure.trend")));
  picture += "<defs><pattern id=\"" + options.id +
             "-same\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\"><path d=\"M0 5L5 0\" "
             "class=\"hatch\"/></pattern></defs>\n";
  for (int g = 0; g < rows; ++g) {
    const auto& cells = answer.cells[g];
    const int y = 20 + g * row_height;
    picture += fmt::format("<text x=\"0\" y=\"{}\" class=\"label\">{}</text>", y + 13,
                           escape_markup(label_lines(findings::label_of(answer.groups[g].label, words), 44, 1)[0]));
    if (cells[0].asked == 0) continue;
    const double up = cells[0].share * scale, same = cells[1].share * scale, down = cells[2].share * scale;
    const int top = y + 18, bar = 16;
    picture += fmt::format("<rect x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" class=\"less\"/>",
                           centre - same / 2 - down, top, down, bar);
    picture += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" class=\"same\" fill=\"url(#{}-same)\"/>",
        centre - same / 2, top, same, bar, options.id);
    picture += fmt::format("<rect x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" class=\"more\"/>",
                           centre + same / 2, top, up, bar);
    if (cells[2].mentioned > 0)
      picture += fmt::format("<text x=\"{:.1f}\" y=\"{}\" class=\"small\" text-anchor=\"end\">{}</text>",
                             centre - same / 2 - down - 4, top + 12, cells[2].mentioned);
    if (cells[1].mentioned > 0)
      picture += fmt::format("<text x=\"{:.1f}\" y=\"{}\" class=\"small boxed\" text-anchor=\"middle\">{}</text>",
                             centre, top + 12, cells[1].mentioned);
    if (cells[0].mentioned > 0)
      picture += fmt::format("<text x=\"{:.1f}\" y=\"{}\" class=\"small\">{}</text>", centre + same / 2 + up + 4,
                             top + 12, cells[0].mentioned);
    if (cells[3].mentioned > 0)
      picture += fmt::format("<text x=\"{}\" y=\"{}\" class=\"note\" text-anchor=\"end\">{}</text>", width, y + 13,
                             escape_markup(words.say({"figure.do_not_know", {{"n", cells[3].mentioned}}})));
    picture += "\n";
  }
  picture += fmt::format(
      "<text x=\"0\" y=\"13\" class=\"note\">← {}</text><text x=\"{}\" y=\"13\" class=\"note\" text-anchor=\"end\">{} "
      "→</text>\n",
      escape_markup(words.say("findings.trend.down")), width, escape_markup(words.say("findings.trend.up")));
  picture += "</svg></div>\n";
  return figure_html({options.id + "-trend", words.say("figure.trend"), words.say("figure.trend_note"), picture,
                      estimates_table(answer, words, options), words.say("figure.show_table"), options.open_table});
}

std::string time_line(const Answer&, const findings::Table& table, const Catalogue& words,
                      const FigureOptions& options) {
  if (table.columns.size() != 3 || table.rows.empty()) return "";
  const int width = 340, left = 30, top = 26, inner_width = 300, inner_height = 90, height = top + inner_height + 22;
  std::vector<std::pair<std::string, std::vector<std::pair<double, double>>>> lines;
  double most_x = 1, most_y = 1;
  for (const auto& row : table.rows) {
    const std::string group = findings::cell_text(row[0], words);
    if (lines.empty() || lines.back().first != group) lines.push_back({group, {}});
    const auto x = static_cast<double>(std::get<std::int64_t>(row[1])),
               y = static_cast<double>(std::get<std::int64_t>(row[2]));
    lines.back().second.emplace_back(x, y);
    most_x = std::max(most_x, x);
    most_y = std::max(most_y, y);
  }
  std::string picture = "<div class=\"panels\">\n";
  for (const auto& [group, points] : lines) {
    picture += fmt::format(
        "<svg class=\"panel\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" aria-label=\"{2}\">\n",
        width, height, escape_markup(group));
    picture +=
        fmt::format("<text x=\"0\" y=\"15\" class=\"title\">{}</text><path d=\"M{} {}V{}H{}\" class=\"axis\"/>",
                    escape_markup(label_lines(group, 40, 1)[0]), left, top, top + inner_height, left + inner_width);
    picture += fmt::format(
        "<text x=\"{}\" y=\"{}\" class=\"note\" text-anchor=\"end\">{}</text><text x=\"{}\" y=\"{}\" class=\"note\" "
        "text-anchor=\"end\">0</text>",
        left - 4, top + 8, static_cast<int>(most_y), left - 4, top + inner_height);
    std::string path;
    for (const auto& [x, y] : points) {
      const double px = left + x / most_x * (inner_width - 8), py = top + inner_height - y / most_y * inner_height;
      path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", px, py);
      picture += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" class=\"point\"/>", px, py);
    }
    picture += fmt::format(
        "<path d=\"{}\" class=\"line\"/><text x=\"{}\" y=\"{}\" class=\"note\" text-anchor=\"end\">{}</text></svg>\n",
        path, left + inner_width, height - 4,
        escape_markup(words.say({"figure.sources_read", {{"n", static_cast<std::int64_t>(points.size())}}})));
  }
  picture += "</div>\n";
  return figure_html({options.id + "-" + table.key, words.say(table.title), words.say("figure.time_line_note"), picture,
                      table_html(table, words, options), words.say("figure.show_table"), options.open_table});
}

std::string figures(const Answer& answer, const Catalogue& words, const FigureOptions& options) {
  using findings::Ask;
  std::string out;
  const bool has_cells = !answer.items.empty() && !answer.cells.empty() && answer.question.ask != Ask::kCooccurrence;
  if (answer.question.ask == Ask::kTrend)
    out += trend_bars(answer, words, options);
  else if (has_cells)
    out += ranked_bars(answer, words, options);
  if (has_cells && answer.groups.size() > 1 && !answer.overall.empty() &&
      (answer.question.ask == Ask::kCauses || answer.question.ask == Ask::kRisks)) {
    FigureOptions again = options;
    again.with_table = false;
    out += heat_map(answer, words, again);
  }
  for (const findings::Table& table : answer.tables) {
    if (table.key == "saturation_curve")
      out += time_line(answer, table, words, options);
    else if (table.key == "agreement")
      out += interval_rows(table, "alpha", -0.2, 1, words, options);
    else if (table.key == "comparison")
      out += interval_rows(table, "difference", -1, 1, words, options);
    else if (table.key == "links")
      out += links_drawn(table, words, options);
    else if (table.key == "threads")
      out += threads_drawn(answer, table, words, options);
    else
      out += table_html(table, words, options);
  }
  return out;
}

}  // namespace understory::publish
