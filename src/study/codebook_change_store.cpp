#include "study/codebook_change.h"

#include <algorithm>

#include "foundation/clock.h"
#include "foundation/text.h"
#include "study/codebook.h"
#include "study/coding.h"
#include "study/vocabulary.h"

namespace understory::study {

using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const Query kAnyCodebook{"study.any_codebook",
                         "select id from codebook where workspace_id = ? and study_id = ? order by id limit 1"};
const Query kNewCodebook{"study.new_codebook",
                         "insert into codebook (workspace_id, id, study_id, guid, name) values (?, ?, ?, ?, ?)"};
const Query kNewCode{
    "study.new_code",
    "insert into code (workspace_id, id, study_id, codebook_id, parent_id, guid, name, kind, meaning, colour, "
    "codable, definition, include, exclude, position) values (?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?, ?, ?)"};
const Query kSetCode{
    "study.set_code",
    "update code set name = ?, colour = ?, codable = ?, definition = ?, include = ?, exclude = ? where "
    "workspace_id = ? and study_id = ? and id = ?"};
const Query kSetKindOf{"study.set_kind_of_code",
                       "update code set kind = ?, meaning = '' where workspace_id = ? and study_id = ? and id = ? and "
                       "kind <> ?"};
const Query kPlaceCode{"study.place_code",
                       "update code set parent_id = ?, codebook_id = ?, position = ? where workspace_id = ? and "
                       "study_id = ? and id = ?"};
const Query kSetCodebook{"study.set_codebook_of_code",
                         "update code set codebook_id = ? where workspace_id = ? and study_id = ? and id = ?"};
const Query kLastPosition{"study.last_position_of_children",
                          "select coalesce(max(position), -1) from code where workspace_id = ? and study_id = ? and "
                          "coalesce(parent_id, 0) = ?"};
const Query kDropCodeName{"study.drop_code_name",
                          "delete from code_name where workspace_id = ? and code_id = ? and language = ?"};
const Query kDropCodeNames{"study.drop_code_names", "delete from code_name where workspace_id = ? and code_id = ?"};
const Query kNewCodeName{
    "study.new_code_name",
    "insert into code_name (workspace_id, code_id, language, name, checked) values (?, ?, ?, ?, 0)"};
const Query kChangedSince{"study.code_changed_since",
                          "select count(*) from desk_change where workspace_id = ? and study_id = ? and record_id = ? "
                          "and number > ? and what = 'code'"};
const Query kCountCodings{
    "study.count_codings_of_code",
    "select source_id, coder_id, count(*) from coding where workspace_id = ? and study_id = ? and "
    "code_id = ? group by source_id, coder_id"};
// Codings of one code whose coder put another on the very same words.
const Query kSameWords{
    "study.codings_on_same_words",
    "select one.id, one.source_id, one.coder_id from coding one join coding other on other.workspace_id = "
    "one.workspace_id and "
    "other.study_id = one.study_id and other.source_id = one.source_id and other.start_byte = one.start_byte and "
    "other.end_byte = one.end_byte and other.coder_id = one.coder_id where one.workspace_id = ? and one.study_id = ? "
    "and one.code_id = ? and other.code_id = ?"};
const Query kDropCoding{"study.drop_coding", "delete from coding where workspace_id = ? and id = ?"};
const Query kMemosOfCoding{"study.memos_of_coding_to_source",
                           "update memo set subject = 'source', subject_id = ? where workspace_id = ? and study_id = ? "
                           "and subject = 'coding' and subject_id = ?"};
const Query kRememberCodings{
    "study.remember_recoded",
    "insert into desk_change (workspace_id, study_id, number, position, source_id, what, record_id, code_id, coder_id, "
    "start_byte, end_byte, changed_at) select workspace_id, study_id, cast(? as bigint), row_number() over (order by "
    "id), source_id, 'recode', id, code_id, coder_id, start_byte, end_byte, cast(? as bigint) from coding where "
    "workspace_id = ? and study_id = ? and code_id = ?"};
const Query kRecodeAll{"study.recode_all",
                       "update coding set code_id = ? where workspace_id = ? and study_id = ? and code_id = ?"};
const Query kRecodeOne{
    "study.recode_one",
    "update coding set code_id = ? where workspace_id = ? and study_id = ? and code_id = ? and id = ? and not exists "
    "(select 1 from coding other where other.workspace_id = coding.workspace_id and other.study_id = coding.study_id "
    "and other.source_id = coding.source_id and other.start_byte = coding.start_byte and other.end_byte = "
    "coding.end_byte and other.coder_id = coding.coder_id and other.code_id = ?)"};
const Query kRecodedOne{
    "study.recoded_one",
    "select source_id, coder_id, start_byte, end_byte from coding where workspace_id = ? and id = ?"};
const Query kCountLinks{
    "study.count_links_of_code",
    "select count(*), coalesce(sum(case when from_code_id = ? or to_code_id = ? then 1 else 0 end), "
    "0) from link where workspace_id = ? and study_id = ? and (from_code_id = ? or to_code_id = ?)"};
const Query kDropCircles{"study.drop_links_between",
                         "delete from link where workspace_id = ? and study_id = ? and ((from_code_id = ? and "
                         "to_code_id = ?) or (from_code_id = ? and to_code_id = ?))"};
const Query kLinksFrom{"study.links_from_code",
                       "update link set from_code_id = ? where workspace_id = ? and study_id = ? and from_code_id = ?"};
const Query kLinksTo{"study.links_to_code",
                     "update link set to_code_id = ? where workspace_id = ? and study_id = ? and to_code_id = ?"};
const Query kMemosOfCode{"study.memos_of_code",
                         "update memo set subject_id = ? where workspace_id = ? and study_id = ? and subject = 'code' "
                         "and subject_id = ?"};
const Query kDropMember{"study.drop_code_from_sets",
                        "delete from item_set_member where workspace_id = ? and member = 'code' and member_id = ?"};
const Query kDropCode{"study.drop_code", "delete from code where workspace_id = ? and study_id = ? and id = ?"};
const Query kPassagesOf{"study.passages_of_code",
                        "select id, source_id, coder_id, start_byte, end_byte from coding where workspace_id = ? and "
                        "study_id = ? and code_id = ? order by source_id, start_byte, id"};

constexpr std::size_t kLongestName = 200, kLongestText = 8000;  // bytes

tl::unexpected<Problem> no_code(Id code) {
  return fail(problems::kNotFound, {{"what", "code"}, {"name", code.text()}});
}

tl::unexpected<Problem> invalid(std::string where, std::string_view value, std::string what, std::string hint) {
  return fail(problems::kInvalidValue, {{"where", std::move(where)},
                                        {"value", std::string(shortened(value, 60))},
                                        {"what", std::move(what)},
                                        {"hint", std::move(hint)}});
}

bool within(const Codebook& book, Id code, Id branch) {
  for (const Code* at = book.find(code); at; at = book.find(at->parent))
    if (at->id == branch) return true;
  return false;
}

Result<std::string> free_name(const Codebook& book, Id parent, Id own, std::string_view wanted) {
  const std::string name(trim(wanted));
  if (name.empty())
    return fail(problems::kMissingValue, {{"where", "code"}, {"what", "name"}, {"hint", "Give the code a name."}});
  if (name.size() > kLongestName) return invalid("name", name, "name of a code", "Make it shorter.");
  for (const Code& each : book.codes)
    if (each.parent == parent && each.id != own && fold(each.name) == fold(name))
      return fail(problems::kAlreadyExists, {{"what", "code"}, {"name", name}});
  return name;
}

Result<void> check(const CodeFields& fields) {
  if (fields.kind && !is_one_of(kCodeKinds, *fields.kind))
    return invalid("kind", *fields.kind, "kind of code",
                   "Kinds: cause, vulnerability, means, exploitation, route, actor, strategy, trend, enforcement, "
                   "other.");
  const auto digit = [](char each) { return (each >= '0' && each <= '9') || (each >= 'a' && each <= 'f'); };
  if (const std::string colour = lower_ascii(fields.colour.value_or(""));
      !colour.empty() &&
      (colour.size() != 7 || colour[0] != '#' || !std::all_of(colour.begin() + 1, colour.end(), digit)))
    return invalid("colour", colour, "colour", "Write it as #rrggbb, or nothing.");
  for (const auto* text : {&fields.definition, &fields.include, &fields.exclude})
    if (*text && (*text)->size() > kLongestText) return invalid("code", **text, "description", "Make it shorter.");
  for (const auto& [language, name] : fields.names) {
    if (!is_one_of(kLanguages, language))
      return invalid("names", language, "language", "Use en, km, ne, hi, bn, th, vi.");
    if (name.size() > kLongestName) return invalid("names", name, "name of a code", "Make it shorter.");
  }
  return {};
}

void set_names(Transaction& transaction, Id code, const std::map<std::string, std::string>& names) {
  for (const auto& [language, name] : names) {
    transaction.run(kDropCodeName, {transaction.workspace(), code, language});
    if (const std::string_view kept = trim(name); !kept.empty())
      transaction.run(kNewCodeName, {transaction.workspace(), code, language, kept});
  }
}

Result<void> unchanged(Transaction& transaction, Id study, Id code, std::int64_t seen) {
  const auto changes = transaction.one(kChangedSince, {transaction.workspace(), study, code, seen},
                                       [](const Row& row) { return row.integer(0); });
  if (changes.value_or(0) > 0) return fail(problems::kChangedMeanwhile, {{"what", "code"}});
  return {};
}

std::int64_t tell_code(Transaction& transaction, Id study, Id code) {
  return enter_change(transaction, study, Id{}, {0, "code", code, {}, {}, {}});
}

std::int64_t next_position(Transaction& transaction, Id study, Id parent) {
  return transaction
             .one(kLastPosition, {transaction.workspace(), study, parent.value},
                  [](const Row& row) { return row.integer(0); })
             .value_or(-1) +
         1;
}

Result<std::pair<const Code*, const Code*>> both(const Codebook& book, Id from, Id into) {
  const Code *one = book.find(from), *other = book.find(into);
  if (!one) return no_code(from);
  if (!other) return no_code(into);
  if (from == into || within(book, into, from))
    return invalid("into", other->name, "code to take it in", "Choose one that is not below it.");
  return std::pair{one, other};
}

}  // namespace

