#include "publish/docx.h"

#include <pugixml.hpp>

#include "foundation/archive.h"
#include "foundation/file.h"
#include "foundation/text.h"
#include "foundation/xml.h"
#include "publish/document.h"
#include "publish/docx_parts.h"
#include "publish/page.h"

namespace understory::publish {

namespace {

constexpr int kEmuOfPixel = 9525;
constexpr double kWidestPicture = 660;     // CSS pixels between the margins of A4
constexpr int kTextWidth = 9900;           // the same in twentieths of a point
constexpr const char* kSharpness = "192";  // dots an inch, twice a screen's

// How letters look here, and what a paragraph is.
struct Look {
  bool bold = false, small = false, note = false;
};

struct Utf8 {
  char32_t letter;
  std::size_t length;
};
Utf8 letter_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const std::size_t length = byte(0) < 0x80 ? 1 : byte(0) < 0xE0 ? 2 : byte(0) < 0xF0 ? 3 : 4;
  if (at + length > text.size()) return {byte(0), 1};
  char32_t letter = length == 1 ? byte(0) : byte(0) & (0xFF >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) letter = letter << 6 | (byte(i) & 0x3F);
  return {letter, length};
}

// What any script takes along: spaces, digits, marks of joining and of breaking.
bool stays_with_what_is_before(char32_t letter) {
  return letter == ' ' || letter == 0x200B || letter == 0x200C || letter == 0x200D || letter == 0x0964 ||
         letter == 0x0965;
}

class Writer {
 public:
  explicit Writer(std::vector<std::string> pictures) : pictures_(std::move(pictures)) {}

  Result<std::string> write(const pugi::xml_node& body, std::string_view title, std::string_view language) {
    blocks(body, "");
    std::map<std::string, std::string> parts = docx_parts(title, language);
    parts["word/document.xml"] =
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<w:document "
        "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\" "
        "xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\" "
        "xmlns:wp=\"http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing\" "
        "xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\" "
        "xmlns:pic=\"http://schemas.openxmlformats.org/drawingml/2006/picture\"><w:body>" +
        out_ +
        "<w:sectPr><w:footerReference w:type=\"default\" r:id=\"footer\"/><w:pgSz w:w=\"11906\" "
        "w:h=\"16838\"/><w:pgMar "
        "w:top=\"1020\" w:right=\"1000\" w:bottom=\"1130\" w:left=\"1000\" w:header=\"560\" w:footer=\"560\" "
        "w:gutter=\"0\"/></w:sectPr></w:body></w:document>";
    std::string relations =
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Relationships "
        "xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">";
    const auto relate = [&](std::string_view id, std::string_view type, std::string_view target) {
      relations += fmt::format(
          "<Relationship Id=\"{}\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}\" "
          "Target=\"{}\"/>",
          id, type, target);
    };
    relate("styles", "styles", "styles.xml");
    relate("numbering", "numbering", "numbering.xml");
    relate("fonts", "fontTable", "fontTable.xml");
    relate("footer", "footer", "footer1.xml");
    for (std::size_t i = 0; i < pictures_.size(); ++i) {
      const std::string name = fmt::format("media/picture{}.png", i + 1);
      relate(fmt::format("picture{}", i + 1), "image", name);
      parts["word/" + name] = std::move(pictures_[i]);
    }
    parts["word/_rels/document.xml.rels"] = relations + "</Relationships>";
    return write_archive(parts);
  }

 private:
  static std::string style_of(const pugi::xml_node& node, std::string_view outer) {
    const std::string_view name = node.name(), kind = node.attribute("class").value();
    if (name == "h1") return "Title";
    if (name == "h2") return "Heading1";
    if (name == "h3") return "Heading2";
    if (name == "figcaption" || name == "caption") return "Caption";
    if (kind == "invented") return "Invented";
    if (outer == "Quote") return name == "footer" || kind == "translation" ? "QuoteNote" : "Quote";
    if (kind == "note" || kind == "how" || kind == "unchecked") return "Note";
    return std::string(outer);
  }

  // A run for each script, so that every letter has a font that holds it.
  void runs(std::string_view text, const Look& look) {
    std::string part;
    std::string_view style;
    const auto flush = [&] {
      if (part.empty()) return;
      std::string letters;
      if (!style.empty()) letters += fmt::format("<w:rStyle w:val=\"{}\"/>", style);
      if (look.bold) letters += "<w:b/><w:bCs/>";
      if (look.note) letters += "<w:b w:val=\"0\"/><w:bCs w:val=\"0\"/><w:color w:val=\"55606E\"/>";
      if (!style.empty()) letters += "<w:cs/>";
      line_ += fmt::format("<w:r>{}<w:t xml:space=\"preserve\">{}</w:t></w:r>",
                           letters.empty() ? "" : "<w:rPr>" + letters + "</w:rPr>", escape_markup(part));
      part.clear();
    };
    for (std::size_t at = 0; at < text.size();) {
      const auto [letter, length] = letter_at(text, at);
      const std::string_view wanted = stays_with_what_is_before(letter) && !part.empty() ? style : script_style(letter);
      if (wanted != style) flush();
      style = wanted;
      part += text.substr(at, length);
      at += length;
    }
    flush();
  }

