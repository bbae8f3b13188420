#include "collect/entities.h"
#include "collect/intake.h"
#include "collect/quarantine.h"
#include "collect/submissions.h"
#include "collect/webhook.h"

namespace understory::collect {

using storage::Parameter;
using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

// Of the same study, or of none that is known.
const Query kWaiting{
    "collect.waiting_for_form",
    "select id, waits_for, form_version, form_row_id from submission where workspace_id = ? and form_id "
    "= ? and waits_for in ('form', 'version', 'closed') and (study_id is null or study_id = coalesce(?, study_id))"};
const Query kBelongs{"collect.submission_belongs",
                     "update submission set form_row_id = ?, version_id = ?, study_id = coalesce(?, study_id), "
                     "waits_for = ?, changed_at = ? where workspace_id = ? and id = ?"};
const Query kOne{
    "collect.waiting_submission",
    "select form_row_id, version_id, waits_for, form_id, form_version, study_id from submission where workspace_id = "
    "? and id = ?"};
const Query kFormRow{"collect.form_of_waiting",
                     "select form.id, form_version.id, form.study_id from form left join form_version on "
                     "form_version.workspace_id = form.workspace_id and form_version.form_row_id = form.id and "
                     "form_version.version = ? and form_version.state = 'published' where form.workspace_id = ? and "
                     "form.form_id = ?"};

}  // namespace

int release_for(Transaction& transaction, const KeptForm& form, const FormVersion& version) {
  struct Waiting {
    Id id;
    bool fits = false;
  };
  std::vector<Waiting> all;
  transaction.each(kWaiting, {transaction.workspace(), form.form_id, form.study}, [&](const Row& row) {
    const bool fits = row.text(2) == version.version;
    // Its form is here now, its version not yet: worth telling, unless that is told already.
    if (fits || row.is_null(3)) all.push_back({row.id(0), fits});
  });
  int released = 0;
  for (const Waiting& each : all) {
    const WaitsFor still = !each.fits                         ? WaitsFor::kVersion
                           : form.state == FormState::kClosed ? WaitsFor::kClosed
                                                              : WaitsFor::kNothing;
    transaction.run(kBelongs, {form.id, each.fits ? Parameter(version.id) : Parameter(nullptr), form.study,
                               name_of(still), now(), transaction.workspace(), each.id});
    released += still == WaitsFor::kNothing;
    if (still == WaitsFor::kNothing) {
      entities_wait(transaction, version.id, each.id);
      tell_webhooks(transaction, each.id, Happened::kKept);
    }
    if (each.fits) expect_again(transaction, each.id, version.file_paths);
  }
  if (released > 0) apply_waiting_entities(transaction);
  return released;
}

Result<void> release(Transaction& transaction, Id submission) {
  struct Found {
    Id form, version;
    std::string waits_for, form_id, form_version;
    Id study;
  };
  auto found = transaction.one(kOne, {transaction.workspace(), submission}, [](const Row& row) {
    return Found{row.id(0), row.id(1), row.string(2), row.string(3), row.string(4), row.id(5)};
  });
  if (!found) return fail(problems::kNotFound, {{"what", "submission"}, {"name", submission.text()}});
  if (found->waits_for.empty()) return {};
  Id study;
  transaction.each(kFormRow, {found->form_version, transaction.workspace(), found->form_id}, [&](const Row& row) {
    found->form = row.id(0);
    found->version = row.id(1);
    study = row.id(2);
  });
  // A form of another study is not its form.
  if (found->study && study && found->study != study) found->form = Id{};
  if (!found->form || !found->version)
    return fail(problems::kStillWaits, {{"what", found->form ? "version “" + found->form_version + "” of its form"
                                                             : "its form, “" + found->form_id + "”"}});
  transaction.run(kBelongs, {found->form, found->version, study, "", now(), transaction.workspace(), submission});
  expect_again(transaction, submission, TRY(find_version(transaction, found->version)).file_paths);
  entities_wait(transaction, found->version, submission);
  tell_webhooks(transaction, submission, Happened::kKept);
  apply_waiting_entities(transaction);
  return {};
}

bool catch_up(Transaction& transaction) {
  const int counted = count_waiting_files(transaction);
  return catch_up_entities(transaction) || counted > 0;
}

}  // namespace understory::collect
