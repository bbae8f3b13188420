// XLSX as what a person sees in the cells (ECMA-376 part 1, SpreadsheetML). Formulas give their last value.
#include <charconv>
#include <cmath>

#include "foundation/archive.h"
#include "foundation/clock.h"
#include "foundation/xml.h"
#include "study/exchange/formats.h"

namespace understory::study {

namespace {

constexpr std::size_t kColumnLimit = 16384, kRowLimit = 1048576, kCellLimit = 20'000'000;

// All text below a string item: its <t> parts, without phonetic hints.
std::string text_of(const pugi::xml_node& node) {
  std::string text;
  for (const pugi::xml_node& each : node.children()) {
    const std::string_view name = local_name(each.name());
    if (name == "t")
      text += each.child_value();
    else if (name == "r")
      text += text_of(each);
  }
  return text;
}

// Number formats that show a date (18.8.30: built-in ones, and own ones that hold y, m, d or h outside quotes).
bool shows_date(int format, const std::map<int, std::string>& own) {
  if ((format >= 14 && format <= 22) || (format >= 27 && format <= 36) || (format >= 45 && format <= 47) ||
      (format >= 50 && format <= 58))
    return true;
  const auto found = own.find(format);
  if (found == own.end()) return false;
  bool quoted = false;
  for (std::size_t i = 0; i < found->second.size(); ++i) {
    const char letter = found->second[i];
    if (letter == '"')
      quoted = !quoted;
    else if (letter == '\\')
      ++i;
    else if (letter == '[')
      i = std::min(found->second.find(']', i), found->second.size());
    else if (!quoted && std::string_view("yYdDhHmMsS").find(letter) != std::string_view::npos)
      return true;
  }
  return false;
}

std::string date_text(double serial, bool since_1904) {
  const double days = since_1904 ? serial + 1462 : serial;
  // Day 60 is 29 February 1900, which never was; before it every day is one off.
  const double since_epoch = days - 25569 + (days < 60 ? 1 : 0);
  const auto milliseconds = static_cast<Milliseconds>(std::llround(since_epoch * 86400) * 1000);
  const std::string iso = iso_time(milliseconds);
  if (std::abs(days - std::floor(days)) < 1e-9) return iso.substr(0, 10);
  return days < 1 ? iso.substr(11, 5) : iso.substr(0, 10) + " " + iso.substr(11, 5);
}

std::string number_text(const std::string& value, double number) {
  if (std::abs(number) < 1e15 && number == std::floor(number))
    return fmt::format("{}", static_cast<std::int64_t>(number));
  // 15 digits are what a spreadsheet shows; 0.1 is stored as 0.10000000000000001.
  return std::isfinite(number) ? fmt::format("{:.15g}", number) : value;
}

struct Workbook {
  std::vector<std::string> strings;
  std::vector<bool> date_styles;  // by cell style
  bool since_1904 = false;
};

// "AB12" → column 27 (from 0); nullopt when it is no reference.
std::optional<std::size_t> column_of(std::string_view reference) {
  std::size_t column = 0, letters = 0;
  for (char letter : reference) {
    if (letter >= 'A' && letter <= 'Z')
      column = column * 26 + static_cast<std::size_t>(letter - 'A' + 1), ++letters;
    else
      break;
    if (column > kColumnLimit) return std::nullopt;
  }
  return letters == 0 ? std::nullopt : std::optional(column - 1);
}

std::string cell_text(const pugi::xml_node& cell, const Workbook& workbook) {
  const std::string_view type = cell.attribute("t").value();
  const std::string value = child_named(cell, "v").child_value();
  if (type == "s") {
    std::size_t index = 0;
    std::from_chars(value.data(), value.data() + value.size(), index);
    return index < workbook.strings.size() ? workbook.strings[index] : "";
  }
  if (type == "inlineStr") return text_of(child_named(cell, "is"));
  if (type == "b") return value == "1" ? "TRUE" : "FALSE";
  if (type == "str" || type == "e" || type == "d") return value;
  if (value.empty()) return "";
  char* end = nullptr;
  const double number = std::strtod(value.c_str(), &end);
  if (end != value.c_str() + value.size()) return value;
  const std::size_t style = cell.attribute("s").as_uint();
  if (style < workbook.date_styles.size() && workbook.date_styles[style] && number >= 0 && number < 2958466)
    return date_text(number, workbook.since_1904);
  return number_text(value, number);
}

Result<Sheet> read_sheet(const pugi::xml_node& root, const Workbook& workbook, std::string name,
                         std::string_view file) {
  Sheet sheet;
  sheet.name = std::move(name);
  std::size_t cells = 0;
  int row_number = 0;
  for (const pugi::xml_node& row : child_named(root, "sheetData").children()) {
    row_number = row.attribute("r") ? row.attribute("r").as_int() : row_number + 1;
    if (row_number < 1 || row_number > static_cast<int>(kRowLimit))
      return fail(problems::kBadTable, {{"file", std::string(file)},
                                        {"row", std::to_string(row_number)},
                                        {"reason", "a row number no spreadsheet has"}});
    std::vector<std::string> fields;
    std::size_t next = 0;
    for (const pugi::xml_node& cell : row.children()) {
      if (local_name(cell.name()) != "c") continue;
      const auto at = cell.attribute("r") ? column_of(cell.attribute("r").value()) : std::optional(next);
      if (!at)
        return fail(problems::kBadTable, {{"file", std::string(file)},
                                          {"row", std::to_string(row_number)},
                                          {"reason", "a cell stands where no spreadsheet has one"}});
      // A single cell far to the right must not make a row of 16,384 fields for each row.
      if ((cells += 1) > kCellLimit)
        return fail(problems::kTooLarge,
                    {{"what", std::string(file)}, {"limit", "20 million cells"}, {"hint", "Split it and try again."}});
      std::string text = cell_text(cell, workbook);
      next = *at + 1;
      if (text.empty()) continue;
      if (!sheet.header.empty() && *at >= sheet.header.size())
        return fail(problems::kBadTable, {{"file", std::string(file)},
                                          {"row", std::to_string(row_number)},
                                          {"reason", "a cell stands right of the last column that has a name"}});
      if (*at >= fields.size()) fields.resize(*at + 1);
      fields[*at] = std::move(text);
    }
    if (std::all_of(fields.begin(), fields.end(), [](const std::string& field) { return trim(field).empty(); }))
      continue;
    if (sheet.header.empty()) {
      for (std::string& column : fields) column = std::string(trim(column));
      for (std::size_t i = 0; i < fields.size(); ++i) {
        if (fields[i].empty())
          return fail(
              problems::kBadTable,
              {{"file", std::string(file)}, {"row", std::to_string(row_number)}, {"reason", "a column has no name"}});
        if (std::find(fields.begin(), fields.begin() + static_cast<std::ptrdiff_t>(i), fields[i]) !=
            fields.begin() + static_cast<std::ptrdiff_t>(i))
          return fail(problems::kBadTable, {{"file", std::string(file)},
                                            {"row", std::to_string(row_number)},
                                            {"reason", "the column name “" + fields[i] + "” stands twice"}});
      }
      sheet.header = std::move(fields);
      continue;
    }
    fields.resize(sheet.header.size());
    sheet.rows.push_back(std::move(fields));
    sheet.row_numbers.push_back(row_number);
  }
  return sheet;
}

}  // namespace

Result<std::vector<Sheet>> read_xlsx(std::string_view bytes, std::string_view file) {
  const Archive archive = TRY(Archive::open(bytes, file));
  const auto part = [&](const std::string& name) -> Result<XmlDocument> {
    return XmlDocument::parse(TRY(archive.read(name)), std::string(file) + ": " + name);
  };
  if (!archive.has("xl/workbook.xml"))
    return fail(problems::kFileUnreadable,
                {{"file", std::string(file)}, {"reason", "it is a zip archive, but no XLSX workbook"}});
  Workbook workbook;
  const XmlDocument book = TRY(part("xl/workbook.xml"));
  workbook.since_1904 = child_named(book.root(), "workbookPr").attribute("date1904").as_bool();
  std::map<std::string, std::string> targets;
  if (archive.has("xl/_rels/workbook.xml.rels")) {
    const XmlDocument relations = TRY(part("xl/_rels/workbook.xml.rels"));
    for (const pugi::xml_node& relation : relations.root().children()) {
      std::string target = relation.attribute("Target").value();
      targets[relation.attribute("Id").value()] = target.rfind('/', 0) == 0 ? target.substr(1) : "xl/" + target;
    }
  }
  if (archive.has("xl/sharedStrings.xml")) {
    const XmlDocument strings = TRY(part("xl/sharedStrings.xml"));
    for (const pugi::xml_node& item : strings.root().children())
      if (local_name(item.name()) == "si") workbook.strings.push_back(text_of(item));
  }
  if (archive.has("xl/styles.xml")) {
    const XmlDocument styles = TRY(part("xl/styles.xml"));
    std::map<int, std::string> own;
    for (const pugi::xml_node& format : child_named(styles.root(), "numFmts").children())
      own[format.attribute("numFmtId").as_int()] = format.attribute("formatCode").value();
    for (const pugi::xml_node& style : child_named(styles.root(), "cellXfs").children())
      workbook.date_styles.push_back(shows_date(style.attribute("numFmtId").as_int(), own));
  }
  std::vector<Sheet> sheets;
  for (const pugi::xml_node& entry : child_named(book.root(), "sheets").children()) {
    std::string relation;
    for (const pugi::xml_attribute& attribute : entry.attributes())
      if (local_name(attribute.name()) == "id" && std::string_view(attribute.name()) != "id")
        relation = attribute.value();
    const auto target = targets.find(relation);
    if (target == targets.end() || !archive.has(target->second)) continue;  // a chart sheet
    const XmlDocument document = TRY(part(target->second));
    if (local_name(document.root().name()) != "worksheet") continue;
    Sheet sheet = TRY(read_sheet(document.root(), workbook, entry.attribute("name").value(), file));
    if (!sheet.header.empty()) sheets.push_back(std::move(sheet));
  }
  if (sheets.empty())
    return fail(problems::kBadTable,
                {{"file", std::string(file)}, {"row", "1"}, {"reason", "no sheet holds a header row"}});
  return sheets;
}

}  // namespace understory::study
