// Pointing at questions: there and back, what is wrong, and what is guessed.
#include "study/pointing.h"

#include <gmock/gmock.h>

#include "foundation/file.h"
#include "study/submission_mapping_parts.h"
#include "testing/workspace.h"

namespace understory::study {

namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

constexpr std::string_view kForm =
    R"xml(<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
 xmlns:jr="http://openrosa.org/javarosa"><h:head><h:title>P</h:title><model>
<instance><data id="p" version="1"><consent/><today/><full_name/><pseudonym/><age/><sex/><why/><phone/>
<child jr:template=""><code/><sex/><told/></child><visitor jr:template=""><seen/></visitor>
<meta><instanceID/></meta></data></instance>
<bind nodeset="/data/consent" type="select1"/><bind nodeset="/data/today" type="date"/><bind nodeset="/data/age" type="select1"/>
<bind nodeset="/data/sex" type="select1"/><bind nodeset="/data/child/sex" type="select1"/></model></h:head><h:body>
<select1 ref="/data/consent"><item><label>Yes</label><value>yes</value></item><item><label>No</label><value>no</value></item></select1>
<input ref="/data/today"/><input ref="/data/full_name"/><input ref="/data/pseudonym"/>
<select1 ref="/data/age"><item><label>x</label><value>under_15</value></item><item><label>x</label><value>grown</value></item></select1>
<select1 ref="/data/sex"><item><label>x</label><value>female</value></item><item><label>x</label><value>not_said</value></item></select1>
<input ref="/data/why"/><input ref="/data/phone"/>
<group ref="/data/child"><repeat nodeset="/data/child"><input ref="/data/child/code"/>
<select1 ref="/data/child/sex"><item><label>x</label><value>female</value></item></select1><input ref="/data/child/told"/></repeat></group>
<group ref="/data/visitor"><repeat nodeset="/data/visitor"><input ref="/data/visitor/seen"/></repeat></group>
</h:body></h:html>)xml";

collect::Form the_form() { return collect::read_form(kForm, "p.xml")->form; }

std::vector<std::string> keys(const std::vector<Amiss>& amiss) {
  std::vector<std::string> all;
  for (const Amiss& each : amiss) all.push_back(each.key + " " + each.question);
  return all;
}

std::map<std::string, std::string> meanings(const Pointing& pointing) {
  std::map<std::string, std::string> all;
  for (const Pointing::At& at : pointing.at)
    all[at.question] += std::string(name_of(at.meaning)) + (at.detail.empty() ? "" : "=" + at.detail) + " ";
  return all;
}

}  // namespace

TEST(Pointing, EveryMappingIsTheSameAfterwards) {
  for (const char* file : {"household", "focus-group"}) {
    SCOPED_TRACE(file);
    const auto path =
        testing_support::project_folder() / "examples/seven-communities/forms" / (std::string(file) + ".mapping.json");
    const auto mapping = read_submission_mapping(*read_file(path));
    ASSERT_TRUE(mapping);
    // The form is not read here: repeats are known by the questions in them, so of it only the frame is needed.
    collect::Form form;
    form.nodes.resize(1);
    const auto add = [&](const std::string& name, int parent, collect::Node::Shape shape) {
      collect::Node node;
      node.path = name;
      node.parent = parent;
      node.shape = shape;
      form.nodes.push_back(node);
      return static_cast<int>(form.nodes.size()) - 1;
    };
    std::map<std::string, int> repeats;
    if (mapping->group)
      for (const std::string& repeat : {mapping->group->participants, mapping->group->turns, mapping->group->together})
        repeats[repeat] = add(repeat, 0, collect::Node::Shape::kRepeat);
    const Pointing pointing = pointing_of(*mapping);
    for (const Pointing::At& at : pointing.at) {
      int parent = 0;
      for (const auto& [repeat, node] : repeats)
        if (at.question.rfind(repeat + "/", 0) == 0) parent = node;
      if (find_node(form, at.question, collect::Node::Shape::kField) < 0)
        add(at.question, parent, collect::Node::Shape::kField);
    }
    EXPECT_EQ(write_submission_mapping(mapping_of(pointing, form)), write_submission_mapping(*mapping));
    for (const Amiss& each : amiss_in(pointing, form))
      EXPECT_EQ(each.key, "no_choices") << each.question;  // the frame has none
  }
}

