// The log as a page: who looked at this?
#include "people/audit.h"

#include "people/account.h"
#include "server/reason_text.h"
#include "server/routes.h"

namespace understory::server {

namespace mustache = kainjow::mustache;

namespace {
constexpr int kShown = 200;

// A deed by a right is called as the right is; a newer program's may have no words here.
std::string action_text(const Visit& visit, const std::string& action) {
  for (const char* group : {"right.", "action."})
    if (visit.words.has(group + action)) return visit.say(group + action);
  return action;
}
}  // namespace

Result<Response> show_audit(const Visit& visit) {
  const auto id = [&](const char* name) { return Id::parse(visit.request.parameter(name)).value_or(Id{}); };
  const Id record = id("record"), account = id("account");
  const std::string below = visit.request.parameter("before");
  std::int64_t before = 0;
  if (!below.empty() && below.size() < 18 && below.find_first_not_of("0123456789") == std::string::npos)
    before = std::stoll(below);
  std::map<Id, std::string> names;
  for (const people::Account& each : people::accounts(visit.transaction)) names[each.id] = each.name;
  Page page;
  page.title = visit.say("audit.title");
  page.page = "audit";
  mustache::data& data = page.data;
  data.set("title", page.title);
  data.set("about", visit.say("audit.about"));
  for (const char* column : {"number", "at", "account", "action", "record", "outcome", "reason"})
    data.set(std::string("column_") + column, visit.say(std::string("audit.") + column));
  const auto entries = people::audit_entries(visit.transaction, record, account, before, kShown);
  mustache::data rows{mustache::data::type::list};
  for (const people::AuditEntry& entry : entries) {
    mustache::data row;
    row.set("number", std::to_string(entry.number));
    row.set("at", entry.at);
    const auto name = names.find(entry.deed.account);
    if (name != names.end()) {
      row.set("account", name->second);
      row.set("account_address", "/audit?account=" + entry.deed.account.text());
    }
    row.set("action", action_text(visit, entry.deed.action));
    row.set("route", entry.deed.route);
    if (entry.deed.record) {
      row.set("record", entry.deed.kind + " " + entry.deed.record.text());
      row.set("record_address", "/audit?record=" + entry.deed.record.text());
    }
    row.set("outcome", visit.say("audit." + entry.deed.outcome));
    row.set("denied", entry.deed.outcome == "denied");
    // What decide() gave is said in the reader's language; what the log holds besides stays as it was written.
    const auto why = people::Reason::read(entry.deed.reason);
    row.set("reason", why ? reason_text(visit, *why) : entry.deed.reason);
    rows << row;
  }
  data.set("entries", rows);
  if (entries.empty()) data.set("none", visit.say("audit.none"));
  if (static_cast<int>(entries.size()) == kShown) {
    mustache::data more;
    std::string address = "/audit?before=" + std::to_string(entries.back().number);
    if (record) address += "&record=" + record.text();
    if (account) address += "&account=" + account.text();
    more.set("address", address);
    more.set("label", visit.say("audit.older"));
    data.set("more", more);
  }
  if (record || account) data.set("all", visit.say("audit.all"));
  return show(visit, std::move(page));
}

}  // namespace understory::server
