// Files into a study at the desk: first looked at, then taken. Nothing lies on the server between the two: what is
// looked at is brought in and given up again, and taking sends the files once more. The answer tells how far it is
// while it is made, a line of JSON each (application/x-ndjson), and ends with what came of it.
#include "foundation/log.h"
#include "foundation/text.h"
#include "people/audit.h"
#include "people/sign_in.h"
#include "server/desk_routes.h"
#include "server/job_list.h"
#include "server/news.h"
#include "server/pushed.h"
#include "study/import_file.h"
#include "study/source.h"
#include "study/study.h"
#include "study/table_look.h"
#include "study/vocabulary.h"

namespace understory::server {

namespace {

constexpr std::size_t kMostBytes = 200'000'000;  // of all files together, in memory while they are read
constexpr std::size_t kMostLines = 500;          // of a receipt; the whole is kept with the import

struct SentFile {
  std::string name, bytes;
  int order = 0;
  std::optional<study::TableLook> table;
};

struct Wanted {
  std::vector<SentFile> files;
  study::ImportOptions options;
  std::string columns_of;  // the file that what is said of columns is about
  bool keeps = false;
};

std::string_view base_name(std::string_view path) { return path.substr(path.find_last_of("/\\") + 1); }

// Who and what comes before what is said of them; the texts that a table names come in with the table.
int order_of(const SentFile& file) {
  using enum study::TableKind;
  if (file.table) {
    constexpr std::pair<study::TableKind, int> kOrder[]{{kPlaces, 0}, {kCodebook, 1}, {kRespondents, 2}, {kSources, 3},
                                                        {kSurvey, 4}, {kCodings, 7},  {kLinks, 8},       {kMasks, 9}};
    for (const auto& [kind, order] : kOrder)
      if (file.table->kind == kind) return order;
  }
  const auto kind = study::kind_of_file(file.name, file.bytes);
  return kind == study::FileKind::kQdpx || kind == study::FileKind::kQdc ? 5 : 6;
}

// "Age=age_band", "why=open", "why_en=translation:why", "phone=drop", "Number=respondent", a line each; "Household=": a
// fact of its own name, whatever the name suggests.
Result<void> read_columns(std::string_view text, study::ImportOptions& options) {
  for (std::string_view line : split(text, '\n')) {
    if (trim(line).empty()) continue;
    const std::size_t at = line.rfind('=');
    if (at == std::string_view::npos || at == 0)
      return fail(problems::kInvalidValue, {{"where", "columns"},
                                            {"value", std::string(shortened(line, 60))},
                                            {"what", "column"},
                                            {"hint", "Write COLUMN=WORD."}});
    const std::string column(line.substr(0, at)), as(trim(line.substr(at + 1)));
    if (as == "open")
      options.open_answers.push_back(column);
    else if (as == "drop")
      options.drop.push_back(column);
    else if (as == "respondent")
      options.respondent_column = column;
    else if (as.starts_with("translation:"))
      options.translations[column] = as.substr(12);
    else if (as.empty())
      options.own.push_back(column);
    else
      options.attributes[column] = as;
  }
  return {};
}

Result<Wanted> read_wanted(const Visit& visit) {
  Wanted wanted;
  const Request& request = visit.request;
  std::size_t bytes = 0;
  for (const Part& part : request.parts) {
    if (part.filename.empty()) continue;
    SentFile file {
      part.filename, TRY(part.content.text(kMostBytes - std::min(bytes, kMostBytes)))
      , 0, {}
    };
    bytes += file.bytes.size();
    wanted.files.push_back(std::move(file));
  }
  if (wanted.files.empty())
    return fail(problems::kMissingValue,
                {{"where", "file"}, {"what", "a file"}, {"hint", "Choose one or more files."}});
  study::ImportOptions& options = wanted.options;
  options.location = request.field("location");
  options.language = request.field("language");
  options.kind = request.field("kind");
  options.respondent = std::string(trim(request.field("respondent")));
  options.coder = std::string(trim(request.field("coder")));
  options.told_on = std::string(trim(request.field("told_on")));
  wanted.columns_of = request.field("columns_of");
  wanted.keeps = request.field("keep") == "yes";
  if (!wanted.columns_of.empty()) {
    options.sheet = request.field("sheet");
    TRY(read_columns(request.field("columns"), options));
  }
  for (SentFile& file : wanted.files) {
    if (auto look = study::look_at_table(file.bytes, file.name, file.name == wanted.columns_of ? options.sheet : ""))
      file.table = std::move(*look);
    file.order = order_of(file);
  }
  std::stable_sort(wanted.files.begin(), wanted.files.end(),
                   [](const SentFile& left, const SentFile& right) { return left.order < right.order; });
  return wanted;
}

void write_report(JsonWriter& out, const study::ImportReport& report, const Catalogue& words) {
  out.object().member("file", report.file).member("format", report.format).member("complete", report.complete());
  out.key("counts").array();
  for (const auto& [element, outcomes] : report.counts) {
    out.object().member("element", element);
    for (std::size_t i = 0; i < outcomes.size(); ++i) out.member(study::kOutcomes[i], outcomes[i]);
    out.end_object();
  }
  out.end_array().member("all_lines", static_cast<std::int64_t>(report.lines.size())).key("lines").array();
  for (std::size_t i = 0; i < std::min(report.lines.size(), kMostLines); ++i) {
    const study::ImportLine& line = report.lines[i];
    out.object()
        .member("element", line.element)
        .member("outcome", study::kOutcomes[static_cast<std::size_t>(line.outcome)])
        .member("where", line.where)
        .member("what", line.said.key.empty() ? line.what : words.say(line.said))
        .end_object();
  }
  out.end_array().key("readings").array();
  for (const study::OffsetReading& reading : report.readings)
    out.object()
        .member("source", reading.source)
        .member("unit", reading.unit)
        .member("selections", reading.selections)
        .member("score", reading.score)
        .member("runner_up", reading.runner_up)
        .member("why", reading.why)
        .end_object();
  out.end_array().end_object();
}

// Of each table, how its columns would be read: what a person may change before it is taken.
void write_tables(JsonWriter& out, const std::vector<SentFile>& files) {
  out.key("tables").array();
  for (const SentFile& file : files) {
    if (!file.table || file.table->kind != study::TableKind::kSurvey) continue;
    out.object().member("file", file.name).key("sheets").array();
    for (const std::string& sheet : file.table->sheets) out.value(sheet);
    out.end_array().key("columns").array();
    for (const auto& [name, as] : file.table->columns) out.object().member("name", name).member("as", as).end_object();
    out.end_array().end_object();
  }
  out.end_array();
}

// Brings the files in, within the caller's transaction. The name of a file that could not be read is left in `at`.
Result<std::vector<study::ImportReport>> bring_in(storage::Transaction& transaction, Id study, Wanted& wanted,
                                                  const Progress& progress, std::string& at) {
  std::vector<study::ImportReport> reports;
  std::set<std::string> used;  // texts of a table
  study::Together together;
  const study::TextOf text_of = [&](const std::string& name) -> Result<std::string> {
    const SentFile* found = nullptr;
    for (const SentFile& file : wanted.files)
      if (file.name == name || file.name.ends_with("/" + name)) found = &file;
    if (!found)
      for (const SentFile& file : wanted.files)
        if (base_name(file.name) == base_name(name)) found = &file;
    if (!found)
      return fail(problems::kFileUnreadable,
                  {{"file", name}, {"reason", "it was not among the files that were chosen; choose it too"}});
    used.insert(found->name);
    return found->bytes;
  };
  for (const SentFile& file : wanted.files) {
    if (used.contains(file.name)) continue;
    at = file.name;
    study::ImportOptions options;
    if (file.name == wanted.columns_of) {
      options = wanted.options;
    } else {
      options.location = wanted.options.location;
      options.language = wanted.options.language;
      options.kind = wanted.options.kind;
      options.respondent = wanted.options.respondent;
      options.coder = wanted.options.coder;
      options.told_on = wanted.options.told_on;
    }
    // One person cannot be behind a survey or a table of many.
    if (file.table) options.respondent.clear();
    options.progress = progress;
    options.together = &together;
    reports.push_back(
        TRY(study::import_file(transaction, study, file.bytes, std::string(base_name(file.name)), options, text_of)));
  }
  study::touch(transaction, study);
  return reports;
}

// Taking files in is a row among the jobs, so that others see that it runs and what came of it. How far it is tells the
// answer alone: to write that down would wait for the turn to write, which the files have.
class ImportRow {
 public:
  ImportRow(storage::Workspace& workspace, Id study, Id account, std::size_t files) : workspace_(workspace) {
    storage::Transaction transaction = workspace.write();
    job_ = storage::begin_job(transaction, std::string(kImportJob) + study.text(),
                              fmt::format(R"({{"by":"{}","files":{}}})", account.text(), files));
    transaction.commit();
  }
  // However it ends, the row does not say that it still runs.
  ~ImportRow() {
    if (!settled_) failed("unforeseen");
  }
  ImportRow(const ImportRow&) = delete;
  ImportRow& operator=(const ImportRow&) = delete;

