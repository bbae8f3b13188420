#include "server/visit.h"

#include "foundation/resource.h"
#include "foundation/text.h"
#include "people/glass.h"
#include "people/token.h"
#include "server/example.h"

namespace understory::server {

namespace mustache = kainjow::mustache;

std::span<const Resource> resources();

std::string_view page_template(std::string_view name) {
  const auto found = find_resource(resources(), "src/server/pages/" + std::string(name));
  if (!found) throw std::logic_error("no page " + std::string(name));
  return *found;
}

Result<Id> Visit::id(const std::string& name) const {
  const auto value = named.find(name);
  const auto id = value == named.end() ? std::nullopt : Id::parse(value->second);
  if (!id)
    return fail(problems::kNotFound,
                {{"what", name}, {"name", value == named.end() ? "" : std::string(shortened(value->second, 40))}});
  return *id;
}

Result<study::Study> Visit::study() const {
  const Id wanted = TRY(id("study"));
  return study::find_study(transaction, wanted);
}

study::Limits Visit::limits(Id study) const {
  return study::limits_of(transaction, study, people::reach(person, right, study));
}

study::Evidence Visit::evidence(Id study) const {
  return study::limited(study::load_evidence(transaction, study), limits(study));
}

bool Visit::may(people::Right wanted, Id study) const {
  return people::decide(person, wanted, {study, {}, {}}).allowed;
}

std::string Visit::form_token() const { return session.empty() ? "" : people::form_token(session); }

namespace {

// The same page in another language: its address with lang= replaced.
std::string in_language(const Request& request, const std::string& language) {
  std::string query;
  for (const auto& [name, value] : request.query)
    if (name != "lang") query += percent_encode(name) + "=" + percent_encode(value) + "&";
  std::string path;
  for (std::string_view part : split(request.path, '/'))
    if (!part.empty()) path += "/" + percent_encode(part);
  return (path.empty() ? "/" : path) + "?" + query + "lang=" + language;
}

mustache::data languages(const Visit& visit) {
  mustache::data list{mustache::data::type::list};
  for (const std::string& code : Catalogue::languages()) {
    mustache::data entry;
    entry.set("code", code);
    entry.set("name", Catalogue::of(code).say("_name"));
    entry.set("address", in_language(visit.request, code));
    entry.set("chosen", code == visit.words.language());
    list << entry;
  }
  return list;
}

mustache::data menu(const Visit& visit, const Page& page) {
  mustache::data list{mustache::data::type::list};
  if (!page.study) return list;
  using enum people::Right;
  struct Part {
    const char *place, *address;
    people::Right right;
  };
  const std::string base = "/studies/" + page.study->id.text();
  for (const auto& [place, address, right] : {Part{"overview", "", kSeeStudy},
                                              {"codebook", "/codebook", kSeeStudy},
                                              {"sources", "/sources", kListSources},
                                              {"findings", "/findings/causes", kSeeFindings},
                                              {"report", "/report.html", kMakeReport}}) {
    if (!visit.may(right, page.study->id)) continue;
    mustache::data entry;
    entry.set("address", base + address);
    entry.set("label", visit.say(std::string("menu.") + place));
    entry.set("lit", page.place == place);
    list << entry;
  }
  return list;
}

bool uses_forms(const people::Person& person) {
  using enum people::Right;
  return people::may_somewhere(person, kFillForms) || people::may_somewhere(person, kKeepForms) ||
         people::may_somewhere(person, kReadSubmissions);
}

Response whole(const Visit& visit, Page& page, int status) {
  mustache::mustache body{std::string(page_template(page.page + ".mustache"))};
  mustache::data layout;
  layout.set("language", visit.language());
  layout.set("title", page.title);
  layout.set("skip", visit.say("page.skip"));
  layout.set("studies", visit.say("menu.studies"));
  layout.set("quick_exit", visit.say("page.quick_exit"));
  if (!page.keeps_typed) {
    layout.set("languages", languages(visit));
    layout.set("language_label", visit.say("page.language"));
    layout.set("language_name", visit.say("_name"));
    layout.set("switch", true);
  }
  layout.set("menu", menu(visit, page));
  if (!visit.session.empty()) {
    mustache::data account;
    account.set("form", visit.form_token());
    account.set("account_label", visit.say("account.mine"));
    account.set("sign_out", visit.say("account.sign_out"));
    if (visit.may(people::Right::kManageAccounts)) account.set("accounts", visit.say("accounts.title"));
    account.set("glass", visit.say("glass.title"));
    if (uses_forms(visit.person)) account.set("forms", visit.say("forms.title"));
    if (people::may_somewhere(visit.person, people::Right::kChangeStudy))
      account.set("places", visit.say("place_page.title"));
    account.set("languages_title", visit.say("language_page.title"));
    if (visit.may(people::Right::kKeepDevices)) account.set("devices", visit.say("devices.title"));
    if (visit.may(people::Right::kKeepMachine)) account.set("backups", visit.say("backups.title"));
    if (visit.may(people::Right::kKeepMachine) || people::may_somewhere(visit.person, people::Right::kChangeStudy))
      account.set("jobs", visit.say("jobs.title"));
    if (visit.may(people::Right::kReadAudit)) account.set("audit", visit.say("audit.title"));
    layout.set("account", account);
  }
  if (visit.person.active && !visit.person.at_machine)
    if (const auto notices = people::unread_notices(visit.transaction, visit.person.account); !notices.empty()) {
      mustache::data entry;
      entry.set("text", visit.words.say({"glass.notice", {{"n", static_cast<std::int64_t>(notices.size())}}}));
      entry.set("button", visit.say("glass.see"));
      entry.set("form", visit.form_token());
      layout.set("notices", entry);
    }
  if (!example_accounts(visit.workspace).empty()) layout.set("example", visit.say("example.banner"));
  const bool uses_desk = !visit.session.empty() && (people::may_somewhere(visit.person, people::Right::kListSources) ||
                                                    people::may_somewhere(visit.person, people::Right::kSeeFindings));
  if (uses_desk) layout.set("desk", visit.say("desk.link"));
  if (page.study) layout.set("study", page.study->name);
  layout.set("where", uses_desk || page.study);
  if (page.study && page.study->invented) layout.set("invented", visit.say("page.invented"));
  if (!visit.words.checked()) layout.set("unchecked", visit.say("page.unchecked"));
  layout.set("body", body.render(page.data));
  if (!body.is_valid()) throw std::logic_error("pages/" + page.page + ".mustache: " + body.error_message());
  Response response;
  response.status = status;
  response.body = mustache::mustache(std::string(page_template("layout.mustache"))).render(layout);
  return response;
}

}  // namespace

Response show(const Visit& visit, Page page) { return whole(visit, page, 200); }

Response show_problem(const Visit& visit, const Problem& problem) {
  Page page;
  page.title = visit.say("page.problem");
  page.page = "problem";
  page.data.set("title", page.title);
  page.data.set("sentence", visit.words.sentence(problem));
  page.data.set("back", visit.say("page.back_to_studies"));
  return whole(visit, page, problem.status());
}

Response see_other(const std::string& address) {
  Response response;
  response.status = 303;
  response.content_type = "text/plain; charset=utf-8";
  response.headers.emplace_back("Location", address);
  return response;
}

Response json(const JsonWriter& document, int status) {
  Response response;
  response.status = status;
  response.content_type = "application/json; charset=utf-8";
  response.body = document.text() + "\n";
  return response;
}

Response json_problem(const Visit& visit, const Problem& problem) {
  JsonWriter out;
  out.object().member("code", problem.code()).member("message", visit.words.sentence(problem)).end_object();
  return json(out, problem.status());
}

std::string minute_text(Milliseconds at) {
  std::string text = iso_time(at).substr(0, 16);
  text[10] = ' ';
  return text + " UTC";
}

mustache::data option(const std::string& value, const std::string& label, bool chosen) {
  mustache::data entry;
  entry.set("value", value);
  entry.set("label", label);
  entry.set("chosen", chosen);
  return entry;
}

}  // namespace understory::server
