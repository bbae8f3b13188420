// Expressions from strangers, on a small instance with a budget: they end, whatever they ask.
#include "collect/expression.h"
#include "fuzz.h"

using namespace understory;
using namespace understory::collect;

std::vector<std::string> fuzz_seeds() {
  return {"/data/a + 1 > 2 and not(selected(/data/b, 'x')) or -3 mod 2 = 1",
          "instance('c')/root/item[name = current()/../a][last()]/@k | //x[position() = 1]",
          "if(regex(., '[a-z]+'), concat('a', \"b\", 1.5), substr('hello', 1, 3))",
          "format-date-time(date(1.5), '%Y-%m-%d %H:%M:%S.%3') = today() or decimal-time('12:00') < now()",
          "indexed-repeat(/data/r/n, /data/r, 2) + sum(/data/r/n) + count(../r[n > 1])",
          "round(area('0 0;0 1;1 1;0 0') div distance('0 0', '1 1'), 2)",
          "join(',', randomize(/data/r, 42)) != translate(string(1 div 0), 'abc', 'AB')",
          "digest('a', 'MD5', 'hex') = pulldata('c', 'name', 'k', coalesce('', 'v'))",
          "geofence('1 1', '0 0;0 2;2 2;2 0') = weighted-checklist(1, -1, 'yes', 2) or base64-decode('YQ==')"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Tree instance = *read_xml_list(
      "<data v='1'><a>1</a><b>x y</b><r><n>1</n></r><r><n>2</n></r><g><x>deep</x></g><d>2024-02-29</d></data>",
      "i.xml");
  static const Tree list =
      *read_xml_list("<root><item k='1'><name>1</name></item><item><name>z</name></item></root>", "c.xml");
  const auto expression = Expression::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!expression) return 0;
  expression->reads("/data/a");
  std::int64_t budget = 100'000;
  Scope scope;
  scope.document = instance.get();
  scope.context = {instance->child("data")->child("a"), -1};
  scope.instance = [](const std::string& id) { return id == "c" ? list : Tree(); };
  scope.random = [] { return 0.5; };
  scope.guid = [] { return std::string("g"); };
  scope.budget = &budget;
  if (const auto value = expression->evaluate(scope)) {
    value->text();
    value->truth();
    value->number(60);
  }
  return 0;
}
