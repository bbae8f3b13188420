// Tables: CSV text, what kind of table it is, and reading it as that kind.
#include "fuzz.h"
#include "study/exchange/formats.h"

using namespace understory::study;
using namespace understory;

std::vector<std::string> fuzz_seeds() {
  return {
      "respondent,location,kind,size,age_band,gender,role,place,language\nSR-1,A,person,1,25-34,male,\"a "
      "\"\"b\"\"\",,km\n",
      "source,coder,code,quote,occurrence\nOne,A,Causes/Poverty,\"x\ny\",2\n",
      "source,coder,from,to,quote,sign,certainty\nOne,A,B,C,d,-,said\n",
      "\xEF\xBB\xBFpath;kind;meaning\nA/B\\/C;cause;\n",
      "file,source,kind,location,language,date,respondents,translation_of\na.txt,One,interview,A,km,2026,A=B; C=D,\n",
      "age,why,why_en\n34,ក្រ,poor\n",
      "source,quote,kind\nOne,x,name\n"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto sheet = read_csv_sheet(text, "fuzz.csv");
  if (!sheet) return 0;
  const TableKind kind = table_kind(*sheet);
  const TextOf text_of = [](const std::string&) -> Result<std::string> { return std::string("I: Why?\n\nA: x y\n"); };
  if (kind == TableKind::kSurvey)
    (void)read_survey(*sheet, suggest_mapping(*sheet), "fuzz.csv");
  else if (kind != TableKind::kPlaces)
    (void)read_table(*sheet, kind, "fuzz.csv", text_of);
  return 0;
}
