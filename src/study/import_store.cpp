// The receipts of imports.
#include "foundation/clock.h"
#include "storage/blobs.h"
#include "storage/reseal.h"
#include "study/merge.h"
#include "study/source.h"

namespace understory::study {

using storage::Parameter;
using storage::Query;
using storage::Row;

namespace {

const Query kAddImport{
    "study.add_import",
    "insert into import (workspace_id, id, study_id, file_name, format, report, original_id, created_at) "
    "values (?, ?, ?, ?, ?, ?, ?, ?)"};
const Query kImports{
    "study.imports",
    "select id, file_name, format, report, created_at from import where workspace_id = ? and study_id = ? "
    "order by created_at desc, id desc"};

const storage::SealedColumn kSealedFiles{"import", "file_name"}, kSealedReports{"import", "report"};

}  // namespace

void keep_import(storage::Transaction& transaction, Id study, Id id, const ImportReport& report,
                 std::string_view file_bytes) {
  Id original;
  if (!file_bytes.empty()) original = storage::put_blob(transaction, id, "application/octet-stream", file_bytes);
  transaction.run_later(
      kAddImport, {transaction.workspace(), id, study,
                   Parameter::blob(transaction.seal(id, "import", "file_name", id, report.file)), report.format,
                   Parameter::blob(transaction.seal(id, "import", "report", id, report.json())), original, now()});
}

std::vector<ImportSummary> list_imports(storage::Transaction& transaction, Id study) {
  std::vector<ImportSummary> list;
  transaction.each(kImports, {transaction.workspace(), study}, [&](const Row& row) {
    const Id id = row.id(0);
    list.push_back({id, transaction.open("import", "file_name", id, row.blob(1)), row.string(2),
                    transaction.open("import", "report", id, row.blob(3)), row.integer(4)});
  });
  return list;
}

}  // namespace understory::study
