// Files of every kind, good and bad.
#include "foundation/archive.h"
#include "foundation/file.h"
#include "places/places.h"
#include "study/default_codebook.h"
#include "study/erase.h"
#include "study/evidence.h"
#include "study/exchange/formats.h"
#include "study/gather.h"
#include "study/import_file.h"
#include "study/merge.h"
#include "study/source.h"
#include "study/turns.h"
#include "study/vocabulary.h"
#include "testing/studies.h"

namespace understory::study {

TEST_P(Studies, BadFilesAreRefusedAndLeaveTheStudyAsItWas) {
  Id study;
  std::string before;
  {
    Transaction transaction = workspace().write();
    study = make(transaction);
    bring_all(transaction, study);
    before = load_evidence(transaction, study).data_hash();
    transaction.commit();
  }
  const std::vector<std::tuple<std::string, std::string, std::string>> bad{
      {"cut.qdpx", std::string("PK\x03\x04") + std::string(40, 'x'), "damaged_archive"},
      {"dtd.qdc", "<!DOCTYPE x [<!ENTITY a \"b\">]><CodeBook/>", "bad_xml"},
      {"latin.csv", "respondent,location\nSR-1,Caf\xE9\n", "wrong_encoding"},
      {"latin.txt", "Caf\xE9", "wrong_encoding"},
      {"nul.csv", std::string("respondent,role\nSR-1,chi\0ef\n", 28), "wrong_encoding"},
      {"missing.csv", "source,coder,code\nOne,Anita,Causes/Poverty\n", "missing_column"},
      {"ragged.csv", "source,coder,code,quote,occurrence\nOne,Anita\n", "bad_table"},
      {"zero.csv",
       "respondent,location,kind,size,age_band,gender,role,place,language\nSR-77,Svay "
       "Rieng,person,1,25-34,male,x,KH-020,km\n",
       "unknown_place"},
      {"band.csv",
       "respondent,location,kind,size,age_band,gender,role,place,language\nSR-77,Svay "
       "Rieng,person,1,young,male,x,KH-20,km\n",
       "invalid_value"},
      {"book.xlsx", "not a workbook", "damaged_archive"},
      {"what.bin", std::string("\x00\x01\x02", 3), "unknown_format"},
  };
  for (const auto& [name, bytes, code] : bad) {
    Transaction transaction = workspace().write();
    const auto report = bring(transaction, study, name, bytes);
    ASSERT_FALSE(report) << name << "\n" << report->text();
    EXPECT_EQ(report.error().code(), code) << name << ": " << report.error().sentence();
  }
  Transaction transaction = workspace().read();
  EXPECT_EQ(load_evidence(transaction, study).data_hash(), before);
}

TEST_P(Studies, ASurveyOfOtherPeopleIsReadByItsColumns) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  ImportOptions options;
  options.location = "Svay Rieng";
  options.language = "en";
  options.attributes = {{"Sex", "gender"}, {"How old?", "age_band"}};
  options.open_answers = {"Why do people leave?"};
  options.drop = {"Phone"};
  const auto report = bring(
      transaction, study, "survey.csv",
      "Sex,How old?,Why do people leave?,Phone,Household\nfemale,25-34,Debt.,012,4\nmale,35-49,,013,5\n", options);
  ASSERT_TRUE(report) << report.error().sentence();
  const auto people = list_respondents(transaction, study);
  ASSERT_EQ(people.size(), 2u);
  EXPECT_EQ(people[0].gender, "female");
  EXPECT_EQ(people[0].name, "survey R-001");
  EXPECT_EQ(list_sources(transaction, study).size(), 2u);  // an empty answer is an answer too
}

TEST_P(Studies, AColumnThatIsLeftOutIsLeftOutWhateverItsNameSuggests) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  ImportOptions options;
  options.location = "Svay Rieng";
  options.language = "km";
  options.drop = {"respondent", "village", "what_is_done", "why_en"};
  options.own = {"sex"};
  const auto report = bring(transaction, study, "survey.csv",
                            "respondent,village,sex,why,why_en,what_is_done,what_is_done_en\n"
                            "Sok Dara,KH-20,female,ក្រ។,He is poor.,ទេ,Nothing is done.\n",
                            options);
  ASSERT_TRUE(report) << report.error().sentence();
  const auto people = list_respondents(transaction, study);
  ASSERT_EQ(people.size(), 1u);
  EXPECT_EQ(people[0].name, "survey R-001");
  EXPECT_TRUE(people[0].place_code.empty());
  EXPECT_TRUE(people[0].gender.empty());
  const auto sources = list_sources(transaction, study);
  ASSERT_EQ(sources.size(), 1u);  // neither the translation nor the other answer
  EXPECT_EQ(sources[0].name, "survey R-001/why");
  const Material kept = *gather(transaction, study, {});
  ASSERT_EQ(kept.respondents.size(), 1u);
  EXPECT_EQ(kept.respondents[0].attributes, (std::map<std::string, std::string>{{"sex", "female"}}));
  // What was left out is told, the translation of it too.
  for (const char* column : {"respondent", "village", "what_is_done", "what_is_done_en", "why_en"})
    EXPECT_NE(report->text().find(column), std::string::npos) << column;
}

