// The small pieces every REFI-QDA reader and writer needs: attributes, GUIDs, texts, a Code element.
#pragma once
#include <optional>
#include <pugixml.hpp>
#include <string>

#include "study/material.h"

namespace understory::study {

std::string attribute(const pugi::xml_node& node, const char* name);
// A GUID in its normal form; what is none is kept as it stands (some programs number their elements).
std::string guid_at(const pugi::xml_node& node, const char* name = "guid");
std::string text_in(const pugi::xml_node& node);
std::string text_of_child(const pugi::xml_node& node, std::string_view name);
std::optional<std::int64_t> time_at(const pugi::xml_node& node, const char* name);
// For an element without a name: what it is and the first characters of its GUID.
std::string named_by_guid(std::string_view what, std::string_view guid);
// A Code element without the codes below it. One without a name is given one, with a remark in the report.
MaterialCode read_code(const pugi::xml_node& node, int parent, ImportReport& report);
// kBadXml: the root of `file` is called `found` where the format wants `wanted`.
tl::unexpected<Problem> wrong_root(const std::string& file, std::string_view found, std::string_view wanted);

// Codes, respondents and links whose GUID stood before in the file get one made from it, with a remark: nothing is
// lost.
void tell_guids_apart(Material& material);

}  // namespace understory::study
