// A filling as a page without script, and what comes back of it; without a database.
#include "server/fill_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "foundation/file.h"
#include "server/packing.h"
#include "testing/workspace.h"

namespace understory::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Every kind of control once, filled in without a database.
collect::Filling every_control() {
  std::string instance, binds, body;
  const auto ask = [&](const std::string& name, const std::string& bind, const std::string& control) {
    instance += "<" + name + "/>";
    binds += "<bind nodeset=\"/data/" + name + "\" " + bind + "/>";
    body += control;
  };
  const std::string items =
      "<item><label>A</label><value>a</value></item><item><label>B</label><value>b</value></item>";
  ask("many", "", "<select ref=\"/data/many\"><label>Many</label>" + items + "</select>");
  ask("order", "",
      "<odk:rank xmlns:odk=\"http://www.opendatakit.org/xforms\" ref=\"/data/order\"><label>Order</label>" + items +
          "</odk:rank>");
  ask("day", "type=\"date\"", "<input ref=\"/data/day\"><label>Day</label></input>");
  ask("at", "type=\"time\"", "<input ref=\"/data/at\"><label>At</label></input>");
  ask("moment", "type=\"dateTime\"", "<input ref=\"/data/moment\"><label>Moment</label></input>");
  ask("month", "type=\"date\"", "<input ref=\"/data/month\" appearance=\"month-year\"><label>Month</label></input>");
  ask("steps", "type=\"int\"",
      "<range ref=\"/data/steps\" start=\"1\" end=\"5\" step=\"1\"><label>Steps</label></range>");
  ask("agreed", "", "<trigger ref=\"/data/agreed\"><label>Agreed</label></trigger>");
  ask("fixed", "readonly=\"true()\"", "<input ref=\"/data/fixed\"><label>Fixed</label></input>");
  ask("made", "calculate=\"1 + 1\"", "");
  ask("note", "type=\"string\"", "<input ref=\"/data/note\" appearance=\"multiline\"><label>Note</label></input>");
  auto read = collect::read_form(
      "<h:html xmlns=\"http://www.w3.org/2002/xforms\" xmlns:h=\"http://www.w3.org/1999/xhtml\"><h:head><model>"
      "<instance><data id=\"every\">" +
          instance + "</data></instance>" + binds + "</model></h:head><h:body>" + body + "</h:body></h:html>",
      "every.xml");
  EXPECT_TRUE(read) << (read ? "" : read.error().sentence());
  return collect::Filling::start(collect::plan_of(std::make_shared<const collect::Form>(std::move(read->form))), {},
                                 {});
}

TEST(FillAnswers, BoxesBecomeAnswers) {
  collect::Filling filling = every_control();
  const auto answers = answers_of(filling,
                                  {{"/data/many", ""},
                                   {"/data/many", "b"},
                                   {"/data/many", "a"},
                                   {"/data/order", "b"},
                                   {"/data/order", "b"},
                                   {"/data/order", "a"},
                                   {"/data/day#day", "3"},
                                   {"/data/day#month", "5"},
                                   {"/data/day#year", "๒๐๐๔"},
                                   {"/data/at#time", "7:05"},
                                   {"/data/moment#day", "1"},
                                   {"/data/moment#month", "12"},
                                   {"/data/moment#year", "2026"},
                                   {"/data/moment#time", "18:30"},
                                   {"/data/month#month", "2"},
                                   {"/data/month#year", "2001"},
                                   {"/data/steps", "४"},
                                   {"/data/agreed", ""},
                                   {"/data/agreed", "OK"},
                                   {"/data/fixed", "changed"},
                                   {"/data/made", "9"},
                                   {"/data/note", "one\r\ntwo"},
                                   {"/data/none", "x"},
                                   {"/elsewhere", "x"}},
                                  {420, {}});
  const std::map<std::string, std::string> map(answers.begin(), answers.end());
  const std::map<std::string, std::string> wanted{{"/data/many", "b a"},
                                                  {"/data/order", "b a"},
                                                  {"/data/day", "2004-05-03"},
                                                  {"/data/at", "07:05:00.000+07:00"},
                                                  {"/data/moment", "2026-12-01T18:30:00.000+07:00"},
                                                  {"/data/month", "2001-02-01"},
                                                  {"/data/steps", "4"},
                                                  {"/data/agreed", "OK"},
                                                  {"/data/note", "one\ntwo"}};
  EXPECT_EQ(map, wanted);
  ASSERT_TRUE(filling.set(answers));
  const std::string html = fill_html({filling, Catalogue::of("en"), ""}).questions;
  for (const char* part : {"value=\"2004\"", "value=\"18:30\"", "<option value=\"4\" selected>",
                           ">\none\ntwo</textarea>", "value=\"OK\" checked"})
    EXPECT_THAT(html, HasSubstr(part));
  EXPECT_THAT(html, Not(HasSubstr("/data/made")));
  EXPECT_THAT(html, Not(HasSubstr("name=\"/data/fixed")));
  // Unticked, taken out, half written: each is an answer too, and none is lost without a word.
  const auto later = answers_of(filling,
                                {{"/data/many", ""},
                                 {"/data/agreed", ""},
                                 {"/data/day#day", ""},
                                 {"/data/day#month", ""},
                                 {"/data/day#year", "2004"},
                                 {"/data/moment#day", "1"},
                                 {"/data/moment#month", "12"},
                                 {"/data/moment#year", "2026"},
                                 {"/data/moment#time", "18:30"}},
                                {0, {}});
  const std::map<std::string, std::string> changed(later.begin(), later.end());
  EXPECT_EQ(changed,
            (std::map<std::string, std::string>{{"/data/many", ""}, {"/data/agreed", ""}, {"/data/day", "2004--"}}));
  ASSERT_TRUE(filling.set(later));
  const auto amiss = filling.problems();
  EXPECT_TRUE(std::any_of(amiss.begin(), amiss.end(), [](const collect::Unmet& each) {
    return each.address == "/data/day" && each.kind == collect::Unmet::Kind::kType;
  }));
  EXPECT_THAT(fill_html({filling, Catalogue::of("en"), "", &amiss}).questions, HasSubstr("value=\"2004\""));
}

