// Functions about nodes: counting, positions, repeats, lists beside the form.
#include <algorithm>
#include <cmath>

#include "collect/expression_parts.h"
#include "foundation/text.h"
#include "foundation/xml.h"
#include "vault/digest.h"

namespace understory::collect::expressions {

namespace {

Value position(Call& call) {
  if (call.count() == 0) return static_cast<double>(call.place().position);
  const Nodes nodes = call.nodes(0);
  if (nodes.empty()) return kNoNumber;
  return static_cast<double>(nodes.front().element->position() + 1);
}

Value count_non_empty(Call& call) {
  double count = 0;
  for (const Found& each : call.open_nodes(0)) count += !each.text().empty();
  return count;
}

Nodes instance_nodes(Call& call, const std::string& id) {
  if (!call.scope().instance) return {};
  // Whoever gives the tree keeps it for as long as the form is filled in.
  const Tree tree = call.scope().instance(id);
  return tree ? Nodes{{tree.get(), -1}} : Nodes{};
}

// pulldata('list', 'wanted', 'key', value): of the first row whose key is that value.
Value pulldata(Call& call) {
  const std::string name = call.text(0), wanted = call.text(1), key = call.text(2), value = call.text(3);
  Nodes document = instance_nodes(call, name);
  if (document.empty() && name.ends_with(".csv")) document = instance_nodes(call, name.substr(0, name.size() - 4));
  if (document.empty() || document[0].element->children.empty()) return std::string();
  for (const auto& item : document[0].element->children.front()->children) {
    if (!call.spend(1)) break;
    const Element* held = item->child(key);
    if (!held || held->text != value) continue;
    const Element* found = item->child(wanted);
    return found ? found->text : std::string();
  }
  return std::string();
}

std::vector<const Element*> chain(const Element* element) {
  std::vector<const Element*> above;
  for (; element && element->parent; element = element->parent) above.push_back(element);
  std::reverse(above.begin(), above.end());
  return above;
}

// indexed-repeat(node, repeat, index, …): the node of that name in that copy of the repeat, wherever it is asked from.
Value indexed_repeat(Call& call) {
  if (call.count() % 2 == 0) {
    call.stop("each repeat of indexed-repeat() needs an index");
    return std::string();
  }
  const Nodes targets = call.every(0);
  if (targets.empty() || !call.scope().document) return std::string();
  const auto target = chain(targets.front().element);
  const auto around = chain(call.scope().context.element);
  const Element* at = call.scope().document;
  std::size_t depth = 0;
  // The copy of what lies between that the context is in, or the first.
  const auto down = [&](const std::string& name) {
    const Element* next = depth < around.size() && around[depth]->parent == at && around[depth]->name == name
                              ? around[depth]
                              : at->child(name);
    at = next;
    ++depth;
    return at != nullptr;
  };
  for (std::size_t i = 1; i + 1 < call.count(); i += 2) {
    const Nodes groups = call.every(i);
    if (groups.empty()) return std::string();
    const auto group = chain(groups.front().element);
    if (group.size() <= depth) return std::string();
    while (depth + 1 < group.size())
      if (!down(group[depth]->name)) return std::string();
    double index = call.number(i + 1);
    const Element* found = nullptr;
    for (const auto& child : at->children)
      if (child->name == group[depth]->name && child->relevant && --index == 0) found = child.get();
    if (!found) return std::string();
    at = found;
    ++depth;
  }
  while (depth < target.size()) {
    at = at->child(target[depth++]->name);
    if (!at) return std::string();
  }
  return at->relevant ? Found{at, -1}.text() : std::string();
}

// The shuffle the specification names: Fisher–Yates inside out, with Park and Miller's minimal standard generator.
Value randomize(Call& call) {
  const Nodes nodes = call.nodes(0);
  constexpr double kModulus = 2147483647;
  double state = 0;
  if (call.count() > 1) {
    const Value given = call.value(1);
    double seed = given.number(call.scope().offset_minutes);
    if (std::isnan(seed) && !given.text().empty() && given.text() != "NaN") {
      // A text as seed: the first eight bytes of its SHA-256, as JavaRosa takes it.
      const std::string bytes = vault::digest(vault::DigestKind::kSha256, given.text());
      std::uint64_t number = 0;
      for (int i = 0; i < 8; ++i) number = number << 8 | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
      state = static_cast<double>(static_cast<std::int64_t>(number) % 2147483647);
    } else {
      state = std::isfinite(seed) ? std::fmod(std::trunc(seed), kModulus) : 0;
    }
  } else if (call.scope().random) {
    state = std::floor(call.scope().random() * (kModulus - 1));
  }
  if (state <= 0) state += kModulus - 1;
  Nodes shuffled(nodes.size());
  if (!call.spend(nodes.size())) return Nodes{};
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    state = std::fmod(state * 16807, kModulus);
    const auto j = static_cast<std::size_t>((state - 1) / (kModulus - 1) * static_cast<double>(i + 1));
    if (j != i) shuffled[i] = shuffled[j];
    shuffled[j] = nodes[i];
  }
  return shuffled;
}

Value name(Call& call) {
  const Nodes nodes = call.count() > 0 ? call.nodes(0) : Nodes{call.place().node};
  if (nodes.empty() || !nodes.front().element) return std::string();
  const Found& first = nodes.front();
  if (first.attribute < 0) return first.element->name;
  return std::string(local_name(first.element->attributes[static_cast<std::size_t>(first.attribute)].first.c_str()));
}

Value choice_name(Call& call) {
  const std::string value = call.text(0), path = call.text(1);
  return call.scope().choice_name ? call.scope().choice_name(value, std::string(trim(path))) : std::string();
}

}  // namespace

const Function kNodeFunctions[] = {
    {"position", 0, 1, position},
    {"last", 0, 0, [](Call& c) -> Value { return static_cast<double>(c.place().size); }},
    {"count", 1, 1, [](Call& c) -> Value { return static_cast<double>(c.open_nodes(0).size()); }},
    {"count-non-empty", 1, 1, count_non_empty},
    {"current", 0, 0, [](Call& c) -> Value { return c.scope().context.element ? Nodes{c.scope().context} : Nodes{}; }},
    {"instance", 1, 1, [](Call& c) -> Value { return instance_nodes(c, c.text(0)); }},
    {"pulldata", 4, 4, pulldata},
    {"indexed-repeat", 3, 7, indexed_repeat},
    {"randomize", 1, 2, randomize},
    {"name", 0, 1, name},
    {"local-name", 0, 1, name},
    {"jr:choice-name", 2, 2, choice_name},
    {"jr:itext", 1, 1, [](Call& c) -> Value { return c.scope().itext ? c.scope().itext(c.text(0)) : std::string(); }},
    {"property", 1, 1,
     [](Call& c) -> Value { return c.scope().property ? c.scope().property(c.text(0)) : std::string(); }},
    {"version", 0, 0, [](Call& c) -> Value { return c.scope().form_version; }},
    {"", 0, 0, nullptr}};

}  // namespace understory::collect::expressions
