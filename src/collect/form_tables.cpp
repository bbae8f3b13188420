#include <algorithm>

#include "collect/form.h"

namespace understory::collect {

std::vector<Table> tables_of(const Form& form) {
  std::vector<Table> tables(1);
  tables[0].name = "Submissions";
  if (form.nodes.empty()) return tables;
  std::vector<int> table_of(form.nodes.size(), 0);  // that the children of a node belong to
  for (int i = 1; i < static_cast<int>(form.nodes.size()); ++i) {
    const Node& node = form.nodes[static_cast<std::size_t>(i)];
    const int home = table_of[static_cast<std::size_t>(node.parent)];
    table_of[static_cast<std::size_t>(i)] = home;
    // The groups between the table and this node, from outside in.
    std::vector<std::string> groups;
    for (int above = node.parent; above > 0 && above != tables[static_cast<std::size_t>(home)].node;
         above = form.nodes[static_cast<std::size_t>(above)].parent)
      groups.insert(groups.begin(), form.nodes[static_cast<std::size_t>(above)].name);
    if (node.shape == Node::Shape::kField) {
      tables[static_cast<std::size_t>(home)].columns.push_back({i, std::move(groups), node.name, node.type});
    } else if (node.shape == Node::Shape::kRepeat) {
      const int made = static_cast<int>(tables.size());
      Table table;
      table.node = i;
      table.parent = home;
      table.name = tables[static_cast<std::size_t>(home)].name;
      for (const std::string& group : groups) table.name += "." + group;
      table.name += "." + node.name;
      tables[static_cast<std::size_t>(home)].tables.push_back(made);
      tables.push_back(std::move(table));
      table_of[static_cast<std::size_t>(i)] = made;
    }
  }
  return tables;
}

}  // namespace understory::collect
