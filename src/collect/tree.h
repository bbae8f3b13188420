// Trees expressions look at: a form's instance while it is filled in, and the lists beside it.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "foundation/result.h"

namespace understory::collect {

// An element with the text directly in it. The document itself is an element without a name above the root.
struct Element {
  std::string name;    // without prefix
  std::string prefix;  // with its colon, of an instance that is being filled in
  std::string text;
  std::vector<std::pair<std::string, std::string>> attributes;  // as they are written, declarations of namespaces too
  Element* parent = nullptr;
  std::vector<std::unique_ptr<Element>> children;
  bool relevant = true;      // false: expressions see no such element
  bool own_relevant = true;  // what its own bind says; relevant is this and all above
  bool fresh = false;        // nothing of it has been computed yet
  int node = -1;             // in Form::nodes, of an instance that is being filled in; -1: not of the form

  Element* child(std::string_view wanted) const;
  Element& add(std::string child_name);
  // A copy without a parent, all below it too.
  std::unique_ptr<Element> copy() const;
  // From 0, among those of the same name beside it.
  int position() const;
  const Element& document() const;
};
using Tree = std::shared_ptr<const Element>;

// A list beside the form, by the ending of its file's name: .xml; .csv as root/item/<column>; .geojson as
// root/item/(geometry, id, properties…), a geometry as ODK writes points and lines. kUnknownFormat otherwise.
Result<Tree> read_list(std::string_view content, const std::string& file);
Result<Tree> read_xml_list(std::string_view content, const std::string& file);

}  // namespace understory::collect
