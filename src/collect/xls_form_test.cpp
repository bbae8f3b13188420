#include "collect/xls_form.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "foundation/archive.h"
#include "foundation/file.h"
#include "foundation/xml.h"
#include "testing/workspace.h"

namespace understory::collect {

namespace {

constexpr std::string_view kSmall =
    "\"survey\",,,\n,\"type\",\"name\",\"label\"\n,\"text\",\"what\",\"What do people here say?\"\n";

// scripts/setup.sh run puts it there; where PyPI could not be reached these tests have nothing to run.
bool has_pyxform() { return convert_xls_form(kSmall, "small.csv").has_value(); }

#define NEEDS_PYXFORM() \
  if (!has_pyxform()) GTEST_SKIP() << "pyxform is not here: scripts/pyxform.sh build/pyxform"

// An environment variable for the length of a scope.
struct Environment {
  Environment(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    ::setenv(name, value.c_str(), 1);
  }
  ~Environment() { before_.empty() ? ::unsetenv(name_) : ::setenv(name_, before_.c_str(), 1); }
  const char* name_;
  std::string before_;
};

}  // namespace

TEST(XlsForm, RemarksSayWhereTheyStand) {
  const XlsFormRemark cell = read_xls_form_remark(
      "[row : 12] On the 'choices' sheet, the 'label' value is invalid. Choices should have a label.");
  EXPECT_EQ(cell.sheet, "choices");
  EXPECT_EQ(cell.row, 12);
  EXPECT_EQ(cell.column, "label");
  EXPECT_EQ(cell.reason, "The 'label' value is invalid. Choices should have a label.");
  EXPECT_EQ(cell.sentence(),
            "sheet “choices”, row 12, column “label”: The 'label' value is invalid. Choices should have a label.");
  const XlsFormRemark row = read_xls_form_remark("[row : 34] Missing calculation.");
  EXPECT_EQ(row.sentence(), "sheet “survey”, row 34: Missing calculation.");
  const XlsFormRemark entity =
      read_xls_form_remark("[row : 2] On the 'entities' sheet, the entity declaration is invalid. X");
  EXPECT_EQ(entity.sheet, "entities");
  EXPECT_EQ(entity.column, "");
  EXPECT_EQ(entity.reason, "The entity declaration is invalid. X");
  const XlsFormRemark header =
      read_xls_form_remark("Invalid headers provided for sheet: 'survey'. Headers that are different names.");
  EXPECT_EQ(header.sentence(), "sheet “survey”, row 1: Headers that are different names.");
  EXPECT_EQ(read_xls_form_remark("Duplicate column header: label").sentence(), "Duplicate column header: label");
  EXPECT_LT(read_xls_form_remark("[row : 3] " + std::string(100000, 'x') + "\n").reason.size(), 1000u);
  EXPECT_EQ(read_xls_form_remark("").sentence(), "");
}

TEST(XlsForm, WithoutPyxformOnlyThatIsMissing) {
  const Environment elsewhere("UNDERSTORY_PYXFORM", "/nowhere/xls2xform");
  const auto converted = convert_xls_form(kSmall, "small.csv");
  ASSERT_FALSE(converted);
  EXPECT_EQ(converted.error().code(), "program_missing");
  EXPECT_NE(converted.error().sentence().find("pyxform.sh"), std::string::npos);
}

TEST(XlsForm, BecomesAnXForm) {
  NEEDS_PYXFORM();
  const auto converted = convert_xls_form(kSmall, "../..//my form.csv");
  ASSERT_TRUE(converted) << converted.error().sentence();
  EXPECT_TRUE(XmlDocument::parse(converted->xml, "form.xml"));
  EXPECT_NE(converted->xml.find("What do people here say?"), std::string::npos);
  EXPECT_NE(converted->xml.find("id=\"my form\""), std::string::npos);  // the name alone, whatever folder it claims
  EXPECT_TRUE(converted->itemsets.empty());
}

TEST(XlsForm, WhatIsWrongIsNamedWithItsPlace) {
  NEEDS_PYXFORM();
  const auto bad = convert_xls_form(
      "\"survey\",,,,\n,\"type\",\"name\",\"label\",\"relevant\"\n,\"text\",\"a\",\"A\",\n,\"text\",\"b\",\"B\",\"${c} "
      "= 1\"\n",
      "bad.csv");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code(), "bad_xls_form_cell") << bad.error().sentence();
  EXPECT_EQ(bad.error().details().at("row"), "3");
  EXPECT_EQ(bad.error().details().at("column"), "relevant");
  EXPECT_EQ(convert_xls_form("a,b\nc,d\n", "table.csv").error().details().at("reason"),
            "It has no sheet called survey, so it is no XLSForm.");
  EXPECT_EQ(bad.error().sentence().rfind("bad.csv, sheet “survey”, row 3, column “relevant”: ", 0), 0u)
      << bad.error().sentence();
}

