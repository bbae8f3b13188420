// The questionnaires of examples/seven-communities/forms: that they convert, speak seven languages, fit their mapping,
// and that what phones would have sent is, byte for byte, what the example's tables tell.
#include "collect/xls_form.h"
#include "foundation/csv.h"
#include "foundation/file.h"
#include "study/exchange/formats.h"
#include "study/from_submissions.h"
#include "testing/workspace.h"

namespace understory::study {

namespace {

const std::filesystem::path kExample = "examples/seven-communities";

// The Python beside pyxform, which has openpyxl; empty where scripts/pyxform.sh has not run.
std::filesystem::path python() {
  const auto found =
      std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "pyxform" / "bin" / "python";
  return std::filesystem::exists(found) ? found : std::filesystem::path();
}

Result<ProgramResult> run_script(const std::string& script, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), (testing_support::project_folder() / kExample / "forms" / script).string());
  return run_program({.program = python().string(), .arguments = std::move(arguments), .what = "", .package = ""});
}

collect::Form form_of(const std::string& name, const std::filesystem::path& folder) {
  const std::filesystem::path book = folder / (name + ".xlsx");
  const auto made = run_script(
      "make_xlsx.py", {(testing_support::project_folder() / kExample / "forms" / name).string(), book.string()});
  EXPECT_TRUE(made && made->status == 0) << made->errors;
  const auto converted = collect::convert_xls_form(*read_file(book), book.filename().string());
  EXPECT_TRUE(converted) << converted.error().sentence();
  EXPECT_TRUE(converted->warnings.empty()) << converted->warnings[0].sentence();
  const auto read = collect::read_form(converted->xml, name);
  EXPECT_TRUE(read) << read.error().sentence();
  EXPECT_TRUE(read->warnings.empty()) << read->warnings[0];
  return read->form;
}

SubmissionMapping mapping_of(const std::string& name) {
  const auto file = testing_support::project_folder() / kExample / "forms" / (name + ".mapping.json");
  const auto mapping = read_submission_mapping(*read_file(file));
  EXPECT_TRUE(mapping) << mapping.error().sentence();
  return *mapping;
}

}  // namespace

TEST(ExampleForms, SpeakSevenLanguagesAndFitTheirMapping) {
  if (python().empty()) GTEST_SKIP() << "pyxform is not here: scripts/pyxform.sh build/pyxform";
  const TemporaryFolder folder;
  for (const std::string name : {"household", "focus-group"}) {
    const collect::Form form = form_of(name, folder.path());
    EXPECT_EQ(form.id, name);
    ASSERT_EQ(form.languages.size(), 7u) << name;
    int asked = 0;
    for (const collect::Node& node : form.nodes) {
      if (node.control == collect::Control::kNone || node.shape == collect::Node::Shape::kGroup) continue;
      ++asked;
      ASSERT_EQ(node.label.each.size(), 7u) << node.path;
      for (const auto& words : node.label.each)
        EXPECT_FALSE(trim(words.text).empty()) << node.path << " " << words.language;
      if (!node.constraint.empty()) {
        EXPECT_EQ(node.constraint_message.each.size(), 7u) << node.path;
      }
      // No form asks who somebody is, or where exactly.
      EXPECT_NE(node.type, collect::AnswerType::kGeopoint) << node.path;
      EXPECT_NE(node.type, collect::AnswerType::kFile) << node.path;
    }
    EXPECT_GT(asked, 20) << name;
    const auto fits = check_submission_mapping(mapping_of(name), form);
    EXPECT_TRUE(fits) << fits.error().sentence();
  }
}

TEST(ExampleForms, WhatPhonesSendIsWhatTheTablesTell) {
  if (python().empty()) GTEST_SKIP() << "pyxform is not here: scripts/pyxform.sh build/pyxform";
  const TemporaryFolder folder;
  const auto sent = run_script("make_submissions.py", {folder.path().string()});
  ASSERT_TRUE(sent && sent->status == 0) << sent->errors;
  std::map<std::string, std::string> texts;  // of the tables: source → text
  std::map<std::string, MaterialRespondent> people;
  for (const char* community : {"svay-rieng", "battambang", "sindhu", "banke", "bihar", "khulna", "chiang-rai"}) {
    const auto at = testing_support::project_folder() / kExample / community;
    const Material survey =
        *read_survey(*read_csv_sheet(*read_file(at / "survey.csv"), "survey.csv"),
                     suggest_mapping(*read_csv_sheet(*read_file(at / "survey.csv"), "survey.csv")), "survey.csv");
    const Material sources =
        *read_table(*read_csv_sheet(*read_file(at / "sources.csv"), "sources.csv"), TableKind::kSources, "sources.csv",
                    [&](const std::string& file) { return read_file(at / file); });
    for (const Material* material : {&survey, &sources})
      for (const MaterialSource& source : material->sources)
        if (source.translation_of < 0 && (source.kind == "open_answer" || source.kind == "focus_group"))
          texts[source.name] = source.text;
    for (const MaterialRespondent& respondent : survey.respondents) people[respondent.name] = respondent;
  }
  ASSERT_EQ(texts.size(), 7u * (2 * 10 + 2));
  for (const std::string name : {"household", "focus-group"}) {
    const collect::Form form = form_of(name, folder.path());
    const std::vector<collect::Table> tables = collect::tables_of(form);
    const SubmissionMapping mapping = mapping_of(name);
    int number = 0;
    FromSubmissions from(
        mapping, form, tables,
        {[&](std::string_view words) { return fmt::format("{:016}", std::hash<std::string_view>()(words)); },
         [](const std::string&) { return std::nullopt; }, [](const std::string&) { return false; },
         [](const std::string&, const std::string&) { return false; },
         [](const std::string&, const std::string&) { return false; },
         [](const std::string&) { return std::string("somewhere"); }, [](const std::string&) { return true; }});
    for (const auto& file : std::filesystem::directory_iterator(folder.path() / name)) {
      const std::string xml = *read_file(file.path());
      const auto record = collect::Record::read(xml, form, tables);
      ASSERT_TRUE(record) << file.path() << record.error().sentence();
      EXPECT_TRUE(record->unknown().empty()) << file.path() << " " << record->unknown()[0];
      from.add("uuid:" + std::to_string(++number), *record);
    }
    EXPECT_EQ(number, name == "household" ? 70 : 14);
    const Material material = from.finish();
    EXPECT_TRUE(material.report.lines.empty()) << material.report.text();
    EXPECT_EQ(material.sources.size(), name == "household" ? 140u : 14u);
    for (const MaterialSource& source : material.sources) {
      ASSERT_TRUE(texts.contains(source.name)) << source.name;
      EXPECT_EQ(source.text, texts[source.name]) << source.name;
    }
    for (const MaterialRespondent& respondent : material.respondents) {
      if (!people.contains(respondent.name)) continue;
      const MaterialRespondent& same = people[respondent.name];
      EXPECT_EQ(respondent.age_band, same.age_band) << respondent.name;
      EXPECT_EQ(respondent.gender, same.gender) << respondent.name;
      EXPECT_EQ(respondent.place_code, same.place_code) << respondent.name;
      EXPECT_TRUE(respondent.role.empty() || respondent.role == same.role) << respondent.name;
    }
  }
}

}  // namespace understory::study
