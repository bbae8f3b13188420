#include "collect/filling.h"

#include <charconv>
#include <random>
#include <unordered_set>

#include "collect/expression_parts.h"
#include "collect/filling_state.h"
#include "collect/form_language.h"
#include "foundation/id.h"
#include "foundation/text.h"
#include "foundation/xml.h"

namespace understory::collect {

namespace {

std::unique_ptr<Element> copy_document(const Element& document) {
  auto made = document.copy();
  if (made->children.empty()) made->add("data");  // of a form without nodes: nothing can be filled in
  return made;
}

double by_chance() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return static_cast<double>(generator() >> 11) * 0x1.0p-53;
}

// What stands in XML so that reading it gives the same text back: line ends and tabs are made alike otherwise.
std::string written(std::string_view text, bool attribute) {
  const std::string escaped = escape_markup(text);
  std::string made;
  for (char byte : escaped) {
    if (byte == '\r' || (attribute && (byte == '\n' || byte == '\t')))
      made += fmt::format("&#{};", static_cast<int>(byte));
    else
      made += byte;
  }
  return made;
}

void write(const Element& element, std::string& xml, bool irrelevant_too = false) {
  if (!element.relevant && !irrelevant_too) return;
  xml.append("<").append(element.prefix).append(element.name);
  for (const auto& [name, value] : element.attributes)
    xml.append(" ").append(name).append("=\"").append(written(value, true)).append("\"");
  if (element.text.empty() && element.children.empty()) {
    xml.append("/>");
    return;
  }
  xml.append(">").append(written(element.text, false));
  // A second copy of what may stand once is not known, but goes with the first: read again, it would be the first.
  std::unordered_set<std::string_view> left_out;
  if (!irrelevant_too)
    for (const auto& child : element.children)
      if (!child->relevant && child->node >= 0) left_out.insert(child->name);
  for (const auto& child : element.children)
    if (child->node >= 0 || !left_out.contains(child->name)) write(*child, xml, irrelevant_too);
  xml.append("</").append(element.prefix).append(element.name).append(">");
}

// Takes what a sent instance holds into the tree of the form: `to` is the form's element with its defaults.
class Loader {
 public:
  Loader(const FormPlan& plan) : plan_(plan) {}

  void take(const pugi::xml_node& from, Element& to) {
    // Id and version are those of the form it is now filled in by.
    for (const pugi::xml_attribute& attribute : from.attributes())
      set_attribute(to, attribute.name(), attribute.value(), to.node != 0);
    if (plan_.form->nodes[static_cast<std::size_t>(to.node)].shape == Node::Shape::kField) {
      to.text = xml_safe(text_of(from));
      for (const pugi::xml_node& child : from.children())
        if (child.type() == pugi::node_element) keep_unknown(child, to);
      return;
    }
    to.text = xml_safe(trim(text_of(from)));  // words between questions belong to none, and are kept all the same
    // Copies of repeats are as many as were sent; fields that were not sent are empty.
    std::unordered_map<int, std::unique_ptr<Element>> begun;
    for (auto& child : to.children) {
      const bool repeat = child->node >= 0 && shape(child->node) == Node::Shape::kRepeat;
      if (!repeat) begun.emplace(child->node, std::move(child));
    }
    to.children.clear();
    for (const pugi::xml_node& child : from.children()) {
      if (child.type() != pugi::node_element) continue;
      const int node = plan_.child_of(to.node, local_name(child.name()));
      std::unique_ptr<Element> made;
      if (node >= 0 && shape(node) == Node::Shape::kRepeat) {
        if (const auto& copy = plan_.templates[static_cast<std::size_t>(node)]; copy && count_ < kElementLimit)
          made = copy->copy();
      } else if (const auto found = begun.find(node); node >= 0 && found != begun.end()) {
        made = std::move(found->second);
        begun.erase(found);
      }
      if (!made) {
        keep_unknown(child, to);
        continue;
      }
      count_ += 1 + made->children.size();
      made->parent = &to;
      Element& element = *made;
      to.children.push_back(std::move(made));
      take(child, element);
    }
    for (auto& [node, element] : begun) {
      clear(*element);
      element->parent = &to;
      to.children.push_back(std::move(element));
    }
    std::stable_sort(to.children.begin(), to.children.end(), [](const auto& a, const auto& b) {
      return static_cast<unsigned>(a->node) < static_cast<unsigned>(b->node);  // unknown ones last
    });
  }

 private:
  Node::Shape shape(int node) const { return plan_.form->nodes[static_cast<std::size_t>(node)].shape; }

  static void set_attribute(Element& element, const std::string& name, const std::string& given, bool over = true) {
    const std::string value = xml_safe(given);
    for (auto& [held, text] : element.attributes)
      if (held == name) {
        if (over) text = value;
        return;
      }
    element.attributes.emplace_back(name, value);
  }

