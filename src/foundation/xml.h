// XML from strangers: no DTD, bounded depth, errors with line and column. And a writer that always writes the same way.
#pragma once
#include <memory>
#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "foundation/result.h"

namespace understory {

class XmlDocument {
 public:
  // kBadXml with line and column: not well-formed, a DTD, nested deeper than 200, no root. Encodings: UTF-8, UTF-16.
  static Result<XmlDocument> parse(std::string_view content, const std::string& file);
  pugi::xml_node root() const { return document_->document_element(); }
  // Where an element begins in the decoded text: the byte of its name, and its line, from 1.
  std::size_t offset_of(const pugi::xml_node& node) const;
  int line_of(const pugi::xml_node& node) const;

 private:
  std::shared_ptr<std::string> content_;  // the nodes point into it
  std::shared_ptr<pugi::xml_document> document_;
};

// Element and attribute names without their prefix.
std::string_view local_name(const char* name);
pugi::xml_node child_named(const pugi::xml_node& node, std::string_view name);
// The element with all below, as text, on one line.
std::string outer_xml(const pugi::xml_node& node);
// The text directly in an element, all its pieces (CDATA too) together.
std::string text_of(const pugi::xml_node& node);
// The value of the attribute of that name, without its prefix; one without a prefix goes first. Null where there is
// none.
const char* attribute_named(const pugi::xml_node& node, std::string_view name);
// Characters XML 1.0 cannot carry become U+FFFD; `changed` tells.
std::string xml_safe(std::string_view text, bool* changed = nullptr);
// Can an element or attribute be called this (without a prefix)?
bool is_xml_name(std::string_view text);

}  // namespace understory
