// The mapping of a form's questions as JSON.
#include <boost/json.hpp>

#include "study/submission_mapping_parts.h"

namespace understory::study {

namespace {

using Mapping = SubmissionMapping;
namespace json = boost::json;

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

Result<void> read_answers(Members& members, std::string_view name, std::vector<Mapping::Answer>& into) {
  const json::value* answers = members.take(name);
  if (!answers) return {};
  if (!answers->is_array()) return wrong(std::string(name), "", "list", "Write […].");
  for (const json::value& each : answers->as_array()) {
    Members answer = TRY(Members::of(each, std::string(name)));
    Mapping::Answer read;
    TRY(answer.text("question", read.question));
    TRY(answer.text("asked", read.asked));
    TRY(answer.nothing_else());
    into.push_back(std::move(read));
  }
  return {};
}

Result<void> read_rows(Members& members, Mapping& mapping) {
  const json::value* all = members.take("rows");
  if (!all) return {};
  if (!all->is_array()) return wrong("rows", "", "list", "Write […].");
  for (const json::value& each : all->as_array()) {
    Members row = TRY(Members::of(each, "rows"));
    Mapping::RowAnswers read;
    TRY(row.text("repeat", read.repeat));
    if (const json::value* respondent = row.take("respondent")) {
      Members person = TRY(Members::of(*respondent, "rows.respondent"));
      read.respondent = TRY(read_person(person));
      TRY(person.nothing_else());
    }
    TRY(read_answers(row, "answers", read.answers));
    TRY(row.nothing_else());
    mapping.rows.push_back(std::move(read));
  }
  return {};
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
json::array array_of(const std::vector<Mapping::Answer>& answers) {
  json::array array;
  for (const auto& each : answers) array.push_back(texts_of({{"question", &each.question}, {"asked", &each.asked}}));
  return array;
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
  TRY(read_answers(members, "answers", mapping.answers));
  TRY(read_rows(members, mapping));
  if (const json::value* group = members.take("group")) mapping.group = TRY(read_group(*group));
  if (const json::value* values = members.take("values")) {
    Members facts = TRY(Members::of(*values, "values"));
    for (const auto& [fact, each] : values->as_object()) TRY(facts.texts(fact, mapping.values[std::string(fact)]));
  }
  TRY(members.nothing_else());
  const auto missing = [](std::string what, std::string hint) {
    return fail(problems::kMissingValue, {{"where", "Mapping"}, {"what", std::move(what)}, {"hint", std::move(hint)}});
  };
  for (const Mapping::RowAnswers& rows : mapping.rows) {
    if (rows.repeat.empty()) return missing("“rows.repeat”", "Name the repeat.");
    if (rows.answers.empty()) return missing("“rows.answers”", "Name the questions whose answers are taken.");
    if (rows.respondent && rows.respondent->name.empty())
      return missing("“rows.respondent.name”", "Name the question that asks for the pseudonym.");
    if (!rows.respondent && !mapping.respondent)
      return missing("“respondent” or “rows.respondent”", "Somebody must have given the answers.");
  }
  if (!mapping.respondent && !mapping.group && mapping.rows.empty())
    return missing("“respondent” or “group”", "Say who answers this form.");
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
  if (!mapping.answers.empty()) all["answers"] = array_of(mapping.answers);
  if (!mapping.rows.empty()) {
    json::array& rows = (all["rows"] = json::array()).as_array();
    for (const auto& each : mapping.rows) {
      json::object row = texts_of({{"repeat", &each.repeat}});
      if (each.respondent) {
        json::object person;
        add_person(person, *each.respondent);
        row["respondent"] = std::move(person);
      }
      row["answers"] = array_of(each.answers);
      rows.push_back(std::move(row));
    }
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

}  // namespace understory::study