  void clear(Element& element) {
    element.text.clear();
    std::erase_if(element.children,
                  [&](const auto& each) { return each->node >= 0 && shape(each->node) == Node::Shape::kRepeat; });
    for (const auto& child : element.children) clear(*child);
  }

  void keep_unknown(const pugi::xml_node& from, Element& to) {
    if (++count_ > kElementLimit) return;
    const std::string_view whole = from.name();
    Element& made = to.add(std::string(local_name(from.name())));
    made.prefix = whole.substr(0, whole.size() - made.name.size());
    made.text = xml_safe(text_of(from));
    for (const pugi::xml_attribute& attribute : from.attributes())
      set_attribute(made, attribute.name(), attribute.value());
    for (const pugi::xml_node& child : from.children())
      if (child.type() == pugi::node_element) keep_unknown(child, made);
  }

  const FormPlan& plan_;
  std::size_t count_ = 0;
};

}  // namespace

Filling::Filling(std::unique_ptr<State> state) : state_(std::move(state)) {}
Filling::~Filling() = default;
Filling::Filling(Filling&&) noexcept = default;
Filling& Filling::operator=(Filling&&) noexcept = default;

void Filling::State::set(Setting wanted) {
  setting = std::move(wanted);
  if (!setting.random) setting.random = by_chance;
  if (!setting.guid) setting.guid = make_guid;
  const std::vector<std::string>& languages = form().languages;
  const bool has = std::find(languages.begin(), languages.end(), setting.language) != languages.end();
  code = language_code(has || languages.empty() ? setting.language : languages.front());
  if (code.empty()) code = setting.locale;
}

Filling Filling::start(std::shared_ptr<const FormPlan> plan, Lists lists, Setting setting) {
  auto state = std::make_unique<State>();
  state->plan = std::move(plan);
  state->lists = std::move(lists);
  state->set(std::move(setting));
  state->remarks = state->plan->remarks;
  state->document = copy_document(*state->plan->instance);
  state->changed.assign(state->form().nodes.size(), 0);
  state->index();
  state->budget = kBudget;
  state->preload();
  for (const auto& child : state->document->children)
    if (child->node >= 0) state->act_on("odk-instance-first-load", *child);
  for (const auto& elements : state->by_node)
    for (Element* each : elements) each->fresh = true;
  state->everything = true;
  state->compute();
  state->name_instance(false);
  return Filling(std::move(state));
}

Result<Filling> Filling::load(std::shared_ptr<const FormPlan> plan, Lists lists, Setting setting, std::string_view xml,
                              As as) {
  const XmlDocument document = TRY(XmlDocument::parse(xml, "submission"));
  auto state = std::make_unique<State>();
  state->plan = std::move(plan);
  state->lists = std::move(lists);
  state->set(std::move(setting));
  state->remarks = state->plan->remarks;
  state->document = copy_document(*state->plan->instance);
  state->changed.assign(state->form().nodes.size(), 0);
  if (state->document->children.front()->node >= 0)
    Loader(*state->plan).take(document.root(), *state->document->children.front());
  state->index();
  state->budget = kBudget;
  state->everything = true;
  if (as == As::kReview) {
    // What was left out is missed only where the form asks for it.
    for (const FormPlan::Task& task : state->plan->tasks)
      if (task.kind == FormPlan::Task::Kind::kRelevant) state->compute_task(task);
    return Filling(std::move(state));
  }
  state->compute();
  state->name_instance(as == As::kEdit);
  return Filling(std::move(state));
}

void Filling::State::preload() {
  for (std::size_t i = 0; i < by_node.size(); ++i) {
    const Node& node = form().nodes[i];
    if (node.preload.empty()) continue;
    std::string value;
    const auto computed = [&](std::string_view text) {
      const auto result = evaluate(*Expression::parse(text), {});
      return result ? result->text() : std::string();
    };
    if (node.preload == "uid") value = "uuid:" + setting.guid();
    if (node.preload == "timestamp" && node.preload_parameters != "end") value = computed("now()");
    if (node.preload == "date") value = computed("today()");
    if (node.preload == "property") value = scope({}).property(node.preload_parameters);
    if (!value.empty())
      for (Element* element : by_node[i]) element->text = value;
  }
}

