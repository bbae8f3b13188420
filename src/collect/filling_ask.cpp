// What people are shown of a form that is filled in: words, choices, and what is amiss.
#include <cmath>
#include <unordered_set>

#include "collect/answers.h"
#include "collect/expression_parts.h"
#include "collect/filling_state.h"
#include "foundation/text.h"

namespace understory::collect {

Scope Filling::State::scope(Found context) const {
  Scope scope;
  scope.document = document.get();
  scope.context = context;
  scope.instance = [this](const std::string& id) { return list(id); };
  scope.choice_name = [this, context](const std::string& value, const std::string& path) {
    return label_of(value, path, *context.element);
  };
  scope.itext = [this, context](const std::string& id) {
    const auto found = form().texts.find(id);
    const Words::In* words = found == form().texts.end() ? nullptr : in_language(found->second);
    return words ? words->text : std::string();
  };
  scope.property = [this](const std::string& name) {
    return name == "deviceid"                                ? setting.device_id
           : name == "username"                              ? setting.username
           : name == "email"                                 ? setting.email
           : name == "phonenumber" || name == "phone number" ? setting.phone_number
                                                             : std::string();
  };
  scope.random = setting.random;
  scope.guid = setting.guid;
  scope.form_version = form().version;
  scope.language = code;
  scope.now = setting.now;
  scope.offset_minutes = setting.offset_minutes;
  scope.budget = &budget;
  return scope;
}

Tree Filling::State::list(const std::string& id) const {
  if (const auto found = plan->inline_lists.find(id); found != plan->inline_lists.end()) return found->second;
  if (const auto found = lists.find(id); found != lists.end()) return found->second;
  if (const auto file = plan->list_files.find(id); file != plan->list_files.end())
    if (const auto found = lists.find(file->second); found != lists.end()) return found->second;
  // pulldata() names a file without its ending.
  const auto found = lists.find(id + ".csv");
  return found == lists.end() ? Tree() : found->second;
}

const Words::In* Filling::State::in_language(const Words& words) const {
  const std::string first = form().languages.empty() ? std::string() : form().languages.front();
  const Words::In* fallback = nullptr;
  for (const Words::In& each : words.each) {
    if (each.language == setting.language) return &each;
    if (!fallback || each.language == first) fallback = &each;
  }
  return fallback;
}

std::string Filling::State::expand(const std::string& text, const Element& element) const {
  std::string made;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 >= text.size()) {
      made += text[i];
    } else if (text[i + 1] == '$') {
      made += '$';
      ++i;
    } else if (text[i + 1] == '{') {
      std::size_t end = i + 2;
      char quote = 0;
      for (; end < text.size() && (quote || text[end] != '}'); ++end) {
        const bool marks = quote ? text[end] == quote : text[end] == '\'' || text[end] == '"';
        if (marks) quote = quote ? 0 : text[end];
      }
      const std::string asked = text.substr(i + 2, end - i - 2);
      if (const auto expression = Expression::parse(asked)) {
        if (const auto value = evaluate(*expression, {&element, -1})) made += value->text();
      } else {
        remark(expression.error().sentence());
      }
      i = end;
    } else {
      made += text[i];
    }
    if (made.size() > 1'000'000) break;
  }
  return made;
}

std::vector<Offered> Filling::State::choices(const Element& element) const {
  std::vector<Offered> offered;
  if (element.node < 0) return offered;
  const Node& asked = node(element.node);
  for (const Choice& choice : asked.choices) {
    const Words::In* in = in_language(choice.label);
    Offered each{choice.value, in ? expand(in->text, element) : choice.value, {}, {}, {}};
    if (in) each.image = in->image, each.audio = in->audio, each.video = in->video;
    offered.push_back(std::move(each));
  }
  const FormPlan::Compiled& what = compiled(element.node);
  if (!what.choices || !what.choice_value) return offered;
  const auto items = evaluate(*what.choices, {&element, -1});
  if (!items || !items->nodes()) return offered;
  // jr:itext(path) brings pictures and sounds too.
  const std::string& label = asked.item_set->label;
  std::optional<Expression> text_id;
  if (label.rfind("jr:itext(", 0) == 0 && label.back() == ')')
    if (auto inside = Expression::parse(std::string_view(label).substr(9, label.size() - 10))) text_id = *inside;
  for (const Found& item : *items->nodes()) {
    if (budget < 0) break;
    Offered each;
    const auto value = evaluate(*what.choice_value, item);
    if (!value) break;
    each.value = value->text();
    if (text_id) {
      const auto id = evaluate(*text_id, item);
      const auto found = id ? form().texts.find(id->text()) : form().texts.end();
      if (const Words::In* in = found == form().texts.end() ? nullptr : in_language(found->second)) {
        each.label = expand(in->text, element);
        each.image = in->image, each.audio = in->audio, each.video = in->video;
      }
    } else if (what.choice_label) {
      if (const auto said = evaluate(*what.choice_label, item)) each.label = said->text();
    }
    if (each.label.empty()) each.label = each.value;
    offered.push_back(std::move(each));
  }
  return offered;
}

