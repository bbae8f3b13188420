// Findings that are kept: listed, commented on, reviewed, put into the report, over JSON.
#include "findings/kept.h"
#include "foundation/text.h"
#include "people/account.h"
#include "people/whole.h"
#include "server/open_findings.h"
#include "server/routes.h"
#include "server/sent_json.h"
#include "study/problems.h"

namespace understory::server {

using findings::KeptFinding;

namespace {

Result<KeptFinding> open_to(const Visit& visit, Id study, Id wanted) {
  KeptFinding kept = TRY(findings::kept_finding(visit.transaction, study, wanted));
  if (!OpenFindings(visit, study).finding(kept))
    return fail(problems::kNotFound, {{"what", "finding"}, {"name", wanted.text()}});
  return kept;
}

// Why somebody who keeps findings does not review this one; empty: they may. A review stands for all of the study's
// evidence, so whoever has part of it has not seen what they would vouch for; and it is a second pair of eyes.
std::string_view why_no_review(const Visit& visit, Id study, const KeptFinding& kept) {
  if (!people::has_whole(visit.person, people::Right::kKeepFindings, study)) return "part";
  return kept.kept_by.account == visit.person.account ? "own" : "";
}

std::string called(const Visit& visit, Id account) {
  const auto found = people::account_of(visit.transaction, account);
  return found ? found->name : "";
}

std::vector<findings::FindingComment> open_comments(const Visit& visit, OpenFindings& open, Id finding) {
  std::vector<findings::FindingComment> list = findings::comments_on(visit.transaction, finding);
  std::erase_if(list, [&](const auto& each) { return !open.words_of(each.by); });
  return list;
}

void write(JsonWriter& out, const Visit& visit, Id study, OpenFindings& open, const KeptFinding& kept,
           const std::string& hash) {
  out.member("id", kept.id.text())
      .member("name", kept.name)
      .member("ask", std::string(findings::kAsks[static_cast<int>(kept.question.ask)]))
      .member("question", kept.question.text());
  out.member("kept_by", called(visit, kept.kept_by.account))
      .member("kept_at", iso_time(kept.kept_at))
      .member("changed_since", kept.data_hash != hash)
      .member("in_report", kept.report_position != 0);
  const std::int64_t comments = kept.comments == 0 || open.everything()
                                    ? kept.comments
                                    : static_cast<std::int64_t>(open_comments(visit, open, kept.id).size());
  out.member("comments", comments)
      .member("evidence", hash)
      .member("may_review", why_no_review(visit, study, kept).empty())
      .member("why_no_review", why_no_review(visit, study, kept))
      .key("review");
  if (!kept.review) {
    out.null();
    return;
  }
  out.object()
      .member("by", called(visit, kept.review->account))
      .member("at", iso_time(kept.review->at))
      .member("changed_since", kept.review->data_hash != hash)
      .end_object();
}

// Of all of the study, whoever asks: a mark that says "changed since" must say so to everybody alike.
std::string hash_of(const Visit& visit, Id study) { return study::load_evidence(visit.transaction, study).data_hash(); }

}  // namespace

Result<Response> api_kept_findings(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  OpenFindings open(visit, study.id);
  const std::vector<KeptFinding> all = findings::kept_findings(visit.transaction, study.id);
  const std::string hash = all.empty() ? "" : hash_of(visit, study.id);
  JsonWriter out;
  out.object().key("findings").array();
  for (const KeptFinding& kept : all) {
    if (!open.finding(kept)) continue;
    out.object();
    write(out, visit, study.id, open, kept, hash);
    out.end_object();
  }
  out.end_array().end_object();
  return json(out);
}

Result<Response> api_kept_finding(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Id wanted = TRY(visit.id("finding"));
  const KeptFinding kept = TRY(open_to(visit, study.id, wanted));
  OpenFindings open(visit, study.id);
  JsonWriter out;
  out.object().key("finding").object();
  write(out, visit, study.id, open, kept, hash_of(visit, study.id));
  out.end_object().key("comments").array();
  for (const findings::FindingComment& each : open_comments(visit, open, wanted))
    out.object()
        .member("id", each.id.text())
        .member("by", called(visit, each.by.account))
        .member("at", iso_time(each.at))
        .member("text", each.text)
        .end_object();
  out.end_array().end_object();
  return json(out);
}

Result<Response> keep_finding(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const SentJson sent = TRY(SentJson::of(visit.request));
  const std::string name = TRY(sent.text("name", 1000))
  , text = TRY(sent.text("question", 10000));
  const findings::Question question = TRY(findings::parse_question(text));
  // A location that is not open is not there, and of a finding that is not open it is not told that it is kept.
  OpenFindings open(visit, study.id);
  if (!open.question(question))
    return fail(problems::kNotFound, {{"what", "location"}, {"name", std::string(shortened(question.text(), 80))}});
  const Id made =
      TRY(findings::keep_finding(visit.transaction, study.id, name, question, hash_of(visit, study.id), open.author(),
                                 [&](const findings::Author& by) { return open.words_of(by); }));
  JsonWriter out;
  out.object().member("id", made.text()).end_object();
  return json(out, 201);
}

// One thing or several: {"name": …}, {"comment": …}, {"reviewed": true, "evidence": …}, {"in_report": true}. Reviewed
// is what was seen: the hash that came with the finding is sent back, and if the evidence is another by now, it is
// refused.
Result<Response> change_kept_finding(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const SentJson sent = TRY(SentJson::of(visit.request));
  const Id wanted = TRY(visit.id("finding"));
  const KeptFinding kept = TRY(open_to(visit, study.id, wanted));
  OpenFindings open(visit, study.id);
  bool any = false;
  if (sent.has("name")) {
    any = true;
    TRY(findings::rename_finding(visit.transaction, study.id, wanted, TRY(sent.text("name", 1000)), open.author()));
  }
  if (sent.has("comment")) {
    any = true;
    TRY(findings::comment_on(visit.transaction, study.id, wanted, TRY(sent.text("comment", 16000)), open.author()));
  }
  if (sent.has("reviewed") && TRY(sent.truth("reviewed"))) {
    any = true;
    if (why_no_review(visit, study.id, kept) == "part") return fail(problems::kForbidden);
    const std::string seen = TRY(sent.text("evidence", 200));
    if (seen != hash_of(visit, study.id)) return fail(problems::kChangedMeanwhile, {{"what", "finding"}});
    TRY(findings::review_finding(visit.transaction, study.id, wanted, seen, visit.person.account));
  }
  if (sent.has("in_report")) {
    any = true;
    TRY(findings::set_in_report(visit.transaction, study.id, wanted, TRY(sent.truth("in_report"))));
  }
  if (!any) return fail(problems::kBadJson, {{"reason", "it says nothing to be done"}});
  JsonWriter out;
  out.object();
  write(out, visit, study.id, open, TRY(findings::kept_finding(visit.transaction, study.id, wanted)),
        hash_of(visit, study.id));
  out.end_object();
  return json(out);
}

Result<Response> drop_kept_finding(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Id wanted = TRY(visit.id("finding"));
  TRY(open_to(visit, study.id, wanted));
  TRY(findings::drop_finding(visit.transaction, study.id, wanted));
  JsonWriter out;
  out.object().member("id", wanted.text()).end_object();
  return json(out);
}

}  // namespace understory::server
