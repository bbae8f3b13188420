#include "study/pointing.h"

#include <algorithm>
#include <unordered_map>

#include "study/submission_mapping_parts.h"
#include "study/vocabulary.h"

namespace understory::study {

namespace {

using Mapping = SubmissionMapping;
using Node = collect::Node;

constexpr Meaning kPersonFacts[] = {Meaning::kAgeBand, Meaning::kGender, Meaning::kRole, Meaning::kPersonLanguage,
                                    Meaning::kPersonPlace};
constexpr Meaning kRowFacts[] = {Meaning::kRowAgeBand, Meaning::kRowGender, Meaning::kRowRole, Meaning::kRowLanguage,
                                 Meaning::kRowPlace};
constexpr Meaning kMemberFacts[] = {Meaning::kMemberAgeBand, Meaning::kMemberGender, Meaning::kMemberRole,
                                    Meaning::kMemberLanguage, Meaning::kMemberPlace};

bool is_row(Meaning meaning) { return meaning >= Meaning::kRowAnswer && meaning <= Meaning::kRowPlace; }
bool is_member(Meaning meaning) { return meaning >= Meaning::kMemberLabel && meaning <= Meaning::kMemberPlace; }
bool is_turn(Meaning meaning) { return meaning >= Meaning::kTurnSpeaker && meaning <= Meaning::kTurnWho; }
bool is_fact(Meaning meaning) {
  return meaning == Meaning::kFact || meaning == Meaning::kRowFact || meaning == Meaning::kMemberFact;
}
bool may_be_many(Meaning meaning) {
  return is_fact(meaning) || meaning == Meaning::kConsent || meaning == Meaning::kAnswer ||
         meaning == Meaning::kRowAnswer;
}

// The facts of a person in the order of kPersonFacts.
template <class Person>
auto facts(Person& person) {
  return std::array{&person.age_band, &person.gender, &person.role, &person.language, &person.place};
}

class Reader {
 public:
  explicit Reader(Pointing& into) : into_(into) {}
  void add(const std::string& question, Meaning meaning, const std::string& detail = "") {
    if (!question.empty()) into_.at.push_back({question, meaning, detail});
  }
  void person(const Mapping::Person& person, Meaning name, const Meaning (&meanings)[5], Meaning fact) {
    add(person.name, name);
    const auto all = facts(person);
    for (std::size_t i = 0; i < all.size(); ++i) add(*all[i], meanings[i]);
    for (const auto& [question, called] : person.attributes) add(question, fact, called);
  }

