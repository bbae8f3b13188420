#include "collect/export/with_files.h"

namespace understory::collect {

namespace {

const storage::Query kWithFiles{
    "collect.submissions_with_files",
    "select distinct submission.id from submission join instance on instance.workspace_id = submission.workspace_id "
    "and instance.form_id = submission.form_id and instance.instance_id = submission.current_id join "
    "submission_attachment on submission_attachment.workspace_id = instance.workspace_id and "
    "submission_attachment.instance_row_id = instance.id where submission.workspace_id = ? and submission.form_row_id "
    "= ? and submission_attachment.content_mark is not null order by submission.id"};

}  // namespace

std::vector<Id> submissions_with_files(storage::Transaction& transaction, Id form) {
  std::vector<Id> all;
  transaction.each(kWithFiles, {transaction.workspace(), form},
                   [&](const storage::Row& row) { all.push_back(row.id(0)); });
  return all;
}

}  // namespace understory::collect
