// Figures as SVG text from small pure functions: pages, reports and releases show the same picture. Every figure comes
// inside <figure> with a title, what n is, and its table in <details>. No meaning by colour alone; contrast AA;
// readable in black and white. Text is real text in the page's fonts; Khmer, Thai and the rest are wrapped at words.
#pragma once
#include <string>

#include "findings/answer.h"
#include "foundation/catalogue.h"

namespace understory::publish {

struct FigureOptions {
  int width = 720;  // CSS pixels
  int items = 8;    // at most so many bars a panel
  // Where the passages behind a number are, "…/passages?question=…"; which number is put behind it. Empty: no links.
  std::string passages;
  std::string id = "figure";  // prefix of the ids inside, unique on the page
  bool open_table = false;    // show the table unfolded
  bool with_table = true;     // false where the same table stands with the figure before
};

// Ranked bars with intervals, one panel a group (small multiples); the same items in the same order in each panel.
std::string ranked_bars(const findings::Answer& answer, const Catalogue& words, const FigureOptions& options);
// Groups × items as shaded cells with their per cent written in.
std::string heat_map(const findings::Answer& answer, const Catalogue& words, const FigureOptions& options);
// up / same / down / does not know per group (and period): diverging stacked bars; for trend.
std::string trend_bars(const findings::Answer& answer, const Catalogue& words, const FigureOptions& options);
// A line over a sequence (saturation: new codes by source; time).
std::string time_line(const findings::Answer& answer, const findings::Table& table, const Catalogue& words,
                      const FigureOptions& options);
// The intervals of one column of a table as points with whiskers, one below the other; for agreement.
std::string interval_rows(const findings::Table& table, const std::string& column, double low_end, double high_end,
                          const Catalogue& words, const FigureOptions& options);
// Chains that one source tells whole, one panel each, from top to bottom: who says each link, and how well the ends
// hold together. Never joined into one network: that would show ways which nobody told.
std::string threads_drawn(const findings::Answer& answer, const findings::Table& table, const Catalogue& words,
                          const FigureOptions& options);
// Every link of the table, one panel for each thing something comes from; what prevents is dashed and says so.
std::string links_drawn(const findings::Table& table, const Catalogue& words, const FigureOptions& options);
// The figures that suit the answer's question, one after the other.
std::string figures(const findings::Answer& answer, const Catalogue& words, const FigureOptions& options);
// A table of an answer as HTML.
std::string table_html(const findings::Table& table, const Catalogue& words, const FigureOptions& options = {});

}  // namespace understory::publish