TEST(Pointing, WhatIsWrongStandsBesideItsQuestion) {
  const collect::Form form = the_form();
  Pointing pointing;
  EXPECT_THAT(keys(amiss_in(pointing, form)), testing::ElementsAre("no_consent ", "nobody "));
  pointing.at = {{"/data/consent", Meaning::kConsent, "yes"},  {"/data/pseudonym", Meaning::kPseudonym, ""},
                 {"/data/why", Meaning::kAnswer, ""},          {"/data/child/code", Meaning::kRowPseudonym, ""},
                 {"/data/child/sex", Meaning::kRowGender, ""}, {"/data/child/told", Meaning::kRowAnswer, ""}};
  EXPECT_THAT(amiss_in(pointing, form), IsEmpty());
  const auto with = [&](std::vector<Pointing::At> more) {
    Pointing changed = pointing;
    for (auto& each : more) changed.at.push_back(std::move(each));
    return keys(amiss_in(changed, form));
  };
  EXPECT_THAT(with({{"/data/age", Meaning::kAgeBand, ""}}), Contains("values /data/age"));
  EXPECT_THAT(with({{"/data/sex", Meaning::kGender, ""}}), Contains("values /data/sex"));
  pointing.values["gender"]["not_said"] = "";
  EXPECT_THAT(with({{"/data/sex", Meaning::kGender, ""}}), IsEmpty());
  EXPECT_THAT(with({{"/data/phone", Meaning::kFact, ""}}), Contains("no_fact /data/phone"));
  EXPECT_THAT(with({{"/data/phone", Meaning::kConsent, ""}}), Contains("no_yes /data/phone"));
  EXPECT_THAT(with({{"/data/full_name", Meaning::kPseudonym, ""}}), Contains("twice /data/full_name"));
  EXPECT_THAT(with({{"/data/gone", Meaning::kAnswer, ""}}), Contains("gone /data/gone"));
  EXPECT_THAT(with({{"/data/child/told", Meaning::kAnswer, ""}}), Contains("elsewhere /data/child/told"));
  EXPECT_THAT(with({{"/data/phone", Meaning::kAgeBand, ""}}), Contains("no_choices /data/phone"));
  EXPECT_THAT(with({{"/data/phone", Meaning::kGroup, ""}}), Contains("no_turns "));
  EXPECT_THAT(with({{"/data/visitor/seen", Meaning::kTurnSaid, ""}}), Contains("no_members "));
  EXPECT_THAT(with({{"/data/visitor/seen", Meaning::kRowFact, "seen"}}), Contains("row_pseudonym /data/visitor/seen"));
  EXPECT_THAT(with({{"/data/visitor/seen", Meaning::kRowAnswer, ""}}), IsEmpty());
  std::erase_if(pointing.at, [](const auto& at) { return at.meaning == Meaning::kPseudonym; });
  EXPECT_THAT(with({}), Contains("no_pseudonym "));
  EXPECT_THAT(with({{"/data/visitor/seen", Meaning::kRowAnswer, ""}}), Contains("row_nobody /data/visitor/seen"));
}

// Whatever nothing was found amiss in is a mapping that is read, fits and comes back the same.
TEST(Pointing, WhatIsRightIsKept) {
  const collect::Form form = the_form();
  for (const Meaning meaning : meanings_for(form, find_node(form, "/data/phone", collect::Node::Shape::kField)))
    for (const Meaning other : meanings_for(form, find_node(form, "/data/child/told", collect::Node::Shape::kField)))
      for (const bool named : {false, true}) {
        Pointing pointing;
        pointing.consent_on_paper = true;
        if (named) pointing.at.push_back({"/data/pseudonym", Meaning::kPseudonym, ""});
        if (meaning != Meaning::kNothing) pointing.at.push_back({"/data/phone", meaning, "x"});
        if (other != Meaning::kNothing) pointing.at.push_back({"/data/child/told", other, "x"});
        if (!amiss_in(pointing, form).empty()) continue;
        SCOPED_TRACE(std::string(name_of(meaning)) + " and " + std::string(name_of(other)));
        const std::string written = write_submission_mapping(mapping_of(pointing, form));
        const auto read = read_submission_mapping(written);
        ASSERT_TRUE(read) << read.error().sentence() << written;
        EXPECT_TRUE(check_submission_mapping(*read, form)) << written;
        EXPECT_EQ(write_submission_mapping(mapping_of(pointing_of(*read), form)), written);
      }
}

TEST(Pointing, AGuessLooksAtNamesAndTypesAndTakesNoName) {
  const Pointing guess = guess_pointing(the_form());
  EXPECT_EQ(meanings(guess), (std::map<std::string, std::string>{{"/data/consent", "consent=yes "},
                                                                 {"/data/today", "told_on "},
                                                                 {"/data/pseudonym", "pseudonym "},
                                                                 {"/data/age", "age_band "},
                                                                 {"/data/sex", "gender "},
                                                                 {"/data/why", "answer "},
                                                                 {"/data/child/code", "row_pseudonym "},
                                                                 {"/data/child/sex", "row_gender "},
                                                                 {"/data/child/told", "row_answer "},
                                                                 {"/data/visitor/seen", "row_answer "}}));
}

}  // namespace understory::study
