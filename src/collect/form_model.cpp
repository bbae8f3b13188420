// The model of a form: the shape of its instance, binds, actions, entities, the files it needs.
#include <algorithm>
#include <unordered_set>

#include "collect/form_parts.h"
#include "foundation/text.h"

namespace understory::collect::reading {

namespace {

constexpr std::string_view kOpenRosa = "http://openrosa.org/xforms";

bool has_elements(const pugi::xml_node& node) {
  return std::any_of(node.begin(), node.end(), [](const auto& child) { return child.type() == pugi::node_element; });
}

bool is_template(const pugi::xml_node& node) {
  for (const pugi::xml_attribute& attribute : node.attributes())
    if (std::string_view(attribute.name()).find(':') != std::string_view::npos &&
        local_name(attribute.name()) == "template")
      return true;
  return false;
}

std::string_view namespace_of(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const std::size_t colon = name.find(':');
  const std::string wanted = colon == std::string_view::npos ? "xmlns" : "xmlns:" + std::string(name.substr(0, colon));
  for (pugi::xml_node above = node; above; above = above.parent())
    if (const pugi::xml_attribute attribute = above.attribute(wanted.c_str())) return attribute.value();
  return {};
}

bool is_meta(const pugi::xml_node& element, int parent) {
  if (local_name(element.name()) != "meta") return false;
  if (parent == 0 || namespace_of(element) == kOpenRosa) return true;
  return child_named(element, "entity") || child_named(element, "instanceID");
}

Result<void> add_node(Reading& reading, const pugi::xml_node& element, int parent) {
  std::vector<Node>& nodes = reading.form.nodes;
  if (nodes.size() >= kNodeLimit)
    return reading.refuse(element, fmt::format("it has more than {} questions and groups", kNodeLimit));
  Node node;
  node.name = local_name(element.name());
  if (node.name.size() > kNameLimit)
    return reading.refuse(element, fmt::format("a name is longer than {} bytes", kNameLimit));
  node.parent = parent;
  node.path = (parent < 0 ? std::string() : nodes[static_cast<std::size_t>(parent)].path) + "/" + node.name;
  node.meta = parent >= 0 && (nodes[static_cast<std::size_t>(parent)].meta || is_meta(element, parent));
  const bool entity = node.meta && node.name == "entity" && attribute_named(element, "dataset");
  const bool parted = has_elements(element);
  if (is_template(element))
    node.shape = Node::Shape::kRepeat;
  else if (parent < 0 || parted || entity || (node.meta && node.name == "meta"))
    node.shape = Node::Shape::kGroup;
  if (node.shape == Node::Shape::kField) node.value = text_of(element);
  const int index = static_cast<int>(nodes.size());
  reading.nodes.emplace(node.path, index);
  if (entity) reading.entity_elements.emplace(index, element);
  nodes.push_back(std::move(node));

  // One element a name: the template where there is one, else the first. Others are further copies of a repeat.
  std::unordered_map<std::string_view, pugi::xml_node> shapes, further;
  std::vector<std::string_view> order;
  for (const pugi::xml_node& child : element.children()) {
    if (child.type() != pugi::node_element) continue;
    const auto [place, added] = shapes.emplace(local_name(child.name()), child);
    if (added)
      order.push_back(place->first);
    else
      further.emplace(place->first, child);
    if (!added && is_template(child) && !is_template(place->second)) place->second = child;
  }
  for (const std::string_view name : order) {
    const int made = static_cast<int>(nodes.size());
    TRY(add_node(reading, shapes[name], index));
    if (const auto again = further.find(name); again != further.end())
      reading.further.emplace_back(made, again->second);
  }
  return {};
}

void read_attributes(Reading& reading, const std::string& path) {
  const std::size_t at = path.rfind("/@");
  const int node = reading.node_of(path.substr(0, at));
  if (node < 0 || reading.attributes.count(path)) return;
  reading.attributes.emplace(path, static_cast<int>(reading.form.attributes.size()));
  reading.form.attributes.push_back({node, path.substr(at + 2), path, {}, {}});
}

std::string value_of(const pugi::xml_node& element, std::string_view name) {
  const char* value = attribute_named(element, name);
  return value ? std::string(trim(value)) : std::string();
}

Result<void> read_bind(Reading& reading, const pugi::xml_node& bind, const std::string& context) {
  const char* reference = attribute_named(bind, "nodeset");
  if (!reference) reference = attribute_named(bind, "ref");
  const std::optional<std::string> path = reference ? path_of(reference, context) : std::nullopt;
  if (!path) {
    reading.warn(bind, fmt::format("the bind of “{}” names nothing in the instance", reference ? reference : ""));
    return {};
  }
  if (const std::string id = value_of(bind, "id"); !id.empty()) reading.bind_ids.emplace(id, *path);
  if (path->find("/@") != std::string::npos) {
    read_attributes(reading, *path);
    const auto found = reading.attributes.find(*path);
    if (found == reading.attributes.end()) {
      reading.warn(bind, fmt::format("the bind of “{}” names nothing in the instance", *path));
      return {};
    }
    Attribute& attribute = reading.form.attributes[static_cast<std::size_t>(found->second)];
    attribute.relevant = value_of(bind, "relevant");
    attribute.calculate = value_of(bind, "calculate");
    check_expression(reading, bind, attribute.relevant);
    check_expression(reading, bind, attribute.calculate);
    return {};
  }
  const int index = reading.node_of(*path);
  if (index < 0) {
    reading.warn(bind, fmt::format("the bind of “{}” names nothing in the instance", *path));
    return {};
  }
  Node& node = reading.form.nodes[static_cast<std::size_t>(index)];
  const auto take = [&](std::string& where, std::string_view name) {
    if (std::string value = value_of(bind, name); !value.empty()) where = std::move(value);
  };
  if (std::string type = value_of(bind, "type"); !type.empty()) reading.asked_types[*path] = std::move(type);
  take(node.relevant, "relevant");
  take(node.constraint, "constraint");
  take(node.required, "required");
  take(node.readonly, "readonly");
  take(node.calculate, "calculate");
  for (const std::string* expression :
       {&node.relevant, &node.constraint, &node.required, &node.readonly, &node.calculate})
    check_expression(reading, bind, *expression);
  if (index == 0 && !node.relevant.empty()) {
    reading.warn(bind, "a form is never left out as a whole; its “relevant” does not count");
    node.relevant.clear();
  }
  take(node.preload, "preload");
  take(node.preload_parameters, "preloadParams");
  take(node.save_to, "saveto");
  if (const char* message = attribute_named(bind, "constraintMsg"))
    node.constraint_message = TRY(words_of_attribute(reading, bind, message));
  if (const char* message = attribute_named(bind, "requiredMsg"))
    node.required_message = TRY(words_of_attribute(reading, bind, message));
  for (const pugi::xml_node& child : bind.children()) {
    if (local_name(child.name()) == "bind") TRY(read_bind(reading, child, *path));
    if (is_action(local_name(child.name()))) read_action(reading, child, *path, {});
  }
  return {};
}

}  // namespace

bool is_action(std::string_view name) {
  return name == "setvalue" || name == "setgeopoint" || name == "recordaudio" || name == "action";
}

Result<void> read_instance(Reading& reading, const pugi::xml_node& root) { return add_node(reading, root, -1); }

Result<void> read_binds(Reading& reading, const pugi::xml_node& model) {
  for (const pugi::xml_node& child : model.children())
    if (local_name(child.name()) == "bind") TRY(read_bind(reading, child, "/" + reading.form.root));
  return {};
}

void read_action(Reading& reading, const pugi::xml_node& action, const std::string& context,
                 const std::string& trigger) {
  if (local_name(action.name()) == "action") {
    for (const pugi::xml_node& child : action.children())
      if (is_action(local_name(child.name())) && local_name(child.name()) != "action")
        read_action(reading, child, context, trigger);
    return;
  }
  std::optional<std::string> target;
  for (const char* name : {"ref", "target", "nodeset"})
    if (const char* reference = attribute_named(action, name); reference && !target)
      target = path_of(reference, context);
  if (const auto bound = reading.bind_ids.find(value_of(action, "bind")); !target && bound != reading.bind_ids.end())
    target = bound->second;
  if (target && target->find("/@") != std::string::npos) read_attributes(reading, *target);
  const int node = target ? reading.node_of(target->substr(0, target->find("/@"))) : -1;
  if (node < 0) {
    reading.warn(action, fmt::format("<{}> names nothing in the instance", action.name()));
    return;
  }
  reading.form.nodes[static_cast<std::size_t>(node)].actions += outer_xml(action);
  if (local_name(action.name()) != "setvalue") return;
  SetValue set;
  set.event = value_of(action, "event");
  if (set.event.empty()) set.event = value_of(action.parent(), "event");
  set.target = *target;
  set.value = value_of(action, "value");
  check_expression(reading, action, set.value);
  if (set.value.empty()) set.value = literal(text_of(action));
  set.trigger = trigger;
  reading.form.set_values.push_back(std::move(set));
}

void read_entities(Reading& reading) {
  Form& form = reading.form;
  std::unordered_map<std::string_view, const std::string*> set;  // what the first action on a target sets
  for (const SetValue& each : form.set_values) set.emplace(each.target, &each.value);
  for (int i = 0; i < static_cast<int>(form.nodes.size()); ++i) {
    const Node& node = form.nodes[static_cast<std::size_t>(i)];
    if (!reading.entity_elements.count(i)) continue;
    const pugi::xml_node& element = reading.entity_elements.at(i);  // its attributes are no nodes
    EntityUse use;
    use.node = i;
    use.list = value_of(element, "dataset");
    const auto bound = [&](std::string_view name) {
      const std::string path = node.path + "/@" + std::string(name);
      if (const auto found = reading.attributes.find(path); found != reading.attributes.end()) {
        const Attribute& attribute = form.attributes[static_cast<std::size_t>(found->second)];
        if (!attribute.calculate.empty()) return attribute.calculate;
      }
      if (const auto found = set.find(path); found != set.end()) return *found->second;
      const char* value = attribute_named(element, name);
      return value ? literal(value) : std::string();
    };
    use.id = bound("id");
    use.create = bound("create");
    use.update = bound("update");
    use.base_version = bound("baseVersion");
    if (const int label = reading.node_of(node.path + "/label"); label >= 0) {
      const Node& holds = form.nodes[static_cast<std::size_t>(label)];
      use.label = holds.calculate.empty() ? literal(holds.value) : holds.calculate;
    }
    form.entities.push_back(std::move(use));
  }
}

namespace {

std::string kind_of_file(std::string_view address, std::string_view name) {
  const std::string ending = lower_ascii(name.substr(std::min(name.size(), name.rfind('.') + 1)));
  if (ending == "csv" || address.find("file-csv") != std::string_view::npos) return "csv";
  if (ending == "xml") return "xml";
  if (ending == "geojson") return "geojson";
  if (address.find("//image") != std::string_view::npos) return "image";
  if (address.find("//audio") != std::string_view::npos) return "audio";
  if (address.find("//video") != std::string_view::npos) return "video";
  return "file";
}

// pulldata('hospitals', …) and search('hospitals') read hospitals.csv.
void need_called(Reading& reading, std::string_view text, std::string_view function) {
  for (std::size_t at = text.find(function); at != std::string_view::npos; at = text.find(function, at + 1)) {
    std::string_view rest = text.substr(at + function.size());
    while (!rest.empty() && (rest[0] == ' ' || rest[0] == '(')) rest.remove_prefix(1);
    if (rest.empty() || (rest[0] != '\'' && rest[0] != '"')) continue;
    const std::size_t end = rest.find(rest[0], 1);
    if (end == std::string_view::npos) return;
    std::string name(rest.substr(1, end - 1));
    if (name.size() < 4 || name.substr(name.size() - 4) != ".csv") name += ".csv";
    reading.need_file(std::move(name), "csv");
  }
}

}  // namespace

void read_needed_files(Reading& reading, const pugi::xml_node&) {
  Form& form = reading.form;
  const auto need_address = [&](const std::string& address) {
    if (address.rfind("jr://", 0) != 0 || address.rfind("jr://instance/", 0) == 0) return;
    const std::string name = address.substr(address.rfind('/') + 1);
    reading.need_file(name, kind_of_file(address, name));
  };
  for (const Instance& instance : form.instances) need_address(instance.source);
  for (const Node& node : form.nodes) {
    need_address(node.value);
    for (const std::string* expression :
         {&node.relevant, &node.constraint, &node.required, &node.readonly, &node.calculate})
      need_called(reading, *expression, "pulldata");
    need_called(reading, node.appearance, "search");
  }
  for (const SetValue& set : form.set_values) need_called(reading, set.value, "pulldata");
}

}  // namespace understory::collect::reading
