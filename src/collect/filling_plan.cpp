#include "collect/filling_plan.h"

#include <algorithm>
#include <queue>
#include <unordered_set>

#include "foundation/text.h"
#include "foundation/xml.h"

namespace understory::collect {

int FormPlan::child_of(int node, std::string_view name) const {
  const auto& known = nodes[static_cast<std::size_t>(node)].child_by_name;
  const auto found = known.find(name);
  return found == known.end() ? -1 : found->second;
}

bool FormPlan::below(int node, int above) const {
  for (; node >= above; node = form->nodes[static_cast<std::size_t>(node)].parent)
    if (node == above) return true;
  return false;
}

namespace {

constexpr std::size_t kEdgeLimit = 2'000'000;  // beyond, the order of the document has to do

class Planner {
 public:
  explicit Planner(FormPlan& plan) : plan_(plan), form_(*plan.form) {}

  void plan() {
    plan_.nodes.resize(form_.nodes.size());
    plan_.templates.resize(form_.nodes.size());
    for (std::size_t i = 0; i < form_.nodes.size(); ++i) {
      const Node& node = form_.nodes[i];
      plan_.by_path.emplace(node.path, static_cast<int>(i));
      if (node.parent >= 0) {
        at(node.parent).children.push_back(static_cast<int>(i));
        at(node.parent).child_by_name.emplace(node.name, static_cast<int>(i));
        plan_.nodes[i].repeat = at(node.parent).repeat;
      }
      if (node.shape == Node::Shape::kRepeat) plan_.nodes[i].repeat = static_cast<int>(i);
    }
    for (std::size_t i = 0; i < form_.nodes.size(); ++i) compile(static_cast<int>(i));
    for (const Attribute& attribute : form_.attributes) {
      at(attribute.node).attributes.push_back(static_cast<int>(plan_.attribute_values.size()));
      plan_.attribute_values.push_back(parsed(attribute.calculate, attribute.path));
      plan_.attribute_relevants.push_back(parsed(attribute.relevant, attribute.path));
    }
    for (const SetValue& set : form_.set_values) plan_action(set);
    for (const Instance& each : form_.instances)
      if (each.xml.empty())
        plan_.list_files.emplace(each.id, each.source.substr(each.source.rfind('/') + 1));
      else if (const auto list = read_xml_list(each.xml, each.id))
        plan_.inline_lists.emplace(each.id, *list);
    make_tasks();
    order_tasks();
    make_instance();
  }

 private:
  FormPlan::Compiled& at(int node) { return plan_.nodes[static_cast<std::size_t>(node)]; }
  const Node& node(int index) const { return form_.nodes[static_cast<std::size_t>(index)]; }

  std::optional<Expression> parsed(const std::string& text, const std::string& path) {
    if (text.empty()) return std::nullopt;
    auto expression = Expression::parse(text);
    if (expression) return std::move(*expression);
    plan_.remarks.push_back(path + ": " + expression.error().sentence());
    return std::nullopt;
  }

  void compile(int index) {
    const Node& from = node(index);
    FormPlan::Compiled& to = at(index);
    to.relevant = parsed(from.relevant, from.path);
    to.constraint = parsed(from.constraint, from.path);
    to.required = parsed(from.required, from.path);
    to.readonly = parsed(from.readonly, from.path);
    to.calculate = parsed(from.calculate, from.path);
    to.repeat_count = parsed(from.repeat_count, from.path);
    if (!from.item_set) return;
    to.choices = parsed(from.item_set->nodeset, from.path);
    to.choice_value = parsed(from.item_set->value, from.path);
    to.choice_label = parsed(from.item_set->label, from.path);
  }

  int attribute_of(int node, const std::string& path) {
    for (int i : at(node).attributes)
      if (form_.attributes[static_cast<std::size_t>(i)].path == path) return i;
    return -1;
  }

  void plan_action(const SetValue& set) {
    FormPlan::Action action;
    for (std::string_view event : split(set.event, ' '))
      if (!trim(event).empty()) action.events.emplace_back(trim(event));
    const std::size_t attribute = set.target.find("/@");
    action.node = plan_.node_of(set.target.substr(0, attribute));
    if (action.node >= 0 && attribute != std::string::npos) action.attribute = attribute_of(action.node, set.target);
    action.value = parsed(set.value, set.target);
    const int made = static_cast<int>(plan_.actions.size());
    if (const int trigger = plan_.node_of(set.trigger);
        trigger >= 0 &&
        std::find(action.events.begin(), action.events.end(), "xforms-value-changed") != action.events.end())
      at(trigger).set_values.push_back(made);
    if (action.node >= 0) at(action.node).actions.push_back(made);
    plan_.actions.push_back(std::move(action));
  }

