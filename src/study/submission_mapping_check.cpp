// Whether a mapping fits its form.
#include "study/submission_mapping_parts.h"

namespace understory::study {

namespace {

using Mapping = SubmissionMapping;

struct Checking {
  const collect::Form& form;
  // A question of that path in that repeat ("" for none); an empty path asks for nothing.
  Result<void> question(std::string_view member, const std::string& path, const std::string& repeat) const {
    if (path.empty()) return {};
    const int found = find_node(form, path, collect::Node::Shape::kField);
    if (found < 0)
      return wrong(std::string(member), path, "question of this form", "Give its path, as /data/group/question.");
    const int within = repeat_of(form, found);
    const std::string inside = within == 0 ? "" : form.nodes[static_cast<std::size_t>(within)].path;
    if (inside != repeat)
      return wrong(std::string(member), path, "question here",
                   inside.empty()   ? "It must lie in the repeat " + repeat + "."
                   : repeat.empty() ? "It lies in the repeat " + inside + ": there may be many answers."
                                    : "It must lie in the repeat " + repeat + ", not in " + inside + ".");
    return {};
  }
  Result<void> repeat(std::string_view member, const std::string& path, bool within_another = false) const {
    if (path.empty()) return {};
    const int found = find_node(form, path, collect::Node::Shape::kRepeat);
    if (found < 0) return wrong(std::string(member), path, "repeat of this form", "");
    if (!within_another && repeat_of(form, found) != 0)
      return wrong(std::string(member), path, "repeat here", "It lies within another repeat.");
    return {};
  }
  Result<void> person(const std::string& member, const Mapping::Person& person, const std::string& repeat) const {
    for (const auto& [name, path] :
         std::initializer_list<std::pair<const char*, const std::string*>>{{"name", &person.name},
                                                                           {"age_band", &person.age_band},
                                                                           {"gender", &person.gender},
                                                                           {"role", &person.role},
                                                                           {"language", &person.language},
                                                                           {"place", &person.place}})
      TRY(question(member + "." + name, *path, repeat));
    for (const auto& [path, name] : person.attributes) TRY(question(member + ".attributes", path, repeat));
    return {};
  }
};

}  // namespace

Result<void> check_submission_mapping(const SubmissionMapping& mapping, const collect::Form& form) {
  const Checking checking{form};
  for (const auto& each : mapping.consent) TRY(checking.question("consent", each.question, ""));
  TRY(checking.question("place", mapping.place, ""));
  TRY(checking.question("language", mapping.language, ""));
  TRY(checking.question("told_on", mapping.told_on, ""));
  if (mapping.respondent) TRY(checking.person("respondent", *mapping.respondent, ""));
  for (const auto& each : mapping.answers) {
    if (each.question.empty()) return wrong("answers", "", "question of this form", "Give its path.");
    TRY(checking.question("answers", each.question, ""));
  }
  for (const auto& rows : mapping.rows) {
    TRY(checking.repeat("rows.repeat", rows.repeat, true));
    if (rows.respondent) TRY(checking.person("rows.respondent", *rows.respondent, rows.repeat));
    for (const auto& each : rows.answers) {
      if (each.question.empty()) return wrong("rows.answers", "", "question of this form", "Give its path.");
      TRY(checking.question("rows.answers", each.question, rows.repeat));
    }
  }
  if (!mapping.group) return {};
  const Mapping::Group& group = *mapping.group;
  TRY(checking.question("group.name", group.name, ""));
  TRY(checking.repeat("group.participants.repeat", group.participants));
  TRY(checking.question("group.participants.label", group.label, group.participants));
  TRY(checking.person("group.participants", group.person, group.participants));
  TRY(checking.repeat("group.turns.repeat", group.turns));
  for (const auto& [name, path] :
       std::initializer_list<std::pair<const char*, const std::string*>>{{"group.turns.speaker", &group.speaker},
                                                                         {"group.turns.said", &group.said},
                                                                         {"group.turns.who_speaks", &group.who_speaks}})
    TRY(checking.question(name, *path, group.turns));
  TRY(checking.repeat("group.together.repeat", group.together));
  TRY(checking.question("group.together.said", group.together_said, group.together));
  for (const auto& [name, path] :
       std::initializer_list<std::pair<const char*, const std::string*>>{{"group.together.size", &group.size},
                                                                         {"group.together.age_band", &group.age_band},
                                                                         {"group.together.gender", &group.gender},
                                                                         {"group.together.role", &group.role}})
    TRY(checking.question(name, *path, ""));
  return {};
}

}  // namespace understory::study