TEST(XlsForm, HostileUploadsAreInert) {
  EXPECT_EQ(convert_xls_form("%PDF-1.7", "form.pdf").error().code(), "unknown_format");
  EXPECT_EQ(convert_xls_form(std::string((16u << 20) + 1, 'x'), "form.csv").error().code(), "too_large");
  EXPECT_EQ(convert_xls_form("<xml/>", "form.xlsx").error().code(), "bad_xls_form");
  EXPECT_EQ(convert_xls_form("PK\x03\x04 cut short", "form.xlsx").error().code(), "damaged_archive");
  // 40 MiB of nothing in 40 kB.
  const std::string bomb = *write_archive({{"xl/worksheets/sheet1.xml", std::string(std::size_t{40} << 20, ' ')}});
  ASSERT_LT(bomb.size(), 200000u);
  EXPECT_EQ(convert_xls_form(bomb, "form.xlsx").error().code(), "hostile_archive");
  // An archive that is no workbook, and an entity that would grow: refused by pyxform, nothing else happens.
  NEEDS_PYXFORM();
  EXPECT_EQ(convert_xls_form(*write_archive({{"hello.txt", "hello"}}), "form.xlsx").error().code(), "bad_xls_form");
  const auto entity = convert_xls_form(
      *write_archive(
          {{"[Content_Types].xml", "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><Types>&x;</Types>"}}),
      "form.xlsx");
  ASSERT_FALSE(entity);
  EXPECT_EQ(entity.error().sentence().find("root:"), std::string::npos);
}

TEST(XlsForm, AConverterThatFailsIsNoCrash) {
  const TemporaryFolder folder;
  const std::filesystem::path program = folder.path() / "xls2xform";
  ASSERT_TRUE(write_file(program, "#!/bin/sh\necho 'Traceback (most recent call last)' >&2\nexit 1\n", 0755));
  const Environment ours("UNDERSTORY_PYXFORM", program.string());
  EXPECT_EQ(convert_xls_form(kSmall, "small.csv").error().code(), "program_failed");
  ASSERT_TRUE(
      write_file(program, "#!/bin/sh\necho '{\"code\": 999, \"message\": \"\", \"warnings\": []}' >&2\n", 0755));
  EXPECT_EQ(convert_xls_form(kSmall, "small.csv").error().code(), "bad_xls_form");
}

// What the field's own XLSForms come to. The table of docs/xlsforms-tried.md is this test's output with
// UNDERSTORY_WRITE_TABLE set.
TEST(XlsForm, FormsOfTheFieldConvertOrSayWhy) {
  const auto data = testing_support::shared_data();
  if (!data) GTEST_SKIP() << "../shared/data is not here";
  NEEDS_PYXFORM();
  std::vector<std::filesystem::path> files;
  for (const auto& each : std::filesystem::recursive_directory_iterator(*data / "forms" / "pyxform"))
    if (each.is_regular_file() && is_xls_form_name(each.path().string())) files.push_back(each.path());
  std::sort(files.begin(), files.end());
  ASSERT_GE(files.size(), 57u);
  std::size_t converted = 0;
  std::string table;
  for (const auto& file : files) {
    const std::string name = std::filesystem::relative(file, *data / "forms" / "pyxform").string();
    const auto form = convert_xls_form(*read_file(file), file.filename().string());
    std::string line = "| " + name + " | ";
    if (form) {
      ++converted;
      EXPECT_TRUE(XmlDocument::parse(form->xml, name)) << name;
      EXPECT_EQ(form->itemsets.empty(),
                form->xml.find("itemsets.csv") == std::string::npos && form->xml.find("query=") == std::string::npos)
          << name;
      line += form->warnings.empty() ? "yes |"
                                     : "yes, " + std::to_string(form->warnings.size()) +
                                           (form->warnings.size() == 1 ? " remark |" : " remarks |");
      if (!form->warnings.empty()) line += " " + form->warnings[0].sentence() + " |";
    } else {
      EXPECT_EQ(form.error().code().rfind("bad_xls_form", 0), 0u) << name << ": " << form.error().sentence();
      EXPECT_FALSE(form.error().details().at("reason").empty()) << name;
      line += "no | " + form.error().sentence() + " |";
    }
    table += line + "\n";
  }
  if (std::getenv("UNDERSTORY_WRITE_TABLE")) std::cout << table << converted << " of " << files.size() << "\n";
  EXPECT_GE(converted, 58u) << table;
}

}  // namespace understory::collect
