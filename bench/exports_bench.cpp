// How fast a form's submissions leave: seconds, time to the first byte, size, and the most memory the process had.
//
//   exports_bench csv|csv-split|xlsx|geojson|odata|odata-filter|odata-order SUBMISSIONS
//
// A form of 34 questions in groups and a repeat filled in twice, opened from its seal for each submission as the store
// does; what the database adds is not in it.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "collect/export/csv_zip.h"
#include "collect/export/geojson.h"
#include "collect/export/odata.h"
#include "collect/export/xlsx.h"
#include "foundation/file.h"
#include "vault/vault.h"

namespace {

using namespace understory;
using namespace understory::collect;
using Clock = std::chrono::steady_clock;

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

std::string form_xml() {
  std::string fields, binds, body;
  for (int i = 0; i < 30; ++i) {
    const std::string name = "question_" + std::to_string(i);
    fields += "<" + name + "/>";
    if (i % 3 == 0) binds += "<bind nodeset='/data/group/" + name + "' type='int'/>";
  }
  return "<h:html xmlns='http://www.w3.org/2002/xforms' "
         "xmlns:h='http://www.w3.org/1999/xhtml'><h:head><model><instance>"
         "<data id='bench' version='1'><day/><where/><many/><group>" +
         fields + "</group><person><name/><age/></person><meta><instanceID/></meta></data></instance>" + binds +
         "<bind nodeset='/data/day' type='date'/><bind nodeset='/data/where' type='geopoint'/>"
         "<bind nodeset='/data/person/age' type='int'/></model></h:head><h:body>"
         "<select ref='/data/many'><label>m</label><item><label>a</label><value>a</value></item>"
         "<item><label>b</label><value>b</value></item></select>"
         "<group ref='/data/person'><repeat nodeset='/data/person'/></group></h:body></h:html>";
}

std::string instance_xml(int number) {
  std::string xml = "<data id='bench' version='1'><day>2026-11-0" + std::to_string(1 + number % 9) +
                    "</day><where>11.5 104.9 12 4.5</where><many>a b</many><group>";
  for (int i = 0; i < 30; ++i) {
    const std::string name = "question_" + std::to_string(i);
    xml += "<" + name + ">" +
           (i % 3 == 0 ? std::to_string(number * 7919 % 1000 + i) : "ការងារ " + std::to_string(number * 31 % 997)) +
           "</" + name + ">";
  }
  for (int i = 0; i < 2; ++i)
    xml += "<person><name>Person " + std::to_string(number) + "</name><age>" + std::to_string(number % 80) +
           "</age></person>";
  return xml + "</group><meta><instanceID>uuid:x</instanceID></meta></data>";
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  const std::string as = arguments[1];
  const std::int64_t submissions = std::atoll(arguments[2]);
  const auto form = read_form(form_xml(), "form.xml");
  if (!form) return std::fprintf(stderr, "%s\n", form.error().sentence().c_str()), 1;
  const Outline outline = outline_of({&form->form});
  const TemporaryFolder folder;
  const auto vault = vault::Vault::create(folder.path() / "key");
  std::vector<std::string> sealed;
  for (int i = 0; i < 100; ++i) sealed.push_back(vault->seal({"instance", "xml", Id{i + 1}}, instance_xml(i)));

  const auto walk = [&](Id after, const std::function<bool(const Opened&)>& reader) {
    Submission submission;
    for (std::int64_t i = after.value; i < submissions; ++i) {
      const auto which = static_cast<std::size_t>(i % 100);
      const auto xml = vault->open({"instance", "xml", Id{static_cast<std::int64_t>(which) + 1}}, sealed[which]);
      submission.id = Id{i + 1};
      submission.instance_id = "uuid:00000000-0000-4000-8000-" + std::to_string(100'000'000'000 + i);
      submission.received_at = 1'795'000'000'000 + i;
      if (!reader({submission, *xml, false, "Sokha"})) return;
    }
  };
  const Walk all = [&](const std::function<bool(const Opened&)>& reader) { walk(Id{}, reader); };
  const auto begin = Clock::now();
  double first = -1;
  std::size_t bytes = 0;
  const Sink sink = [&](std::string_view piece) -> Result<void> {
    if (first < 0) first = since(begin);
    bytes += piece.size();
    return {};
  };
  Result<void> written;
  if (as == "csv" || as == "csv-split") {
    CsvOptions options;
    options.split_select_multiples = as == "csv-split";
    written = write_csv_zip(outline, all, options, {}, sink);
  } else if (as == "xlsx") {
    written = write_xlsx(outline, all, sink);
  } else if (as == "geojson") {
    written = write_geojson(outline, all, "", sink);
  } else {
    ODataQuery query;
    if (as == "odata-filter") query.filter = "group/question_3 gt 500 and contains(group/question_1,'ការងារ 3')";
    if (as == "odata-order") query.order_by = "group/question_3 desc", query.top = 100;
    const ODataNames names = odata_names(outline);
    written = write_odata(outline, names, {walk, [&] { return submissions; }, "https://here.example/bench.svc"}, {},
                          query, sink);
  }
  if (!written) return std::fprintf(stderr, "%s\n", written.error().sentence().c_str()), 1;
  const double seconds = since(begin);
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto cpu = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  std::printf(
      "%s, %lld submissions: %.2f s (%.2f s of processor), first byte %.1f ms, %.1f MB out, %.0f MB of memory at "
      "most\n",
      as.c_str(), static_cast<long long>(submissions), seconds, cpu(used.ru_utime) + cpu(used.ru_stime), first * 1000,
      static_cast<double>(bytes) / 1e6, static_cast<double>(used.ru_maxrss) / 1024);
  return 0;
}
