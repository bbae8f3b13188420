// What follows from the answers: counts of repeats, relevance, calculations, actions.
#include <cmath>
#include <unordered_set>

#include "collect/expression_parts.h"
#include "collect/filling_state.h"
#include "foundation/text.h"

namespace understory::collect {

namespace {

std::size_t size_of(const Element& element) {
  std::size_t size = 1;
  for (const auto& child : element.children) size += size_of(*child);
  return size;
}

void walk(Element& element, const std::function<void(Element&)>& visit) {
  visit(element);
  for (const auto& child : element.children) walk(*child, visit);
}

}  // namespace

void Filling::State::remark(std::string text) const {
  if (remarks.size() < 100 && std::find(remarks.begin(), remarks.end(), text) == remarks.end())
    remarks.push_back(std::move(text));
}

std::optional<Value> Filling::State::evaluate(const Expression& expression, Found context) const {
  auto value = expression.evaluate(scope(context));
  if (value) return std::move(*value);
  remark(value.error().sentence());
  return std::nullopt;
}

void Filling::State::index() {
  by_node.assign(form().nodes.size(), {});
  elements = 0;
  for (const auto& child : document->children)
    walk(*child, [&](Element& each) {
      ++elements;
      if (each.node >= 0) by_node[static_cast<std::size_t>(each.node)].push_back(&each);
    });
}

std::vector<Element*> Filling::State::related(const Element& from, int wanted) const {
  std::vector<Element*> found;
  if (wanted < 0) return found;
  for (Element* each : by_node[static_cast<std::size_t>(wanted)]) {
    // The nearest element both lie in is in no repeat that they lie in different copies of.
    bool apart = false;
    for (const Element* above = each; above && !apart; above = above->parent) {
      if (above->node < 0 || node(above->node).shape != Node::Shape::kRepeat) continue;
      for (const Element* mine = &from; mine; mine = mine->parent)
        if (mine->node == above->node && mine != above) apart = true;
    }
    if (!apart) found.push_back(each);
  }
  return found;
}

void Filling::State::change(Element& element, std::string value) {
  if (element.text == value) return;
  element.text = std::move(value);
  changed[static_cast<std::size_t>(element.node)] = 1;
  for (int action : compiled(element.node).set_values) pending.emplace_back(&element, action);
}

void Filling::State::mark_below(int index) {
  changed[static_cast<std::size_t>(index)] = 1;
  for (int child : compiled(index).children) mark_below(child);
}

void Filling::State::spread_relevance(Element& element) {
  const bool relevant = element.own_relevant && (!element.parent || element.parent->relevant);
  if (element.relevant != relevant && element.node >= 0) changed[static_cast<std::size_t>(element.node)] = 1;
  element.relevant = relevant;
  for (const auto& child : element.children) spread_relevance(*child);
}

// One more copy; whoever adds it indexes and lets the actions of a new repeat be done.
Element* Filling::State::add_copy(Element& parent, int index) {
  const auto& shape = plan->templates[static_cast<std::size_t>(index)];
  if (!shape) return nullptr;
  const std::size_t size = size_of(*shape);
  if (elements + size > kElementLimit) return nullptr;
  elements += size;
  // Behind the last copy; without one, where the form has its place: before what comes after it.
  auto& children = parent.children;
  std::size_t at = children.size();
  for (std::size_t i = 0; i < children.size(); ++i) {
    if (children[i]->node == index) at = i + 1;
    if (children[i]->node > index && at == children.size()) at = i;
  }
  auto made = shape->copy();
  made->parent = &parent;
  Element* element = made.get();
  children.insert(children.begin() + static_cast<std::ptrdiff_t>(at), std::move(made));
  walk(*element, [](Element& each) { each.fresh = true; });
  spread_relevance(*element);
  mark_below(index);
  return element;
}

// Whoever removes it indexes.
void Filling::State::remove_copy(Element& element) {
  mark_below(element.node);
  Element* parent = element.parent;
  std::erase_if(pending, [&](const auto& each) {
    for (const Element* above = each.first; above; above = above->parent)
      if (above == &element) return true;
    return false;
  });
  std::erase_if(parent->children, [&](const auto& each) { return each.get() == &element; });
}

// As many copies as the form's expression says.
void Filling::State::fit_count(const Element& context, int index, Element& parent) {
  const auto value = evaluate(*compiled(index).repeat_count, {&context, -1});
  if (!value) return;
  const double number = value->number(setting.offset_minutes);
  const auto wanted = static_cast<std::size_t>(std::isnan(number) ? 0 : std::clamp(std::trunc(number), 0.0, 10'000.0));
  std::vector<Element*> held, made;
  for (const auto& each : parent.children)
    if (each->node == index) held.push_back(each.get());
  while (held.size() > wanted) {
    remove_copy(*held.back());
    held.pop_back();
  }
  for (std::size_t i = held.size(); i < wanted; ++i) {
    made.push_back(add_copy(parent, index));
    if (made.back()) continue;
    made.pop_back();
    remark(node(index).path + " has more copies than can be held.");
    break;
  }
  this->index();
  for (Element* each : made) act_on("odk-new-repeat", *each);
}

// What was chosen and is offered no more is chosen no more, as in ODK's own tools. A list that is not here offers
// nothing and takes nothing away.
void Filling::State::fit_choices(Element& element) {
  if (element.text.empty()) return;
  if (!lists_here) {
    lists_here = true;
    for (const Instance& each : form().instances) lists_here = *lists_here && list(each.id);
  }
  if (!*lists_here) return;
  std::unordered_set<std::string> values;
  for (Offered& each : choices(element)) values.insert(std::move(each.value));
  if (budget < 0 || values.count(element.text)) return;
  std::string kept;
  const AnswerType type = node(element.node).type;
  if (type == AnswerType::kSelectMany || type == AnswerType::kRank)
    for (std::string_view each : expressions::list_items(element.text))
      if (values.count(std::string(each))) kept.append(kept.empty() ? "" : " ").append(each);
  change(element, std::move(kept));
  chosen_less = true;
}

void Filling::State::compute_task(const FormPlan::Task& task) {
  using Kind = FormPlan::Task::Kind;
  const bool due = everything || std::any_of(task.reads.begin(), task.reads.end(),
                                             [&](int read) { return changed[static_cast<std::size_t>(read)] != 0; });
  const FormPlan::Compiled& what = compiled(task.node);
  if (task.kind == Kind::kCount) {
    // Copies stand in each copy of what is around.
    const std::vector<Element*> parents = by_node[static_cast<std::size_t>(node(task.node).parent)];
    for (Element* parent : parents) {
      if (!due && !parent->fresh) continue;
      // The expression stands at the repeat; where there is no copy yet, at a passing one.
      Element* first = nullptr;
      for (const auto& child : parent->children)
        if (child->node == task.node && !first) first = child.get();
      std::unique_ptr<Element> passing;
      if (!first) {
        passing = std::make_unique<Element>();
        passing->name = node(task.node).name;
        passing->parent = parent;
        passing->node = task.node;
        first = passing.get();
      }
      fit_count(*first, task.node, *parent);
    }
    return;
  }
  const std::vector<Element*> all = by_node[static_cast<std::size_t>(task.node)];
  for (Element* element : all) {
    if (!due && !element->fresh) continue;
    if (task.kind == Kind::kChoices) {
      if (!everything && !element->fresh) fit_choices(*element);  // not what was loaded: lists change in the years
    } else if (task.kind == Kind::kRelevant) {
      const auto value = evaluate(*what.relevant, {element, -1});
      const bool own = !value || value->truth();
      if (own == element->own_relevant) continue;
      element->own_relevant = own;
      spread_relevance(*element);
    } else if (task.kind == Kind::kCalculate) {
      // What was computed from nothing, an id or a time, stays what it was.
      if (task.reads.empty() && !element->fresh && !element->text.empty()) continue;
      if (const auto value = evaluate(*what.calculate, {element, -1})) {
        std::string text = value->text();
        if (node(task.node).type == AnswerType::kDate && text.size() > 10)
          if (const auto moment = expressions::moment_of(text))
            text = expressions::date_text(expressions::local(*moment, setting.offset_minutes).days);
        change(*element, std::move(text));
      }
    } else {
      const std::string& name = form().attributes[static_cast<std::size_t>(task.attribute)].name;
      for (std::size_t i = 0; i < element->attributes.size(); ++i) {
        auto& [written, text] = element->attributes[i];
        if (written.substr(written.rfind(':') + 1) != name) continue;
        if (task.reads.empty() && !element->fresh && !text.empty()) continue;
        const auto value =
            evaluate(*plan->attribute_values[static_cast<std::size_t>(task.attribute)], {element, static_cast<int>(i)});
        if (!value || value->text() == text) continue;
        text = value->text();
        changed[static_cast<std::size_t>(task.node)] = 1;
      }
    }
  }
}

void Filling::State::act(const FormPlan::Action& action, Element& target) {
  if (!action.value) return;
  Found place{&target, -1};
  if (action.attribute >= 0) {
    const std::string& name = form().attributes[static_cast<std::size_t>(action.attribute)].name;
    for (std::size_t i = 0; i < target.attributes.size(); ++i)
      if (target.attributes[i].first.substr(target.attributes[i].first.rfind(':') + 1) == name)
        place.attribute = static_cast<int>(i);
    if (place.attribute < 0) return;
  }
  const auto value = evaluate(*action.value, place);
  if (!value) return;
  if (place.attribute < 0) {
    change(target, value->text());
  } else {
    target.attributes[static_cast<std::size_t>(place.attribute)].second = value->text();
    changed[static_cast<std::size_t>(target.node)] = 1;
  }
}

// The actions of an event, on what lies in the element; in the order the form has them.
void Filling::State::act_on(std::string_view event, Element& below) {
  std::vector<std::pair<int, Element*>> due;
  walk(below, [&](Element& each) {
    if (each.node < 0) return;
    for (int action : compiled(each.node).actions)
      for (const std::string& named : plan->actions[static_cast<std::size_t>(action)].events)
        if (named == event || (event == "odk-instance-first-load" && named == "xforms-ready")) {
          due.emplace_back(action, &each);
          break;
        }
  });
  std::stable_sort(due.begin(), due.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [action, target] : due) act(plan->actions[static_cast<std::size_t>(action)], *target);
}

void Filling::State::compute() {
  budget = kBudget;
  // Actions change what calculations read, and calculations what triggers actions; a circle ends after ten rounds.
  for (int round = 0; round < 10; ++round) {
    std::vector<std::pair<Element*, int>> due;
    due.swap(pending);
    for (const auto& [element, action] : due) {
      const FormPlan::Action& what = plan->actions[static_cast<std::size_t>(action)];
      for (Element* target : related(*element, what.node)) act(what, *target);
    }
    for (const FormPlan::Task& task : plan->tasks) compute_task(task);
    for (const auto& child : document->children) walk(*child, [](Element& each) { each.fresh = false; });
    everything = false;
    const bool again = std::exchange(chosen_less, false);
    const std::size_t before = elements;
    if (plan->late_counts)
      for (const FormPlan::Task& task : plan->tasks)
        if (task.kind == FormPlan::Task::Kind::kCount) compute_task(task);
    if (again || elements != before) continue;  // what reads the choices or the copies is computed again
    std::fill(changed.begin(), changed.end(), 0);
    if (pending.empty()) return;
  }
  std::fill(changed.begin(), changed.end(), 0);
  pending.clear();
  remark("Actions set each other off without end.");
}

}  // namespace understory::collect
