// A report's numbers without its words: CSV and XLSX.
#include <xlsxwriter.h>

#include "collect/export/workbook_memory.h"
#include "findings/words.h"
#include "foundation/csv.h"
#include "publish/report_sections.h"

namespace understory::publish {

using findings::Answer;
using findings::Cell;

namespace {

Result<std::vector<ReportSection>> sections_of(storage::Transaction& transaction, Id study,
                                               const ReportOptions& options, const Progress& progress) {
  return report_sections(study::limited(study::load_evidence(transaction, study), options.limits), options, progress);
}

// "3 Causes": what a spreadsheet lets a sheet be called.
std::string sheet_name(std::size_t number, const std::string& heading) {
  std::string name;
  std::int64_t letters = 0;
  for (char c : heading) {
    const bool starts = (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    if (starts && ++letters > 26) break;
    name += std::string_view("[]:*?/\\'").find(c) == std::string_view::npos ? c : ' ';
  }
  return std::to_string(number) + " " + name;
}

class Workbook {
 public:
  Workbook() {
    lxw_workbook_options options{};
    options.tmpdir = memory_.scratch();
    workbook_ = workbook_new_opt(memory_.path().c_str(), &options);
    if (!workbook_) return;
    lxw_doc_properties properties{};
    properties.created = 1;  // not the time of day: same report, same bytes
    workbook_set_properties(workbook_, &properties);
    bold_ = workbook_add_format(workbook_);
    format_set_bold(bold_);
    percent_ = workbook_add_format(workbook_);
    format_set_num_format(percent_, "0%");
  }

  ~Workbook() {
    if (workbook_) lxw_workbook_free(workbook_);
  }
  Workbook(const Workbook&) = delete;
  Workbook& operator=(const Workbook&) = delete;

  bool is_open() const { return workbook_ != nullptr; }

  void add(std::size_t number, const ReportSection& section, const Catalogue& words) {
    sheet_ = workbook_add_worksheet(workbook_, sheet_name(number, section.heading).c_str());
    row_ = 0;
    worksheet_set_column(sheet_, 0, 1, 28, nullptr);
    text(0, section.heading, bold_);
    next();
    for (const std::string& line : {section.note, section.answer.question.text()})
      if (!line.empty()) text(0, line), next();
    for (const auto* messages : {&section.answer.sentences, &section.answer.warnings})
      for (const Message& message : *messages) text(0, words.say(message)), next();
    next();
    if (!section.answer.items.empty() && !section.answer.cells.empty()) estimates(section.answer, words);
    for (const findings::Table& each : section.answer.tables) table(each, words);
  }

  Result<std::string> bytes() {
    const lxw_error error = workbook_close(std::exchange(workbook_, nullptr));
    if (memory_.full())
      return fail(
          problems::kTooLarge,
          {{"what", "The workbook"}, {"limit", collect::WorkbookMemory::kMost}, {"hint", "Take the numbers as CSV."}});
    if (error != LXW_NO_ERROR)
      return fail(problems::kFileUnreadable,
                  {{"file", "The workbook"}, {"reason", std::string("it cannot be written, ") + lxw_strerror(error)}});
    std::string bytes;
    TRY(memory_.read([&](std::string_view piece) -> Result<void> {
      bytes += piece;
      return {};
    }));
    return bytes;
  }

 private:
  void next() { ++row_; }
  void text(int column, const std::string& words, lxw_format* format = nullptr) {
    worksheet_write_string(sheet_, row_, static_cast<lxw_col_t>(column), words.c_str(), format);  // never a formula
  }
  void number(int column, double value, lxw_format* format = nullptr) {
    if (std::isfinite(value)) worksheet_write_number(sheet_, row_, static_cast<lxw_col_t>(column), value, format);
  }

  void estimates(const Answer& answer, const Catalogue& words) {
    int column = 0;
    for (const char* key :
         {"findings.column.group", "findings.column.item", "findings.column.named_by", "findings.column.asked",
          "findings.column.share", "findings.column.low", "findings.column.high"})
      text(column++, words.say(key), bold_);
    next();
    const auto rows = [&](const std::string& group, const std::vector<findings::Estimate>& list) {
      for (std::size_t i = 0; i < answer.items.size(); ++i) {
        const findings::Estimate& each = list[i];
        text(0, group);
        text(1, findings::label_of(answer.items[i].label, words));
        number(2, static_cast<double>(each.mentioned));
        number(3, static_cast<double>(each.asked));
        if (each.asked > 0)
          number(4, each.share, percent_), number(5, each.low, percent_), number(6, each.high, percent_);
        next();
      }
    };
    for (std::size_t g = 0; g < answer.groups.size(); ++g)
      rows(findings::label_of(answer.groups[g].label, words), answer.cells[g]);
    if (answer.groups.size() > 1 && !answer.overall.empty()) rows(words.say("findings.all_groups"), answer.overall);
    next();
  }

  // An interval takes three columns and a count two, in every row of its column.
  static int width_of(const findings::Table& table, std::size_t column) {
    int width = 1;
    for (const auto& row : table.rows)
      width = std::max(width, std::holds_alternative<findings::Interval>(row[column])  ? 3
                              : std::holds_alternative<findings::Counted>(row[column]) ? 2
                                                                                       : 1);
    return width;
  }

  void table(const findings::Table& table, const Catalogue& words) {
    text(0, words.say(table.title), bold_);
    next();
    std::vector<int> starts;
    int column = 0;
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      starts.push_back(column);
      text(column, words.say(table.columns[c].second), bold_);
      const int width = width_of(table, c);
      if (width == 2) text(column + 1, words.say("findings.column.of"), bold_);
      if (width == 3)
        text(column + 1, words.say("findings.column.low"), bold_),
            text(column + 2, words.say("findings.column.high"), bold_);
      column += width;
    }
    next();
    for (const auto& row : table.rows) {
      for (std::size_t c = 0; c < row.size(); ++c) cell(starts[c], row[c], words);
      next();
    }
    next();
  }

  void cell(int column, const Cell& cell, const Catalogue& words) {
    if (const auto* share = std::get_if<findings::Share>(&cell)) {
      number(column, share->value, percent_);
    } else if (const auto* interval = std::get_if<findings::Interval>(&cell)) {
      number(column, interval->value);
      number(column + 1, interval->low);
      number(column + 2, interval->high);
    } else if (const auto* counted = std::get_if<findings::Counted>(&cell)) {
      number(column, static_cast<double>(counted->count));
      number(column + 1, static_cast<double>(counted->of));
    } else if (const auto* whole = std::get_if<std::int64_t>(&cell)) {
      number(column, static_cast<double>(*whole));
    } else if (const auto* real = std::get_if<double>(&cell)) {
      number(column, *real);
    } else {
      text(column, findings::cell_text(cell, words));
    }
  }

  collect::WorkbookMemory memory_;  // numbers of findings that are sealed stand in no file
  lxw_workbook* workbook_ = nullptr;
  lxw_worksheet* sheet_ = nullptr;
  lxw_format *bold_ = nullptr, *percent_ = nullptr;
  lxw_row_t row_ = 0;
};

}  // namespace

Result<std::string> report_csv(storage::Transaction& transaction, Id study, const ReportOptions& options,
                               const Progress& progress) {
  std::string out;
  for (const ReportSection& section : TRY(sections_of(transaction, study, options, progress))) {
    if (!out.empty()) out += "\r\n\r\n";
    out += csv_safe_field(section.heading) + "\r\n" + csv_safe_field(section.answer.question.text()) + "\r\n";
    if (!section.note.empty()) out += csv_safe_field(section.note) + "\r\n";
    out += findings::answer_csv(section.answer, Catalogue::of(options.language));
  }
  return out;
}

Result<std::string> report_xlsx(storage::Transaction& transaction, Id study, const ReportOptions& options,
                                const Progress& progress) {
  Workbook workbook;
  if (!workbook.is_open()) return fail(problems::kDiskFull);
  std::size_t number = 0;
  for (const ReportSection& section : TRY(sections_of(transaction, study, options, progress)))
    workbook.add(++number, section, Catalogue::of(options.language));
  return workbook.bytes();
}

}  // namespace understory::publish
