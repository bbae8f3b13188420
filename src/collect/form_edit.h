// Private to the room: putting something into a form's XML without touching a byte of the rest.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "foundation/text.h"
#include "foundation/xml.h"

namespace understory::collect {

struct FormEdit {
  XmlDocument document;
  DecodedText decoded;
  pugi::xml_node html, model, root;  // root: of the primary instance

  // kBadXml; kBadForm with this reason, and that it is not UTF-8, where bytes cannot be put in.
  static Result<FormEdit> open(std::string_view xml, const std::string& file, const std::string& why);

  struct Insertion {
    std::size_t at = 0, replaces = 0;  // bytes taken away there: the "/" of <data/>, which has to become </data>
    std::string text;
  };
  // What puts `content` in as the last thing inside the element.
  Insertion inside(const pugi::xml_node& element, const std::string& content) const;
  // What puts `more` behind the attribute's value, or gives the element the attribute where it has none (in the form's
  // own words: with whichever prefix it has there). `more` needs no escaping.
  Insertion in_attribute(const pugi::xml_node& element, std::string_view attribute, const std::string& more) const;
  // "xf:" of an element <xf:model>.
  static std::string prefix_of(const pugi::xml_node& element);

  std::string with(std::vector<Insertion> insertions) const;
};

}  // namespace understory::collect
