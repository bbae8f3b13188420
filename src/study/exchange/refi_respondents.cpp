// REFI-QDA projects, in: cases and variables, and what they say of respondents.
#include "study/exchange/refi_reader.h"

#include "foundation/clock.h"
#include "foundation/xml.h"
#include "study/exchange/refi.h"
#include "study/exchange/refi_elements.h"
#include "study/vocabulary.h"

namespace understory::study {

void ProjectReader::variables(const pugi::xml_node& list) {
  for (const pugi::xml_node& variable : list.children()) {
    if (variable.type() != pugi::node_element) continue;
    variables_[guid_at(variable)] = attribute(variable, "name");
    report().count("variable", Outcome::kRead);
  }
}

// name → value, as text.
std::vector<std::pair<std::string, std::string>> ProjectReader::values_of(const pugi::xml_node& node) {
  std::vector<std::pair<std::string, std::string>> values;
  for (const pugi::xml_node& each : node.children()) {
    if (local_name(each.name()) != "VariableValue") continue;
    const std::string guid = guid_at(child_named(each, "VariableRef"), "targetGUID");
    const auto name = variables_.find(guid);
    if (name == variables_.end()) {
      report().note("variable value", Outcome::kUnusable, guid, "the file does not list its variable");
      continue;
    }
    for (const pugi::xml_node& value : each.children())
      if (std::string_view(local_name(value.name())).ends_with("Value") && local_name(value.name()) != "VariableValue")
        values.emplace_back(name->second, text_in(value));
  }
  return values;
}

int ProjectReader::location(const std::string& name) {
  for (std::size_t i = 0; i < material_.locations.size(); ++i)
    if (material_.locations[i].name == name) return static_cast<int>(i);
  material_.locations.push_back({"", name, ""});
  return static_cast<int>(material_.locations.size()) - 1;
}

// A value under a name this program knows, if it is one of the words that name allows; else an attribute as it is.
void ProjectReader::take(MaterialRespondent& respondent, const std::string& name, const std::string& value) {
  std::string known = lower_ascii(trim(name));
  std::replace(known.begin(), known.end(), ' ', '_');
  const std::string word = lower_ascii(trim(value));
  if (trim(value).empty()) return;
  if ((known == "gender" || known == "sex")) {
    const std::string gender = word == "f" || word == "woman" || word == "girl" ? "female"
                               : word == "m" || word == "man" || word == "boy"  ? "male"
                                                                                : word;
    if (is_one_of(kGenders, gender)) {
      respondent.gender = gender;
      return;
    }
  }
  if ((known == "age_band" || known == "age_group") && is_one_of(kAgeBands, word))
    respondent.age_band = word;
  else if (known == "role")
    respondent.role = std::string(trim(value));
  else if (known == "language")
    respondent.language = std::string(trim(value));
  else if (known == "place")
    respondent.place_code = std::string(trim(value));
  else if (known == "location")
    respondent.location = location(std::string(trim(value)));
  else
    respondent.attributes[name] = value;
}

void ProjectReader::case_element(const pugi::xml_node& node) {
  if (node.type() != pugi::node_element) return;
  MaterialRespondent respondent;
  respondent.guid = guid_at(node);
  respondent.name = attribute(node, "name");
  if (trim(respondent.name).empty()) respondent.name = named_by_guid("case", respondent.guid);
  std::string unique = respondent.name;
  for (int n = 2; !respondent_names_.insert(unique).second; ++n)
    unique = respondent.name + " (" + std::to_string(n) + ")";
  if (unique != respondent.name)
    report().remark("respondent", respondent.guid,
                    "its name stood twice in the file; the second is called “" + unique + "”");
  respondent.name = unique;
  for (const auto& [name, value] : values_of(node)) take(respondent, name, value);
  if (const std::string description = text_of_child(node, "Description"); !description.empty())
    respondent.attributes["description"] = description;
  const int index = static_cast<int>(material_.respondents.size());
  for (const pugi::xml_node& child : node.children()) {
    const std::string_view name = local_name(child.name());
    const std::string target = guid_at(child, "targetGUID");
    if (name == "SourceRef") {
      if (const auto found = sources_.find(target); found != sources_.end()) {
        MaterialSource& source = material_.sources[static_cast<std::size_t>(found->second)];
        source.speakers.push_back({"", index});
        if (respondent.location >= 0 && source.location < 0) source.location = respondent.location;
      } else {
        report().note("respondent's source", Outcome::kUnusable, target, "the source it points to has no text here");
      }
    } else if (name == "CodeRef") {
      report().note("respondent's code", Outcome::kUnusable, respondent.guid,
                    "a code put on a whole case has no passage to stand on");
    } else if (name == "SelectionRef") {
      report().note("respondent's selection", Outcome::kUnusable, respondent.guid,
                    "a case tied to a selection cannot be told apart within a source");
    }
  }
  note_refs(node, "respondent", index);
  material_.respondents.push_back(std::move(respondent));
}

// Variables on a source: those this program knows go to the source; others speak of its teller, who is made where no
// case names one (document variables of other programs).
void ProjectReader::source_variables() {
  for (const auto& [index, node] : source_nodes_) {
    MaterialSource& source = material_.sources[static_cast<std::size_t>(index)];
    MaterialRespondent teller;
    bool told = false;
    for (const auto& [name, value] : values_of(node)) {
      const std::string known = lower_ascii(name);
      if (known == "source_kind" && is_one_of(kSourceKinds, value))
        source.kind = value;
      else if (known == "told_on" && is_date(value))
        source.told_on = value;
      else if (known == "question")
        source.question = value;
      else if (known == "location")
        source.location = location(value);
      else if (known == "language")
        source.language = value;
      else
        take(teller, name, value), told = true;
    }
    if (!told) continue;
    if (!source.speakers.empty()) {
      for (const auto& [name, value] : teller.attributes)
        material_.respondents[static_cast<std::size_t>(source.speakers[0].respondent)].attributes.try_emplace(name,
                                                                                                              value);
      continue;
    }
    teller.guid = guid_from("teller of " + source.guid);
    teller.name = source.name;
    for (int n = 2; !respondent_names_.insert(teller.name).second; ++n)
      teller.name = source.name + " (" + std::to_string(n) + ")";
    if (teller.location < 0) teller.location = source.location;
    source.speakers.push_back({"", static_cast<int>(material_.respondents.size())});
    material_.respondents.push_back(std::move(teller));
    report().remark("respondent", source.guid, "variables of a source without a case became a respondent of its own");
  }
}

}  // namespace understory::study
