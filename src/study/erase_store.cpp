#include "study/erase.h"

#include "foundation/clock.h"
#include "foundation/text.h"
#include "people/glass.h"
#include "storage/blobs.h"
#include "study/from_submissions.h"
#include "study/made_of_submission.h"
#include "study/study.h"

namespace understory::study {

using storage::Parameter;
using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const Query kKin{"study.sources_and_kin",
                 "select id, replaces_id, translation_of from source where workspace_id = ? and study_id = ?"};
const Query kMarks{
    "study.marks_of_source",
    "select guid, text_key, byte_length, kind, original_id, name_key from source where workspace_id = ? and id = ?"};
const Query kNameKey{"study.name_key_of_respondent",
                     "select name_key from respondent where workspace_id = ? and id = ?"};
const Query kIsMade{"study.is_made_of_submission",
                    "select 1 from made_of_submission where workspace_id = ? and kind = 'source' and made_id = ? limit "
                    "1"};
const Query kAddErasure{"study.add_erasure",
                        "insert into erasure (workspace_id, study_id, mark, erased_at) values (?, ?, ?, ?) "
                        "on conflict do nothing"};
const Query kMemosOf{
    "study.memos_of_source",
    "select id from memo where workspace_id = ? and study_id = ? and ((subject = 'source' and subject_id = ?) or "
    "(subject = 'coding' and subject_id in (select id from coding where workspace_id = ? and source_id = ?)) or "
    "(subject = 'link' and subject_id in (select id from link where workspace_id = ? and source_id = ?)))"};
const Query kMemosAbout{
    "study.memos_about",
    "select id from memo where workspace_id = ? and study_id = ? and subject = ? and subject_id = ?"};
const Query kEraseMemo{"study.erase_memo", "delete from memo where workspace_id = ? and id = ?"};
const Query kEraseMember{"study.erase_set_member",
                         "delete from item_set_member where workspace_id = ? and member = ? and member_id = ?"};
const Query kEraseCodings{"study.erase_codings", "delete from coding where workspace_id = ? and source_id = ?"};
const Query kEraseSuggestions{"study.erase_suggestions",
                              "delete from suggestion where workspace_id = ? and source_id = ?"};
const Query kEraseChanges{"study.erase_desk_changes",
                          "delete from desk_change where workspace_id = ? and source_id = ?"};
const Query kEraseBlind{"study.erase_blind_coding",
                        "delete from blind_coding where workspace_id = ? and source_id = ?"};
const Query kEraseSettlements{"study.erase_settlements",
                              "delete from settlement where workspace_id = ? and source_id = ?"};
const Query kEraseLinks{"study.erase_links", "delete from link where workspace_id = ? and source_id = ?"};
const Query kEraseMasks{"study.erase_masks", "delete from mask where workspace_id = ? and source_id = ?"};
const Query kEraseTurns{"study.erase_turns", "delete from turn where workspace_id = ? and source_id = ?"};
const Query kEraseSpeakers{"study.erase_speakers",
                           "delete from source_respondent where workspace_id = ? and source_id = ?"};
const Query kEraseSource{"study.erase_source", "delete from source where workspace_id = ? and id = ?"};
const Query kImportsOf{"study.imports_of_source",
                       "select import.id, import.original_id from import_source join import on import.workspace_id = "
                       "import_source.workspace_id and import.id = import_source.import_id where "
                       "import_source.workspace_id = ? and import_source.source_id = ?"};
const Query kForgetImported{"study.forget_imported_source",
                            "delete from import_source where workspace_id = ? and source_id = ?"};
const Query kForgetFile{
    "study.forget_file_of_import",
    "update import set original_id = null, file_name = ?, report = ? where workspace_id = ? and id = "
    "?"};
const Query kForeignXml{"study.foreign_xml",
                        "select id, xml, original_id from foreign_element where workspace_id = ? and study_id = ?"};
const Query kEraseForeign{"study.erase_foreign_element",
                          "delete from foreign_element where workspace_id = ? and id = ?"};
const Query kToldBy{
    "study.told_by",
    "select source_id from source_respondent where workspace_id = ? and study_id = ? and respondent_id = "
    "? order by source_id"};
const Query kHowMany{"study.how_many_told",
                     "select count(*) from source_respondent where workspace_id = ? and source_id = ?"};
const Query kRespondentThere{"study.respondent_there",
                             "select 1 from respondent where workspace_id = ? and study_id = ? and id = ?"};
const Query kForgetTurns{
    "study.forget_turns_of",
    "update turn set respondent_id = null where workspace_id = ? and study_id = ? and respondent_id "
    "= ?"};
const Query kForgetSpeaker{
    "study.forget_speaker",
    "delete from source_respondent where workspace_id = ? and study_id = ? and respondent_id = ?"};
const Query kEraseRespondent{"study.erase_respondent", "delete from respondent where workspace_id = ? and id = ?"};

constexpr std::int64_t kTellingLength = 200;  // as in merging: a text this long is nobody else's by chance

void erase_memos(Transaction& transaction, const std::vector<Id>& memos, Erased& erased) {
  for (const Id memo : memos) {
    transaction.run(kEraseMember, {transaction.workspace(), "memo", memo});
    erased.memos += transaction.run(kEraseMemo, {transaction.workspace(), memo});
  }
}

void erase_file(Transaction& transaction, Id blob, Erased& erased) {
  if (!blob) return;
  storage::erase_blob(transaction, blob);
  ++erased.files;
}

// What another program kept of a source, its recording perhaps, goes with it.
void erase_foreign(Transaction& transaction, Id study, const std::string& guid, Erased& erased) {
  struct Kept {
    Id id, original;
    std::string xml;
  };
  std::vector<Kept> all;
  transaction.each(kForeignXml, {transaction.workspace(), study}, [&](const Row& row) {
    all.push_back({row.id(0), row.id(2), std::string(row.blob(1))});
  });
  for (const Kept& each : all) {
    if (lower_ascii(transaction.open("foreign_element", "xml", each.id, each.xml)).find(lower_ascii(guid)) ==
        std::string::npos)
      continue;
    erase_file(transaction, each.original, erased);
    transaction.run(kEraseForeign, {transaction.workspace(), each.id});
    transaction.destroy_data_key(each.id);
  }
}

void erase_one(Transaction& transaction, Id study, Id source, Erased& erased) {
  const std::int64_t workspace = transaction.workspace();
  std::string guid, text_key, name_key;
  Id original;
  bool telling = false, answer = false;
  transaction.each(kMarks, {workspace, source}, [&](const Row& row) {
    guid = row.string(0), text_key = std::string(row.blob(1)), original = row.id(4);
    name_key = std::string(row.blob(5));
    answer = row.text(3) == "open_answer";
    telling = row.integer(2) >= kTellingLength && !answer;
  });
  transaction.run(kAddErasure, {workspace, study, Parameter::blob(guid), now()});
  if (telling) transaction.run(kAddErasure, {workspace, study, Parameter::blob(text_key), now()});
  // A table's answer has no GUID that its next copy, or the submission it is of, would bring: its name and words are
  // known again. One that a submission made is known by its GUID, and another person may say just the same.
  if (answer && !is_guid_of_submission(guid) &&
      transaction.each(kIsMade, {workspace, source}, [](const Row&) {}) == 0) {
    const std::string mark = name_key + text_key;
    transaction.run(kAddErasure, {workspace, study, Parameter::blob(mark), now()});
  }
  forget_made(transaction, "source", source);

  std::vector<Id> memos;
  transaction.each(kMemosOf, {workspace, study, source, workspace, source, workspace, source},
                   [&](const Row& row) { memos.push_back(row.id(0)); });
  erase_memos(transaction, memos, erased);
  erase_foreign(transaction, study, guid, erased);
  // The files it came in, with what their receipts say of it. The receipts' dates and formats stay.
  std::vector<std::pair<Id, Id>> imports;
  transaction.each(kImportsOf, {workspace, source},
                   [&](const Row& row) { imports.emplace_back(row.id(0), row.id(1)); });
  for (const auto& [import, file] : imports) {
    erase_file(transaction, file, erased);
    transaction.destroy_data_key(import);
    const std::string name = transaction.seal(import, "import", "file_name", import, "…");
    const std::string report = transaction.seal(import, "import", "report", import, "{}");
    transaction.run(kForgetFile, {Parameter::blob(name), Parameter::blob(report), workspace, import});
  }
  transaction.run(kForgetImported, {workspace, source});
  erased.codings += transaction.run(kEraseCodings, {workspace, source});
  erased.links += transaction.run(kEraseLinks, {workspace, source});
  transaction.run(kEraseSuggestions, {workspace, source});
  transaction.run(kEraseMasks, {workspace, source});
  transaction.run(kEraseChanges, {workspace, source});
  transaction.run(kEraseBlind, {workspace, source});
  transaction.run(kEraseSettlements, {workspace, source});
  transaction.run(kEraseTurns, {workspace, source});
  transaction.run(kEraseSpeakers, {workspace, source});
  transaction.run(kEraseMember, {workspace, "source", source});
  erase_file(transaction, original, erased);
  transaction.run(kEraseSource, {workspace, source});
  transaction.destroy_data_key(source);
  people::forget_glasses_of(transaction, source);
  erased.sources.push_back(source);
}

}  // namespace

