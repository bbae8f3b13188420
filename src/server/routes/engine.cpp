// Filling a form in by script: the one page here that runs any (web/forms). It computes with ODK's engine, keeps drafts
// sealed on the device, and sends the same bytes until they have arrived.
#include "collect/forms.h"
#include "collect/intake.h"
#include "collect/record.h"
#include "foundation/reasons.h"
#include "foundation/text.h"
#include "people/audit.h"
#include "server/assets.h"
#include "server/openrosa.h"
#include "server/routes.h"

namespace understory::server {

namespace {

// What the script says, by the keys "engine.…" of the catalogue.
constexpr std::string_view kEngineWords[]{"add",
                                          "added",
                                          "another",
                                          "back",
                                          "cannot_keep",
                                          "cannot_open",
                                          "clear",
                                          "constraint",
                                          "date_wrong",
                                          "day",
                                          "decimal_wrong",
                                          "delete",
                                          "delete_sure",
                                          "go_on",
                                          "hour",
                                          "keep",
                                          "keep_about",
                                          "keep_order",
                                          "kept_here",
                                          "language",
                                          "later_busy",
                                          "later_offline",
                                          "later_sign_in",
                                          "latitude",
                                          "locked",
                                          "longitude",
                                          "minute",
                                          "moment_wrong",
                                          "month",
                                          "month_1",
                                          "month_2",
                                          "month_3",
                                          "month_4",
                                          "month_5",
                                          "month_6",
                                          "month_7",
                                          "month_8",
                                          "month_9",
                                          "month_10",
                                          "month_11",
                                          "month_12",
                                          "move_down",
                                          "move_up",
                                          "must",
                                          "next",
                                          "not_answered",
                                          "nothing_kept",
                                          "number",
                                          "opening",
                                          "page_alone",
                                          "part",
                                          "passphrase",
                                          "passphrase_again",
                                          "passphrase_wrong",
                                          "passphrases_differ",
                                          "place_wrong",
                                          "problems",
                                          "remove",
                                          "remove_file",
                                          "remove_sure",
                                          "removed",
                                          "required",
                                          "send",
                                          "send_again",
                                          "sending",
                                          "sign_out_sure",
                                          "state_draft",
                                          "state_refused",
                                          "state_waiting",
                                          "time_wrong",
                                          "unlock",
                                          "unreadable",
                                          "whole_wrong",
                                          "wipe",
                                          "wipe_sure",
                                          "wiped",
                                          "year"};

// Scripts and style from here alone; WebAssembly, in which the engine reads expressions, and nothing from elsewhere.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; img-src 'self' "
    "blob: data:; worker-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

// Alike for a form that is not there, one that is closed, and one this person may not fill in.
Result<collect::KeptForm> form_to_fill(const Visit& visit) {
  const std::string& name = visit.named.at("form");
  const auto none = fail(problems::kNotFound, {{"what", "form"}, {"name", std::string(shortened(name, 40))}});
  const auto id = Id::parse(name);
  if (!id) return none;
  auto form = collect::find_form(visit.transaction, *id);
  if (!form || !people::decide(visit.person, people::Right::kFillForms, {form->study, {}, {}}).allowed) return none;
  return std::move(*form);
}

// A version of it: also an old one, in which a draft was begun.
Result<collect::FormVersion> version_named(const Visit& visit) {
  const collect::KeptForm form = TRY(form_to_fill(visit));
  const std::string& name = visit.named.at("version");
  const auto none = fail(problems::kNotFound, {{"what", "version"}, {"name", std::string(shortened(name, 40))}});
  const auto id = Id::parse(name);
  if (!id) return none;
  auto version = collect::find_version(visit.transaction, *id);
  if (!version || version->form != form.id || version->draft) return none;
  return std::move(*version);
}

std::string setting_of(const Visit& visit, const collect::KeptForm& form, const collect::FormVersion& version,
                       const std::string& title) {
  JsonWriter out;
  out.object()
      .member("form", form.id.text())
      .member("version", version.id.text())
      .member("title", title)
      .member("owner", visit.person.account ? visit.person.account.text() : "machine")
      .member("token", visit.form_token())
      .member("language", visit.language())
      .member("images", "/forms/" + form.id.text() + "/versions/" + version.id.text() + "/files/");
  out.key("words").object();
  for (const std::string_view word : kEngineWords) out.member(word, visit.say("engine." + std::string(word)));
  out.end_object().end_object();
  return within_script(out.text());
}

std::string receipt_json(std::string_view state, const Id& receipt, const std::string& message) {
  JsonWriter out;
  out.object().member("state", state).member("receipt", receipt.text()).member("message", message).end_object();
  return out.text() + "\n";
}

Response refused(const Catalogue& words, const Problem& problem) {
  JsonWriter out;
  out.object().member("code", problem.code()).member("message", words.sentence(problem)).end_object();
  return json(out, problem.status());
}

Response received(const Catalogue& words, const collect::Receipt& receipt) {
  const bool waits = receipt.waits_for != collect::WaitsFor::kNothing;
  Response response;
  response.status = waits ? 202 : 201;
  response.content_type = "application/json; charset=utf-8";
  response.body = receipt_json(waits ? "waits" : "received", receipt.submission,
                               words.say(waits ? "openrosa.waits" : "openrosa.received"));
  return response;
}

Result<collect::Post> post_of(const Visit& visit) {
  if (visit.request.body_problem) return tl::unexpected(*visit.request.body_problem);
  const collect::KeptForm form = TRY(form_to_fill(visit));
  collect::Post post = TRY(sent_parts(visit));
  if (TRY(collect::read_envelope(post.xml)).form_id != form.form_id)
    return fail_because(problems::kReasonOtherForm, problems::kBadSubmission);
  post.sender.person = visit.person;
  // Who works in one place tells of that place.
  const people::Reach reach = people::reach(visit.person, people::Right::kFillForms, form.study);
  if (!reach.everything && reach.places.size() == 1) post.sender.place = reach.places.front();
  post.route = "POST /forms/{form}/engine";
  return post;
}

}  // namespace

Result<Response> show_engine(const Visit& visit) {
  const collect::KeptForm form = TRY(form_to_fill(visit));
  const auto versions = collect::form_versions(visit.transaction, form.id);
  if (form.state != collect::FormState::kOpen || versions.empty())
    return fail(problems::kNotFound, {{"what", "form"}, {"name", form.id.text()}});
  const collect::FormVersion& version = versions.front();
  Page page;
  page.title = version.title.empty() ? form.form_id : version.title;
  page.page = "engine";
  page.data.set("title", page.title);
  page.data.set("form", form.id.text());
  page.data.set("plain", visit.say("engine.plain"));
  page.data.set("no_script", visit.say("engine.no_script"));
  page.data.set("kept_label", visit.say("engine.kept"));
  page.data.set("opening", visit.say("engine.opening"));
  page.data.set("setting", setting_of(visit, form, version, page.title));
  page.data.set("script", "/assets/" + asset_named("forms.js").address);
  page.data.set("style", "/assets/" + asset_named("forms.css").address);
  Response response = show(visit, std::move(page));
  response.headers.emplace_back("Content-Security-Policy", kPolicy);
  return response;
}

Result<Response> take_from_engine(const Visit& visit) {
  auto made = post_of(visit);
  if (!made) return refused(visit.words, made.error());
  // Kept in a transaction of its own, together with others; the request's must not stay open while it waits for them.
  Response response;
  response.then = [&workspace = visit.workspace, &words = visit.words,
                   post = std::make_shared<collect::Post>(std::move(*made))] {
    const auto key = people::audit_key(workspace);
    if (!key) throw std::runtime_error(key.error().sentence());
    const auto receipt = collect::take_in(workspace, *key, *post);
    return receipt ? received(words, *receipt) : refused(words, receipt.error());
  };
  return response;
}

Result<Response> send_definition(const Visit& visit) {
  const collect::FormVersion version = TRY(version_named(visit));
  Response response;
  response.content_type = "text/xml; charset=utf-8";
  response.body = collect::form_xml(visit.transaction, version.id);
  return response;
}

Result<Response> send_version_file(const Visit& visit) {
  const collect::FormVersion version = TRY(version_named(visit));
  return file_beside(visit, version, visit.named.at("name"));
}

}  // namespace understory::server
