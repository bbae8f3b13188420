// Forms of others, filled in: ODK Web Forms' and JavaRosa's fixtures, and every form of the shared data.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collect/filling.h"
#include "collect/record.h"
#include "foundation/file.h"
#include "testing/workspace.h"

namespace understory::collect {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::shared_ptr<const FormPlan> planned(const std::string& xml, const std::string& name = "form.xml") {
  auto read = read_form(xml, name);
  EXPECT_TRUE(read) << read.error().sentence();
  return plan_of(std::make_shared<const Form>(std::move(read->form)));
}

// A world that stands still and counts its ids.
Setting setting() {
  Setting made;
  made.now = 1'700'000'000'000;
  made.offset_minutes = 420;
  made.device_id = "device-1";
  made.username = "dara";
  made.random = [] { return 0.25; };
  made.guid = [n = 0]() mutable { return "guid-" + std::to_string(++n); };
  return made;
}

Filling begun(const std::string& form) { return Filling::start(planned(form), {}, setting()); }

std::string at(const Filling& filling, std::string_view address) {
  const Element* element = filling.find(address);
  return element ? element->text : "nothing there";
}

std::string web_form(const std::string& name) {
  const auto data = testing_support::shared_data();
  return data ? *read_file(*data / "forms/web-forms" / name) : std::string();
}

// ODK Web Forms' own fixtures, filled in as their tests do.
TEST(WebForms, FixturesBehave) {
  if (!testing_support::shared_data()) GTEST_SKIP() << "../shared/data is not here";
  Filling group = begun(web_form("computations/6-relevant-calculate-group.xml"));
  EXPECT_FALSE(group.find("/root/grp/grouped-a")->relevant);
  ASSERT_TRUE(group.set({{"/root/first-question", "y"}, {"/root/second-question", "two"}}));
  EXPECT_TRUE(group.find("/root/grp/grouped-a")->relevant);
  EXPECT_EQ(at(group, "/root/grp/grouped-a"), "second = two");
  EXPECT_TRUE(group.readonly(*group.find("/root/grp/grouped-a")));

  Filling counted = begun(web_form("repeats/13-repeat-count.xml"));
  EXPECT_EQ(at(counted, "/root/rep[50]/b"), "50");
  EXPECT_EQ(at(counted, "/root/rep[2]/a"), "second default instance and its default value!");
  EXPECT_EQ(at(counted, "/root/rep[4]/a"), "[template default value]");
  ASSERT_TRUE(counted.set("/root/reps", "2"));
  EXPECT_EQ(counted.find("/root/rep[3]"), nullptr);

  Filling required = begun(web_form("validation/2-simple-required.xml"));
  EXPECT_FALSE(required.problems().empty());

  Filling circle = begun(web_form("test-web-forms/simple-dag-cycle.xml"));
  EXPECT_THAT(circle.remarks(), ::testing::Contains(HasSubstr("in a circle")));
}

// JavaRosa's, with what its tests expect of them.
TEST(JavaRosa, FixturesBehave) {
  if (!testing_support::shared_data()) GTEST_SKIP() << "../shared/data is not here";
  const std::string here = "test-javarosa/resources/";
  Filling made = begun(web_form(here + "org/javarosa/core/model/actions/event-odk-new-repeat.xml"));
  EXPECT_EQ(made.find("/data/my-repeat[1]"), nullptr);
  EXPECT_EQ(at(made, "/data/my-repeat-without-template[2]/my-value"), "") << "no event for what the form holds";
  ASSERT_TRUE(made.set("/data/my-toplevel-value", "12"));
  ASSERT_TRUE(made.add_repeat("/data", "my-repeat"));
  ASSERT_TRUE(made.add_repeat("/data", "my-repeat"));
  EXPECT_EQ(at(made, "/data/my-repeat[2]/defaults-to-position"), "2");
  EXPECT_EQ(at(made, "/data/my-repeat[2]/defaults-to-toplevel"), "14");
  ASSERT_TRUE(made.set("/data/repeat-count", "4"));
  EXPECT_EQ(at(made, "/data/my-jr-count-repeat[4]/defaults-to-position-again"), "4");
  ASSERT_TRUE(made.add_repeat("/data", "my-repeat-without-template"));
  EXPECT_EQ(at(made, "/data/my-repeat-without-template[3]/my-value"), "2");

  Filling events = begun(web_form(here + "org/javarosa/core/model/actions/multiple-events.xml"));
  EXPECT_EQ(at(events, "/data/nested-first-load"), "cheese");
  EXPECT_EQ(at(events, "/data/my-group/nested-first-load-in-group"), "more cheese");
  EXPECT_EQ(at(events, "/data/my-calculated-value"), "10");
  ASSERT_TRUE(events.set("/data/my-value", "15"));
  EXPECT_EQ(at(events, "/data/my-calculated-value"), "30");
  EXPECT_EQ(at(begun(web_form(here + "org/javarosa/core/model/actions/invalid-events.xml")), "/data/nested-first-load"),
            "");

  Filling counted = begun(web_form(here + "countNonEmptyForm.xml"));
  EXPECT_EQ(at(counted, "/test/count_value"), "4");
  EXPECT_EQ(at(counted, "/test/count_non_empty_value"), "2");

  Filling relative = begun(web_form(here + "org/javarosa/xpath/expr/relative-current-ref-group-count-ref.xml"));
  EXPECT_NE(relative.find("/data/my_group[3]/name"), nullptr);
  EXPECT_EQ(relative.find("/data/my_group[4]/name"), nullptr);

  Filling cascade = begun(web_form(here + "org/javarosa/core/model/three-level-cascading-multi-select.xml"));
  EXPECT_THAT(cascade.choices(*cascade.find("/data/level2")), IsEmpty());
  ASSERT_TRUE(cascade.set("/data/level1", "a b"));
  EXPECT_THAT(cascade.choices(*cascade.find("/data/level2")), ::testing::Not(IsEmpty()));
  for (const Offered& each : cascade.choices(*cascade.find("/data/level2")))
    EXPECT_TRUE(each.value[0] == 'a' || each.value[0] == 'b') << each.value;
}

// An answer of each type.
std::string answer(const Filling& filling, const Element& element) {
  const Node& node = filling.form().nodes[static_cast<std::size_t>(element.node)];
  const auto offered = filling.choices(element);
  switch (node.type) {
    case AnswerType::kInteger: return offered.empty() ? "3" : offered.front().value;
    case AnswerType::kDecimal: return "2.5";
    case AnswerType::kBoolean: return "true";
    case AnswerType::kDate: return "2024-02-29";
    case AnswerType::kTime: return "06:07:08.000+07:00";
    case AnswerType::kDateTime: return "2024-02-29T06:07:08.000+07:00";
    case AnswerType::kGeopoint: return "11.5 104.9 0 0";
    case AnswerType::kGeotrace: return "11.5 104.9 0 0;11.6 104.9 0 0";
    case AnswerType::kGeoshape: return "1 1 0 0;1 2 0 0;2 2 0 0;1 1 0 0";
    case AnswerType::kFile: return "រូប.jpg";
    case AnswerType::kSelectOne:
    case AnswerType::kSelectMany:
    case AnswerType::kRank: return offered.empty() ? "" : offered.front().value;
    default: return "ភូមិ <&\"'> \r\n\t 1";
  }
}

void each_field(const Element& element, const std::function<void(const Element&)>& visit) {
  if (element.node >= 0) visit(element);
  for (const auto& child : element.children) each_field(*child, visit);
}

// What is in the tree is what a Record reads from the XML, cell by cell.
void expect_read_back(Filling& filling, const std::string& name) {
  const std::string xml = filling.xml();
  const auto tables = tables_of(filling.form());
  const auto record = Record::read(xml, filling.form(), tables);
  ASSERT_TRUE(record) << name << ": " << record.error().sentence();
  EXPECT_THAT(record->unknown(), IsEmpty()) << name;
  std::map<int, std::vector<std::string>> told, read;
  each_field(filling.root(), [&](const Element& each) {
    if (each.relevant && filling.form().nodes[static_cast<std::size_t>(each.node)].shape == Node::Shape::kField)
      told[each.node].push_back(each.text);
  });
  for (std::size_t t = 0; t < tables.size(); ++t)
    for (const auto& row : record->tables()[t].rows)
      for (std::size_t c = 0; c < row.cells.size(); ++c)
        if (row.cells[c]) read[tables[t].columns[c].node].push_back(row.cells[c]);
  EXPECT_EQ(told, read) << name;
  const auto again =
      Filling::load(plan_of(std::make_shared<const Form>(filling.form())), {}, setting(), xml, Filling::As::kReview);
  ASSERT_TRUE(again) << name;
}

TEST(WebForms, BlankAndFilledSubmissionsOfEveryFormAreReadBackUnchanged) {
  const auto data = testing_support::shared_data();
  if (!data) GTEST_SKIP() << "../shared/data is not here";
  int forms = 0, answers = 0, copies = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(*data / "forms")) {
    if (entry.path().extension() != ".xml") continue;
    const std::string content = *read_file(entry.path());
    if (content.find("http://www.w3.org/2002/xforms") == std::string::npos) continue;
    const std::string name = entry.path().filename().string();
    auto read = read_form(content, name);
    if (!read) continue;
    const auto plan = plan_of(std::make_shared<const Form>(std::move(read->form)));
    Filling filling = Filling::start(plan, {}, setting());
    expect_read_back(filling, name + " blank");
    // A copy more of each repeat, and an answer to each question.
    std::vector<std::pair<std::string, std::string>> repeats, told;
    each_field(filling.root(), [&](const Element& each) {
      for (std::size_t n = 0; n < filling.form().nodes.size(); ++n) {
        const Node& node = filling.form().nodes[n];
        if (node.parent == each.node && node.shape == Node::Shape::kRepeat && node.repeat_count.empty())
          repeats.emplace_back(filling.address_of(each), node.name);
      }
    });
    for (const auto& [address, repeat] : repeats) copies += filling.add_repeat(address, repeat).has_value();
    each_field(filling.root(), [&](const Element& each) {
      const Node& node = filling.form().nodes[static_cast<std::size_t>(each.node)];
      if (node.shape == Node::Shape::kField && node.control != Control::kNone)
        told.emplace_back(filling.address_of(each), answer(filling, each));
    });
    for (const auto& [address, value] : told)
      if (filling.find(address)) EXPECT_TRUE(filling.set(address, value)) << name << " " << address;
    answers += static_cast<int>(told.size());
    expect_read_back(filling, name + " filled");
    ++forms;
  }
  std::printf("%d forms, %d answers, %d copies of repeats\n", forms, answers, copies);
  EXPECT_GT(forms, 170);
}

