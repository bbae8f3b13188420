#include "publish/docx_parts.h"

#include "foundation/text.h"

namespace understory::publish {

namespace {

constexpr std::string_view kHead = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
constexpr std::string_view kWord = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"";

// A font of each script, and those of Windows and macOS that stand in where Noto is not installed.
struct Script {
  std::string_view style, font, instead, language;
  char32_t first, last;
};
constexpr Script kScripts[] = {
    {"Khmer", "Noto Sans Khmer", "Khmer UI,Leelawadee UI,Khmer Sangam MN", "km-KH", 0x1780, 0x17FF},
    {"Khmer", "Noto Sans Khmer", "", "km-KH", 0x19E0, 0x19FF},
    {"Thai", "Noto Sans Thai", "Leelawadee UI,Thonburi", "th-TH", 0x0E00, 0x0E7F},
    {"Devanagari", "Noto Sans Devanagari", "Nirmala UI,Kohinoor Devanagari", "hi-IN", 0x0900, 0x097F},
    {"Devanagari", "Noto Sans Devanagari", "", "hi-IN", 0xA8E0, 0xA8FF},
    {"Bengali", "Noto Sans Bengali", "Nirmala UI,Kohinoor Bangla", "bn-BD", 0x0980, 0x09FF}};

std::string fonts(std::string_view name) {
  return fmt::format("<w:rFonts w:ascii=\"{0}\" w:hAnsi=\"{0}\" w:eastAsia=\"{0}\" w:cs=\"{0}\"/>", name);
}

struct Style {
  std::string_view id, name, before, based_on, paragraph, letters;
};
// Sizes are half points; spaces are twentieths of a point.
constexpr Style kStyles[] = {
    {"Title", "Title", "", "Normal", "<w:keepNext/><w:spacing w:after=\"120\" w:line=\"264\" w:lineRule=\"auto\"/>",
     "<w:b/><w:bCs/><w:sz w:val=\"40\"/><w:szCs w:val=\"40\"/>"},
    {"Heading1", "heading 1", "", "Normal",
     "<w:keepNext/><w:spacing w:before=\"360\" w:after=\"80\"/><w:outlineLvl w:val=\"0\"/>",
     "<w:b/><w:bCs/><w:color w:val=\"0A4A86\"/><w:sz w:val=\"30\"/><w:szCs w:val=\"30\"/>"},
    {"Heading2", "heading 2", "", "Normal",
     "<w:keepNext/><w:spacing w:before=\"240\" w:after=\"60\"/><w:outlineLvl w:val=\"1\"/>",
     "<w:b/><w:bCs/><w:sz w:val=\"24\"/><w:szCs w:val=\"24\"/>"},
    {"Caption", "caption", "", "Normal", "<w:keepNext/><w:spacing w:before=\"160\" w:after=\"60\"/>",
     "<w:b/><w:bCs/><w:sz w:val=\"20\"/><w:szCs w:val=\"20\"/>"},
    {"Note", "Note", "", "Normal", "", "<w:color w:val=\"55606E\"/><w:sz w:val=\"18\"/><w:szCs w:val=\"18\"/>"},
    {"Warning", "Warning", "", "Normal",
     "<w:pBdr><w:left w:val=\"single\" w:sz=\"24\" w:space=\"8\" w:color=\"C98A1B\"/></w:pBdr><w:shd w:val=\"clear\" "
     "w:color=\"auto\" w:fill=\"FDF6E7\"/><w:spacing w:after=\"40\"/><w:ind w:left=\"240\"/>",
     ""},
    {"Invented", "Invented", "", "Normal",
     "<w:pBdr><w:top w:val=\"single\" w:sz=\"12\" w:space=\"4\" w:color=\"8A3B12\"/><w:left w:val=\"single\" "
     "w:sz=\"12\" w:space=\"4\" w:color=\"8A3B12\"/><w:bottom w:val=\"single\" w:sz=\"12\" w:space=\"4\" "
     "w:color=\"8A3B12\"/><w:right w:val=\"single\" w:sz=\"12\" w:space=\"4\" w:color=\"8A3B12\"/></w:pBdr>",
     "<w:b/><w:bCs/><w:color w:val=\"8A3B12\"/>"},
    {"Quote", "Quote", "", "Normal",
     "<w:keepLines/><w:pBdr><w:left w:val=\"single\" w:sz=\"24\" w:space=\"10\" "
     "w:color=\"D5DBE2\"/></w:pBdr><w:spacing w:after=\"0\"/><w:ind w:left=\"300\"/>",
     ""},
    {"QuoteNote", "Quote Note", "", "Quote", "<w:spacing w:after=\"160\"/>",
     "<w:color w:val=\"55606E\"/><w:sz w:val=\"18\"/><w:szCs w:val=\"18\"/>"},
    {"ListBullet", "List Bullet", "", "Normal", "<w:numPr><w:numId w:val=\"1\"/></w:numPr><w:spacing w:after=\"40\"/>",
     ""},
    {"ListNumber", "List Number", "", "Normal", "<w:numPr><w:numId w:val=\"2\"/></w:numPr><w:spacing w:after=\"20\"/>",
     ""},
    {"TableText", "Table Text", "", "Normal",
     "<w:spacing w:before=\"20\" w:after=\"20\" w:line=\"252\" w:lineRule=\"auto\"/>",
     "<w:sz w:val=\"17\"/><w:szCs w:val=\"17\"/>"},
    {"TableHeading", "Table Heading", "", "TableText", "<w:keepNext/>", "<w:b/><w:bCs/>"},
    {"Footer", "footer", "", "Normal", "<w:jc w:val=\"right\"/>",
     "<w:color w:val=\"55606E\"/><w:sz w:val=\"16\"/><w:szCs w:val=\"16\"/>"},
};

std::string styles(std::string_view language) {
  std::string bidi = "en-US";
  for (const Script& script : kScripts)
    if (script.language.substr(0, 2) == language) bidi = script.language;
  if (language == "ne") bidi = "ne-NP";
  std::string out = fmt::format(
      "{}<w:styles {}><w:docDefaults><w:rPrDefault><w:rPr>{}<w:color w:val=\"1C2530\"/><w:sz w:val=\"21\"/><w:szCs "
      "w:val=\"21\"/><w:lang w:val=\"{}\" w:bidi=\"{}\"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing "
      "w:after=\"100\" w:line=\"300\" w:lineRule=\"auto\"/></w:pPr></w:pPrDefault></w:docDefaults>"
      "<w:style w:type=\"paragraph\" w:default=\"1\" w:styleId=\"Normal\"><w:name "
      "w:val=\"Normal\"/><w:qFormat/></w:style>"
      "<w:style w:type=\"character\" w:default=\"1\" w:styleId=\"Letters\"><w:name w:val=\"Default Paragraph "
      "Font\"/></w:style>"
      "<w:style w:type=\"table\" w:default=\"1\" w:styleId=\"TableNormal\"><w:name w:val=\"Normal "
      "Table\"/><w:tblPr><w:tblInd "
      "w:w=\"0\" w:type=\"dxa\"/><w:tblCellMar><w:left w:w=\"80\" w:type=\"dxa\"/><w:right w:w=\"80\" w:type=\"dxa\"/>"
      "</w:tblCellMar></w:tblPr></w:style>",
      kHead, kWord, fonts("Noto Sans"), language, bidi);
  for (const Style& style : kStyles)
    out += fmt::format(
        "<w:style w:type=\"paragraph\" w:styleId=\"{}\"><w:name w:val=\"{}\"/><w:basedOn w:val=\"{}\"/><w:qFormat/>"
        "<w:pPr>{}</w:pPr><w:rPr>{}</w:rPr></w:style>",
        style.id, style.name, style.based_on, style.paragraph, style.letters);
  for (const Script& script : kScripts)
    if (!script.instead.empty())
      out += fmt::format(
          "<w:style w:type=\"character\" w:styleId=\"{0}\"><w:name w:val=\"{0}\"/><w:rPr>{1}<w:cs/><w:lang "
          "w:bidi=\"{2}\"/></w:rPr></w:style>",
          script.style, fonts(script.font), script.language);
  return out + "</w:styles>";
}

std::string font_table() {
  std::string out = fmt::format("{}<w:fonts {}>", kHead, kWord);
  const auto add = [&](std::string_view name, std::string_view instead) {
    out += fmt::format("<w:font w:name=\"{}\"><w:altName w:val=\"{}\"/><w:family w:val=\"swiss\"/></w:font>", name,
                       instead);
  };
  add("Noto Sans", "Segoe UI,Arial");
  for (const Script& script : kScripts)
    if (!script.instead.empty()) add(script.font, script.instead);
  return out + "</w:fonts>";
}

std::string numbering() {
  const auto kind = [](int number, std::string_view format, std::string_view text) {
    return fmt::format(
        "<w:abstractNum w:abstractNumId=\"{}\"><w:lvl w:ilvl=\"0\"><w:start w:val=\"1\"/><w:numFmt "
        "w:val=\"{}\"/><w:lvlText "
        "w:val=\"{}\"/><w:pPr><w:ind w:left=\"400\" w:hanging=\"300\"/></w:pPr></w:lvl></w:abstractNum>",
        number, format, text);
  };
  return fmt::format(
      "{}<w:numbering {}>{}{}<w:num w:numId=\"1\"><w:abstractNumId w:val=\"1\"/></w:num><w:num "
      "w:numId=\"2\"><w:abstractNumId "
      "w:val=\"2\"/></w:num></w:numbering>",
      kHead, kWord, kind(1, "bullet", "•"), kind(2, "decimal", "%1."));
}

}  // namespace

std::string_view script_style(char32_t letter) {
  for (const Script& script : kScripts)
    if (letter >= script.first && letter <= script.last) return script.style;
  return "";
}

std::map<std::string, std::string> docx_parts(std::string_view title, std::string_view language) {
  const auto field = [](std::string_view name) {
    return fmt::format("<w:fldSimple w:instr=\" {} \"><w:r><w:t>1</w:t></w:r></w:fldSimple>", name);
  };
  std::map<std::string, std::string> parts;
  parts["[Content_Types].xml"] =
      std::string(kHead) +
      "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"rels\" "
      "ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" "
      "ContentType=\"application/xml\"/><Default Extension=\"png\" ContentType=\"image/png\"/><Override "
      "PartName=\"/word/document.xml\" "
      "ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/><Override "
      "PartName=\"/word/styles.xml\" "
      "ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml\"/><Override "
      "PartName=\"/word/numbering.xml\" "
      "ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.numbering+xml\"/><Override "
      "PartName=\"/word/fontTable.xml\" "
      "ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.fontTable+xml\"/><Override "
      "PartName=\"/word/footer1.xml\" "
      "ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml\"/><Override "
      "PartName=\"/docProps/core.xml\" "
      "ContentType=\"application/vnd.openxmlformats-package.core-properties+xml\"/></Types>";
  parts["_rels/.rels"] =
      std::string(kHead) +
      "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" "
      "Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" "
      "Target=\"word/document.xml\"/><Relationship Id=\"rId2\" "
      "Type=\"http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties\" "
      "Target=\"docProps/core.xml\"/></Relationships>";
  // No author and no time of day: a report tells nobody who made it when.
  parts["docProps/core.xml"] = fmt::format(
      "{}<cp:coreProperties xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" "
      "xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:title>{}</dc:title><dc:language>{}</dc:language></"
      "cp:coreProperties>",
      kHead, escape_markup(title), language);
  parts["word/styles.xml"] = styles(language);
  parts["word/fontTable.xml"] = font_table();
  parts["word/numbering.xml"] = numbering();
  parts["word/footer1.xml"] = fmt::format(
      "{}<w:ftr {}><w:p><w:pPr><w:pStyle w:val=\"Footer\"/></w:pPr>{}<w:r><w:t xml:space=\"preserve\"> / "
      "</w:t></w:r>{}</w:p></w:ftr>",
      kHead, kWord, field("PAGE"), field("NUMPAGES"));
  return parts;
}

}  // namespace understory::publish
