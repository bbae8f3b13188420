#include "study/link.h"

#include "foundation/clock.h"
#include "study/vocabulary.h"

namespace understory::study {

using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const Query kLinkCodable{"study.link_codable",
                         "select codable from code where workspace_id = ? and study_id = ? and id = ?"};
const Query kSameLink{"study.same_link",
                      "select id from link where workspace_id = ? and study_id = ? and source_id = ? and coder_id = ? "
                      "and from_code_id = ? and to_code_id = ? and sign = ? and from_start_byte = ? and from_end_byte "
                      "= ? and to_start_byte = ? and to_end_byte = ?"};
const Query kPutLink{
    "study.put_link",
    "insert into link (workspace_id, id, study_id, guid, source_id, coder_id, start_byte, end_byte, from_code_id, "
    "to_code_id, sign, certainty, created_at, from_start_byte, from_end_byte, to_start_byte, to_end_byte) values (?, "
    "?, "
    "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
const Query kOneLink{"study.one_link",
                     "select coder_id, start_byte, end_byte from link where workspace_id = ? and study_id = ? and "
                     "source_id = ? and id = ?"};
const Query kTakeLinkOff{"study.take_link_off", "delete from link where workspace_id = ? and id = ?"};
const Query kLinkMemosToSource{"study.link_memos_to_source",
                               "update memo set subject = 'source', subject_id = ? where workspace_id = ? and study_id "
                               "= ? and subject = 'link' and subject_id = ?"};

tl::unexpected<Problem> refuse(std::string where, std::string value, std::string what, std::string hint) {
  return fail(
      problems::kInvalidValue,
      {{"where", std::move(where)}, {"value", std::move(value)}, {"what", std::move(what)}, {"hint", std::move(hint)}});
}

Result<void> check_code(Transaction& transaction, Id study, const char* where, Id code) {
  const auto codable = transaction.one(kLinkCodable, {transaction.workspace(), study, code},
                                       [](const Row& row) { return row.integer(0) != 0; });
  if (!codable) return fail(problems::kNotFound, {{"what", "code"}, {"name", code.text()}});
  if (!*codable)
    return refuse(where, code.text(), "code to put on words", "It only holds other codes; choose one of those.");
  return {};
}

}  // namespace

Result<PutLink> put_link(Transaction& transaction, Id study, const NewLink& wanted, std::int64_t length) {
  const std::int64_t workspace = transaction.workspace();
  TRY(check_code(transaction, study, "from", wanted.from));
  TRY(check_code(transaction, study, "to", wanted.to));
  if (wanted.from == wanted.to)
    return refuse("from, to", wanted.from.text(), "link", "Choose two different codes: one leads to the other.");
  if (!is_one_of(kCertainties, wanted.certainty))
    return refuse("certainty", std::string(shortened(wanted.certainty, 40)), "certainty",
                  "Write said, likely or possible.");
  for (const Span& span : {wanted.from_span, wanted.to_span})
    if (span.start < 0 || span.start >= span.end || span.end > length)
      return refuse("start, end", std::to_string(span.start) + "–" + std::to_string(span.end), "stretch of the text",
                    "It must begin before it ends, inside the text.");
  const int sign = wanted.sign < 0 ? -1 : 1;
  const Span &from = wanted.from_span, &to = wanted.to_span;
  const Span whole{std::min(from.start, to.start), std::max(from.end, to.end)};
  const Id id = Id::make();
  // Whoever puts the same one on in another window at this moment waits here.
  enter_change(transaction, study, wanted.source, {0, "link", id, {}, wanted.coder, whole});
  if (const auto there = transaction.one(kSameLink,
                                         {workspace, study, wanted.source, wanted.coder, wanted.from, wanted.to, sign,
                                          from.start, from.end, to.start, to.end},
                                         [](const Row& row) { return row.id(0); }))
    return PutLink{*there, false};
  transaction.run(kPutLink,
                  {workspace, id, study, make_guid(), wanted.source, wanted.coder, whole.start, whole.end, wanted.from,
                   wanted.to, sign, wanted.certainty, now(), from.start, from.end, to.start, to.end});
  return PutLink{id, true};
}

Result<void> take_link_off(Transaction& transaction, Id study, Id source, Id link, Id coder) {
  const std::int64_t workspace = transaction.workspace();
  struct Held {
    Id coder;
    Span span;
  };
  const auto held = transaction.one(kOneLink, {workspace, study, source, link}, [](const Row& row) {
    return Held{row.id(0), {row.integer(1), row.integer(2)}};
  });
  if (!held) return fail(problems::kNotFound, {{"what", "link"}, {"name", link.text()}});
  if (!coder || held->coder != coder) return fail(problems::kNotYours);
  transaction.run(kLinkMemosToSource, {source, workspace, study, link});
  transaction.run(kTakeLinkOff, {workspace, link});
  enter_change(transaction, study, source, {0, "link", link, {}, coder, held->span});
  return {};
}

}  // namespace understory::study