Result<Id> add_code(Transaction& transaction, Id study, Id parent, const CodeFields& fields) {
  TRY(check(fields));
  const Id id = Id::make();
  tell_code(transaction, study, id);  // and wait for whoever changes the codebook now
  const Codebook book = load_codebook(transaction, study);
  const Code* above = parent ? book.find(parent) : nullptr;
  if (parent && !above) return no_code(parent);
  const std::string name = TRY(free_name(book, parent, {}, fields.name.value_or("")));
  Id codebook = above ? above->codebook : Id{};
  if (!codebook)
    codebook = transaction.one(kAnyCodebook, {transaction.workspace(), study}, [](const Row& row) { return row.id(0); })
                   .value_or(Id{});
  if (!codebook) {
    codebook = Id::make();
    transaction.run(kNewCodebook, {transaction.workspace(), codebook, study, make_guid(), "Codebook"});
  }
  const std::string kind = fields.kind.value_or(above ? above->kind : "other");
  transaction.run(
      kNewCode, {transaction.workspace(), id, study, codebook, parent, make_guid(), name, kind,
                 lower_ascii(fields.colour.value_or("")), fields.codable.value_or(true), fields.definition.value_or(""),
                 fields.include.value_or(""), fields.exclude.value_or(""), next_position(transaction, study, parent)});
  set_names(transaction, id, fields.names);
  return id;
}

