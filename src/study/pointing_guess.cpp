// What a form's questions look like, by their names and types. Wrong often enough to be shown, never kept, as it is.
#include <algorithm>

#include "foundation/text.h"
#include "study/pointing.h"
#include "study/submission_mapping_parts.h"

namespace understory::study {

namespace {

using collect::AnswerType;
using collect::Node;

// The parts of a name: "p_ageBand2" → "p", "age", "band2".
std::vector<std::string> parts_of(std::string_view name) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char letter = name[i];
    const bool upper = letter >= 'A' && letter <= 'Z';
    const bool after_lower = i > 0 && name[i - 1] >= 'a' && name[i - 1] <= 'z';
    if (letter == '_' || letter == '-' || letter == '.' || (upper && after_lower)) parts.emplace_back();
    if (letter != '_' && letter != '-' && letter != '.')
      parts.back() += upper ? static_cast<char>(letter + 32) : letter;
  }
  return parts;
}

bool holds(const std::vector<std::string>& parts, std::initializer_list<std::string_view> words) {
  return std::any_of(parts.begin(), parts.end(), [&](const std::string& part) {
    return std::find(words.begin(), words.end(), part) != words.end();
  });
}

// The answer that is a yes; empty: none looks like one.
std::string yes_of(const Node& node) {
  for (const std::string_view word : {"yes", "y", "1", "agree", "agreed", "true", "ok"})
    for (const collect::Choice& choice : node.choices)
      if (lower_ascii(choice.value) == word) return choice.value;
  if (node.control == collect::Control::kTrigger) return "OK";
  if (node.type == AnswerType::kBoolean) return "true";
  return "";
}

std::string facilitator_of(const Node& node) {
  for (const collect::Choice& choice : node.choices)
    if (holds(parts_of(choice.value), {"facilitator", "moderator", "interviewer", "f"})) return choice.value;
  return "";
}

// What a text looks like that holds somebody's name or how to find them: never taken by a guess.
bool tells_who(const std::vector<std::string>& parts) {
  return holds(parts, {"name", "surname", "firstname", "lastname", "phone", "mobile", "tel", "telephone", "address",
                       "email", "contact", "gps", "id"});
}

struct Sorts {
  bool text, select, date;
};

Meaning in_root(const Node& node, const std::vector<std::string>& parts, const Sorts& sort) {
  if (holds(parts, {"consent", "agree", "agrees", "permission"}) && !yes_of(node).empty()) return Meaning::kConsent;
  if (holds(parts, {"pseudonym", "respondent", "alias", "participant"}) || (sort.text && node.name == "who") ||
      (sort.text && holds(parts, {"code"}) && !holds(parts, {"group", "place", "village", "postal"})))
    return sort.text ? Meaning::kPseudonym : Meaning::kNothing;
  if (sort.select && holds(parts, {"age"})) return Meaning::kAgeBand;
  if (sort.select && holds(parts, {"gender", "sex"})) return Meaning::kGender;
  if (sort.select && holds(parts, {"role", "occupation", "work", "job"})) return Meaning::kRole;
  if (sort.select && holds(parts, {"language", "lang"})) return Meaning::kLanguage;
  if (sort.select && holds(parts, {"place", "village", "commune", "district", "province", "location"}))
    return Meaning::kPlace;
  if (sort.date && holds(parts, {"today", "date", "told", "interview", "visit", "day"})) return Meaning::kToldOn;
  if (sort.text && node.asked >= 0 && !tells_who(parts) && !holds(parts, {"group", "other", "note", "comment"}))
    return Meaning::kAnswer;
  return Meaning::kNothing;
}

// A repeat by what its questions are called together.
enum class List { kRows, kTurns, kMembers };

Meaning in_list(List list, const std::vector<std::string>& parts, const Sorts& sort) {
  if (list == List::kTurns) {
    if (holds(parts, {"said", "words", "text", "says"}) && sort.text) return Meaning::kTurnSaid;
    if (holds(parts, {"who"}) && sort.select) return Meaning::kTurnWho;
    if (holds(parts, {"speaker"})) return Meaning::kTurnSpeaker;
    return Meaning::kNothing;
  }
  const bool rows = list == List::kRows;
  if (sort.select && holds(parts, {"age"})) return rows ? Meaning::kRowAgeBand : Meaning::kMemberAgeBand;
  if (sort.select && holds(parts, {"gender", "sex"})) return rows ? Meaning::kRowGender : Meaning::kMemberGender;
  if (sort.text && holds(parts, {"pseudonym", "code", "alias"}))
    return rows ? Meaning::kRowPseudonym : Meaning::kMemberPseudonym;
  if (!rows && sort.text && holds(parts, {"label", "called", "name"})) return Meaning::kMemberLabel;
  if (rows && sort.text && !tells_who(parts) && !holds(parts, {"other", "note", "comment"})) return Meaning::kRowAnswer;
  return Meaning::kNothing;
}

}  // namespace