  void inlines(const pugi::xml_node& node, Look look) {
    bool after_element = false;
    for (const pugi::xml_node& child : node.children()) {
      const std::string_view name = child.name();
      if (name.empty()) {
        std::string text = child.value();
        for (char& c : text)
          if (c == '\n' || c == '\t') c = ' ';
        runs(text, look);
        after_element = false;
        continue;
      }
      // The reader takes away what is nothing but white space between two elements.
      if (after_element) runs(" ", look);
      after_element = true;
      Look inner = look;
      inner.bold = look.bold || name == "strong" || name == "b";
      inner.note = look.note || std::string_view(child.attribute("class").value()) == "note";
      const std::string_view target = child.attribute("href").value();
      if (name == "a" && !target.empty() && target[0] == '#') {
        line_ += fmt::format("<w:hyperlink w:anchor=\"{}\">", escape_markup(target.substr(1)));
        inlines(child, inner);
        line_ += "</w:hyperlink>";
      } else {
        inlines(child, inner);
      }
    }
  }

  void close_paragraph(std::string_view style, std::string_view more = "") {
    std::string about;
    if (!style.empty()) about += fmt::format("<w:pStyle w:val=\"{}\"/>", style);
    about += more;
    out_ += "<w:p>" + (about.empty() ? "" : "<w:pPr>" + about + "</w:pPr>") + std::exchange(line_, {}) + "</w:p>";
  }

  // Where links of the contents lead to.
  void mark(const pugi::xml_node& node) {
    if (const std::string_view id = node.attribute("id").value(); !id.empty())
      line_ += fmt::format("<w:bookmarkStart w:id=\"{0}\" w:name=\"{1}\"/><w:bookmarkEnd w:id=\"{0}\"/>", ++bookmarks_,
                           escape_markup(id));
  }

  void blocks(const pugi::xml_node& node, std::string_view outer) {
    for (const pugi::xml_node& child : node.children()) {
      const std::string_view name = child.name(), kind = child.attribute("class").value();
      if (name == "h1" || name == "h2" || name == "h3" || name == "p" || name == "figcaption" || name == "footer") {
        inlines(child, {});
        close_paragraph(style_of(child, outer));
      } else if (name == "ul" || name == "ol") {
        for (const pugi::xml_node& item : child.children("li")) {
          inlines(item, {});
          close_paragraph(kind == "warnings" ? "Warning" : name == "ol" ? "ListNumber" : "ListBullet");
        }
      } else if (name == "blockquote") {
        blocks(child, "Quote");
      } else if (name == "table") {
        table(child);
      } else if (name == "svg") {
        picture(child);
      } else if (name == "summary") {
        continue;  // the table is never folded in on paper
      } else if (name == "section") {
        mark(child);
        blocks(child, outer);
      } else if (!name.empty()) {
        blocks(child, outer);
        if (!line_.empty() && kind == "panels") close_paragraph("");
      }
    }
    // Pictures of one row of panels stand in one paragraph; one alone has its own.
    if (!line_.empty() && std::string_view(node.attribute("class").value()).starts_with("scroll")) close_paragraph("");
  }

  void table(const pugi::xml_node& node) {
    if (const pugi::xml_node caption = node.child("caption")) {
      inlines(caption, {});
      close_paragraph("Caption");
    }
    int columns = 0;
    std::string rows;
    const auto row_of = [&](const pugi::xml_node& row, bool heading) {
      int count = 0;
      std::string cells;
      for (const pugi::xml_node& cell : row.children()) {
        ++count;
        std::string saved = std::exchange(out_, {});
        inlines(cell, {});
        const bool number = std::string_view(cell.attribute("class").value()) == "number";
        close_paragraph(heading ? "TableHeading" : "TableText", number ? "<w:jc w:val=\"right\"/>" : "");
        cells += "<w:tc><w:tcPr><w:tcBorders><w:bottom w:val=\"single\" w:sz=\"" + std::string(heading ? "12" : "4") +
                 "\" w:color=\"" + (heading ? "55606E" : "D5DBE2") + "\"/></w:tcBorders></w:tcPr>" + out_ + "</w:tc>";
        out_ = std::move(saved);
      }
      columns = std::max(columns, count);
      rows += std::string("<w:tr><w:trPr><w:cantSplit/>") + (heading ? "<w:tblHeader/>" : "") + "</w:trPr>" + cells +
              "</w:tr>";
    };
    for (const pugi::xml_node& row : node.child("thead").children("tr")) row_of(row, true);
    for (const pugi::xml_node& row : node.child("tbody").children("tr")) row_of(row, false);
    if (columns == 0) return;
    std::string grid;
    for (int i = 0; i < columns; ++i) grid += fmt::format("<w:gridCol w:w=\"{}\"/>", kTextWidth / columns);
    out_ += "<w:tbl><w:tblPr><w:tblW w:w=\"0\" w:type=\"auto\"/><w:tblLook w:firstRow=\"1\"/></w:tblPr><w:tblGrid>" +
            grid + "</w:tblGrid>" + rows + "</w:tbl>";
    close_paragraph("");  // Word joins tables that touch
  }