Result<void> change_code(Transaction& transaction, Id study, Id code, const CodeFields& fields, std::int64_t seen) {
  TRY(check(fields));
  TRY(unchanged(transaction, study, code, seen));
  tell_code(transaction, study, code);
  const Codebook book = load_codebook(transaction, study);
  const Code* held = book.find(code);
  if (!held) return no_code(code);
  const std::string name = fields.name ? TRY(free_name(book, held->parent, code, *fields.name)) : held->name;
  transaction.run(kSetCode,
                  {name, lower_ascii(fields.colour.value_or(held->colour)), fields.codable.value_or(held->codable),
                   fields.definition.value_or(held->definition), fields.include.value_or(held->include),
                   fields.exclude.value_or(held->exclude), transaction.workspace(), study, code});
  if (fields.kind)
    for (const Code& each : book.codes)
      if (within(book, each.id, code))
        transaction.run(kSetKindOf, {*fields.kind, transaction.workspace(), study, each.id, *fields.kind});
  set_names(transaction, code, fields.names);
  return {};
}

Result<void> move_code(Transaction& transaction, Id study, Id code, Id parent, std::int64_t seen) {
  TRY(unchanged(transaction, study, code, seen));
  tell_code(transaction, study, code);
  const Codebook book = load_codebook(transaction, study);
  const Code *held = book.find(code), *above = parent ? book.find(parent) : nullptr;
  if (!held) return no_code(code);
  if (parent && !above) return no_code(parent);
  if (parent && within(book, parent, code))
    return invalid("parent", above->name, "code to stand under", "Choose one that is not below it.");
  TRY(free_name(book, parent, code, held->name));
  const Id codebook = above ? above->codebook : held->codebook;
  transaction.run(kPlaceCode,
                  {parent, codebook, next_position(transaction, study, parent), transaction.workspace(), study, code});
  for (const Code& each : book.codes)
    if (each.codebook != codebook && within(book, each.id, code))
      transaction.run(kSetCodebook, {codebook, transaction.workspace(), study, each.id});
  return {};
}

