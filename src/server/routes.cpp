#include "server/routes.h"

#include "foundation/log.h"
#include "foundation/patterns.h"
#include "foundation/text.h"
#include "people/account.h"
#include "people/audit.h"
#include "people/sign_in.h"
#include "people/token.h"
#include "server/openrosa.h"
#include "server/thing.h"

namespace understory::server {

namespace {

using enum Access;
using enum people::Right;

constexpr Body kSent{Body::Kind::kParts, kMostSent};

// OData's way to ask without an address: what $filter looks for, often a name, stands in no history and no log.
constexpr Body kQuery{Body::Kind::kBytes, 128 * 1024};

// What the desk sends: a few named values as JSON.
constexpr Body kJson{Body::Kind::kBytes, 128 * 1024};

constexpr Route kRoutes[] = {
    {"GET", "/", show_studies, kSignedIn, kSeeStudy, false},
    {"GET", "/studies/{study}", show_overview, kRight, kSeeStudy, false},
    {"GET", "/studies/{study}/codebook", show_codebook, kRight, kSeeStudy, false},
    {"GET", "/studies/{study}/sources", show_sources, kRight, kListSources, true},
    // Words searched for, often a name, stand in no address, and so in no history and no log.
    {"POST", "/studies/{study}/sources", show_sources, kRight, kListSources, true, true},
    {"GET", "/studies/{study}/sources/{source}", show_source, kRight, kReadSource, true},
    {"GET", "/studies/{study}/sources/{source}/erase", ask_to_erase, kRight, kChangeStudy, true},
    {"POST", "/studies/{study}/sources/{source}/erase", erase_source, kRight, kChangeStudy, false},  // says the reason
    {"GET", "/studies/{study}/findings/{ask}", show_finding, kRight, kSeeFindings, false},
    {"GET", "/studies/{study}/findings/{ask}/passages", show_passages, kRight, kSeePassages, true},
    {"GET", "/studies/{study}/report.html", send_report_html, kRight, kMakeReport, true},
    {"GET", "/studies/{study}/report.pdf", send_report_pdf, kRight, kMakeReport, true, false, Lane::kReports},
    {"GET", "/page.css", send_style, kAnybody, {}, false},
    {"GET", "/healthz", tell_health, kAnybody, {}, false},
    {"GET", "/metrics", tell_figures, kFromHere, kKeepMachine, false},
    {"GET", "/sign-in", show_sign_in, kAnybody, {}, false},
    // Those of the lane for passwords log in their own transactions.
    {"POST", "/sign-in", do_sign_in, kAnybody, {}, false, false, Lane::kPasswords},
    {"POST", "/sign-out", do_sign_out, kSignedIn, {}, true},
    {"GET", "/invitations/{invitation}", show_invitation, kAnybody, {}, false},
    {"POST", "/invitations/{invitation}", accept_invitation, kAnybody, {}, false, false, Lane::kPasswords},
    {"GET", "/account", show_account, kSignedIn, {}, false},
    {"POST", "/account/sign-out-everywhere", sign_out_everywhere, kSignedIn, {}, true},
    {"POST", "/account/entry", change_entry, kSignedIn, {}, false, false, Lane::kPasswords},
    {"GET", "/audit", show_audit, kRight, kReadAudit, true},
    {"GET", "/accounts", show_accounts, kRight, kManageAccounts, true},
    {"POST", "/accounts", make_account, kRight, kManageAccounts,
     false},  // says more in the log than a line of this table
    {"GET", "/accounts/{account}", show_account_of, kRight, kManageAccounts, true},
    {"POST", "/accounts/{account}", change_account, kRight, kManageAccounts, false},  // likewise
    {"GET", "/backups", show_backups, kRight, kKeepMachine, true},
    {"POST", "/backups", ask_for_backup, kRight, kKeepMachine, true},
    {"GET", "/set-up", show_set_up, kAnybody, {}, false},
    {"POST", "/set-up", do_set_up, kAnybody, {}, false, false, Lane::kPasswords},
    {"GET", "/glass", show_glasses, kSignedIn, {}, false},
    {"POST", "/glass", ask_glass, kSignedIn, {}, false},                  // likewise
    {"GET", "/glass/{glass}", look_through_glass, kSignedIn, {}, false},  // decides and logs by itself
    {"POST", "/glass/{glass}", change_glass, kSignedIn, {}, false},       // likewise
    {"POST", "/notices/read", mark_notices_read, kSignedIn, {}, false},
    {"GET", "/forms", show_forms, kSignedIn, kFillForms, false},
    // A program of its own may have to read it, for up to a minute: kept and logged in a transaction after that.
    {"POST", "/forms", take_form, kThing, kKeepForms, false, true, Lane::kReports, kSent},
    {"GET", "/forms/{form}", show_form, kThing, kKeepForms, false},
    {"POST", "/forms/{form}", change_form, kThing, kKeepForms, true, false, Lane::kPages, kSent},
    // Shows what the newest submission would become, so it is logged like reading one.
    {"GET", "/forms/{form}/mapping", show_mapping, kThing, kKeepForms, true},
    {"POST", "/forms/{form}/mapping", keep_mapping, kThing, kKeepForms, true, false, Lane::kPages,
     Body{Body::Kind::kParts, 4'000'000}},
    {"POST", "/forms/{form}/take", take_into_study, kThing, kReadSubmissions, true, false, Lane::kReports},
    {"GET", "/forms/{form}/fill", show_filling, kThing, kFillForms, false},
    // What is sent is logged where it is kept, in that transaction; what is merely looked at again, nowhere.
    {"POST", "/forms/{form}/fill", take_filling, kThing, kFillForms, false, true, Lane::kIntake, kSent},
    {"GET", "/forms/{form}/submissions", show_submissions, kThing, kReadSubmissions, true},
    {"POST", "/forms/{form}/submissions", review_submissions, kThing, kReviewSubmissions, true},
    {"GET", "/submissions/{submission}", show_submission, kThing, kReadSubmissions, true},
    {"POST", "/submissions/{submission}", review_submission, kThing, kReviewSubmissions, true},
    {"GET", "/submissions/{submission}/edit", show_filling, kThing, kReviewSubmissions, true},
    {"POST", "/submissions/{submission}/edit", take_filling, kThing, kReviewSubmissions, false, true, Lane::kIntake,
     kSent},
    {"GET", "/submissions/{submission}/attachments/{attachment}", send_attachment, kThing, kReadSubmissions, true, true,
     Lane::kDownloads},
    {"GET", "/entities", show_entity_lists, kSignedIn, kReadSubmissions, false},
    {"GET", "/entities/{list}", show_entity_list, kThing, kReadSubmissions, true},
    {"POST", "/entities/{list}", change_entity_list, kThing, kKeepForms, true},
    {"POST", "/entities/{list}/{entity}", change_entity, kThing, kReviewSubmissions, true},
    {"GET", "/devices", show_devices, kRight, kKeepDevices, true},
    {"POST", "/devices", enroll_device, kRight, kKeepDevices, true},
    {"POST", "/devices/{device}", revoke_device, kRight, kKeepDevices, true},
    // A form filled in by script, with drafts sealed on the device.
    {"GET", "/forms/{form}/engine", show_engine, kThing, kFillForms, false},
    {"POST", "/forms/{form}/engine", take_from_engine, kThing, kFillForms, false, true, Lane::kIntake, kSent, true},
    {"GET", "/forms/{form}/versions/{version}/definition", send_definition, kThing, kFillForms, false},
    // Decides by itself: a file nobody brought yet is asked for each time the form is opened, and is no denial.
    {"GET", "/forms/{form}/versions/{version}/files/{name}", send_version_file, kSignedIn, kFillForms, false, true,
     Lane::kDownloads},
    // Staff's place in the browser; its script asks the JSON interface for everything.
    {"GET", "/desk", show_desk, kSignedIn, kSeeStudy, false},
    {"GET", "/desk/{rest*}", show_desk, kSignedIn, kSeeStudy, false},
    {"GET", "/assets/{name}", send_asset, kAnybody, {}, false},
    // OpenRosa, by a token in the path or by name and token as HTTP asks for them. What is sent is logged where it is
    // kept, in that transaction.
    {"GET", "/v1/key/{token}/formList", send_form_list, kDevice, kFillForms, false},
    {"GET", "/v1/key/{token}/forms/{form}", send_form, kDevice, kFillForms, false},
    {"GET", "/v1/key/{token}/forms/{form}/manifest", send_manifest, kDevice, kFillForms, false},
    {"GET", "/v1/key/{token}/forms/{form}/files/{name}", send_form_file, kDevice, kFillForms, false, true,
     Lane::kDownloads},
    {"GET", "/v1/key/{token}/forms/{form}/files/{name}/integrity", tell_integrity, kDevice, kFillForms, false},
    {"GET", "/v1/key/{token}/submission", welcome_submission, kDevice, kFillForms, false},
    {"POST", "/v1/key/{token}/submission", take_submission, kDevice, kFillForms, false, true, Lane::kIntake, kSent,
     true},
    {"GET", "/v1/formList", send_form_list, kDevice, kFillForms, false},
    {"GET", "/v1/forms/{form}", send_form, kDevice, kFillForms, false},
    {"GET", "/v1/forms/{form}/manifest", send_manifest, kDevice, kFillForms, false},
    {"GET", "/v1/forms/{form}/files/{name}", send_form_file, kDevice, kFillForms, false, true, Lane::kDownloads},
    {"GET", "/v1/forms/{form}/files/{name}/integrity", tell_integrity, kDevice, kFillForms, false},
    {"GET", "/v1/submission", welcome_submission, kDevice, kFillForms, false},
    {"POST", "/v1/submission", take_submission, kDevice, kFillForms, false, true, Lane::kIntake, kSent, true},
    {"GET", "/api/v1/studies", api_studies, kSignedIn, kSeeStudy, false},
    {"GET", "/api/v1/studies/{study}", api_study, kRight, kSeeStudy, false},
    {"GET", "/api/v1/studies/{study}/codebook", api_codebook, kRight, kSeeStudy, false},
    {"POST", "/api/v1/studies/{study}/codebook", make_code, kRight, kChangeStudy, true, false, Lane::kPages, kJson},
    {"POST", "/api/v1/studies/{study}/codebook/{code}", change_code, kRight, kChangeStudy, true, false, Lane::kPages,
     kJson},
    {"GET", "/api/v1/studies/{study}/codebook/{code}/merge", look_at_merge, kRight, kChangeStudy, false},
    {"POST", "/api/v1/studies/{study}/codebook/{code}/merge", merge_code, kRight, kChangeStudy, true, false,
     Lane::kPages, kJson},
    {"GET", "/api/v1/studies/{study}/codebook/{code}/passages", api_passages_of_code, kRight, kReadSource, true},
    {"POST", "/api/v1/studies/{study}/codebook/{code}/split", split_code, kRight, kChangeStudy, true, false,
     Lane::kPages, kJson},
    {"GET", "/api/v1/studies/{study}/sources", api_sources, kRight, kListSources, true},
    {"GET", "/api/v1/studies/{study}/sources/{source}", api_source, kRight, kReadSource, true},
    {"POST", "/api/v1/studies/{study}/sources/{source}/codings", put_coding, kRight, kCode, true, false, Lane::kPages,
     kJson},
    {"DELETE", "/api/v1/studies/{study}/sources/{source}/codings/{coding}", take_coding_off, kRight, kCode, true},
    {"GET", "/api/v1/studies/{study}/sources/{source}/memos", api_memos, kRight, kReadSource, true},
    {"POST", "/api/v1/studies/{study}/sources/{source}/memos", put_memo, kRight, kCode, true, false, Lane::kPages,
     kJson},
    // Asked again and again by whoever has the source open, which was logged; it holds positions and no words.
    {"GET", "/api/v1/studies/{study}/sources/{source}/changes", api_changes, kRight, kReadSource, false, false,
     Lane::kNews},
    {"POST", "/api/v1/studies/{study}/sources/{source}/blind", set_blind, kRight, kChangeStudy, true, false,
     Lane::kPages, kJson},
    {"GET", "/api/v1/studies/{study}/sources/{source}/comparison", api_comparison, kRight, kReadSource, true},
    {"POST", "/api/v1/studies/{study}/sources/{source}/settlements", settle_difference, kRight, kChangeStudy, true,
     false, Lane::kPages, kJson},
    {"GET", "/api/v1/person", api_person, kSignedIn, kSeeStudy, false},
    {"GET", "/api/v1/studies/{study}/findings/{ask}", api_finding, kRight, kSeeFindings, false},
    {"GET", "/api/v1/studies/{study}/findings/{ask}/passages", api_passages, kRight, kSeePassages, true},
    // Submissions for other programs: by whoever may have them of every study, or of the study that is named.
    {"GET", "/api/v1/forms/{form}/submissions.csv.zip", send_submissions_csv, kRight, kExportSubmissions, true, false,
     Lane::kDownloads},
    {"GET", "/api/v1/forms/{form}/submissions.xlsx", send_submissions_xlsx, kRight, kExportSubmissions, true, false,
     Lane::kDownloads},
    {"GET", "/api/v1/forms/{form}/submissions.geojson", send_submissions_geojson, kRight, kExportSubmissions, true,
     false, Lane::kDownloads},
    {"GET", "/api/v1/forms/{form}.svc", send_odata_service, kRight, kExportSubmissions, true, false, Lane::kDownloads},
    {"GET", "/api/v1/forms/{form}.svc/", send_odata_service, kRight, kExportSubmissions, true, false, Lane::kDownloads},
    {"GET", "/api/v1/forms/{form}.svc/{rest*}", send_odata, kRight, kExportSubmissions, true, false, Lane::kDownloads},
    {"POST", "/api/v1/forms/{form}.svc/{rest*}", send_odata_query, kRight, kExportSubmissions, true, true,
     Lane::kDownloads, kQuery},
    {"GET", "/api/v1/studies/{study}/forms/{form}/submissions.csv.zip", send_submissions_csv, kRight,
     kExportSubmissions, true, false, Lane::kDownloads},
    {"GET", "/api/v1/studies/{study}/forms/{form}/submissions.xlsx", send_submissions_xlsx, kRight, kExportSubmissions,
     true, false, Lane::kDownloads},
    {"GET", "/api/v1/studies/{study}/forms/{form}/submissions.geojson", send_submissions_geojson, kRight,
     kExportSubmissions, true, false, Lane::kDownloads},
    {"GET", "/api/v1/studies/{study}/forms/{form}.svc", send_odata_service, kRight, kExportSubmissions, true, false,
     Lane::kDownloads},
    {"GET", "/api/v1/studies/{study}/forms/{form}.svc/", send_odata_service, kRight, kExportSubmissions, true, false,
     Lane::kDownloads},
    {"GET", "/api/v1/studies/{study}/forms/{form}.svc/{rest*}", send_odata, kRight, kExportSubmissions, true, false,
     Lane::kDownloads},
    {"POST", "/api/v1/studies/{study}/forms/{form}.svc/{rest*}", send_odata_query, kRight, kExportSubmissions, true,
     true, Lane::kDownloads, kQuery},
};

static_assert(std::all_of(std::begin(kRoutes), std::end(kRoutes),
                          [](const Route& route) { return route.access != kUndecided; }),
              "every route says who may use it");

// A part of an address: "{study}" takes one part whole, "{form}.svc" what stands before the ending, "{rest*}" all that
// is left.
bool fits(std::string_view address, std::string_view path, std::map<std::string, std::string>& named) {
  const auto wanted = split(address, '/'), given = split(path, '/');
  const bool open_end = address.ends_with("*}");
  if (open_end ? given.size() < wanted.size() : given.size() != wanted.size()) return false;
  named.clear();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].empty() || wanted[i].front() != '{') {
      if (wanted[i] != given[i]) return false;
      continue;
    }
    const std::size_t close = wanted[i].find('}');
    std::string_view name = wanted[i].substr(1, close - 1), value = given[i];
    const std::string_view ending = wanted[i].substr(close + 1);
    if (open_end && i + 1 == wanted.size()) {
      name.remove_suffix(1);
      value = path.substr(static_cast<std::size_t>(given[i].data() - path.data()));
    }
    if (value.size() <= ending.size() || !value.ends_with(ending)) return false;
    value.remove_suffix(ending.size());
    named[std::string(name)] = std::string(value);
  }
  return true;
}

