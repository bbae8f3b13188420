// A form without an instanceID gets one: bytes are put in, none is changed.
#include "collect/form.h"
#include "collect/form_edit.h"

namespace understory::collect {

namespace {

constexpr std::string_view kOpenRosa = "http://openrosa.org/xforms";

// xmlns:PREFIX of these words, where the prefix can begin a name.
bool declares(const pugi::xml_attribute& attribute, std::string_view space) {
  const std::string_view name = attribute.name();
  return name.rfind("xmlns:", 0) == 0 && is_xml_name(name.substr(6)) && attribute.value() == space;
}

}  // namespace

Result<std::string> with_instance_id(std::string_view xml, const std::string& file) {
  const FormRead read = TRY(read_form(xml, file));
  if (read.form.has_instance_id) return std::string(xml);
  const FormEdit edit = TRY(FormEdit::open(xml, file, "it has no instanceID"));
  const pugi::xml_node html = edit.html, model = edit.model, root = edit.root;

  // Clients know prefixes from the form's root element alone.
  std::string prefix;
  for (const pugi::xml_attribute& attribute : html.attributes())
    if (declares(attribute, kOpenRosa)) prefix = std::string(local_name(attribute.name())) + ":";
  const pugi::xml_node meta = child_named(root, "meta");
  if (meta) prefix = FormEdit::prefix_of(meta);
  const std::string id = "<" + prefix + "instanceID/>";
  const std::string group = "<" + prefix + "meta>" + id + "</" + prefix + "meta>";
  const std::string bind_prefix = FormEdit::prefix_of(model);
  // jr:preload needs its own prefix; where the form's root has none, the attribute brings it.
  std::string java_rosa;
  for (const pugi::xml_attribute& attribute : html.attributes())
    if (declares(attribute, "http://openrosa.org/javarosa")) java_rosa = local_name(attribute.name());
  const std::string declared = java_rosa.empty() ? " xmlns:jr=\"http://openrosa.org/javarosa\"" : "";
  if (java_rosa.empty()) java_rosa = "jr";
  const std::string bind = "<" + bind_prefix + "bind nodeset=\"/" + root.name() + "/" + prefix + "meta/" + prefix +
                           "instanceID\" type=\"string\" readonly=\"true()\"" + declared + " " + java_rosa +
                           ":preload=\"uid\"/>";

  return edit.with({edit.inside(meta ? meta : root, meta ? id : group), edit.inside(model, bind)});
}

}  // namespace understory::collect