Result<Merge> look_at_merge(Transaction& transaction, Id study, Id from, Id into, const Blindness& blindness) {
  const std::int64_t workspace = transaction.workspace();
  const Codebook book = load_codebook(transaction, study);
  TRY(both(book, from, into));
  Merge merge;
  transaction.each(kSameWords, {workspace, study, from, into},
                   [&](const Row& row) { merge.same += !blindness.hides(row.id(1), row.id(2)); });
  transaction.each(kCountCodings, {workspace, study, from}, [&](const Row& row) {
    if (!blindness.hides(row.id(0), row.id(1))) merge.codings += row.integer(2);
  });
  merge.codings -= merge.same;
  merge.children =
      std::count_if(book.codes.begin(), book.codes.end(), [&](const Code& each) { return each.parent == from; });
  transaction.each(kCountLinks, {into, into, workspace, study, from, from}, [&](const Row& row) {
    merge.circles = row.integer(1);
    merge.links = row.integer(0) - merge.circles;
  });
  return merge;
}

Result<Merge> merge_codes(Transaction& transaction, Id study, Id from, Id into, std::int64_t seen) {
  const std::int64_t workspace = transaction.workspace();
  TRY(unchanged(transaction, study, from, seen));
  TRY(unchanged(transaction, study, into, seen));
  const std::int64_t number = tell_code(transaction, study, from);
  const Codebook book = load_codebook(transaction, study);
  const auto [one, other] = TRY(both(book, from, into));
  const Merge merge = TRY(look_at_merge(transaction, study, from, into));
  for (const Code& each : book.codes)
    if (each.parent == from)
      if (const auto name = free_name(book, into, each.id, each.name); !name)
        return tl::unexpected<Problem>(name.error());
  transaction.run(kRememberCodings, {number, now(), workspace, study, from});
  std::vector<std::pair<Id, Id>> same;
  transaction.each(kSameWords, {workspace, study, from, into},
                   [&](const Row& row) { same.emplace_back(row.id(0), row.id(1)); });
  for (const auto& [coding, source] : same) {
    transaction.run(kMemosOfCoding, {source, workspace, study, coding});
    transaction.run(kDropCoding, {workspace, coding});
  }
  transaction.run(kRecodeAll, {into, workspace, study, from});
  transaction.run(kDropCircles, {workspace, study, from, into, into, from});
  transaction.run(kLinksFrom, {into, workspace, study, from});
  transaction.run(kLinksTo, {into, workspace, study, from});
  transaction.run(kMemosOfCode, {into, workspace, study, from});
  transaction.run(kDropMember, {workspace, from});
  std::int64_t position = next_position(transaction, study, into);
  for (const Code& each : book.codes)
    if (each.parent == from)
      transaction.run(kPlaceCode, {into, other->codebook, position++, workspace, study, each.id});
  // What was said of it is not lost.
  std::string definition = other->definition;
  if (!one->definition.empty() && one->definition != other->definition)
    definition += (definition.empty() ? "" : "\n") + one->name + ": " + one->definition;
  transaction.run(kSetCode, {other->name, other->colour, other->codable || one->codable, definition, other->include,
                             other->exclude, workspace, study, into});
  transaction.run(kDropCodeNames, {workspace, from});
  transaction.run(kDropCode, {workspace, study, from});
  tell_code(transaction, study, into);
  return merge;
}

std::vector<CodedPassage> passages_of_code(Transaction& transaction, Id study, Id code) {
  std::vector<CodedPassage> list;
  transaction.each(kPassagesOf, {transaction.workspace(), study, code}, [&](const Row& row) {
    list.push_back({row.id(0), row.id(1), row.id(2), row.integer(3), row.integer(4)});
  });
  return list;
}

Result<std::int64_t> recode(Transaction& transaction, Id study, Id from, Id into, const std::vector<Id>& codings,
                            std::int64_t seen) {
  const std::int64_t workspace = transaction.workspace();
  TRY(unchanged(transaction, study, from, seen));
  tell_code(transaction, study, from);
  const Codebook book = load_codebook(transaction, study);
  if (!book.find(from)) return no_code(from);
  const Code* other = book.find(into);
  if (!other) return no_code(into);
  if (from == into || !other->codable)
    return invalid("into", other->name, "code to put on words", "Choose another one.");
  std::int64_t moved = 0;
  for (const Id coding : codings) {
    if (transaction.run(kRecodeOne, {into, workspace, study, from, coding, into}) == 0) continue;
    ++moved;
    transaction.each(kRecodedOne, {workspace, coding}, [&](const Row& row) {
      enter_change(transaction, study, row.id(0),
                   {0, "recode", coding, from, row.id(1), {row.integer(2), row.integer(3)}});
    });
  }
  return moved;
}

}  // namespace understory::study