TEST_P(Studies, FilesAreKnownByTheirNameAndTextByItself) {
  EXPECT_EQ(kind_of_file("talk", "They owe money."), FileKind::kDocument);
  EXPECT_EQ(kind_of_file("talk", std::string_view("PK\x03\x04\0\xff", 6)), std::nullopt);
  EXPECT_EQ(kind_of_file("talk", ""), std::nullopt);
  EXPECT_EQ(kind_of_file("TALK.TXT", "x"), FileKind::kDocument);
  EXPECT_EQ(kind_of_file("talk.pdf", "They owe money."), std::nullopt);
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  const auto latin = import_file(transaction, study, "caf\xe9", "talk.txt", {}, {});
  ASSERT_FALSE(latin);
  EXPECT_EQ(latin.error().code(), "wrong_encoding");
  const auto wide = import_file(transaction, study, std::string("\xff\xfeH\0i\0=\xd8\x00\xde", 10), "wide.txt", {}, {});
  ASSERT_TRUE(wide) << wide.error().sentence();
  const auto nothing = import_file(transaction, study, " \n", "lost.txt", {}, {});
  ASSERT_TRUE(nothing);
  EXPECT_NE(nothing->text().find("its text is empty"), std::string::npos) << nothing->text();
  const auto sources = list_sources(transaction, study);
  ASSERT_EQ(sources.size(), 2u);
}

TEST(Turns, LabelsOfEveryScriptAreFound) {
  const std::string text = "I: Why?\nand then\n\nភា៖ ព្រោះ\n– a remark\n10:30 is a time\nhttp://x.y is an address\n";
  const auto turns = find_turns(text);
  ASSERT_GE(turns.size(), 3u);
  EXPECT_EQ(turns[0].label, "I");
  EXPECT_EQ(text.substr(turns[0].speech, turns[0].span.end - turns[0].speech), "Why?\nand then");
  EXPECT_EQ(turns[1].label, "ភា");
  EXPECT_TRUE(turns[2].label.empty());
}

TEST(Documents, OtherProgramsFilesAreRead) {
  TemporaryFolder folder;
  const std::string html =
      "<html><body><h1>Talk</h1><p>SR-01: ជំពាក់ <b>debt</b></p><script>alert(1)</script></body></html>";
  const auto read = read_document(html, "talk.html");
  ASSERT_TRUE(read) << read.error().sentence();
  EXPECT_NE(read->sources.at(0).text.find("SR-01: ជំពាក់ debt"), std::string::npos) << read->sources[0].text;
  EXPECT_EQ(read->sources[0].text.find("alert"), std::string::npos);
  for (const char* format : {"docx", "odt"}) {  // written by pandoc itself
    const auto path = folder.path() / (std::string("talk.") + format);
    ASSERT_EQ(run_program({.program = "pandoc",
                           .arguments = {"-f", "html", "-o", path.string()},
                           .input = html,
                           .what = "",
                           .package = ""})
                  ->status,
              0);
    const auto document = read_document(*read_file(path), std::string("talk.") + format);
    ASSERT_TRUE(document) << document.error().sentence();
    EXPECT_NE(document->sources.at(0).text.find("ជំពាក់ debt"), std::string::npos);
    EXPECT_FALSE(document->sources[0].original.empty());
  }
}

TEST(Documents, AnArchiveThatGrowsIsNotHandedOn) {
  const std::string bomb = *write_archive({{"word/document.xml", std::string(30 << 20, ' ')}});
  EXPECT_EQ(read_document(bomb, "talk.docx").error().code(), "hostile_archive");
  EXPECT_EQ(read_document("not a document", "talk.odt").error().code(), "damaged_archive");
}

TEST(Workbooks, AFileOfOpenpyxlIsReadAsPeopleSeeIt) {
  TemporaryFolder folder;
  const auto path = folder.path() / "survey.xlsx";
  const std::string script =
      "import "
      "openpyxl,datetime,sys\nw=openpyxl.Workbook()\ns=w.active\ns.append(['respondent','age','when','share','why'])\n"
      "s.append(['007',34,datetime.date(2026,11,24),0.5,'ជំពាក់ & "
      "<debt>'])\ns.append([None,None,None,None,None])\ns.append(['SR-2',12.0,None,1.25,'=1+1'])\nw.save(sys.argv[1])"
      "\n";
  const auto made = run_program(
      {.program = "/usr/bin/python3", .arguments = {"-c", script, path.string()}, .what = "", .package = ""});
  if (made->status != 0) GTEST_SKIP() << "python3-openpyxl is not here";
  const auto sheets = read_xlsx(*read_file(path), "survey.xlsx");
  ASSERT_TRUE(sheets) << sheets.error().sentence();
  const Sheet& sheet = sheets->at(0);
  EXPECT_EQ(sheet.header, (std::vector<std::string>{"respondent", "age", "when", "share", "why"}));
  ASSERT_EQ(sheet.rows.size(), 2u);
  EXPECT_EQ(sheet.rows[0], (std::vector<std::string>{"007", "34", "2026-11-24", "0.5", "ជំពាក់ & <debt>"}));
  EXPECT_EQ(sheet.rows[1][1], "12");
}

}  // namespace understory::study
