// What would this person see? Each answer is asked of the one place that decides (people/rights.h) and of what limits
// lists and counts (study/limits.h), as it is when they come themselves.
#include "foundation/text.h"
#include "people/account.h"
#include "places/places.h"
#include "server/reason_text.h"
#include "server/routes.h"
#include "server/thing.h"
#include "study/source_places.h"

namespace understory::server {

namespace mustache = kainjow::mustache;
using people::Right;

namespace {

// Where in the study a right reaches: "everywhere", or the places.
std::string where_of(const Visit& visit, const people::Reach& reach) {
  if (reach.everything) return visit.say("sees.everywhere");
  std::vector<std::string> names;
  for (const std::string& place : reach.places)
    names.push_back(places::name_of(visit.transaction, place, visit.language()));
  return names.empty() ? visit.say("sees.nowhere") : join(names, "; ");
}

mustache::data row_of(const std::string& what, bool may, const std::string& where, const std::string& reason) {
  mustache::data row;
  row.set("what", what);
  row.set("may", may);
  row.set("where", where);
  row.set("reason", reason);
  return row;
}

// How many of the study's texts are open to a right, counted as their list would be.
std::string stories_of(const Visit& visit, const people::Person& person, Right right, Id study) {
  const study::Limits limits = study::limits_of(visit.transaction, study, people::reach(person, right, study));
  std::int64_t open = 0, all = 0;
  for (const study::SourcePlace& each : study::source_places(visit.transaction, study)) {
    ++all;
    open += limits.open(each.location, each.source);
  }
  return visit.words.say({"sees.stories_of", {{"open", open}, {"all", all}}});
}

// A study as this person finds it.
mustache::data study_of(const Visit& visit, const people::Person& person, const study::Study& study) {
  mustache::data entry, rows{mustache::data::type::list}, pages{mustache::data::type::list};
  entry.set("name", study.name);
  set_labels(visit, entry, "sees.", {"what", "may", "where", "pages"});
  set_labels(visit, entry, "accounts.", {"reason"});
  for (std::size_t i = 0; i < people::kRights.size(); ++i) {
    const Right right = static_cast<Right>(i);
    if (people::is_general(right)) continue;
    const people::Decision decision = people::decide(person, right, {study.id, {}, {}});
    std::string where = decision.allowed ? where_of(visit, people::reach(person, right, study.id)) : "";
    if (decision.allowed &&
        (right == Right::kListSources || right == Right::kReadSource || right == Right::kExportStudy))
      where += ", " + stories_of(visit, person, right, study.id);
    rows << row_of(visit.say("right." + std::string(people::name_of(right))), decision.allowed, where,
                   reason_text(visit, decision.why));
  }
  entry.set("rows", rows);
  bool any = false;
  for (const Route& route : routes()) {
    const bool of_study =
        route.address.starts_with("/studies/{study}") &&
        route.address.find('{', std::string_view("/studies/{study}").size()) == std::string_view::npos;
    if (route.method != "GET" || !of_study || !admits(person, route, study.id).allowed) continue;
    mustache::data page;
    page.set("address", "/studies/…" + std::string(route.address.substr(std::string_view("/studies/{study}").size())));
    pages << page;
    any = true;
  }
  entry.set("page_list", pages);
  entry.set("has_pages", any);
  return entry;
}

}  // namespace

Result<Response> show_what_account_sees(const Visit& visit) {
  const Id id = TRY(visit.id("account"));
  const people::Account account = TRY(people::account_of(visit.transaction, id));
  const people::Person person = people::person_of(visit.transaction, id);
  Page page;
  page.title = visit.words.say({"sees.title", {{"name", account.name}}});
  page.page = "sees";
  mustache::data& data = page.data;
  data.set("title", page.title);
  data.set("back", account.name);
  data.set("back_address", "/accounts/" + id.text());
  data.set("about", visit.say("sees.about"));
  if (!person.active) data.set("inactive", visit.say("sees.inactive"));
  set_labels(visit, data, "sees.", {"general"});
  mustache::data studies{mustache::data::type::list}, pages{mustache::data::type::list};
  bool any = false;
  for (const study::Study& study : study::studies(visit.transaction)) {
    if (!people::decide(person, Right::kSeeStudy, {study.id, {}, {}}).allowed) continue;
    studies << study_of(visit, person, study);
    any = true;
  }
  data.set("studies", studies);
  if (!any) data.set("none", visit.say("sees.no_study"));
  for (const Route& route : routes()) {
    if (route.method != "GET" || route.address.find('{') != std::string_view::npos ||
        route.address.starts_with("/api/") || route.address.starts_with("/v1/") || route.access == Access::kAnybody ||
        route.access == Access::kFromHere)
      continue;
    if (!admits(person, route, {}).allowed) continue;
    mustache::data entry;
    entry.set("address", std::string(route.address));
    pages << entry;
  }
  data.set("pages", pages);
  return show(visit, std::move(page));
}

}  // namespace understory::server
