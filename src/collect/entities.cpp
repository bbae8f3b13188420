// Entities without a database: what a form plans, what a submission says, which version follows which.
#include "collect/entities.h"

#include <algorithm>
#include <charconv>

#include "foundation/text.h"
#include "foundation/xml.h"

namespace understory::collect {

namespace {

constexpr std::size_t kActionLimit = 10'000;  // of one submission

// Whether `path` is `above` or lies below it.
bool lies_in(std::string_view path, std::string_view above) {
  return path.starts_with(above) && (path.size() == above.size() || path[above.size()] == '/');
}

std::string number_of(std::string_view text) {
  std::string number = lower_ascii(trim(text));
  if (number.starts_with("uuid:")) number.erase(0, 5);
  if (number.size() != 36) return "";
  for (std::size_t i = 0; i < number.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? number[i] != '-' : !(('0' <= number[i] && number[i] <= '9') || ('a' <= number[i] && number[i] <= 'f')))
      return "";
  }
  return number;
}

std::string attribute(const pugi::xml_node& element, std::string_view name) {
  const char* value = attribute_named(element, name);
  return value ? std::string(trim(value)) : "";
}

bool is_true(const std::string& value) { return value == "1" || value == "true"; }

int version_of(const std::string& text) {
  int number = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
  return wrong == std::errc() && end == text.data() + text.size() && number > 0 ? number : 0;
}

void each_at(const pugi::xml_node& element, const std::string& path, std::string_view wanted,
             const std::function<void(const pugi::xml_node&)>& found) {
  if (path == wanted) return found(element);
  for (const pugi::xml_node& child : element.children()) {
    if (child.type() != pugi::node_element) continue;
    const std::string below = path + "/" + std::string(local_name(child.name()));
    if (lies_in(wanted, below)) each_at(child, below, wanted, found);
  }
}

}  // namespace

std::vector<EntityPlan> entity_plans(const Form& form) {
  std::vector<EntityPlan> plans;
  const auto node_at = [&](int index) -> const Node& { return form.nodes[static_cast<std::size_t>(index)]; };
  for (const EntityUse& use : form.entities) {
    const int meta = node_at(use.node).parent;
    const int scope = meta < 0 ? -1 : node_at(meta).parent;
    if (scope >= 0 && !use.list.empty()) plans.push_back({use.list, node_at(scope).path, {}});
  }
  for (const Node& node : form.nodes) {
    if (node.save_to.empty() || node.save_to == "name" || node.save_to == "label") continue;  // reserved
    EntityPlan* nearest = nullptr;
    for (EntityPlan& plan : plans)
      if (lies_in(node.path, plan.scope) && (!nearest || plan.scope.size() > nearest->scope.size())) nearest = &plan;
    if (nearest) nearest->saved.emplace_back(node.save_to, node.path);
  }
  return plans;
}

std::vector<EntityAction> entity_actions(const XmlDocument& document, const std::vector<EntityPlan>& plans) {
  std::vector<EntityAction> actions;
  const pugi::xml_node root = document.root();
  const std::string root_path = "/" + std::string(local_name(root.name()));
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const EntityPlan& plan = plans[i];
    each_at(root, root_path, plan.scope, [&](const pugi::xml_node& scope) {
      const pugi::xml_node entity = child_named(child_named(scope, "meta"), "entity");
      if (!entity || actions.size() >= kActionLimit) return;
      EntityAction action;
      action.plan = i;
      action.creates = is_true(attribute(entity, "create"));
      action.updates = is_true(attribute(entity, "update"));
      if (!action.creates && !action.updates) return;
      action.uuid = number_of(attribute(entity, "id"));
      action.base_version = version_of(attribute(entity, "baseVersion"));
      action.trunk_version = version_of(attribute(entity, "trunkVersion"));
      action.branch_id = std::string(shortened(attribute(entity, "branchId"), 100));
      if (const pugi::xml_node label = child_named(entity, "label"))
        if (std::string text(trim(text_of(label))); !text.empty()) action.label = std::move(text);
      for (const auto& [property, path] : plan.saved) {
        bool given = false;
        each_at(scope, plan.scope, path, [&, &name = property](const pugi::xml_node& answer) {
          if (!std::exchange(given, true)) action.values.emplace_back(name, std::string(trim(text_of(answer))));
        });
      }
      actions.push_back(std::move(action));
    });
  }
  return actions;
}

EntityVerdict follow(const EntityAction& action, const EntityVersions& versions) {
  using What = EntityVerdict::What;
  if (action.uuid.empty()) return {What::kRefused};
  if (versions.newest == 0) {
    if (action.creates) return {What::kApplied, 1, 0, false};
    return {What::kWaits};
  }
  if (!action.updates) return {What::kRefused};
  int follows = 0;
  if (action.branch_id.empty() || action.base_version == action.trunk_version ||
      (action.trunk_version == 0 && action.base_version <= 1)) {
    // Made from a version the phone had from here; from a phone of its own, the first change after it made the entity.
    follows = std::max(action.base_version, 1);
  } else {
    for (const EntityVersions::OfBranch& each : versions.branch)
      if (each.base_version == action.base_version - 1) follows = each.number;
  }
  if (follows == 0 || follows > versions.newest) return {What::kWaits};
  return {What::kApplied, versions.newest + 1, follows, follows != versions.newest};
}

}  // namespace understory::collect
