#include "study/take_submissions.h"

#include <set>
#include <unordered_map>

#include "collect/forms.h"
#include "places/places.h"
#include "study/from_submissions.h"
#include "study/made_of_submission.h"
#include "study/merge.h"
#include "study/study.h"

namespace understory::study {

using storage::Query;
using storage::Row;

namespace {

const Query kSourceNames{"study.source_names",
                         "select id, guid, name from source where workspace_id = ? and study_id = ?"};
const Query kErasedMarks{"study.erased_marks", "select mark from erasure where workspace_id = ? and study_id = ?"};

constexpr std::size_t kPairMark = 64;  // two keyed hashes: of an answer its name and words, of a person …

// What the study holds, looked up once and opened only where it is asked for.
struct Held {
  storage::Transaction& transaction;
  std::string form_id;
  std::unordered_map<std::string, std::pair<Id, std::string>> names;  // GUID → source and its sealed name
  std::set<std::string> erased;
  bool any_pair_erased = false;
  std::map<std::string, std::string> locations, location_of;  // place code → name of the location
  std::map<std::string, bool> places;

  Held(storage::Transaction& opened, Id study, std::string form) : transaction(opened), form_id(std::move(form)) {
    transaction.each(kSourceNames, {transaction.workspace(), study}, [&](const Row& row) {
      names[row.string(1)] = {row.id(0), std::string(row.blob(2))};
    });
    transaction.each(kErasedMarks, {transaction.workspace(), study}, [&](const Row& row) {
      any_pair_erased = any_pair_erased || row.blob(0).size() == kPairMark;
      erased.emplace(row.blob(0));
    });
    for (const Location& location : study::locations(transaction, study))
      if (!location.place_code.empty()) locations[location.place_code] = location.name;
  }