// A submission has an id, whether the form thought of it or not; an edit has a new one and remembers the old.
void Filling::State::name_instance(bool edit) {
  const int node = plan->node_of("/" + form().root + "/meta/instanceID");
  if (node < 0 || by_node[static_cast<std::size_t>(node)].empty()) return;
  Element& id = *by_node[static_cast<std::size_t>(node)].front();
  if (edit && !id.text.empty()) {
    const int deprecated = plan->node_of("/" + form().root + "/meta/deprecatedID");
    Element* old = id.parent->child("deprecatedID");
    if (!old) {
      old = &id.parent->add("deprecatedID");
      old->prefix = id.prefix;
      old->node = deprecated;
    }
    old->text = id.text;
    id.text.clear();
  }
  if (id.text.empty()) id.text = "uuid:" + setting.guid();
}

const Form& Filling::form() const { return state_->form(); }
const Element& Filling::root() const { return *state_->document->children.front(); }
const std::vector<std::string>& Filling::remarks() const { return state_->remarks; }

std::string Filling::address_of(const Element& element) const {
  std::string address;
  for (const Element* each = &element; each && each->parent; each = each->parent) {
    const bool numbered = each->node < 0 || state_->node(each->node).shape == Node::Shape::kRepeat;
    address.insert(0, "/" + each->name + (numbered ? "[" + std::to_string(each->position() + 1) + "]" : std::string()));
  }
  return address;
}

const Element* Filling::find(std::string_view address) const {
  const Element* at = state_->document.get();
  if (address.empty() || address[0] != '/') return nullptr;
  for (std::string_view step : split(address.substr(1), '/')) {
    int wanted = 1;
    if (const std::size_t bracket = step.find('['); bracket != std::string_view::npos) {
      const auto [end, error] = std::from_chars(step.data() + bracket + 1, step.data() + step.size(), wanted);
      if (error != std::errc() || end + 1 != step.data() + step.size() || *end != ']') return nullptr;
      step = step.substr(0, bracket);
    }
    const Element* found = nullptr;
    for (const auto& child : at->children)
      if (child->name == step && --wanted == 0) found = child.get();
    if (!found) return nullptr;
    at = found;
  }
  return at;
}

namespace {

tl::unexpected<Problem> nothing_at(std::string_view address) {
  return fail(problems::kNotFound, {{"what", "question"}, {"name", std::string(shortened(address, 300))}});
}

}  // namespace

Result<void> Filling::set(std::string_view address, std::string value) {
  return set({{std::string(address), std::move(value)}});
}

Result<void> Filling::set(const std::vector<std::pair<std::string, std::string>>& answers) {
  Result<void> outcome;
  for (const auto& [address, value] : answers) {
    auto* element = const_cast<Element*>(find(address));
    if (!element || element->node < 0 || state_->node(element->node).shape != Node::Shape::kField) {
      outcome = nothing_at(address);
      break;
    }
    state_->change(*element, xml_safe(value));  // what is computed now and after it was written is the same
  }
  state_->compute();
  return outcome;
}

Result<std::string> Filling::add_repeat(std::string_view address, std::string_view name) {
  auto* parent = const_cast<Element*>(find(address));
  const int node = parent && parent->node >= 0 ? state_->plan->child_of(parent->node, name) : -1;
  if (node < 0 || state_->node(node).shape != Node::Shape::kRepeat)
    return nothing_at(std::string(address) + "/" + std::string(name));
  Element* made = state_->add_copy(*parent, node);
  if (!made)
    return fail(problems::kTooLarge,
                {{"what", "The form"}, {"limit", std::to_string(kElementLimit) + " answers"}, {"hint", ""}});
  state_->index();
  state_->budget = kBudget;
  state_->act_on("odk-new-repeat", *made);
  const std::string where = address_of(*made);
  state_->compute();
  return where;
}

Result<void> Filling::remove_repeat(std::string_view address) {
  auto* element = const_cast<Element*>(find(address));
  if (!element || element->node < 0 || state_->node(element->node).shape != Node::Shape::kRepeat)
    return nothing_at(address);
  state_->remove_copy(*element);
  state_->index();
  state_->compute();
  return {};
}

std::string Filling::xml(bool ended) {
  if (ended)
    for (std::size_t i = 0; i < state_->by_node.size(); ++i) {
      const Node& node = form().nodes[i];
      if (node.preload != "timestamp" || node.preload_parameters != "end") continue;
      const auto now = state_->evaluate(*Expression::parse("now()"), {});
      for (Element* element : state_->by_node[i]) element->text = now ? now->text() : std::string();
    }
  std::string xml;
  write(root(), xml);
  return xml;
}

std::string Filling::draft() const {
  std::string xml;
  write(root(), xml, true);
  return xml;
}

Result<std::vector<Unmet>> check(std::shared_ptr<const FormPlan> plan, const Lists& lists, const Setting& setting,
                                 std::string_view xml) {
  return TRY(Filling::load(std::move(plan), lists, setting, xml, Filling::As::kReview))
  .problems();
}

}  // namespace understory::collect
