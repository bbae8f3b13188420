#include <algorithm>
#include <map>
#include <set>

#include "collect/encrypted.h"
#include "collect/entities.h"
#include "collect/erase.h"
#include "collect/forms.h"
#include "collect/intake_files.h"
#include "collect/intake_steps.h"
#include "collect/quarantine.h"
#include "collect/webhook.h"
#include "foundation/text.h"
#include "people/audit.h"
#include "people/denials.h"

namespace understory::collect {

using storage::Parameter;
using storage::Query;
using storage::Question;
using storage::Row;
using storage::Transaction;

namespace {

const Query kFilledIn{
    "collect.form_filled_in",
    "select form.id, form.study_id, form.state, form_version.id, form_version.file_paths from form left join "
    "form_version on form_version.workspace_id = form.workspace_id and form_version.form_row_id = form.id and "
    "form_version.version = ? and form_version.state = 'published' where form.workspace_id = ? and form.form_id = ?"};
const Query kInstance{"collect.instance_by_number",
                      "select instance.id, instance.mark, submission.id, submission.current_id, submission.waits_for, "
                      "submission.study_id, submission.place_code, submission.expected, instance.instance_id from "
                      "instance join submission "
                      "on submission.workspace_id = "
                      "instance.workspace_id and submission.id = instance.submission_id where instance.workspace_id = "
                      "? and instance.form_id = ? and instance.instance_id = ?"};
// Under a number of ours, of before such numbers were one sender's own.
const Query kInstanceBefore{
    "collect.instance_by_number_before",
    "select instance.id, instance.mark, submission.id, submission.current_id, submission.waits_for, "
    "submission.study_id, submission.place_code, submission.expected, instance.instance_id, instance.device_id, "
    "instance.account_id from instance join submission on submission.workspace_id = instance.workspace_id and "
    "submission.id = instance.submission_id where instance.workspace_id = ? and instance.form_id = ? and "
    "instance.instance_id = ? and instance.received_at < (select max(applied_at) from migration where name = "
    "'made-of-submissions')"};
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
struct Held {
  Id instance, submission;
  std::string mark, current_id;
  WaitsFor waits_for = WaitsFor::kNothing;
  Id study;            // of the submission
  std::string place;   // where it was sent from
  int expected = 0;    // files that its newest instance names
  std::string number;  // of the instance
};

// The form an instance says it fills in, as it is here.
struct FilledIn {
  Id form, study, version;
  FormState state = FormState::kOpen;
  std::vector<std::string> file_paths;
  std::vector<Id> webhooks;
};

// What posts that are kept together have in common: all they must know is asked before the first of them is written.
struct Group {
  Group(Transaction& all, const vault::SigningKey& key) : transaction(all), log(all, key) {}
  Transaction& transaction;
  people::AuditWriter log;
  std::map<std::pair<std::string_view, std::string_view>, FilledIn> forms;  // by their id and version
};

Held held_in(const Row& row) {
  return {row.id(0), row.id(2),     std::string(row.blob(1)),         row.string(3), waits_for_of(row.text(4)),
          row.id(5), row.string(6), static_cast<int>(row.integer(7)), row.string(8)};
}

Question instance_into(const Transaction& transaction, std::string_view form_id, std::string_view number,
                       std::optional<Held>& held) {
  return {&kInstance, {transaction.workspace(), form_id, number}, [&held](const Row& row) { held = held_in(row); }};
}

// Of the same sender; what others sent in the same words is theirs.
Question instance_before_into(const Transaction& transaction, const Arrival& arrival, std::optional<Held>& held) {
  const Sender& sender = arrival.post.sender;
  return {&kInstanceBefore,
          {transaction.workspace(), arrival.envelope.form_id, arrival.number_before},
          [&held, device = sender.device, account = sender.person.account](const Row& row) {
            if (row.id(9) == device && row.id(10) == account) held = held_in(row);
          }};
}

std::optional<Held> held_instance(Transaction& transaction, std::string_view form_id, std::string_view number) {
  std::optional<Held> held;
  const Question question = instance_into(transaction, form_id, number, held);
  transaction.each(*question.query, question.parameters, question.reader);
  return held;
}

// Of one post: whether its instance is here already, or was erased, and then what it was (a mark of its content).
struct Known {
  std::optional<Held> held;
  std::string number, number_before;  // their marks
  std::optional<std::string> erased;
};

void ask_of(Transaction& transaction, const Arrival& arrival, Known& known, std::vector<Question>& questions) {
  const Envelope& envelope = arrival.envelope;
  questions.push_back(instance_into(transaction, envelope.form_id, envelope.instance_id, known.held));
  known.number = number_mark(arrival.key, envelope.form_id, envelope.instance_id);
  questions.push_back(erased_into(transaction, known.number, known.erased));
  if (arrival.number_before.empty()) return;
  questions.push_back(instance_before_into(transaction, arrival, known.held));
  known.number_before = number_mark(arrival.key, envelope.form_id, arrival.number_before);
  questions.push_back(erased_before_into(transaction, known.number_before, known.erased));
}

// Fills in the group.
std::vector<Known> ask_all(Group& group, std::span<const Arrival* const> arrivals) {
  Transaction& transaction = group.transaction;
  std::vector<Known> all(arrivals.size());
  std::vector<Question> questions{group.log.head(), transaction.how_it_seals()};
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    const Envelope& envelope = arrivals[i]->envelope;
    ask_of(transaction, *arrivals[i], all[i], questions);
    const auto [known, is_new] = group.forms.try_emplace({envelope.form_id, envelope.version});
    if (!is_new) continue;
    FilledIn& form = known->second;
    questions.push_back(
        {&kFilledIn, {envelope.version, transaction.workspace(), envelope.form_id}, [&form](const Row& row) {
           form.form = row.id(0);
           form.study = row.id(1);
           form.state = form_state_of(row.text(2)).value_or(FormState::kOpen);
           form.version = row.id(3);
           for (std::string_view path : split(row.text(4), '\n'))
             if (!path.empty()) form.file_paths.emplace_back(path);
         }});
    questions.push_back(webhooks_of(transaction, envelope.form_id, form.webhooks));
  }
  transaction.ask(questions);
  return all;
}

// Which form of ours it fills in, and whether it may be taken as such.
struct Fitting {
  Id form, version, study;
  WaitsFor waits_for = WaitsFor::kNothing;
  const FilledIn* known = nullptr;  // none: it waits for its form
};

Fitting fit(const Group& group, const Arrival& arrival) {
  const Sender& sender = arrival.post.sender;
  const FilledIn& known = group.forms.at({arrival.envelope.form_id, arrival.envelope.version});
  // A form of another study is answered like one that is not there.
  const bool open = known.form && (sender.over || !known.study || !sender.study || sender.study == known.study) &&
                    (sender.over || people::decide(sender.person, people::Right::kFillForms,
                                                   {known.study ? known.study : sender.study, {}, {}})
                                        .allowed);
  if (!open) return {{}, {}, sender.study, WaitsFor::kForm};
  const WaitsFor waits_for = sender.over                         ? WaitsFor::kDevice
                             : !known.version                    ? WaitsFor::kVersion
                             : known.state == FormState::kClosed ? WaitsFor::kClosed
                                                                 : WaitsFor::kNothing;
  return {known.form, known.version, known.study, waits_for, &known};
}

// The tree of a large one is made again, for as long as it is looked at: whoever keeps works alone, so it is one more.
template <class Look>
void in_tree(const Arrival& arrival, const Look& look) {
  if (arrival.document) return look(*arrival.document);
  const auto document = XmlDocument::parse(arrival.post.xml, "");
  if (!document) throw std::runtime_error("what was read before cannot be read again");
  look(*document);
}

std::vector<std::string> files_named(const Arrival& arrival, const Fitting& fitting) {
  if (arrival.envelope.encrypted) return files_of(arrival.envelope);
  std::vector<std::string> names;
  if (fitting.known && !fitting.known->file_paths.empty())
    in_tree(arrival, [&](const XmlDocument& document) { names = named_files(document, fitting.known->file_paths); });
  return names;
}

void log_it(Group& group, const Arrival& arrival, const Receipt& receipt) {
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
  group.log.record(deed);
}

void log_refused(Group& group, const Arrival& arrival) {
  const Sender& sender = arrival.post.sender;
  if (people::denied_this_minute(group.transaction, sender.device)) return;
  people::Deed deed;
  deed.account = sender.person.account;
  deed.action = people::name_of(people::Right::kFillForms);
  deed.route = arrival.post.route;
  deed.kind = "device";
  deed.record = sender.device;
  deed.outcome = "denied";
  deed.reason = "files for what it sent before its time was over: not added";
  group.log.record(deed);
}

Id add_instance(Transaction& transaction, const Arrival& arrival, Id submission) {
  const Sender& sender = arrival.post.sender;
  const Id id = Id::make();
  transaction.make_data_key(id);
  const std::string sealed = transaction.seal(id, "instance", "xml", id, arrival.post.xml);
  transaction.run_later(kAddInstance, {transaction.workspace(), id, submission, arrival.envelope.form_id,
                                       arrival.envelope.instance_id, Parameter::blob(sealed),
                                       Parameter::blob(arrival.mark), sender.person.account, sender.device, now()});
  const std::string& edits = arrival.envelope.deprecated_id;
  if (!edits.empty()) mark_edit(transaction, arrival.key, arrival.envelope.form_id, edits, submission, id);
  return id;
}

Result<Receipt> keep_again(Group& group, const Arrival& arrival, const Held& held) {
  Transaction& transaction = group.transaction;
  if (held.mark != arrival.mark) return fail(problems::kOtherInstance, {{"instance", arrival.envelope.instance_id}});
  Receipt receipt{held.submission, held.waits_for, true, 0};
  InstanceFiles files = InstanceFiles::of(transaction, held.instance);
  // One that is over adds nothing to what was taken from it before: whoever found the phone could. To what waits with
  // its own files they may still come.
  if (arrival.post.sender.over && held.waits_for != WaitsFor::kDevice && files.lacks(arrival.files)) {
    log_refused(group, arrival);
    return fail(problems::kDeviceOver);
  }
  const bool changed = files.take(transaction, arrival.files);
  receipt.files_missing = files.expected() - files.present();
  if (!changed) return receipt;
  // What it names may not have been known when it came: its form was not here, or it could not be opened.
  if (held.waits_for != WaitsFor::kForm)
    for (const std::string& name : files_named(arrival, fit(group, arrival))) files.expect_too(name, arrival.key);
  receipt.files_missing = files.expected() - files.present();
  files.write(transaction);
  int expected = files.expected(), present = files.present();
  if (held.current_id != held.number)
    // It was edited meanwhile: what the edit still names is here now too.
    if (const auto newest = held_instance(transaction, arrival.envelope.form_id, held.current_id)) {
      InstanceFiles current = InstanceFiles::of(transaction, newest->instance);
      current.take_missing(files, arrival.files);
      current.write(transaction);
      // An edit that came before its form may name more than its rows know; that was counted by reading it.
      expected = std::max(current.expected(), held.expected), present = current.present();
    }
  transaction.run(kCount, {expected, present, now(), transaction.workspace(), held.submission});
  log_it(group, arrival, receipt);
  return receipt;
}

// Whether this sender may change it: what is of another study or place is not there for it.
bool may_edit(const Sender& sender, const Held& held) {
  if (held.study && sender.study && held.study != sender.study) return false;
  if (!sender.place.empty() && !held.place.empty() && held.place != sender.place) return false;
  const people::Record record{held.study ? held.study : sender.study, {}, {}};
  return people::decide(sender.person, people::Right::kFillForms, record).allowed ||
         people::decide(sender.person, people::Right::kReviewSubmissions, record).allowed;
}

Result<Receipt> keep_edit(Group& group, const Arrival& arrival) {
  Transaction& transaction = group.transaction;
  const auto edited = held_instance(transaction, arrival.envelope.form_id, arrival.envelope.deprecated_id);
  if (!edited || !may_edit(arrival.post.sender, *edited))
    return fail(problems::kEditUnknown, {{"instance", arrival.envelope.deprecated_id}});
  if (edited->current_id != arrival.envelope.deprecated_id)
    return fail(problems::kEditOutdated, {{"instance", arrival.envelope.deprecated_id}});
  const Fitting fitting = fit(group, arrival);
  if (fitting.waits_for == WaitsFor::kForm && edited->waits_for != WaitsFor::kForm)
    return fail(problems::kEditUnknown, {{"instance", arrival.envelope.deprecated_id}});
  const Id instance = add_instance(transaction, arrival, edited->submission);
  InstanceFiles files(instance);
  // What the edited instance brought stays with it by name.
  const InstanceFiles before = InstanceFiles::of(transaction, edited->instance);
  for (const std::string& name : files_named(arrival, fitting)) {
    const bool posted = std::any_of(arrival.files.begin(), arrival.files.end(),
                                    [&](const ArrivedFile& each) { return each.file->name == name; });
    if (posted || !files.carry_over(name, before, arrival.key)) files.expect(name, arrival.key);
  }
  files.take(transaction, arrival.files);
  files.write(transaction);
  // A decision that is waited for is waited for still; a form or version may be here by now.
  const WaitsFor waits_for = edited->waits_for == WaitsFor::kDevice ? WaitsFor::kDevice : fitting.waits_for;
  transaction.run(kEdit,
                  {fitting.version, arrival.envelope.version, arrival.envelope.instance_id, now(), files.expected(),
                   files.present(), name_of(waits_for), transaction.workspace(), edited->submission});
  const Receipt receipt{edited->submission, waits_for, false, files.expected() - files.present()};
  tell_webhooks(transaction, receipt.submission, Happened::kEdited);
  log_it(group, arrival, receipt);
  return receipt;
}

Receipt keep_new(Group& group, const Arrival& arrival) {
  Transaction& transaction = group.transaction;
  const Envelope& envelope = arrival.envelope;
  const Sender& sender = arrival.post.sender;
  const Fitting fitting = fit(group, arrival);
  const Milliseconds at = now();
  const Id submission = Id::make();
  const Id instance = add_instance(transaction, arrival, submission);
  const std::string device = sender.device_name.empty() ? ""
                                                        : transaction.seal(instance, "submission", "device_box",
                                                                           submission, sender.device_name);
  InstanceFiles files(instance);
  for (const std::string& name : files_named(arrival, fitting)) files.expect(name, arrival.key);
  files.take(transaction, arrival.files);
  files.write(transaction);
  transaction.run_later(
      kAddSubmission, {transaction.workspace(), submission, fitting.form, fitting.version, envelope.form_id,
                       envelope.version, envelope.instance_id, envelope.instance_id, fitting.study,
                       sender.place.empty() ? Parameter(nullptr) : Parameter(sender.place), sender.person.account,
                       sender.device, sender.device_name.empty() ? Parameter(nullptr) : Parameter::blob(device), at, at,
                       name_of(fitting.waits_for), files.expected(), files.present()});
  if (fitting.waits_for == WaitsFor::kNothing) {
    if (envelope.encrypted)
      entities_wait(transaction, fitting.version, submission);
    else if (arrival.post.xml.find("entity") != std::string::npos)
      in_tree(arrival,
              [&](const XmlDocument& document) { take_entities(transaction, fitting.version, submission, document); });
    tell_webhooks(transaction, fitting.known->webhooks, envelope.form_id, envelope.instance_id, Happened::kKept);
  }
  const Receipt receipt{submission, fitting.waits_for, false, files.expected() - files.present()};
  log_it(group, arrival, receipt);
  return receipt;
}

// What was erased stays so: the phone that sends it again is thanked, for it must not keep it either, and nothing is
// kept.
Receipt forget(Group& group, const Arrival& arrival) {
  const Sender& sender = arrival.post.sender;
  people::Deed deed;
  deed.account = sender.person.account;
  deed.action = people::name_of(people::Right::kFillForms);
  deed.route = arrival.post.route;
  deed.kind = "submission";
  deed.outcome = "denied";
  deed.reason = (sender.device ? "device " + sender.device.text() : "account") + ", was erased: nothing was kept";
  group.log.record(deed);
  return {{}, WaitsFor::kNothing, true, 0};
}

Result<Receipt> keep_one(Group& group, const Arrival& arrival, const Known& known) {
  const Sender& sender = arrival.post.sender;
  // One that is over may nothing, and loses nothing: what it sends waits for somebody to look at it.
  if (!sender.over && !people::may_somewhere(sender.person, people::Right::kFillForms))
    return fail(problems::kForbidden);
  if (known.held) return keep_again(group, arrival, *known.held);
  // Anything else under the number of what was erased, and an edit of it, is told apart: nothing of that may be lost
  // unseen.
  if (known.erased)
    return *known.erased == arrival.mark ? Result<Receipt>(forget(group, arrival))
                                         : fail(problems::kOtherInstance, {{"instance", arrival.envelope.instance_id}});
  const std::string& edits = arrival.envelope.deprecated_id;
  if (!edits.empty() && was_erased(group.transaction, arrival.key, arrival.envelope.form_id, edits))
    return fail(problems::kEditUnknown, {{"instance", edits}});
  // A phone that is over changes nothing: its edit waits by itself for somebody to look at.
  if (!arrival.envelope.deprecated_id.empty() && !sender.over) return keep_edit(group, arrival);
  return keep_new(group, arrival);
}

}  // namespace

