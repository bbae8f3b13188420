// What the files about a mapping share.
#pragma once
#include "study/from_submissions.h"

namespace understory::study {

inline tl::unexpected<Problem> wrong(const std::string& where, const std::string& value, const std::string& what,
                                     const std::string& hint) {
  return fail(problems::kInvalidValue,
              {{"where", "Mapping, “" + where + "”"}, {"value", value}, {"what", what}, {"hint", hint}});
}

// The innermost repeat a node lies in; 0: none.
inline int repeat_of(const collect::Form& form, int node) {
  for (int above = form.nodes[static_cast<std::size_t>(node)].parent; above > 0;
       above = form.nodes[static_cast<std::size_t>(above)].parent)
    if (form.nodes[static_cast<std::size_t>(above)].shape == collect::Node::Shape::kRepeat) return above;
  return 0;
}

// The first node of that path and shape; -1: none.
inline int find_node(const collect::Form& form, const std::string& path, collect::Node::Shape shape) {
  for (std::size_t i = 0; i < form.nodes.size(); ++i)
    if (form.nodes[i].path == path && form.nodes[i].shape == shape) return static_cast<int>(i);
  return -1;
}

}  // namespace understory::study