  SubmissionSurroundings surroundings() {
    return {[this](std::string_view words) { return transaction.blind_index("submission.source", words); },
            [this](const std::string& guid) -> std::optional<std::string> {
              const auto found = names.find(guid);
              if (found == names.end()) return std::nullopt;
              return transaction.open("source", "name", found->second.first, found->second.second);
            },
            [this](const std::string& guid) { return erased.contains(guid); },
            [this](const std::string& name, const std::string& text) {
              return any_pair_erased && erased.contains(transaction.blind_index("source.name", name) +
                                                        transaction.blind_index("source.text", text));
            },
            [this](const std::string& instance_id, const std::string& pseudonym) {
              return any_pair_erased && erased.contains(submission_mark(transaction, form_id, instance_id) +
                                                        transaction.blind_index("respondent.name", pseudonym));
            },
            [this](const std::string& code) {
              const auto [found, is_new] = location_of.try_emplace(code);
              if (is_new)
                for (const places::Place& place : places::ancestors(transaction, code))
                  if (const auto location = locations.find(place.code); location != locations.end()) {
                    found->second = location->second;
                    break;
                  }
              return found->second;
            },
            [this](const std::string& code) {
              const auto [found, is_new] = places.try_emplace(code, false);
              if (is_new) found->second = places::find_place(transaction, code).has_value();
              return found->second;
            }};
  }
};

// What a submission said before its edits, oldest first, where that may have been rows of repeats.
std::vector<collect::Record> said_before(storage::Transaction& transaction, const collect::Submission& submission,
                                         const SubmissionMapping& mapping, const collect::Form& fields,
                                         const std::vector<collect::Table>& tables, const TakeOptions& options) {
  std::vector<collect::Record> before;
  if (mapping.rows.empty() || submission.edits == 0) return before;
  const auto instances = collect::instances_of(transaction, submission.id, options.among.key);
  if (!instances) return before;
  for (const collect::KeptInstance& each : *instances)
    if (!each.unreadable && each.instance_id != submission.current_id)
      if (auto record = collect::Record::read(each.xml, fields, tables)) before.push_back(std::move(*record));
  return before;
}

}  // namespace

Result<ImportReport> take_submissions(storage::Transaction& transaction, Id study, Id form,
                                      const TakeOptions& options) {
  const collect::KeptForm kept = TRY(collect::find_form(transaction, form));
  if (kept.study && kept.study != study) return fail(problems::kForbidden);
  const SubmissionMapping mapping = TRY(read_submission_mapping(collect::form_mapping(transaction, form)));
  const collect::Form fields = collect::union_of_versions(transaction, form);
  TRY(check_submission_mapping(mapping, fields));
  const std::vector<collect::Table> tables = collect::tables_of(fields);

  Held held(transaction, study, fields.id);
  FromSubmissions from(mapping, fields, tables, held.surroundings());
  const std::int64_t total = collect::count_submissions(transaction, form, options.among);
  std::int64_t done = 0;
  bool stopped = false;
  collect::each_submission(transaction, form, options.among, [&](const collect::Opened& opened) {
    if (done++ % 16 == 0 && !report(options.progress, "progress.sources", done, total)) return !(stopped = true);
    const collect::Submission& submission = opened.submission;
    const std::vector<collect::Record> before = said_before(transaction, submission, mapping, fields, tables, options);
    auto record = opened.unreadable ? fail(problems::kDamaged) : collect::Record::read(opened.xml, fields, tables);
    const char* out = nullptr;
    if (opened.unreadable)
      out = "taking.unreadable";
    else if (submission.state == collect::ReviewState::kRejected)
      out = "taking.rejected";
    else if (options.approved_only && submission.state != collect::ReviewState::kApproved)
      out = "taking.unapproved";
    else if (!record)
      out = "taking.not_its_form";
    if (!out) {
      from.add(submission.instance_id, *record, before);
    } else {
      std::vector<const collect::Record*> said;
      for (const collect::Record& earlier : before) said.push_back(&earlier);
      if (record) said.push_back(&*record);
      from.leave_out(submission.instance_id, out, said);
    }
    return true;
  });
  if (stopped) return fail(problems::kStopped);

  const Material material = from.finish();
  MergeOptions merging;
  merging.import = Id::make();
  merging.adopt_guids = true;
  merging.progress = options.progress;
  MergedRows rows;
  merging.rows = &rows;
  const ImportReport report = TRY(merge(transaction, study, material, merging));
  keep_made(transaction, study, kept.form_id, from.taken(), rows);
  keep_import(transaction, study, merging.import, report, "");
  return report;
}

std::optional<Preview> preview_newest(storage::Transaction& transaction, Id study, Id form, const collect::Form& fields,
                                      const SubmissionMapping& mapping, collect::Wanted among) {
  constexpr std::int64_t kLookedAt = 50;
  among.limit = kLookedAt;
  Id newest;
  for (const collect::Submission& each : collect::submissions(transaction, form, among))
    if (!newest && each.state != collect::ReviewState::kRejected) newest = each.id;
  if (!newest) return std::nullopt;
  const std::vector<collect::Table> tables = collect::tables_of(fields);
  Held held(transaction, study, fields.id);
  SubmissionSurroundings surroundings = held.surroundings();
  surroundings.held = [](const std::string&) { return std::nullopt; };
  surroundings.erased = [](const std::string&) { return false; };
  surroundings.erased_answer =
      surroundings.erased_person = [](const std::string&, const std::string&) { return false; };
  FromSubmissions from(mapping, fields, tables, std::move(surroundings));
  among.after = Id{newest.value - 1};
  among.limit = 1;
  collect::each_submission(transaction, form, among, [&](const collect::Opened& opened) {
    const auto record =
        opened.unreadable ? fail(problems::kDamaged) : collect::Record::read(opened.xml, fields, tables);
    if (opened.submission.id == newest && record)
      from.add(opened.submission.instance_id, *record);
    else
      from.leave_out(opened.submission.instance_id, "taking.unreadable");
    return false;
  });
  return Preview{newest, from.finish()};
}

}  // namespace understory::study