 private:
  Pointing& into_;
};

// The repeat a question lies in, by its path; empty: in none, or it is not there.
std::string repeat_path(const collect::Form& form, const std::string& question) {
  const int node = find_node(form, question, Node::Shape::kField);
  const int repeat = node < 0 ? 0 : repeat_of(form, node);
  return repeat == 0 ? "" : form.nodes[static_cast<std::size_t>(repeat)].path;
}

}  // namespace

std::string_view name_of(Meaning meaning) { return kMeanings[static_cast<std::size_t>(meaning)]; }

std::optional<Meaning> meaning_of(std::string_view name) {
  const auto found = std::find(kMeanings.begin(), kMeanings.end(), name);
  if (found == kMeanings.end()) return std::nullopt;
  return static_cast<Meaning>(found - kMeanings.begin());
}

std::string_view fact_of(Meaning meaning) {
  switch (meaning) {
    case Meaning::kAgeBand:
    case Meaning::kRowAgeBand:
    case Meaning::kMemberAgeBand:
    case Meaning::kGroupAgeBand: return "age_band";
    case Meaning::kGender:
    case Meaning::kRowGender:
    case Meaning::kMemberGender:
    case Meaning::kGroupGender: return "gender";
    case Meaning::kRole:
    case Meaning::kRowRole:
    case Meaning::kMemberRole:
    case Meaning::kGroupRole: return "role";
    case Meaning::kLanguage:
    case Meaning::kPersonLanguage:
    case Meaning::kRowLanguage:
    case Meaning::kMemberLanguage: return "language";
    case Meaning::kPlace:
    case Meaning::kPersonPlace:
    case Meaning::kRowPlace:
    case Meaning::kMemberPlace: return "place";
    default: return "";
  }
}

bool Pointing::has(Meaning meaning) const {
  return std::any_of(at.begin(), at.end(), [&](const At& each) { return each.meaning == meaning; });
}

Pointing pointing_of(const SubmissionMapping& mapping) {
  Pointing made;
  Reader reader(made);
  made.consent_on_paper = mapping.consent_on_paper;
  made.location = mapping.location;
  made.values = mapping.values;
  for (const auto& each : mapping.consent) reader.add(each.question, Meaning::kConsent, each.is);
  reader.add(mapping.language, Meaning::kLanguage);
  reader.add(mapping.place, Meaning::kPlace);
  reader.add(mapping.told_on, Meaning::kToldOn);
  if (mapping.respondent) reader.person(*mapping.respondent, Meaning::kPseudonym, kPersonFacts, Meaning::kFact);
  for (const auto& each : mapping.answers) reader.add(each.question, Meaning::kAnswer, each.asked);
  for (const auto& rows : mapping.rows) {
    if (rows.respondent) reader.person(*rows.respondent, Meaning::kRowPseudonym, kRowFacts, Meaning::kRowFact);
    for (const auto& each : rows.answers) reader.add(each.question, Meaning::kRowAnswer, each.asked);
  }
  if (!mapping.group) return made;
  const Mapping::Group& group = *mapping.group;
  made.facilitator_called = group.facilitator_called;
  reader.add(group.name, Meaning::kGroup);
  reader.add(group.label, Meaning::kMemberLabel);
  reader.person(group.person, Meaning::kMemberPseudonym, kMemberFacts, Meaning::kMemberFact);
  reader.add(group.speaker, Meaning::kTurnSpeaker);
  reader.add(group.said, Meaning::kTurnSaid);
  reader.add(group.who_speaks, Meaning::kTurnWho, group.facilitator);
  reader.add(group.together_said, Meaning::kTogetherSaid);
  reader.add(group.size, Meaning::kGroupSize);
  reader.add(group.age_band, Meaning::kGroupAgeBand);
  reader.add(group.gender, Meaning::kGroupGender);
  reader.add(group.role, Meaning::kGroupRole);
  return made;
}

SubmissionMapping mapping_of(const Pointing& pointing, const collect::Form& form) {
  Mapping made;
  made.consent_on_paper = pointing.consent_on_paper;
  made.location = pointing.location;
  made.values = pointing.values;
  Mapping::Person respondent;
  Mapping::Group group;
  group.facilitator_called = pointing.facilitator_called;
  const auto once = [](std::string& into, const std::string& question) {
    if (into.empty()) into = question;
  };
  const auto rows_in = [&](const std::string& repeat) -> Mapping::RowAnswers& {
    for (Mapping::RowAnswers& each : made.rows)
      if (each.repeat == repeat) return each;
    made.rows.push_back({repeat, {}, {}});
    return made.rows.back();
  };
  const auto fact = [&](Mapping::Person& person, const Meaning(&meanings)[5], const Pointing::At& at) {
    const auto all = facts(person);
    for (std::size_t i = 0; i < all.size(); ++i)
      if (meanings[i] == at.meaning) once(*all[i], at.question);
  };
  bool grouped = false;
  for (const Pointing::At& at : pointing.at) {
    const std::string& question = at.question;
    const std::string repeat = repeat_path(form, question);
    if (is_row(at.meaning)) {
      Mapping::RowAnswers& rows = rows_in(repeat);
      if (at.meaning == Meaning::kRowAnswer) {
        rows.answers.push_back({question, at.detail});
        continue;
      }
      if (!rows.respondent) rows.respondent.emplace();
      if (at.meaning == Meaning::kRowPseudonym)
        once(rows.respondent->name, question);
      else if (at.meaning == Meaning::kRowFact)
        rows.respondent->attributes.emplace(question, at.detail);
      else
        fact(*rows.respondent, kRowFacts, at);
      continue;
    }
    grouped = grouped || is_member(at.meaning) || is_turn(at.meaning) || at.meaning == Meaning::kTogetherSaid ||
              (at.meaning >= Meaning::kGroup && at.meaning <= Meaning::kGroupRole);
    if (is_member(at.meaning)) once(group.participants, repeat);
    if (is_turn(at.meaning)) once(group.turns, repeat);
    switch (at.meaning) {
      case Meaning::kConsent: made.consent.push_back({question, at.detail}); break;
      case Meaning::kPseudonym: once(respondent.name, question); break;
      case Meaning::kFact: respondent.attributes.emplace(question, at.detail); break;
      case Meaning::kAnswer: made.answers.push_back({question, at.detail}); break;
      case Meaning::kLanguage: once(made.language, question); break;
      case Meaning::kPlace: once(made.place, question); break;
      case Meaning::kToldOn: once(made.told_on, question); break;
      case Meaning::kGroup: once(group.name, question); break;
      case Meaning::kGroupSize: once(group.size, question); break;
      case Meaning::kGroupAgeBand: once(group.age_band, question); break;
      case Meaning::kGroupGender: once(group.gender, question); break;
      case Meaning::kGroupRole: once(group.role, question); break;
      case Meaning::kMemberLabel: once(group.label, question); break;
      case Meaning::kMemberPseudonym: once(group.person.name, question); break;
      case Meaning::kMemberFact: group.person.attributes.emplace(question, at.detail); break;
      case Meaning::kTurnSpeaker: once(group.speaker, question); break;
      case Meaning::kTurnSaid: once(group.said, question); break;
      case Meaning::kTurnWho:
        once(group.who_speaks, question);
        once(group.facilitator, at.detail);
        break;
      case Meaning::kTogetherSaid:
        once(group.together, repeat);
        once(group.together_said, question);
        break;
      default: fact(respondent, kPersonFacts, at); fact(group.person, kMemberFacts, at);
    }
  }
  const auto told = facts(respondent);
  if (!respondent.name.empty() || !respondent.attributes.empty() || !made.answers.empty() ||
      std::any_of(told.begin(), told.end(), [](const std::string* each) { return !each->empty(); }))
    made.respondent = std::move(respondent);
  if (grouped) made.group = std::move(group);
  return made;
}

std::vector<Meaning> meanings_for(const collect::Form& form, int node) {
  const int repeat = repeat_of(form, node);
  std::vector<Meaning> all{Meaning::kNothing};
  const auto add = [&](Meaning first, Meaning last) {
    for (int i = static_cast<int>(first); i <= static_cast<int>(last); ++i) all.push_back(static_cast<Meaning>(i));
  };
  if (repeat == 0) {
    add(Meaning::kConsent, Meaning::kGroupRole);
  } else {
    add(Meaning::kRowAnswer, Meaning::kRowPlace);
    if (repeat_of(form, repeat) == 0) add(Meaning::kMemberLabel, Meaning::kTogetherSaid);
  }
  return all;
}

namespace {

class Looking {
 public:
  Looking(const Pointing& pointing, const collect::Form& form) : pointing_(pointing), form_(form) {
    for (std::size_t i = 0; i < form.nodes.size(); ++i)
      if (form.nodes[i].shape == Node::Shape::kField) nodes_.emplace(form.nodes[i].path, static_cast<int>(i));
    for (const Pointing::At& at : pointing.at) repeats_.push_back(repeat(at.question));
  }

