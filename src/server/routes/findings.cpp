// A question in the address, its answer on the page, and the passages behind each number.
#include <set>

#include "findings/ask.h"
#include "findings/words.h"
#include "foundation/text.h"
#include "publish/answer_html.h"
#include "publish/document.h"
#include "server/routes.h"
#include "study/evidence.h"
#include "study/vocabulary.h"

namespace understory::server {

namespace mustache = kainjow::mustache;
using findings::Question;

namespace {

constexpr std::size_t kShownPassages = 200;

// /findings/causes?by=gender&gender=female&seed=7, or ?question=causes by gender… in one piece.
Result<Question> question_of(const Visit& visit) {
  const std::string& ask = visit.named.at("ask");
  if (std::find(std::begin(findings::kAsks), std::end(findings::kAsks), ask) == std::end(findings::kAsks))
    return fail(problems::kNotFound, {{"what", "question"}, {"name", std::string(shortened(ask, 40))}});
  if (visit.request.has_parameter("question")) return findings::parse_question(visit.request.parameter("question"));
  std::string text = ask, among;
  const auto quoted = [](const std::string& value) {
    std::string out = "\"";
    for (char c : value) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + "\"";
  };
  for (const char* setting : {"by", "kind", "level", "counted", "within", "unit", "seed", "draws"})
    if (const std::string value = visit.request.parameter(setting); !value.empty())
      text += std::string(" ") + setting + " " + quoted(value);
  if (visit.request.parameter("machine") == "1") text += " machine";
  for (const auto& [name, value] : visit.request.query)
    if (!value.empty() &&
        std::find(std::begin(findings::kFacets), std::end(findings::kFacets), name) != std::end(findings::kFacets))
      among += (among.empty() ? " among " : ", ") + name + "=" + quoted(value);
  return findings::parse_question(text + among);
}

// The question as the query of an address.
std::string query_of(const Question& question) { return "question=" + percent_encode(question.text()); }

std::string facet_label(const Visit& visit, const std::string& facet, const std::string& value) {
  if (facet == "gender") return visit.say("gender." + value);
  if (facet == "age_band") return visit.say("age_band." + value);
  if (facet == "language") return study::is_one_of(study::kLanguages, value) ? visit.say("language." + value) : value;
  return value;
}

// The group of an answer whose passages are looked at, by its key.
std::string group_label(const Visit& visit, const Question& question, const std::string& group) {
  if (group.empty() || group == "(all)") return visit.say("findings.all_groups");
  if (question.by == "none") return visit.say("findings.everybody");
  if (group == "unknown") return visit.say("findings.not_known");
  return facet_label(visit, question.by, group);
}

std::set<std::string> values_of(const study::Evidence& evidence, const std::string& facet) {
  std::set<std::string> values;
  for (const auto& person : evidence.respondents) {
    const std::string& value = facet == "role"       ? person.role
                               : facet == "gender"   ? person.gender
                               : facet == "age_band" ? person.age_band
                               : facet == "language" ? person.language
                               : person.location < 0 ? person.role
                                                     : evidence.locations[person.location].name;
    if (!value.empty() && (facet != "location" || person.location >= 0)) values.insert(value);
  }
  return values;
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
    std::set<std::string> there = values_of(evidence, name);
    const auto add = [&](const std::string& value) {
      values << option(value, facet_label(visit, name, value),
                       chosen != question.among.end() &&
                           std::find(chosen->second.begin(), chosen->second.end(), value) != chosen->second.end());
    };
    if (facet == "age_band")
      for (std::string_view band : study::kAgeBands) {
        if (there.erase(std::string(band))) add(std::string(band));
      }
    for (const std::string& value : there) add(value);
    entry.set("values", values);
    list << entry;
  }
  return list;
}

std::string base_of(const study::Study& study) { return "/studies/" + study.id.text(); }

std::string who_said(const Visit& visit, const study::Passage& passage) {
  std::string who;
  const auto add = [&](const std::string& words) {
    if (!words.empty()) who += (who.empty() ? "" : ", ") + words;
  };
  if (!passage.gender.empty()) add(visit.say("gender." + passage.gender));
  if (!passage.age_band.empty()) add(visit.say("age_band." + passage.age_band));
  add(passage.role);
  add(passage.location);
  return who;
}

}  // namespace

