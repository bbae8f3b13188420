#include "collect/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "foundation/file.h"
#include "foundation/id.h"
#include "foundation/text.h"
#include "testing/workspace.h"

namespace understory::collect {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr const char* kInstance =
    "<data id='t' version='2'><a>1</a><two>2</two><b>abc</b><empty/><yes>yes</yes><date>2024-02-29</date>"
    "<colors>red blue green</colors><country>kh</country><hidden>secret</hidden><g><only>deep down</only></g>"
    "<rep><n>1</n><name>Ann</name><note>x</note><at>0 0 0 0</at><inner><x>1a</x></inner><inner><x>1b</x></inner></rep>"
    "<rep><n>2</n><name>Ben</name><note/><at>0 1 0 0</at><inner><x>2a</x></inner><inner><x>2b</x></inner></rep>"
    "<rep><n>3</n><name>Cy</name><note/><at>0 2 0 0</at></rep>"
    "<i1/><i2/><i3/><i4/><meta><instanceID>uuid:1</instanceID></meta></data>";
constexpr const char* kCities = "country,name,label\nkh,pp,Phnom Penh\nkh,sr,Siem Reap\nnp,ktm,Kathmandu\n";
constexpr const char* kLetters =
    "<root><item>A</item><item>B</item><item>C</item><item>D</item><item>E</item><item>F</item></root>";

// The instance above and a world that stands still.
struct World {
  Tree instance = *read_xml_list(kInstance, "instance.xml");
  Tree cities = *read_list(kCities, "cities.csv");
  Tree letters = *read_xml_list(kLetters, "letters.xml");
  Scope scope;

  World() {
    const_cast<Element*>(instance->child("data")->child("hidden"))->relevant = false;
    scope.document = instance.get();
    scope.context = {instance->child("data")->child("a"), -1};
    scope.instance = [this](const std::string& id) {
      return id == "cities" ? cities : id == "letters" ? letters : Tree();
    };
    scope.choice_name = [](const std::string& value, const std::string& path) {
      return "label of " + value + " in " + path;
    };
    scope.itext = [](const std::string& id) { return "text " + id; };
    scope.property = [](const std::string& name) { return "property " + name; };
    scope.random = [] { return 0.5; };
    scope.guid = make_guid;
    scope.form_version = "7";
    scope.now = *parse_time("2024-03-10T01:05:09.123Z") / 1000 * 1000 + 123;
    scope.offset_minutes = 7 * 60;
  }

  // "!" where it cannot be evaluated.
  std::string result(std::string_view text) {
    const auto expression = Expression::parse(text);
    if (!expression) return "not read: " + expression.error().sentence();
    const auto value = expression->evaluate(scope);
    return value ? value->text() : "!";
  }

