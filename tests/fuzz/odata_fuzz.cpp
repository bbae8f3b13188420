// OData expressions and addresses, and answers on their way into JSON and CSV.
#include <boost/json.hpp>

#include "collect/export/odata.h"
#include "collect/export/values.h"
#include "foundation/csv.h"
#include "foundation/text.h"
#include "fuzz.h"

using namespace understory;
using namespace understory::collect;

namespace {

struct Fixture {
  Outline outline;
  ODataNames names;
  std::string xml =
      "<data id='f'><n>12</n><d>1.5</d><t>ស្រី</t><day>2026-01-02</day><at>2026-01-02T03:04:05.000+07:00</at>"
      "<g><where>11.5 104.9 3 4</where></g><turn><t>x</t></turn><turn/></data>";

  Fixture() {
    const auto form = read_form(
        "<h:html xmlns='http://www.w3.org/2002/xforms' xmlns:h='http://www.w3.org/1999/xhtml'><h:head><model><instance>"
        "<data id='f'><n/><d/><t/><day/><at/><g><where/></g><turn><t/></turn></data></instance>"
        "<bind nodeset='/data/n' type='int'/><bind nodeset='/data/d' type='decimal'/>"
        "<bind nodeset='/data/day' type='date'/><bind nodeset='/data/at' type='dateTime'/>"
        "<bind nodeset='/data/g/where' type='geopoint'/></model></h:head><h:body><group ref='/data/turn'>"
        "<repeat nodeset='/data/turn'/></group></h:body></h:html>",
        "form.xml");
    if (!form) __builtin_trap();
    outline = outline_of({&form->form});
    names = odata_names(outline);
  }

  void ask(const ODataPath& path, const ODataQuery& query) const {
    Submission submission;
    submission.id = Id{7};
    submission.instance_id = "uuid:it's";
    const ODataSource source{[&](Id after, const std::function<bool(const Opened&)>& reader) {
                               if (submission.id > after) reader({submission, xml, false, "Sokha"});
                             },
                             [] { return std::int64_t{1}; }, "https://here.example/f.svc"};
    std::string out;
    const auto written = write_odata(outline, names, source, path, query, [&](std::string_view bytes) -> Result<void> {
      out += bytes;
      return {};
    });
    if (!written || path.number) return;
    boost::system::error_code error;
    boost::json::parse(out, error);
    if (error) __builtin_trap();
  }
};

void check_answer(const std::string& text) {
  if (text.find('\0') != std::string::npos || first_invalid_utf8(text)) return;
  for (const AnswerType type :
       {AnswerType::kInteger, AnswerType::kDecimal, AnswerType::kBoolean, AnswerType::kDate, AnswerType::kDateTime,
        AnswerType::kGeopoint, AnswerType::kGeotrace, AnswerType::kGeoshape, AnswerType::kText}) {
    JsonWriter json;
    write_json(json, type, text.c_str());
    boost::system::error_code error;
    boost::json::parse(json.text(), error);
    if (error) __builtin_trap();
    std::string header, line;
    for (int i = 0; i < csv_width(type); ++i) header += (i ? ",c" : "c") + std::to_string(i);
    append_csv(line, type, text.c_str());
    const auto table = read_csv(header + ",end\n" + line + ",end\n", "fuzz.csv");
    if (text.size() < 1'000'000 && (!table || table->rows.size() != 1)) __builtin_trap();
  }
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  return {"n gt 5 and (contains(tolower(t),'ស') or not day ge 2026-01-01)",
          "year(at) eq 2026 or g/where ne null or n in (1,-2.5,3e2)",
          "__system/submissionDate lt 2026-11-24T08:16:34+07:00 and __id ne 'it''s' and now() gt at",
          "Submissions('uuid:it''s')/turn('uuid:it''s/turn[1]')",
          "Submissions.turn/$count",
          "length(trim(toupper(t))) desc, n",
          "11.5 104.9 3 4;1 2;3 4",
          "+007.50e-3",
          "2026-01-02T03:04:05.000+07:00",
          "=1+\"2\",\n"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Fixture fixture;
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_answer(text);
  if (first_invalid_utf8(text)) return 0;
  ODataQuery query;
  query.filter = text;
  for (const int table : {0, 1}) fixture.ask({table, "", "", "", false, "x"}, query);
  query = {};
  query.order_by = text;
  query.top = 1;
  query.expand = true;
  for (const int table : {0, 1}) fixture.ask({table, "", "", "", false, "x"}, query);
  if (const auto path = read_odata_path(fixture.outline, fixture.names, text)) fixture.ask(*path, {});
  query = {};
  query.skip_token = text;
  fixture.ask({}, query);
  query = {};
  query.select = {text};
  fixture.ask({}, query);
  return 0;
}