  void add_task(FormPlan::Task::Kind kind, int index, int attribute, const std::string& context,
                const Expression& expression) {
    FormPlan::Task task{kind, index, attribute, {}};
    for (const std::string& path : expression.reads(context)) {
      if (path.ends_with("/*")) {
        const std::string above = path.substr(0, path.size() - 2);
        for (std::size_t i = 0; i < form_.nodes.size() && edges_ < kEdgeLimit; ++i)
          if (above.empty() || node(static_cast<int>(i)).path.rfind(above + "/", 0) == 0) {
            task.reads.push_back(static_cast<int>(i));
            ++edges_;
          }
      } else if (const int read = plan_.node_of(path.substr(0, path.find("/@"))); read >= 0) {
        task.reads.push_back(read);
        ++edges_;
      }
    }
    std::sort(task.reads.begin(), task.reads.end());
    task.reads.erase(std::unique(task.reads.begin(), task.reads.end()), task.reads.end());
    plan_.tasks.push_back(std::move(task));
  }

  // Choices come last, whatever they read: two questions may each offer what the other has not chosen.
  void make_tasks() {
    using Kind = FormPlan::Task::Kind;
    for (int i = 0; i < static_cast<int>(form_.nodes.size()); ++i) {
      const FormPlan::Compiled& compiled = at(i);
      if (compiled.repeat_count) add_task(Kind::kCount, i, -1, node(i).path, *compiled.repeat_count);
      if (compiled.relevant) add_task(Kind::kRelevant, i, -1, node(i).path, *compiled.relevant);
      if (compiled.calculate) add_task(Kind::kCalculate, i, -1, node(i).path, *compiled.calculate);
      for (int a : compiled.attributes)
        if (const auto& value = plan_.attribute_values[static_cast<std::size_t>(a)])
          add_task(Kind::kAttribute, i, a, form_.attributes[static_cast<std::size_t>(a)].path, *value);
    }
    computed_ = plan_.tasks.size();
    for (int i = 0; i < static_cast<int>(form_.nodes.size()); ++i)
      if (const auto& choices = at(i).choices) add_task(Kind::kChoices, i, -1, node(i).path, *choices);
  }

  // What is read is computed before; among what could come next, the order of the document.
  void order_tasks() {
    std::string circle = order(true);
    if (!circle.empty()) {
      // JavaRosa looks at counts only when people come to the repeat: a circle through one is none.
      plan_.late_counts = true;
      circle = order(false);
    }
    for (const FormPlan::Task& task : plan_.tasks)
      if (task.kind == FormPlan::Task::Kind::kCalculate &&
          std::binary_search(task.reads.begin(), task.reads.end(), task.node))
        circle += (circle.empty() ? "" : ", ") + node(task.node).path;  // of itself
    if (!circle.empty()) plan_.remarks.push_back("These depend on each other in a circle, or on such: " + circle + ".");
  }

