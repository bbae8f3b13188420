// What leads to what, drawn: chains told whole, and each thing with what it leads to or prevents.
#include "findings/words.h"
#include "foundation/text.h"
#include "publish/figure.h"
#include "publish/markup.h"

namespace understory::publish {

using findings::Counted;
using findings::Table;

namespace {

// In CSS pixels. A panel is as wide as those of bars, so that it is readable at full size on a phone; from top to
// bottom, because names are long.
constexpr int kPanel = 300, kEdge = 1, kPadding = 9, kLine = 21, kGap = 36, kSpine = 14, kBranch = 52, kBetween = 10;
constexpr int kTallest = 820;  // of a panel: a page of paper
// Letters of Khmer, Devanagari and Bengali are wider than those of Latin at the same size.
constexpr double kColumn = 8.2;
constexpr double kThinnest = 1.5, kThickest = 7;

int columns_in(int width) { return static_cast<int>((width - 2 * kPadding) / kColumn); }

double thickness(std::int64_t told, std::int64_t most) {
  return kThinnest +
         (kThickest - kThinnest) * static_cast<double>(told) / static_cast<double>(std::max<std::int64_t>(most, 1));
}

std::string lines_at(const std::vector<std::string>& lines, int x, int& y, std::string_view look) {
  std::string out;
  for (const std::string& line : lines) {
    out += fmt::format("<text x=\"{}\" y=\"{}\" class=\"{}\">{}</text>", x, y + 15, look, escape_markup(line));
    y += kLine;
  }
  return out;
}

// A name in a box, and below it a line that says how it is joined. `y` is its top, and then its bottom.
std::string box(const std::vector<std::string>& name, const std::vector<std::string>& how, int x, int width, int& y,
                bool prevents = false) {
  const int top = y;
  y += kPadding - 3;
  std::string text = lines_at(name, x + kPadding, y, "label");
  text += lines_at(how, x + kPadding, y, "note");  // after it: each moves y on
  y += kPadding - 3;
  return fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"4\" class=\"thing{}\"/>", x, top, width,
                     y - top, prevents ? " prevented" : "") +
         text;
}

std::string opened(const std::string& address, const std::string& title, std::string_view drawn) {
  const std::string inner = fmt::format("<title>{}</title>{}", escape_markup(title), drawn);
  return address.empty() ? fmt::format("<g>{}</g>", inner)
                         : fmt::format("<a href=\"{}\">{}</a>", escape_markup(address), inner);
}

std::string panel(int height, bool links, const std::string& title, const std::string& drawn) {
  return fmt::format(
             "<svg class=\"panel\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"{2}\" "
             "aria-label=\"{3}\">\n",
             kPanel, height, links ? "group" : "img", escape_markup(title)) +
         drawn + "</svg>\n";
}

// A thread from top to bottom. As many panels as fit on pages: where it goes on, the last name stands again, so that
// the arrow from it has its beginning.
std::string thread_panels(const findings::Thread& thread, std::int64_t most, const Catalogue& words,
                          const FigureOptions& options) {
  const int width = kPanel - 2 * kEdge;
  const std::string told = words.say({"figure.thread_told", {{"n", thread.sources}}});
  const std::vector<std::string> stands =
      whole_label(words.say({"figure.thread_stands", {{"sources", thread.standing}, {"doubts", thread.doubts}}}), 40);
  const int foot = 4 + static_cast<int>(stands.size()) * kLine;
  std::vector<std::string> names;
  for (const auto& step : thread.steps) names.push_back(findings::label_of(step.label, words));
  const std::string title = told + ": " + join(names, " → ");
  std::string out;
  for (std::size_t at = 0, last = names.size() - 1;;) {
    int y = 0;
    std::string drawn = lines_at(whole_label(told, 34), 0, y, "title");
    y += 4;
    drawn += box(whole_label(names[at], columns_in(width)), {}, kEdge, width, y);
    for (const std::size_t first = at; at < last; ++at) {
      const auto &step = thread.steps[at], &next = thread.steps[at + 1];
      const std::vector<std::string> name = whole_label(names[at + 1], columns_in(width));
      const int height = kGap + static_cast<int>(name.size()) * kLine + 2 * (kPadding - 3);
      if (at > first && y + height + (at + 1 == last ? foot : 0) + 4 > kTallest) break;
      const std::string count = findings::cell_text(Counted{step.told, thread.asked}, words);
      const int middle = 30;
      std::string arrow;
      const std::string address = passages_address(options, Table::Arrow{step.key, next.key, false});
      if (!address.empty())
        arrow = fmt::format("<rect x=\"0\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" pointer-events=\"all\"/>",
                            y, kPanel, kGap);
      arrow += fmt::format(
          "<path d=\"M{0} {1}V{2}\" stroke-width=\"{3:.1f}\" class=\"arrow\"/><path d=\"M{4} {2}H{5}L{0} {6}Z\" "
          "class=\"head\"/><text x=\"{7}\" y=\"{8}\" class=\"value\">{9}</text>",
          middle, y, y + kGap - 10, thickness(step.told, most), middle - 8, middle + 8, y + kGap, middle + 18,
          y + kGap / 2 + 4, escape_markup(count));
      drawn += opened(address, names[at] + " – " + words.say("page.leads_to") + " – " + names[at + 1] + ": " + count,
                      arrow) +
               "\n";
      y += kGap;
      drawn += box(name, {}, kEdge, width, y);
    }
    const bool whole = at == last;
    if (whole) {
      y += 4;
      drawn += lines_at(stands, 0, y, "note");
    }
    out += panel(y + 4, !options.passages.empty(), title, drawn);
    if (whole) return out;
  }
}

// One thing with what it leads to: a spine at the left, a branch to each. As many panels as fit on pages.
std::string branches(const Table& table, const std::vector<std::size_t>& rows, std::int64_t most,
                     const Catalogue& words, const FigureOptions& options) {
  const std::string from = findings::label_of(std::get<std::string>(table.rows[rows[0]][0]), words);
  std::string out;
  for (std::size_t at = 0; at < rows.size();) {
    int y = 1;
    std::string drawn = box(whole_label(from, columns_in(kPanel - 2 * kEdge)), {}, kEdge, kPanel - 2 * kEdge, y) + "\n";
    const int root = y;
    int last = y;
    std::string arrows;
    for (const std::size_t first = at; at < rows.size(); ++at) {
      const auto& row = table.rows[rows[at]];
      const auto& arrow = table.arrows[rows[at]];
      const std::string to = findings::label_of(std::get<std::string>(row[2]), words),
                        how = findings::cell_text(row[1], words), count = findings::cell_text(row[3], words);
      const int width = kPanel - kBranch - kEdge;
      const std::vector<std::string> name = whole_label(to, columns_in(width)),
                                     said = whole_label((arrow.prevents ? "− " : "") + how + ": " + count,
                                                        columns_in(width) + 2);
      const int height = static_cast<int>(name.size() + said.size()) * kLine + 2 * (kPadding - 3);
      if (at > first && y + kBetween + height > kTallest) break;
      y += kBetween;
      const int middle = y + height / 2;
      std::string drawing = box(name, said, kBranch, width, y, arrow.prevents);
      const std::string look = arrow.prevents ? " prevented" : "";
      drawing += fmt::format("<path d=\"M{} {}H{}\" stroke-width=\"{:.1f}\" class=\"arrow{}\"/>", kSpine, middle,
                             kBranch - 10, thickness(std::get<Counted>(row[3]).count, most), look);
      // What prevents ends in a bar across, as a way that is closed.
      drawing += arrow.prevents ? fmt::format("<path d=\"M{0} {1}V{2}\" class=\"head prevented\"/>", kBranch - 8,
                                              middle - 9, middle + 9)
                                : fmt::format("<path d=\"M{0} {1}V{2}L{3} {4}Z\" class=\"head\"/>", kBranch - 11,
                                              middle - 8, middle + 8, kBranch, middle);
      const std::string address = passages_address(options, arrow);
      if (!address.empty())
        drawing =
            fmt::format("<rect x=\"0\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" pointer-events=\"all\"/>",
                        y - height, kPanel, height) +
            drawing;
      arrows += opened(address, from + " – " + how + " – " + to + ": " + count, drawing) + "\n";
      last = middle;
    }
    drawn += fmt::format("<path d=\"M{} {}V{}\" class=\"axis\"/>\n", kSpine, root, last) + arrows;
    out += panel(y + 2, !options.passages.empty(), from, drawn);
  }
  return out;
}

}  // namespace

