// The list of studies, one study at a glance, and the small things every server has.
#include <set>

#include "findings/ask.h"
#include "findings/words.h"
#include "foundation/text.h"
#include "people/account.h"
#include "places/places.h"
#include "publish/page.h"
#include "server/metrics.h"
#include "server/routes.h"
#include "study/evidence.h"

namespace understory::server {

namespace mustache = kainjow::mustache;

namespace {

Message numbers_of(const study::Evidence& evidence) {
  std::int64_t sources = 0, read = 0, people = 0;
  for (const auto& source : evidence.sources) {
    if (source.translation) continue;
    ++sources;
    read += source.is_read;
  }
  for (const auto& respondent : evidence.respondents) people += respondent.group ? respondent.size : 1;
  return {"report.about_numbers",
          {{"sources", sources},
           {"read", read},
           {"people", people},
           {"locations", static_cast<std::int64_t>(evidence.locations.size())}}};
}

std::vector<study::Study> studies_of(const Visit& visit) {
  auto studies = study::studies(visit.transaction);
  std::erase_if(studies, [&](const study::Study& each) { return !visit.may(people::Right::kSeeStudy, each.id); });
  return studies;
}

}  // namespace

Result<Response> show_studies(const Visit& visit) {
  Page page;
  page.title = visit.say("menu.studies");
  page.page = "studies";
  page.data.set("title", page.title);
  mustache::data list{mustache::data::type::list};
  const auto studies = studies_of(visit);
  for (const study::Study& each : studies) {
    mustache::data entry;
    entry.set("name", each.name);
    entry.set("address", "/studies/" + each.id.text());
    entry.set("numbers", visit.words.say(numbers_of(visit.evidence(each.id))));
    if (each.invented) entry.set("invented", visit.say("page.invented_short"));
    list << entry;
  }
  page.data.set("studies", list);
  if (visit.person.at_machine) {
    page.data.set("set_up", visit.say("set_up.title"));
    page.data.set("jobs", visit.say("jobs.title"));
  }
  // What whoever asks people comes for stands here, not folded away alone.
  if (people::may_somewhere(visit.person, people::Right::kFillForms)) page.data.set("forms", visit.say("forms.title"));
  if (studies.empty() && visit.person.at_machine) page.data.set("make", "understory study new -w … \"…\"");
  if (studies.empty())
    page.data.set("none", visit.say(visit.person.at_machine ? "page.no_studies" : "page.no_open_studies"));
  return show(visit, std::move(page));
}

Result<Response> show_overview(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const study::Evidence evidence = visit.evidence(study.id);
  const std::string base = "/studies/" + study.id.text();
  Page page;
  page.title = study.name;
  page.place = "overview";
  page.study = &study;
  page.page = "overview";
  mustache::data& data = page.data;
  data.set("name", study.name);
  data.set("numbers", visit.words.say(numbers_of(evidence)));
  if (visit.may(people::Right::kSeeFindings, study.id)) {
    const findings::Question causes = TRY(findings::parse_question("causes draws 0"));
    const findings::Answer answer = TRY(findings::ask(evidence, causes, visit.language()));
    if (!answer.sentences.empty()) data.set("sentence", visit.words.say(answer.sentences[0]));
    data.set("findings", base + "/findings/causes");
  }
  // Nothing here leads to what is closed to whoever looks.
  if (visit.may(people::Right::kSeeFindings, study.id)) {
    mustache::data asked, questions{mustache::data::type::list};
    for (std::string_view ask : findings::kAsks) {
      mustache::data entry;
      entry.set("address", base + "/findings/" + std::string(ask));
      entry.set("title", visit.say("findings.title." + std::string(ask)));
      entry.set("about", visit.say("findings.about." + std::string(ask)));
      questions << entry;
    }
    asked.set("heading", visit.say("page.questions"));
    asked.set("each", questions);
    data.set("questions", asked);
  }

  data.set("locations_heading", visit.say("page.locations"));
  for (const char* column : {"location", "place", "sources", "people"})
    data.set(std::string("column_") + column, visit.say(std::string("page.column.") + column));
  const bool lists_sources = visit.may(people::Right::kListSources, study.id);
  mustache::data locations{mustache::data::type::list};
  for (std::size_t l = 0; l < evidence.locations.size(); ++l) {
    std::int64_t sources = 0, people = 0;
    for (const auto& source : evidence.sources)
      sources += source.location == static_cast<int>(l) && !source.translation;
    for (const auto& respondent : evidence.respondents)
      if (respondent.location == static_cast<int>(l)) people += respondent.group ? respondent.size : 1;
    mustache::data entry;
    entry.set("name", evidence.locations[l].name);
    if (lists_sources) entry.set("address", base + "/sources?location=" + percent_encode(evidence.locations[l].name));
    if (!evidence.locations[l].place_code.empty())
      entry.set("place", places::full_name(visit.transaction, evidence.locations[l].place_code, visit.language()));
    entry.set("sources", std::to_string(sources));
    entry.set("people", std::to_string(people));
    locations << entry;
  }
  data.set("locations", locations);
  mustache::data facts{mustache::data::type::list};
  const auto fact = [&](std::string_view key, const std::string& value) {
    if (value.empty()) return;
    mustache::data entry;
    entry.set("label", visit.say(key));
    entry.set("value", value);
    facts << entry;
  };
  fact("report.organisations", join(study::study_organisations(visit.transaction, study.id), ", "));
  fact("report.instruments", study.instruments);
  fact("report.ethics", study.ethics_note);
  data.set("facts", facts);
  if (visit.may(people::Right::kMakeReport, study.id)) {
    mustache::data made, reports{mustache::data::type::list};
    for (const std::string& language : Catalogue::languages())
      for (const std::string& form : {std::string("html"), std::string("pdf")}) {
        mustache::data entry;
        entry.set("address", base + "/report." + form + "?in=" + language);
        entry.set("label", Catalogue::of(language).say("_name") + ", " + (form == "pdf" ? "PDF" : "HTML"));
        reports << entry;
      }
    made.set("heading", visit.say("menu.report"));
    made.set("each", reports);
    data.set("reports", made);
  }
  return show(visit, std::move(page));
}

Result<Response> send_style(const Visit&) {
  Response response;
  response.content_type = "text/css; charset=utf-8";
  response.body = std::string(publish::document_style()) + std::string(page_template("page.css"));
  response.headers.emplace_back("Cache-Control", "max-age=3600");
  return response;
}

Result<Response> tell_health(const Visit& visit) {
  people::has_accounts(visit.transaction);  // the database answers
  Response response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = "ok\n";
  return response;
}

Result<Response> tell_figures(const Visit& visit) {
  Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = metrics::text(visit.transaction);
  return response;
}

Result<Response> api_studies(const Visit& visit) {
  JsonWriter out;
  out.object().key("studies").array();
  for (const study::Study& each : studies_of(visit))
    out.object()
        .member("id", each.id.text())
        .member("name", each.name)
        .member("language", each.language)
        .member("invented", each.invented)
        .end_object();
  out.end_array().end_object();
  return json(out);
}

Result<Response> api_study(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const study::Evidence evidence = visit.evidence(study.id);
  JsonWriter out;
  out.object()
      .member("id", study.id.text())
      .member("name", study.name)
      .member("language", study.language)
      .member("purposive", study.purposive);
  out.member("invented", study.invented)
      .member("ethics_note", study.ethics_note)
      .member("instruments", study.instruments);
  out.member("data_hash", evidence.data_hash()).key("organisations").array();
  for (const std::string& name : study::study_organisations(visit.transaction, study.id)) out.value(name);
  out.end_array().key("locations").array();
  for (std::size_t l = 0; l < evidence.locations.size(); ++l) {
    std::int64_t respondents = 0;
    for (const auto& respondent : evidence.respondents) respondents += respondent.location == static_cast<int>(l);
    out.object()
        .member("name", evidence.locations[l].name)
        .member("place_code", evidence.locations[l].place_code)
        .member("respondents", respondents)
        .end_object();
  }
  out.end_array().end_object();
  return json(out);
}

}  // namespace understory::server