  // Names of what is in a circle, for people; empty: nothing is.
  std::string order(bool counts_wait) {
    using Kind = FormPlan::Task::Kind;
    const std::vector<FormPlan::Task> tasks(plan_.tasks.begin(),
                                            plan_.tasks.begin() + static_cast<std::ptrdiff_t>(computed_));
    std::vector<std::vector<int>> of_node(form_.nodes.size());
    for (std::size_t t = 0; t < tasks.size(); ++t)
      of_node[static_cast<std::size_t>(tasks[t].node)].push_back(static_cast<int>(t));
    std::vector<std::vector<int>> then(tasks.size());
    std::vector<int> waits(tasks.size(), 0);
    const auto before = [&](int first, int second) {
      if (first == second) return;
      then[static_cast<std::size_t>(first)].push_back(second);
      ++waits[static_cast<std::size_t>(second)];
    };
    for (int t = 0; t < static_cast<int>(tasks.size()); ++t) {
      const FormPlan::Task& task = tasks[static_cast<std::size_t>(t)];
      for (int read : task.reads) {
        if (task.kind == Kind::kCount && !counts_wait) break;
        for (int other : of_node[static_cast<std::size_t>(read)])
          if (tasks[static_cast<std::size_t>(other)].node != task.node) before(other, t);
        // Whether it is there at all is decided above it, except where that is decided above the reader as well.
        for (int above = node(read).parent; above > 0; above = node(above).parent) {
          if (plan_.below(task.node, above)) break;
          for (int other : of_node[static_cast<std::size_t>(above)])
            if (tasks[static_cast<std::size_t>(other)].kind != Kind::kCalculate) before(other, t);
        }
      }
      // A repeat has its copies before anything in them is computed.
      for (int above = task.kind == Kind::kCount ? node(task.node).parent : task.node; above > 0;
           above = node(above).parent)
        for (int other : of_node[static_cast<std::size_t>(above)])
          if (tasks[static_cast<std::size_t>(other)].kind == Kind::kCount) before(other, t);
    }
    std::priority_queue<int, std::vector<int>, std::greater<>> ready;
    for (std::size_t t = 0; t < tasks.size(); ++t)
      if (waits[t] == 0) ready.push(static_cast<int>(t));
    std::vector<FormPlan::Task> ordered;
    std::vector<char> done(tasks.size());
    while (!ready.empty()) {
      const auto t = static_cast<std::size_t>(ready.top());
      ready.pop();
      done[t] = 1;
      ordered.push_back(tasks[t]);
      for (int next : then[t])
        if (--waits[static_cast<std::size_t>(next)] == 0) ready.push(next);
    }
    std::string circle;
    for (std::size_t t = 0; t < tasks.size(); ++t) {
      if (done[t]) continue;
      ordered.push_back(tasks[t]);
      if (circle.size() < 300) circle += (circle.empty() ? "" : ", ") + node(tasks[t].node).path;
    }
    std::move(ordered.begin(), ordered.end(), plan_.tasks.begin());
    return circle;
  }

  // The tree a new one begins with, from the form's own instance; templates go aside.
  void make_instance() {
    plan_.instance = std::make_unique<Element>();
    const auto document = XmlDocument::parse(form_.instance, "instance");
    if (!document || form_.nodes.empty()) return;
    take(document->root(), *plan_.instance, 0);
    // A repeat without a template takes its first copy as one.
    for (const auto& [node, element] : first_)
      if (!plan_.templates[static_cast<std::size_t>(node)])
        plan_.templates[static_cast<std::size_t>(node)] = element->copy();
    for (auto& each : plan_.templates)
      if (each) each->parent = nullptr;
  }

  static bool is_template(const std::string& attribute) {
    return attribute.find(':') != std::string::npos && attribute.rfind("xmlns:", 0) != 0 &&
           local_name(attribute.c_str()) == "template";
  }

  void take(const pugi::xml_node& from, Element& parent, int index) {
    const std::string_view name = from.name();
    auto made = std::make_unique<Element>();
    made->name = local_name(from.name());
    made->prefix = name.substr(0, name.size() - made->name.size());
    made->node = index;
    bool shape = false;
    for (const pugi::xml_attribute& attribute : from.attributes()) {
      if (is_template(attribute.name()))
        shape = true;
      else
        made->attributes.emplace_back(attribute.name(), attribute.value());
    }
    for (int each : at(index).attributes)
      if (const std::string& missing = form_.attributes[static_cast<std::size_t>(each)].name;
          !attribute_named(from, missing))
        made->attributes.emplace_back(missing, "");
    if (node(index).shape == Node::Shape::kField) made->text = text_of(from);
    Element* element = made.get();
    const bool repeat = node(index).shape == Node::Shape::kRepeat;
    std::unordered_set<int> taken;
    for (const pugi::xml_node& child : from.children()) {
      if (child.type() != pugi::node_element) continue;
      const int below = plan_.child_of(index, local_name(child.name()));
      if (below < 0) continue;
      // What stands twice and is no repeat counts once.
      if (taken.insert(below).second || node(below).shape == Node::Shape::kRepeat) take(child, *element, below);
    }
    if (repeat && shape) {
      if (!plan_.templates[static_cast<std::size_t>(index)])
        plan_.templates[static_cast<std::size_t>(index)] = std::move(made);
      return;
    }
    made->parent = &parent;
    if (repeat && !first_.count(index)) first_.emplace(index, element);
    parent.children.push_back(std::move(made));
  }

  FormPlan& plan_;
  const Form& form_;
  std::size_t edges_ = 0, computed_ = 0;  // how many of the tasks are in an order
  std::map<int, const Element*> first_;   // the first copy of each repeat
};

}  // namespace

std::shared_ptr<const FormPlan> plan_of(std::shared_ptr<const Form> form) {
  auto plan = std::make_shared<FormPlan>();
  plan->form = std::move(form);
  Planner(*plan).plan();
  return plan;
}

}  // namespace understory::collect
