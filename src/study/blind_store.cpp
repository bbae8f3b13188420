#include <map>

#include "storage/reseal.h"
#include "study/blind.h"

namespace understory::study {

using storage::Parameter;
using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const Query kIsBlind{"study.is_blind",
                     "select begun_at from blind_coding where workspace_id = ? and source_id = ? and ended_at is null"};
const Query kBlindSources{"study.blind_sources",
                          "select source_id from blind_coding where workspace_id = ? and study_id = ? and ended_at is "
                          "null order by source_id"};
const Query kBeginBlind{"study.begin_blind",
                        "insert into blind_coding (workspace_id, source_id, begun_at, study_id, begun_by) values (?, "
                        "?, ?, ?, ?)"};
const Query kEndBlind{"study.end_blind",
                      "update blind_coding set ended_at = ?, ended_by = ? where workspace_id = ? and source_id = ? and "
                      "ended_at is null"};
const Query kOwnCodings{"study.own_codings_by_source",
                        "select source_id, count(*) from coding where workspace_id = ? and study_id = ? and coder_id = "
                        "? group by source_id order by source_id"};
const Query kSettledCoding{"study.coding_to_settle",
                           "select code_id, coder_id, start_byte, end_byte from coding where workspace_id = ? and "
                           "study_id = ? and source_id = ? and id = ?"};
const Query kSettle{
    "study.settle",
    "insert into settlement (workspace_id, id, study_id, source_id, coding_id, code_id, coder_id, start_byte, "
    "end_byte, decision, reason, settled_by, settled_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
const Query kSettlements{
    "study.settlements",
    "select id, coding_id, code_id, coder_id, start_byte, end_byte, decision, reason, settled_by, settled_at from "
    "settlement where workspace_id = ? and study_id = ? and source_id = ? order by settled_at, id"};

const storage::SealedColumn kSealedReasons{"settlement", "reason"};

}  // namespace

bool is_blind(Transaction& transaction, Id source) {
  return transaction.each(kIsBlind, {transaction.workspace(), source}, [](const Row&) {}) > 0;
}

std::vector<Id> blind_sources(Transaction& transaction, Id study) {
  std::vector<Id> list;
  transaction.each(kBlindSources, {transaction.workspace(), study}, [&](const Row& row) { list.push_back(row.id(0)); });
  return list;
}

Blindness blindness(Transaction& transaction, Id study, std::optional<Id> own) {
  const std::vector<Id> sources = blind_sources(transaction, study);
  return {{sources.begin(), sources.end()}, own};
}

void hide_others(Transaction& transaction, Id study, std::vector<SourceLine>& lines, const Blindness& blindness) {
  if (blindness.sources.empty()) return;
  std::map<Id, int> own;
  if (blindness.own)
    transaction.each(kOwnCodings, {transaction.workspace(), study, *blindness.own},
                     [&](const Row& row) { own[row.id(0)] = static_cast<int>(row.integer(1)); });
  for (SourceLine& line : lines) {
    if (!blindness.sources.contains(line.id)) continue;
    const auto found = own.find(line.id);
    line.codings = found == own.end() ? 0 : found->second;
    line.coders = line.codings > 0;
  }
}

void set_blind(Transaction& transaction, Id study, Id source, bool blind, Id account) {
  enter_change(transaction, study, source, {0, "blind", source, {}, {}, {}});
  if (is_blind(transaction, source) == blind) return;
  if (blind)
    transaction.run(kBeginBlind, {transaction.workspace(), source, now(), study, account});
  else
    transaction.run(kEndBlind, {now(), account, transaction.workspace(), source});
}

Result<Settlement> settle(Transaction& transaction, Id study, Id source, Id coding, bool stands,
                          std::string_view reason, Id account) {
  const std::int64_t workspace = transaction.workspace();
  reason = trim(reason);
  if (reason.size() < 3 || reason.size() > 2000)
    return fail(problems::kInvalidValue, {{"where", "reason"},
                                          {"value", std::string(shortened(reason, 40))},
                                          {"what", "reason"},
                                          {"hint", "Say in a sentence why it is decided so."}});
  if (is_blind(transaction, source)) return fail(problems::kBlind);
  Settlement made{Id::make(), coding, {}, {}, {}, stands, std::string(reason), account, now()};
  const auto found = transaction.one(kSettledCoding, {workspace, study, source, coding}, [&](const Row& row) {
    made.code = row.id(0);
    made.coder = row.id(1);
    made.span = {row.integer(2), row.integer(3)};
    return true;
  });
  if (!found) return fail(problems::kNotFound, {{"what", "coding"}, {"name", coding.text()}});
  transaction.run(
      kSettle, {workspace, made.id, study, source, coding, made.code, made.coder, made.span.start, made.span.end,
                stands ? "stands" : "falls",
                Parameter::blob(transaction.seal(source, "settlement", "reason", made.id, reason)), account, made.at});
  // Whoever decides is not the coder: taken off on the coder's behalf, and the record says by whom.
  if (!stands) TRY(take_coding_off(transaction, study, source, coding, made.coder));
  return made;
}

std::vector<Settlement> settlements(Transaction& transaction, Id study, Id source) {
  std::vector<Settlement> list;
  transaction.each(kSettlements, {transaction.workspace(), study, source}, [&](const Row& row) {
    Settlement each;
    each.id = row.id(0);
    each.coding = row.id(1);
    each.code = row.id(2);
    each.coder = row.id(3);
    each.span = {row.integer(4), row.integer(5)};
    each.stands = row.text(6) == "stands";
    each.reason = transaction.open("settlement", "reason", each.id, row.blob(7));
    each.account = row.id(8);
    each.at = row.integer(9);
    list.push_back(std::move(each));
  });
  return list;
}

}  // namespace understory::study