bool to_openrosa(const Request& request) { return request.path.rfind("/v1/", 0) == 0; }

// Phones and the desk are spoken to in more languages than pages are in.
bool in_all_languages(const Request& request) {
  return to_openrosa(request) || request.path.rfind("/api/", 0) == 0 || request.path == "/desk" ||
         request.path.rfind("/desk/", 0) == 0;
}

bool known(const Request& request, std::string_view language) {
  const auto& languages = in_all_languages(request) ? all_languages() : Catalogue::languages();
  return std::find(languages.begin(), languages.end(), language) != languages.end();
}

// ?lang= beats the cookie, the cookie what the browser asks for, and that beats English.
std::string language_of(const Request& request) {
  if (const std::string asked = request.parameter("lang"); known(request, asked)) return asked;
  if (const std::string kept = request.cookie("language"); known(request, kept)) return kept;
  const std::string accepted = request.header("accept-language");
  for (std::string_view each : split(accepted, ',')) {
    const std::string code = lower_ascii(trim(each).substr(0, 2));
    if (known(request, code)) return code;
  }
  return "en";
}

}  // namespace

std::span<const Route> routes() { return kRoutes; }

namespace {

const Route* route_for(std::string_view method, const Request& request, std::map<std::string, std::string>& named) {
  for (const Route& route : kRoutes)
    if (route.method == method && fits(route.address, request.path, named)) return &route;
  named.clear();
  return nullptr;
}

const Route* route_of(const Request& request, std::map<std::string, std::string>& named) {
  const Route* route = route_for(request.method, request, named);
  return route || request.method != "HEAD" ? route : route_for("GET", request, named);
}

bool only_asks(const Request& request) { return request.method == "GET" || request.method == "HEAD"; }

}  // namespace

