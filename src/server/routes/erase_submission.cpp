// Erasing a submission: first what goes with it, then, with a reason, for good.
#include "study/erase_submission.h"

#include "foundation/text.h"
#include "people/audit.h"
#include "people/whole.h"
#include "server/routes.h"
#include "server/thing.h"
#include "study/source.h"

namespace understory::server {

namespace mustache = kainjow::mustache;

namespace {

// What goes, if all of it is this person's to erase. Only whoever has the whole of a study may: were it decided by what
// was made of it, a denial would tell somebody that a source is kept from them (P2).
Result<study::SubmissionErasing> open_to(const Visit& visit, Id submission) {
  const auto whole = [&](Id study) { return people::has_whole(visit.person, people::Right::kChangeStudy, study); };
  const auto hidden = fail(problems::kNotFound, {{"what", "submission"}, {"name", submission.text()}});
  if (!whole(record_of(visit.transaction, TRY(submission_named(visit))).study)) return hidden;
  auto erasing = TRY(study::what_erasing_takes(visit.transaction, TRY(people::audit_key(visit.workspace)), submission));
  for (const auto* made : {&erasing.sources, &erasing.respondents, &erasing.named})
    for (const auto& each : *made)
      if (!whole(each.study)) return hidden;
  for (const Id each : erasing.sent.submissions)
    if (!whole(record_of(visit.transaction, TRY(collect::find_submission(visit.transaction, each))).study))
      return hidden;
  return erasing;
}

Page erase_page(const Visit& visit, Id submission, const study::SubmissionErasing& erasing) {
  Page page;
  page.title = visit.say("erase.title");
  page.page = "erase";
  for (const char* text : {"title", "reason", "reason_hint", "button"})
    page.data.set(text, visit.say(std::string("erase.") + text));
  page.data.set("about", visit.say("erase.submission_about"));
  page.data.set("name", visit.words.say({"submissions.one", {{"number", submission.text()}}}));
  mustache::data goes{mustache::data::type::list};
  const auto add = [&](const std::string& text) {
    mustache::data row;
    row.set("text", text);
    goes << row;
  };
  const auto number = [](const auto& list) { return static_cast<std::int64_t>(std::size(list)); };
  add(visit.words.say({"erase.submission_sent",
                       {{"instances", number(erasing.sent.instances)},
                        {"files", erasing.sent.files},
                        {"comments", erasing.sent.comments}}}));
  if (const auto others = number(erasing.sent.submissions) - 1; others > 0)
    add(visit.words.say({"erase.submission_waiting", {{"n", others}}}));
  for (const auto& source : erasing.sources) add(visit.words.say({"erase.submission_source", {{"name", source.name}}}));
  for (const auto& respondent : erasing.respondents)
    add(visit.words.say({"erase.submission_respondent", {{"name", respondent.name}}}));
  if (erasing.sent.entities_gone + erasing.sent.entities_left > 0)
    add(visit.words.say(
        {"erase.submission_entities", {{"gone", erasing.sent.entities_gone}, {"left", erasing.sent.entities_left}}}));
  if (erasing.unreadable) add(visit.say("erase.submission_unreadable"));
  page.data.set("goes", goes);
  page.data.set("goes_label", visit.say("erase.submission_goes"));
  page.data.set("has_goes", true);
  page.data.set("form", visit.form_token());
  page.data.set("address", "/submissions/" + submission.text());
  page.data.set("back", visit.say("erase.back"));
  page.data.set("typed_reason", visit.request.field("reason"));
  return page;
}

}  // namespace

Result<Response> ask_to_erase_submission(const Visit& visit) {
  const Id wanted = TRY(visit.id("submission"));
  return show(visit, erase_page(visit, wanted, TRY(open_to(visit, wanted))));
}

// The log keeps that it was done, by whom and why; nothing of what was told.
Result<Response> erase_submission(const Visit& visit) {
  const collect::Submission submission = TRY(submission_named(visit));
  const study::SubmissionErasing erasing = TRY(open_to(visit, submission.id));
  const std::string reason(trim(visit.request.field("reason")));
  if (reason.size() < 10 || reason.size() > 1200) {
    Page page = erase_page(visit, submission.id, erasing);
    page.data.set("problem", visit.say("erase.reason_hint"));
    Response response = show(visit, std::move(page));
    response.status = 422;
    return response;
  }
  const auto key = TRY(people::audit_key(visit.workspace));
  const study::Erased erased = TRY(study::erase_submission(visit.transaction, key, erasing));
  if (!visit.person.at_machine) {
    const auto log = [&](const char* kind, Id record) {
      people::record(
          visit.transaction, key,
          {visit.person.account, "erase", "POST /submissions/{submission}/erase", kind, record, "done", reason});
    };
    for (const Id each : erasing.sent.submissions) log("submission", each);
    for (const Id each : erased.sources) log("source", each);
  }
  Page page;
  page.title = visit.say("erase.title");
  page.page = "erased";
  page.data.set("title", page.title);
  page.data.set("said", visit.words.say({"erase.submission_done",
                                         {{"instances", static_cast<std::int64_t>(erasing.sent.instances.size())},
                                          {"files", erased.files},
                                          {"sources", static_cast<std::int64_t>(erased.sources.size())}}}));
  page.data.set("backups", visit.say("erase.backups") + " " + visit.say("erase.submission_phones"));
  page.data.set("address",
                submission.form ? "/forms/" + submission.form.text() + "/submissions" : std::string("/forms"));
  page.data.set("back", visit.say("forms.title"));
  return show(visit, std::move(page));
}

}  // namespace understory::server
