#include "collect/tree.h"

#include <boost/json.hpp>

#include "foundation/csv.h"
#include "foundation/text.h"
#include "foundation/xml.h"

namespace understory::collect {

Element* Element::child(std::string_view wanted) const {
  for (const auto& each : children)
    if (each->name == wanted) return each.get();
  return nullptr;
}

Element& Element::add(std::string child_name) {
  children.push_back(std::make_unique<Element>());
  Element& made = *children.back();
  made.name = std::move(child_name);
  made.parent = this;
  return made;
}

std::unique_ptr<Element> Element::copy() const {
  auto made = std::make_unique<Element>();
  made->name = name;
  made->prefix = prefix;
  made->text = text;
  made->attributes = attributes;
  made->node = node;
  for (const auto& each : children) {
    made->children.push_back(each->copy());
    made->children.back()->parent = made.get();
  }
  return made;
}

int Element::position() const {
  if (!parent) return 0;
  int before = 0;
  for (const auto& each : parent->children) {
    if (each.get() == this) return before;
    before += each->name == name;
  }
  return before;
}

const Element& Element::document() const {
  const Element* top = this;
  while (top->parent) top = top->parent;
  return *top;
}

namespace {

// Depth is bounded by XmlDocument.
void take(const pugi::xml_node& from, Element& to) {
  to.text = text_of(from);
  for (const pugi::xml_attribute& attribute : from.attributes())
    if (std::string_view(attribute.name()).rfind("xmlns", 0) != 0)
      to.attributes.emplace_back(attribute.name(), attribute.value());
  for (const pugi::xml_node& child : from.children())
    if (child.type() == pugi::node_element) take(child, to.add(std::string(local_name(child.name()))));
}

Result<Tree> read_csv_list(std::string_view content, const std::string& file) {
  const CsvTable table = TRY(read_csv(TRY(decode_text(content, file)).text, file));
  auto document = std::make_shared<Element>();
  Element& root = document->add("root");
  for (const auto& row : table.rows) {
    Element& item = root.add("item");
    for (std::size_t i = 0; i < row.size(); ++i) item.add(table.header[i]).text = row[i];
  }
  return Tree(document);
}

namespace json = boost::json;

std::string said(const json::value& value) {
  if (value.is_string()) return std::string(value.as_string().c_str());
  if (value.is_null()) return {};
  return json::serialize(value);
}

// [longitude, latitude, altitude] → "latitude longitude altitude 0".
std::string point(const json::value& position) {
  const json::array* numbers = position.if_array();
  if (!numbers || numbers->size() < 2) return {};
  const auto number = [&](std::size_t i) {
    boost::system::error_code error;
    const double value = i < numbers->size() ? (*numbers)[i].to_number<double>(error) : 0.0;
    return fmt::format("{}", error ? 0.0 : value);
  };
  return number(1) + " " + number(0) + " " + number(2) + " 0";
}

std::string geometry(const json::object& shape) {
  const json::value* type = shape.if_contains("type");
  const json::value* at = shape.if_contains("coordinates");
  if (!type || !type->is_string() || !at) return {};
  if (type->as_string() == "Point") return point(*at);
  const json::array* line = at->if_array();
  if (line && type->as_string() == "Polygon") line = line->empty() ? nullptr : line->front().if_array();
  if (!line) return {};
  std::string made;
  for (const json::value& each : *line) made += (made.empty() ? "" : ";") + point(each);
  return made;
}

Result<Tree> read_geojson_list(std::string_view content, const std::string& file) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 32;
  const json::value whole = json::parse(json::string_view(content.data(), content.size()), error, {}, options);
  const auto bad = [&](std::string reason) {
    return fail(problems::kFileUnreadable, {{"file", file}, {"reason", std::move(reason)}});
  };
  if (error) return bad("it is no JSON");
  const json::value* features = whole.is_object() ? whole.as_object().if_contains("features") : nullptr;
  if (!features || !features->is_array()) return bad("it holds no list of features");
  auto document = std::make_shared<Element>();
  Element& root = document->add("root");
  for (const json::value& each : features->as_array()) {
    const json::object* feature = each.if_object();
    if (!feature) continue;
    Element& item = root.add("item");
    const json::value* shape = feature->if_contains("geometry");
    item.add("geometry").text = shape && shape->is_object() ? geometry(shape->as_object()) : std::string();
    if (const json::value* id = feature->if_contains("id")) item.add("id").text = said(*id);
    const json::value* properties = feature->if_contains("properties");
    if (!properties || !properties->is_object()) continue;
    for (const auto& member : properties->as_object())
      if (!item.child(std::string_view(member.key().data(), member.key().size())))
        item.add(std::string(member.key().data(), member.key().size())).text = said(member.value());
  }
  return Tree(document);
}

}  // namespace

Result<Tree> read_xml_list(std::string_view content, const std::string& file) {
  const XmlDocument document = TRY(XmlDocument::parse(content, file));
  auto tree = std::make_shared<Element>();
  take(document.root(), tree->add(std::string(local_name(document.root().name()))));
  return Tree(tree);
}

Result<Tree> read_list(std::string_view content, const std::string& file) {
  const std::string name = lower_ascii(file);
  const std::string ending = name.substr(name.rfind('.') == std::string::npos ? name.size() : name.rfind('.'));
  if (ending == ".xml") return read_xml_list(content, file);
  if (ending == ".csv") return read_csv_list(content, file);
  if (ending == ".geojson" || ending == ".json") return read_geojson_list(content, file);
  return fail(problems::kUnknownFormat, {{"file", file}, {"known", "xml, csv, geojson"}});
}

}  // namespace understory::collect
