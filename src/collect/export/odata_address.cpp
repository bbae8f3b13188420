// Addresses below an OData service, and the two documents that describe it.
#include <algorithm>

#include "collect/export/odata.h"
#include "foundation/json_writer.h"
#include "foundation/text.h"

namespace understory::collect {

namespace {

struct Part {
  std::string name, key;
  bool keyed = false;
};

// "a('it''s')/b" → a with the key "it's", b. A key may hold "/".
std::optional<std::vector<Part>> parts_of(std::string_view path) {
  std::vector<Part> parts;
  for (std::size_t at = 0; at < path.size();) {
    Part part;
    while (at < path.size() && path[at] != '/' && path[at] != '(') part.name += path[at++];
    if (at < path.size() && path[at] == '(') {
      part.keyed = true;
      if (++at >= path.size() || path[at] != '\'') return std::nullopt;
      for (++at;; ++at) {
        if (at >= path.size()) return std::nullopt;
        if (path[at] == '\'') {
          if (at + 1 >= path.size() || path[at + 1] != '\'') break;
          ++at;
        }
        part.key += path[at];
      }
      if (++at >= path.size() || path[at] != ')') return std::nullopt;
      ++at;
    }
    if (at < path.size() && path[at] != '/') return std::nullopt;
    ++at;
    parts.push_back(std::move(part));
  }
  return parts;
}

// The submission a key of a repeat's row begins with: "uuid:…/children/child[1]" → "uuid:…".
std::string instance_of_key(const Outline& outline, int table, std::string_view key) {
  std::vector<int> above;
  for (int t = table; t > 0; t = outline.tables[static_cast<std::size_t>(t)].parent) above.push_back(t);
  for (int t : above) {
    const std::string middle = "/" + outline.paths[static_cast<std::size_t>(t)] + "[";
    const std::size_t at = key.rfind(middle);
    if (at == std::string_view::npos || key.back() != ']') return {};
    key = key.substr(0, at);
    if (key.empty()) return {};
  }
  return std::string(key);
}

const char* edm_type(AnswerType type) {
  switch (type) {
    case AnswerType::kInteger: return "Edm.Int64";
    case AnswerType::kDecimal: return "Edm.Decimal";
    case AnswerType::kBoolean: return "Edm.Boolean";
    case AnswerType::kDate: return "Edm.Date";
    case AnswerType::kDateTime: return "Edm.DateTimeOffset";
    case AnswerType::kGeopoint: return "Edm.GeographyPoint";
    case AnswerType::kGeotrace: return "Edm.GeographyLineString";
    case AnswerType::kGeoshape: return "Edm.GeographyPolygon";
    default: return "Edm.String";
  }
}

std::string property(std::string_view name, std::string_view type) {
  return "        <Property Name=\"" + escape_markup(name) + "\" Type=\"" + escape_markup(type) + "\"/>\n";
}

// The properties of a node's children; groups become types of their own, in `complex`.
class Metadata {
 public:
  Metadata(const Outline& outline, const ODataNames& names)
      : outline_(outline), names_(names), space_("org.opendatakit.user." + names.form) {}

  std::string text() const;

 private:
  std::string properties(int parent) const {
    std::string out;
    const std::vector<Node>& nodes = outline_.form.nodes;
    for (std::size_t i = 1; i < nodes.size(); ++i) {
      if (nodes[i].parent != parent) continue;
      const std::string& name = names_.nodes[i];
      if (nodes[i].shape == Node::Shape::kField)
        out += property(name, edm_type(nodes[i].type));
      else if (nodes[i].shape == Node::Shape::kGroup)
        out += property(name, space_ + "." + below(static_cast<int>(i)));
      else
        out += "        <NavigationProperty Name=\"" + escape_markup(name) + "\" Type=\"Collection(" +
               escape_markup(space_ + ".Submissions." + below(static_cast<int>(i))) + ")\"/>\n";
    }
    return out;
  }
  // "children.child"
  std::string below(int node) const {
    std::string out = names_.nodes[static_cast<std::size_t>(node)];
    for (int above = outline_.form.nodes[static_cast<std::size_t>(node)].parent; above > 0;
         above = outline_.form.nodes[static_cast<std::size_t>(above)].parent)
      out = names_.nodes[static_cast<std::size_t>(above)] + "." + out;
    return out;
  }

