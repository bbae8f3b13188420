// REFI-QDA codebooks, in and out.
#include <map>
#include <sstream>

#include "foundation/id.h"
#include "foundation/xml.h"
#include "study/exchange/formats.h"
#include "study/exchange/refi.h"
#include "study/exchange/refi_elements.h"

namespace understory::study {

namespace {

void read_codes(Material& material, const pugi::xml_node& node, int parent, std::map<std::string, int>& index) {
  if (local_name(node.name()) != "Code") return;
  const int at = static_cast<int>(material.codes.size());
  material.codes.push_back(read_code(node, parent, material.report));
  index.try_emplace(material.codes.back().guid, at);
  for (const pugi::xml_node& child : node.children()) read_codes(material, child, at, index);
}

void write_codes(const Material& material, pugi::xml_node list, int parent, ImportReport& report, bool& named) {
  for (std::size_t i = 0; i < material.codes.size(); ++i) {
    const MaterialCode& code = material.codes[i];
    if (code.parent != parent) continue;
    bool changed = false;
    pugi::xml_node node = list.append_child("Code");
    node.append_attribute("guid") =
        (normal_guid(code.guid)
             ? code.guid
             : guid_from("code " + code_path(material, static_cast<int>(i)) + " " + std::to_string(i)))
            .c_str();
    node.append_attribute("name") = xml_safe(code.name, &changed).c_str();
    node.append_attribute("isCodable") = code.codable;
    if (!code.colour.empty()) node.append_attribute("color") = code.colour.c_str();
    if (const std::string description = code_description(code); !description.empty())
      node.append_child("Description")
          .append_child(pugi::node_pcdata)
          .set_value(xml_safe(description, &changed).c_str());
    if (changed)
      report.note("code", Outcome::kChanged, code.guid, "a control character XML cannot carry became �");
    else
      report.count("code", Outcome::kRead);
    named = named || !code.names.empty();
    write_codes(material, node, static_cast<int>(i), report, named);
  }
}

}  // namespace

Result<Material> read_qdc(std::string_view bytes, std::string_view file) {
  const XmlDocument document = TRY(XmlDocument::parse(bytes, std::string(file)));
  const pugi::xml_node root = document.root();
  if (local_name(root.name()) != "CodeBook") return wrong_root(std::string(file), root.name(), "CodeBook");
  Material material;
  material.origin = attribute(root, "origin");
  material.report.file = std::string(file);
  material.report.format = "REFI-QDA codebook" + (material.origin.empty() ? "" : " by " + material.origin);
  std::map<std::string, int> index;
  for (const pugi::xml_node& code : child_named(root, "Codes").children()) read_codes(material, code, -1, index);
  for (const pugi::xml_node& node : child_named(root, "Sets").children()) {
    if (node.type() != pugi::node_element) continue;
    MaterialSet set{guid_at(node), attribute(node, "name"), text_of_child(node, "Description"), {}};
    for (const pugi::xml_node& member : node.children()) {
      if (local_name(member.name()) != "MemberCode") continue;
      const auto found = index.find(guid_at(member));
      if (found != index.end())
        set.members.push_back({"code", found->second});
      else
        material.report.note("set member", Outcome::kUnusable, guid_at(member), "the code it names is not in the file");
    }
    material.sets.push_back(std::move(set));
  }
  tell_guids_apart(material);
  return material;
}

Result<Written> write_qdc(const Material& material) {
  Written result;
  result.report.format = "REFI-QDA codebook";
  if (material.codes.empty())
    return fail(problems::kMissingValue, {{"where", "The codebook"},
                                          {"what", "a code"},
                                          {"hint", "A codebook file holds at least one; import or add codes first."}});
  pugi::xml_document document;
  pugi::xml_node declaration = document.append_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "utf-8";
  pugi::xml_node root = document.append_child("CodeBook");
  root.append_attribute("xmlns") = "urn:QDA-XML:codebook:1.0";
  root.append_attribute("origin") = "Understory";
  bool named = false;
  write_codes(material, root.append_child("Codes"), -1, result.report, named);
  if (named)
    result.report.note("names in other languages", Outcome::kUnusable, "codebook",
                       "the format has no place for them, nor for kinds of codes; a project (.qdpx) carries both");
  std::ostringstream out;
  document.save(out, " ", pugi::format_indent, pugi::encoding_utf8);
  result.bytes = out.str();
  return result;
}

}  // namespace understory::study
