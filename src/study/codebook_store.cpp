#include "study/codebook.h"
#include "study/vocabulary.h"

namespace understory::study {

using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const Query kCodes{
    "study.codes",
    "select id, codebook_id, parent_id, guid, name, kind, meaning, colour, codable, definition, include, "
    "exclude from code where workspace_id = ? and study_id = ? order by codebook_id, position, id"};
const Query kCodeNames{"study.code_names",
                       "select code_name.code_id, code_name.language, code_name.name from code_name "
                       "join code on code.workspace_id = code_name.workspace_id and code.id = code_name.code_id "
                       "where code.workspace_id = ? and code.study_id = ?"};
const Query kSetKind{"study.set_code_kind",
                     "update code set kind = ?, meaning = ? where workspace_id = ? and study_id = ? and id = ?"};

std::string escaped(std::string_view name) {
  std::string out;
  for (char letter : name) {
    if (letter == '/') out += '\\';
    out += letter;
  }
  return out;
}

// Parents before children, siblings in their order.
void place(std::vector<Code>& ordered, std::vector<Code>& all, const std::map<std::int64_t, std::vector<int>>& children,
           std::int64_t parent, const std::string& path, int depth) {
  const auto found = children.find(parent);
  if (found == children.end()) return;
  for (int index : found->second) {
    Code& code = all[index];
    code.path = path.empty() ? escaped(code.name) : path + "/" + escaped(code.name);
    code.depth = depth;
    const std::int64_t id = code.id.value;
    const std::string own_path = code.path;
    ordered.push_back(std::move(code));
    place(ordered, all, children, id, own_path, depth + 1);
  }
}

}  // namespace

Codebook load_codebook(Transaction& transaction, Id study) {
  std::vector<Code> all;
  std::map<std::int64_t, std::vector<int>> children;
  std::unordered_map<std::int64_t, int> at;
  transaction.each(kCodes, {transaction.workspace(), study}, [&](const Row& row) {
    Code code;
    code.id = row.id(0);
    code.codebook = row.id(1);
    code.parent = row.id(2);
    code.guid = row.string(3);
    code.name = row.string(4);
    code.kind = row.string(5);
    code.meaning = row.string(6);
    code.colour = row.string(7);
    code.codable = row.integer(8) != 0;
    code.definition = row.string(9);
    code.include = row.string(10);
    code.exclude = row.string(11);
    children[code.parent.value].push_back(static_cast<int>(all.size()));
    at[code.id.value] = static_cast<int>(all.size());
    all.push_back(std::move(code));
  });
  transaction.each(kCodeNames, {transaction.workspace(), study},
                   [&](const Row& row) { all[at.at(row.integer(0))].names[row.string(1)] = row.string(2); });
  Codebook codebook;
  codebook.codes.reserve(all.size());
  place(codebook.codes, all, children, 0, "", 0);
  for (std::size_t i = 0; i < codebook.codes.size(); ++i)
    codebook.by_id[codebook.codes[i].id.value] = static_cast<int>(i);
  return codebook;
}

int Codebook::index_of(Id id) const {
  const auto found = by_id.find(id.value);
  return found == by_id.end() ? -1 : found->second;
}

const Code* Codebook::find(Id id) const {
  const int index = index_of(id);
  return index < 0 ? nullptr : &codes[index];
}

const Code* Codebook::find_path(std::string_view path) const {
  for (const Code& code : codes)
    if (code.path == path) return &code;
  return nullptr;
}

const std::string& Codebook::name_in(const Code& code, const std::string& language) {
  const auto found = code.names.find(language);
  return found == code.names.end() ? code.name : found->second;
}

std::string Codebook::path_in(const Code& code, const std::string& language) const {
  const Code* parent = code.parent ? find(code.parent) : nullptr;
  return (parent ? path_in(*parent, language) + " › " : "") + name_in(code, language);
}

Result<void> set_code_kind(Transaction& transaction, Id study, std::string_view path, std::string_view kind,
                           std::string_view meaning) {
  const std::string where = "Code “" + std::string(path) + "”";
  if (!is_one_of(kCodeKinds, kind))
    return fail(
        problems::kInvalidValue,
        {{"where", where},
         {"value", std::string(kind)},
         {"what", "kind of code"},
         {"hint",
          "Kinds: cause, vulnerability, means, exploitation, route, actor, strategy, trend, enforcement, other."}});
  if (!meaning.empty() && !is_one_of(kCodeMeanings, meaning))
    return fail(problems::kInvalidValue,
                {{"where", where},
                 {"value", std::string(meaning)},
                 {"what", "meaning of a code"},
                 {"hint", "Meanings: self_protection, intervention, awareness, up, same, down, unknown, period."}});
  const Codebook codebook = load_codebook(transaction, study);
  const Code* code = codebook.find_path(path);
  if (!code) return fail(problems::kNotFound, {{"what", "code"}, {"name", std::string(path)}});
  // The whole branch is of that kind.
  for (const Code& each : codebook.codes)
    if (each.path == code->path || each.path.rfind(code->path + "/", 0) == 0)
      transaction.run(kSetKind, {kind, meaning, transaction.workspace(), study, each.id});
  return {};
}

}  // namespace understory::study
