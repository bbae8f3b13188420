#include "findings/tally.h"

#include <algorithm>
#include <set>

#include "foundation/text.h"
#include "study/vocabulary.h"

namespace understory::findings {

using study::Code;
using study::Codebook;
using study::Evidence;

int Items::add(Item item) {
  list.push_back(std::move(item));
  return static_cast<int>(list.size()) - 1;
}

void Items::speaks(int code, int item) {
  if (static_cast<int>(of_code.size()) <= code) of_code.resize(code + 1);
  if (of_code[code].empty() || of_code[code].back() != item) of_code[code].push_back(item);
}

std::vector<int> code_with_parts(const Codebook& codebook, int code) {
  std::vector<int> found{code};
  for (std::size_t at = 0; at < found.size(); ++at)
    for (std::size_t i = 0; i < codebook.codes.size(); ++i)
      if (codebook.codes[i].parent == codebook.codes[found[at]].id) found.push_back(static_cast<int>(i));
  return found;
}

namespace {

// Parent of each code as a position; -1 for a root.
std::vector<int> parents(const Codebook& codebook) {
  std::vector<int> parent(codebook.codes.size(), -1);
  for (std::size_t i = 0; i < parent.size(); ++i)
    if (codebook.codes[i].parent) parent[i] = codebook.index_of(codebook.codes[i].parent);
  return parent;
}

Item item_of(const Code& code, const std::string& language) {
  return {code.path, code.id, Codebook::name_in(code, language)};
}

int kind_bit(std::string_view kind) {
  for (std::size_t i = 0; i < study::kCodeKinds.size(); ++i)
    if (study::kCodeKinds[i] == kind) return static_cast<int>(i);
  return -1;
}

Problem nobody_there(std::string_view facet, const std::string& value, const std::set<std::string>& there) {
  std::vector<std::string> list(there.begin(), there.end());
  return Problem(problems::kInvalidValue, {{"where", "The question"},
                                           {"value", value},
                                           {"what", std::string(facet) + " in this study"},
                                           {"hint", list.empty() ? std::string("No respondent has one.")
                                                                 : "There are: " + join(list, ", ") + "."}});
}

Result<void> check_values(const Evidence& evidence, const Question& question) {
  for (const auto& [facet, values] : question.among) {
    std::set<std::string> there;
    for (std::size_t i = 0; i < evidence.respondents.size(); ++i) {
      std::string value = facet_value(evidence, static_cast<int>(i), facet);
      if (!value.empty()) there.insert(std::move(value));
    }
    for (const std::string& value : values)
      if (!there.contains(value)) return tl::unexpected(nobody_there(facet, value, there));
  }
  return {};
}

bool counts(const Evidence& evidence, const Question& question, int respondent) {
  for (const auto& [facet, values] : question.among)
    if (std::find(values.begin(), values.end(), facet_value(evidence, respondent, facet)) == values.end()) return false;
  return true;
}

// Values of the facet among those who count, in the order people expect, the unknown last.
std::vector<Group> groups_of(const Evidence& evidence, const Question& question, const std::vector<int>& respondents) {
  if (question.by == "none") return {{"all", "#findings.everybody"}};
  std::set<std::string> there;
  bool unknown = false;
  for (int respondent : respondents) {
    std::string value = facet_value(evidence, respondent, question.by);
    if (value.empty())
      unknown = true;
    else
      there.insert(std::move(value));
  }
  std::vector<Group> groups;
  const auto add = [&](std::string_view value, std::string label) {
    if (there.erase(std::string(value))) groups.push_back({std::string(value), std::move(label)});
  };
  if (question.by == "location")
    for (const study::Location& location : evidence.locations) add(location.name, location.name);
  if (question.by == "gender")
    for (std::string_view gender : study::kGenders) add(gender, "#gender." + std::string(gender));
  if (question.by == "age_band")
    for (std::string_view band : study::kAgeBands) add(band, "#age_band." + std::string(band));
  if (question.by == "language")
    for (std::string_view language : study::kLanguages) add(language, "#language." + std::string(language));
  for (const std::string& value : there) groups.push_back({value, value});
  if (unknown) groups.push_back({"unknown", std::string(kNotKnown)});
  return groups;
}

// Codings that count under the rule "every": those of a (source, person, item) that all human coders of the source saw.
class EveryCoder {
 public:
  EveryCoder(const Evidence& evidence, const Tally& tally) : evidence_(evidence) {
    for (std::size_t c = 0; c < evidence.codings.size(); ++c)
      each(evidence, tally, static_cast<int>(c), [&](std::array<int, 3> cell, int coder) {
        seen_.push_back({cell, coder});
      });
    std::sort(seen_.begin(), seen_.end());
    seen_.erase(std::unique(seen_.begin(), seen_.end()), seen_.end());
  }
  bool agreed(int source, int person, int item) const {
    const std::array<int, 3> cell{source, person, item};
    const auto first = std::lower_bound(seen_.begin(), seen_.end(), std::pair{cell, -1});
    int coders = 0;
    for (auto at = first; at != seen_.end() && at->first == cell; ++at) ++coders;
    return coders >= evidence_.sources[source].human_coders;
  }

