#include "collect/export/xlsx.h"

#include <xlsxwriter.h>

#include <algorithm>
#include <set>

#include "collect/export/values.h"
#include "collect/export/workbook_memory.h"
#include "foundation/text.h"

namespace understory::collect {

namespace {

constexpr lxw_row_t kRowLimit = 1'048'576;
constexpr std::size_t kColumnLimit = 16'384;

tl::unexpected<Problem> too_large(std::string limit) {
  return fail(
      problems::kTooLarge,
      {{"what", "The workbook"}, {"limit", std::move(limit)}, {"hint", "Take the CSV files: they have no limit."}});
}

// A sheet that is filled row by row and never looked at again.
class Sheet {
 public:
  Sheet(lxw_workbook* workbook, const std::string& name)
      : sheet_(workbook_add_worksheet(workbook, name.c_str())), bold_(workbook_add_format(workbook)) {
    format_set_bold(bold_);
  }
  void title(const std::string& text) { put(text, bold_); }
  void freeze_titles() { worksheet_freeze_panes(sheet_, 1, 0); }
  void text(std::string_view value) { put(value, nullptr); }
  void number(std::string_view json) {
    // What a double does not keep stays text.
    if (std::count_if(json.begin(), json.end(), [](char letter) { return letter >= '0' && letter <= '9'; }) > 15)
      put(json, nullptr);
    else
      worksheet_write_number(sheet_, row_, column_++, std::strtod(std::string(json).c_str(), nullptr), nullptr);
  }
  void number(std::int64_t value) { number(std::to_string(value)); }
  void skip(int cells) { column_ = static_cast<lxw_col_t>(column_ + cells); }
  Result<void> end_row() {
    column_ = 0;
    if (++row_ > kRowLimit) return too_large("1,048,575 rows in a sheet");
    return {};
  }

 private:
  void put(std::string_view value, lxw_format* format) {
    if (value.empty()) {
      ++column_;
      return;
    }
    std::string text(value);
    // 32,767 UTF-16 units is a cell's limit (ECMA-376 18.3.1.96); what is cut says so.
    if (text.size() > 32'767) {
      const OffsetMap map(text);
      if (map.utf16_length() > 32'767) {
        std::int64_t end = 32'000;
        while (!map.byte_of_utf16(end)) --end;
        text = text.substr(0, static_cast<std::size_t>(*map.byte_of_utf16(end))) + " … (cut: a cell holds no more)";
      }
    }
    worksheet_write_string(sheet_, row_, column_++, text.c_str(), format);
  }

