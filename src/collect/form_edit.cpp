#include "collect/form_edit.h"

#include <algorithm>

namespace understory::collect {

namespace {

// The tag that begins at `at` (a "<"): where it ends (behind ">") and whether it closes itself.
struct Tag {
  std::size_t end = 0;
  bool closes_itself = false;
};
Tag tag_at(std::string_view text, std::size_t at) {
  char quote = 0;
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (quote) {
      if (text[i] == quote) quote = 0;
    } else if (text[i] == '"' || text[i] == '\'') {
      quote = text[i];
    } else if (text[i] == '>') {
      return {i + 1, text[i - 1] == '/'};
    }
  }
  return {text.size(), true};
}

// Where the closing tag of the element whose opening tag begins at `at` begins. The text is well-formed.
std::size_t closing_of(std::string_view text, std::size_t at) {
  int depth = 0;
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    if (rest.rfind("<!--", 0) == 0) {
      at = text.find("-->", at + 4);
    } else if (rest.rfind("<![CDATA[", 0) == 0) {
      at = text.find("]]>", at + 9);
    } else if (rest.rfind("<?", 0) == 0) {
      at = text.find("?>", at + 2);
    } else {
      const Tag tag = tag_at(text, at);
      if (rest.rfind("</", 0) == 0) {
        if (--depth == 0) return at;
      } else if (!tag.closes_itself) {
        ++depth;
      }
      at = tag.end - 1;
    }
    at = text.find('<', std::min(at, text.size()));
  }
  return text.size();
}

// Where the value of the attribute ends whose whole name this is (its closing quote); 0: it is not there.
std::size_t end_of_value(std::string_view text, std::size_t at, std::string_view whole_name) {
  const std::size_t end = tag_at(text, at).end;
  constexpr std::string_view kSpace = " \t\r\n";
  at = text.find_first_of(" \t\r\n/>", at);  // behind the element's name
  while (at < end) {
    at = text.find_first_not_of(kSpace, at);
    const std::size_t equals = text.find('=', at);
    if (equals == std::string_view::npos || equals >= end) return 0;
    const std::string_view name = trim(text.substr(at, equals - at));
    const std::size_t opening = text.find_first_of("\"'", equals);
    if (opening == std::string_view::npos) return 0;
    const std::size_t closing = text.find(text[opening], opening + 1);
    if (closing == std::string_view::npos) return 0;
    if (name == whole_name) return closing;
    at = closing + 1;
  }
  return 0;
}

}  // namespace

Result<FormEdit> FormEdit::open(std::string_view xml, const std::string& file, const std::string& why) {
  FormEdit edit {
    TRY(XmlDocument::parse(xml, file))
    , TRY(decode_text(xml, file))
    , {}, {}, {}
  };
  if (edit.decoded.encoding != "utf-8")
    return fail(problems::kBadForm, {{"file", file},
                                     {"line", "1"},
                                     {"reason", why + " and is not UTF-8"},
                                     {"hint", "Save the file as UTF-8 and try again."}});
  edit.html = edit.document.root();
  const pugi::xml_node head = child_named(edit.html, "head");
  edit.model = child_named(head ? head : edit.html, "model");
  edit.root = child_named(edit.model, "instance").first_child();
  while (edit.root && edit.root.type() != pugi::node_element) edit.root = edit.root.next_sibling();
  return edit;
}

FormEdit::Insertion FormEdit::inside(const pugi::xml_node& element, const std::string& content) const {
  const std::string_view text = decoded.text;
  const std::size_t at = text.rfind('<', document.offset_of(element));
  const Tag tag = tag_at(text, at);
  if (!tag.closes_itself) return {closing_of(text, at), 0, content};
  return {tag.end - 2, 2, ">" + content + "</" + element.name() + ">"};
}

FormEdit::Insertion FormEdit::in_attribute(const pugi::xml_node& element, std::string_view attribute,
                                           const std::string& more) const {
  const std::string_view text = decoded.text;
  const std::size_t name = document.offset_of(element);
  const auto end_of = [&](std::string_view whole) { return end_of_value(text, text.rfind('<', name), whole); };
  if (const std::size_t end = end_of(attribute)) return {end, 0, more};
  for (const pugi::xml_attribute& each : element.attributes())
    if (std::string_view(each.name()).rfind("xmlns:", 0) != 0 && local_name(each.name()) == attribute)
      if (const std::size_t end = end_of(each.name())) return {end, 0, more};
  return {name + std::string_view(element.name()).size(), 0, " " + std::string(attribute) + "=\"" + more + "\""};
}

std::string FormEdit::prefix_of(const pugi::xml_node& element) {
  const std::string_view name = element.name();
  return std::string(name.substr(0, name.size() - local_name(element.name()).size()));
}

std::string FormEdit::with(std::vector<Insertion> insertions) const {
  std::stable_sort(insertions.begin(), insertions.end(),
                   [](const Insertion& left, const Insertion& right) { return left.at < right.at; });
  std::string made(decoded.byte_order_mark ? "\xEF\xBB\xBF" : "");
  std::size_t at = 0;
  for (const Insertion& insertion : insertions) {
    made.append(decoded.text, at, insertion.at - at).append(insertion.text);
    at = insertion.at + insertion.replaces;
  }
  return made.append(decoded.text, at);
}

}  // namespace understory::collect
