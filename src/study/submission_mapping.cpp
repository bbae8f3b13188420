// The mapping of a form's questions as JSON, and whether it fits the form.
#include <boost/json.hpp>

#include "study/from_submissions.h"

namespace understory::study {

namespace {

using Mapping = SubmissionMapping;
namespace json = boost::json;

tl::unexpected<Problem> wrong(const std::string& where, const std::string& value, const std::string& what,
                              const std::string& hint) {
  return fail(problems::kInvalidValue,
              {{"where", "Mapping, “" + where + "”"}, {"value", value}, {"what", what}, {"hint", hint}});
}

// Takes members out of an object; what is left over is nothing the mapping knows, and is refused rather than ignored.
class Members {
 public:
  static Result<Members> of(const json::value& value, std::string where) {
    if (!value.is_object()) return wrong(where, json::serialize(value).substr(0, 80), "object", "Write {…}.");
    return Members(value.as_object(), std::move(where));
  }
  Result<void> text(std::string_view name, std::string& into) {
    const json::value* value = take(name);
    if (!value) return {};
    if (!value->is_string()) return bad(name, *value, "text");
    into = std::string(value->as_string());
    return {};
  }
  Result<void> flag(std::string_view name, bool& into) {
    const json::value* value = take(name);
    if (!value) return {};
    if (!value->is_bool()) return bad(name, *value, "true or false");
    into = value->as_bool();
    return {};
  }
  Result<void> texts(std::string_view name, std::map<std::string, std::string>& into) {
    const json::value* value = take(name);
    if (!value) return {};
    if (!value->is_object()) return bad(name, *value, "object of texts");
    for (const auto& [key, each] : value->as_object()) {
      if (!each.is_string()) return bad(name, each, "text");
      into[std::string(key)] = std::string(each.as_string());
    }
    return {};
  }
  const json::value* take(std::string_view name) {
    seen_.emplace_back(name);
    return object_.if_contains(name);
  }
  Result<void> nothing_else() const {
    for (const auto& [key, value] : object_)
      if (std::find(seen_.begin(), seen_.end(), key) == seen_.end())
        return wrong(where_, std::string(key), "member", "Known: " + join(seen_, ", ") + ".");
    return {};
  }
  const std::string& where() const { return where_; }