std::string threads_drawn(const findings::Answer& answer, const Table& table, const Catalogue& words,
                          const FigureOptions& options) {
  if (answer.threads.empty()) return table_html(table, words, options);
  std::int64_t most = 1;
  for (const auto& thread : answer.threads)
    for (const auto& step : thread.steps) most = std::max(most, step.told);
  std::string picture = "<div class=\"panels\">\n";
  const std::size_t shown = std::min<std::size_t>(answer.threads.size(), options.items);
  for (std::size_t i = 0; i < shown; ++i) picture += thread_panels(answer.threads[i], most, words, options);
  picture += "</div>\n";
  return figure_html({options.id + "-threads", words.say(table.title),
                      words.say({"figure.threads_note",
                                 {{"n", answer.threads[0].asked},
                                  {"shown", static_cast<std::int64_t>(shown)},
                                  {"all", answer.all_threads}}}),
                      picture, table_html(table, words, options), words.say("figure.show_table"), options.open_table});
}

std::string links_drawn(const Table& table, const Catalogue& words, const FigureOptions& options) {
  if (table.rows.empty() || table.arrows.size() != table.rows.size()) return table_html(table, words, options);
  std::vector<std::pair<std::string, std::vector<std::size_t>>> by_origin;  // in the order of the table
  std::int64_t most = 1;
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    most = std::max(most, std::get<Counted>(table.rows[r][3]).count);
    const auto found = std::find_if(by_origin.begin(), by_origin.end(),
                                    [&](const auto& each) { return each.first == table.arrows[r].from; });
    if (found == by_origin.end())
      by_origin.push_back({table.arrows[r].from, {r}});
    else
      found->second.push_back(r);
  }
  std::string picture = "<div class=\"panels\">\n";
  for (const auto& [from, rows] : by_origin) picture += branches(table, rows, most, words, options);
  picture += "</div>\n";
  return figure_html({options.id + "-links", words.say(table.title),
                      words.say({"figure.links_note", {{"n", std::get<Counted>(table.rows[0][3]).of}}}), picture,
                      table_html(table, words, options), words.say("figure.show_table"), options.open_table});
}

}  // namespace understory::publish
