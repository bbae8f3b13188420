// Workbooks of strangers. The first byte says which part of a good workbook the rest replaces, or that it is a whole
// file.
#include "foundation/archive.h"
#include "fuzz.h"
#include "study/exchange/formats.h"

using namespace understory::study;

namespace {

std::map<std::string, std::string> parts() {
  return {{"[Content_Types].xml", "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>"},
          {"xl/workbook.xml",
           "<workbook xmlns:r=\"r\"><sheets><sheet name=\"A\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"},
          {"xl/_rels/workbook.xml.rels",
           "<Relationships><Relationship Id=\"rId1\" Target=\"worksheets/sheet1.xml\"/></Relationships>"},
          {"xl/sharedStrings.xml", "<sst><si><t>respondent</t></si><si><r><t>wh</t></r><r><t>y</t></r></si></sst>"},
          {"xl/styles.xml",
           "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd\"/></numFmts><cellXfs><xf "
           "numFmtId=\"0\"/><xf numFmtId=\"164\"/></cellXfs></styleSheet>"},
          {"xl/worksheets/sheet1.xml",
           "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" "
           "t=\"s\"><v>1</v></c></row><row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>SR-1</t></is></c>"
           "<c r=\"B2\" s=\"1\"><v>45000</v></c><c r=\"XFD2\" t=\"b\"><v>1</v></c></row>"
           "<row><c><v>12.5</v></c><c><v>-3</v></c><c t=\"str\"><f>A1</f><v>&#x17D2;&#233;</v></c><c "
           "t=\"e\"><v>#N/A</v></c></row></sheetData></worksheet>"}};
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds{"z" + *understory::write_archive(parts())};
  char number = '0';
  for (const auto& [name, content] : parts()) seeds.push_back(std::string(1, number++) + content);
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string rest(reinterpret_cast<const char*>(data + 1), size - 1);
  std::string bytes = rest;
  if (data[0] != 'z') {
    auto whole = parts();
    std::next(whole.begin(), data[0] % static_cast<int>(whole.size()))->second = rest;
    bytes = *understory::write_archive(whole);
  }
  (void)read_xlsx(bytes, "fuzz.xlsx");
  return 0;
}
