// Ranked bars with intervals, one panel a group; and intervals of a table in rows.
#include "findings/words.h"
#include "foundation/text.h"
#include "publish/figure.h"
#include "publish/markup.h"

namespace understory::publish {

using findings::Answer;
using findings::Estimate;

namespace {

// One panel in CSS pixels: the page sets as many beside each other as fit, so a phone shows one below the other at
// full size instead of all of them small.
constexpr int kPanel = 300, kTrack = 206, kIntervalTrack = 190, kRow = 40, kHead = 44, kBar = 12;
constexpr std::size_t kRowsOfPanel = 15;

double at(double share) { return share * kTrack; }

std::string bar_row(const std::string& label, const Estimate& estimate, int y, const std::string& link,
                    const Catalogue& words) {
  std::string out;
  const std::string numbers = findings::cell_text(findings::Counted{estimate.mentioned, estimate.asked}, words) + ", " +
                              findings::share_text(estimate, words);
  if (!link.empty()) out += fmt::format("<a href=\"{}\">", escape_markup(link));
  out += fmt::format("<title>{}: {}</title>", escape_markup(label), escape_markup(numbers));
  // All of the row opens it, not its strokes alone.
  if (!link.empty())
    out += fmt::format("<rect x=\"0\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" pointer-events=\"all\"/>", y,
                       kPanel, kRow - 4);
  const std::vector<std::string> lines = label_lines(label, 44, 1);
  out += fmt::format("<text x=\"0\" y=\"{}\" class=\"label\">{}</text>", y + 13, escape_markup(lines[0]));
  const int top = y + 19, middle = top + kBar / 2;
  out += fmt::format("<rect x=\"0\" y=\"{}\" width=\"{}\" height=\"{}\" class=\"track\"/>", top, kTrack, kBar);
  out += fmt::format("<rect x=\"0\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" class=\"bar\"/>", top, at(estimate.share),
                     kBar);
  out += fmt::format("<path d=\"M{0:.1f} {2}H{1:.1f}M{0:.1f} {3}V{4}M{1:.1f} {3}V{4}\" class=\"interval\"/>",
                     at(estimate.low), at(estimate.high), middle, middle - 4, middle + 4);
  out += fmt::format("<text x=\"{}\" y=\"{}\" class=\"value\">{}</text>", kTrack + 8, top + 11,
                     escape_markup(findings::share_text(estimate, words)));
  if (!link.empty()) out += "</a>";
  return out + "\n";
}

std::string panel(const Answer& answer, const findings::Group& group, const std::vector<Estimate>& estimates,
                  const Catalogue& words, const FigureOptions& options) {
  const int rows = std::min<int>(options.items, static_cast<int>(answer.items.size()));
  const int height = kHead + rows * kRow + 4;
  const std::string title = findings::label_of(group.label, words),
                    asked = words.say({"findings.group_asked", {{"n", group.asked}, {"clusters", group.clusters}}});
  std::string out = fmt::format(
      "<svg class=\"panel\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"{2}\" aria-label=\"{3}\">\n",
      kPanel, height, options.passages.empty() ? "img" : "group", escape_markup(title + ", " + asked));
  out +=
      fmt::format("<text x=\"0\" y=\"16\" class=\"title\">{}</text><text x=\"0\" y=\"34\" class=\"note\">{}</text>\n",
                  escape_markup(label_lines(title, 40, 1)[0]), escape_markup(asked));
  for (int i = 0; i < rows; ++i) {
    const int y = kHead + i * kRow;
    const std::string label = findings::label_of(answer.items[i].label, words);
    if (estimates[i].asked == 0) {
      out += fmt::format(
          "<text x=\"0\" y=\"{}\" class=\"label\">{}</text><text x=\"0\" y=\"{}\" class=\"note\">{}</text>\n", y + 13,
          escape_markup(label), y + 30, escape_markup(words.say("findings.nobody_asked")));
      continue;
    }
    out += bar_row(label, estimates[i], y, passages_address(options, group.key, answer.items[i].key), words);
  }
  return out + "</svg>\n";
}

}  // namespace

std::string ranked_bars(const Answer& answer, const Catalogue& words, const FigureOptions& options) {
  if (answer.items.empty() || answer.groups.empty()) return "";
  std::string picture = "<div class=\"panels\">\n";
  for (std::size_t g = 0; g < answer.groups.size(); ++g)
    picture += panel(answer, answer.groups[g], answer.cells[g], words, options);
  if (answer.groups.size() > 1 && !answer.overall.empty())
    picture +=
        panel(answer, {"(all)", "#findings.all_groups", answer.overall[0].asked, 0, 0}, answer.overall, words, options);
  picture += "</div>\n";
  return figure_html(
      {options.id + "-bars",
       words.say({"figure.bars." + std::string(findings::kAsks[static_cast<int>(answer.question.ask)]), {}}),
       words.say("figure.bars_note"), picture, estimates_table(answer, words, options), words.say("figure.show_table"),
       options.open_table});
}

std::string interval_rows(const findings::Table& table, const std::string& column, double low_end, double high_end,
                          const Catalogue& words, const FigureOptions& options) {
  std::size_t at_column = table.columns.size();
  for (std::size_t c = 0; c < table.columns.size(); ++c)
    if (table.columns[c].first == column) at_column = c;
  if (at_column == table.columns.size()) return "";
  struct Row {
    std::string label;
    findings::Interval interval;
  };
  std::vector<Row> rows;
  for (const auto& row : table.rows)
    if (const auto* interval = std::get_if<findings::Interval>(&row[at_column]))
      rows.push_back({findings::cell_text(row[0], words) +
                          (table.columns[0].first == "group" ? " – " + findings::cell_text(row[1], words) : ""),
                      *interval});
  if (rows.empty()) return "";
  const auto x = [&](double value) {
    return (std::clamp(value, low_end, high_end) - low_end) / (high_end - low_end) * kIntervalTrack;
  };
  // A panel is no taller than a page of paper, and on a screen several stand beside each other.
  std::string picture = "<div class=\"panels\">\n";
  for (std::size_t first = 0; first < rows.size(); first += kRowsOfPanel) {
    const std::size_t count = std::min(kRowsOfPanel, rows.size() - first);
    const int height = static_cast<int>(count) * kRow + 22;
    picture += fmt::format(
        "<svg class=\"panel\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" "
        "aria-label=\"{2}\">\n",
        kPanel, height, escape_markup(words.say(table.title)));
    picture += fmt::format("<path d=\"M{0:.1f} 0V{1}\" class=\"zero\"/>", x(0), height - 18);
    for (std::size_t i = 0; i < count; ++i) {
      const int y = static_cast<int>(i) * kRow, middle = y + 25;
      const Row& row = rows[first + i];
      const findings::Interval& each = row.interval;
      picture += fmt::format("<text x=\"0\" y=\"{}\" class=\"label\">{}</text>", y + 13,
                             escape_markup(label_lines(row.label, 44, 1)[0]));
      picture += fmt::format(
          "<path d=\"M{0:.1f} {2}H{1:.1f}M{0:.1f} {3}V{4}M{1:.1f} {3}V{4}\" class=\"interval\"/><circle "
          "cx=\"{5:.1f}\" cy=\"{2}\" r=\"4\" class=\"point\"/>",
          x(each.low), x(each.high), middle, middle - 4, middle + 4, x(each.value));
      picture += fmt::format("<text x=\"{}\" y=\"{}\" class=\"value\">{}</text>\n", kIntervalTrack + 8, middle + 4,
                             escape_markup(findings::cell_text(each, words)));
    }
    picture += fmt::format(
        "<text x=\"0\" y=\"{0}\" class=\"note\">{1}</text><text x=\"{2}\" y=\"{0}\" class=\"note\" "
        "text-anchor=\"end\">{3}</text></svg>\n",
        height - 3, words.number(low_end, 1), kIntervalTrack, words.number(high_end, 1));
  }
  picture += "</div>\n";
  return figure_html({options.id + "-" + table.key, words.say(table.title),
                      words.say(column == "difference" ? "figure.difference_note" : "figure.interval_note"), picture,
                      table_html(table, words, options), words.say("figure.show_table"), options.open_table});
}

}  // namespace understory::publish