Lane lane_of(const Request& request) {
  std::map<std::string, std::string> named;
  const Route* route = route_of(request, named);
  return route ? route->lane : Lane::kPages;
}

Body body_of(const Request& request) {
  std::map<std::string, std::string> named;
  const Route* route = route_of(request, named);
  return route ? route->body : Body{};
}

namespace {

// A page from elsewhere can make a browser send a form here, but not say that it came from here, nor know the word that
// stands in this session's own forms, or in a header that only a page of ours can send. (Signing in belongs to no
// session yet.)
bool came_from_here(const Request& request, const Route& route, const std::string& session) {
  const std::string origin = request.header("origin"), site = request.header("sec-fetch-site");
  if (!origin.empty() && origin != (request.secure ? "https://" : "http://") + request.header("host")) return false;
  if (!site.empty() && site != "same-origin" && site != "none") return false;
  // A program's question has no form of ours around it, and changes nothing.
  if (route.answer == send_odata_query) return true;
  return route.access == kAnybody || session.empty() ||
         people::same(request.field("form"), people::form_token(session)) ||
         people::same(request.header("x-form"), people::form_token(session));
}

// The person behind the request's session; who holds the folder, while there are no accounts.
void recognise(Visit& visit, const Route* route, bool& stale) {
  if (route && route->access == kDevice) {
    visit.device = device_behind(visit);
    if (visit.device) {
      visit.person = visit.device->person(now());
      return;
    }
    // Before there are accounts, whoever is at the machine may try a form out.
    if (!visit.named.contains("token") && !people::has_accounts(visit.transaction))
      visit.person.at_machine = visit.person.active = visit.request.from_here;
    return;
  }
  if (!people::has_accounts(visit.transaction)) {
    visit.person.at_machine = visit.person.active = visit.request.from_here;
    return;
  }
  const std::string token = visit.request.cookie("session");
  const auto session = people::session_of(visit.workspace, visit.transaction, token);
  if (!session) return;
  visit.session = token;
  visit.person = people::person_of(visit.transaction, session->account);
  if (session->key) visit.transaction.unlock(session->key);
  stale = session->stale;
}

people::Decision admit(const Visit& visit, const Route& route) {
  if (route.access == kAnybody || visit.person.at_machine) return {true, false, "open to anybody", {}};
  if (route.access == kFromHere && visit.request.from_here) return {true, false, "from this machine", {}};
  if (route.access == kDevice) return {visit.device.has_value(), false, "an enrolled device", {}};
  if (route.access == kSignedIn && visit.person.code_missing && route.address.rfind("/account", 0) != 0 &&
      route.address != "/sign-out")
    return {false, false, "this account must set up its code first", {}};
  if (route.access == kSignedIn) return {visit.person.active, false, "signed in", {}};
  if (route.access == kThing) {
    if (!visit.named.contains("form") && !visit.named.contains("submission") && !visit.named.contains("list"))
      return {people::may_somewhere(visit.person, route.right), false, "in some study", {}};
    // What is not open looks like what is not there.
    const auto record = record_named(visit);
    people::Decision decision = record ? people::decide(visit.person, route.right, *record)
                                       : people::Decision{false, true, "names nothing", {}};
    decision.hidden = !decision.allowed;
    return decision;
  }
  const bool in_study = visit.named.contains("study");
  const auto study = in_study ? visit.id("study") : Result<Id>(Id{});
  // What is no id names nothing; an unknown study is open to nobody who is not granted every study.
  if (!study) return {visit.person.active, false, "names nothing", {}};
  return people::decide(visit.person, route.right, {*study, {}, {}});
}

people::Deed deed_of(const Visit& visit, const Route* route, std::string_view outcome, std::string_view reason) {
  people::Deed deed;
  deed.account = visit.person.account;
  deed.route = route ? std::string(route->method) + " " + std::string(route->address) : "";
  deed.action =
      route && (route->access == kRight || route->access == kThing) ? std::string(name_of(route->right)) : "use";
  for (const char* kind : {"source", "study", "account", "submission", "form", "device", "list"})
    if (visit.named.contains(kind))
      if (const auto id = visit.id(kind)) {
        deed.kind = std::string_view(kind) == "list" ? "entity_list" : kind;
        deed.record = *id;
        break;
      }
  deed.outcome = outcome;
  deed.reason = reason;
  return deed;
}

void write_down(storage::Workspace& workspace, storage::Transaction& transaction, const people::Deed& deed) {
  const auto key = people::audit_key(workspace);
  if (!key) throw std::runtime_error(key.error().sentence());
  people::record(transaction, *key, deed);
}

// Every answer to somebody who may not, and to anybody who asks for what is not there.
Response refuse(const Visit& visit, const people::Decision& decision, bool api) {
  if (to_openrosa(visit.request)) return ask_for_device(visit);
  if (!visit.person.active) {
    if (api) return json_problem(visit, Problem(problems::kSignInNeeded));
    return see_other("/sign-in");
  }
  if (visit.person.code_missing && !api) return see_other("/account");
  Problem problem(problems::kForbidden);
  if (decision.hidden && !visit.named.contains("study")) {
    const std::string what = visit.named.contains("submission") ? "submission"
                             : visit.named.contains("list")     ? "list"
                                                                : "form";
    problem = Problem(problems::kNotFound, {{"what", what == "list" ? "list of entities" : what},
                                            {"name", std::string(shortened(visit.named.at(what), 40))}});
  } else if (decision.hidden) {
    // Looked up all the same: an answer that came sooner would tell that there is one.
    [[maybe_unused]] const auto looked_up = visit.study();
    problem = Problem(problems::kNotFound, {{"what", "study"}, {"name", visit.id("study")->text()}});
  }
  return api ? json_problem(visit, problem) : show_problem(visit, problem);
}

Response plain_problem(const Problem& problem) {
  Response response;
  response.status = problem.status();
  response.content_type = "text/plain; charset=utf-8";
  response.body = problem.sentence() + "\n";
  return response;
}

// No route is reached by this method, whatever the address: that tells nobody what there is.
Response no_such_method() {
  Response response;
  response.status = 405;
  response.content_type = "text/plain; charset=utf-8";
  response.body = "Nothing here answers to that.\n";
  response.headers.emplace_back("Allow", "GET, HEAD, POST");
  return response;
}

Response not_well() {
  Response response;
  response.status = 503;
  response.content_type = "text/plain; charset=utf-8";
  response.body = "not ok\n";
  return response;
}

// The number is what a person can quote; the text may name a file, never a story.
Response unforeseen(const std::exception& error) {
  const std::string number = Id::make().text();
  log::write(log::Level::kError, "request " + number + " failed: " + error.what());
  Response response;
  response.status = 500;
  response.content_type = "text/plain; charset=utf-8";
  response.body = "Something went wrong here, and it was written to the log as " + number + ". Nothing was changed.\n";
  return response;
}

}  // namespace