std::vector<ArrivedFile*> wanted(Transaction& transaction, const Arrival& arrival,
                                 const std::vector<ArrivedFile*>& files) {
  const Sender& sender = arrival.post.sender;
  if (!sender.over && !people::may_somewhere(sender.person, people::Right::kFillForms)) return {};
  Known known;
  std::vector<Question> questions;
  ask_of(transaction, arrival, known, questions);
  transaction.ask(questions);
  if (known.held) {
    if (known.held->mark != arrival.mark || (sender.over && known.held->waits_for != WaitsFor::kDevice)) return {};
    const InstanceFiles here = InstanceFiles::of(transaction, known.held->instance);
    std::vector<ArrivedFile*> missing;
    for (ArrivedFile* each : files)
      if (!here.holds(*each)) missing.push_back(each);
    return missing;
  }
  if (known.erased) return {};
  const std::string &form_id = arrival.envelope.form_id, &edits = arrival.envelope.deprecated_id;
  if (edits.empty()) return files;
  if (was_erased(transaction, arrival.key, form_id, edits)) return {};
  if (sender.over) return files;
  const auto edited = held_instance(transaction, form_id, edits);
  return edited && may_edit(sender, *edited) && edited->current_id == edits ? files : std::vector<ArrivedFile*>();
}

std::vector<Result<Receipt>> keep(Transaction& transaction, std::span<const Arrival* const> arrivals) {
  Group group(transaction, arrivals.front()->key);
  std::vector<Known> known = ask_all(group, arrivals);
  std::vector<Result<Receipt>> receipts;
  std::set<std::pair<std::string_view, std::string_view>> written;
  bool edited = false;
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    const Envelope& envelope = arrivals[i]->envelope;
    // What was answered before the others were written may hold no longer.
    if (edited || !written.emplace(envelope.form_id, envelope.instance_id).second)
      known[i].held =
          held_instance(transaction, envelope.form_id, known[i].held ? known[i].held->number : envelope.instance_id);
    edited = edited || !envelope.deprecated_id.empty();
    receipts.push_back(keep_one(group, *arrivals[i], known[i]));
  }
  group.log.close();
  return receipts;
}

}  // namespace understory::collect