  void stand_at(std::string_view path) {
    const auto value = Expression::parse(path)->evaluate(scope);
    // What is not relevant is found by going down to it.
    scope.context = value->nodes() && !value->nodes()->empty()
                        ? value->nodes()->front()
                        : Found{instance->child("data")->child(path.substr(path.rfind('/') + 1)), -1};
  }
};

// Spec: by the form's language, where it is known.
TEST(Expression, NamesMonthsAndDaysInTheFormsLanguage) {
  World world;
  const auto in = [&](const std::string& language) {
    world.scope.language = language;
    return world.result("format-date('2024-03-05', '%a %e %b %Y')");
  };
  EXPECT_EQ(in(""), "Tue 5 Mar 2024");
  EXPECT_EQ(in("km"), "អង្គារ 5 មីនា 2024");
  EXPECT_EQ(in("th"), "อ. 5 มี.ค. 2024");
  EXPECT_EQ(in("vi"), "Th 3 5 thg 3 2024");
  EXPECT_EQ(in("fr"), "mar. 5 mars 2024");
  EXPECT_EQ(in("ne"), "मङ्गल 5 मार्च 2024");
  EXPECT_EQ(in("nobody speaks this"), "Tue 5 Mar 2024");
  EXPECT_EQ(in("xx"), "Tue 5 Mar 2024");
}

TEST(Expression, GivesWhatItsSourcesSay) {
  const auto content = read_file(testing_support::project_folder() / "src/collect/expression_cases.txt");
  ASSERT_TRUE(content);
  int cases = 0;
  std::string source;
  for (std::string_view line : split(*content, '\n')) {
    if (line.starts_with("## ")) source = line.substr(3);
    if (line.empty() || line[0] == '#') continue;
    const std::size_t arrow = line.rfind(" =>");
    ASSERT_NE(arrow, std::string_view::npos) << line;
    std::string_view expression = line.substr(0, arrow);
    std::string_view expected = line.substr(std::min(line.size(), arrow + 4));
    World world;
    if (expression[0] == '@') {
      const std::size_t space = expression.find(' ');
      world.stand_at(expression.substr(1, space - 1));
      expression.remove_prefix(space + 1);
    }
    EXPECT_EQ(world.result(expression), expected) << line << "\n  from: " << source;
    ++cases;
  }
  EXPECT_GE(cases, 200);
}

std::string why_not(std::string_view text) {
  const auto expression = Expression::parse(text);
  return expression ? "read" : expression.error().sentence();
}

TEST(Expression, SaysAtWhichCharacterItCannotBeRead) {
  EXPECT_THAT(why_not("1 +"), HasSubstr("character 4: something is missing at the end"));
  EXPECT_THAT(why_not("ខ = 'x"), HasSubstr("character 5: this quotation mark is never closed"));
  EXPECT_THAT(why_not("(1"), HasSubstr("character 3: a ) was expected here"));
  EXPECT_THAT(why_not("1)"), HasSubstr("character 2: this ) closes nothing"));
  EXPECT_THAT(why_not("a b"), HasSubstr("character 3: nothing was expected here"));
  EXPECT_THAT(why_not("${age}"), HasSubstr("character 1: variables are not known"));
  EXPECT_THAT(why_not("/data/[1]"), HasSubstr("character 7: a name was expected here"));
  EXPECT_THAT(why_not("nowhere::a"), HasSubstr("character 1: this axis is not known"));
  EXPECT_THAT(why_not("if(1, 2, "), HasSubstr("something is missing at the end"));
  EXPECT_THAT(why_not("a[1"), HasSubstr("a ] was expected here"));
  EXPECT_THAT(why_not(""), HasSubstr("something is missing at the end"));
}

TEST(Expression, HostileOnesEndSoon) {
  EXPECT_THAT(why_not(std::string(50'000, '(')), HasSubstr("nested too deep"));
  EXPECT_THAT(why_not(std::string(50'000, '-') + "1"), HasSubstr("nested too deep"));
  EXPECT_THAT(why_not(std::string(100'001, '1')), HasSubstr("longer than 100,000 bytes"));
  std::string long_chain = "/data/a = 0";
  for (int i = 1; i < 5'000; ++i) long_chain += " or /data/a = " + std::to_string(i);
  World world;
  EXPECT_EQ(world.result(long_chain), "true") << "a chain is not nested";
  std::string brackets = "/data/rep";
  for (int i = 0; i < 250; ++i) brackets = "/data/rep[" + brackets + "]";
  world.result(brackets);
  // A predicate in a predicate in a predicate: each looks at everything.
  std::string steps = "//*";
  for (int i = 0; i < 12; ++i) steps = "//*[count(" + steps + ") > 0]";
  EXPECT_EQ(world.result(steps), "!");
  std::string doubling = "'aaaaaaaaaa'";
  for (int i = 0; i < 12; ++i) doubling = "concat(" + doubling + "," + doubling + ")";
  EXPECT_EQ(world.result(doubling).size(), 40'960u);
  std::int64_t budget = 100;
  world.scope.budget = &budget;
  EXPECT_EQ(world.result("count(//*[. = 'x'])"), "!");
  for (budget = 1; budget < 60; ++budget) {  // wherever it ends, nothing half done is looked at
    std::int64_t left = budget;
    world.scope.budget = &left;
    world.result("join('', randomize(/data/rep/n)) != string(/data/gone/../rep | randomize(//x))");
  }
}

TEST(Expression, SaysWhatItReads) {
  const auto reads = [](std::string_view text) { return Expression::parse(text)->reads("/data/rep/a"); };
  EXPECT_THAT(reads("../b + /data/c"), UnorderedElementsAre("/data/rep/b", "/data/c"));
  EXPECT_THAT(reads(". > 1 and position(..) = 2"), UnorderedElementsAre("/data/rep/a", "/data/rep"));
  EXPECT_THAT(reads("sum(/data/rep[x = current()/../y]/z)"),
              UnorderedElementsAre("/data/rep/x", "/data/rep/y", "/data/rep/z"));
  EXPECT_THAT(reads("instance('c')/root/item[name = /data/d][k = ../z]/label"), UnorderedElementsAre("/data/d"));
  EXPECT_THAT(reads("//n"), UnorderedElementsAre("/*"));
  EXPECT_THAT(reads("/data/*/n"), UnorderedElementsAre("/data/*"));
  EXPECT_THAT(reads("/data/meta/entity/@id"), UnorderedElementsAre("/data/meta/entity/@id"));
}

TEST(Expression, KnowsWhichFunctionsItDoesNotKnow) {
  EXPECT_THAT(Expression::parse("if(a, nobody(), myapp:f(1))")->unknown_functions(),
              ::testing::ElementsAre("nobody", "myapp:f"));
}

TEST(Lists, GeoJsonAndItsShapes) {
  const auto tree = read_list(
      R"({"type":"FeatureCollection","features":[{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[104.9,11.5]},"properties":{"name":"Phnom Penh","people":2}},
      {"type":"Feature","geometry":{"type":"LineString","coordinates":[[1,2],[3,4,5]]},"properties":{"id":"b"}}]})",
      "places.geojson");
  ASSERT_TRUE(tree) << tree.error().sentence();
  const Element& root = *(*tree)->child("root");
  ASSERT_EQ(root.children.size(), 2u);
  EXPECT_EQ(root.children[0]->child("geometry")->text, "11.5 104.9 0 0");
  EXPECT_EQ(root.children[0]->child("people")->text, "2");
  EXPECT_EQ(root.children[1]->child("geometry")->text, "2 1 0 0;4 3 5 0");
  EXPECT_EQ(root.children[1]->child("id")->text, "b");
  EXPECT_FALSE(read_list("{", "x.geojson"));
  EXPECT_EQ(read_list("x", "x.xls").error().code(), "unknown_format");
}

}  // namespace
}  // namespace understory::collect
