// Submissions from strangers, to a form with all there is: envelope, rows, review, edit.
#include "collect/filling.h"
#include "collect/record.h"
#include "fuzz.h"

using namespace understory;
using namespace understory::collect;

namespace {

const char* const kForm =
    "<h:html xmlns=\"http://www.w3.org/2002/xforms\" xmlns:h=\"http://www.w3.org/1999/xhtml\" "
    "xmlns:jr=\"http://openrosa.org/javarosa\" xmlns:orx=\"http://openrosa.org/xforms\"><h:head><model><instance><data "
    "id=\"f\"><age/><photo/><p jr:template=\"\"><name/><j jr:template=\"\"><y/></j></p><g><k/></g><total/>"
    "<orx:meta><orx:instanceID/></orx:meta></data></instance><bind nodeset=\"/data/age\" type=\"int\" constraint=\". "
    "&lt; 9\"/>"
    "<bind nodeset=\"/data/photo\" type=\"binary\"/><bind nodeset=\"/data/g\" relevant=\"/data/age &gt; 1\"/><bind "
    "nodeset=\"/data/total\" calculate=\"sum(/data/p/j/y) + count(/data/p)\"/></model></h:head><h:body><group "
    "ref=\"/data/p\"><repeat nodeset=\"/data/p\"><input ref=\"/data/p/name\"/><repeat "
    "nodeset=\"/data/p/j\"/></repeat></group>"
    "<select ref=\"/data/g/k\"><item><value>a</value></item></select></h:body></h:html>";

}  // namespace

std::vector<std::string> fuzz_seeds() {
  return {
      "<data id=\"f\" version=\"1\" xmlns:orx=\"http://openrosa.org/xforms\"><age>7</age><photo>a.jpg</photo><p><name>x"
      "</name><j><y>1</y></j><j/></p><p/><g><k>a b</k></g><orx:meta><orx:instanceID>uuid:1</orx:instanceID></orx:meta>"
      "<other><deep/></other></data>",
      "<data id=\"f\" encrypted=\"yes\"><base64EncryptedKey>k</base64EncryptedKey><media><file>a.enc</file></media>"
      "<encryptedXmlFile>s.enc</encryptedXmlFile></data>",
      "<data id=\"f\"><age>x<![CDATA[<y>]]></age><age/></data>",
      // Two of what stands once, and is left out.
      "<data id=\"f\"><age>0</age><g/><g/></data>",
      // A byte XML cannot carry, in a number others depend on.
      "<data id=\"f\"><age>6\f</age></data>"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto form = std::make_shared<const Form>(read_form(kForm, "form.xml")->form);
  static const auto plan = plan_of(form);
  static const auto tables = tables_of(*form);
  const std::string text(reinterpret_cast<const char*>(data), size);
  read_envelope(text);
  const auto record = Record::read(text, *form, tables);
  Setting setting;
  setting.random = [] { return 0.5; };
  setting.guid = [] { return std::string("g"); };
  check(plan, {}, setting, text);
  auto edit = Filling::load(plan, {}, setting, text, Filling::As::kEdit);
  if (record && !edit) __builtin_trap();
  if (!edit) return 0;
  edit->problems();
  const std::string xml = edit->xml();
  // What is written is read, and written again is the same.
  auto again = Filling::load(plan, {}, setting, xml, Filling::As::kDraft);
  if (!again || again->xml() != xml) __builtin_trap();
  return 0;
}