Response outage(const storage::DatabaseError& error) {
  const auto problem = error.problem();
  if (!problem) return unforeseen(error);
  if (problem->is(problems::kLocked)) return plain_problem(*problem);
  const std::string number = Id::make().text();
  log::write(log::Level::kError, "request " + number + " met " + std::string(problem->code()) + ": " + error.what());
  Problem::Details details = problem->details();
  if (const auto reason = details.find("reason"); reason != details.end())
    reason->second = "the log says why, under " + number;
  return plain_problem(Problem(problem->kind(), std::move(details)));
}

namespace {

Response try_to_answer(storage::Workspace& workspace, const Request& request, const Route* route,
                       std::map<std::string, std::string> named, bool api) {
  try {
    const bool writes = route && !only_asks(request) && route->lane != Lane::kPasswords && !route->only_reads;
    bool stale = false;
    Response response;
    std::string session;
    std::optional<people::Deed> deed;  // still to be written down
    {
      storage::Transaction transaction = writes ? workspace.write() : workspace.read();
      Visit visit{workspace, transaction, request, Catalogue::of(language_of(request)), std::move(named), {}, "", {}};
      recognise(visit, route, stale);
      session = visit.session;
      Result<Response> made =
          fail(problems::kNotFound, {{"what", "page"},
                                     // The path of a phone's request holds its token.
                                     {"name", to_openrosa(request) ? "…" : std::string(shortened(request.path, 80))}});
      if (!route) {
        // Somebody who is not signed in learns nothing of what there is.
        if (!visit.person.active && !to_openrosa(request)) made = refuse(visit, {}, api);
      } else {
        visit.right = route->right;
        people::Decision decision = admit(visit, *route);
        if (decision.allowed && !only_asks(request) && route->access != kDevice &&
            !came_from_here(request, *route, visit.session))
          decision = {false, false, "the form did not come from here", {}};
        if (!decision.allowed) {
          made = refuse(visit, decision, api);
          // Nobody who is merely sent to the sign-in page was denied anything; writing that down would let strangers
          // fill the disk.
          if (visit.person.active) deed = deed_of(visit, route, "denied", decision.reason);
        } else {
          made = request.body_problem && !route->answers_broken_bodies
                     ? Result<Response>(tl::unexpected<Problem>(*request.body_problem))
                     : route->answer(visit);
          // What is not open inside a study is not there; that it was asked for is written down all the same.
          const bool denied = !made && (route->access == kRight || route->access == kThing) &&
                              (made.error().is(problems::kNotFound) || made.error().is(problems::kForbidden));
          if ((route->logged || denied) && !visit.person.at_machine)
            deed = deed_of(visit, route, made ? "done" : "denied",
                           made ? decision.reason : std::string(made.error().code()));
          if (made && writes) {
            if (deed) write_down(workspace, transaction, *std::exchange(deed, std::nullopt));
            transaction.commit();
          }
        }
      }
      if (!made) {
        const bool later = made.error().is(problems::kExportsTaken) || made.error().is(problems::kOwnExportsTaken);
        made = to_openrosa(request) ? openrosa_problem(visit.words, made.error())
               : api                ? json_problem(visit, made.error())
                                    : show_problem(visit, made.error());
        if (later) made->headers.emplace_back("Retry-After", "30");
      }
      response = std::move(*made);
    }
    if (response.then) response = response.then();
    // What was only read is written down before anybody sees it: reading long does not keep writers waiting, and an
    // entry that cannot be kept is an answer nobody gets.
    if (deed || stale) {
      storage::Transaction transaction = workspace.write();
      if (stale) people::touch_session(transaction, session);
      if (deed) write_down(workspace, transaction, *deed);
      transaction.commit();
    }
    if (known(request, request.parameter("lang")))
      set_cookie(response, request, "language", request.parameter("lang"), 31536000);
    return response;
  } catch (const storage::DatabaseError& error) {
    if (route && route->address == "/healthz") return not_well();
    return outage(error);
  } catch (const std::exception& error) {
    return unforeseen(error);
  }
}

}  // namespace

Response answer(storage::Workspace& workspace, const Request& request) {
  const bool api = request.path.rfind("/api/", 0) == 0;
  std::map<std::string, std::string> named;
  const Route* route = route_of(request, named);
  if (!route && !only_asks(request) && request.method != "POST")
    return to_openrosa(request) ? in_envelope(no_such_method()) : no_such_method();
  Response response = try_to_answer(workspace, request, route, std::move(named), api);
  if (to_openrosa(request)) response = in_envelope(std::move(response));
  if (route) response.route = route->address;
  return response;
}

}  // namespace understory::server
