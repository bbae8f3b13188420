// Reading an XForm: the document's frame. What the model holds is in form_model.cpp, the body in form_body.cpp, the
// words in form_words.cpp.
#include <algorithm>

#include "collect/expression.h"
#include "collect/form.h"
#include "collect/form_parts.h"
#include "foundation/text.h"

namespace understory::collect {

namespace reading {

tl::unexpected<Problem> Reading::refuse(const pugi::xml_node& at, std::string reason, std::string hint) const {
  return fail(problems::kBadForm, {{"file", file},
                                   {"line", std::to_string(document.line_of(at))},
                                   {"reason", std::move(reason)},
                                   {"hint", std::move(hint)}});
}

void Reading::warn(const pugi::xml_node& at, std::string_view what) {
  if (warnings.size() >= kWarningLimit) return;
  warnings.push_back("Line " + std::to_string(document.line_of(at)) + ": " + std::string(what) + ".");
}

int Reading::node_of(const std::string& path) const {
  const auto found = nodes.find(path);
  return found == nodes.end() ? -1 : found->second;
}

void Reading::need_file(std::string name, std::string kind) {
  if (name.empty()) return;
  if (!needed.insert(name).second) return;
  form.files.push_back({std::move(name), std::move(kind)});
}

std::optional<std::string> path_of(std::string_view reference, std::string_view context) {
  reference = trim(reference);
  if (reference.rfind("current()/", 0) == 0) reference.remove_prefix(10);
  std::vector<std::string_view> steps;
  if (reference.empty()) return std::nullopt;
  if (reference[0] != '/')
    for (std::string_view step : split(context, '/'))
      if (!step.empty()) steps.push_back(step);
  // Steps are cut at "/" outside of predicates and quotes.
  std::string_view rest = reference;
  while (!rest.empty()) {
    if (rest[0] == '/') rest.remove_prefix(1);
    std::size_t end = 0;
    int depth = 0;
    char quote = 0;
    for (; end < rest.size(); ++end) {
      const char byte = rest[end];
      if (quote) {
        if (byte == quote) quote = 0;
      } else if (byte == '\'' || byte == '"') {
        quote = byte;
      } else if (byte == '[') {
        ++depth;
      } else if (byte == ']') {
        --depth;
      } else if (byte == '/' && depth == 0) {
        break;
      }
    }
    std::string_view step = rest.substr(0, end);
    rest.remove_prefix(end);
    step = trim(step.substr(0, step.find('[')));
    if (step.empty()) return std::nullopt;
    if (step == ".") continue;
    if (step == "..") {
      if (steps.empty()) return std::nullopt;
      steps.pop_back();
      continue;
    }
    if (step.find_first_of("()*'\"$ \t\r\n") != std::string_view::npos) return std::nullopt;
    const bool attribute = step[0] == '@';
    if (attribute) step.remove_prefix(1);
    if (const std::size_t colon = step.rfind(':'); colon != std::string_view::npos) step.remove_prefix(colon + 1);
    // What a bind names is written into submissions, attributes also where the instance has none: it must be a name.
    if (!is_xml_name(step)) return std::nullopt;
    if (attribute && !rest.empty()) return std::nullopt;
    if (attribute) {
      std::string path;
      for (std::string_view each : steps) path.append("/").append(each);
      return path.append("/@").append(step);
    }
    steps.push_back(step);
  }
  std::string path;
  for (std::string_view step : steps) path.append("/").append(step);
  if (path.empty()) return std::nullopt;
  return path;
}

void check_expression(Reading& reading, const pugi::xml_node& at, const std::string& text) {
  if (text.empty()) return;
  const auto expression = Expression::parse(text);
  if (!expression) {
    const auto& details = expression.error().details();
    reading.warn(at, fmt::format("“{}” cannot be read: at character {}, {}; phones will not open this form",
                                 shortened(text, 200), details.at("at"), details.at("reason")));
    return;
  }
  for (const std::string& name : expression->unknown_functions())
    reading.warn(at, fmt::format("the function {}() is not known here", name));
}

std::string literal(std::string_view text) {
  if (text.find('\'') == std::string_view::npos) return "'" + std::string(text) + "'";
  if (text.find('"') == std::string_view::npos) return "\"" + std::string(text) + "\"";
  std::string made = "concat(";
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\'', at), text.size());
    made.append(at ? ", \"'\", '" : "'").append(text.substr(at, end - at)).append("'");
    at = end + 1;
  }
  return made + ")";
}

}  // namespace reading