std::size_t times(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

// Forms nobody here wrote: each becomes a page that is well made, and small enough for a slow line as a rule.
TEST(FillPage, OthersFormsBecomePages) {
  const auto data = testing_support::shared_data();
  if (!data) GTEST_SKIP() << "../shared/data is not here";
  int forms = 0, large = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(*data / "forms")) {
    if (entry.path().extension() != ".xml" || entry.file_size() > 2'000'000) continue;
    const auto xml = read_file(entry.path(), 16 << 20);
    auto read = xml ? collect::read_form(*xml, "form.xml") : Result<collect::FormRead>(tl::unexpected(xml.error()));
    if (!read) continue;  // no form, or none that is read
    ++forms;
    collect::Filling filling =
        collect::Filling::start(collect::plan_of(std::make_shared<const collect::Form>(std::move(read->form))), {}, {});
    const auto amiss = filling.problems();
    const FillHtml html = fill_html({filling, Catalogue::of("km"), "", &amiss});
    const std::string& page = html.questions;
    EXPECT_EQ(times(page, "<fieldset"), times(page, "</fieldset>")) << entry.path();
    EXPECT_EQ(times(page, "<div"), times(page, "</div>")) << entry.path();
    EXPECT_EQ(times(page, "<label"), times(page, "</label>")) << entry.path();
    EXPECT_EQ(page.find("⟦"), std::string::npos) << entry.path();
    for (std::size_t at = html.summary.find("href=\"#"); at != std::string::npos;
         at = html.summary.find("href=\"#", at + 1)) {
      const std::string id = html.summary.substr(at + 7, html.summary.find('"', at + 7) - at - 7);
      EXPECT_EQ(times(page, " id=\"" + id + "\""), 1u) << entry.path() << " " << id;
    }
    // What was begun comes back as it was.
    const std::string draft = filling.draft();
    const auto again = collect::Filling::load(collect::plan_of(std::make_shared<const collect::Form>(filling.form())),
                                              {}, {}, draft, collect::Filling::As::kDraft);
    EXPECT_TRUE(again) << entry.path() << (again ? "" : again.error().sentence());
    large += packed(page + draft).size() > 13'000;  // the page around it takes two more
  }
  EXPECT_GT(forms, 150);
  EXPECT_LT(large, forms / 20) << "of " << forms;
  RecordProperty("forms", forms);
  RecordProperty("large", large);
}

// Of the form's files: with words for whoever does not see or hear them; what nobody brought is not there.
TEST(FillPage, PicturesAndSoundsStandBesideTheirWords) {
  const auto read = collect::read_form(
      R"x(<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"><h:head><model><itext>
<translation lang="en"><text id="q"><value>Which sign?</value><value form="image">jr://images/sign 1.png</value><value form="audio">jr://audio/q.mp3</value></text>
<text id="a"><value>Stop &amp; go</value><value form="image">jr://images/a.png</value></text><text id="b"><value>None</value><value form="video">jr://video/b.mp4</value></text>
<text id="g"><value>Signs</value><value form="image">jr://images/gone.png</value></text></translation></itext>
<instance><data id="f"><grp><sign/><when>2024-02-09</when><fixed>2024-02-09T06:07:08.000+07:00</fixed></grp></data></instance>
<bind nodeset="/data/grp/fixed" type="dateTime" readonly="true()"/></model></h:head>
<h:body><group ref="/data/grp"><label ref="jr:itext('g')"/><select1 ref="/data/grp/sign" appearance="minimal"><label ref="jr:itext('q')"/>
<item><label ref="jr:itext('a')"/><value>a</value></item><item><label ref="jr:itext('b')"/><value>b</value></item></select1>
<input ref="/data/grp/fixed"><label>Fixed</label></input></group></h:body></h:html>)x",
      "f.xml");
  ASSERT_TRUE(read) << read.error().sentence();
  const auto filling =
      collect::Filling::start(collect::plan_of(std::make_shared<const collect::Form>(read->form)), {}, {});
  FillShown shown{filling, Catalogue::of("en"), "en"};
  EXPECT_THAT(fill_html(shown).questions, HasSubstr("<select")) << "words alone";
  shown.media = [](const std::string& name) { return name == "gone.png" ? "" : "/files/" + name; };
  const FillHtml html = fill_html(shown);
  EXPECT_TRUE(html.plays);
  for (const char* part :
       {"<img src=\"/files/sign 1.png\" alt=\"Picture: Which sign?\" loading=\"lazy\">",
        "<audio controls preload=\"none\" src=\"/files/q.mp3\" aria-label=\"Sound: Which sign?\"></audio>",
        "<img src=\"/files/a.png\" alt=\"Picture: Stop &amp; go\" loading=\"lazy\">",
        "<video controls preload=\"none\" src=\"/files/b.mp4\" aria-label=\"Film: None\"></video>",
        "<output>9 February 2024, 06:07</output>"})
    EXPECT_THAT(html.questions, HasSubstr(part));
  EXPECT_THAT(html.questions, Not(HasSubstr("gone.png")));
  EXPECT_THAT(html.questions, Not(HasSubstr("<select")));
}

