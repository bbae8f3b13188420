#include <boost/json.hpp>
#include <set>

#include "collect/forms.h"
#include "collect/submissions.h"
#include "study/erase_submission.h"
#include "study/from_submissions.h"
#include "study/made_of_submission.h"
#include "study/source.h"
#include "study/study.h"

namespace understory::study {

using storage::Parameter;
using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const Query kSourceByGuid{"study.source_by_guid",
                          "select id from source where workspace_id = ? and study_id = ? and guid = ?"};
const Query kSourceName{"study.name_of_source", "select name, 'source' from source where workspace_id = ? and id = ?"};
const Query kWhoTold{"study.who_told",
                     "select respondent_id from source_respondent where workspace_id = ? and source_id = ?"};
const Query kWhatElse{"study.what_else_told",
                      "select source_id from source_respondent where workspace_id = ? and study_id = ? and "
                      "respondent_id = ?"};
const Query kRespondentName{"study.respondent_name",
                            "select name, 'respondent' from respondent where workspace_id = ? and id = ?"};
const Query kReceipts{"study.receipts_of_submissions",
                      "select id, report from import where workspace_id = ? and study_id = ? and format = "
                      "'submissions'"};
const Query kForgetReceipt{"study.forget_receipt",
                           "update import set file_name = ?, report = ? where workspace_id = ? and id = ?"};

// Every GUID a source taken of it can have.
std::set<std::string> guids_of(Transaction& transaction, const collect::Submission& submission,
                               const std::shared_ptr<const vault::SubmissionKey>& key, bool& unreadable) {
  const collect::Form fields = collect::union_of_versions(transaction, submission.form);
  const std::vector<collect::Table> tables = collect::tables_of(fields);
  SubmissionMapping mapping;
  if (auto kept = read_submission_mapping(collect::form_mapping(transaction, submission.form));
      kept && check_submission_mapping(*kept, fields))
    mapping = std::move(*kept);
  std::vector<collect::Record> said;
  const auto instances = collect::instances_of(transaction, submission.id, key);
  unreadable = unreadable || !instances;
  if (instances)
    for (const collect::KeptInstance& each : *instances) {
      auto record = each.unreadable ? fail(problems::kDamaged) : collect::Record::read(each.xml, fields, tables);
      if (record)
        said.push_back(std::move(*record));
      else
        unreadable = true;
    }
  SubmissionSurroundings surroundings;
  surroundings.keyed_hash = [&](std::string_view words) { return transaction.blind_index("submission.source", words); };
  const FromSubmissions from(mapping, fields, tables, std::move(surroundings));
  const std::vector<std::string> all = from.may_have_made(submission.instance_id, said);
  return {all.begin(), all.end()};
}

std::string name_of(Transaction& transaction, const Query& query, Id id) {
  std::string table, name;
  transaction.each(query, {transaction.workspace(), id},
                   [&](const Row& row) { name = std::string(row.blob(0)), table = row.string(1); });
  return table.empty() ? "" : transaction.open(table, "name", id, name);
}

// The receipts of runs name what they left out or changed, by number or name.
void forget_in_receipts(Transaction& transaction, Id study, const std::set<std::string>& names) {
  struct Kept {
    Id id;
    std::string report;
  };
  std::vector<Kept> all;
  transaction.each(kReceipts, {transaction.workspace(), study}, [&](const Row& row) {
    all.push_back({row.id(0), std::string(row.blob(1))});
  });
  for (const Kept& each : all) {
    const auto report = transaction.try_open({"import", "report", each.id}, each.report);
    if (report && std::none_of(names.begin(), names.end(), [&](const std::string& name) {
          const std::string quoted = boost::json::serialize(boost::json::value(name));  // as it stands in the report
          return report->find(std::string_view(quoted).substr(1, quoted.size() - 2)) != std::string::npos;
        }))
      continue;
    transaction.destroy_data_key(each.id);
    const std::string name = transaction.seal(each.id, "import", "file_name", each.id, "…");
    const std::string nothing = transaction.seal(each.id, "import", "report", each.id, "{}");
    transaction.run(kForgetReceipt,
                    {Parameter::blob(name), Parameter::blob(nothing), transaction.workspace(), each.id});
  }
}

}  // namespace