 private:
  template <typename Use>
  static void each(const Evidence& evidence, const Tally& tally, int index, Use&& use) {
    const auto& coding = evidence.codings[index];
    if (evidence.coders[coding.coder].machine || coding.code >= static_cast<int>(tally.items.of_code.size())) return;
    for (int i = 0; i < coding.respondent_count; ++i) {
      const int person = tally.person_of[evidence.coding_respondents[coding.first_respondent + i]];
      if (person < 0) continue;
      for (int item : tally.items.of_code[coding.code]) use({coding.source, person, item}, coding.coder);
    }
  }
  const Evidence& evidence_;
  std::vector<std::pair<std::array<int, 3>, int>> seen_;
};

}  // namespace

std::string facet_value(const Evidence& evidence, int respondent, std::string_view facet) {
  const auto& person = evidence.respondents[respondent];
  if (facet == "location") return person.location < 0 ? "" : evidence.locations[person.location].name;
  if (facet == "role") return person.role;
  if (facet == "gender") return person.gender;
  if (facet == "age_band") return person.age_band;
  if (facet == "language") return person.language;
  return "";
}

Items items_of_kind(const Evidence& evidence, std::string_view kind, const std::string& level,
                    const std::string& language) {
  const Codebook& codebook = evidence.codebook;
  const std::vector<int> parent = parents(codebook);
  const auto of_kind = [&](int code) { return code >= 0 && codebook.codes[code].kind == kind; };
  std::vector<int> roots;
  std::vector<std::vector<int>> parts(codebook.codes.size());
  for (int i = 0; i < static_cast<int>(codebook.codes.size()); ++i) {
    if (!of_kind(i)) continue;
    if (of_kind(parent[i]))
      parts[parent[i]].push_back(i);
    else
      roots.push_back(i);
  }
  const bool heading = roots.size() == 1 && !parts[roots[0]].empty();
  bool heading_coded = false;
  if (heading)
    for (const auto& coding : evidence.codings)
      heading_coded = heading_coded || (coding.code == roots[0] && !evidence.coders[coding.coder].machine);

  Items items;
  items.of_code.resize(codebook.codes.size());
  if (level == "top") {
    const std::vector<int> tops = heading ? parts[roots[0]] : roots;
    for (int top : tops) {
      const int item = items.add(item_of(codebook.codes[top], language));
      for (int code : code_with_parts(codebook, top))
        if (of_kind(code)) items.speaks(code, item);
    }
    if (heading_coded) items.speaks(roots[0], items.add(item_of(codebook.codes[roots[0]], language)));
    return items;
  }
  for (int i = 0; i < static_cast<int>(codebook.codes.size()); ++i) {
    if (!of_kind(i) || (heading && i == roots[0] && !heading_coded)) continue;
    Item each = item_of(codebook.codes[i], language);
    each.label = codebook.path_in(codebook.codes[i], language);
    const int item = items.add(std::move(each));
    if (heading && i == roots[0])
      items.speaks(i, item);  // a heading stands for itself alone
    else
      for (int code : code_with_parts(codebook, i))
        if (of_kind(code)) items.speaks(code, item);
  }
  return items;
}

Result<Tally> tally(const Evidence& evidence, const Question& question, Items items, std::string_view kind) {
  TRY(check_values(evidence, question));
  Tally result;
  result.items = std::move(items);
  result.items.of_code.resize(std::max(result.items.of_code.size(), evidence.codebook.codes.size()));
  const int bit = kind_bit(kind);
  std::vector<int> candidates;
  for (int i = 0; i < static_cast<int>(evidence.respondents.size()); ++i)
    if (counts(evidence, question, i)) candidates.push_back(i);
  result.groups = groups_of(evidence, question, candidates);
  std::map<std::string, int> group_index;
  for (std::size_t g = 0; g < result.groups.size(); ++g) group_index[result.groups[g].key] = static_cast<int>(g);

  result.person_of.assign(evidence.respondents.size(), -1);
  std::vector<std::set<int>> clusters(result.groups.size());
  for (int respondent : candidates) {
    std::string value = question.by == "none" ? "all" : facet_value(evidence, respondent, question.by);
    const int group = group_index.at(value.empty() ? "unknown" : value);
    const auto& person = evidence.respondents[respondent];
    if (!person.asked || (bit >= 0 && !(person.asked_kinds >> bit & 1))) {
      result.groups[group].unread += person.asked ? 0 : 1;
      continue;
    }
    result.person_of[respondent] = static_cast<int>(result.people.size());
    result.people.push_back(respondent);
    result.group_of.push_back(group);
    ++result.groups[group].asked;
    clusters[group].insert(person.cluster);
  }
  for (std::size_t g = 0; g < clusters.size(); ++g)
    result.groups[g].clusters = static_cast<std::int64_t>(clusters[g].size());

  const std::size_t width = result.items.list.size();
  result.said.assign(result.people.size() * width, 0);
  result.codings.assign(result.groups.size(), std::vector<std::vector<int>>(width));
  std::optional<EveryCoder> every;
  if (question.counted == "every") every.emplace(evidence, result);
  for (int c = 0; c < static_cast<int>(evidence.codings.size()); ++c) {
    const auto& coding = evidence.codings[c];
    const std::vector<int>& about = result.items.of_code[coding.code];
    if (about.empty() || evidence.coders[coding.coder].machine) continue;
    if (coding.respondent_count == 0) ++result.nobody;
    for (int i = 0; i < coding.respondent_count; ++i) {
      const int person = result.person_of[evidence.coding_respondents[coding.first_respondent + i]];
      if (person < 0) continue;
      for (int item : about) {
        if (every && !every->agreed(coding.source, person, item)) continue;
        result.said[person * width + item] = 1;
        std::vector<int>& behind = result.codings[result.group_of[person]][item];
        if (behind.empty() || behind.back() != c) behind.push_back(c);
      }
    }
  }
  return result;
}

}  // namespace understory::findings
