// Merging what stands beside the coding: memos, sets, and elements this program has no word for.
#include "storage/blobs.h"
#include "storage/reseal.h"
#include "study/merge_steps.h"

namespace understory::study {

using storage::Parameter;
using storage::Query;
using storage::Row;

namespace {

const Query kMemoKeys{
    "study.memo_keys",
    "select id, guid, subject, subject_id, title, text from memo where workspace_id = ? and study_id = ?"};
const Query kAddMemo{
    "study.add_memo",
    "insert into memo (workspace_id, id, study_id, guid, subject, subject_id, coder_id, title, text, created_at) "
    "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
const Query kSets{"study.set_names", "select id, guid, name from item_set where workspace_id = ? and study_id = ?"};
const Query kAddSet{
    "study.add_set",
    "insert into item_set (workspace_id, id, study_id, guid, name, description) values (?, ?, ?, ?, ?, ?)"};
const Query kAddSetMember{"study.add_set_member",
                          "insert into item_set_member (workspace_id, set_id, position, member, member_id) "
                          "select ?, ?, count(*), ?, ? from item_set_member where workspace_id = ? and set_id = ?"};
const Query kSetMembers{"study.members_of_set",
                        "select member, member_id from item_set_member where workspace_id = ? and set_id = ?"};
const Query kForeign{"study.foreign_elements",
                     "select id, parent, name, xml from foreign_element where workspace_id = ? and study_id = ?"};
const Query kAddForeign{
    "study.add_foreign_element",
    "insert into foreign_element (workspace_id, id, study_id, parent, name, xml, original_id, original_name) "
    "values (?, ?, ?, ?, ?, ?, ?, ?)"};

const storage::SealedColumn kSealedTitles{"memo", "title"}, kSealedTexts{"memo", "text"},
    kSealedSets{"item_set", "name"}, kSealedDescriptions{"item_set", "description"},
    kSealedElements{"foreign_element", "xml"}, kSealedPaths{"foreign_element", "original_name"};

// The row a memo is about; no id: it could not be used.
Id subject_id(const Merging& merging, const MaterialMemo& memo) {
  const auto at = [&](const std::vector<Id>& ids) {
    return memo.index >= 0 && memo.index < static_cast<int>(ids.size()) ? ids[memo.index] : Id{};
  };
  if (memo.subject == "study") return merging.study;
  if (memo.subject == "source") return at(merging.ids.sources);
  if (memo.subject == "code") return at(merging.ids.codes);
  if (memo.subject == "coding") return at(merging.ids.codings);
  if (memo.subject == "link") return at(merging.ids.links);
  if (memo.subject == "respondent") return at(merging.ids.respondents);
  return {};
}

// What a memo goes with when that is erased.
Id owner_of(const Merging& merging, const MaterialMemo& memo, std::string_view subject, Id about) {
  if (subject == "source" || subject == "respondent") return about;
  if (subject == "coding") return merging.ids.sources[merging.material.codings[memo.index].source];
  if (subject == "link") return merging.ids.sources[merging.material.links[memo.index].source];
  return merging.study;
}

Id member_id(const Merging& merging, const MaterialSet::Member& member) {
  const auto at = [&](const std::vector<Id>& ids) {
    return member.index >= 0 && member.index < static_cast<int>(ids.size()) ? ids[member.index] : Id{};
  };
  if (member.kind == "source") return at(merging.ids.sources);
  if (member.kind == "code") return at(merging.ids.codes);
  if (member.kind == "memo") return at(merging.ids.memos);
  if (member.kind == "respondent") return at(merging.ids.respondents);
  return {};
}

}  // namespace

Result<void> merge_memos(Merging& merging) {
  if (merging.material.memos.empty()) return {};
  std::unordered_map<std::string, Id> by_guid, by_content;
  const auto content_key = [](std::string_view subject, Id id, std::string_view title, std::string_view text) {
    return std::string(subject) + "\n" + id.text() + "\n" + std::string(title) + "\n" + std::string(text);
  };
  merging.transaction.each(kMemoKeys, {merging.workspace(), merging.study}, [&](const Row& row) {
    const Id id = row.id(0);
    by_guid[row.string(1)] = id;
    by_content[content_key(row.text(2), row.id(3), merging.transaction.open("memo", "title", id, row.blob(4)),
                           merging.transaction.open("memo", "text", id, row.blob(5)))] = id;
  });
  for (std::size_t i = 0; i < merging.material.memos.size(); ++i) {
    const MaterialMemo& memo = merging.material.memos[i];
    std::string subject = memo.subject;
    Id about = subject_id(merging, memo);
    if (!about) {
      // What it was about could not be used; its words are kept with the study rather than lost.
      subject = "study";
      about = merging.study;
      merging.report.note("memo", Outcome::kChanged, memo.guid,
                          "What it was about is not in the study; it is kept with the study itself.");
    }
    const auto same_guid = memo.guid.empty() ? by_guid.end() : by_guid.find(memo.guid);
    const std::string key = content_key(subject, about, memo.title, memo.text);
    const auto same_content = by_content.find(key);
    if (same_content != by_content.end() || same_guid != by_guid.end()) {
      const bool same = same_content != by_content.end();
      merging.ids.memos[i] = same ? same_content->second : same_guid->second;
      if (same)
        merging.report.count("memo", Outcome::kMerged);
      else
        merging.report.note("memo", Outcome::kChanged, memo.guid,
                            "The study holds another text of this memo and kept it.");
      continue;
    }
    const Id id = Id::make(), owner = owner_of(merging, memo, subject, about);
    const std::string guid = memo.guid.empty() ? make_guid() : memo.guid;
    merging.transaction.run(
        kAddMemo, {merging.workspace(), id, merging.study, guid, subject, about,
                   memo.coder >= 0 ? merging.ids.coders[memo.coder] : Id{},
                   Parameter::blob(merging.transaction.seal(owner, "memo", "title", id, memo.title)),
                   Parameter::blob(merging.transaction.seal(owner, "memo", "text", id, memo.text)), memo.created_at});
    by_guid[guid] = by_content[key] = merging.ids.memos[i] = id;
    if (memo.subject == subject) merging.report.count("memo", Outcome::kRead);
  }
  return {};
}

Result<void> merge_sets(Merging& merging) {
  if (merging.material.sets.empty()) return {};
  std::unordered_map<std::string, Id> by_guid, by_name;
  merging.transaction.each(kSets, {merging.workspace(), merging.study}, [&](const Row& row) {
    by_guid[row.string(1)] = by_name[merging.transaction.open("item_set", "name", row.id(0), row.blob(2))] = row.id(0);
  });
  for (const MaterialSet& set : merging.material.sets) {
    Id id;
    if (const auto found = by_guid.find(set.guid); !set.guid.empty() && found != by_guid.end())
      id = found->second;
    else if (const auto named = by_name.find(set.name); named != by_name.end())
      id = named->second;
    if (id) {
      merging.report.count("set", Outcome::kMerged);
    } else {
      id = Id::make();
      merging.transaction.run(
          kAddSet,
          {merging.workspace(), id, merging.study, set.guid.empty() ? make_guid() : set.guid,
           Parameter::blob(merging.transaction.seal(merging.study, "item_set", "name", id, set.name)),
           Parameter::blob(merging.transaction.seal(merging.study, "item_set", "description", id, set.description))});
      by_name[set.name] = id;
      merging.report.count("set", Outcome::kRead);
    }
    std::map<std::pair<std::string, std::int64_t>, bool> members;
    merging.transaction.each(kSetMembers, {merging.workspace(), id}, [&](const Row& row) {
      members[{row.string(0), row.integer(1)}] = true;
    });
    for (const MaterialSet::Member& member : set.members) {
      const Id member_row = member_id(merging, member);
      if (!member_row)
        merging.report.note("set member", Outcome::kUnusable, set.guid,
                            "A " + member.kind + " of this set is not in the study.");
      else if (!std::exchange(members[{member.kind, member_row.value}], true))
        merging.transaction.run(kAddSetMember,
                                {merging.workspace(), id, member.kind, member_row, merging.workspace(), id});
    }
  }
  return {};
}

Result<void> merge_foreign(Merging& merging) {
  if (merging.material.foreign.empty()) return {};
  std::map<std::string, bool> held;
  merging.transaction.each(kForeign, {merging.workspace(), merging.study}, [&](const Row& row) {
    held[row.string(1) + "\n" + row.string(2) + "\n" +
         merging.transaction.open("foreign_element", "xml", row.id(0), row.blob(3))] = true;
  });
  for (const MaterialForeign& element : merging.material.foreign) {
    // The reader has already told what the element is; here it is only stored, once.
    if (std::exchange(held[element.parent + "\n" + element.name + "\n" + element.xml], true)) continue;
    const Id id = Id::make();
    Id original;
    if (!element.file.empty())
      original = storage::put_blob(merging.transaction, id, "application/octet-stream", element.file);
    merging.transaction.run(
        kAddForeign,
        {merging.workspace(), id, merging.study, element.parent, element.name,
         Parameter::blob(merging.transaction.seal(id, "foreign_element", "xml", id, element.xml)), original,
         Parameter::blob(merging.transaction.seal(id, "foreign_element", "original_name", id, element.file_name))});
  }
  return {};
}

}  // namespace understory::study
