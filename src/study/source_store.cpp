#include "study/source.h"

#include <set>

#include "study/coding.h"

namespace understory::study {

using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const Query kSourceLines{
    "study.source_lines",
    "select id, name, kind, language, told_on, location_id, byte_length, version, translation_of, is_read, replaces_id "
    "from source where workspace_id = ? and study_id = ?"};
const Query kCodingCounts{"study.coding_counts",
                          "select source_id, count(*), count(distinct coder_id) from coding where workspace_id = ? and "
                          "study_id = ? group by source_id"};
const Query kRespondentCounts{
    "study.respondent_counts",
    "select source_id, count(*) from source_respondent where workspace_id = ? and study_id = ? group by source_id"};
const Query kWhereIs{"study.where_source_is",
                     "select study_id, location_id from source where workspace_id = ? and id = ?"};
const Query kOneSource{"study.source_by_id",
                       "select id, name, kind, language, told_on, location_id, byte_length, version, translation_of, "
                       "is_read, guid, question, asked, text "
                       "from source where workspace_id = ? and study_id = ? and id = ?"};
const Query kOnlyText{"study.only_text_of_source",
                      "select text from source where workspace_id = ? and study_id = ? and id = ?"};
const Query kReplacedBy{"study.source_replaced_by",
                        "select max(id) from source where workspace_id = ? and study_id = ? and replaces_id = ?"};
const Query kTranslationOf{
    "study.translation_of_source",
    "select max(id) from source where workspace_id = ? and study_id = ? and translation_of = ? and id not in "
    "(select replaces_id from source where workspace_id = ? and study_id = ? and replaces_id is not null)"};
const Query kTurns{"study.turns_of_source",
                   "select start_byte, end_byte, speech_byte, respondent_id from turn where workspace_id = ? and "
                   "source_id = ? order by position"};
const Query kCodings{"study.codings_on_source",
                     "select id, code_id, coder_id, start_byte, end_byte from coding where workspace_id = ? and "
                     "study_id = ? and source_id = ? "
                     "order by start_byte, end_byte desc, code_id, coder_id"};
const Query kLinks{"study.links_on_source",
                   "select id, coder_id, from_code_id, to_code_id, start_byte, end_byte, sign, certainty, "
                   "from_start_byte, from_end_byte, to_start_byte, to_end_byte from link where workspace_id = ? and "
                   "study_id = ? and source_id = ? order by start_byte, end_byte, id"};
const Query kMasks{"study.masks_on_source",
                   "select start_byte, end_byte, kind, id, coder_id, instead from mask where workspace_id = ? and "
                   "source_id = ? order by start_byte, end_byte"};
const Query kMemos{"study.memos_of_study",
                   "select id, subject, subject_id, coder_id, title, text from memo where workspace_id = ? and "
                   "study_id = ? order by created_at, id"};
const Query kSourceRespondents{
    "study.respondents_of_source",
    "select respondent_id from source_respondent where workspace_id = ? and source_id = ? order by respondent_id"};
const Query kRespondents{
    "study.respondents",
    "select id, guid, name, kind, age_band, gender, role, language, place_code, location_id, size from respondent "
    "where workspace_id = ? and study_id = ?"};
const Query kCoders{"study.coders", "select id, guid, name, kind from coder where workspace_id = ? and study_id = ?"};

SourceLine read_line(Transaction& transaction, const Row& row) {
  SourceLine line;
  line.id = row.id(0);
  line.name = transaction.open("source", "name", line.id, row.blob(1));
  line.kind = row.string(2);
  line.language = row.string(3);
  line.told_on = row.string(4);
  line.location = row.id(5);
  line.byte_length = row.integer(6);
  line.version = static_cast<int>(row.integer(7));
  line.translation_of = row.id(8);
  line.is_read = row.integer(9) != 0;
  return line;
}

SourceMask read_mask(Transaction& transaction, const Row& row) {
  SourceMask mask{{row.integer(0), row.integer(1)}, row.string(2), "", row.id(4)};
  if (!row.is_null(5)) mask.instead = transaction.open("mask", "instead", row.id(3), row.blob(5));
  return mask;
}

int characters(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(),
                                        [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

}  // namespace

std::vector<SourceLine> list_sources(Transaction& transaction, Id study) {
  std::vector<SourceLine> lines;
  std::set<std::int64_t> replaced;
  transaction.each(kSourceLines, {transaction.workspace(), study}, [&](const Row& row) {
    lines.push_back(read_line(transaction, row));
    if (!row.is_null(10)) replaced.insert(row.integer(10));
  });
  std::erase_if(lines, [&](const SourceLine& line) { return replaced.contains(line.id.value); });
  std::unordered_map<std::int64_t, SourceLine*> by_id;
  for (SourceLine& line : lines) by_id[line.id.value] = &line;
  transaction.each(kCodingCounts, {transaction.workspace(), study}, [&](const Row& row) {
    if (const auto found = by_id.find(row.integer(0)); found != by_id.end()) {
      found->second->codings = static_cast<int>(row.integer(1));
      found->second->coders = static_cast<int>(row.integer(2));
    }
  });
  transaction.each(kRespondentCounts, {transaction.workspace(), study}, [&](const Row& row) {
    if (const auto found = by_id.find(row.integer(0)); found != by_id.end())
      found->second->respondents = static_cast<int>(row.integer(1));
  });
  std::sort(lines.begin(), lines.end(), [](const SourceLine& left, const SourceLine& right) {
    return std::tie(left.location, left.kind, left.name, left.id) <
           std::tie(right.location, right.kind, right.name, right.id);
  });
  return lines;
}

std::optional<Whereabouts> where_is(storage::Transaction& transaction, Id source) {
  return transaction.one(kWhereIs, {transaction.workspace(), source}, [](const Row& row) {
    return Whereabouts{row.id(0), row.id(1)};
  });
}

Result<Source> open_source(Transaction& transaction, Id study, Id id) {
  const std::int64_t workspace = transaction.workspace();
  Source source;
  bool found = false;
  transaction.each(kOneSource, {workspace, study, id}, [&](const Row& row) {
    found = true;
    source.line = read_line(transaction, row);
    source.guid = row.string(10);
    source.question = row.string(11);
    source.asked = row.string(12);
    source.text = transaction.open("source", "text", id, row.blob(13));
  });
  if (!found) return fail(problems::kNotFound, {{"what", "source"}, {"name", id.text()}});
  transaction.each(kReplacedBy, {workspace, study, id}, [&](const Row& row) { source.line.replaced_by = row.id(0); });
  transaction.each(kTranslationOf, {workspace, study, id, workspace, study},
                   [&](const Row& row) { source.translation = row.id(0); });
  transaction.each(kTurns, {workspace, id}, [&](const Row& row) {
    source.turns.push_back({{row.integer(0), row.integer(1)}, row.integer(2), row.id(3)});
  });
  std::set<Id> coders;
  transaction.each(kCodings, {workspace, study, id}, [&](const Row& row) {
    source.codings.push_back({row.id(0), row.id(1), row.id(2), {row.integer(3), row.integer(4)}});
    coders.insert(row.id(2));
  });
  transaction.each(kLinks, {workspace, study, id}, [&](const Row& row) {
    source.links.push_back({row.id(0),
                            row.id(1),
                            row.id(2),
                            row.id(3),
                            {row.integer(4), row.integer(5)},
                            static_cast<int>(row.integer(6)),
                            row.string(7),
                            {},
                            {}});
    if (!row.is_null(8)) {
      source.links.back().from_span = {row.integer(8), row.integer(9)};
      source.links.back().to_span = {row.integer(10), row.integer(11)};
    }
  });
  transaction.each(kMasks, {workspace, id},
                   [&](const Row& row) { source.masks.push_back(read_mask(transaction, row)); });
  std::set<Id> mine{id};
  for (const SourceCoding& coding : source.codings) mine.insert(coding.id);
  for (const SourceLink& link : source.links) mine.insert(link.id);
  transaction.each(kMemos, {workspace, study}, [&](const Row& row) {
    if (!mine.contains(row.id(2))) return;
    const Id memo = row.id(0);
    source.memos.push_back({memo, row.string(1), row.id(2), row.id(3),
                            transaction.open("memo", "title", memo, row.blob(4)),
                            transaction.open("memo", "text", memo, row.blob(5))});
  });
  transaction.each(kSourceRespondents, {workspace, id},
                   [&](const Row& row) { source.respondents.push_back(row.id(0)); });
  source.line.codings = static_cast<int>(source.codings.size());
  source.line.coders = static_cast<int>(coders.size());
  source.line.respondents = static_cast<int>(source.respondents.size());
  return source;
}

Result<SourceText> open_text(Transaction& transaction, Id study, Id id) {
  SourceText made;
  bool found = false;
  transaction.each(kOnlyText, {transaction.workspace(), study, id}, [&](const Row& row) {
    found = true;
    made.text = transaction.open("source", "text", id, row.blob(0));
  });
  if (!found) return fail(problems::kNotFound, {{"what", "source"}, {"name", id.text()}});
  transaction.each(kMasks, {transaction.workspace(), id},
                   [&](const Row& row) { made.masks.push_back(read_mask(transaction, row)); });
  return made;
}

std::int64_t MaskedText::at(std::int64_t original, Edge edge) const {
  const auto next = std::upper_bound(moved.begin(), moved.end(), original,
                                     [](std::int64_t position, const auto& mark) { return position < mark.first; });
  const auto mark = std::prev(next);
  if (original > mark->first &&
      std::binary_search(hidden.begin(), hidden.end(), static_cast<std::size_t>(mark - moved.begin())))
    return edge == Edge::kBefore ? mark->second : next->second;
  const std::int64_t here = mark->second + (original - mark->first);
  return next == moved.end() ? std::min<std::int64_t>(here, static_cast<std::int64_t>(text.size()))
                             : std::min(here, next->second);
}

MaskedText masked(std::string_view text, Span part, const std::vector<SourceMask>& masks, MaskedBy by) {
  MaskedText result;
  result.moved.emplace_back(0, -part.start);  // before the part: never asked for, but at() needs a mark
  result.moved.emplace_back(part.start, 0);
  std::vector<std::pair<Span, const SourceMask*>> hidden;
  for (const SourceMask& mask : masks) {
    const Span span{std::max(mask.span.start, part.start), std::min(mask.span.end, part.end)};
    if (span.start < span.end) hidden.emplace_back(span, &mask);
  }
  std::sort(hidden.begin(), hidden.end(), [](const auto& left, const auto& right) { return left.first < right.first; });
  std::int64_t done = part.start;
  for (const auto& [span, mask] : hidden) {
    const std::int64_t start = std::max(span.start, done);  // masks may overlap
    if (start >= span.end) continue;
    result.text += text.substr(done, start - done);
    result.hidden.push_back(result.moved.size());
    result.moved.emplace_back(start, static_cast<std::int64_t>(result.text.size()));
    // A part of a mask says nothing instead: what does stands at its beginning.
    if (by == MaskedBy::kInstead && !mask->instead.empty() && start == mask->span.start)
      result.text += "[" + mask->instead + "]";
    else
      for (int i = characters(text.substr(start, span.end - start)); i > 0; --i) result.text += "▮";
    result.moved.emplace_back(span.end, static_cast<std::int64_t>(result.text.size()));
    done = span.end;
  }
  result.text += text.substr(done, part.end - done);
  return result;
}

MaskedText masked(std::string_view text, const std::vector<SourceMask>& masks, MaskedBy by) {
  return masked(text, {0, static_cast<std::int64_t>(text.size())}, masks, by);
}

std::vector<Respondent> list_respondents(Transaction& transaction, Id study) {
  std::vector<Respondent> list;
  transaction.each(kRespondents, {transaction.workspace(), study}, [&](const Row& row) {
    Respondent respondent;
    respondent.id = row.id(0);
    respondent.guid = row.string(1);
    respondent.name = transaction.open("respondent", "name", respondent.id, row.blob(2));
    respondent.kind = row.string(3);
    respondent.age_band = row.string(4);
    respondent.gender = row.string(5);
    respondent.role = row.string(6);
    respondent.language = row.string(7);
    respondent.place_code = row.string(8);
    respondent.location = row.id(9);
    respondent.size = static_cast<int>(row.integer(10));
    list.push_back(std::move(respondent));
  });
  std::sort(list.begin(), list.end(), [](const auto& left, const auto& right) {
    return std::tie(left.name, left.guid) < std::tie(right.name, right.guid);
  });
  return list;
}

std::vector<Coder> list_coders(Transaction& transaction, Id study) {
  std::vector<Coder> list;
  transaction.each(kCoders, {transaction.workspace(), study}, [&](const Row& row) {
    list.push_back(
        {row.id(0), row.string(1), transaction.open("coder", "name", row.id(0), row.blob(2)), row.string(3)});
  });
  std::sort(list.begin(), list.end(), [](const auto& left, const auto& right) {
    return std::tie(left.name, left.guid) < std::tie(right.name, right.guid);
  });
  return list;
}

}  // namespace understory::study
