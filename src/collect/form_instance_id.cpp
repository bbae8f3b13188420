// A form without an instanceID gets one: bytes are put in, none is changed.
#include "collect/form.h"
#include "collect/form_parts.h"
#include "foundation/text.h"

namespace understory::collect {

namespace {

constexpr std::string_view kOpenRosa = "http://openrosa.org/xforms";

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

struct Insertion {
  std::size_t at = 0, replaces = 0;  // bytes taken away there: the "/" of <data/>, which has to become </data>
  std::string text;
};

// What puts `content` in as the last thing inside the element.
Insertion inside(const XmlDocument& document, std::string_view text, const pugi::xml_node& element,
                 const std::string& content) {
  const std::size_t at = text.rfind('<', document.offset_of(element));
  const Tag tag = tag_at(text, at);
  if (!tag.closes_itself) return {closing_of(text, at), 0, content};
  return {tag.end - 2, 2, ">" + content + "</" + element.name() + ">"};
}

}  // namespace

Result<std::string> with_instance_id(std::string_view xml, const std::string& file) {
  const FormRead read = TRY(read_form(xml, file));
  if (read.form.has_instance_id) return std::string(xml);
  const DecodedText decoded = TRY(decode_text(xml, file));
  if (decoded.encoding != "utf-8")
    return fail(problems::kBadForm, {{"file", file},
                                     {"line", "1"},
                                     {"reason", "it has no instanceID and is not UTF-8"},
                                     {"hint", "Save the file as UTF-8 and try again."}});
  const XmlDocument document = TRY(XmlDocument::parse(xml, file));
  const pugi::xml_node html = document.root();
  const pugi::xml_node head = child_named(html, "head");
  const pugi::xml_node model = child_named(head ? head : html, "model");
  pugi::xml_node root = child_named(model, "instance").first_child();
  while (root && root.type() != pugi::node_element) root = root.next_sibling();

  // Clients know prefixes from the form's root element alone.
  std::string prefix;
  for (const pugi::xml_attribute& attribute : html.attributes())
    if (std::string_view(attribute.name()).rfind("xmlns:", 0) == 0 && attribute.value() == kOpenRosa)
      prefix = std::string(local_name(attribute.name())) + ":";
  const pugi::xml_node meta = child_named(root, "meta");
  if (meta) {
    const std::string_view name = meta.name();
    prefix = name.substr(0, name.size() - local_name(meta.name()).size());
  }
  const std::string id = "<" + prefix + "instanceID/>";
  const std::string group = "<" + prefix + "meta>" + id + "</" + prefix + "meta>";
  const std::string bind_prefix =
      std::string(model.name()).substr(0, std::string_view(model.name()).size() - local_name(model.name()).size());
  // jr:preload needs its own prefix; where the form's root has none, the attribute brings it.
  std::string java_rosa;
  for (const pugi::xml_attribute& attribute : html.attributes())
    if (std::string_view(attribute.name()).rfind("xmlns:", 0) == 0 &&
        std::string_view(attribute.value()) == "http://openrosa.org/javarosa")
      java_rosa = local_name(attribute.name());
  const std::string declared = java_rosa.empty() ? " xmlns:jr=\"http://openrosa.org/javarosa\"" : "";
  if (java_rosa.empty()) java_rosa = "jr";
  const std::string bind = "<" + bind_prefix + "bind nodeset=\"/" + root.name() + "/" + prefix + "meta/" + prefix +
                           "instanceID\" type=\"string\" readonly=\"true()\"" + declared + " " + java_rosa +
                           ":preload=\"uid\"/>";

  const std::string_view text = decoded.text;
  Insertion first = inside(document, text, meta ? meta : root, meta ? id : group);
  const Insertion second = inside(document, text, model, bind);
  std::string made(decoded.byte_order_mark ? "\xEF\xBB\xBF" : "");
  made.append(text.substr(0, first.at)).append(first.text);
  made.append(text.substr(first.at + first.replaces, second.at - first.at - first.replaces)).append(second.text);
  made.append(text.substr(second.at + second.replaces));
  return made;
}

}  // namespace understory::collect
