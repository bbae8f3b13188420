// Findings that are kept: listed, commented on, reviewed, put into the report, over JSON.
#include "findings/kept.h"
#include "people/account.h"
#include "server/routes.h"
#include "server/sent_json.h"

namespace understory::server {

using findings::KeptFinding;

namespace {

// What is kept, as far as this person may know of what its question names: a location that is not open to them is not
// there.
bool is_open(const Visit& visit, const study::Limits& limits, Id study, const KeptFinding& kept) {
  const auto places = kept.question.among.find("location");
  if (limits.everything || places == kept.question.among.end()) return true;
  const auto known = study::locations(visit.transaction, study);
  return std::all_of(places->second.begin(), places->second.end(), [&](const std::string& name) {
    return std::any_of(known.begin(), known.end(), [&](const study::Location& each) {
      return each.name == name && limits.locations.contains(each.id);
    });
  });
}

Result<KeptFinding> open_to(const Visit& visit, Id study, Id wanted) {
  KeptFinding kept = TRY(findings::kept_finding(visit.transaction, study, wanted));
  if (!is_open(visit, visit.limits(study), study, kept))
    return fail(problems::kNotFound, {{"what", "finding"}, {"name", wanted.text()}});
  return kept;
}

std::string called(const Visit& visit, Id account) {
  const auto found = people::account_of(visit.transaction, account);
  return found ? found->name : "";
}

void write(JsonWriter& out, const Visit& visit, const KeptFinding& kept, const std::string& hash) {
  out.member("id", kept.id.text())
      .member("name", kept.name)
      .member("ask", std::string(findings::kAsks[static_cast<int>(kept.question.ask)]))
      .member("question", kept.question.text());
  out.member("kept_by", called(visit, kept.kept_by))
      .member("kept_at", iso_time(kept.kept_at))
      .member("changed_since", kept.data_hash != hash)
      .member("in_report", kept.report_position != 0);
  out.member("comments", kept.comments).key("review");
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
  const study::Limits limits = visit.limits(study.id);
  const std::vector<KeptFinding> all = findings::kept_findings(visit.transaction, study.id);
  const std::string hash = all.empty() ? "" : hash_of(visit, study.id);
  JsonWriter out;
  out.object().key("findings").array();
  for (const KeptFinding& kept : all) {
    if (!is_open(visit, limits, study.id, kept)) continue;
    out.object();
    write(out, visit, kept, hash);
    out.end_object();
  }
  out.end_array().end_object();
  return json(out);
}

Result<Response> api_kept_finding(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Id wanted = TRY(visit.id("finding"));
  const KeptFinding kept = TRY(open_to(visit, study.id, wanted));
  JsonWriter out;
  out.object().key("finding").object();
  write(out, visit, kept, hash_of(visit, study.id));
  out.end_object().key("comments").array();
  for (const findings::FindingComment& each : findings::comments_on(visit.transaction, wanted))
    out.object()
        .member("id", each.id.text())
        .member("by", called(visit, each.account))
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
  const Id made = TRY(findings::keep_finding(visit.transaction, study.id, name, question, hash_of(visit, study.id),
                                             visit.person.account));
  JsonWriter out;
  out.object().member("id", made.text()).end_object();
  return json(out, 201);
}

// One thing or several: {"name": …}, {"comment": …}, {"reviewed": true}, {"in_report": true}.
Result<Response> change_kept_finding(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const SentJson sent = TRY(SentJson::of(visit.request));
  const Id wanted = TRY(visit.id("finding"));
  TRY(open_to(visit, study.id, wanted));
  bool any = false;
  if (sent.has("name")) {
    any = true;
    TRY(findings::rename_finding(visit.transaction, study.id, wanted, TRY(sent.text("name", 1000))));
  }
  if (sent.has("comment")) {
    any = true;
    TRY(findings::comment_on(visit.transaction, study.id, wanted, TRY(sent.text("comment", 16000)),
                             visit.person.account));
  }
  if (sent.has("reviewed") && TRY(sent.truth("reviewed"))) {
    any = true;
    TRY(findings::review_finding(visit.transaction, study.id, wanted, hash_of(visit, study.id), visit.person.account));
  }
  if (sent.has("in_report")) {
    any = true;
    TRY(findings::set_in_report(visit.transaction, study.id, wanted, TRY(sent.truth("in_report"))));
  }
  if (!any) return fail(problems::kBadJson, {{"reason", "it says nothing to be done"}});
  JsonWriter out;
  out.object();
  write(out, visit, TRY(findings::kept_finding(visit.transaction, study.id, wanted)), hash_of(visit, study.id));
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
