// Merging codebooks.
#include "study/codebook.h"
#include "study/exchange/formats.h"
#include "study/merge_steps.h"
#include "study/vocabulary.h"

namespace understory::study {

using storage::Query;
using storage::Row;

namespace {

const Query kCodebookByName{"study.codebook_by_name",
                            "select id from codebook where workspace_id = ? and study_id = ? and name = ?"};
const Query kAddCodebook{"study.add_codebook",
                         "insert into codebook (workspace_id, id, study_id, guid, name) values (?, ?, ?, ?, ?)"};
const Query kAddCode{
    "study.add_code",
    "insert into code (workspace_id, id, study_id, codebook_id, parent_id, guid, name, kind, meaning, colour, "
    "codable, definition, include, exclude, position) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
const Query kFillCode{"study.fill_code",
                      "update code set meaning = ?, colour = ?, definition = ?, include = ?, exclude = ? "
                      "where workspace_id = ? and id = ?"};
const Query kAddCodeName{
    "study.add_code_name",
    "insert into code_name (workspace_id, code_id, language, name, checked) values (?, ?, ?, ?, 0) "
    "on conflict do nothing"};

Id ensure_codebook(Merging& merging, const std::string& name) {
  auto found = merging.transaction.one(kCodebookByName, {merging.workspace(), merging.study, name},
                                       [](const Row& row) { return row.id(0); });
  if (found) return *found;
  const Id id = Id::make();
  merging.transaction.run(kAddCodebook, {merging.workspace(), id, merging.study, make_guid(), name});
  return id;
}

void fill_code(Merging& merging, const Code& held, const MaterialCode& brought) {
  std::string filled;
  const auto pick = [&](const std::string& own, const std::string& other, std::string_view what) -> const std::string& {
    if (!own.empty() || other.empty()) return own;
    filled += (filled.empty() ? "" : ", ") + std::string(what);
    return other;
  };
  const std::string& meaning = pick(held.meaning, brought.meaning, "meaning");
  const std::string& colour = pick(held.colour, brought.colour, "colour");
  const std::string& definition = pick(held.definition, brought.definition, "definition");
  const std::string& include = pick(held.include, brought.include, "what to include");
  const std::string& exclude = pick(held.exclude, brought.exclude, "what to exclude");
  if (!filled.empty())
    merging.transaction.run(kFillCode, {meaning, colour, definition, include, exclude, merging.workspace(), held.id});
  for (const auto& [language, name] : brought.names) {
    if (name.empty() || held.names.contains(language)) continue;
    merging.transaction.run(kAddCodeName, {merging.workspace(), held.id, language, name});
    filled += (filled.empty() ? "name in " : ", name in ") + language;
  }
  if (filled.empty())
    merging.report.count("code", Outcome::kMerged);
  else
    merging.report.note("code", Outcome::kChanged, held.path, "Was there already; filled in: " + filled + ".");
}

}  // namespace

Result<void> merge_codes(Merging& merging) {
  const Material& material = merging.material;
  if (material.codes.empty()) return {};
  const Codebook held = load_codebook(merging.transaction, merging.study);
  std::unordered_map<std::string, const Code*> by_guid;
  // Codes of one path that were here before, each taken once: the second "Debt" of a file meets the second one here.
  std::unordered_map<std::string, std::vector<const Code*>> by_path;
  for (auto code = held.codes.rbegin(); code != held.codes.rend(); ++code) {
    by_guid[code->guid] = &*code;
    by_path[code->path].push_back(&*code);
  }
  std::unordered_map<std::int64_t, int> children;  // how many a parent has, for the next one's position
  for (const Code& code : held.codes) ++children[code.parent.value];

  std::vector<std::string> kinds(material.codes.size());
  Id codebook;
  for (std::size_t i = 0; i < material.codes.size(); ++i) {
    const MaterialCode& code = material.codes[i];
    if (code.parent >= static_cast<int>(i)) throw std::logic_error("a code stands before its parent");
    const std::string path = code_path(material, static_cast<int>(i));
    const Code* known = nullptr;
    if (const auto found = by_guid.find(code.guid); !code.guid.empty() && found != by_guid.end()) known = found->second;
    auto& same_path = by_path[path];
    if (!known && !same_path.empty()) known = same_path.back();
    if (known) {
      if (!code.reference) std::erase(same_path, known);
      merging.ids.codes[i] = known->id;
      kinds[i] = known->kind;
      if (!code.reference) fill_code(merging, *known, code);
      continue;
    }
    if (code.reference) {
      merging.report.note("code", Outcome::kUnusable, path,
                          "The study has no code of this path; what was coded with it is listed too.");
      continue;
    }
    std::string kind = code.kind;
    if (kind.empty()) kind = code.parent >= 0 ? kinds[code.parent] : guess_kind(code.name);
    if (!is_one_of(kCodeKinds, kind)) {
      merging.report.note("code", Outcome::kChanged, path,
                          "“" + kind + "” is no kind of code here; it became “other”.");
      kind = "other";
    }
    kinds[i] = kind;
    if (!codebook) codebook = ensure_codebook(merging, material.name.empty() ? "Codebook" : material.name);
    const Id id = Id::make();
    const Id parent = code.parent >= 0 ? merging.ids.codes[code.parent] : Id{};
    merging.transaction.run(kAddCode,
                            {merging.workspace(), id, merging.study, codebook, parent,
                             code.guid.empty() ? make_guid() : code.guid, code.name, kind, code.meaning, code.colour,
                             code.codable, code.definition, code.include, code.exclude, children[parent.value]++});
    for (const auto& [language, name] : code.names)
      if (!name.empty()) merging.transaction.run(kAddCodeName, {merging.workspace(), id, language, name});
    merging.ids.codes[i] = id;
    merging.report.count("code", Outcome::kRead);
  }
  return {};
}

}  // namespace understory::study
