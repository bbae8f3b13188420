// The body of a form: its controls, what they ask, and the choices they give.
#include <algorithm>

#include "collect/form_parts.h"
#include "foundation/text.h"

namespace understory::collect::reading {

namespace {

Control control_of(std::string_view name) {
  if (name == "input") return Control::kInput;
  if (name == "secret") return Control::kSecret;
  if (name == "select1") return Control::kSelectOne;
  if (name == "select") return Control::kSelectMany;
  if (name == "rank") return Control::kRank;
  if (name == "upload") return Control::kUpload;
  if (name == "trigger") return Control::kTrigger;
  if (name == "range") return Control::kRange;
  if (name == "group") return Control::kGroup;
  if (name == "repeat") return Control::kRepeat;
  return Control::kNone;
}

std::string value_of(const pugi::xml_node& element, std::string_view name) {
  const char* value = attribute_named(element, name);
  return value ? std::string(trim(value)) : std::string();
}

// The path a control speaks of; empty: it has no reference at all.
Result<std::string> path_of_control(Reading& reading, const pugi::xml_node& control, const std::string& context) {
  if (const std::string bind = value_of(control, "bind"); !bind.empty()) {
    const auto found = reading.bind_ids.find(bind);
    if (found != reading.bind_ids.end()) return found->second;
    return reading.refuse(control,
                          fmt::format("<{}> speaks of the bind “{}”, which is not there", control.name(), bind));
  }
  const char* reference = attribute_named(control, "ref");
  if (!reference || local_name(control.name()) == "repeat")
    if (const char* nodeset = attribute_named(control, "nodeset")) reference = nodeset;
  if (!reference) return std::string();
  const auto path = path_of(reference, context);
  if (!path || reading.node_of(*path) < 0)
    return reading.refuse(
        control, fmt::format("<{}> asks for “{}”, which the instance does not have", control.name(), trim(reference)),
        "Put an element of that name into the instance, or correct the reference.");
  return *path;
}

Result<void> read_choices(Reading& reading, const pugi::xml_node& control, Node& node) {
  for (const pugi::xml_node& child : control.children()) {
    const std::string_view name = local_name(child.name());
    if (name == "choices") TRY(read_choices(reading, child, node));
    if (name == "item") {
      Choice choice;
      choice.value = trim(text_of(child_named(child, "value")));
      choice.label = TRY(words_of(reading, child_named(child, "label")));
      node.choices.push_back(std::move(choice));
    } else if (name == "itemset") {
      ItemSet set;
      set.nodeset = value_of(child, "nodeset");
      const pugi::xml_node value = child_named(child, "value");
      set.value = value_of(value ? value : child_named(child, "copy"), "ref");
      set.label = value_of(child_named(child, "label"), "ref");
      if (set.nodeset.empty()) return reading.refuse(child, "an <itemset> has no nodeset");
      if (set.value.empty()) return reading.refuse(child, "an <itemset> does not say what its <value> is");
      check_expression(reading, child, set.nodeset);
      node.item_set = std::move(set);
    }
  }
  // Old forms name their choices in the control itself: <select1 query="instance('…')…">.
  if (const std::string query = value_of(control, "query"); !query.empty() && !node.item_set) {
    node.item_set = ItemSet{query, "name", "label"};
    reading.need_file("itemsets.csv", "csv");
  }
  return {};
}

Result<void> read_controls(Reading& reading, const pugi::xml_node& above, const std::string& context);

Result<void> read_group(Reading& reading, const pugi::xml_node& element, Control control, const std::string& context) {
  const std::string path = TRY(path_of_control(reading, element, context));
  if (control == Control::kRepeat && path.empty())
    return reading.refuse(element, "a <repeat> does not say what it repeats");
  const pugi::xml_node label = child_named(element, "label");
  const int index = path.empty() ? -1 : reading.node_of(path);
  if (index >= 0) {
    Node& node = reading.form.nodes[static_cast<std::size_t>(index)];
    if (index == 0 && control == Control::kRepeat)
      return reading.refuse(element, "the whole form cannot be a <repeat>");
    if (control == Control::kRepeat) {
      node.shape = Node::Shape::kRepeat;
      node.control = Control::kRepeat;
      node.repeat_count = value_of(element, "count");
      check_expression(reading, element, node.repeat_count);
    } else if (node.shape == Node::Shape::kField) {
      node.shape = Node::Shape::kGroup;
    }
    if (node.control == Control::kNone) node.control = control;
    if (node.asked < 0) node.asked = reading.asked++;
    if (node.appearance.empty()) node.appearance = value_of(element, "appearance");
    if (node.label.empty()) node.label = TRY(words_of(reading, label));
    if (node.hint.empty()) node.hint = TRY(words_of(reading, child_named(element, "hint")));
  } else if (label) {
    // A group of the screen alone. Around one repeat it is that repeat's heading.
    const pugi::xml_node repeat = child_named(element, "repeat");
    const auto repeated = repeat ? path_of(value_of(repeat, "nodeset"), context) : std::nullopt;
    if (const int named = repeated ? reading.node_of(*repeated) : -1; named >= 0)
      reading.form.nodes[static_cast<std::size_t>(named)].label = TRY(words_of(reading, label));
  }
  return read_controls(reading, element, path.empty() ? context : path);
}

Result<void> read_control(Reading& reading, const pugi::xml_node& element, Control control,
                          const std::string& context) {
  const std::string path = TRY(path_of_control(reading, element, context));
  if (path.empty()) {
    if (control == Control::kTrigger) return {};  // a note nobody keeps
    return reading.refuse(element, fmt::format("<{}> does not say what it asks for", element.name()),
                          "Give it the attribute ref.");
  }
  Node& node = reading.form.nodes[static_cast<std::size_t>(reading.node_of(path))];
  for (const pugi::xml_node& child : element.children())
    if (is_action(local_name(child.name()))) read_action(reading, child, path, path);
  if (node.shape != Node::Shape::kField) {
    reading.warn(element, fmt::format("<{}> asks for “{}”, which is a group", element.name(), path));
    return {};
  }
  if (node.control != Control::kNone) {
    reading.warn(element, fmt::format("“{}” is asked twice; the first control counts", path));
    return {};
  }
  node.control = control;
  node.asked = reading.asked++;
  node.appearance = value_of(element, "appearance");
  node.label = TRY(words_of(reading, child_named(element, "label")));
  node.hint = TRY(words_of(reading, child_named(element, "hint")));
  node.media_type = value_of(element, "mediatype");
  if (control == Control::kRange) {
    node.range_start = value_of(element, "start");
    node.range_end = value_of(element, "end");
    node.range_step = value_of(element, "step");
  }
  TRY(read_choices(reading, element, node));
  return {};
}

Result<void> read_controls(Reading& reading, const pugi::xml_node& above, const std::string& context) {
  for (const pugi::xml_node& child : above.children()) {
    const Control control = control_of(local_name(child.name()));
    if (control == Control::kGroup || control == Control::kRepeat)
      TRY(read_group(reading, child, control, context));
    else if (control != Control::kNone)
      TRY(read_control(reading, child, control, context));
    else if (is_action(local_name(child.name())))
      read_action(reading, child, context, {});
  }
  return {};
}

AnswerType bound_type(std::string_view type) {
  const std::string name = lower_ascii(type.substr(std::min(type.size(), type.rfind(':') + 1)));
  if (name == "int" || name == "integer" || name == "long" || name == "short") return AnswerType::kInteger;
  if (name == "decimal" || name == "double" || name == "float") return AnswerType::kDecimal;
  if (name == "boolean") return AnswerType::kBoolean;
  if (name == "date") return AnswerType::kDate;
  if (name == "time") return AnswerType::kTime;
  if (name == "datetime") return AnswerType::kDateTime;
  if (name == "geopoint") return AnswerType::kGeopoint;
  if (name == "geotrace") return AnswerType::kGeotrace;
  if (name == "geoshape") return AnswerType::kGeoshape;
  if (name == "select1") return AnswerType::kSelectOne;
  if (name == "select") return AnswerType::kSelectMany;
  if (name == "rank") return AnswerType::kRank;
  if (name == "barcode") return AnswerType::kBarcode;
  if (name == "binary") return AnswerType::kFile;
  return AnswerType::kText;
}

}  // namespace

Result<void> read_body(Reading& reading, const pugi::xml_node& body) {
  return read_controls(reading, body, "/" + reading.form.root);
}

void settle_types(Reading& reading) {
  for (Node& node : reading.form.nodes) {
    node.type = AnswerType::kNone;
    if (node.shape != Node::Shape::kField) continue;
    const auto asked = reading.asked_types.find(node.path);
    node.type = asked == reading.asked_types.end() ? AnswerType::kText : bound_type(asked->second);
    if (node.control == Control::kUpload) node.type = AnswerType::kFile;
    if (node.control == Control::kSelectMany) node.type = AnswerType::kSelectMany;
    if (node.control == Control::kRank) node.type = AnswerType::kRank;
    // A number or a date chosen from a list stays a number or a date.
    if (node.control == Control::kSelectOne && node.type == AnswerType::kText) node.type = AnswerType::kSelectOne;
  }
}

}  // namespace understory::collect::reading
