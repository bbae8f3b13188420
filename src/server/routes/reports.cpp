// The report in each of its forms: of all questions, of the findings chosen for it, or of one.
#include "findings/kept.h"
#include "foundation/text.h"
#include "people/account.h"
#include "publish/document.h"
#include "publish/docx.h"
#include "server/open_findings.h"
#include "server/routes.h"

namespace understory::server {

namespace {

Result<std::string> language_of_report(const Visit& visit) {
  const std::string wanted = visit.request.parameter("in");
  const auto& known = Catalogue::languages();
  if (wanted.empty()) return visit.language();
  if (std::find(known.begin(), known.end(), wanted) != known.end()) return wanted;
  return fail(problems::kInvalidValue, {{"where", "The address"},
                                        {"value", std::string(shortened(wanted, 20))},
                                        {"what", "language of reports"},
                                        {"hint", "There are: " + join(known, ", ") + "."}});
}

// Who stands for it, and whether the evidence has changed since.
std::string note_of(const Visit& visit, const findings::KeptFinding& kept, const std::string& hash,
                    const Catalogue& words) {
  if (!kept.review) return words.say("report.not_reviewed");
  const auto account = people::account_of(visit.transaction, kept.review->account);
  return words.say({kept.review->data_hash == hash ? "report.reviewed" : "report.reviewed_before",
                    {{"by", account ? account->name : "–"}, {"at", iso_time(kept.review->at).substr(0, 10)}}});
}

// ?of=chosen: the findings chosen for the report; ?finding=…: one that is kept; ?question=…: any; nothing: every
// question. A finding that is not open to whoever asks (of a location of another place) is not there.
Result<publish::ReportOptions> options_of(const Visit& visit, const study::Study& study) {
  publish::ReportOptions options;
  options.limits = visit.limits(study.id);
  options.language = TRY(language_of_report(visit));
  const Catalogue& words = Catalogue::of(options.language);
  const bool chosen = visit.request.parameter("of") == "chosen", one = visit.request.has_parameter("finding");
  if (chosen || one) {
    const Id wanted = Id::parse(visit.request.parameter("finding")).value_or(Id{});
    std::vector<findings::KeptFinding> all = findings::kept_findings(visit.transaction, study.id);
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& left, const auto& right) { return left.report_position < right.report_position; });
    const std::string hash = study::load_evidence(visit.transaction, study.id).data_hash();
    OpenFindings open(visit, study.id);
    for (const findings::KeptFinding& kept : all)
      if (!open.finding(kept))
        continue;
      else if (one ? kept.id == wanted : kept.report_position != 0)
        options.chosen.push_back({kept.name, kept.question, note_of(visit, kept, hash, words)});
    if (options.chosen.empty())
      return fail(problems::kNotFound, {{"what", "finding"},
                                        {"name", one ? std::string(shortened(visit.request.parameter("finding"), 40))
                                                     : visit.say("desk.report")}});
  } else if (visit.request.has_parameter("question")) {
    findings::Question question = TRY(findings::parse_question(visit.request.parameter("question")));
    std::string title = words.say("findings.title." + std::string(findings::kAsks[static_cast<int>(question.ask)]));
    options.chosen.push_back({std::move(title), std::move(question), ""});
  }
  return options;
}

Response file(std::string body, std::string_view type, std::string_view name) {
  Response response;
  response.body = std::move(body);
  response.content_type = type;
  response.headers.emplace_back("Content-Disposition", fmt::format("attachment; filename=\"{}\"", name));
  return response;
}

}  // namespace

Result<Response> send_report_html(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  Response response;
  response.body = TRY(publish::report_html(visit.transaction, study.id, TRY(options_of(visit, study))));
  // The report carries its own style, as a file of its own must; still no script and nothing from elsewhere. The desk
  // shows it in a frame.
  response.headers.emplace_back(
      "Content-Security-Policy",
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'self'");
  if (visit.request.parameter("as") == "file")
    response.headers.emplace_back("Content-Disposition", "attachment; filename=\"report.html\"");
  return response;
}

Result<Response> send_report_pdf(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  Response response;
  const std::string html = TRY(publish::report_html(visit.transaction, study.id, TRY(options_of(visit, study))));
  visit.transaction.commit();  // all is read; setting the pages takes minutes, in which nobody need wait for this
  response.body = TRY(publish::pdf_from_html(html));
  response.content_type = "application/pdf";
  response.headers.emplace_back("Content-Disposition", "inline; filename=\"report.pdf\"");
  return response;
}

Result<Response> send_report_docx(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const publish::ReportOptions options = TRY(options_of(visit, study));
  const std::string html = TRY(publish::report_html(visit.transaction, study.id, options));
  visit.transaction.commit();  // likewise
  return file(TRY(publish::docx_from_html(html, options.language)),
              "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "report.docx");
}

Result<Response> send_report_csv(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  return file(TRY(publish::report_csv(visit.transaction, study.id, TRY(options_of(visit, study)))),
              "text/csv; charset=utf-8", "report.csv");
}

Result<Response> send_report_xlsx(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  return file(TRY(publish::report_xlsx(visit.transaction, study.id, TRY(options_of(visit, study)))),
              "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "report.xlsx");
}

}  // namespace understory::server