  lxw_worksheet* sheet_;
  lxw_format* bold_;
  lxw_row_t row_ = 0;
  lxw_col_t column_ = 0;
};

std::string name_of(const Column& column) {
  std::string name;
  for (const std::string& group : column.groups) name += group + "-";
  return name + column.name;
}

void write_titles(Sheet& sheet, const Table& table) {
  for (const Column& column : table.columns)
    if (column.type == AnswerType::kGeopoint)
      for (const char* part : {"-Latitude", "-Longitude", "-Altitude", "-Accuracy"})
        sheet.title(name_of(column) + part);
    else
      sheet.title(name_of(column));
}

void write_answer(Sheet& sheet, AnswerType type, const char* cell) {
  if (!cell || !*cell) return sheet.skip(csv_width(type));
  if (type == AnswerType::kInteger || type == AnswerType::kDecimal) {
    const std::string number = type == AnswerType::kInteger ? json_integer(cell) : json_number(cell);
    return number.empty() ? sheet.text(cell) : sheet.number(number);
  }
  if (type != AnswerType::kGeopoint) return sheet.text(cell);
  if (const auto point = read_point(cell)) {
    for (const std::string* part : {&point->latitude, &point->longitude, &point->altitude, &point->accuracy})
      part->empty() ? sheet.skip(1) : sheet.number(*part);
    return;
  }
  sheet.text(cell);
  sheet.skip(3);
}

void write_answers(Sheet& sheet, const Table& table, const Rows::Row* row) {
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    write_answer(sheet, table.columns[i].type, row ? row->cells[i] : nullptr);
}

void write_tail(Sheet& sheet, const Told& told) {
  const Submission& submission = told.opened.submission;
  sheet.text(submission.instance_id);
  sheet.text(submitter_id(submission));
  sheet.text(told.opened.submitter);
  sheet.number(submission.attachments_present);
  sheet.number(submission.attachments_expected);
  sheet.text(status_of(told));
  sheet.text(review_name(submission.state));
  sheet.text(submission.device_id);
  sheet.number(submission.edits);
  sheet.text(submission.form_version);
}

// Closed and thrown away whatever happens on the way.
struct Workbook {
  lxw_workbook* book;
  ~Workbook() {
    if (book) workbook_close(book);
  }
  lxw_error close() { return workbook_close(std::exchange(book, nullptr)); }
};

}  // namespace

std::vector<std::string> sheet_names(const Outline& outline) {
  std::vector<std::string> names;
  std::set<std::string> taken;
  for (std::size_t t = 0; t < outline.tables.size(); ++t) {
    std::string name =
        t == 0 ? outline.form.id : outline.form.nodes[static_cast<std::size_t>(outline.tables[t].node)].name;
    for (char& letter : name)
      if (std::string_view("[]:*?/\\'").find(letter) != std::string_view::npos) letter = '_';
    if (name.empty() || fold(name) == "history") name += "_";  // Excel keeps that name for itself
    std::string unique;
    for (int number = 1; unique.empty() || !taken.insert(fold(unique)).second; ++number) {
      const std::string end = number == 1 ? "" : "~" + std::to_string(number);
      const OffsetMap map(name);
      std::int64_t length = std::min<std::int64_t>(map.utf16_length(), 31 - static_cast<std::int64_t>(end.size()));
      while (!map.byte_of_utf16(length)) --length;
      unique = name.substr(0, static_cast<std::size_t>(*map.byte_of_utf16(length))) + end;
    }
    names.push_back(unique);
  }
  return names;
}

Result<void> write_xlsx(const Outline& outline, const Walk& walk, const Sink& sink) {
  for (const Table& table : outline.tables)
    if (table.columns.size() * 4 + 11 > kColumnLimit) return too_large("16,384 columns in a sheet");
  WorkbookMemory memory;
  lxw_workbook_options options{};
  options.constant_memory = LXW_TRUE;
  options.tmpdir = memory.scratch();
  Workbook workbook{workbook_new_opt(memory.path().c_str(), &options)};
  if (!workbook.book) return fail(problems::kDiskFull);
  lxw_doc_properties properties{};
  properties.created = 1;  // not the time of day: same submissions, same bytes
  workbook_set_properties(workbook.book, &properties);

  std::vector<Sheet> sheets;
  const std::vector<std::string> names = sheet_names(outline);
  for (std::size_t t = 0; t < outline.tables.size(); ++t) {
    Sheet& sheet = sheets.emplace_back(workbook.book, names[t]);
    if (t == 0) sheet.title("SubmissionDate");
    write_titles(sheet, outline.tables[t]);
    if (t == 0)
      for (const char* title : {"KEY", "SubmitterID", "SubmitterName", "AttachmentsPresent", "AttachmentsExpected",
                                "Status", "ReviewState", "DeviceID", "Edits", "FormVersion"})
        sheet.title(title);
    else
      for (const char* title : {"PARENT_KEY", "KEY"}) sheet.title(title);
    sheet.freeze_titles();
    TRY(sheet.end_row());
  }
  TRY(walk_through(walk, [&](const Opened& opened) -> Result<void> {
    const Told submission = told(opened, outline);
    const std::vector<Rows>* rows = submission.record ? &submission.record->tables() : nullptr;
    sheets[0].text(exact_time(opened.submission.received_at));
    write_answers(sheets[0], outline.tables[0], rows && !rows->at(0).rows.empty() ? &rows->at(0).rows[0] : nullptr);
    write_tail(sheets[0], submission);
    TRY(sheets[0].end_row());
    for (std::size_t t = 1; rows && t < outline.tables.size(); ++t)
      for (std::size_t r = 0; r < rows->at(t).rows.size(); ++r) {
        const int table = static_cast<int>(t), row = static_cast<int>(r);
        write_answers(sheets[t], outline.tables[t], &rows->at(t).rows[r]);
        sheets[t].text(parent_key_of(submission, outline, table, row));
        sheets[t].text(key_of(submission, outline, table, row));
        TRY(sheets[t].end_row());
      }
    return {};
  }));
  const bool whole = workbook.close() == LXW_NO_ERROR;
  if (memory.full()) return too_large(WorkbookMemory::kMost);
  if (!whole) return fail(problems::kDiskFull);
  return memory.read(sink);
}

}  // namespace understory::collect