Result<Response> show_finding(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Question question = TRY(question_of(visit));
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
  data.set("filters", filters(visit, evidence, question));
  data.set("show", visit.say("page.filter.show"));
  publish::FigureOptions figure;
  figure.id = ask;
  figure.items = question.level == "all" ? 40 : 10;
  figure.link = base + "/findings/" + ask + "/passages?group=%GROUP%&item=%ITEM%&" + query_of(question);
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
  const Question question = TRY(question_of(visit));
  const study::Evidence evidence = visit.evidence(study.id);
  const std::string group = visit.request.parameter("group"), item = visit.request.parameter("item");
  std::vector<int> codings = TRY(findings::codings_behind(evidence, question, group.empty() ? "(all)" : group, item));
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

Result<Response> api_finding(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Question question = TRY(question_of(visit));
  const findings::Answer answer = TRY(findings::ask(visit.evidence(study.id), question, visit.language()));
  Response response;
  if (visit.request.parameter("as") == "csv") {
    response.content_type = "text/csv; charset=utf-8";
    response.body = findings::answer_csv(answer, visit.words);
    response.headers.emplace_back("Content-Disposition", "attachment; filename=\"findings.csv\"");
  } else {
    response.content_type = "application/json; charset=utf-8";
    response.body = findings::answer_json(answer, visit.words);
  }
  return response;
}

Result<Response> api_passages(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Question question = TRY(question_of(visit));
  const study::Evidence evidence = visit.evidence(study.id);
  const std::string group = visit.request.parameter("group");
  const std::vector<int> codings = TRY(
      findings::codings_behind(evidence, question, group.empty() ? "(all)" : group, visit.request.parameter("item")));
  JsonWriter out;
  out.object().member("count", static_cast<std::int64_t>(codings.size())).key("passages").array();
  for (const study::Passage& passage : study::open_passages(visit.transaction, evidence, codings, true)) {
    const study::Code* code = evidence.codebook.find(passage.code);
    out.object()
        .member("coding", passage.coding.text())
        .member("source", passage.source.text())
        .member("source_name", passage.source_name)
        .member("location", passage.location);
    out.member("code", code ? code->path : "")
        .member("before", passage.before)
        .member("quote", passage.quote)
        .member("after", passage.after);
    out.member("translation", passage.translation)
        .member("gender", passage.gender)
        .member("age_band", passage.age_band)
        .member("role", passage.role)
        .end_object();
  }
  out.end_array().end_object();
  return json(out);
}

namespace {

Result<std::string> report_of(const Visit& visit, const study::Study& study) {
  publish::ReportOptions options;
  options.limits = visit.limits(study.id);
  const std::string wanted = visit.request.parameter("in");
  options.language = wanted.empty() ? visit.language() : wanted;
  const auto& known = Catalogue::languages();
  if (std::find(known.begin(), known.end(), options.language) == known.end())
    return fail(problems::kInvalidValue, {{"where", "The address"},
                                          {"value", std::string(shortened(options.language, 20))},
                                          {"what", "language of reports"},
                                          {"hint", "There are: " + join(known, ", ") + "."}});
  return publish::report_html(visit.transaction, study.id, options);
}

}  // namespace

Result<Response> send_report_html(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  Response response;
  response.body = TRY(report_of(visit, study));
  // The report carries its own style, as a file of its own must; still no script and nothing from elsewhere.
  response.headers.emplace_back(
      "Content-Security-Policy",
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'");
  return response;
}

Result<Response> send_report_pdf(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  Response response;
  const std::string html = TRY(report_of(visit, study));
  visit.transaction.commit();  // all is read; setting the pages takes minutes, in which nobody need wait for this
  response.body = TRY(publish::pdf_from_html(html));
  response.content_type = "application/pdf";
  response.headers.emplace_back("Content-Disposition", "inline; filename=\"report.pdf\"");
  return response;
}

}  // namespace understory::server
