#include "server/mapping_page.h"

#include <algorithm>
#include <map>
#include <set>

#include "foundation/text.h"
#include "server/fill_page.h"
#include "server/fill_parts.h"
#include "study/vocabulary.h"

namespace understory::server {

namespace {

using collect::AnswerType;
using collect::Node;
using study::Meaning;
using study::Pointing;

constexpr std::size_t kMostQuestions = 3000;  // of one page
constexpr std::size_t kMostChoices = 60;      // whose meaning is asked for
constexpr std::size_t kMostTyped = 200;       // bytes

// What a text holds that is computed when it is asked is not known here.
std::string words_in(const collect::Words& words, const std::string& language) {
  const collect::Words::In* best = words.each.empty() ? nullptr : &words.each.front();
  for (const auto& each : words.each)
    if (each.language == language) best = &each;
  if (!best) return "";
  std::string text;
  for (std::size_t i = 0; i < best->text.size(); ++i) {
    if (best->text[i] == '$' && i + 1 < best->text.size() && best->text[i + 1] == '{') {
      i = std::min(best->text.find('}', i), best->text.size());
      text += "…";
      continue;
    }
    text += best->text[i];
    if (best->text[i] == '$' && i + 1 < best->text.size() && best->text[i + 1] == '$') ++i;
  }
  return text;
}

// What people answer, and what follows from it; not the notes that only say something.
bool is_question(const Node& node) {
  if (node.shape != Node::Shape::kField || node.meta) return false;
  if (node.control == collect::Control::kNone) return !node.calculate.empty() || !node.preload.empty();
  return node.readonly.empty() || !node.calculate.empty() || node.control == collect::Control::kTrigger;
}

std::string_view type_name(AnswerType type) {
  switch (type) {
    case AnswerType::kInteger:
    case AnswerType::kDecimal: return "number";
    case AnswerType::kBoolean: return "boolean";
    case AnswerType::kDate:
    case AnswerType::kTime:
    case AnswerType::kDateTime: return "date";
    case AnswerType::kGeopoint:
    case AnswerType::kGeotrace:
    case AnswerType::kGeoshape: return "point";
    case AnswerType::kSelectOne: return "one";
    case AnswerType::kSelectMany:
    case AnswerType::kRank: return "many";
    case AnswerType::kFile: return "file";
    default: return "text";
  }
}

// Under which heading a meaning stands among the others.
std::string_view heading_of(Meaning meaning) {
  if (meaning <= Meaning::kConsent) return "";
  if (meaning <= Meaning::kFact || meaning == Meaning::kPersonLanguage || meaning == Meaning::kPersonPlace)
    return "person";
  if (meaning <= Meaning::kToldOn) return "told";
  if (meaning <= Meaning::kGroupRole) return "group";
  if (meaning <= Meaning::kRowPlace) return "rows";
  if (meaning <= Meaning::kMemberPlace) return "members";
  if (meaning <= Meaning::kTurnWho) return "turns";
  return "together";
}

std::string with_spaces(std::string text) {
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

class Writer {
 public:
  explicit Writer(const MappingShown& shown) : shown_(shown), form_(shown.form) {
    if (const std::string code = language_code(shown.language); !code.empty())
      lang_ = " lang=\"" + escape_markup(code) + "\"";
    for (const Pointing::At& at : shown.pointing.at) at_[at.question].push_back(&at);
    for (const study::Amiss& each : shown.amiss) amiss_[each.question].push_back(&each);
  }

  std::string questions() {
    inside(0, 0);
    return std::move(html_);
  }

  std::string summary() const {
    std::string list;
    for (const study::Amiss& each : shown_.amiss) {
      const auto node = std::find_if(form_.nodes.begin(), form_.nodes.end(), [&](const Node& known) {
        return known.shape == Node::Shape::kField && known.path == each.question;
      });
      if (node == form_.nodes.end())
        list += "<li>" + escape_markup(sentence(each)) + "</li>";
      else
        list += fmt::format("<li><a href=\"#q{}\">{}: {}</a></li>", node - form_.nodes.begin(),
                            escape_markup(shortened(label_of(*node), 80)), escape_markup(sentence(each)));
    }
    return list;
  }

 private:
  std::string say(std::string_view key) const { return escape_markup(shown_.words.say(key)); }
  std::string label_of(const Node& node) const {
    const std::string label = words_in(node.label, shown_.language);
    return label.empty() ? node.name : label;
  }
  std::string sentence(const study::Amiss& amiss) const {
    return shown_.words.say({"mapping.amiss_" + amiss.key, {{"what", amiss.what}}});
  }

  void inside(int parent, int depth) {
    for (std::size_t i = static_cast<std::size_t>(parent) + 1; i < form_.nodes.size(); ++i) {
      const Node& node = form_.nodes[i];
      if (node.parent != parent) continue;
      if (node.shape == Node::Shape::kField) {
        if (is_question(node) && written_ < kMostQuestions) question(node, static_cast<int>(i));
        continue;
      }
      if (node.meta) continue;
      const bool repeat = node.shape == Node::Shape::kRepeat;
      if (!repeat && node.label.empty()) {  // a group for the form's maker alone
        inside(static_cast<int>(i), depth);
        continue;
      }
      std::string before = std::exchange(html_, {});
      inside(static_cast<int>(i), depth + 1);
      if (html_.empty()) {
        html_ = std::move(before);
        continue;
      }
      const std::string label = "<span" + lang_ + ">" + escape_markup(label_of(node)) + "</span>" +
                                (repeat ? " <span class=\"note\">" + say("mapping.repeat") + "</span>" : "");
      html_ = before + "<fieldset class=\"group\"><legend>" + label + "</legend>\n" + html_ + "</fieldset>\n";
    }
  }

  void question(const Node& node, int index) {
    ++written_;
    const auto found = at_.find(node.path);
    const std::vector<const Pointing::At*> at = found == at_.end() ? std::vector<const Pointing::At*>{} : found->second;
    const auto wrong = amiss_.find(node.path);
    html_ +=
        fmt::format("<section class=\"point{}\" id=\"q{}\"><h3{}>{}</h3><p class=\"note\"><code>{}</code> {}</p>\n",
                    wrong == amiss_.end() ? "" : " wrong", index, lang_, escape_markup(label_of(node)),
                    escape_markup(node.path), say("mapping.type_" + std::string(type_name(node.type))));
    std::string described;
    if (wrong != amiss_.end()) {
      described = fmt::format(" aria-describedby=\"q{}e\"", index);
      html_ += fmt::format("<ul class=\"amiss\" id=\"q{}e\">", index);
      for (const study::Amiss* each : wrong->second) html_ += "<li>" + escape_markup(sentence(*each)) + "</li>";
      html_ += "</ul>\n";
    }
    const auto meanings = study::meanings_for(form_, index);
    if (at.empty()) select(node, meanings, Meaning::kNothing, described);
    for (const Pointing::At* each : at) select(node, meanings, each->meaning, std::exchange(described, ""));
    if (shown_.guessed && !at.empty()) html_ += "<strong class=\"guess\">" + say("mapping.guess") + "</strong>\n";
    details(node, at);
    if (!at.empty()) {
      html_ += "<details><summary>" + say("mapping.also") + "</summary>\n";
      select(node, meanings, Meaning::kNothing, "");
      html_ += "</details>\n";
    }
    html_ += "</section>\n";
  }

  void select(const Node& node, const std::vector<Meaning>& meanings, Meaning chosen, const std::string& more) {
    html_ += fmt::format("<label>{} <select name=\"is:{}\"{}>", say("mapping.this_is"), escape_markup(node.path), more);
    std::string_view heading;
    for (const Meaning meaning : meanings) {
      if (const std::string_view under = heading_of(meaning); under != heading) {
        if (!heading.empty()) html_ += "</optgroup>";
        heading = under;
        if (!under.empty()) html_ += "<optgroup label=\"" + say("mapping.of_" + std::string(under)) + "\">";
      }
      html_ += option_html(name_of(meaning), shown_.words.say("mapping.is_" + std::string(name_of(meaning))),
                           meaning == chosen);
    }
    html_ += std::string(heading.empty() ? "" : "</optgroup>") + "</select></label>\n";
  }

  // What must be known besides, of some meanings alone. A style sheet that can hides the others.
  void details(const Node& node, const std::vector<const Pointing::At*>& at) {
    std::string yes, fact, asked;
    bool bands = false, genders = false;
    for (const Pointing::At* each : at) {
      if (each->meaning == Meaning::kConsent || each->meaning == Meaning::kTurnWho) yes = each->detail;
      if (each->meaning == Meaning::kFact || each->meaning == Meaning::kRowFact ||
          each->meaning == Meaning::kMemberFact)
        fact = each->detail;
      if (each->meaning == Meaning::kAnswer || each->meaning == Meaning::kRowAnswer) asked = each->detail;
      bands = bands || fact_of(each->meaning) == "age_band";
      genders = genders || fact_of(each->meaning) == "gender";
    }
    const std::string path = escape_markup(node.path);
    html_ += fmt::format("<label class=\"more more-yes\">{} ", say("mapping.yes"));
    if (node.choices.empty()) {
      html_ +=
          fmt::format("<input name=\"yes:{}\" value=\"{}\" maxlength=\"{}\">", path, escape_markup(yes), kMostTyped);
    } else {
      html_ += "<select name=\"yes:" + path + "\">" + option_html("", "–", yes.empty());
      for (const collect::Choice& choice : node.choices)
        html_ += option_html(choice.value, choice_label(choice), yes == choice.value);
      html_ += "</select>";
    }
    html_ += fmt::format(
        "</label>\n<label class=\"more more-fact\">{} <input name=\"fact:{}\" value=\"{}\" "
        "maxlength=\"{}\"></label>\n",
        say("mapping.fact_called"), path, escape_markup(fact), kMostTyped);
    html_ += fmt::format("<label class=\"more more-answer\">{} <select name=\"asked:{}\">{}", say("mapping.asked"),
                         path, option_html("", shown_.words.say("mapping.asked_all"), asked.empty()));
    for (const std::string_view kind : study::kCodeKinds)
      html_ += option_html(kind, shown_.words.say("kind." + std::string(kind)), asked == kind);
    if (!asked.empty() && !study::is_one_of(study::kCodeKinds, asked)) html_ += option_html(asked, asked, true);
    html_ += "</select></label>\n";
    if (node.choices.empty() || node.choices.size() > kMostChoices) return;
    html_ += "<fieldset class=\"more more-values\"><legend>" + say("mapping.values") + "</legend>\n";
    for (const collect::Choice& choice : node.choices) {
      const std::string means = meaning_of_choice(at, choice.value);
      html_ += fmt::format("<label><span{}>{}</span> ", lang_, escape_markup(choice_label(choice)));
      const std::string name = "means:" + path + ":" + escape_markup(choice.value);
      if (bands || genders) {
        html_ += "<select name=\"" + name + "\">" +
                 option_html("", shown_.words.say("mapping.means_nothing"), means.empty());
        bool known = means.empty();
        const auto offer = [&](const auto& list, const std::string& beginning) {
          for (const std::string_view word : list) {
            known = known || means == word;
            html_ += option_html(word, shown_.words.say(beginning + std::string(word)), means == word);
          }
        };
        if (bands)
          offer(study::kAgeBands, "age_band.");
        else
          offer(study::kGenders, "gender.");
        if (!known) html_ += option_html(means, means + " " + shown_.words.say("mapping.means_unknown"), true);
        html_ += "</select>";
      } else {
        html_ += "<input name=\"" + name + "\" value=\"" + escape_markup(means) + "\" maxlength=\"" +
                 std::to_string(kMostTyped) + "\">";
      }
      html_ += "</label>\n";
    }
    html_ += "</fieldset>\n";
  }

  std::string choice_label(const collect::Choice& choice) const {
    const std::string label = words_in(choice.label, shown_.language);
    return label.empty() ? choice.value : label;
  }

  std::string meaning_of_choice(const std::vector<const Pointing::At*>& at, const std::string& value) const {
    for (const Pointing::At* each : at) {
      const std::string fact = fact_of(each->meaning).empty() ? each->detail : std::string(fact_of(each->meaning));
      if (const auto of_fact = shown_.pointing.values.find(fact); of_fact != shown_.pointing.values.end())
        if (const auto found = of_fact->second.find(value); found != of_fact->second.end()) return found->second;
      if (fact_of(each->meaning) == "age_band") return with_spaces(value);
    }
    return value;
  }

  const MappingShown& shown_;
  const collect::Form& form_;
  std::map<std::string, std::vector<const Pointing::At*>> at_;
  std::map<std::string, std::vector<const study::Amiss*>> amiss_;
  std::string lang_;  // of the form's own words
  std::string html_;
  std::size_t written_ = 0;
};

bool tells_a_fact(const Pointing::At& at) {
  return !fact_of(at.meaning).empty() || at.meaning == Meaning::kFact || at.meaning == Meaning::kRowFact ||
         at.meaning == Meaning::kMemberFact;
}

}  // namespace

std::string mapping_html(const MappingShown& shown) { return Writer(shown).questions(); }
std::string mapping_summary(const MappingShown& shown) { return Writer(shown).summary(); }

Pointing pointing_sent(const std::vector<std::pair<std::string, std::string>>& sent, const collect::Form& form) {
  std::map<std::string, int> nodes;
  for (std::size_t i = 0; i < form.nodes.size(); ++i)
    if (form.nodes[i].shape == Node::Shape::kField) nodes.emplace(form.nodes[i].path, static_cast<int>(i));
  std::map<std::string, std::map<std::string, std::string>> typed;  // "yes", "fact", "asked" → question → what
  std::vector<std::array<std::string, 3>> means;                    // question, choice, meaning
  Pointing made;
  std::set<std::pair<std::string, Meaning>> pointed;
  for (const auto& [name, value] : sent) {
    const std::size_t colon = name.find(':');
    const std::string text(trim(shortened(value, kMostTyped)));
    if (name == "on_paper") made.consent_on_paper = true;
    if (name == "location") made.location = text;
    if (colon == std::string::npos) continue;
    const std::string kind = name.substr(0, colon), rest = name.substr(colon + 1);
    if (kind == "called") {
      if (!text.empty() && (rest.empty() || study::is_one_of(study::kLanguages, rest)))
        made.facilitator_called[rest] = text;
      continue;
    }
    if (kind == "means") {
      const std::size_t next = rest.find(':');
      if (next != std::string::npos) means.push_back({rest.substr(0, next), rest.substr(next + 1), text});
      continue;
    }
    const auto node = nodes.find(rest);
    if (node == nodes.end()) continue;
    if (kind != "is") {
      typed[kind][rest] = text;
      continue;
    }
    const auto meaning = study::meaning_of(value);
    const auto possible = study::meanings_for(form, node->second);
    if (meaning && *meaning != Meaning::kNothing &&
        std::find(possible.begin(), possible.end(), *meaning) != possible.end() &&
        pointed.emplace(rest, *meaning).second)
      made.at.push_back({rest, *meaning, ""});
  }
  for (Pointing::At& at : made.at) {
    if (at.meaning == Meaning::kConsent || at.meaning == Meaning::kTurnWho)
      at.detail = typed["yes"][at.question];
    else if (at.meaning == Meaning::kAnswer || at.meaning == Meaning::kRowAnswer)
      at.detail = typed["asked"][at.question];
    else if (tells_a_fact(at) && fact_of(at.meaning).empty())
      at.detail = typed["fact"][at.question];
  }
  for (const auto& [question, choice, meaning] : means) {
    if (meaning == choice) continue;
    for (const Pointing::At& at : made.at) {
      if (at.question != question || !tells_a_fact(at)) continue;
      const std::string fact = fact_of(at.meaning).empty() ? at.detail : std::string(fact_of(at.meaning));
      const bool plain = fact == "gender" || fact == "language" || fact == "place";
      if (!fact.empty() && (plain || meaning != with_spaces(choice))) made.values[fact][choice] = meaning;
    }
  }
  return made;
}

}  // namespace understory::server
