// Small pieces of HTML and SVG text, escaped.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "publish/figure.h"

namespace understory::publish {

// <tag attributes>text</tag>, the text escaped.
std::string element(std::string_view tag, std::string_view text, std::string_view attributes = "");
// Lines of a label, broken between words (in Khmer and Thai too), at most `columns` wide where words allow, at most
// `most` lines: what does not fit ends in "…".
std::vector<std::string> label_lines(std::string_view text, int columns, int most = 2);
// All of a label in lines of at most `columns`; a word that is wider is cut between characters.
std::vector<std::string> whole_label(std::string_view text, int columns);
// For URLs.
std::string url_encoded(std::string_view text);
// A figure: title, a line saying what n is, the picture, its table folded in.
struct FigureParts {
  std::string id, title, note, picture, table, table_label;
  bool open_table = false;
};
std::string figure_html(const FigureParts& parts);
// All estimates of an answer as a table; each "k of n" opens its passages where there are addresses for them.
std::string estimates_table(const findings::Answer& answer, const Catalogue& words, const FigureOptions& options = {});
// Of the passages behind one number, not yet escaped; empty where figures link to nothing.
std::string passages_address(const FigureOptions& options, const std::string& group, const std::string& item);
// Of the passages behind what a link leads to, likewise.
std::string passages_address(const FigureOptions& options, const findings::Table::Arrow& arrow);
// A page or document from a template of this room with {{…}} filled in; see templates/.
std::string_view template_text(std::string_view name);

}  // namespace understory::publish
