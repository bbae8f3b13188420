#include <set>

#include "collect/encrypted.h"
#include "collect/entities.h"
#include "collect/erase.h"
#include "collect/forms.h"
#include "collect/intake_steps.h"
#include "collect/quarantine.h"
#include "collect/webhook.h"
#include "foundation/text.h"
#include "people/audit.h"
#include "storage/blobs.h"

namespace understory::collect {

using storage::Parameter;
using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const Query kFormOf{"collect.form_to_fill",
                    "select id, study_id, state from form where workspace_id = ? and form_id = ?"};
const Query kVersionOf{"collect.version_filled_in",
                       "select id, file_paths from form_version where workspace_id = ? and form_row_id = ? and version "
                       "= ? and state = 'published'"};
const Query kInstance{
    "collect.instance_by_number",
    "select instance.id, instance.mark, submission.id, submission.current_id, submission.waits_for, "
    "submission.study_id, submission.place_code from instance join submission on submission.workspace_id = "
    "instance.workspace_id and submission.id = instance.submission_id where instance.workspace_id = "
    "? and instance.form_id = ? and instance.instance_id = ?"};
const Query kAddSubmission{
    "collect.add_submission",
    "insert into submission (workspace_id, id, form_row_id, version_id, form_id, form_version, current_id, "
    "instance_id, "
    "study_id, place_code, account_id, device_id, device_box, received_at, changed_at, review, waits_for, edits, "
    "expected, present) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'received', ?, 0, ?, ?)"};
const Query kAddInstance{"collect.add_instance",
                         "insert into instance (workspace_id, id, submission_id, form_id, instance_id, xml, mark, "
                         "account_id, device_id, received_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
const Query kEdit{"collect.edit_submission",
                  "update submission set version_id = ?, form_version = ?, current_id = ?, changed_at = ?, review = "
                  "'edited', edits = edits + 1, expected = ?, present = ?, waits_for = ? where workspace_id = ? and id "
                  "= ?"};
const Query kCount{"collect.count_attachments_again",
                   "update submission set expected = ?, present = ?, changed_at = ? where workspace_id = ? and id = ?"};
const Query kAttachments{"collect.attachment_marks",
                         "select id, name_mark, content_mark, expected, media_type, size, blob_id, name from "
                         "submission_attachment where workspace_id = ? and instance_row_id = ? order by id"};
const Query kAddAttachment{"collect.add_attachment",
                           "insert into submission_attachment (workspace_id, id, instance_row_id, name, name_mark, "
                           "media_type, expected, content_mark, size, blob_id) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
const Query kFillAttachment{"collect.fill_attachment",
                            "update submission_attachment set media_type = ?, content_mark = ?, size = ?, blob_id = ? "
                            "where workspace_id = ? and id = ?"};

struct Held {
  Id instance, submission;
  std::string mark, current_id;
  WaitsFor waits_for = WaitsFor::kNothing;
  Id study;           // of the submission
  std::string place;  // where it was sent from
};

std::optional<Held> held_instance(Transaction& transaction, const std::string& form_id, const std::string& number) {
  return transaction.one(kInstance, {transaction.workspace(), form_id, number}, [](const Row& row) {
    return Held{row.id(0), row.id(2),    std::string(row.blob(1)), row.string(3), waits_for_of(row.text(4)),
                row.id(5), row.string(6)};
  });
}

// Which form of ours it fills in, and whether it may be taken as such.
struct Fitting {
  Id form, version, study;
  std::vector<std::string> file_paths;
  WaitsFor waits_for = WaitsFor::kNothing;
};

Fitting fit(Transaction& transaction, const Arrival& arrival) {
  const Sender& sender = arrival.post.sender;
  Fitting fitting;
  FormState state = FormState::kOpen;
  transaction.each(kFormOf, {transaction.workspace(), arrival.envelope.form_id}, [&](const Row& row) {
    fitting.form = row.id(0);
    fitting.study = row.id(1);
    state = form_state_of(row.text(2)).value_or(FormState::kOpen);
  });
  // A form of another study is answered like one that is not there.
  const bool open = fitting.form && (sender.over || !fitting.study || !sender.study || sender.study == fitting.study) &&
                    (sender.over || people::decide(sender.person, people::Right::kFillForms,
                                                   {fitting.study ? fitting.study : sender.study, {}, {}})
                                        .allowed);
  if (!open) {
    fitting = {};
    fitting.study = sender.study;
    fitting.waits_for = WaitsFor::kForm;
    return fitting;
  }
  transaction.each(kVersionOf, {transaction.workspace(), fitting.form, arrival.envelope.version}, [&](const Row& row) {
    fitting.version = row.id(0);
    for (std::string_view path : split(row.text(1), '\n'))
      if (!path.empty()) fitting.file_paths.emplace_back(path);
  });
  if (sender.over)
    fitting.waits_for = WaitsFor::kDevice;
  else if (!fitting.version)
    fitting.waits_for = WaitsFor::kVersion;
  else if (state == FormState::kClosed)
    fitting.waits_for = WaitsFor::kClosed;
  return fitting;
}

std::vector<std::string> files_named(const Arrival& arrival, const Fitting& fitting) {
  return arrival.envelope.encrypted ? files_of(arrival.envelope) : named_files(arrival.post.xml, fitting.file_paths);
}

struct FileRow {
  Id id;
  std::string name_mark, content_mark, media_type;
  std::int64_t size = 0;
  bool expected = false, here = false;
  Id blob;
};

std::vector<FileRow> rows_of(Transaction& transaction, Id instance) {
  std::vector<FileRow> rows;
  transaction.each(kAttachments, {transaction.workspace(), instance}, [&](const Row& row) {
    rows.push_back({row.id(0), std::string(row.blob(1)), std::string(row.blob(2)), row.string(4), row.integer(5),
                    row.integer(3) != 0, !row.is_null(2), row.id(6)});
  });
  return rows;
}

void add_row(Transaction& transaction, Id instance, std::string_view name, FileRow row) {
  row.id = Id::make();
  const std::string sealed = transaction.seal(row.id, "submission_attachment", "name", row.id, name);
  transaction.run(kAddAttachment,
                  {transaction.workspace(), row.id, instance, Parameter::blob(sealed), Parameter::blob(row.name_mark),
                   row.media_type, row.expected, row.here ? Parameter::blob(row.content_mark) : Parameter(nullptr),
                   row.size, row.blob});
}

// Puts the posted files beside the instance. A file that comes again is passed over; one of the same name with other
// content is kept as well. Returns how many expected files there are, and how many are here.
struct Counted {
  int expected = 0, present = 0;
  bool changed = false;
};
Counted keep_files(Transaction& transaction, const Arrival& arrival, Id instance) {
  std::vector<FileRow> rows = rows_of(transaction, instance);
  Counted counted;
  for (const ArrivedFile& arrived : arrival.files) {
    const PostedFile& file = *arrived.file;
    const auto again = std::find_if(rows.begin(), rows.end(), [&](const FileRow& row) {
      return row.here && row.name_mark == arrived.name_mark && row.content_mark == arrived.content_mark;
    });
    if (again != rows.end()) continue;
    counted.changed = true;
    const auto wanted = std::find_if(
        rows.begin(), rows.end(), [&](const FileRow& row) { return !row.here && row.name_mark == arrived.name_mark; });
    // Under a key of its own: it may come long after the instance, while nobody can open the instance's.
    const Id owner = Id::make();
    const Id blob = storage::put_blob(transaction, owner, arrived.media_type, storage::Pieces(file.content));
    FileRow row{{}, arrived.name_mark, arrived.content_mark, arrived.media_type, file.size, false, true, blob};
    if (wanted != rows.end()) {
      row.id = wanted->id;
      row.expected = wanted->expected;
      transaction.run(kFillAttachment, {arrived.media_type, Parameter::blob(arrived.content_mark), file.size, blob,
                                        transaction.workspace(), wanted->id});
      *wanted = row;
    } else {
      add_row(transaction, instance, file.name, row);
      rows.push_back(row);
    }
  }
  for (const FileRow& row : rows) {
    counted.expected += row.expected;
    counted.present += row.expected && row.here;
  }
  return counted;
}

// Files an older instance has by now, where a newer one names them and nobody brought them to it.
Counted keep_missing_files(Transaction& transaction, const Arrival& arrival, Id newer, Id older) {
  const std::vector<FileRow> there = rows_of(transaction, older);
  Counted counted;
  for (const FileRow& row : rows_of(transaction, newer)) {
    counted.expected += row.expected;
    counted.present += row.expected && row.here;
    if (row.here || !row.expected) continue;
    const auto kept = std::find_if(there.begin(), there.end(),
                                   [&](const FileRow& each) { return each.here && each.name_mark == row.name_mark; });
    const bool came = std::any_of(arrival.files.begin(), arrival.files.end(),
                                  [&](const ArrivedFile& file) { return file.name_mark == row.name_mark; });
    if (kept == there.end() || !came) continue;
    transaction.run(kFillAttachment, {kept->media_type, Parameter::blob(kept->content_mark), kept->size, kept->blob,
                                      transaction.workspace(), row.id});
    ++counted.present;
  }
  return counted;
}

void log_it(Transaction& transaction, const Arrival& arrival, const Receipt& receipt) {
  const Sender& sender = arrival.post.sender;
  people::Deed deed;
  deed.account = sender.person.account;
  deed.action = people::name_of(people::Right::kFillForms);
  deed.route = arrival.post.route;
  deed.kind = "submission";
  deed.record = receipt.submission;
  deed.outcome = "done";
  deed.reason = sender.device ? "device " + sender.device.text() : "account";
  if (receipt.waits_for != WaitsFor::kNothing) deed.reason += ", waits for " + std::string(name_of(receipt.waits_for));
  people::record(transaction, arrival.key, deed);
}

Id add_instance(Transaction& transaction, const Arrival& arrival, Id submission) {
  const Sender& sender = arrival.post.sender;
  const Id id = Id::make();
  const std::string sealed = transaction.seal(id, "instance", "xml", id, arrival.post.xml);
  transaction.run(kAddInstance, {transaction.workspace(), id, submission, arrival.envelope.form_id,
                                 arrival.envelope.instance_id, Parameter::blob(sealed), Parameter::blob(arrival.mark),
                                 sender.person.account, sender.device, now()});
  return id;
}

Result<Receipt> keep_again(Transaction& transaction, const Arrival& arrival, const Held& held) {
  if (held.mark != arrival.mark) return fail(problems::kOtherInstance, {{"instance", arrival.envelope.instance_id}});
  Receipt receipt{held.submission, held.waits_for, true, 0};
  const Counted counted = keep_files(transaction, arrival, held.instance);
  receipt.files_missing = counted.expected - counted.present;
  if (!counted.changed) return receipt;
  Counted current = counted;
  if (held.current_id != arrival.envelope.instance_id)
    // It was edited meanwhile: what the edit still names is here now too.
    if (const auto newest = held_instance(transaction, arrival.envelope.form_id, held.current_id))
      current = keep_missing_files(transaction, arrival, newest->instance, held.instance);
  transaction.run(kCount, {current.expected, current.present, now(), transaction.workspace(), held.submission});
  log_it(transaction, arrival, receipt);
  return receipt;
}

// What the edited instance brought stays with it by name.
void carry_over(Transaction& transaction, Id from, Id to, const std::vector<std::string>& names, const Arrival& arrival,
                std::vector<std::string>& still_expected) {
  const std::vector<FileRow> before = rows_of(transaction, from);
  for (const std::string& name : names) {
    const std::string mark = arrival.key.mark("attachment name", name);
    const bool posted = std::any_of(arrival.files.begin(), arrival.files.end(),
                                    [&](const ArrivedFile& file) { return file.name_mark == mark; });
    const auto kept = std::find_if(before.begin(), before.end(),
                                   [&](const FileRow& row) { return row.here && row.name_mark == mark; });
    if (posted || kept == before.end()) {
      still_expected.push_back(name);
      continue;
    }
    FileRow row = *kept;
    row.expected = true;
    add_row(transaction, to, name, row);
  }
}

void expect(Transaction& transaction, const Arrival& arrival, Id instance, const std::vector<std::string>& names) {
  for (const std::string& name : names)
    add_row(transaction, instance, name, {{}, arrival.key.mark("attachment name", name), "", "", 0, true, false, {}});
}

// Whether this sender may change it: what is of another study or place is not there for it.
bool may_edit(const Sender& sender, const Held& held) {
  if (held.study && sender.study && held.study != sender.study) return false;
  if (!sender.place.empty() && !held.place.empty() && held.place != sender.place) return false;
  const people::Record record{held.study ? held.study : sender.study, {}, {}};
  return people::decide(sender.person, people::Right::kFillForms, record).allowed ||
         people::decide(sender.person, people::Right::kReviewSubmissions, record).allowed;
}

Result<Receipt> keep_edit(Transaction& transaction, const Arrival& arrival) {
  const auto edited = held_instance(transaction, arrival.envelope.form_id, arrival.envelope.deprecated_id);
  if (!edited || !may_edit(arrival.post.sender, *edited))
    return fail(problems::kEditUnknown, {{"instance", arrival.envelope.deprecated_id}});
  if (edited->current_id != arrival.envelope.deprecated_id)
    return fail(problems::kEditOutdated, {{"instance", arrival.envelope.deprecated_id}});
  const Fitting fitting = fit(transaction, arrival);
  if (fitting.waits_for == WaitsFor::kForm && edited->waits_for != WaitsFor::kForm)
    return fail(problems::kEditUnknown, {{"instance", arrival.envelope.deprecated_id}});
  const std::vector<std::string> names = files_named(arrival, fitting);
  const Id instance = add_instance(transaction, arrival, edited->submission);
  std::vector<std::string> expected;
  carry_over(transaction, edited->instance, instance, names, arrival, expected);
  expect(transaction, arrival, instance, expected);
  const Counted counted = keep_files(transaction, arrival, instance);
  // A decision that is waited for is waited for still; a form or version may be here by now.
  const WaitsFor waits_for = edited->waits_for == WaitsFor::kDevice ? WaitsFor::kDevice : fitting.waits_for;
  transaction.run(kEdit,
                  {fitting.version, arrival.envelope.version, arrival.envelope.instance_id, now(), counted.expected,
                   counted.present, name_of(waits_for), transaction.workspace(), edited->submission});
  const Receipt receipt{edited->submission, waits_for, false, counted.expected - counted.present};
  tell_webhooks(transaction, receipt.submission, Happened::kEdited);
  log_it(transaction, arrival, receipt);
  return receipt;
}

Receipt forget(Transaction& transaction, const Arrival& arrival) {
  const Sender& sender = arrival.post.sender;
  people::Deed deed;
  deed.account = sender.person.account;
  deed.action = people::name_of(people::Right::kFillForms);
  deed.route = arrival.post.route;
  deed.kind = "submission";
  deed.outcome = "denied";
  deed.reason = (sender.device ? "device " + sender.device.text() : "account") + ", was erased: nothing was kept";
  people::record(transaction, arrival.key, deed);
  return {{}, WaitsFor::kNothing, true, 0};
}

}  // namespace

Result<Receipt> keep(Transaction& transaction, const Arrival& arrival) {
  const Envelope& envelope = arrival.envelope;
  const Sender& sender = arrival.post.sender;
  // One that is over may nothing, and loses nothing: what it sends waits for somebody to look at it.
  if (!sender.over && !people::may_somewhere(sender.person, people::Right::kFillForms))
    return fail(problems::kForbidden);
  if (const auto held = held_instance(transaction, envelope.form_id, envelope.instance_id))
    return keep_again(transaction, arrival, *held);
  // What was erased stays so: the phone that sends it again is thanked, for it must not keep it either, and nothing is
  // kept. Anything else under its number, and an edit of it, is told apart: nothing of that may be lost unseen.
  const WasErased erased = was_erased(transaction, arrival.key, envelope.form_id, envelope.instance_id, arrival.mark);
  if (erased == WasErased::kAnother) return fail(problems::kOtherInstance, {{"instance", envelope.instance_id}});
  if (erased == WasErased::kTheSame) return forget(transaction, arrival);
  if (!envelope.deprecated_id.empty() &&
      was_erased(transaction, arrival.key, envelope.form_id, envelope.deprecated_id, "") != WasErased::kNo)
    return fail(problems::kEditUnknown, {{"instance", envelope.deprecated_id}});
  // A phone that is over changes nothing: its edit waits by itself for somebody to look at.
  if (!envelope.deprecated_id.empty() && !sender.over) return keep_edit(transaction, arrival);

  const Fitting fitting = fit(transaction, arrival);
  const Milliseconds at = now();
  const Id submission = Id::make();
  const std::vector<std::string> names = files_named(arrival, fitting);
  const Id instance = add_instance(transaction, arrival, submission);
  const std::string device = sender.device_name.empty() ? ""
                                                        : transaction.seal(instance, "submission", "device_box",
                                                                           submission, sender.device_name);
  Counted counted;
  if (!names.empty() || !arrival.files.empty()) {
    expect(transaction, arrival, instance, names);
    counted = keep_files(transaction, arrival, instance);
  }
  transaction.run(kAddSubmission,
                  {transaction.workspace(), submission, fitting.form, fitting.version, envelope.form_id,
                   envelope.version, envelope.instance_id, envelope.instance_id, fitting.study,
                   sender.place.empty() ? Parameter(nullptr) : Parameter(sender.place), sender.person.account,
                   sender.device, sender.device_name.empty() ? Parameter(nullptr) : Parameter::blob(device), at, at,
                   name_of(fitting.waits_for), counted.expected, counted.present});
  if (fitting.waits_for == WaitsFor::kNothing) {
    if (envelope.encrypted)
      entities_wait(transaction, fitting.version, submission);
    else if (arrival.post.xml.find("entity") != std::string::npos)
      take_entities(transaction, fitting.version, submission, arrival.post.xml);
  }
  const Receipt receipt{submission, fitting.waits_for, false, counted.expected - counted.present};
  tell_webhooks(transaction, submission, Happened::kKept);
  log_it(transaction, arrival, receipt);
  return receipt;
}

}  // namespace understory::collect