  std::vector<Amiss> all() {
    for (std::size_t i = 0; i < pointing_.at.size(); ++i) look_at(i);
    look_at_whole();
    look_at_rows();
    look_at_group();
    return std::move(found_);
  }

 private:
  void add(const std::string& question, std::string key, std::string what = "") {
    found_.push_back({question, std::move(key), std::move(what)});
  }
  const Node* node(const std::string& question) const {
    const auto found = nodes_.find(question);
    return found == nodes_.end() ? nullptr : &form_.nodes[static_cast<std::size_t>(found->second)];
  }
  // The repeat a question lies in; 0: in none.
  int repeat(const std::string& question) const {
    const auto found = nodes_.find(question);
    return found == nodes_.end() ? 0 : repeat_of(form_, found->second);
  }

  void look_at(std::size_t i) {
    const Pointing::At& at = pointing_.at[i];
    const Node* asked = node(at.question);
    if (!asked) return add(at.question, "gone", at.question);
    const auto possible = meanings_for(form_, static_cast<int>(asked - form_.nodes.data()));
    if (std::find(possible.begin(), possible.end(), at.meaning) == possible.end()) return add(at.question, "elsewhere");
    if (is_fact(at.meaning) && at.detail.empty()) add(at.question, "no_fact");
    if (at.meaning == Meaning::kConsent && at.detail.empty()) add(at.question, "no_yes");
    if (at.meaning == Meaning::kTurnWho && at.detail.empty()) add(at.question, "no_facilitator");
    for (std::size_t before = 0; before < i; ++before) {
      const Pointing::At& other = pointing_.at[before];
      const bool same_list = (is_member(at.meaning) && is_member(other.meaning)) ||
                             (is_turn(at.meaning) && is_turn(other.meaning)) ||
                             (at.meaning == Meaning::kTogetherSaid && other.meaning == Meaning::kTogetherSaid);
      const bool same_repeat = repeats_[i] == repeats_[before];
      if (at.meaning == other.meaning && !may_be_many(at.meaning) && (!is_row(at.meaning) || same_repeat))
        return add(at.question, "twice", other.question);
      if (same_list && !same_repeat) return add(at.question, "other_repeat", other.question);
    }
    look_at_values(at, *asked);
  }

