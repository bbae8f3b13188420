#include "study/from_submissions.h"
#include "study/made_of_submission.h"
#include "study/merge.h"

namespace understory::study {

using storage::Parameter;
using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const Query kAdd{"study.add_made_of_submission",
                 "insert into made_of_submission (workspace_id, mark, kind, made_id, study_id, alone) values (?, ?, ?, "
                 "?, ?, ?) on conflict do nothing"};
const Query kOfStudy{"study.made_of_submissions",
                     "select mark, kind, made_id, alone from made_of_submission where workspace_id = ? and study_id = "
                     "?"};
const Query kOfMark{"study.made_of_submission",
                    "select kind, study_id, made_id, alone from made_of_submission where workspace_id = ? and mark = ? "
                    "order by kind, made_id"};
const Query kOfRespondent{"study.submissions_of_respondent",
                          "select mark from made_of_submission where workspace_id = ? and kind = 'respondent' and "
                          "made_id = ?"};
const Query kForget{"study.forget_made",
                    "delete from made_of_submission where workspace_id = ? and kind = ? and made_id = ?"};
const Query kForgetMark{"study.forget_made_of_submission",
                        "delete from made_of_submission where workspace_id = ? and mark = ?"};

}  // namespace

std::string submission_mark(Transaction& transaction, std::string_view form_id, std::string_view instance_id) {
  return transaction.blind_index("submission.made", std::string(form_id) + "\n" + std::string(instance_id));
}

void keep_made(Transaction& transaction, Id study, std::string_view form_id, const std::vector<Taken>& taken,
               const MergedRows& rows) {
  std::set<std::pair<std::string, Id>> known;  // mark and what was made
  std::map<Id, bool> alone;                    // respondents of earlier runs
  transaction.each(kOfStudy, {transaction.workspace(), study}, [&](const Row& row) {
    known.emplace(row.blob(0), row.id(2));
    if (row.text(1) == "respondent") alone[row.id(2)] = row.integer(3) != 0;
  });
  for (const Taken& each : taken) {
    const std::string mark = submission_mark(transaction, form_id, each.instance_id);
    const auto keep = [&](std::string_view kind, Id made, bool of_submissions) {
      if (!made || !known.emplace(mark, made).second) return;
      transaction.run_later(
          kAdd, {transaction.workspace(), Parameter::blob(mark), kind, made, study, of_submissions ? 1 : 0});
    };
    for (const int source : each.sources) keep("source", rows.sources[static_cast<std::size_t>(source)], true);
    for (const int index : each.respondents) {
      const Id respondent = rows.respondents[static_cast<std::size_t>(index)];
      const auto [found, is_first] = alone.try_emplace(respondent, rows.new_respondents.contains(respondent));
      keep("respondent", respondent, found->second);
    }
  }
}

std::vector<MadeOf> made_of(Transaction& transaction, std::string_view mark) {
  std::vector<MadeOf> all;
  transaction.each(kOfMark, {transaction.workspace(), Parameter::blob(mark)}, [&](const Row& row) {
    all.push_back({row.string(0), row.id(1), row.id(2), row.integer(3) != 0});
  });
  return all;
}

std::vector<std::string> made_by(Transaction& transaction, Id respondent) {
  std::vector<std::string> marks;
  transaction.each(kOfRespondent, {transaction.workspace(), respondent},
                   [&](const Row& row) { marks.emplace_back(row.blob(0)); });
  return marks;
}

std::set<Id> sources_of_submissions(Transaction& transaction, Id study) {
  std::set<Id> all;
  transaction.each(kOfStudy, {transaction.workspace(), study}, [&](const Row& row) {
    if (row.text(1) == "source") all.insert(row.id(2));
  });
  return all;
}

void forget_made(Transaction& transaction, std::string_view kind, Id made) {
  transaction.run(kForget, {transaction.workspace(), kind, made});
}

void forget_made_of(Transaction& transaction, std::string_view mark) {
  transaction.run(kForgetMark, {transaction.workspace(), Parameter::blob(mark)});
}

}  // namespace understory::study