TEST(FillPage, WhatIsTooMuchForOnePageIsLeftOutAndKept) {
  std::string instance, body;
  for (int i = 0; i < 50; ++i) {
    const std::string name = "q" + std::to_string(i);
    instance += "<" + name + ">" + std::to_string(i) + "</" + name + ">";
    body += "<input ref=\"/data/" + name + "\"><label>" + name + "</label></input>";
  }
  const auto read = collect::read_form(
      "<h:html xmlns=\"http://www.w3.org/2002/xforms\" xmlns:h=\"http://www.w3.org/1999/xhtml\"><h:head><model>"
      "<instance><data id=\"f\">" +
          instance + "</data></instance></model></h:head><h:body>" + body + "</h:body></h:html>",
      "f.xml");
  auto filling = collect::Filling::start(collect::plan_of(std::make_shared<const collect::Form>(read->form)), {}, {});
  FillShown shown{filling, Catalogue::of("en"), ""};
  EXPECT_EQ(fill_html(shown).left_out, 0u);
  shown.most_fields = 20;
  const FillHtml html = fill_html(shown);
  EXPECT_EQ(html.left_out, 30u);
  EXPECT_THAT(html.questions, HasSubstr("name=\"/data/q19\""));
  EXPECT_THAT(html.questions, Not(HasSubstr("name=\"/data/q20\"")));
  ASSERT_TRUE(filling.set(answers_of(filling, {{"/data/q3", "changed"}}, {})));
  EXPECT_THAT(filling.xml(), HasSubstr("<q3>changed</q3>"));
  EXPECT_THAT(filling.xml(), HasSubstr("<q49>49</q49>"));
}

TEST(FillAnswers, NearestLanguage) {
  EXPECT_EQ(nearest_language({"English (en)", "ខ្មែរ (km)"}, "km"), "ខ្មែរ (km)");
  EXPECT_EQ(nearest_language({"English", "Khmer"}, "km"), "Khmer");
  EXPECT_EQ(nearest_language({"fr", "es"}, "km"), "fr");
  EXPECT_EQ(nearest_language({}, "km"), "");
  EXPECT_EQ(language_code("ខ្មែរ (km)"), "km");
}

}  // namespace
// People write the time of the clock before them; what was told by another keeps that.
TEST(Answers, TimesKeepTheClockTheyWereToldBy) {
  collect::Filling filling = every_control();
  const FillSent typed{{"/data/at#time", "18:30"}};
  const auto at = [&](const FillSent& sent, const FillClock& clock) {
    for (const auto& [address, text] : answers_of(filling, sent, clock))
      if (address == "/data/at") return text;
    return std::string("(as it was)");
  };
  EXPECT_EQ(at(typed, {345, {}}), "18:30:00.000+05:45");
  ASSERT_TRUE(filling.set({{"/data/at", "18:30:12.000+07:00"}}));
  // Of an edit: nobody touched it, or somebody at another clock corrected it.
  EXPECT_EQ(at(typed, {345, {}}), "(as it was)");
  EXPECT_EQ(at({{"/data/at#time", "18:45"}}, {345, {}}), "18:45:00.000+07:00");
  // Typed on this page, which then was told another clock.
  EXPECT_EQ(at(typed, {345, 420}), "18:30:12.000+05:45");
  EXPECT_EQ(at({{"/data/at#time", "18:45"}}, {345, 420}), "18:45:00.000+05:45");
  EXPECT_EQ(at(typed, {420, 420}), "(as it was)");
  EXPECT_EQ(at({{"/data/at#time", ""}}, {345, 420}), "");
  const auto shown = [&](int clock) {
    FillShown page{filling, Catalogue::of("en"), ""};
    page.clock = clock;
    return fill_html(page).questions.find("UTC+07:00") != std::string::npos;
  };
  EXPECT_FALSE(shown(420));
  EXPECT_TRUE(shown(345));
}

}  // namespace understory::server
