// The desk: one page whose script does the rest (web/desk) over the JSON interface.
#include "foundation/patterns.h"
#include "people/account.h"
#include "server/assets.h"
#include "server/example.h"
#include "server/routes.h"

namespace understory::server {

namespace mustache = kainjow::mustache;

namespace {

// Scripts and style from here alone, nothing evaluated, nothing from elsewhere.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-src "
    "'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

// What the desk says, and the fixed words it shows.
constexpr std::string_view kGroups[]{"desk.",
                                     "kind.",
                                     "source_kind.",
                                     "language.",
                                     "machine.suggested",
                                     "account.mine",
                                     "jobs.kind_",
                                     "jobs.link",
                                     "mask_kind.",
                                     "certainty.",
                                     "machine.because",
                                     "machine.like",
                                     "machine.take",
                                     "machine.decline",
                                     "facet.",
                                     "level.",
                                     "unit.",
                                     "findings.short.",
                                     "findings.about.",
                                     "findings.title.",
                                     "findings.how",
                                     "findings.all_groups",
                                     "findings.count_of",
                                     "page.passages_behind",
                                     "page.no_passages",
                                     "page.leads_to",
                                     "page.prevents",
                                     "column.",
                                     "outcome.",
                                     "element."};

// Who asks and what is open to them: names of studies with the rights this person has in each.
void write_person(JsonWriter& out, const Visit& visit) {
  const auto account = people::account_of(visit.transaction, visit.person.account);
  out.key("account");
  account ? out.value(account->name) : out.null();
  out.member("locked", visit.transaction.locked()).key("studies").array();
  for (const study::Study& each : study::studies(visit.transaction)) {
    if (!visit.may(people::Right::kSeeStudy, each.id)) continue;
    out.object()
        .member("id", each.id.text())
        .member("name", each.name)
        .member("language", each.language)
        .member("invented", each.invented)
        .key("rights")
        .array();
    for (std::size_t right = 0; right < people::kRights.size(); ++right)
      if (visit.may(static_cast<people::Right>(right), each.id)) out.value(people::kRights[right]);
    out.end_array().end_object();
  }
  out.end_array().key("rights").array();
  for (std::size_t right = 0; right < people::kRights.size(); ++right)
    if (people::is_general(static_cast<people::Right>(right)) && visit.may(static_cast<people::Right>(right)))
      out.value(people::kRights[right]);
  out.end_array();
}

std::string setting_of(const Visit& visit) {
  JsonWriter out;
  out.object()
      .member("token", visit.form_token())
      .member("language", visit.language())
      .member("checked", visit.words.checked())
      .member("example", !example_accounts(visit.workspace).empty());
  out.key("languages").array();
  for (const std::string& code : Catalogue::languages())
    out.object().member("code", code).member("name", Catalogue::of(code).say("_name")).end_object();
  out.end_array().key("words").object();
  for (const std::string_view group : kGroups)
    for (const auto& [key, pattern] : patterns_beginning_with(visit.language(), group)) out.member(key, pattern);
  out.end_object().key("person").object();
  write_person(out, visit);
  out.end_object().end_object();
  return within_script(out.text());
}

}  // namespace

Result<Response> show_desk(const Visit& visit) {
  mustache::data data;
  data.set("language", visit.language());
  data.set("title", visit.say("desk.title"));
  data.set("no_script", visit.say("desk.no_script"));
  data.set("plain", visit.say("desk.plain"));
  data.set("opening", visit.say("desk.opening"));
  data.set("setting", setting_of(visit));
  data.set("script", "/assets/" + asset_named("desk.js").address);
  data.set("style", "/assets/" + asset_named("desk.css").address);
  Response response;
  response.body = mustache::mustache(std::string(page_template("desk.mustache"))).render(data);
  response.headers.emplace_back("Content-Security-Policy", kPolicy);
  return response;
}

Result<Response> api_person(const Visit& visit) {
  JsonWriter out;
  out.object();
  write_person(out, visit);
  out.end_object();
  return json(out);
}

}  // namespace understory::server
