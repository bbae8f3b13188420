// Who looked at this? What the log says of one source or submission, for whoever leads its study.
#include "people/account.h"
#include "people/audit.h"
#include "server/routes.h"
#include "server/thing.h"
#include "server/told.h"

namespace understory::server {

namespace mustache = kainjow::mustache;

namespace {

constexpr int kShown = 200;

std::string action_text(const Visit& visit, const std::string& action) {
  for (const char* group : {"right.", "action."})
    if (visit.words.has(group + action)) return visit.say(group + action);
  return action;
}

Response looks_page(const Visit& visit, Id record, const std::string& name, const std::string& back,
                    const study::Study* study) {
  Page page;
  page.title = visit.say("looks.title");
  page.page = "looks";
  page.study = study;
  page.place = "sources";
  mustache::data& data = page.data;
  data.set("title", page.title);
  data.set("name", name);
  data.set("back", back);
  data.set("about", visit.say("looks.about"));
  set_labels(visit, data, "audit.", {"at", "account", "action", "outcome"});
  std::map<Id, std::string> names;
  for (const people::Account& each : people::accounts(visit.transaction)) names[each.id] = each.name;
  const auto entries = people::audit_entries(visit.transaction, record, {}, 0, kShown);
  mustache::data rows{mustache::data::type::list};
  for (const people::AuditEntry& entry : entries) {
    mustache::data row;
    row.set("at", entry.at);
    const auto found = names.find(entry.deed.account);
    row.set("account", found == names.end() ? "–" : found->second);
    row.set("action", action_text(visit, entry.deed.action));
    row.set("outcome", visit.say("audit." + entry.deed.outcome));
    row.set("denied", entry.deed.outcome == "denied");
    rows << row;
  }
  data.set("entries", rows);
  if (entries.empty()) data.set("none", visit.say("looks.none"));
  return show(visit, std::move(page));
}

}  // namespace

Result<Response> show_looks_at_source(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Id wanted = TRY(visit.id("source"));
  const study::Source source = TRY(open_to(visit, study.id, wanted));
  return looks_page(visit, wanted, source.line.name, "/studies/" + study.id.text() + "/sources/" + wanted.text(),
                    &study);
}

Result<Response> show_looks_at_submission(const Visit& visit) {
  const collect::Submission submission = TRY(submission_named(visit));
  return looks_page(visit, submission.id, submission.id.text(), "/submissions/" + submission.id.text(), nullptr);
}

}  // namespace understory::server