std::set<Id> family_of(Transaction& transaction, Id study, Id source) {
  std::vector<std::array<Id, 3>> rows;
  transaction.each(kKin, {transaction.workspace(), study}, [&](const Row& row) {
    rows.push_back({row.id(0), row.id(1), row.id(2)});
  });
  std::set<Id> family;
  for (const auto& row : rows)
    if (row[0] == source) family.insert(source);
  for (std::size_t before = 0; before != family.size();) {
    before = family.size();
    for (const auto& [id, replaces, translates] : rows)
      for (const Id kin : {replaces, translates}) {
        if (!kin) continue;
        if (family.contains(id)) family.insert(kin);
        if (family.contains(kin)) family.insert(id);
      }
  }
  return family;
}

Result<Erased> erase_source(Transaction& transaction, Id study, Id source) {
  const std::set<Id> family = family_of(transaction, study, source);
  if (family.empty()) return fail(problems::kNotFound, {{"what", "source"}, {"name", source.text()}});
  Erased erased;
  for (const Id each : family) erase_one(transaction, study, each, erased);
  touch(transaction, study);
  return erased;
}

Result<Erased> erase_respondent(Transaction& transaction, Id study, Id respondent) {
  const std::int64_t workspace = transaction.workspace();
  bool there = false;
  transaction.each(kRespondentThere, {workspace, study, respondent}, [&](const Row&) { there = true; });
  if (!there) return fail(problems::kNotFound, {{"what", "respondent"}, {"name", respondent.text()}});
  std::vector<Id> told;
  transaction.each(kToldBy, {workspace, study, respondent}, [&](const Row& row) { told.push_back(row.id(0)); });
  Erased erased;
  const auto is_gone = [&](Id source) {
    return std::find(erased.sources.begin(), erased.sources.end(), source) != erased.sources.end();
  };
  for (const Id source : told) {
    if (is_gone(source)) continue;
    std::int64_t speakers = 0;
    transaction.each(kHowMany, {workspace, source}, [&](const Row& row) { speakers = row.integer(0); });
    if (speakers > 1) {
      erased.shared.push_back(source);
      continue;
    }
    for (const Id each : family_of(transaction, study, source))
      if (!is_gone(each)) erase_one(transaction, study, each, erased);
  }
  std::vector<Id> memos;
  transaction.each(kMemosAbout, {workspace, study, "respondent", respondent},
                   [&](const Row& row) { memos.push_back(row.id(0)); });
  erase_memos(transaction, memos, erased);
  transaction.run(kForgetTurns, {workspace, study, respondent});
  transaction.run(kForgetSpeaker, {workspace, study, respondent});
  transaction.run(kEraseMember, {workspace, "respondent", respondent});
  // The submissions that brought this person bring nobody of that pseudonym again.
  std::string name_key;
  transaction.each(kNameKey, {workspace, respondent}, [&](const Row& row) { name_key = std::string(row.blob(0)); });
  for (const std::string& submission : made_by(transaction, respondent)) {
    const std::string mark = submission + name_key;
    transaction.run(kAddErasure, {workspace, study, Parameter::blob(mark), now()});
  }
  forget_made(transaction, "respondent", respondent);
  transaction.run(kEraseRespondent, {workspace, respondent});
  transaction.destroy_data_key(respondent);
  touch(transaction, study);
  return erased;
}

}  // namespace understory::study
