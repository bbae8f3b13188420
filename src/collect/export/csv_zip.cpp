#include "collect/export/csv_zip.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "collect/export/spool.h"
#include "collect/export/values.h"
#include "foundation/csv.h"
#include "foundation/file.h"
#include "foundation/text.h"

namespace understory::collect {

namespace {

constexpr std::size_t kAnswersLimit = 1'000;

struct CsvColumn {
  std::string name;
  AnswerType type = AnswerType::kText;
  std::vector<std::string> answers;  // of a question that is split
};
using CsvTable = std::vector<CsvColumn>;

std::string full_name(const Column& column) {
  std::string name;
  for (const std::string& group : column.groups) name += group + "-";
  return name + column.name;
}

CsvTable csv_table(const Table& table, const CsvOptions& options) {
  std::map<std::string, int> alike;
  for (const Column& column : table.columns) ++alike[column.name];
  CsvTable made;
  for (const Column& column : table.columns)
    made.push_back({options.group_paths || alike[column.name] > 1 ? full_name(column) : column.name, column.type, {}});
  return made;
}

// What each question that is split offers, in the form's order, then what was told besides, in the order of letters.
Result<void> find_answers(const Outline& outline, const Walk& walk, std::vector<CsvTable>& tables) {
  struct Split {
    std::size_t table, column;
    std::set<std::string, std::less<>> offered, told;
  };
  std::vector<Split> splits;
  for (std::size_t t = 0; t < tables.size(); ++t)
    for (std::size_t c = 0; c < tables[t].size(); ++c) {
      if (tables[t][c].type != AnswerType::kSelectMany) continue;
      Split split{t, c, {}, {}};
      for (const Choice& choice :
           outline.form.nodes[static_cast<std::size_t>(outline.tables[t].columns[c].node)].choices)
        if (split.offered.size() < kAnswersLimit && split.offered.insert(choice.value).second)
          tables[t][c].answers.push_back(choice.value);
      splits.push_back(std::move(split));
    }
  if (splits.empty()) return {};
  TRY(walk_through(walk, [&](const Opened& opened) -> Result<void> {
    const Told submission = told(opened, outline);
    if (!submission.record) return {};
    for (Split& split : splits)
      for (const Rows::Row& row : submission.record->tables()[split.table].rows)
        if (const char* cell = row.cells[split.column])
          for (std::string_view value : chosen(cell))
            if (!split.offered.contains(value) && split.offered.size() + split.told.size() < kAnswersLimit)
              split.told.emplace(value);
    return {};
  }));
  for (Split& split : splits) {
    std::vector<std::string>& answers = tables[split.table][split.column].answers;
    answers.insert(answers.end(), split.told.begin(), split.told.end());
  }
  return {};
}

void append_header(std::string& line, const CsvTable& table) {
  for (const CsvColumn& column : table) {
    if (column.type == AnswerType::kGeopoint)
      for (const char* part : {"-Latitude", "-Longitude", "-Altitude", "-Accuracy"})
        line += csv_safe_field(column.name + part) + ",";
    else
      line += csv_safe_field(column.name) + ",";
    for (const std::string& answer : column.answers) line += csv_safe_field(column.name + "/" + answer) + ",";
  }
}

// `row`: null where the submission does not open. Each field is followed by a comma.
void append_answers(std::string& line, const CsvTable& table, const Rows::Row* row) {
  for (std::size_t i = 0; i < table.size(); ++i) {
    const CsvColumn& column = table[i];
    const char* cell = row ? row->cells[i] : nullptr;
    append_csv(line, column.type, cell);
    line += ',';
    if (column.answers.empty()) continue;
    // A question that was never asked has no 0.
    const std::vector<std::string_view> values = cell ? chosen(cell) : std::vector<std::string_view>{};
    for (const std::string& answer : column.answers) {
      if (cell) line += std::find(values.begin(), values.end(), answer) != values.end() ? '1' : '0';
      line += ',';
    }
  }
}

void append_tail(std::string& line, const Told& told) {
  const Submission& submission = told.opened.submission;
  line += csv_safe_field(submission.instance_id) + ",";
  line += csv_safe_field(submitter_id(submission)) + ",";
  line += csv_safe_field(told.opened.submitter) + ",";
  line += std::to_string(submission.attachments_present) + ",";
  line += std::to_string(submission.attachments_expected) + ",";
  line += status_of(told);
  line += ",";
  line += review_name(submission.state);
  line += "," + csv_safe_field(submission.device_id) + ",";
  line += std::to_string(submission.edits) + ",";
  line += csv_safe_field(submission.form_version) + "\n";
}

constexpr std::string_view kTail =
    "KEY,SubmitterID,SubmitterName,AttachmentsPresent,AttachmentsExpected,Status,ReviewState,DeviceID,Edits,"
    "FormVersion\n";

// form-repeat.csv; repeats of one name are numbered in document order.
std::vector<std::string> file_names(const Outline& outline) {
  const auto repeat = [&](std::size_t table) {
    return outline.form.nodes[static_cast<std::size_t>(outline.tables[table].node)].name;
  };
  std::map<std::string, int> alike, so_far;
  for (std::size_t t = 1; t < outline.tables.size(); ++t) ++alike[repeat(t)];
  std::vector<std::string> names{file_name(outline.form.id + ".csv")};
  for (std::size_t t = 1; t < outline.tables.size(); ++t) {
    std::string name = outline.form.id + "-" + repeat(t);
    if (alike[repeat(t)] > 1) name += "~" + std::to_string(++so_far[repeat(t)]);
    names.push_back(file_name(name + ".csv"));
  }
  return names;
}

Result<void> write_media(ZipStream& zip, const Media& media) {
  std::set<std::string> names;
  std::string damaged;
  TRY(media([&](const MediaFile& file) -> Result<void> {
    const std::string called = file_name(file.name);
    std::string name = "media/" + called;
    if (!names.insert(name).second) {
      // Names that differ as they were sent may be one in an archive: none of the files is left out for it.
      const std::string beside = "media/" + file_name(file.instance_id) + "/";
      const std::size_t dot = std::min(called.rfind('.'), called.size());
      name = beside + called;
      for (int n = 2; !names.insert(name).second; ++n)
        name = beside + called.substr(0, dot) + " (" + std::to_string(n) + ")" + called.substr(dot);
    }
    TRY(zip.begin(name));
    const auto written = file.content([&](std::string_view bytes) { return zip.write(bytes); });
    if (written || !(written.error().is(problems::kDamaged) || written.error().is(problems::kNotFound))) return written;
    damaged += name + "\n";
    return {};
  }));
  if (damaged.empty()) return {};
  TRY(zip.begin("media/not-whole.txt"));
  return zip.write(damaged);
}

}  // namespace

Result<void> write_csv_zip(const Outline& outline, const Walk& walk, const CsvOptions& options, const Media& media,
                           const Sink& sink) {
  ZipStream zip(sink);
  const std::vector<std::string> names = file_names(outline);
  const std::string mark = options.byte_order_mark ? "\xEF\xBB\xBF" : "";
  TRY(zip.begin(names[0]));

  std::vector<CsvTable> tables;
  for (const Table& table : outline.tables) tables.push_back(csv_table(table, options));
  if (options.split_select_multiples) TRY(find_answers(outline, walk, tables));

  std::string line = mark + "SubmissionDate,";
  append_header(line, tables[0]);
  TRY(zip.write(line += kTail));

  const TemporaryFolder folder;
  std::deque<Spool> spools;
  for (std::size_t t = 1; t < tables.size(); ++t) spools.emplace_back(folder.path() / std::to_string(t));
  TRY(walk_through(walk, [&](const Opened& opened) -> Result<void> {
    const Told submission = told(opened, outline);
    const std::vector<Rows>* rows = submission.record ? &submission.record->tables() : nullptr;
    line = exact_time(opened.submission.received_at) + ",";
    append_answers(line, tables[0], rows && !rows->at(0).rows.empty() ? &rows->at(0).rows[0] : nullptr);
    append_tail(line, submission);
    TRY(zip.write(line));
    for (std::size_t t = 1; rows && t < tables.size(); ++t)
      for (std::size_t r = 0; r < rows->at(t).rows.size(); ++r) {
        const int table = static_cast<int>(t), row = static_cast<int>(r);
        line.clear();
        append_answers(line, tables[t], &rows->at(t).rows[r]);
        line += csv_safe_field(parent_key_of(submission, outline, table, row)) + ",";
        line += csv_safe_field(key_of(submission, outline, table, row)) + "\n";
        TRY(spools[t - 1].write(line));
      }
    return {};
  }));

  for (std::size_t t = 1; t < tables.size(); ++t) {
    TRY(zip.begin(names[t]));
    line = mark;
    append_header(line, tables[t]);
    TRY(zip.write(line += "PARENT_KEY,KEY\n"));
    TRY(spools[t - 1].read_back([&](std::string_view bytes) { return zip.write(bytes); }));
  }
  if (media) TRY(write_media(zip, media));
  return zip.finish();
}

}  // namespace understory::collect