  // Choices that mean nothing a study knows: such an answer would be kept as a plain fact, and be missing in counts.
  void look_at_values(const Pointing::At& at, const Node& asked) {
    const std::string_view fact = fact_of(at.meaning);
    if (fact != "age_band" && fact != "gender") return;
    if (asked.choices.empty()) {
      if (asked.type != collect::AnswerType::kSelectOne) add(at.question, "no_choices");
      return;
    }
    std::vector<std::string> unknown;
    for (const collect::Choice& choice : asked.choices) {
      std::string means = choice.value;
      const auto of_fact = pointing_.values.find(std::string(fact));
      const bool said = of_fact != pointing_.values.end() && of_fact->second.contains(choice.value);
      if (said) means = of_fact->second.at(choice.value);
      if (!said && fact == "age_band") std::replace(means.begin(), means.end(), '_', ' ');
      if (!means.empty() && !(fact == "gender" ? is_one_of(kGenders, means) : is_one_of(kAgeBands, means)))
        unknown.push_back(choice.value);
    }
    if (!unknown.empty()) add(at.question, "values", join(unknown, ", "));
  }

  void look_at_whole() {
    if (!pointing_.has(Meaning::kConsent) && !pointing_.consent_on_paper) add("", "no_consent");
    const bool rows_of_others = pointing_.has(Meaning::kRowPseudonym);
    const bool person = pointing_.has(Meaning::kPseudonym);
    if (!person && !pointing_.has(Meaning::kGroup) && !rows_of_others) return add("", "nobody");
    if (person) return;
    for (const Meaning needs : {Meaning::kAnswer, Meaning::kFact, Meaning::kAgeBand, Meaning::kGender, Meaning::kRole,
                                Meaning::kPersonLanguage, Meaning::kPersonPlace})
      if (pointing_.has(needs)) return add("", "no_pseudonym");
  }

  // Rows with facts of people need a pseudonym; those without belong to the respondent.
  void look_at_rows() {
    std::map<int, std::array<std::string, 3>> repeats;  // a question for: a fact, the pseudonym, an answer
    for (const Pointing::At& at : pointing_.at) {
      if (!is_row(at.meaning)) continue;
      auto& of = repeats[repeat(at.question)];
      of[at.meaning == Meaning::kRowPseudonym ? 1 : at.meaning == Meaning::kRowAnswer ? 2 : 0] = at.question;
    }
    for (const auto& [node, of] : repeats) {
      if (!of[0].empty() && of[1].empty()) add(of[0], "row_pseudonym");
      if (of[2].empty()) add(of[1].empty() ? of[0] : of[1], "row_answer");
      if (of[0].empty() && of[1].empty() && !pointing_.has(Meaning::kPseudonym)) add(of[2], "row_nobody");
    }
  }

  void look_at_group() {
    const bool turns =
        pointing_.has(Meaning::kTurnSpeaker) || pointing_.has(Meaning::kTurnSaid) || pointing_.has(Meaning::kTurnWho);
    const bool together = pointing_.has(Meaning::kTogetherSaid);
    bool members = false, described = pointing_.has(Meaning::kGroup);
    for (const Pointing::At& at : pointing_.at) {
      members = members || is_member(at.meaning);
      described = described || (at.meaning >= Meaning::kGroup && at.meaning <= Meaning::kGroupRole);
    }
    if (!turns && !together && !members && !described) return;
    if (!pointing_.has(Meaning::kGroup)) add("", "no_group");
    if (!turns && !together) add("", "no_turns");
    if (turns && !pointing_.has(Meaning::kTurnSaid)) add("", "no_words");
    if (turns && !pointing_.has(Meaning::kMemberLabel)) add("", "no_members");
  }

  const Pointing& pointing_;
  const collect::Form& form_;
  std::unordered_map<std::string, int> nodes_;
  std::vector<int> repeats_;  // of each that is pointed at
  std::vector<Amiss> found_;
};

}  // namespace

std::vector<Amiss> amiss_in(const Pointing& pointing, const collect::Form& form) {
  return Looking(pointing, form).all();
}

}  // namespace understory::study
