// A question in the address, its answer on the page, and the passages behind each number.
#include "findings/ask.h"
#include "findings/words.h"
#include "foundation/text.h"
#include "publish/answer_html.h"
#include "server/question_asked.h"
#include "server/routes.h"
#include "study/evidence.h"

namespace understory::server {

namespace mustache = kainjow::mustache;
using findings::Question;

namespace {

constexpr std::size_t kShownPassages = 200;

// The question as the query of an address.
std::string query_of(const Question& question) { return "question=" + percent_encode(question.text()); }

// The group of an answer whose passages are looked at, by its key.
std::string group_label(const Visit& visit, const Question& question, const std::string& group) {
  if (group.empty() || group == "(all)") return visit.say("findings.all_groups");
  if (question.by == "none") return visit.say("findings.everybody");
  if (group == "unknown") return visit.say("findings.not_known");
  return facet_label(visit, question.by, group);
}

mustache::data filters(const Visit& visit, const study::Evidence& evidence, const Question& question) {
  mustache::data list{mustache::data::type::list};
  for (std::string_view facet : findings::kFacets) {
    mustache::data entry, values{mustache::data::type::list};
    const std::string name(facet);
    entry.set("facet", name);
    entry.set("label", visit.say("facet." + name));
    entry.set("all", visit.say("page.filter.all"));
    const auto chosen = question.among.find(name);
    for (const std::string& value : values_of(evidence, name))
      values << option(value, facet_label(visit, name, value),
                       chosen != question.among.end() &&
                           std::find(chosen->second.begin(), chosen->second.end(), value) != chosen->second.end());
    entry.set("values", values);
    list << entry;
  }
  return list;
}

std::string base_of(const study::Study& study) { return "/studies/" + study.id.text(); }

}  // namespace

Result<Response> show_finding(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Question question = TRY(question_asked(visit));
  const study::Evidence evidence = visit.evidence(study.id);
  const findings::Answer answer = TRY(findings::ask(evidence, question, visit.language()));
  const std::string ask(findings::kAsks[static_cast<int>(question.ask)]), base = base_of(study);
  Page page;
  page.title = visit.say("findings.title." + ask);
  page.place = "findings";
  page.study = &study;
  page.page = "finding";
  mustache::data& data = page.data;
  data.set("title", page.title);
  data.set("questions_label", visit.say("page.questions"));
  mustache::data questions{mustache::data::type::list};
  for (std::string_view each : findings::kAsks) {
    mustache::data entry;
    entry.set("address", base + "/findings/" + std::string(each));
    entry.set("label", visit.say("findings.short." + std::string(each)));
    entry.set("chosen", each == ask);
    questions << entry;
  }
  data.set("questions", questions);
  data.set("by_label", visit.say("page.filter.by"));
  mustache::data by{mustache::data::type::list}, levels{mustache::data::type::list};
  for (std::string_view facet : findings::kFacets) {
    by << option(std::string(facet), visit.say("facet." + std::string(facet)), question.by == facet);
  }
  by << option("none", visit.say("findings.everybody"), question.by == "none");
  for (const char* level : {"top", "all"})
    levels << option(level, visit.say(std::string("level.") + level), question.level == level);
  data.set("by", by);
  data.set("level_label", visit.say("page.filter.level"));
  data.set("levels", levels);
  if (ask == "agreement") {
    mustache::data units{mustache::data::type::list};
    for (std::string_view unit : findings::kUnits)
      units << option(std::string(unit), visit.say("unit." + std::string(unit)), question.unit == unit);
    mustache::data measured;
    measured.set("unit_label", visit.say("page.filter.unit"));
    measured.set("units", units);
    data.set("measured", measured);
  }
  data.set("filters", filters(visit, evidence, question));
  data.set("show", visit.say("page.filter.show"));
  publish::FigureOptions figure;
  figure.id = ask;
  figure.items = question.level == "all" ? 40 : 10;
  figure.passages = base + "/findings/" + ask + "/passages?" + query_of(question);
  data.set("answer", publish::answer_html(answer, visit.words, figure));
  data.set("other_forms", visit.say("page.other_forms"));
  mustache::data forms{mustache::data::type::list};
  for (const char* form : {"json", "csv"}) {
    mustache::data entry;
    entry.set("address", "/api/v1" + base + "/findings/" + ask + "?" + query_of(question) + "&as=" + form);
    entry.set("label", form[0] == 'j' ? "JSON" : "CSV");
    forms << entry;
  }
  data.set("forms", forms);
  return show(visit, std::move(page));
}

Result<Response> show_passages(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Question question = TRY(question_asked(visit));
  const bool links = visit.request.has_parameter("from");
  const std::string group = visit.request.parameter("group"), item = visit.request.parameter(links ? "from" : "item");
  Behind behind = TRY(behind_number(visit, visit.evidence(study.id), question));
  const study::Evidence& evidence = behind.evidence;
  std::vector<int>& codings = behind.codings;
  const std::size_t all = codings.size();
  if (all > kShownPassages) codings.resize(kShownPassages);
  const std::string ask(findings::kAsks[static_cast<int>(question.ask)]);
  std::string label = item;
  if (const study::Code* code = evidence.codebook.find_path(item))
    label = study::Codebook::name_in(*code, visit.language());
  else if (question.ask == findings::Ask::kStrategies)
    label = visit.say("findings.strategy." + item);
  else if (question.ask == findings::Ask::kTrend)
    label = visit.say("findings.trend." + item);
  Page page;
  page.title = label + " – " + group_label(visit, question, group);
  if (links) {
    const study::Code* to = evidence.codebook.find_path(visit.request.parameter("to"));
    const bool prevents = visit.request.parameter("sign") == "prevents";
    page.title = label + " " + visit.say(prevents ? "page.prevents" : "page.leads_to") + " " +
                 (to ? study::Codebook::name_in(*to, visit.language()) : "");
  }
  page.place = "findings";
  page.study = &study;
  page.page = "passages";
  page.data.set("title", page.title);
  page.data.set("numbers", visit.words.say({"page.passages_behind", {{"n", static_cast<std::int64_t>(all)}}}));
  page.data.set("back", visit.say("page.back_to_finding"));
  page.data.set("back_address", base_of(study) + "/findings/" + ask + "?" + query_of(question));
  if (codings.empty()) page.data.set("none", visit.say("page.no_passages"));
  if (all > kShownPassages)
    page.data.set("more", visit.words.say({"page.passages_more",
                                           {{"shown", static_cast<std::int64_t>(kShownPassages)},
                                            {"n", static_cast<std::int64_t>(all)}}}));
  std::map<Id, std::string> language;
  for (const auto& source : evidence.sources) language[source.id] = source.language;
  mustache::data passages{mustache::data::type::list};
  for (const study::Passage& passage : study::open_passages(visit.transaction, evidence, codings, true)) {
    mustache::data entry;
    entry.set("language", language[passage.source]);
    if (!passage.before.empty()) entry.set("before", passage.before);
    entry.set("quote", passage.quote);
    if (!passage.after.empty()) entry.set("after", passage.after);
    if (!passage.translation.empty()) entry.set("translation", passage.translation);
    entry.set("who", who_said(visit, passage));
    entry.set("source", passage.source_name);
    entry.set("address", base_of(study) + "/sources/" + passage.source.text());
    if (const study::Code* code = evidence.codebook.find(passage.code))
      entry.set("code", evidence.codebook.path_in(*code, visit.language()));
    passages << entry;
  }
  page.data.set("passages", passages);
  return show(visit, std::move(page));
}

}  // namespace understory::server
