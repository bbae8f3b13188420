#include <algorithm>
#include <map>
#include <set>

#include "collect/erase.h"
#include "collect/open_instance.h"
#include "collect/record.h"
#include "foundation/clock.h"
#include "storage/blobs.h"
#include "vault/password.h"

namespace understory::collect {

using storage::Parameter;
using storage::Query;
using storage::Question;
using storage::Row;
using storage::Transaction;

namespace {

const Query kThere{"collect.submission_to_erase", "select form_id from submission where workspace_id = ? and id = ?"};
const Query kInstances{"collect.instances_to_erase",
                       "select id, form_id, instance_id, mark from instance where workspace_id = ? and submission_id = "
                       "? order by id"};
const Query kEdits{
    "collect.edits_by_mark",
    "select submission_id from instance_edit where workspace_id = ? and mark = ? order by submission_id"};
const Query kAddEdit{"collect.add_edit_mark",
                     "insert into instance_edit (workspace_id, mark, instance_row_id, submission_id) values (?, ?, ?, "
                     "?) on conflict do nothing"};
const Query kEraseEdits{"collect.erase_edit_marks",
                        "delete from instance_edit where workspace_id = ? and submission_id = ?"};
// What came before there were marks, whether it waits still or was released since.
const Query kUnmarked{
    "collect.unmarked_xml",
    "select instance.submission_id, instance.id, instance.xml, data_key.wrapped from submission join "
    "instance on instance.workspace_id = submission.workspace_id and instance.submission_id = "
    "submission.id left join data_key on data_key.workspace_id = instance.workspace_id and data_key.id "
    "= instance.id where "
    "submission.workspace_id = ? and submission.form_id = ? and submission.received_at < (select max(applied_at) from "
    "migration where name = 'made-of-submissions') order by instance.id"};
const Query kFiles{"collect.files_to_erase",
                   "select id, blob_id from submission_attachment where workspace_id = ? and instance_row_id = ?"};
const Query kComments{"collect.comments_to_erase",
                      "select id from submission_comment where workspace_id = ? and submission_id = ?"};
const Query kChanges{"collect.entity_changes_to_erase",
                     "select id, list_id, uuid from entity_change where workspace_id = ? and submission_id = ?"};
// What an erased submission said of it stands there as nothing, and is nobody's.
const Query kOthersSaid{"collect.entity_changes_of_others",
                        "select submission_id from entity_change where workspace_id = ? and list_id = ? and uuid = ? "
                        "and state = 'applied' and exists (select 1 from submission where submission.workspace_id = "
                        "entity_change.workspace_id and submission.id = entity_change.submission_id)"};
const Query kListKey{"collect.entity_list_public_key",
                     "select public_key from entity_list where workspace_id = ? and id = ?"};
const Query kEmptyChange{"collect.empty_entity_change",
                         "update entity_change set content = ?, box = ? where workspace_id = ? and id = ?"};
// Its number stays, so that phones that have it are told to forget it.
const Query kDeleteEntity{"collect.delete_erased_entity",
                          "update entity set deleted_version = coalesce(deleted_version, version) where workspace_id = "
                          "? and list_id = ? and uuid = ?"};
const Query kEraseWaiting{"collect.erase_entity_waiting",
                          "delete from entity_waiting where workspace_id = ? and submission_id = ?"};
const Query kEraseFile{"collect.erase_attachment",
                       "delete from submission_attachment where workspace_id = ? and id = ?"};
const Query kEraseComment{"collect.erase_comment", "delete from submission_comment where workspace_id = ? and id = ?"};
const Query kEraseInstance{"collect.erase_instance", "delete from instance where workspace_id = ? and id = ?"};
const Query kEraseSubmission{"collect.erase_submission", "delete from submission where workspace_id = ? and id = ?"};
const Query kEraseDeliveries{"collect.erase_deliveries",
                             "delete from webhook_delivery where workspace_id = ? and form_id = ? and instance_id = ?"};
const Query kAddErased{"collect.add_erased_instance",
                       "insert into erased_instance (workspace_id, number_mark, content_mark, erased_at) values (?, ?, "
                       "?, ?) on conflict do nothing"};
const Query kErased{"collect.erased_instance",
                    "select content_mark from erased_instance where workspace_id = ? and number_mark = ?"};
// Before numbers of ours were one sender's own.
const Query kErasedBefore{
    "collect.erased_instance_before",
    "select content_mark from erased_instance where workspace_id = ? and number_mark = ? and erased_at < (select "
    "max(applied_at) from migration where name = 'made-of-submissions')"};

std::vector<Id> ids(Transaction& transaction, const Query& query, Id of) {
  std::vector<Id> all;
  transaction.each(query, {transaction.workspace(), of}, [&](const Row& row) { all.push_back(row.id(0)); });
  return all;
}

struct Edit {
  Id submission;
  std::string edits;
};
// Edits by phones that were over, of before there were marks: each was kept by itself and says only inside whose edit
// it is.
std::vector<Edit> unmarked_edits(Transaction& transaction, const std::string& form_id) {
  std::vector<Edit> edits;
  transaction.each(kUnmarked, {transaction.workspace(), form_id}, [&](const Row& row) {
    const auto xml = open_instance(transaction, row.id(1), row.blob(2), row.blob(3));
    const auto envelope = xml ? read_envelope(*xml) : Result<Envelope>(fail(problems::kNotFound));
    if (envelope && !envelope->deprecated_id.empty()) edits.push_back({row.id(0), envelope->deprecated_id});
  });
  return edits;
}

std::string edit_mark(const vault::SigningKey& key, std::string_view form_id, std::string_view edits) {
  return key.mark("edited instance", std::string(form_id) + "\n" + std::string(edits));
}

// It, every submission that is an edit of it, and every edit of those, with their instances.
void find_edits(Transaction& transaction, const vault::SigningKey& key, const std::string& form_id, Id submission,
                Erasing& erasing) {
  const std::vector<Edit> unmarked = unmarked_edits(transaction, form_id);
  const auto add = [&](Id one) {
    if (std::find(erasing.submissions.begin(), erasing.submissions.end(), one) != erasing.submissions.end()) return;
    erasing.submissions.push_back(one);
    transaction.each(kInstances, {transaction.workspace(), one}, [&](const Row& row) {
      erasing.instances.push_back({row.id(0), one, row.string(1), row.string(2)});
    });
  };
  add(submission);
  for (std::size_t i = 0; i < erasing.instances.size(); ++i) {  // those of edits stand behind, in their turn
    const Erasing::Instance edited = erasing.instances[i];
    for (const Edit& each : unmarked)
      if (each.edits == edited.instance_id) add(each.submission);
    std::vector<Id> marked;
    transaction.each(kEdits,
                     {transaction.workspace(), Parameter::blob(edit_mark(key, edited.form_id, edited.instance_id))},
                     [&](const Row& row) { marked.push_back(row.id(0)); });
    for (const Id each : marked) add(each);
  }
}

using EntityName = std::pair<std::int64_t, std::string>;  // list, UUID

// Of each entity these submissions say something of: whether others do too.
std::map<EntityName, bool> entities_said(Transaction& transaction, const std::vector<Id>& submissions) {
  std::map<EntityName, bool> said;
  for (const Id submission : submissions)
    transaction.each(kChanges, {transaction.workspace(), submission}, [&](const Row& row) {
      said[{row.integer(1), row.string(2)}] = false;
    });
  for (auto& [name, others] : said)
    transaction.each(
        kOthersSaid, {transaction.workspace(), name.first, name.second}, [&, &found = others](const Row& row) {
          found = found || std::find(submissions.begin(), submissions.end(), row.id(0)) == submissions.end();
        });
  return said;
}

// What stays of a change says nothing: which version followed which is still known, and phones that go on from it can.
void empty_change(Transaction& transaction, Id change, Id list) {
  std::string public_key;
  transaction.each(kListKey, {transaction.workspace(), list},
                   [&](const Row& row) { public_key = std::string(row.blob(0)); });
  const std::string sealed = transaction.seal(change, "entity_change", "content", change, "{\"values\":{}}");
  const std::string box = vault::seal_for(public_key, transaction.data_key(change).bytes().view());
  transaction.run(kEmptyChange, {Parameter::blob(sealed), Parameter::blob(box), transaction.workspace(), change});
}

void erase_entities(Transaction& transaction, const std::vector<Id>& submissions) {
  const std::map<EntityName, bool> said = entities_said(transaction, submissions);
  for (const Id submission : submissions) {
    std::vector<std::pair<Id, EntityName>> changes;
    transaction.each(kChanges, {transaction.workspace(), submission}, [&](const Row& row) {
      changes.emplace_back(row.id(0), EntityName{row.integer(1), row.string(2)});
    });
    for (const auto& [change, name] : changes) {
      transaction.destroy_data_key(change);
      empty_change(transaction, change, Id{name.first});
    }
    transaction.run(kEraseWaiting, {transaction.workspace(), submission});
  }
  for (const auto& [name, others] : said)
    if (!others) transaction.run(kDeleteEntity, {transaction.workspace(), name.first, name.second});
}

struct FileRow {
  Id id, blob;
};
std::vector<FileRow> files_of(Transaction& transaction, Id instance) {
  std::vector<FileRow> files;
  transaction.each(kFiles, {transaction.workspace(), instance}, [&](const Row& row) {
    files.push_back({row.id(0), row.id(1)});
  });
  return files;
}

}  // namespace

Result<Erasing> what_erasing_takes(Transaction& transaction, const vault::SigningKey& key, Id submission) {
  const auto form_id =
      transaction.one(kThere, {transaction.workspace(), submission}, [](const Row& row) { return row.string(0); });
  if (!form_id) return fail(problems::kNotFound, {{"what", "submission"}, {"name", submission.text()}});
  Erasing erasing;
  find_edits(transaction, key, *form_id, submission, erasing);
  std::set<Id> blobs;
  for (const Erasing::Instance& each : erasing.instances)
    for (const FileRow& file : files_of(transaction, each.id))
      if (file.blob) blobs.insert(file.blob);
  erasing.files = std::ssize(blobs);
  for (const Id each : erasing.submissions) erasing.comments += std::ssize(ids(transaction, kComments, each));
  for (const auto& [name, others] : entities_said(transaction, erasing.submissions))
    ++(others ? erasing.entities_left : erasing.entities_gone);
  return erasing;
}

void erase_submission(Transaction& transaction, const vault::SigningKey& key, const Erasing& erasing) {
  const std::int64_t workspace = transaction.workspace();
  erase_entities(transaction, erasing.submissions);
  std::set<Id> blobs;
  for (const Erasing::Instance& each : erasing.instances) {
    for (const FileRow& file : files_of(transaction, each.id)) {
      if (file.blob) blobs.insert(file.blob);  // an edit names the blob of the one before again
      transaction.run(kEraseFile, {workspace, file.id});
      transaction.destroy_data_key(file.id);
    }
    transaction.run(kEraseDeliveries, {workspace, each.form_id, each.instance_id});
  }
  for (const Id blob : blobs) {
    for (const Id owner : storage::keys_of_blob(transaction, blob)) transaction.destroy_data_key(owner);
    storage::erase_blob(transaction, blob);
  }
  for (const Id submission : erasing.submissions) {
    std::vector<std::array<std::string, 3>> marks;
    transaction.each(kInstances, {workspace, submission}, [&](const Row& row) {
      marks.push_back({row.string(1), row.string(2), std::string(row.blob(3))});
    });
    for (const auto& [form_id, number, content] : marks) {
      const std::string mark = number_mark(key, form_id, number);
      transaction.run(kAddErased, {workspace, Parameter::blob(mark), Parameter::blob(content), now()});
    }
    for (const Id comment : ids(transaction, kComments, submission)) {
      transaction.run(kEraseComment, {workspace, comment});
      transaction.destroy_data_key(comment);
    }
  }
  for (const Erasing::Instance& each : erasing.instances) {
    transaction.run(kEraseInstance, {workspace, each.id});
    transaction.destroy_data_key(each.id);
  }
  for (const Id submission : erasing.submissions) {
    transaction.run(kEraseEdits, {workspace, submission});
    transaction.run(kEraseSubmission, {workspace, submission});
  }
}

void mark_edit(Transaction& transaction, const vault::SigningKey& key, std::string_view form_id, std::string_view edits,
               Id submission, Id instance) {
  const std::string mark = edit_mark(key, form_id, edits);
  transaction.run_later(kAddEdit, {transaction.workspace(), Parameter::blob(mark), instance, submission});
}

std::string number_mark(const vault::SigningKey& key, std::string_view form_id, std::string_view instance_id) {
  return key.mark("erased instance", std::string(form_id) + "\n" + std::string(instance_id));
}

Question erased_into(const Transaction& transaction, std::string_view number, std::optional<std::string>& content) {
  return {&kErased, {transaction.workspace(), Parameter::blob(number)}, [&content](const Row& row) {
            content = std::string(row.blob(0));
          }};
}

Question erased_before_into(const Transaction& transaction, std::string_view number,
                            std::optional<std::string>& content) {
  return {&kErasedBefore, {transaction.workspace(), Parameter::blob(number)}, [&content](const Row& row) {
            content = std::string(row.blob(0));
          }};
}

bool was_erased(Transaction& transaction, const vault::SigningKey& key, std::string_view form_id,
                std::string_view instance_id) {
  const std::string number = number_mark(key, form_id, instance_id);
  return transaction.one(kErased, {transaction.workspace(), Parameter::blob(number)}, [](const Row&) { return true; })
      .has_value();
}

}  // namespace understory::collect
