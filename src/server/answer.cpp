// One request answered: who asks, whether they may, the answer, and the log before it goes out.
#include "foundation/log.h"
#include "foundation/text.h"
#include "people/account.h"
#include "people/audit.h"
#include "people/denials.h"
#include "people/sign_in.h"
#include "people/token.h"
#include "server/openrosa.h"
#include "server/refusal.h"
#include "server/routes.h"
#include "server/thing.h"

namespace understory::server {

using enum Access;

namespace {

bool to_openrosa(const Request& request) { return wants(request.path) == Wants::kOpenRosa; }
bool only_asks(const Request& request) { return request.method == "GET" || request.method == "HEAD"; }

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
  stale = session->stale && !(route && route->asked_by_itself);
}

people::Decision admit(const Visit& visit, const Route& route) {
  if (route.access == kDevice && !visit.person.at_machine)
    return {visit.device.has_value(), false, "an enrolled device", {}};
  if (route.access == kFromHere && visit.request.from_here) return {true, false, "from this machine", {}};
  if (route.access == kThing && !visit.person.at_machine &&
      (visit.named.contains("form") || visit.named.contains("submission") || visit.named.contains("list"))) {
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
  if (!study && route.access == kRight && !visit.person.at_machine)
    return {visit.person.active, false, "names nothing", {}};
  return admits(visit.person, route, study.value_or(Id{}));
}

people::Deed deed_of(const Visit& visit, const Route* route, std::string_view outcome, std::string_view reason) {
  people::Deed deed;
  deed.account = visit.person.account;
  deed.route = route ? std::string(route->method) + " " + std::string(route->address) : "";
  deed.action =
      route && (route->access == kRight || route->access == kThing) ? std::string(name_of(route->right)) : "use";
  for (const char* kind : {"source", "finding", "study", "account", "submission", "form", "device", "list"})
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

people::Deed denial_of(const Visit& visit, const Route& route) {
  people::Deed deed;
  deed.action = std::string(name_of(route.right));
  deed.route = std::string(route.method) + " " + std::string(route.address);
  deed.kind = "device";
  deed.record = visit.device->id;
  deed.outcome = "denied";
  deed.reason = visit.device->revoked_at != 0 ? "the device was revoked" : "the device's time is over";
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
  const bool of_thing =
      visit.named.contains("submission") || visit.named.contains("list") || visit.named.contains("form");
  if (decision.hidden && of_thing && !visit.named.contains("study")) {
    const std::string what = visit.named.contains("submission") ? "submission"
                             : visit.named.contains("list")     ? "list"
                                                                : "form";
    problem = Problem(problems::kNotFound, {{"what", what == "list" ? "list of entities" : what},
                                            {"name", std::string(shortened(visit.named.at(what), 40))}});
  } else if (decision.hidden && visit.named.contains("study")) {
    // Looked up all the same: an answer that came sooner would tell that there is one.
    [[maybe_unused]] const auto looked_up = visit.study();
    problem = Problem(problems::kNotFound, {{"what", "study"}, {"name", visit.id("study")->text()}});
  }
  return api ? json_problem(visit, problem) : show_problem(visit, problem);
}

// No route is reached by this method, whatever the address: that tells nobody what there is. What phones may ask is no
// secret: they are told what an address of theirs answers to.
Response no_such_method(const Request& request, std::string_view allowed) {
  Response response = refusal(request, Problem(problems::kNoSuchMethod));
  response.headers.emplace_back("Allow", allowed);
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
Response unforeseen(const Request& request, const std::exception& error) {
  const std::string number = Id::make().text();
  log::write(log::Level::kError, "request " + number + " failed: " + error.what());
  return refusal(request, Problem(problems::kUnforeseen, {{"number", number}}));
}

}  // namespace

people::Decision admits(const people::Person& person, const Route& route, Id study) {
  if (route.access == kAnybody || person.at_machine) return {true, false, "open to anybody", {}};
  if (route.access == kSignedIn && person.code_missing && route.address.rfind("/account", 0) != 0 &&
      route.address != "/sign-out")
    return {false, false, "this account must set up its code first", {}};
  if (route.access == kSignedIn) return {person.active, false, "signed in", {}};
  if (route.access == kThing) return {people::may_somewhere(person, route.right), false, "in some study", {}};
  return people::decide(person, route.right, {study, {}, {}});
}

Response outage(const Request& request, const storage::DatabaseError& error) {
  const auto problem = error.problem();
  if (!problem) return unforeseen(request, error);
  if (problem->is(problems::kLocked)) return refusal(request, *problem);
  const std::string number = Id::make().text();
  log::write(log::Level::kError, "request " + number + " met " + std::string(problem->code()) + ": " + error.what());
  Problem::Details details = problem->details();
  if (const auto reason = details.find("reason"); reason != details.end())
    reason->second = "the log says why, under " + number;
  return refusal(request, Problem(problem->kind(), std::move(details)));
}

namespace {

// Whether what signs a phone's request by HTTP Digest is good, and by that used up: it signs no other one. Asked once,
// when the head of the request has come: a slow sender needs longer for the rest than that stays good.
bool signed_well(storage::Workspace& workspace, const Request& request, const Route* route,
                 const std::map<std::string, std::string>& named) {
  if (request.signed_well) return *request.signed_well;
  if (!route || route->access != kDevice || !request.by_digest()) return false;
  std::optional<NonceUse> use;
  {
    storage::Transaction transaction = workspace.read();
    use = nonce_used({workspace, transaction, request, Catalogue::of("en"), named, {}, "", {}});
  }
  return use && spend(workspace, *use);
}

Response try_to_answer(storage::Workspace& workspace, const Request& request, const Route* route,
                       std::map<std::string, std::string> named, bool api) {
  try {
    const bool writes = route && !only_asks(request) && route->lane != Lane::kPasswords && !route->only_reads;
    bool stale = false;
    Response response;
    std::string session;
    std::optional<people::Deed> deed;  // still to be written down
    const bool by_digest = signed_well(workspace, request, route, named);
    {
      storage::Transaction transaction = writes ? workspace.write() : workspace.read();
      Visit visit{workspace, transaction, request, Catalogue::of(language_of(request)), std::move(named), {}, "", {}};
      visit.signed_well = by_digest;
      recognise(visit, route, stale);
      session = visit.session;
      Result<Response> made =
          to_openrosa(request)
              ? fail(problems::kNoSuchAddress)  // its path holds its token
              : fail(problems::kNotFound, {{"what", "page"}, {"name", std::string(shortened(request.path, 80))}});
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
          const bool over = !made && route->access == kDevice && made.error().is(problems::kDeviceOver);
          if (over && visit.device && !people::denied_this_minute(visit.transaction, visit.device->id))
            deed = denial_of(visit, *route);
          const bool decides = route->access == kRight || route->access == kThing || route->answer == stop_job;
          const bool denied =
              !made && decides && (made.error().is(problems::kNotFound) || made.error().is(problems::kForbidden));
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
    if (const std::string asked = request.parameter("lang"); Catalogue::of(asked).language() == asked)
      set_cookie(response, request, "language", asked, 31536000);
    return response;
  } catch (const storage::DatabaseError& error) {
    if (route && route->address == "/healthz") return not_well();
    return outage(request, error);
  } catch (const std::exception& error) {
    return unforeseen(request, error);
  }
}

}  // namespace

std::optional<Response> refuse_unread(storage::Workspace& workspace, Request& request) {
  std::map<std::string, std::string> named;
  const Route* route = route_of(request, named);
  if (!route || route->access == kAnybody) return std::nullopt;  // takes no more than a page's form
  try {
    bool stale = false;
    Response response;
    std::optional<people::Deed> deed;
    if (request.by_digest()) request.signed_well = signed_well(workspace, request, route, named);
    {
      storage::Transaction transaction = workspace.read();
      Visit visit{workspace, transaction, request, Catalogue::of(language_of(request)), std::move(named), {}, "", {}};
      visit.right = route->right;
      visit.signed_well = request.signed_well.value_or(false);
      recognise(visit, route, stale);
      const people::Decision decision = admit(visit, *route);
      if (decision.allowed) return std::nullopt;
      response = refuse(visit, decision, wants(request.path) == Wants::kJson);
      if (visit.person.active) deed = deed_of(visit, route, "denied", decision.reason);
    }
    if (deed) {
      storage::Transaction transaction = workspace.write();
      write_down(workspace, transaction, *deed);
      transaction.commit();
    }
    response.route = route->address;
    return response;
  } catch (const std::exception&) {
    return std::nullopt;  // whatever is wrong is told when it is answered
  }
}

Response answer(storage::Workspace& workspace, const Request& request) {
  const bool api = wants(request.path) == Wants::kJson;
  std::map<std::string, std::string> named;
  const Route* route = route_of(request, named);
  if (!route && to_openrosa(request))
    if (const std::string allowed = methods_of(request); !allowed.empty()) return no_such_method(request, allowed);
  if (!route && !only_asks(request) && request.method != "POST") return no_such_method(request, "GET, HEAD, POST");
  Response response = try_to_answer(workspace, request, route, std::move(named), api);
  if (to_openrosa(request)) response = in_envelope(std::move(response));
  if (route) response.route = route->address;
  return response;
}

}  // namespace understory::server
