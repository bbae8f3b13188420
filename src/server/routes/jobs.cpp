// What runs by itself and what ran: one list for whoever keeps the machine and whoever may change a study.
#include "people/account.h"
#include "people/audit.h"
#include "server/desk_routes.h"
#include "server/job_list.h"
#include "server/routes.h"
#include "study/study.h"

namespace understory::server {

namespace mustache = kainjow::mustache;

namespace {

constexpr std::size_t kShown = 100, kAtDesk = 20;

using Names = std::map<Id, std::string>;

std::string step_text(const Visit& visit, const storage::Job& job) {
  if (job.state == "queued") return visit.say("jobs.waits");
  return visit.say(visit.words.has(job.step) && !job.step.empty() ? job.step : "jobs.runs");
}

std::string who_text(const Visit& visit, const storage::Job& job, const Names& names) {
  const std::string by = storage::member_of(job.arguments, "by");
  if (by.empty()) return visit.say("jobs.by_itself");
  const auto found = names.find(Id::parse(by).value_or(Id{}));
  return found == names.end() ? visit.say("jobs.at_machine") : found->second;
}

// A number the job left behind, 0 where there is none.
std::int64_t number_of(const std::string& json, std::string_view name) {
  const std::string text = storage::member_of(json, name);
  return text.empty() || text.size() > 15 || text.find_first_not_of("0123456789") != std::string::npos
             ? 0
             : std::stoll(text);
}

std::string outcome_text(const Visit& visit, const storage::Job& job, const JobKind& kind) {
  if (job.state == "stopped") return visit.say("jobs.stopped");
  if (job.state == "failed") {
    const std::string code = storage::member_of(job.outcome, "problem"), key = "jobs.why_" + code;
    return visit.words.has(key) ? visit.say(key) : visit.words.say({"jobs.failed", {{"code", code}}});
  }
  if (kind.name == "backup") return visit.words.say({"jobs.backed_up", {{"n", number_of(job.outcome, "rows")}}});
  if (kind.name == "import") return visit.words.say({"jobs.brought_in", {{"n", number_of(job.arguments, "files")}}});
  return visit.say("jobs.learnt");
}

std::vector<study::Study> studies_seen(const Visit& visit) {
  auto studies = study::studies(visit.transaction);
  std::erase_if(studies, [&](const study::Study& each) { return !visit.may(people::Right::kChangeStudy, each.id); });
  return studies;
}

Names account_names(const Visit& visit) {
  Names names;
  for (const people::Account& each : people::accounts(visit.transaction)) names[each.id] = each.name;
  return names;
}

mustache::data row_of(const Visit& visit, const storage::Job& job, const Names& accounts, const Names& studies) {
  const JobKind kind = *job_kind(job.kind);
  mustache::data row;
  row.set("what", visit.say("jobs.kind_" + kind.name));
  if (const auto study = studies.find(kind.study); study != studies.end()) row.set("study", study->second);
  row.set("who", who_text(visit, job, accounts));
  row.set("began", minute_text(job.created_at));
  if (!is_going(job)) {
    row.set("until", minute_text(job.changed_at));
    row.set("outcome", outcome_text(visit, job, kind));
    row.set("bad", job.state == "failed");
    return row;
  }
  mustache::data now;
  now.set("step", step_text(visit, job));
  // Backups know how many rows they have written and not how many there are.
  if (job.state == "running" && job.of == 0 && job.done > 0)
    now.set("count", visit.words.number(static_cast<double>(job.done), 0));
  if (job.of > 0) {
    mustache::data bar;
    bar.set("done", std::to_string(std::min(job.done, job.of)));
    bar.set("of", std::to_string(job.of));
    now.set("bar", bar);
  } else if (job.state == "running") {
    now.set("open_bar", true);
  }
  row.set("now", now);
  if (can_be_stopped(job)) {
    mustache::data stop;
    stop.set("address", "/jobs/" + job.id.text());
    stop.set("form", visit.form_token());
    stop.set("label", visit.say("jobs.stop"));
    stop.set("of", visit.say("jobs.kind_" + kind.name));
    row.set("stop", stop);
  } else {
    row.set("elsewhere", visit.say("jobs.stop_at_desk"));
  }
  return row;
}

}  // namespace

Result<Response> show_jobs(const Visit& visit) {
  Names studies;
  std::vector<Id> seen;
  for (const study::Study& each : studies_seen(visit)) {
    studies[each.id] = each.name;
    seen.push_back(each.id);
  }
  const bool machine = visit.may(people::Right::kKeepMachine);
  const auto jobs = open_jobs(visit.transaction, visit.person, seen, machine, kShown);
  const Names accounts = account_names(visit);
  Page page;
  page.title = visit.say("jobs.title");
  page.page = "jobs";
  mustache::data& data = page.data;
  data.set("title", page.title);
  data.set("about", visit.say("jobs.about"));
  for (const char* label : {"going", "ended"})
    data.set(std::string(label) + "_title", visit.say(std::string("jobs.") + label));
  for (const char* column : {"what", "who", "began", "until", "outcome"})
    data.set(std::string("column_") + column, visit.say(std::string("jobs.") + column));
  mustache::data going{mustache::data::type::list}, ended{mustache::data::type::list};
  bool any_going = false, any_ended = false;
  for (const storage::Job& job : jobs) {
    (is_going(job) ? going : ended) << row_of(visit, job, accounts, studies);
    (is_going(job) ? any_going : any_ended) = true;
  }
  data.set("going", going);
  data.set("ended", ended);
  data.set("any_going", any_going);
  data.set("any_ended", any_ended);
  if (any_going) data.set("again", visit.say("jobs.again"));
  if (jobs.empty()) data.set("none", visit.say(machine || !seen.empty() ? "jobs.none" : "jobs.none_open"));
  return show(visit, std::move(page));
}

Result<Response> stop_job(const Visit& visit) {
  const Id id = TRY(visit.id("job"));
  const storage::Job job = TRY(storage::find_job(visit.transaction, id));
  const auto kind = job_kind(job.kind);
  if (!kind || !sees_jobs(visit.person, *kind))
    return fail(problems::kNotFound, {{"what", "job"}, {"name", id.text()}});
  // What has ended meanwhile is shown as it ended.
  if (can_be_stopped(job)) {
    storage::stop_job(visit.transaction, id);
    if (!visit.person.at_machine)
      people::record(visit.transaction, TRY(people::audit_key(visit.workspace)),
                     {visit.person.account, std::string(people::name_of(kind->right)), "POST /jobs/{job}",
                      kind->study ? "study" : "", kind->study, "done", "stopped " + kind->name});
  }
  return see_other("/jobs");
}

Result<Response> api_jobs(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Names accounts = account_names(visit);
  JsonWriter out;
  out.object().key("jobs").array();
  for (const storage::Job& job : open_jobs(visit.transaction, visit.person, {study.id}, false, kAtDesk)) {
    const JobKind kind = *job_kind(job.kind);
    out.object()
        .member("id", job.id.text())
        .member("kind", kind.name)
        .member("state", job.state)
        .member("said", is_going(job) ? step_text(visit, job) : outcome_text(visit, job, kind))
        .member("done", job.done)
        .member("of", job.of)
        .member("by", who_text(visit, job, accounts));
    out.member("began", iso_time(job.created_at)).member("changed", iso_time(job.changed_at)).end_object();
  }
  out.end_array().end_object();
  return json(out);
}

}  // namespace understory::server
