// Forms from strangers: read, given an instanceID, made ready, begun, and what is written read back.
#include "collect/filling.h"
#include "collect/record.h"
#include "fuzz.h"

using namespace understory;
using namespace understory::collect;

std::vector<std::string> fuzz_seeds() {
  return {
      "<h:html xmlns=\"http://www.w3.org/2002/xforms\" xmlns:h=\"http://www.w3.org/1999/xhtml\" "
      "xmlns:jr=\"http://openrosa.org/javarosa\" "
      "xmlns:orx=\"http://openrosa.org/xforms\"><h:head><h:title>T</h:title><model>"
      "<itext><translation lang=\"en\" default=\"true()\"><text id=\"l\"><value>Age <output value=\"/data/n\"/></value>"
      "</text></translation></itext><instance><data id=\"f\" version=\"1\"><n>2</n><a/><s/><r "
      "jr:template=\"\"><x/><y/></r>"
      "<orx:meta><orx:instanceID/></orx:meta></data></instance><instance id=\"c\"><root><item><name>k</name><label>K"
      "</label></item></root></instance><bind nodeset=\"/data/a\" type=\"int\" constraint=\". &lt; 9\" "
      "required=\"true()\" "
      "relevant=\"/data/n &gt; 1\"/><bind nodeset=\"/data/r/y\" calculate=\"position(..) + sum(/data/r/x)\"/><setvalue "
      "event=\"odk-instance-first-load\" ref=\"/data/a\" value=\"3\"/></model></h:head><h:body><input ref=\"/data/a\">"
      "<label ref=\"jr:itext('l')\"/></input><select1 ref=\"/data/s\"><itemset nodeset=\"instance('c')/root/item[name "
      "!= "
      "'']\"><value ref=\"name\"/><label ref=\"label\"/></itemset></select1><group "
      "ref=\"/data/r\"><label>R</label><repeat "
      "nodeset=\"/data/r\" jr:count=\"/data/n\"><input ref=\"/data/r/x\"/></repeat></group></h:body></h:html>",
      "<html><head><model><instance><data id=\"f\"><a/></data></instance></model></head></html>",
      "<html><head><model><instance><data id=\"f\"><a/><meta><entity dataset=\"p\" id=\"\" "
      "create=\"1\"><label/></entity>"
      "</meta></data></instance><bind nodeset=\"/data/meta/entity/@id\" calculate=\"uuid()\"/></model></head></html>",
      // Left out as a whole.
      "<html><head><model><instance><data id=\"f\"><a/></data></instance><bind nodeset=\"/data\" "
      "relevant=\"false()\"/></model></head></html>",
      // An attribute, and a prefix, that could not be written.
      "<h:html xmlns:h=\"http://www.w3.org/1999/xhtml\" xmlns:1jr=\"http://openrosa.org/javarosa\"><h:head><model>"
      "<instance><data id=\"f\"><a/></data></instance></model></h:head></h:html>",
      "<html><head><model><instance><data id=\"f\"><a/></data></instance><bind nodeset=\"/data/a/@&id\" "
      "calculate=\"1\"/></model></head></html>"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  auto read = read_form(text, "form.xml");
  if (!read) return 0;
  // What is put in leaves a form that is read, and has an id.
  if (const auto named = with_instance_id(text, "form.xml")) {
    const auto again = read_form(*named, "form.xml");
    if (!again || !again->form.has_instance_id) __builtin_trap();
  }
  const auto form = std::make_shared<const Form>(std::move(read->form));
  union_of({form.get(), form.get()});
  Setting setting;
  setting.random = [] { return 0.5; };
  setting.guid = [] { return std::string("g"); };
  Filling filling = Filling::start(plan_of(form), {}, setting);
  filling.problems();
  int set = 0;
  for (const Node& node : form->nodes)
    if (const Element* element = filling.find(node.path); element && ++set <= 20) {
      filling.text(node.label, *element);
      filling.set(node.path, "1");
    }
  const std::string xml = filling.xml();
  // An instance whose own elements have no id in a namespace may be refused; what is read has the form's cells.
  if (!Record::read(xml, *form, tables_of(*form)) && xml.size() < 10'000) __builtin_trap();
  return 0;
}
