#include "study/coding.h"

#include "foundation/clock.h"
#include "study/study.h"

namespace understory::study {

using storage::Parameter;
using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const Query kCoderOfAccount{"study.coder_of_account",
                            "select id from coder where workspace_id = ? and study_id = ? and account_id = ?"};
const Query kCoderByName{"study.coder_by_name",
                         "select id, account_id from coder where workspace_id = ? and study_id = ? and name_key = ?"};
const Query kAddDeskCoder{"study.add_desk_coder",
                          "insert into coder (workspace_id, id, study_id, guid, name, name_key, kind, account_id) "
                          "values (?, ?, ?, ?, ?, ?, 'human', ?)"};
const Query kCodable{"study.code_codable",
                     "select codable from code where workspace_id = ? and study_id = ? and id = ?"};
const Query kSameCoding{"study.same_coding",
                        "select id from coding where workspace_id = ? and study_id = ? and source_id = ? and "
                        "start_byte = ? and end_byte = ? and code_id = ? and coder_id = ?"};
const Query kPutCoding{
    "study.put_coding",
    "insert into coding (workspace_id, id, study_id, source_id, code_id, coder_id, start_byte, end_byte, created_at, "
    "guid, selection_guid) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing"};
const Query kOneCoding{"study.one_coding",
                       "select code_id, coder_id, start_byte, end_byte from coding where workspace_id = ? and "
                       "study_id = ? and source_id = ? and id = ?"};
const Query kTakeOff{"study.take_coding_off", "delete from coding where workspace_id = ? and id = ?"};
const Query kMemosToSource{"study.memos_to_source",
                           "update memo set subject = 'source', subject_id = ? where workspace_id = ? and study_id = ? "
                           "and subject = 'coding' and subject_id = ?"};
const Query kTakenOff{"study.coding_taken_off",
                      "select code_id, coder_id, start_byte, end_byte from desk_change where workspace_id = ? and "
                      "study_id = ? and record_id = ? and source_id = ? and what = 'remove' order by number desc limit "
                      "1"};
const Query kAddDeskMemo{
    "study.add_desk_memo",
    "insert into memo (workspace_id, id, study_id, guid, subject, subject_id, coder_id, title, text, created_at) "
    "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
const Query kOneMemo{"study.one_memo",
                     "select subject, subject_id, coder_id, text from memo where workspace_id = ? and study_id = ? and "
                     "id = ?"};
const Query kChangeMemo{"study.change_memo",
                        "update memo set title = ?, text = ? where workspace_id = ? and study_id = ? and id = ?"};
const Query kDropMemo{"study.drop_memo", "delete from memo where workspace_id = ? and study_id = ? and id = ?"};
const Query kNumber{"study.number", "select revision from study where workspace_id = ? and id = ?"};
const Query kNextPosition{"study.next_desk_change",
                          "select count(*) from desk_change where workspace_id = ? and study_id = ? and number = ?"};
const Query kEnterChange{
    "study.enter_desk_change",
    "insert into desk_change (workspace_id, study_id, number, position, source_id, what, record_id, code_id, coder_id, "
    "start_byte, end_byte, changed_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
const Query kChangesAfter{
    "study.desk_changes_after",
    "select number, what, record_id, code_id, coder_id, start_byte, end_byte, position from desk_change where "
    "workspace_id = ? and study_id = ? and number > ? and (source_id = ? or source_id is null) order by number, "
    "position"};

const Query kNewestChange{"study.newest_desk_change",
                          "select max(number) from desk_change where workspace_id = ? and study_id = ? and (source_id "
                          "= ? or source_id is null)"};

Problem no_coding(Id coding) { return Problem(problems::kNotFound, {{"what", "coding"}, {"name", coding.text()}}); }

}  // namespace

std::optional<Id> find_coder_of(Transaction& transaction, Id study, Id account) {
  const auto first = [](const Row& row) { return row.id(0); };
  if (account) return transaction.one(kCoderOfAccount, {transaction.workspace(), study, account}, first);
  return transaction.one(
      kCoderByName, {transaction.workspace(), study, Parameter::blob(transaction.blind_index("coder.name", "desk"))},
      first);
}

Id coder_of(Transaction& transaction, Id study, Id account, std::string_view name) {
  if (const auto known = find_coder_of(transaction, study, account)) return *known;
  std::string called(account ? name : "desk");
  const auto taken = [&](const std::string& key) {
    return transaction
        .one(kCoderByName, {transaction.workspace(), study, Parameter::blob(key)},
             [](const Row& row) { return row.id(0); })
        .has_value();
  };
  std::string key = transaction.blind_index("coder.name", called);
  for (int next = 2; taken(key); ++next) {
    called = std::string(name) + " (" + std::to_string(next) + ")";
    key = transaction.blind_index("coder.name", called);
  }
  const Id id = Id::make();
  transaction.run(kAddDeskCoder, {transaction.workspace(), id, study, make_guid(),
                                  Parameter::blob(transaction.seal(study, "coder", "name", id, called)),
                                  Parameter::blob(key), account});
  return id;
}

std::int64_t number_of(Transaction& transaction, Id study) {
  return transaction.one(kNumber, {transaction.workspace(), study}, [](const Row& row) { return row.integer(0); })
      .value_or(0);
}

std::int64_t enter_change(Transaction& transaction, Id study, Id source, const Change& change) {
  // Whoever changes a study waits here for whoever changes it now, so that numbers are seen in their order.
  touch(transaction, study);
  const std::int64_t number = number_of(transaction, study);
  const std::int64_t position =
      transaction
          .one(kNextPosition, {transaction.workspace(), study, number}, [](const Row& row) { return row.integer(0); })
          .value_or(0);
  transaction.run(kEnterChange, {transaction.workspace(), study, number, position, source, change.what, change.record,
                                 change.code, change.coder, change.span.start, change.span.end, now()});
  return number;
}

Result<Put> put_coding(Transaction& transaction, Id study, const Coding& wanted, std::int64_t length) {
  const std::int64_t workspace = transaction.workspace();
  const auto codable =
      transaction.one(kCodable, {workspace, study, wanted.code}, [](const Row& row) { return row.integer(0) != 0; });
  if (!codable) return fail(problems::kNotFound, {{"what", "code"}, {"name", wanted.code.text()}});
  if (!*codable)
    return fail(problems::kInvalidValue, {{"where", "code"},
                                          {"value", wanted.code.text()},
                                          {"what", "code to put on words"},
                                          {"hint", "It only holds other codes; choose one of those."}});
  const Span& span = wanted.span;
  if (span.start < 0 || span.start >= span.end || span.end > length)
    return fail(problems::kInvalidValue, {{"where", "start, end"},
                                          {"value", std::to_string(span.start) + "–" + std::to_string(span.end)},
                                          {"what", "stretch of the text"},
                                          {"hint", "It must begin before it ends, inside the text."}});
  Put put{wanted, true, 0};
  const auto same = [&] {
    return transaction.one(kSameCoding,
                           {workspace, study, wanted.source, span.start, span.end, wanted.code, wanted.coder},
                           [](const Row& row) { return row.id(0); });
  };
  if (!put.coding.id) put.coding.id = Id::make();
  if (const auto there = same()) {
    put.coding.id = *there;
    put.is_new = false;
    put.number = number_of(transaction, study);
    return put;
  }
  put.number =
      enter_change(transaction, study, wanted.source, {0, "add", put.coding.id, wanted.code, wanted.coder, span});
  const auto added = transaction.run(kPutCoding, {workspace, put.coding.id, study, wanted.source, wanted.code,
                                                  wanted.coder, span.start, span.end, now(), make_guid(), make_guid()});
  // The same person put it there in another window at this very moment.
  if (added == 0)
    if (const auto there = same()) {
      put.coding.id = *there;
      put.is_new = false;
    }
  return put;
}

Result<std::int64_t> take_coding_off(Transaction& transaction, Id study, Id source, Id coding, Id coder) {
  const std::int64_t workspace = transaction.workspace();
  const auto held = transaction.one(kOneCoding, {workspace, study, source, coding}, [&](const Row& row) {
    return Coding{coding, source, row.id(0), row.id(1), {row.integer(2), row.integer(3)}};
  });
  if (!held) return tl::unexpected(no_coding(coding));
  if (held->coder != coder) return fail(problems::kNotYours);
  transaction.run(kMemosToSource, {source, workspace, study, coding});
  transaction.run(kTakeOff, {workspace, coding});
  return enter_change(transaction, study, source, {0, "remove", coding, held->code, coder, held->span});
}

Result<Coding> taken_off(Transaction& transaction, Id study, Id source, Id coding, Id coder) {
  const auto held = transaction.one(kTakenOff, {transaction.workspace(), study, coding, source}, [&](const Row& row) {
    return Coding{coding, source, row.id(0), row.id(1), {row.integer(2), row.integer(3)}};
  });
  if (!held || held->coder != coder) return tl::unexpected(no_coding(coding));
  return *held;
}

Result<Id> add_memo(Transaction& transaction, Id study, const NewMemo& wanted) {
  const std::int64_t workspace = transaction.workspace();
  if (wanted.coding &&
      !transaction.one(kOneCoding, {workspace, study, wanted.source, wanted.coding}, [](const Row&) { return true; }))
    return tl::unexpected(no_coding(wanted.coding));
  const Id id = Id::make();
  transaction.run(kAddDeskMemo,
                  {workspace, id, study, make_guid(), wanted.coding ? "coding" : "source",
                   wanted.coding ? wanted.coding : wanted.source, wanted.coder,
                   Parameter::blob(transaction.seal(wanted.source, "memo", "title", id, wanted.title)),
                   Parameter::blob(transaction.seal(wanted.source, "memo", "text", id, wanted.text)), now()});
  enter_change(transaction, study, wanted.source, {0, "memo", id, {}, wanted.coder, {}});
  return id;
}

Result<void> change_memo(Transaction& transaction, Id study, Id source, Id memo, Id coder, std::string_view was,
                         std::string_view title, std::string_view text) {
  const std::int64_t workspace = transaction.workspace();
  struct Held {
    std::string subject;
    Id about, coder;
    std::string text;
  };
  const auto held = transaction.one(kOneMemo, {workspace, study, memo}, [](const Row& row) {
    return Held{row.string(0), row.id(1), row.id(2), std::string(row.blob(3))};
  });
  const bool here =
      held && (held->subject == "source"
                   ? held->about == source
                   : held->subject == "coding" && transaction.one(kOneCoding, {workspace, study, source, held->about},
                                                                  [](const Row&) { return true; }));
  if (!here) return fail(problems::kNotFound, {{"what", "memo"}, {"name", memo.text()}});
  if (held->coder != coder) return fail(problems::kNotYours);
  if (transaction.open("memo", "text", memo, held->text) != was)
    return fail(problems::kChangedMeanwhile, {{"what", "memo"}});
  if (text.empty())
    transaction.run(kDropMemo, {workspace, study, memo});
  else
    transaction.run(kChangeMemo,
                    {Parameter::blob(transaction.seal(source, "memo", "title", memo, title)),
                     Parameter::blob(transaction.seal(source, "memo", "text", memo, text)), workspace, study, memo});
  enter_change(transaction, study, source, {0, "memo", memo, {}, coder, {}});
  return {};
}

std::vector<Change> changes_after(Transaction& transaction, Id study, Id source, std::int64_t number) {
  std::vector<Change> changes;
  transaction.each(kChangesAfter, {transaction.workspace(), study, number, source}, [&](const Row& row) {
    changes.push_back(
        {row.integer(0), row.string(1), row.id(2), row.id(3), row.id(4), {row.integer(5), row.integer(6)}});
  });
  return changes;
}

std::int64_t newest_change(Transaction& transaction, Id study, Id source) {
  return transaction
      .one(kNewestChange, {transaction.workspace(), study, source}, [](const Row& row) { return row.integer(0); })
      .value_or(0);
}

}  // namespace understory::study
