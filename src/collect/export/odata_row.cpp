#include "collect/export/odata_row.h"

#include <algorithm>
#include <cmath>

#include "collect/export/values.h"
#include "foundation/text.h"

namespace understory::collect {

namespace {

bool is_or_lies_below(std::string_view path, std::string_view above) {
  return path == above || (path.size() > above.size() && path.rfind(above, 0) == 0 && path[above.size()] == '/');
}

}  // namespace

std::vector<ODataRow::Step> ODataRow::steps_of(int table) const {
  const std::vector<Node>& nodes = outline_.form.nodes;
  const Table& home = outline_.tables[static_cast<std::size_t>(table)];
  std::vector<Step> steps;
  std::vector<std::pair<int, std::string>> open;  // groups, with their paths
  const auto go_to = [&](int parent) {
    while (!open.empty() && open.back().first != parent) {
      steps.push_back({Step::Do::kClose, 0, "", open.back().second});
      open.pop_back();
    }
  };
  for (int i = home.node + 1; i < static_cast<int>(nodes.size()); ++i) {
    const Node& node = nodes[static_cast<std::size_t>(i)];
    // Below this table, and not below a repeat of its own?
    bool inside = false;
    for (int above = node.parent; above >= 0; above = nodes[static_cast<std::size_t>(above)].parent) {
      inside = above == home.node;
      if (inside || nodes[static_cast<std::size_t>(above)].shape == Node::Shape::kRepeat) break;
    }
    if (!inside) continue;
    go_to(node.parent);
    const std::string& name = names_.nodes[static_cast<std::size_t>(i)];
    const std::string path = open.empty() ? name : open.back().second + "/" + name;
    const auto of_node = [&](const auto& each) { return each.node == i; };
    if (node.shape == Node::Shape::kGroup) {
      steps.push_back({Step::Do::kOpen, 0, name, path});
      open.emplace_back(i, path);
    } else if (node.shape == Node::Shape::kField) {
      const auto column = std::find_if(home.columns.begin(), home.columns.end(), of_node);
      if (column != home.columns.end())
        steps.push_back({Step::Do::kCell, static_cast<int>(column - home.columns.begin()), name, path});
    } else {
      const auto below = std::find_if(outline_.tables.begin(), outline_.tables.end(), of_node);
      if (below != outline_.tables.end())
        steps.push_back({Step::Do::kTable, static_cast<int>(below - outline_.tables.begin()), name, path});
    }
  }
  go_to(-1);
  return steps;
}

bool ODataRow::selected(const std::string& path) const {
  return select_.empty() || std::any_of(select_.begin(), select_.end(),
                                        [&](const std::string& chosen) { return is_or_lies_below(path, chosen); });
}

Result<ODataRow> ODataRow::plan(const Outline& outline, const ODataNames& names, int table, const ODataQuery& query) {
  ODataRow row(outline, names, table, query.expand);
  for (std::size_t t = 0; t < outline.tables.size(); ++t) row.steps_.push_back(row.steps_of(static_cast<int>(t)));
  std::vector<Step>& steps = row.steps_[static_cast<std::size_t>(table)];
  for (const std::string& path : query.select) {
    if (path == "*") return row;
    bool known = path == "__id" || path == names.parent_ids[static_cast<std::size_t>(table)];
    if (table == 0) {
      known |= path == "__system";
      for (const SystemProperty& property : system_properties())
        known |= path == std::string("__system/") + property.name;
    }
    for (const Step& step : steps) known |= step.what != Step::Do::kClose && step.path == path;
    if (!known)
      return fail(
          problems::kInvalidValue,
          {{"where", "$select"}, {"value", path}, {"what", "field of this table"}, {"hint", "$metadata lists them."}});
  }
  row.select_ = query.select;
  if (row.select_.empty()) return row;
  // A group stands where something in it is asked for.
  std::vector<Step> kept;
  for (const Step& step : steps) {
    const bool group = step.what == Step::Do::kOpen || step.what == Step::Do::kClose;
    const bool needed = row.selected(step.path) ||
                        (group && std::any_of(row.select_.begin(), row.select_.end(), [&](const std::string& path) {
                           return is_or_lies_below(path, step.path);
                         }));
    if (needed) kept.push_back(step);
  }
  steps = std::move(kept);
  return row;
}

void ODataRow::write_system(JsonWriter& json, const Told& told) const {
  json.key("__system").object();
  for (const SystemProperty& property : system_properties()) {
    if (!selected(std::string("__system/") + property.name)) continue;
    json.key(property.name);
    const Value value = system_value(told, property.field);
    if (value.sort == Sort::kMoment)
      json.value(exact_time(value.moment));
    else if (value.sort == Sort::kNumber)
      json.value(static_cast<std::int64_t>(std::llround(value.number)));
    else if (value.sort == Sort::kText)
      json.value(value.text);
    else
      json.null();
  }
  json.end_object();
}

void ODataRow::write_table(JsonWriter& json, const RowView& row, const Step& step) const {
  if (!expand_) {
    std::string link;
    if (row.table == 0)
      link = "Submissions(" + odata_quoted(row.told.opened.submission.instance_id) + ")/";
    else
      link = names_.tables[static_cast<std::size_t>(row.table)] + "(" +
             odata_quoted(key_of(row.told, outline_, row.table, row.row)) + ")/";
    json.member(step.name + "@odata.navigationLink", link + step.path);
    return;
  }
  json.key(step.name).array();
  // Rows come in document order: those of one parent stand together.
  const std::vector<Rows::Row>& rows = row.told.record->tables()[static_cast<std::size_t>(step.index)].rows;
  auto at = std::lower_bound(rows.begin(), rows.end(), row.row,
                             [](const Rows::Row& each, int parent) { return each.parent < parent; });
  for (; at != rows.end() && at->parent == row.row; ++at)
    write(json, {outline_, row.told, step.index, static_cast<int>(at - rows.begin())});
  json.end_array();
}

void ODataRow::write_steps(JsonWriter& json, const RowView& row) const {
  const Rows& rows = row.told.record->tables()[static_cast<std::size_t>(row.table)];
  if (row.row >= static_cast<int>(rows.rows.size())) return;
  const std::vector<const char*>& cells = rows.rows[static_cast<std::size_t>(row.row)].cells;
  const std::vector<Column>& columns = outline_.tables[static_cast<std::size_t>(row.table)].columns;
  for (const Step& step : steps_[static_cast<std::size_t>(row.table)]) {
    const std::size_t index = static_cast<std::size_t>(step.index);
    switch (step.what) {
      case Step::Do::kOpen: json.key(step.name).object(); break;
      case Step::Do::kClose: json.end_object(); break;
      case Step::Do::kCell:
        json.key(step.name);
        write_json(json, columns[index].type, cells[index]);
        break;
      case Step::Do::kTable: write_table(json, row, step);
    }
  }
}

void ODataRow::write(JsonWriter& json, const RowView& row) const {
  const bool asked = row.table == table_;  // expanded rows come whole
  json.object();
  if (!asked || selected("__id")) json.member("__id", key_of(row.told, outline_, row.table, row.row));
  const std::string& parent = names_.parent_ids[static_cast<std::size_t>(row.table)];
  if (asked && row.table != 0 && selected(parent))
    json.member(parent, parent_key_of(row.told, outline_, row.table, row.row));
  if (row.table == 0 &&
      std::any_of(system_properties().begin(), system_properties().end(),
                  [&](const SystemProperty& property) { return selected(std::string("__system/") + property.name); }))
    write_system(json, row.told);
  if (row.told.record) write_steps(json, row);
  json.end_object();
}

}  // namespace understory::collect