  const Outline& outline_;
  const ODataNames& names_;
  std::string space_;
};

std::string Metadata::text() const {
  std::string out =
      R"(<?xml version="1.0" encoding="UTF-8"?>
<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0">
  <edmx:DataServices>
    <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="org.opendatakit.submission">
      <ComplexType Name="metadata">
)";
  for (const SystemProperty& each : system_properties()) out += property(each.name, each.type);
  out += "      </ComplexType>\n      <EnumType Name=\"Status\">\n";
  for (const char* member : {"notDecrypted", "notReadable"})
    out += "        <Member Name=\"" + std::string(member) + "\"/>\n";
  out += "      </EnumType>\n      <EnumType Name=\"ReviewState\">\n";
  for (const char* member : {"hasIssues", "edited", "rejected", "approved"})
    out += "        <Member Name=\"" + std::string(member) + "\"/>\n";
  out += "      </EnumType>\n    </Schema>\n";
  out += "    <Schema xmlns=\"http://docs.oasis-open.org/odata/ns/edm\" Namespace=\"" + escape_markup(space_) + "\">\n";
  for (std::size_t t = 0; t < outline_.tables.size(); ++t) {
    out += "      <EntityType Name=\"" + escape_markup(names_.tables[t]) + "\">\n";
    out += "        <Key><PropertyRef Name=\"__id\"/></Key>\n        <Property Name=\"__id\" Type=\"Edm.String\"/>\n";
    if (t == 0)
      out += property("__system", "org.opendatakit.submission.metadata");
    else
      out += property(names_.parent_ids[t], "Edm.String");
    out += properties(outline_.tables[t].node) + "      </EntityType>\n";
  }
  for (std::size_t i = 1; i < outline_.form.nodes.size(); ++i)
    if (outline_.form.nodes[i].shape == Node::Shape::kGroup)
      out += "      <ComplexType Name=\"" + escape_markup(below(static_cast<int>(i))) + "\">\n" +
             properties(static_cast<int>(i)) + "      </ComplexType>\n";
  out += "      <EntityContainer Name=\"" + escape_markup(names_.form) + "\">\n";
  for (const std::string& table : names_.tables)
    out += "        <EntitySet Name=\"" + escape_markup(table) + "\" EntityType=\"" +
           escape_markup(space_ + "." + table) + "\"/>\n";
  return out + "      </EntityContainer>\n    </Schema>\n  </edmx:DataServices>\n</edmx:Edmx>\n";
}

}  // namespace

Result<ODataPath> read_odata_path(const Outline& outline, const ODataNames& names, std::string_view path) {
  const auto missing = [&] {
    return fail(problems::kNotFound, {{"what", "table"}, {"name", std::string(shortened(path, 200))}});
  };
  auto parts = parts_of(path);
  if (!parts || parts->empty()) return missing();
  ODataPath found;
  if (parts->back().name == "$count" && !parts->back().keyed) {
    found.number = true;
    parts->pop_back();
    if (parts->empty()) return missing();
  }
  const auto table = std::find(names.tables.begin(), names.tables.end(), parts->front().name);
  if (table == names.tables.end()) return missing();
  found.table = static_cast<int>(table - names.tables.begin());
  std::string key = parts->front().key;
  bool keyed = parts->front().keyed;
  if (keyed) {
    found.instance_id = instance_of_key(outline, found.table, key);
    if (found.instance_id.empty()) return missing();
  }
  found.address.clear();
  for (const Part& part : *parts) {
    if (!found.address.empty()) found.address += "/";
    found.address += percent_encoded(part.name);
    if (part.keyed) found.address += "(" + odata_quoted(part.key) + ")";
  }
  // Groups and repeats below one row: "children", "child", or the two in turn.
  std::string deeper = *table;
  for (std::size_t i = 1; i < parts->size(); ++i) {
    if (!keyed && i == 1) return missing();
    deeper += "." + (*parts)[i].name;
    const auto below = std::find(names.tables.begin(), names.tables.end(), deeper);
    const bool last = i + 1 == parts->size();
    if (below == names.tables.end()) {
      if (last || (*parts)[i].keyed) return missing();
      continue;
    }
    if (!keyed) return missing();  // rows of rows that were not chosen
    found.table = static_cast<int>(below - names.tables.begin());
    found.parent_key = key;
    key = (*parts)[i].key;
    keyed = (*parts)[i].keyed;
  }
  if (keyed && found.table != 0) found.key = key;
  return found;
}

std::string odata_service_document(const ODataNames& names, std::string_view service) {
  JsonWriter json;
  json.object().member("@odata.context", std::string(service) + "/$metadata").key("value").array();
  for (const std::string& table : names.tables)
    json.object().member("name", table).member("kind", "EntitySet").member("url", table).end_object();
  json.end_array().end_object();
  return json.text();
}

std::string odata_metadata(const Outline& outline, const ODataNames& names) { return Metadata(outline, names).text(); }

}  // namespace understory::collect
