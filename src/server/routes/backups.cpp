// A steward's page: when was the last backup made, and is it known to be whole?
#include <sys/stat.h>

#include "foundation/clock.h"
#include "server/routes.h"
#include "storage/nightly.h"

namespace understory::server {

namespace mustache = kainjow::mustache;

namespace {

constexpr Milliseconds kHour = 3'600'000;
constexpr Milliseconds kLate = 26 * kHour;  // a night and a long backup

std::string size_of(const Visit& visit, std::int64_t bytes) {
  const bool small = bytes < 1'000'000;
  return visit.words.number(static_cast<double>(bytes) / (small ? 1e3 : 1e6), 1) + (small ? " kB" : " MB");
}

bool on_one_disk(const std::filesystem::path& left, const std::filesystem::path& right) {
  struct stat one = {}, other = {};
  return ::stat(left.c_str(), &one) == 0 && ::stat(right.c_str(), &other) == 0 && one.st_dev == other.st_dev;
}

// Of all that can be read again, the one that was most lately; and how old it is.
void tell_last(const Visit& visit, const std::vector<storage::KeptBackup>& kept, bool nightly, mustache::data& data) {
  const storage::KeptBackup* last = nullptr;
  for (const storage::KeptBackup& each : kept)
    if (each.problem.empty() && !last) last = &each;
  if (!last) {
    data.set("last", visit.say("backups.never"));
    data.set("late", true);
    return;
  }
  const Milliseconds age = now() - last->made_at;
  data.set("last", visit.words.say({"backups.last",
                                    {{"at", minute_text(last->made_at)},
                                     {"hours", static_cast<std::int64_t>(age / kHour)},
                                     {"proven", minute_text(last->proven_at)}}}));
  data.set("late", nightly && age > kLate);
}

Page backups_page(const Visit& visit) {
  Page page;
  page.title = visit.say("backups.title");
  page.page = "backups";
  mustache::data& data = page.data;
  data.set("title", page.title);
  data.set("jobs", visit.say("jobs.link"));
  for (const char* label : {"about", "try", "try_title"}) data.set(label, visit.say(std::string("backups.") + label));
  for (const char* label : {"when", "where", "keep"})
    data.set(std::string(label) + "_label", visit.say(std::string("backups.") + label));
  for (const char* column : {"made", "proven", "state", "size", "rows", "file"})
    data.set(std::string("column_") + column, visit.say(std::string("backups.") + column));
  const auto kept = storage::kept_backups(visit.transaction);
  const auto plan = storage::backup_plan(visit.workspace);
  tell_last(visit, kept, plan && plan->nightly, data);
  if (plan) {
    data.set("when", plan->nightly ? visit.words.say({"backups.nightly", {{"at", plan->at()}}})
                                   : visit.say("backups.not_nightly"));
    data.set("where", plan->folder.string());
    data.set("keep", visit.words.say(
                         {"backups.kept", {{"days", std::int64_t{plan->days}}, {"weeks", std::int64_t{plan->weeks}}}}));
    if (on_one_disk(plan->folder, visit.workspace.folder())) data.set("same_disk", visit.say("backups.same_disk"));
  } else {
    data.set("problem", visit.words.sentence(plan.error()));
  }
  const auto job = storage::newest_job(visit.transaction, storage::kBackupJob);
  if (job && (job->state == "queued" || job->state == "running")) {
    data.set("running", visit.words.say({"backups.running", {{"n", job->done}}}));
  } else {
    if (job && job->state == "failed")
      data.set("failed", visit.words.say({"backups.failed", {{"at", minute_text(job->changed_at)}}}));
    if (plan) {
      mustache::data ask;
      ask.set("form", visit.form_token());
      ask.set("label", visit.say("backups.ask"));
      data.set("ask", ask);
    }
  }
  mustache::data rows{mustache::data::type::list};
  for (const storage::KeptBackup& each : kept) {
    mustache::data row;
    row.set("made", minute_text(each.made_at));
    row.set("proven", minute_text(each.proven_at));
    row.set("state", visit.say("backups.state_" + (each.problem.empty() ? "whole" : each.problem)));
    row.set("bad", !each.problem.empty());
    row.set("size", size_of(visit, each.bytes));
    row.set("rows", std::to_string(each.rows));
    row.set("file", each.file);
    row.set("host", each.host);
    rows << row;
  }
  data.set("backups", rows);
  data.set("any", !kept.empty());
  return page;
}

}  // namespace

Result<Response> show_backups(const Visit& visit) { return show(visit, backups_page(visit)); }

Result<Response> ask_for_backup(const Visit& visit) {
  const storage::BackupPlan plan = TRY(storage::backup_plan(visit.workspace));
  storage::ask_for_backup(visit.transaction, plan, now(), false, visit.person.account);
  return see_other("/backups");
}

}  // namespace understory::server
