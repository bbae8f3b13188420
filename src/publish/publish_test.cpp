#include <gtest/gtest.h>

#include "findings/answer.h"
#include "foundation/archive.h"
#include "foundation/file.h"
#include "foundation/xml.h"
#include "publish/document.h"
#include "publish/docx.h"
#include "publish/figure.h"
#include "publish/markup.h"
#include "publish/page.h"
#include "publish/print.h"
#include "study/import_file.h"
#include "study/study.h"
#include "testing/workspace.h"

namespace understory::publish {

namespace {

findings::Answer small_answer() {
  findings::Answer answer;
  answer.study_name = "A & <B>";
  answer.invented = true;
  answer.data_hash = "abc";
  answer.groups = {{"Here & <there>", "Here & <there>", 10, 10}, {"female", "#gender.female", 0, 0}};
  answer.items = {{"Causes/Poverty", Id{1}, "ភាពក្រីក្រ & <want>"},
                  {"only_awareness", {}, "#findings.strategy.only_awareness"}};
  findings::Estimate estimate{8, 10, .8, .49, .94, "wilson"};
  estimate.rank = 1;
  answer.cells = {{estimate, estimate}, {{}, {}}};
  answer.overall = {estimate, estimate};
  answer.tables = {{"t",
                    {"findings.table.differences", {}},
                    {{"item", "findings.column.item"}, {"p", "findings.column.p"}},
                    {{std::string("<x>"), 0.00001}, {std::monostate{}, findings::Interval{.5, .4, .6}}},
                    {}}};
  answer.sentences = {
      {"findings.named_by",
       {{"item", std::string("<b>")}, {"k", std::int64_t{8}}, {"n", std::int64_t{10}}, {"low", .49}, {"high", .94}}}};
  return answer;
}

bool balanced(const std::string& html, const std::string& tag) {
  std::size_t open = 0, close = 0;
  for (std::size_t at = html.find("<" + tag); at != std::string::npos; at = html.find("<" + tag, at + 1))
    open += html[at + tag.size() + 1] == ' ' || html[at + tag.size() + 1] == '>';
  for (std::size_t at = html.find("</" + tag + ">"); at != std::string::npos; at = html.find("</" + tag + ">", at + 1))
    ++close;
  return open == close && open > 0;
}

}  // namespace

TEST(Figures, NamesOfPeopleAndPlacesCannotBreakOut) {
  FigureOptions options;
  options.passages = "/f?question=causes";
  const std::string html = ranked_bars(small_answer(), Catalogue::of("en"), options) +
                           heat_map(small_answer(), Catalogue::of("en"), options) +
                           table_html(small_answer().tables[0], Catalogue::of("en"));
  EXPECT_EQ(html.find("<want>"), std::string::npos);
  EXPECT_EQ(html.find("<there>"), std::string::npos);
  EXPECT_EQ(html.find("<x>"), std::string::npos);
  EXPECT_NE(html.find("group=Here%20%26%20%3Cthere%3E"), std::string::npos);
  for (const char* tag : {"svg", "figure", "table", "a", "text", "details"}) EXPECT_TRUE(balanced(html, tag)) << tag;
}

TEST(Figures, EveryFigureHasATitleWhatNIsAndItsTable) {
  const std::string html = ranked_bars(small_answer(), Catalogue::of("en"), {});
  EXPECT_NE(html.find("<figcaption>"), std::string::npos);
  EXPECT_NE(html.find("10 respondents asked"), std::string::npos);
  EXPECT_NE(html.find("<table>"), std::string::npos);
  EXPECT_NE(html.find("80% [49–94]"), std::string::npos);
  EXPECT_NE(html.find("nobody was asked yet"), std::string::npos);
  EXPECT_EQ(ranked_bars({}, Catalogue::of("en"), {}), "");
}

// Copied out of the page into a letter or a slide, a figure keeps its looks: nothing in it leans on a style sheet.
TEST(Figures, CarryTheirLooksAsAttributes) {
  for (const std::string& html : {ranked_bars(small_answer(), Catalogue::of("en"), {}),
                                  heat_map(small_answer(), Catalogue::of("en"), FigureOptions{})}) {
    const std::size_t start = html.find("<svg"), end = html.find("</svg>");
    ASSERT_NE(start, std::string::npos);
    const std::size_t inside = html.find('>', start);
    const std::string svg = html.substr(inside, end - inside);
    EXPECT_EQ(svg.find("class="), std::string::npos);
    std::size_t drawn = 0;
    for (std::size_t at = svg.find("<rect"); at != std::string::npos; at = svg.find("<rect", at + 1), ++drawn) {
      const std::string tag = svg.substr(at, svg.find('>', at) - at);
      EXPECT_TRUE(tag.find("fill=") != std::string::npos) << tag;
    }
    EXPECT_GT(drawn, 0u);
    EXPECT_NE(svg.find("font-size="), std::string::npos);
  }
}

TEST(Figures, LongLabelsBreakBetweenWordsAlsoWithoutSpaces) {
  const auto lines = label_lines("ដំណាំមិនបានផលនិងតម្លៃធ្លាក់ចុះខ្លាំងណាស់", 12, 3);
  EXPECT_GE(lines.size(), 2u);
  EXPECT_EQ(label_lines("one two three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(label_lines("one two three four", 7, 1), std::vector<std::string>{"one two…"});
}

TEST(Pages, AnAnswerIsOneFileWithoutScriptOrOutsideAddress) {
  const std::string html = answer_page(small_answer(), Catalogue::of("en"));
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_EQ(html.find("http"), std::string::npos);
  EXPECT_NE(html.find("Invented example"), std::string::npos);
  EXPECT_NE(html.find("A &amp; &lt;B&gt;"), std::string::npos);
  EXPECT_EQ(html.find("⟦"), std::string::npos);
}

TEST(Print, WordsOfPicturesAreSetAsLinesOfTheDocument) {
  const std::string html =
      "<p>a</p><svg class=\"panel\" viewBox=\"0 0 200 100\" width=\"200\" height=\"100\"><rect x=\"0\"/>"
      "<text x=\"50\" y=\"25\" font-size=\"13\" fill=\"#1c2530\">ភាពក្រីក្រ &amp; more</text><text x=\"200\" y=\"50\" "
      "font-size=\"12\" text-anchor=\"end\">8</text><path d=\"M0 0\"/></svg><p>b</p>";
  EXPECT_EQ(with_words_over_pictures(html),
            "<p>a</p><div class=\"picture\" style=\"width:200px\"><svg class=\"panel\" viewBox=\"0 0 200 100\" "
            "width=\"200\" height=\"100\"><rect x=\"0\"/><path d=\"M0 0\"/></svg><span "
            "style=\"top:25.000%;font-size:13px;color:#1c2530;left:25.000%\">ភាពក្រីក្រ &amp; more</span><span "
            "style=\"top:50.000%;font-size:12px;color:#000000;right:0.000%\">8</span></div><p>b</p>");
  EXPECT_EQ(with_words_over_pictures("<p>no picture</p>"), "<p>no picture</p>");
  EXPECT_EQ(with_words_over_pictures("<svg width=\"1\" height=\"1\"><text>"), "<svg width=\"1\" height=\"1\"><text>");
}

TEST(Print, LongListsOfIntervalsAreNoTallerThanAPage) {
  findings::Table table{"agreement",
                        {"findings.table.saturation_curve", {}},
                        {{"code", "findings.column.code"}, {"alpha", "findings.column.alpha"}},
                        {},
                        {}};
  for (int i = 0; i < 40; ++i) table.rows.push_back({std::string("code"), findings::Interval{0.5, 0.2, 0.7}});
  const std::string html = interval_rows(table, "alpha", -0.2, 1, Catalogue::of("en"), {});
  std::size_t pictures = 0;
  for (std::size_t at = html.find(" height=\""); at != std::string::npos;
       at = html.find(" height=\"", at + 1), ++pictures)
    EXPECT_LE(std::stoi(html.substr(at + 9)), 900);  // CSS pixels; A4 less its margins has 978
  EXPECT_EQ(pictures, 3u);
}

class Reports : public testing_support::OnBothEngines {
 protected:
  Id example(storage::Transaction& transaction) {
    study::NewStudy wanted;
    wanted.study.name = "Khulna";
    wanted.study.invented = true;
    wanted.study.ethics_note = "Invented.";
    const Id study = *study::create_study(transaction, wanted);
    const auto folder = testing_support::project_folder() / "examples" / "seven-communities" / "svay-rieng";
    for (const char* table : {"respondents", "sources", "survey", "codings", "masks"}) {
      std::string bytes = *read_file(folder / (std::string(table) + ".csv"));
      for (std::size_t at = bytes.find(",2009070"); at != std::string::npos; at = bytes.find(",2009070", at + 1))
        bytes.replace(at, 9, ",");  // no gazetteer here
      const auto report = study::import_file(transaction, study, bytes, std::string(table) + ".csv", {},
                                             [&](const std::string& file) { return read_file(folder / file); });
      EXPECT_TRUE(report) << (report ? "" : report.error().sentence());
    }
    return study;
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Reports, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(Reports, AreWholeInEveryLanguageAndShowNobody) {
  auto transaction = workspace().write();
  const Id study = example(transaction);
  for (const std::string& language : Catalogue::languages()) {
    const auto html = report_html(transaction, study, {language});
    ASSERT_TRUE(html) << html.error().sentence();
    EXPECT_EQ(html->find("⟦"), std::string::npos);
    EXPECT_EQ(html->find("<script"), std::string::npos);
    EXPECT_EQ(html->find("src=\"http"), std::string::npos);
    EXPECT_NE(html->find("<blockquote>"), std::string::npos);
    for (const char* hidden : {"យាយស៊ីម", "Grandma Sim", "000-555-014", "SR-01"})
      EXPECT_EQ(html->find(hidden), std::string::npos) << hidden;
    EXPECT_EQ(*html, *report_html(transaction, study, {language}));
  }
}

TEST_P(Reports, BecomePdfWithReadableText) {
  auto transaction = workspace().write();
  const Id study = example(transaction);
  const auto pdf = pdf_from_html(*report_html(transaction, study, {"km"}));
  if (!pdf && pdf.error().code() == "program_missing") GTEST_SKIP() << "WeasyPrint is not here";
  ASSERT_TRUE(pdf) << pdf.error().sentence();
  const auto text = run_program(
      {.program = "pdftotext", .arguments = {"-", "-"}, .input = *pdf, .what = "", .package = "poppler-utils"});
  ASSERT_TRUE(text) << text.error().sentence();
  EXPECT_NE(text->output.find("19"), std::string::npos);
  EXPECT_GT(text->output.size(), 3000u);
}

TEST_P(Reports, BecomeWordDocumentsWithFontsTablesAndDescribedPictures) {
  auto transaction = workspace().write();
  const Id study = example(transaction);
  ReportOptions options;
  options.language = "km";
  options.chosen = {{"Causes, <women> & men", *findings::parse_question("causes by gender"), "Reviewed by anita"}};
  const std::string html = *report_html(transaction, study, options);
  const auto docx = docx_from_html(html, "km");
  if (!docx && docx.error().code() == "program_missing") GTEST_SKIP() << "WeasyPrint or pdftoppm is not here";
  ASSERT_TRUE(docx) << docx.error().sentence();
  const auto archive = Archive::open(*docx, "report.docx");
  ASSERT_TRUE(archive);
  for (const std::string& name : archive->names())
    if (name.ends_with(".xml") || name.ends_with(".rels"))
      EXPECT_TRUE(XmlDocument::parse(*archive->read(name), name)) << name;
  const std::string text = *archive->read("word/document.xml"), styles = *archive->read("word/styles.xml");
  EXPECT_NE(text.find("&lt;women&gt; &amp; men"), std::string::npos);
  EXPECT_NE(text.find("Reviewed by anita"), std::string::npos);
  EXPECT_NE(text.find("<w:rStyle w:val=\"Khmer\"/>"), std::string::npos);
  EXPECT_NE(text.find("<w:tblHeader/>"), std::string::npos);
  EXPECT_NE(text.find("w:val=\"Quote\""), std::string::npos);
  for (const char* font : {"Noto Sans Khmer", "Noto Sans Thai", "Noto Sans Devanagari", "Noto Sans Bengali"})
    EXPECT_NE(styles.find(std::string("w:cs=\"") + font), std::string::npos) << font;
  std::size_t pictures = 0;
  for (std::size_t at = text.find("<wp:docPr"); at != std::string::npos;
       at = text.find("<wp:docPr", at + 1), ++pictures) {
    const std::size_t described = text.find("descr=\"", at);
    ASSERT_LT(described, text.find("/>", at));
    EXPECT_NE(text[described + 7], '"') << "a picture without a description";
  }
  EXPECT_GE(pictures, 3u);
  EXPECT_TRUE(archive->has("word/media/picture1.png"));
  for (const char* hidden : {"យាយស៊ីម", "SR-01"}) EXPECT_EQ(text.find(hidden), std::string::npos) << hidden;
}

TEST_P(Reports, GiveTheirNumbersToSpreadsheets) {
  auto transaction = workspace().write();
  const Id study = example(transaction);
  ReportOptions options;
  options.chosen = {{"=Causes: [all]/\"of them\" that anybody ever named", *findings::parse_question("causes"), ""},
                    {"Trend", *findings::parse_question("trend"), ""}};
  const std::string csv = *report_csv(transaction, study, options);
  EXPECT_EQ(csv.rfind("\"'=Causes", 0), 0u) << csv.substr(0, 60);  // never a formula
  EXPECT_NE(csv.find("\r\nTrend\r\n"), std::string::npos);
  const std::string xlsx = *report_xlsx(transaction, study, options);
  const auto archive = Archive::open(xlsx, "report.xlsx");
  ASSERT_TRUE(archive);
  EXPECT_TRUE(archive->has("xl/worksheets/sheet2.xml"));
  EXPECT_EQ(archive->read("xl/worksheets/sheet1.xml")->find("<f>"), std::string::npos);
  EXPECT_NE(archive->read("xl/worksheets/sheet1.xml")->find("<v>19</v>"), std::string::npos);
  EXPECT_EQ(xlsx, *report_xlsx(transaction, study, options));
}

TEST(Figures, NumbersOpenTheirPassagesWhereThereAreAny) {
  FigureOptions options;
  options.passages = "/f?question=causes";
  const std::string html = estimates_table(small_answer(), Catalogue::of("en"), options);
  EXPECT_NE(html.find("<a href=\"/f?question=causes&amp;group="), std::string::npos);
  EXPECT_EQ(estimates_table(small_answer(), Catalogue::of("en")).find("<a "), std::string::npos);
}

}  // namespace understory::publish