// What Central's own submissions are, seen by the forms they were sent for.
TEST(Central, SubmissionsAreAmissOnlyWhereTheyAre) {
  const auto data = testing_support::shared_data();
  if (!data) GTEST_SKIP() << "../shared/data is not here";
  int tried = 0;
  std::vector<std::string> said;
  for (const auto& entry : std::filesystem::directory_iterator(*data / "forms/central-backend/instances")) {
    const std::string name = entry.path().filename().string();
    const auto form_file = *data / "forms/central-backend/forms" / (name.substr(0, name.find('.')) + ".xml");
    const std::string sent = *read_file(entry.path());
    if (!std::filesystem::exists(form_file) || read_envelope(sent)->encrypted) continue;
    const auto plan = planned(*read_file(form_file), name);
    const auto unmet = check(plan, {}, setting(), sent);
    ASSERT_TRUE(unmet) << name;
    for (const Unmet& each : *unmet) said.push_back(name + ": " + std::string(name_of(each.kind)) + " " + each.address);
    ++tried;
  }
  EXPECT_GT(tried, 30);
  // A text where the form asks for a number, and a plot the form of trees does not have: all that is amiss in them.
  EXPECT_THAT(said, ::testing::UnorderedElementsAre("offlineEntity.one.xml: type /data/status",
                                                    "offlineEntity.two.xml: type /data/status",
                                                    "repeatEntityTrees.one.xml: unknown /data/plot_id[1]",
                                                    "repeatEntityTrees.two.xml: unknown /data/plot_id[1]"));
}

}  // namespace
}  // namespace understory::collect