  void picture(const pugi::xml_node& svg) {
    const double width = svg.attribute("width").as_double(), height = svg.attribute("height").as_double();
    if (width <= 0 || height <= 0 || shown_ == pictures_.size()) return;
    ++shown_;
    const double scale = std::min(1.0, kWidestPicture / width);
    const auto wide = static_cast<long>(width * scale * kEmuOfPixel),
               high = static_cast<long>(height * scale * kEmuOfPixel);
    line_ += fmt::format(
        "<w:r><w:drawing><wp:inline distT=\"0\" distB=\"0\" distL=\"0\" distR=\"114300\"><wp:extent cx=\"{0}\" "
        "cy=\"{1}\"/>"
        "<wp:docPr id=\"{2}\" name=\"picture{2}\" descr=\"{3}\"/><a:graphic><a:graphicData "
        "uri=\"http://schemas.openxmlformats.org/drawingml/2006/picture\"><pic:pic><pic:nvPicPr><pic:cNvPr id=\"{2}\" "
        "name=\"picture{2}\" descr=\"{3}\"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed=\"picture{2}\"/>"
        "<a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x=\"0\" y=\"0\"/><a:ext "
        "cx=\"{0}\" "
        "cy=\"{1}\"/></a:xfrm><a:prstGeom prst=\"rect\"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData>"
        "</a:graphic></wp:inline></w:drawing></w:r>",
        wide, high, shown_, escape_markup(svg.attribute("aria-label").value()));
  }

  std::string out_, line_;             // what is finished; the paragraph that is being written
  std::vector<std::string> pictures_;  // in their order
  std::size_t shown_ = 0;              // of them
  int bookmarks_ = 0;
};

std::string between(const std::string& text, std::string_view from, std::string_view to) {
  const std::size_t start = text.find(from), end = text.find(to, start);
  if (start == std::string::npos || end == std::string::npos || end < start + from.size()) return "";
  return text.substr(start + from.size(), end - start - from.size());
}

// The pictures of a report as PNG, in their order. WeasyPrint sets their words as the PDF's, which shapes every script
// (librsvg tears Khmer apart), each on a page of its size; pdftoppm draws the pages.
Result<std::vector<std::string>> drawn(const std::string& html) {
  std::string pages, sizes;
  int count = 0;
  constexpr std::string_view kEnd = "</svg>";
  for (std::size_t at = html.find("<svg "); at != std::string::npos; at = html.find("<svg ", at + 1)) {
    const std::size_t end = html.find(kEnd, at);
    if (end == std::string::npos) break;
    const std::string svg = html.substr(at, end + kEnd.size() - at);
    const auto parsed = TRY(XmlDocument::parse(svg, "report"));
    ++count;
    sizes += fmt::format("@page picture{} {{ size: {}px {}px }}\n", count,
                         parsed.root().attribute("width").as_int() + 1, parsed.root().attribute("height").as_int() + 2);
    pages += fmt::format("<div style=\"page:picture{}\">{}</div>\n", count, svg);
  }
  std::vector<std::string> pictures;
  if (count == 0) return pictures;
  const std::string document = fmt::format(
      "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><style>{}\n@page {{ margin: 0; @bottom-right {{ content: "
      "none }} }}\n"
      "{}body div {{ line-height: 0 }} .picture {{ margin: 0 !important }} div + div {{ break-before: page }} .picture "
      "+ .picture "
      "{{ break-before: auto }}</style></head><body>{}</body></html>",
      document_style(), sizes, pages);
  const std::string pdf = TRY(pdf_from_html(document));
  const TemporaryFolder folder(TemporaryFolder::On::kMemory);
  ProgramCall call;
  call.program = "pdftoppm";
  call.arguments = {"-r", kSharpness, "-png", "-", (folder.path() / "p").string()};
  call.input = pdf;
  call.what = "pictures in DOCX reports";
  call.package = "poppler-utils";
  const ProgramResult result = TRY(run_program(call));
  std::vector<std::filesystem::path> files;
  for (const auto& each : std::filesystem::directory_iterator(folder.path())) files.push_back(each.path());
  std::sort(files.begin(), files.end());  // numbered with as many digits each
  if (result.status != 0 || static_cast<int>(files.size()) != count)
    return fail(
        problems::kProgramFailed,
        {{"program", call.program}, {"reason", fmt::format("{} pictures became {} pages", count, files.size())}});
  for (const auto& file : files) pictures.push_back(TRY(read_file(file)));
  return pictures;
}

}  // namespace

Result<std::string> docx_from_html(const std::string& html, std::string_view language) {
  const XmlDocument body = TRY(XmlDocument::parse("<body>" + between(html, "<body>", "</body>") + "</body>", "report"));
  const XmlDocument title = TRY(XmlDocument::parse("<t>" + between(html, "<title>", "</title>") + "</t>", "report"));
  return Writer(TRY(drawn(html))).write(body.root(), text_of(title.root()), language);
}

}  // namespace understory::publish