Pointing guess_pointing(const collect::Form& form) {
  std::map<int, List> lists;
  const auto for_each = [&](const auto& take) {
    for (std::size_t i = 1; i < form.nodes.size(); ++i) {
      const Node& node = form.nodes[i];
      if (node.shape == Node::Shape::kField && !node.meta) take(static_cast<int>(i), node, parts_of(node.name));
    }
  };
  bool turns = false;
  for_each([&](int at, const Node& node, const std::vector<std::string>& parts) {
    const int repeat = repeat_of(form, at);
    if (repeat == 0 || repeat_of(form, repeat) != 0) return;
    if (holds(parts, {"said", "speaker"}) && node.asked >= 0) lists[repeat] = List::kTurns, turns = true;
  });
  if (turns)
    for (std::size_t i = 1; i < form.nodes.size(); ++i)
      if (form.nodes[i].shape == Node::Shape::kRepeat && repeat_of(form, static_cast<int>(i)) == 0 &&
          holds(parts_of(form.nodes[i].name), {"participant", "participants", "member", "members", "people"}))
        lists[static_cast<int>(i)] = List::kMembers;

  Pointing made;
  std::map<int, bool> of_people;  // repeats whose rows give a pseudonym
  for_each([&](int at, const Node& node, const std::vector<std::string>& parts) {
    if (const int repeat = repeat_of(form, at); repeat != 0 && holds(parts, {"pseudonym", "code", "alias"}))
      of_people[repeat] = true;
  });
  for_each([&](int at, const Node& node, const std::vector<std::string>& parts) {
    if (!node.readonly.empty() && node.calculate.empty()) return;
    const Sorts sort{node.type == AnswerType::kText, node.type == AnswerType::kSelectOne,
                     node.type == AnswerType::kDate || node.type == AnswerType::kDateTime};
    const int repeat = repeat_of(form, at);
    Meaning meaning = Meaning::kNothing;
    if (repeat == 0) {
      meaning = turns && sort.text && holds(parts, {"group"}) ? Meaning::kGroup : in_root(node, parts, sort);
    } else {
      const auto found = lists.find(repeat);
      meaning = in_list(found == lists.end() ? List::kRows : found->second, parts, sort);
      const bool fact = meaning == Meaning::kRowAgeBand || meaning == Meaning::kRowGender;
      if (fact && !of_people[repeat]) meaning = Meaning::kNothing;
    }
    const bool many = meaning == Meaning::kConsent || meaning == Meaning::kAnswer || meaning == Meaning::kRowAnswer ||
                      meaning == Meaning::kRowPseudonym || meaning == Meaning::kRowAgeBand ||
                      meaning == Meaning::kRowGender;
    if (meaning == Meaning::kNothing || (!many && made.has(meaning))) return;
    made.at.push_back({node.path, meaning,
                       meaning == Meaning::kConsent   ? yes_of(node)
                       : meaning == Meaning::kTurnWho ? facilitator_of(node)
                                                      : ""});
  });
  // Rows of people without an answer, or of nobody, are no beginning.
  const auto repeat_at = [&](const std::string& question) {
    return repeat_of(form, find_node(form, question, Node::Shape::kField));
  };
  std::map<int, bool> answered;
  for (const Pointing::At& at : made.at)
    if (at.meaning == Meaning::kRowAnswer) answered[repeat_at(at.question)] = true;
  const bool person = made.has(Meaning::kPseudonym);
  std::erase_if(made.at, [&](const Pointing::At& at) {
    const bool row = at.meaning >= Meaning::kRowAnswer && at.meaning <= Meaning::kRowPlace;
    if (!row) return false;
    const int repeat = repeat_at(at.question);
    return !answered[repeat] || (!of_people[repeat] && !person);
  });
  return made;
}

}  // namespace understory::study