std::string Filling::State::label_of(const std::string& value, const std::string& path, const Element& from) const {
  const int wanted = plan->node_of(path);
  const std::vector<Element*> asked = related(from, wanted);
  if (asked.empty()) return {};
  for (const Offered& each : choices(*asked.front()))
    if (each.value == value) return each.label;
  return {};
}

bool Filling::readonly(const Element& element) const {
  for (const Element* each = &element; each && each->node >= 0; each = each->parent)
    if (const auto& expression = state_->compiled(each->node).readonly) {
      const auto value = state_->evaluate(*expression, {each, -1});
      if (value && value->truth()) return true;
    }
  return false;
}

bool Filling::required(const Element& element) const {
  if (element.node < 0 || !state_->compiled(element.node).required) return false;
  const auto value = state_->evaluate(*state_->compiled(element.node).required, {&element, -1});
  return value && value->truth();
}

std::vector<Offered> Filling::choices(const Element& element) const {
  state_->budget = kBudget;
  return state_->choices(element);
}

const Words::In* Filling::in_language(const Words& words) const { return state_->in_language(words); }

std::string Filling::text(const Words& words, const Element& element) const {
  state_->budget = kBudget;
  const Words::In* in = in_language(words);
  return in ? state_->expand(in->text, element) : std::string();
}

std::string_view name_of(Unmet::Kind kind) {
  constexpr std::string_view kNames[] = {"required", "constraint", "type", "choice", "range", "unknown"};
  return kNames[static_cast<std::size_t>(kind)];
}

namespace {

bool many(AnswerType type) { return type == AnswerType::kSelectMany || type == AnswerType::kRank; }

bool in_range(const Node& node, const std::string& answer) {
  const double value = number_of(answer, 0), start = number_of(node.range_start, 0), end = number_of(node.range_end, 0);
  if (std::isnan(value) || std::isnan(start) || std::isnan(end)) return true;
  return value >= std::min(start, end) && value <= std::max(start, end);
}

}  // namespace

std::vector<Unmet> Filling::problems() const {
  const State& state = *state_;
  state.budget = kBudget;
  std::vector<Unmet> unmet;
  const auto look = [&](auto&& self, const Element& element) -> void {
    if (!element.relevant || unmet.size() >= 10'000) return;
    if (element.node < 0) {
      if (element.parent && element.parent->name == "meta") return;  // clients add to it as they like
      if (element.name == "meta") return;
      unmet.push_back({Unmet::Kind::kUnknown, address_of(element), -1, {}});
      return;
    }
    for (const auto& child : element.children) self(self, *child);
    const Node& node = state.node(element.node);
    if (node.shape != Node::Shape::kField) {
      if (!trim(element.text).empty()) unmet.push_back({Unmet::Kind::kUnknown, address_of(element), -1, {}});
      return;
    }
    const auto tell = [&](Unmet::Kind kind, const Words& words) {
      unmet.push_back({kind, address_of(element), element.node, text(words, element)});
    };
    const FormPlan::Compiled& what = state.compiled(element.node);
    if (element.text.empty()) {
      const bool nobody_asks = what.calculate && node.control == Control::kNone;
      if (!nobody_asks && required(element)) tell(Unmet::Kind::kRequired, node.required_message);
      return;
    }
    if (!fits(node.type, element.text)) tell(Unmet::Kind::kType, {});
    if (node.control == Control::kRange && !in_range(node, element.text)) tell(Unmet::Kind::kRange, {});
    if (node.control == Control::kSelectOne || node.control == Control::kSelectMany || node.control == Control::kRank) {
      std::unordered_set<std::string> values;
      for (Offered& each : state.choices(element)) values.insert(std::move(each.value));
      bool known = true;
      if (many(node.type))
        for (std::string_view each : expressions::list_items(element.text))
          known = known && values.count(std::string(each));
      else
        known = values.count(element.text) > 0;
      // A list that is not here says nothing about what it holds.
      if (!known && !values.empty()) tell(Unmet::Kind::kChoice, {});
    }
    if (what.constraint) {
      const auto value = state.evaluate(*what.constraint, {&element, -1});
      if (value && !value->truth()) tell(Unmet::Kind::kConstraint, node.constraint_message);
    }
  };
  look(look, root());
  return unmet;
}

}  // namespace understory::collect