namespace {

using namespace reading;

struct Frame {
  pugi::xml_node title, model, body, primary, root;
};

pugi::xml_node first_element(const pugi::xml_node& node) {
  for (const pugi::xml_node& child : node.children())
    if (child.type() == pugi::node_element) return child;
  return {};
}

// Where the parts of a form stand, or what is missing.
Result<Frame> frame_of(const Reading& reading) {
  Frame frame;
  const pugi::xml_node html = reading.document.root();
  const pugi::xml_node head = child_named(html, "head");
  frame.title = child_named(head, "title");
  frame.body = child_named(html, "body");
  frame.model = child_named(head ? head : html, "model");
  if (!frame.model)
    return reading.refuse(html, "this is no form: it has no <model> in its <head>", "Check that the file is an XForm.");
  frame.primary = child_named(frame.model, "instance");
  if (!frame.primary) return reading.refuse(frame.model, "the <model> has no <instance>");
  frame.root = first_element(frame.primary);
  if (!frame.root) return reading.refuse(frame.primary, "the first <instance> is empty");
  return frame;
}

std::string attribute_of(const pugi::xml_node& node, std::string_view name) {
  const char* value = attribute_named(node, name);
  return value ? std::string(trim(value)) : std::string();
}

Result<void> read_identity(Reading& reading, const Frame& frame) {
  Form& form = reading.form;
  form.root = local_name(frame.root.name());
  form.id = attribute_of(frame.root, "id");
  // Before there were ids a form was known by the namespace of its instance; JavaRosa still takes it.
  if (form.id.empty()) form.id = frame.root.attribute("xmlns").value();
  if (form.id.empty())
    return reading.refuse(frame.root, fmt::format("<{}> in the <instance> has no id", frame.root.name()),
                          "Give it the attribute id, the name of the form.");
  if (form.id.size() > kIdLimit)
    return reading.refuse(frame.root, fmt::format("the form's id is longer than {} bytes", kIdLimit));
  form.version = attribute_of(frame.root, "version");
  if (form.version.size() > kIdLimit)
    return reading.refuse(frame.root, fmt::format("the form's version is longer than {} bytes", kIdLimit));
  form.title = trim(text_of(frame.title));
  if (form.title.empty()) form.title = attribute_of(frame.root, "name");
  if (form.title.empty()) form.title = form.id;
  return {};
}

// The instance by itself needs the namespaces that were named above it.
std::string instance_xml(const pugi::xml_node& root) {
  pugi::xml_document alone;
  pugi::xml_node copy = alone.append_copy(root);
  for (pugi::xml_node above = root.parent(); above; above = above.parent())
    for (const pugi::xml_attribute& attribute : above.attributes()) {
      const std::string_view name = attribute.name();
      if (name.rfind("xmlns:", 0) != 0 || copy.attribute(attribute.name())) continue;
      copy.append_attribute(attribute.name()).set_value(attribute.value());
    }
  return outer_xml(copy);
}

}  // namespace

Result<FormRead> read_form(std::string_view xml, const std::string& file) {
  const XmlDocument document = TRY(XmlDocument::parse(xml, file));
  FormRead read;
  Reading reading{document, file, read.form, read.warnings, {}, {}, {}, {}, {}, {}, {}, {}};
  const Frame frame = TRY(frame_of(reading));
  TRY(read_identity(reading, frame));
  TRY(read_instance(reading, frame.root));
  read.form.instance = instance_xml(frame.root);
  read_texts(reading, frame.model);
  TRY(read_binds(reading, frame.model));
  if (frame.body) TRY(read_body(reading, frame.body));
  for (const auto& [index, again] : reading.further) {
    const Node& node = read.form.nodes[static_cast<std::size_t>(index)];
    if (node.shape != Node::Shape::kRepeat)
      reading.warn(again, fmt::format("“{}” stands twice and is no repeat; the first one counts", node.path));
  }
  settle_types(reading);
  for (const pugi::xml_node& child : frame.model.children()) {
    const std::string_view name = local_name(child.name());
    if (is_action(name)) read_action(reading, child, "/" + read.form.root, {});
    if (name == "submission") read.form.public_key = attribute_of(child, "base64RsaPublicKey");
    if (name != "instance" || child == frame.primary) continue;
    Instance instance;
    instance.id = attribute_of(child, "id");
    instance.source = attribute_of(child, "src");
    if (instance.id.empty()) {
      reading.warn(child, "an <instance> beside the first one has no id: nothing can name it");
      continue;
    }
    if (const pugi::xml_node content = first_element(child)) instance.xml = outer_xml(content);
    read.form.instances.push_back(std::move(instance));
  }
  for (const Node& node : read.form.nodes)
    if (node.item_set && node.item_set->label.find("itext(") != std::string::npos && read.form.texts.empty())
      read.form.texts = reading.texts.all();
  read_entities(reading);
  read_needed_files(reading, frame.model);
  read.form.has_instance_id = reading.node_of("/" + read.form.root + "/meta/instanceID") >= 0;
  return read;
}

