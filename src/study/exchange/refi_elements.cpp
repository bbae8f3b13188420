#include "study/exchange/refi_elements.h"

#include <set>

#include "foundation/clock.h"
#include "foundation/id.h"
#include "foundation/reasons.h"
#include "foundation/text.h"
#include "foundation/xml.h"
#include "study/exchange/formats.h"
#include "study/exchange/refi.h"

namespace understory::study {

std::string attribute(const pugi::xml_node& node, const char* name) { return node.attribute(name).value(); }

std::string guid_at(const pugi::xml_node& node, const char* name) {
  const std::string text = attribute(node, name);
  return normal_guid(text).value_or(text);
}

std::string text_in(const pugi::xml_node& node) {
  std::string text;
  for (const pugi::xml_node& child : node.children())
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) text += child.value();
  return text;
}

std::string text_of_child(const pugi::xml_node& node, std::string_view name) {
  return text_in(child_named(node, name));
}

std::optional<std::int64_t> time_at(const pugi::xml_node& node, const char* name) {
  return parse_time(attribute(node, name));
}

std::string named_by_guid(std::string_view what, std::string_view guid) {
  return std::string(what) + " " + std::string(shortened(guid, 8));
}

MaterialCode read_code(const pugi::xml_node& node, int parent, ImportReport& report) {
  MaterialCode code;
  code.guid = guid_at(node);
  code.parent = parent;
  code.name = attribute(node, "name");
  if (trim(code.name).empty()) {
    code.name = named_by_guid("code", code.guid);
    report.remark("code", code.guid, "it has no name and is called “" + code.name + "”");
  }
  code.codable = lower_ascii(attribute(node, "isCodable")) != "false";
  const std::string colour = lower_ascii(attribute(node, "color"));
  if (colour.size() == 7 && colour[0] == '#')
    code.colour = colour;
  else if (colour.size() == 4 && colour[0] == '#')
    code.colour = {'#', colour[1], colour[1], colour[2], colour[2], colour[3], colour[3]};
  if (parent < 0) code.kind = guess_kind(code.name);
  read_code_description(text_of_child(node, "Description"), code);
  return code;
}

tl::unexpected<Problem> wrong_root(const std::string& file, std::string_view found, std::string_view wanted) {
  return fail_because(problems::kReasonRoot, problems::kBadXml,
                      {{"file", file},
                       {"line", "1"},
                       {"column", "1"},
                       {"found", std::string(shortened(found, 40))},
                       {"wanted", std::string(wanted)}});
}

namespace {

template <typename Element>
void tell_apart(std::vector<Element>& elements, std::string_view what, ImportReport& report) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    std::string& guid = elements[i].guid;
    if (guid.empty() || seen.insert(guid).second) continue;
    report.remark(what, guid, "its GUID stood before in the file; it is kept as an element of its own");
    guid = guid_from(guid + " again " + std::to_string(i));
    seen.insert(guid);
  }
}

}  // namespace

void tell_guids_apart(Material& material) {
  tell_apart(material.codes, "code", material.report);
  tell_apart(material.respondents, "respondent", material.report);
  tell_apart(material.links, "link", material.report);
}

}  // namespace understory::study
