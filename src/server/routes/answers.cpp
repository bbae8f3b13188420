// Questions and their answers over JSON: as they are, and with what the desk shows beside them.
#include "findings/comparison.h"
#include "foundation/text.h"
#include "publish/answer_html.h"
#include "server/question_asked.h"
#include "server/routes.h"

namespace understory::server {

using findings::Question;

namespace {

std::string name_of(findings::Ask ask) { return std::string(findings::kAsks[static_cast<int>(ask)]); }

// Where the desk shows the passages behind a number.
std::string passages_of(const study::Study& study, const Question& question) {
  return "/desk/studies/" + study.id.text() + "/findings?question=" + percent_encode(question.text());
}

// The answer, and its figures as a piece of HTML without style or script.
void write_answer(JsonWriter& out, const Visit& visit, const study::Study& study, const findings::Answer& answer) {
  publish::FigureOptions figure;
  // Both may stand on one page.
  figure.id = name_of(answer.question.ask) + (answer.overall.empty() ? "-pair" : "");
  figure.items = answer.question.level == "all" ? 40 : 10;
  if (visit.may(people::Right::kSeePassages, study.id)) figure.passages = passages_of(study, answer.question);
  out.key("answer").raw(findings::answer_json(answer, visit.words));
  out.member("figures", publish::figures(answer, visit.words, figure));
}

Result<std::int64_t> whole_number(const Visit& visit, const char* name, std::int64_t otherwise) {
  const std::string text = visit.request.parameter(name);
  if (text.empty()) return otherwise;
  if (text.size() < 10 && text.find_first_not_of("0123456789") == std::string::npos) return std::stoll(text);
  return fail(problems::kInvalidValue, {{"where", std::string(name)},
                                        {"value", std::string(shortened(text, 20))},
                                        {"what", "whole number"},
                                        {"hint", "Write it in digits."}});
}

// So many of the passages as are asked for; all when nothing is said. Nobody reads thousands at once.
Result<std::vector<int>> part_of(const Visit& visit, const std::vector<int>& codings) {
  const auto all = static_cast<std::int64_t>(codings.size());
  const std::int64_t first = std::min(TRY(whole_number(visit, "first", 0)), all),
                     most = std::min(TRY(whole_number(visit, "most", all)), all - first);
  return std::vector<int>(codings.begin() + first, codings.begin() + first + most);
}

void write_passages(JsonWriter& out, const Visit& visit, const study::Evidence& evidence,
                    const std::vector<int>& codings) {
  out.key("passages").array();
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
        .member("role", passage.role);
    const auto source = std::find_if(evidence.sources.begin(), evidence.sources.end(),
                                     [&](const auto& each) { return each.id == passage.source; });
    out.member("language", source == evidence.sources.end() ? "" : source->language)
        .member("code_name", code ? study::Codebook::name_in(*code, visit.language()) : "")
        .member("who", who_said(visit, passage))
        .end_object();
  }
  out.end_array();
}

}  // namespace

Result<Response> api_finding(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Question question = TRY(question_asked(visit));
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

// What the desk asks: the answer, its figures, and what the question can be narrowed to.
Result<Response> api_shown_finding(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Question question = TRY(question_asked(visit));
  const study::Evidence evidence = visit.evidence(study.id);
  const findings::Answer answer = TRY(findings::ask(evidence, question, visit.language()));
  JsonWriter out;
  out.object();
  write_answer(out, visit, study, answer);
  out.member("by", question.by).member("level", question.level).key("facets").array();
  for (std::string_view facet : findings::kFacets) {
    const std::string name(facet);
    out.object().member("key", name).member("label", visit.say("facet." + name)).key("values").array();
    for (const std::string& value : values_of(evidence, name))
      out.object().member("value", value).member("label", facet_label(visit, name, value)).end_object();
    out.end_array().end_object();
  }
  out.end_array().end_object();
  return json(out);
}

// ?one=…&other=…: keys of groups; the first two where nothing is said.
Result<Response> api_compared_groups(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Question question = TRY(question_asked(visit));
  const findings::Answer answer =
      TRY(findings::compare(visit.evidence(study.id), question, visit.request.parameter("one"),
                            visit.request.parameter("other"), visit.language()));
  JsonWriter out;
  out.object();
  write_answer(out, visit, study, answer);
  out.end_object();
  return json(out);
}

Result<Response> api_passages(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Question question = TRY(question_asked(visit));
  const Behind behind = TRY(behind_number(visit, visit.evidence(study.id), question));
  JsonWriter out;
  out.object().member("count", static_cast<std::int64_t>(behind.codings.size()));
  write_passages(out, visit, behind.evidence, TRY(part_of(visit, behind.codings)));
  out.end_object();
  return json(out);
}

Result<Response> api_counter_examples(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Question question = TRY(question_asked(visit));
  const study::Evidence evidence = visit.evidence(study.id);
  const std::string group = visit.request.parameter("group");
  const findings::Against against = TRY(
      findings::codings_against(evidence, question, group.empty() ? "(all)" : group, visit.request.parameter("item")));
  JsonWriter out;
  out.object()
      .member("asked", against.asked)
      .member("people", against.people)
      .member("silent", against.silent)
      .member("count", static_cast<std::int64_t>(against.codings.size()));
  write_passages(out, visit, evidence, TRY(part_of(visit, against.codings)));
  out.end_object();
  return json(out);
}

}  // namespace understory::server