namespace {

// What was added at the end goes where its parent stands: children right after their parent, in the order they came.
void in_document_order(Form& form) {
  std::vector<std::vector<int>> children(form.nodes.size());
  for (std::size_t i = 1; i < form.nodes.size(); ++i)
    children[static_cast<std::size_t>(form.nodes[i].parent)].push_back(static_cast<int>(i));
  std::vector<int> order, open{0}, place(form.nodes.size(), 0);
  while (!open.empty()) {
    const int at = open.back();
    open.pop_back();
    place[static_cast<std::size_t>(at)] = static_cast<int>(order.size());
    order.push_back(at);
    const auto& below = children[static_cast<std::size_t>(at)];
    open.insert(open.end(), below.rbegin(), below.rend());
  }
  std::vector<Node> nodes;
  nodes.reserve(order.size());
  for (const int at : order) {
    nodes.push_back(std::move(form.nodes[static_cast<std::size_t>(at)]));
    if (nodes.back().parent >= 0) nodes.back().parent = place[static_cast<std::size_t>(nodes.back().parent)];
  }
  form.nodes = std::move(nodes);
  for (EntityUse& use : form.entities)
    if (use.node >= 0) use.node = place[static_cast<std::size_t>(use.node)];
}

}  // namespace

Form union_of(const std::vector<const Form*>& versions) {
  Form all;
  if (versions.empty()) return all;
  all = *versions.front();
  using Shape = Node::Shape;
  // A node of the union by its parent there, its name, and whether it is a field.
  std::map<std::tuple<int, std::string, bool>, int> known;
  const auto remember = [&](int index) {
    const Node& node = all.nodes[static_cast<std::size_t>(index)];
    known.emplace(std::make_tuple(node.parent, node.name, node.shape == Shape::kField), index);
  };
  for (int i = 1; i < static_cast<int>(all.nodes.size()); ++i) remember(i);
  for (std::size_t version = 1; version < versions.size(); ++version) {
    const std::vector<Node>& nodes = versions[version]->nodes;
    std::vector<int> home(nodes.size(), 0);  // where each of its nodes is in the union
    for (std::size_t i = 1; i < nodes.size(); ++i) {
      const Node& node = nodes[i];
      const int parent = home[static_cast<std::size_t>(node.parent)];
      const auto found = known.find({parent, node.name, node.shape == Shape::kField});
      if (found != known.end()) {
        home[i] = found->second;
        Node& kept = all.nodes[static_cast<std::size_t>(found->second)];
        if (node.shape == Shape::kRepeat) kept.shape = Shape::kRepeat;
        if (kept.shape == Shape::kField && kept.type != node.type) kept.type = AnswerType::kText;
        continue;
      }
      home[i] = static_cast<int>(all.nodes.size());
      Node added = node;
      added.parent = parent;
      added.path = all.nodes[static_cast<std::size_t>(parent)].path + "/" + node.name;
      all.nodes.push_back(std::move(added));
      remember(home[i]);
    }
    for (const std::string& language : versions[version]->languages)
      if (std::find(all.languages.begin(), all.languages.end(), language) == all.languages.end())
        all.languages.push_back(language);
    all.has_instance_id = all.has_instance_id || versions[version]->has_instance_id;
  }
  in_document_order(all);
  return all;
}

}  // namespace understory::collect
