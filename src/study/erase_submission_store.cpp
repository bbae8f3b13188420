#include <boost/json.hpp>
#include <set>

#include "collect/forms.h"
#include "collect/submissions.h"
#include "study/erase_submission.h"
#include "study/from_submissions.h"
#include "study/source.h"
#include "study/study.h"

namespace understory::study {

using storage::Parameter;
using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const Query kSourceByGuid{"study.source_by_guid",
                          "select id, name from source where workspace_id = ? and study_id = ? and guid = ?"};
const Query kWhoTold{"study.who_told",
                     "select respondent_id from source_respondent where workspace_id = ? and source_id = ?"};
const Query kWhatElse{"study.what_else_told",
                      "select source_id from source_respondent where workspace_id = ? and study_id = ? and "
                      "respondent_id = ?"};
const Query kRespondentName{"study.respondent_name", "select name from respondent where workspace_id = ? and id = ?"};
const Query kReceipts{"study.receipts_of_submissions",
                      "select id, report from import where workspace_id = ? and study_id = ? and format = "
                      "'submissions'"};
const Query kForgetReceipt{"study.forget_receipt",
                           "update import set file_name = ?, report = ? where workspace_id = ? and id = ?"};

// Every GUID a source taken of it can have.
std::set<std::string> guids_of(Transaction& transaction, const collect::Submission& submission,
                               SubmissionErasing& erasing) {
  const collect::Form fields = collect::union_of_versions(transaction, submission.form);
  const std::vector<collect::Table> tables = collect::tables_of(fields);
  SubmissionMapping mapping;
  if (auto kept = read_submission_mapping(collect::form_mapping(transaction, submission.form));
      kept && check_submission_mapping(*kept, fields))
    mapping = std::move(*kept);
  std::vector<collect::Record> said;
  const auto instances = collect::instances_of(transaction, submission.id);
  erasing.unreadable = !instances;
  if (instances)
    for (const collect::KeptInstance& each : *instances) {
      auto record = each.unreadable ? fail(problems::kDamaged) : collect::Record::read(each.xml, fields, tables);
      if (record)
        said.push_back(std::move(*record));
      else
        erasing.unreadable = true;
    }
  SubmissionSurroundings surroundings;
  surroundings.keyed_hash = [&](std::string_view words) { return transaction.blind_index("submission.source", words); };
  const FromSubmissions from(mapping, fields, tables, std::move(surroundings));
  const std::vector<std::string> all = from.may_have_made(submission.instance_id, said);
  return {all.begin(), all.end()};
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

Result<SubmissionErasing> what_erasing_takes(Transaction& transaction, Id wanted) {
  const collect::Submission submission = TRY(collect::find_submission(transaction, wanted));
  SubmissionErasing erasing;
  erasing.sent = TRY(collect::what_erasing_takes(transaction, wanted));
  if (!submission.form) return erasing;
  const std::set<std::string> guids = guids_of(transaction, submission, erasing);
  for (const Study& study : studies(transaction)) {
    std::set<Id> going;
    for (const std::string& guid : guids) {
      std::vector<std::pair<Id, std::string>> found;
      transaction.each(kSourceByGuid, {transaction.workspace(), study.id, guid},
                       [&](const Row& row) { found.emplace_back(row.id(0), std::string(row.blob(1))); });
      for (const auto& [id, name] : found) {
        erasing.sources.push_back({study.id, id, transaction.open("source", "name", id, name)});
        for (const Id each : family_of(transaction, study.id, id)) going.insert(each);
      }
    }
    std::set<Id> who;
    for (const Id source : going)
      transaction.each(kWhoTold, {transaction.workspace(), source}, [&](const Row& row) { who.insert(row.id(0)); });
    for (const Id respondent : who) {
      bool else_told = false;
      transaction.each(kWhatElse, {transaction.workspace(), study.id, respondent},
                       [&](const Row& row) { else_told = else_told || !going.contains(row.id(0)); });
      if (else_told) continue;
      std::string name;
      transaction.each(kRespondentName, {transaction.workspace(), respondent},
                       [&](const Row& row) { name = std::string(row.blob(0)); });
      erasing.respondents.push_back({study.id, respondent, transaction.open("respondent", "name", respondent, name)});
    }
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
  for (const auto& [study, said] : names) forget_in_receipts(transaction, study, said);
  collect::erase_submission(transaction, key, erasing.sent);
  all.files += erasing.sent.files;
  return all;
}

}  // namespace understory::study