Result<SubmissionErasing> what_erasing_takes(Transaction& transaction, const vault::SigningKey& audit_key, Id wanted,
                                             const std::shared_ptr<const vault::SubmissionKey>& key) {
  SubmissionErasing erasing;
  erasing.sent = TRY(collect::what_erasing_takes(transaction, audit_key, wanted));
  std::set<std::pair<Id, Id>> sources, people, alone;  // study and row
  for (const Id each : erasing.sent.submissions) {
    const collect::Submission submission = TRY(collect::find_submission(transaction, each));
    if (!submission.form) continue;
    const std::string mark = submission_mark(transaction, submission.form_id, submission.instance_id);
    const std::vector<MadeOf> made = made_of(transaction, mark);
    for (const MadeOf& one : made) {
      if (one.kind == "source") sources.emplace(one.study, one.id);
      if (one.kind == "respondent") people.emplace(one.study, one.id);
      if (one.kind == "respondent" && one.alone) alone.emplace(one.study, one.id);
    }
    bool unreadable = false;
    const std::set<std::string> guids = guids_of(transaction, submission, key, unreadable);
    erasing.unreadable = erasing.unreadable || (unreadable && made.empty());
    for (const Study& study : studies(transaction))
      for (const std::string& guid : guids)
        transaction.each(kSourceByGuid, {transaction.workspace(), study.id, guid},
                         [&](const Row& row) { sources.emplace(study.id, row.id(0)); });
    erasing.marks.push_back(mark);
  }
  std::set<Id> going;
  for (const auto& [study, source] : sources) {
    if (!going.contains(source)) erasing.sources.push_back({study, source, name_of(transaction, kSourceName, source)});
    for (const Id each : family_of(transaction, study, source)) going.insert(each);
  }
  std::set<std::pair<Id, Id>> told;  // who told what goes
  for (const auto& [study, source] : sources)
    for (const Id each : family_of(transaction, study, source))
      transaction.each(kWhoTold, {transaction.workspace(), each},
                       [&, of = study](const Row& row) { told.emplace(of, row.id(0)); });
  people.insert(told.begin(), told.end());
  for (const auto& [study, respondent] : people) {
    bool stays = !told.contains({study, respondent}) && !alone.contains({study, respondent});
    transaction.each(kWhatElse, {transaction.workspace(), study, respondent},
                     [&](const Row& row) { stays = stays || !going.contains(row.id(0)); });
    for (const std::string& mark : made_by(transaction, respondent))
      stays = stays || std::find(erasing.marks.begin(), erasing.marks.end(), mark) == erasing.marks.end();
    (stays ? erasing.named : erasing.respondents)
        .push_back({study, respondent, name_of(transaction, kRespondentName, respondent)});
  }
  return erasing;
}

Result<Erased> erase_submission(Transaction& transaction, const vault::SigningKey& key,
                                const SubmissionErasing& erasing) {
  Erased all;
  const auto add = [&](const Erased& some) {
    all.sources.insert(all.sources.end(), some.sources.begin(), some.sources.end());
    all.codings += some.codings, all.links += some.links, all.memos += some.memos, all.files += some.files;
  };
  const auto is_gone = [&](Id source) {
    return std::find(all.sources.begin(), all.sources.end(), source) != all.sources.end();
  };
  std::map<Id, std::set<std::string>> names;  // by study
  std::set<std::string> numbers;
  for (const auto& instance : erasing.sent.instances) numbers.insert(instance.instance_id);
  for (const Study& study : studies(transaction)) names[study.id] = numbers;
  for (const auto& source : erasing.sources) {
    names[source.study].insert(source.name);
    if (!is_gone(source.id)) add(TRY(erase_source(transaction, source.study, source.id)));
  }
  for (const auto& respondent : erasing.respondents) {
    names[respondent.study].insert(respondent.name);
    add(TRY(erase_respondent(transaction, respondent.study, respondent.id)));
  }
  for (const auto& respondent : erasing.named) names[respondent.study].insert(respondent.name);
  for (const std::string& mark : erasing.marks) forget_made_of(transaction, mark);
  for (const auto& [study, said] : names) forget_in_receipts(transaction, study, said);
  collect::erase_submission(transaction, key, erasing.sent);
  all.files += erasing.sent.files;
  return all;
}

}  // namespace understory::study
