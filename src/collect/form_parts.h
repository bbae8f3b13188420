// What the parts of the form reader share while one form is read. Used by form_*.cpp alone.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "collect/form.h"
#include "foundation/xml.h"

namespace understory::collect::reading {

// Each language's words by the ids of the itext.
class Texts {
 public:
  void add(std::size_t language, const std::string& id, Words::In words);
  const std::vector<std::pair<std::size_t, Words::In>>* find(const std::string& id) const;
  std::map<std::string, Words> all() const;

 private:
  std::unordered_map<std::string, std::vector<std::pair<std::size_t, Words::In>>> texts_;
};

struct Reading {
  const XmlDocument& document;
  const std::string& file;
  Form& form;
  std::vector<std::string>& warnings;
  Texts texts;
  std::unordered_map<std::string, int> nodes;             // path → index in form.nodes
  std::unordered_map<std::string, int> attributes;        // path → index in form.attributes
  std::unordered_map<std::string, std::string> bind_ids;  // a bind's id → its path
  std::unordered_map<std::string, std::string> asked_types;
  std::vector<std::pair<int, pugi::xml_node>> further;      // nodes whose name stood again, and where
  std::unordered_map<int, pugi::xml_node> entity_elements;  // by node
  std::unordered_set<std::string> needed;                   // names in form.files
  std::size_t copied = 0;  // bytes of words copied from the itext: one text may be asked for by many controls
  int asked = 0;

  tl::unexpected<Problem> refuse(const pugi::xml_node& at, std::string reason, std::string hint = {}) const;
  void warn(const pugi::xml_node& at, std::string_view what);
  int node_of(const std::string& path) const;
  void need_file(std::string name, std::string kind);
};

constexpr std::size_t kNodeLimit = 100'000, kNameLimit = 1'000, kIdLimit = 249, kWarningLimit = 200;
constexpr std::size_t kCopyLimit = 64 << 20;

// "/a:data/b:x[1]/../y", "y", "." and "current()/../y" → "/data/y". `context` is where a relative one begins. nullopt:
// no path of the primary instance ("instance('x')/…", "/data/*").
std::optional<std::string> path_of(std::string_view reference, std::string_view context);
// The text's XPath literal: 'text', or concat(…) where it holds both quotes.
std::string literal(std::string_view text);

// Warns where the expression of the element cannot be read or calls a function nobody knows.
void check_expression(Reading& reading, const pugi::xml_node& at, const std::string& text);

void read_texts(Reading& reading, const pugi::xml_node& model);
// The words of <label>, <hint>, …: by its ref to the itext, or its own text with <output>.
Result<Words> words_of(Reading& reading, const pugi::xml_node& element);
// The words of an attribute: jr:itext('…') or the text itself (jr:constraintMsg).
Result<Words> words_of_attribute(Reading& reading, const pugi::xml_node& element, const char* value);
Result<Words> words_by_id(Reading& reading, const pugi::xml_node& element, const std::string& id);
// "jr:itext('id')" → id; nullopt: no such call with a literal.
std::optional<std::string> itext_id(std::string_view reference);

Result<void> read_instance(Reading& reading, const pugi::xml_node& root);
Result<void> read_binds(Reading& reading, const pugi::xml_node& model);
Result<void> read_body(Reading& reading, const pugi::xml_node& body);
// What form.nodes[index] is, from the bind's type and the control that asks for it.
void settle_types(Reading& reading);
void read_action(Reading& reading, const pugi::xml_node& action, const std::string& context,
                 const std::string& trigger);
bool is_action(std::string_view name);
void read_entities(Reading& reading);
void read_needed_files(Reading& reading, const pugi::xml_node& model);

}  // namespace understory::collect::reading
