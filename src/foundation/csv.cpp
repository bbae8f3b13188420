#include "foundation/csv.h"

#include <algorithm>
#include <array>
#include <set>

#include "foundation/text.h"

namespace understory {

namespace {

constexpr std::size_t kFieldLimit = std::size_t{16} << 20;

class Reader {
 public:
  Reader(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  Result<CsvTable> run() {
    if (text_.rfind("\xEF\xBB\xBF", 0) == 0) text_.remove_prefix(3);
    separator_ = separator();
    CsvTable table;
    while (at_ < text_.size()) {
      const int line = line_;
      std::vector<std::string> row = TRY(read_row());
      if (std::all_of(row.begin(), row.end(), [](const std::string& field) { return trim(field).empty(); })) continue;
      if (table.header.empty()) {
        table.header = TRY(header(std::move(row), line));
        continue;
      }
      // Spreadsheets drop empty cells at the end of a row.
      while (row.size() > table.header.size() && row.back().empty()) row.pop_back();
      if (row.size() != table.header.size())
        return bad(line, "it has " + std::to_string(row.size()) + (row.size() == 1 ? " field" : " fields") +
                             ", the header has " + std::to_string(table.header.size()));
      table.rows.push_back(std::move(row));
      table.row_numbers.push_back(line);
    }
    if (table.header.empty()) return bad(1, "the file holds no header row");
    return table;
  }

 private:
  tl::unexpected<Problem> bad(int line, std::string reason) const {
    return fail(problems::kBadTable,
                {{"file", std::string(file_)}, {"row", std::to_string(line)}, {"reason", std::move(reason)}});
  }

  char separator() const {
    std::array<int, 3> seen{};
    constexpr std::string_view kCandidates = ",;\t";
    bool quoted = false;
    for (char letter : text_) {
      if (letter == '"') quoted = !quoted;
      if (quoted) continue;
      if (letter == '\n' || letter == '\r') break;
      if (const std::size_t which = kCandidates.find(letter); which != std::string_view::npos) ++seen[which];
    }
    return kCandidates[static_cast<std::size_t>(std::max_element(seen.begin(), seen.end()) - seen.begin())];
  }

  Result<std::vector<std::string>> header(std::vector<std::string> row, int line) const {
    std::set<std::string> seen;
    while (!row.empty() && trim(row.back()).empty()) row.pop_back();
    for (std::string& name : row) {
      name = std::string(trim(name));
      if (name.empty()) return bad(line, "a column has no name");
      if (!seen.insert(name).second) return bad(line, "the column name “" + name + "” stands twice");
    }
    return row;
  }

  Result<std::vector<std::string>> read_row() {
    std::vector<std::string> row(1);
    for (;;) {
      std::string& field = row.back();
      if (at_ < text_.size() && text_[at_] == '"')
        TRY(read_quoted(field));
      else
        while (at_ < text_.size() && text_[at_] != separator_ && text_[at_] != '\n' && text_[at_] != '\r')
          field += text_[at_++];
      if (field.size() > kFieldLimit) return bad(line_, "a field is longer than 16 MiB");
      if (at_ >= text_.size()) return row;
      if (text_[at_] == separator_) {
        ++at_;
        row.emplace_back();
        continue;
      }
      end_line();
      return row;
    }
  }

  Result<void> read_quoted(std::string& field) {
    const int line = line_;
    for (++at_;; ++at_) {
      if (at_ >= text_.size()) return bad(line, "a quote is opened here and never closed");
      if (text_[at_] == '"') {
        if (at_ + 1 >= text_.size() || text_[at_ + 1] != '"') break;
        ++at_;
      }
      line_ += text_[at_] == '\n';
      field += text_[at_];
    }
    ++at_;
    if (at_ < text_.size() && text_[at_] != separator_ && text_[at_] != '\n' && text_[at_] != '\r')
      return bad(line_, "there is text after a closing quote; a quote inside a field is written twice");
    return {};
  }

  void end_line() {
    if (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
    ++at_;
    ++line_;
  }

  std::string_view text_, file_;
  std::size_t at_ = 0;
  int line_ = 1;
  char separator_ = ',';
};

bool is_number(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789.,") == std::string_view::npos;
}

}  // namespace

Result<CsvTable> read_csv(std::string_view text, std::string_view file) { return Reader(text, file).run(); }

std::string csv_field(std::string_view text) {
  // A look at a table for each letter: find_first_of() searches the list of them anew each time.
  static constexpr auto kQuoted = [] {
    std::array<bool, 256> table{};
    for (const unsigned char each : {',', '"', '\r', '\n', ';', '\t'}) table[each] = true;
    return table;
  }();
  if (std::none_of(text.begin(), text.end(), [](char letter) { return kQuoted[static_cast<unsigned char>(letter)]; }) &&
      (text.empty() || (text.front() != ' ' && text.back() != ' ')))
    return std::string(text);
  std::string out = "\"";
  for (char letter : text) {
    if (letter == '"') out += '"';
    out += letter;
  }
  return out + "\"";
}

std::string csv_safe_field(std::string_view text) {
  if (!text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos && !is_number(text))
    return csv_field("'" + std::string(text));
  return csv_field(text);
}

}  // namespace understory