  // In the transaction of what was taken in; false: it was given up for dead.
  bool done(storage::Transaction& transaction) { return storage::finish_job(transaction, job_, "{}"); }
  void settled() { settled_ = true; }
  // After that transaction. What cannot be written down now is found by whoever looks for jobs nobody hears of.
  void failed(std::string_view code) noexcept try {
    settled_ = true;
    storage::Transaction transaction = workspace_.write();
    code == problems::kStopped.code ? storage::stop_job(transaction, job_.id)
                                    : static_cast<void>(storage::fail_job(transaction, job_, code));
    transaction.commit();
  } catch (const std::exception& error) {
    log::error("what came of files that were brought in is not written down: {}", error.what());
  }

 private:
  storage::Workspace& workspace_;
  storage::Job job_;
  bool settled_ = false;
};

}  // namespace

Result<Response> import_files(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  if (!visit.limits(study.id).none()) return fail(problems::kForbidden);
  if (visit.transaction.locked()) return fail(problems::kLocked);
  auto wanted = std::make_shared<Wanted>(TRY(read_wanted(visit)));
  std::shared_ptr<const vault::Vault> key;
  if (!visit.session.empty())
    if (const auto session = people::session_of(visit.workspace, visit.transaction, visit.session)) key = session->key;
  const bool logged = !visit.person.at_machine;
  Response response;
  response.content_type = "application/x-ndjson; charset=utf-8";
  response.pieces = TRY(pushed(
      [&workspace = visit.workspace, wanted, key, logged, study = study.id, account = visit.person.account,
       language = visit.language()](const std::function<bool()>& going_on, const Sink& sink) -> Result<void> {
        const Catalogue& words = Catalogue::of(language);
        const vault::SigningKey log_key = TRY(people::audit_key(workspace));
        const auto step = [&](std::string_view what, std::int64_t done, std::int64_t of) {
          JsonWriter line;
          line.object().member("step", what).member("done", done).member("of", of).end_object();
          return sink(line.text() + "\n").has_value() && going_on();
        };
        step("", 0, 0);
        std::string at;
        JsonWriter out;
        std::optional<ImportRow> row;
        try {
          if (wanted->keeps) row.emplace(workspace, study, account, wanted->files.size());
          std::optional<storage::Transaction> transaction(workspace.write());
          if (key) transaction->unlock(key);
          auto reports = bring_in(*transaction, study, *wanted, step, at);
          // Whoever went away takes nothing in.
          if (reports && (!going_on() || (row && !row->done(*transaction)))) reports = fail(problems::kStopped);
          if (!reports) {
            transaction.reset();
            if (row) row->failed(reports.error().code());
            out.object().member("file", at).key("problem").object().member("code", reports.error().code());
            out.member("message", words.sentence(reports.error())).end_object();
          } else {
            if (wanted->keeps) {
              if (logged)
                people::record(*transaction, log_key,
                               {account, "change_study", "POST /studies/{study}/imports", "study", study, "done", ""});
              transaction->commit();
              row->settled();
              news::tell(study);
            }
            out.object().member("kept", wanted->keeps).key("reports").array();
            for (const study::ImportReport& report : *reports) write_report(out, report, words);
            out.end_array();
          }
        } catch (const storage::DatabaseError& error) {
          const auto problem = error.problem();
          if (row) row->failed(problem ? problem->code() : "unforeseen");
          if (!problem) throw;
          out.object().member("file", at).key("problem").object().member("code", problem->code());
          out.member("message", words.sentence(Problem(problem->kind()))).end_object();
        }
        write_tables(out, wanted->files);
        out.end_object();
        return sink(out.text() + "\n");
      },
      visit.person.account));
  return response;
}

Result<Response> api_imports(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  if (!visit.limits(study.id).none()) return fail(problems::kForbidden);
  JsonWriter out;
  out.object().key("imports").array();
  for (const study::ImportSummary& each : study::list_imports(visit.transaction, study.id))
    out.object()
        .member("id", each.id.text())
        .member("file", each.file_name)
        .member("format", each.format)
        .member("at", minute_text(each.created_at))
        .end_object();
  out.end_array().end_object();
  return json(out);
}

}  // namespace understory::server