 private:
  Members(const json::object& object, std::string where) : object_(object), where_(std::move(where)) {}
  tl::unexpected<Problem> bad(std::string_view name, const json::value& value, const std::string& what) const {
    return wrong(where_ + "." + std::string(name), json::serialize(value).substr(0, 80), what, "");
  }
  const json::object& object_;
  std::string where_;
  std::vector<std::string> seen_;
};

Result<Mapping::Person> read_person(Members& members) {
  Mapping::Person person;
  TRY(members.text("name", person.name));
  TRY(members.text("age_band", person.age_band));
  TRY(members.text("gender", person.gender));
  TRY(members.text("role", person.role));
  TRY(members.text("language", person.language));
  TRY(members.text("place", person.place));
  TRY(members.texts("attributes", person.attributes));
  return person;
}

Result<Mapping::Group> read_group(const json::value& value) {
  Mapping::Group group;
  Members members = TRY(Members::of(value, "group"));
  TRY(members.text("name", group.name));
  if (const json::value* participants = members.take("participants")) {
    Members of_each = TRY(Members::of(*participants, "group.participants"));
    TRY(of_each.text("repeat", group.participants));
    TRY(of_each.text("label", group.label));
    group.person = TRY(read_person(of_each));
    TRY(of_each.nothing_else());
  }
  if (const json::value* turns = members.take("turns")) {
    Members of_each = TRY(Members::of(*turns, "group.turns"));
    TRY(of_each.text("repeat", group.turns));
    TRY(of_each.text("speaker", group.speaker));
    TRY(of_each.text("said", group.said));
    TRY(of_each.text("who_speaks", group.who_speaks));
    TRY(of_each.text("facilitator", group.facilitator));
    TRY(of_each.texts("facilitator_called", group.facilitator_called));
    TRY(of_each.nothing_else());
  }
  if (const json::value* together = members.take("together")) {
    Members of_each = TRY(Members::of(*together, "group.together"));
    TRY(of_each.text("repeat", group.together));
    TRY(of_each.text("said", group.together_said));
    TRY(of_each.text("size", group.size));
    TRY(of_each.text("age_band", group.age_band));
    TRY(of_each.text("gender", group.gender));
    TRY(of_each.text("role", group.role));
    TRY(of_each.nothing_else());
  }
  TRY(members.nothing_else());
  return group;
}

Result<void> read_consent(Members& members, Mapping& mapping) {
  const json::value* consent = members.take("consent");
  if (consent && consent->is_array())
    for (const json::value& each : consent->as_array()) {
      Members condition = TRY(Members::of(each, "consent"));
      Mapping::Condition read;
      TRY(condition.text("question", read.question));
      TRY(condition.text("is", read.is));
      TRY(condition.nothing_else());
      if (read.question.empty() || read.is.empty())
        return fail(
            problems::kMissingValue,
            {{"where", "Mapping, “consent”"}, {"what", "the question, or the answer that is a yes"}, {"hint", ""}});
      mapping.consent.push_back(std::move(read));
    }
  TRY(members.flag("consent_on_paper", mapping.consent_on_paper));
  if (mapping.consent.empty() && !mapping.consent_on_paper)
    return fail(problems::kMissingValue, {{"where", "Mapping"},
                                          {"what", "“consent”"},
                                          {"hint",
                                           "Name the question that asks for it and the answer that is a yes; or say "
                                           "that it is kept on paper with “consent_on_paper”: true."}});
  return {};
}

// An object with the texts that are not empty.
json::object texts_of(std::initializer_list<std::pair<std::string_view, const std::string*>> texts) {
  json::object object;
  for (const auto& [name, text] : texts)
    if (!text->empty()) object[name] = *text;
  return object;
}
json::object object_of(const std::map<std::string, std::string>& texts) {
  json::object object;
  for (const auto& [name, text] : texts) object[name] = text;
  return object;
}
void add_person(json::object& object, const Mapping::Person& person) {
  for (auto& [name, value] : texts_of({{"name", &person.name},
                                       {"age_band", &person.age_band},
                                       {"gender", &person.gender},
                                       {"role", &person.role},
                                       {"language", &person.language},
                                       {"place", &person.place}}))
    object[name] = value;
  if (!person.attributes.empty()) object["attributes"] = object_of(person.attributes);
}

// The innermost repeat a node lies in; 0: none.
int repeat_of(const collect::Form& form, int node) {
  for (int above = form.nodes[static_cast<std::size_t>(node)].parent; above > 0;
       above = form.nodes[static_cast<std::size_t>(above)].parent)
    if (form.nodes[static_cast<std::size_t>(above)].shape == collect::Node::Shape::kRepeat) return above;
  return 0;
}

struct Checking {
  const collect::Form& form;
  int find(const std::string& path, collect::Node::Shape shape) const {
    for (std::size_t i = 0; i < form.nodes.size(); ++i)
      if (form.nodes[i].path == path && form.nodes[i].shape == shape) return static_cast<int>(i);
    return -1;
  }
  // A question of that path in that repeat ("" for none); an empty path asks for nothing.
  Result<void> question(std::string_view member, const std::string& path, const std::string& repeat) const {
    if (path.empty()) return {};
    const int found = find(path, collect::Node::Shape::kField);
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
  Result<void> repeat(std::string_view member, const std::string& path) const {
    if (path.empty()) return {};
    const int found = find(path, collect::Node::Shape::kRepeat);
    if (found < 0) return wrong(std::string(member), path, "repeat of this form", "");
    if (repeat_of(form, found) != 0)
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

Result<SubmissionMapping> read_submission_mapping(std::string_view text) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 8;
  const json::value value = json::parse(text, error, {}, options);
  if (error) return wrong("", std::string(text.substr(0, 40)), "JSON", error.message());
  Mapping mapping;
  Members members = TRY(Members::of(value, "mapping"));
  TRY(read_consent(members, mapping));
  TRY(members.text("place", mapping.place));
  TRY(members.text("location", mapping.location));
  TRY(members.text("language", mapping.language));
  TRY(members.text("told_on", mapping.told_on));
  if (const json::value* respondent = members.take("respondent")) {
    Members person = TRY(Members::of(*respondent, "respondent"));
    mapping.respondent = TRY(read_person(person));
    TRY(person.nothing_else());
  }
  if (const json::value* answers = members.take("answers")) {
    if (!answers->is_array()) return wrong("answers", "", "list", "Write […].");
    for (const json::value& each : answers->as_array()) {
      Members answer = TRY(Members::of(each, "answers"));
      Mapping::Answer read;
      TRY(answer.text("question", read.question));
      TRY(answer.text("asked", read.asked));
      TRY(answer.nothing_else());
      mapping.answers.push_back(std::move(read));
    }
  }
  if (const json::value* group = members.take("group")) mapping.group = TRY(read_group(*group));
  if (const json::value* values = members.take("values")) {
    Members facts = TRY(Members::of(*values, "values"));
    for (const auto& [fact, each] : values->as_object()) TRY(facts.texts(fact, mapping.values[std::string(fact)]));
  }
  TRY(members.nothing_else());
  const auto missing = [](std::string what, std::string hint) {
    return fail(problems::kMissingValue, {{"where", "Mapping"}, {"what", std::move(what)}, {"hint", std::move(hint)}});
  };
  if (!mapping.respondent && !mapping.group) return missing("“respondent” or “group”", "Say who answers this form.");
  if (mapping.respondent && mapping.respondent->name.empty())
    return missing("“respondent.name”", "Name the question that asks for the pseudonym.");
  if (!mapping.respondent && !mapping.answers.empty())
    return missing("“respondent”", "Somebody must have given the answers.");
  if (mapping.group) {
    const Mapping::Group& group = *mapping.group;
    if (group.name.empty()) return missing("“group.name”", "Name the question that asks for the group's code.");
    if (group.turns.empty() && group.together.empty()) return missing("“group.turns” or “group.together”", "");
    if (!group.turns.empty() && (group.said.empty() || group.participants.empty() || group.label.empty()))
      return missing("“group.turns.said”, “group.participants.repeat” or “group.participants.label”",
                     "Turns need speakers.");
    if (!group.together.empty() && group.together_said.empty()) return missing("“group.together.said”", "");
  }
  return mapping;
}

std::string write_submission_mapping(const SubmissionMapping& mapping) {
  json::object all;
  if (mapping.consent_on_paper) all["consent_on_paper"] = true;
  if (!mapping.consent.empty()) {
    json::array& consent = (all["consent"] = json::array()).as_array();
    for (const auto& each : mapping.consent)
      consent.push_back(texts_of({{"question", &each.question}, {"is", &each.is}}));
  }
  for (auto& [name, value] : texts_of({{"place", &mapping.place},
                                       {"location", &mapping.location},
                                       {"language", &mapping.language},
                                       {"told_on", &mapping.told_on}}))
    all[name] = value;
  if (mapping.respondent) {
    json::object person;
    add_person(person, *mapping.respondent);
    all["respondent"] = std::move(person);
  }
  if (!mapping.answers.empty()) {
    json::array& answers = (all["answers"] = json::array()).as_array();
    for (const auto& each : mapping.answers)
      answers.push_back(texts_of({{"question", &each.question}, {"asked", &each.asked}}));
  }
  if (mapping.group) {
    const Mapping::Group& group = *mapping.group;
    json::object written = texts_of({{"name", &group.name}});
    json::object participants = texts_of({{"repeat", &group.participants}, {"label", &group.label}});
    add_person(participants, group.person);
    if (!participants.empty()) written["participants"] = std::move(participants);
    json::object turns = texts_of({{"repeat", &group.turns},
                                   {"speaker", &group.speaker},
                                   {"said", &group.said},
                                   {"who_speaks", &group.who_speaks},
                                   {"facilitator", &group.facilitator}});
    if (!group.facilitator_called.empty()) turns["facilitator_called"] = object_of(group.facilitator_called);
    if (!turns.empty()) written["turns"] = std::move(turns);
    json::object together = texts_of({{"repeat", &group.together},
                                      {"said", &group.together_said},
                                      {"size", &group.size},
                                      {"age_band", &group.age_band},
                                      {"gender", &group.gender},
                                      {"role", &group.role}});
    if (!together.empty()) written["together"] = std::move(together);
    all["group"] = std::move(written);
  }
  if (!mapping.values.empty()) {
    json::object values;
    for (const auto& [fact, each] : mapping.values) values[fact] = object_of(each);
    all["values"] = std::move(values);
  }
  return json::serialize(all);
}

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
