// The codebook: trees of codes. A code's path names it: "Causes/Poverty/Debt".
#pragma once
#include <map>
#include <string>
#include <vector>

#include "storage/workspace.h"

namespace understory::study {

struct Code {
  Id id, parent, codebook;
  std::string guid;
  std::string name;
  std::string kind;     // kCodeKinds
  std::string meaning;  // kCodeMeanings or empty
  std::string colour;
  bool codable = true;
  std::string definition, include, exclude;
  std::map<std::string, std::string> names;  // language → name
  std::string path;                          // from the root, parts joined by "/", a "/" inside a name written "\/"
  int depth = 0;
};

// All codes of a study, parents before children, siblings in their order.
struct Codebook {
  std::vector<Code> codes;
  const Code* find(Id id) const;
  const Code* find_path(std::string_view path) const;
  // The name in a language, falling back to the code's own name.
  static const std::string& name_in(const Code& code, const std::string& language);
  std::string path_in(const Code& code, const std::string& language) const;
  int index_of(Id id) const;  // -1: not here
  std::unordered_map<std::int64_t, int> by_id;
};

Codebook load_codebook(storage::Transaction& transaction, Id study);
Result<void> set_code_kind(storage::Transaction& transaction, Id study, std::string_view path, std::string_view kind,
                           std::string_view meaning);

}  // namespace understory::study
