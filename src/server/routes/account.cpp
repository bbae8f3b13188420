// Signing in and out, invitations, and one's own account.
#include "people/account.h"

#include <algorithm>

#include "collect/entities.h"
#include "collect/quarantine.h"
#include "foundation/clock.h"
#include "foundation/text.h"
#include "people/audit.h"
#include "people/password_rules.h"
#include "people/sign_in.h"
#include "server/example.h"
#include "server/routes.h"
#include "vault/second_factor.h"

namespace understory::server {

namespace mustache = kainjow::mustache;

namespace {

constexpr int kYear = 31536000;  // seconds

// The session ends with the browser or by its own rules; the device is known for a year.
void keep(Response& response, const Request& request, const people::SignedIn& entered) {
  set_cookie(response, request, "session", entered.session);
  set_cookie(response, request, "device", entered.device, kYear);
}

people::Tell teller(storage::Workspace& workspace, std::string_view route, std::string_view action = "sign_in") {
  return [&workspace, route = std::string(route), action = std::string(action)](
             storage::Transaction& transaction, Id account, std::string_view outcome, std::string_view reason) {
    const auto key = people::audit_key(workspace);
    if (!key) throw std::runtime_error(key.error().sentence());
    people::record(transaction, *key,
                   {account, action, route, "account", account, std::string(outcome), std::string(reason)});
  };
}

Page sign_in_page(const Visit& visit) {
  Page page;
  page.title = visit.say("account.sign_in");
  page.page = "sign_in";
  for (const char* label : {"sign_in", "name", "password", "code", "code_hint"})
    page.data.set(label, visit.say(std::string("account.") + label));
  const auto examples = example_accounts(visit.workspace);
  mustache::data list{mustache::data::type::list};
  for (const ExampleAccount& each : examples) {
    mustache::data entry;
    entry.set("name", each.name);
    entry.set("password", each.password);
    entry.set("role", visit.say("role." + each.role));
    entry.set("button", visit.words.say({"example.enter", {{"name", each.name}}}));
    list << entry;
  }
  if (!examples.empty()) {
    page.data.set("examples", list);
    page.data.set("example_about", visit.say("example.about"));
    for (const char* column : {"password", "roles"})
      page.data.set(std::string("column_") + column, visit.say(std::string("account.") + column));
  }
  return page;
}

Page invitation_page(const Visit& visit) {
  Page page;
  page.title = visit.say("account.choose_password");
  page.page = "invitation";
  for (const char* label : {"choose_password", "password", "password_again", "password_hint", "set_password"})
    page.data.set(label, visit.say(std::string("account.") + label));
  return page;
}

}  // namespace

Result<Response> show_sign_in(const Visit& visit) {
  if (visit.person.active) return see_other("/");
  return show(visit, sign_in_page(visit));
}

namespace {

// What came while stories were locked and had to wait for somebody who may open them.
void catch_up(storage::Workspace& workspace, std::string_view session) {
  try {
    auto transaction = workspace.write();
    const auto opened = people::session_of(workspace, transaction, session);
    if (!opened || !opened->key) return;
    transaction.unlock(opened->key);
    if (collect::catch_up(transaction)) transaction.commit();
  } catch (const storage::DatabaseError&) {
    // It waits for the next who signs in; nobody is kept out for it.
  }
}

}  // namespace

Result<Response> do_sign_in(const Visit& visit) {
  const auto entered = people::sign_in(visit.workspace,
                                       {visit.request.field("name"), visit.request.field("password"),
                                        visit.request.field("code"), visit.request.cookie("device"), visit.session},
                                       teller(visit.workspace, "POST /sign-in"));
  if (!entered) {
    Page page = sign_in_page(visit);
    page.data.set("problem", visit.words.sentence(entered.error()));
    Response response = show(visit, std::move(page));
    response.status = entered.error().status();
    return response;
  }
  catch_up(visit.workspace, entered->session);
  Response response = see_other("/");
  keep(response, visit.request, *entered);
  return response;
}

Result<Response> do_sign_out(const Visit& visit) {
  people::sign_out(visit.transaction, visit.session);
  Response response = see_other("/sign-in");
  set_cookie(response, visit.request, "session", "", -1);
  // Whoever sits down next finds no page of this person in the browser. (Its cookies stay: one says it is known here.)
  response.headers.emplace_back("Clear-Site-Data", "\"cache\", \"storage\"");
  return response;
}

Result<Response> sign_out_everywhere(const Visit& visit) {
  people::sign_out_everywhere(visit.transaction, visit.person.account);
  return do_sign_out(visit);
}

Result<Response> show_invitation(const Visit& visit) {
  const Id account = TRY(people::invited(visit.transaction, visit.named.at("invitation")));
  Page page = invitation_page(visit);
  page.data.set("account", TRY(people::account_of(visit.transaction, account)).name);
  return show(visit, std::move(page));
}

Result<Response> accept_invitation(const Visit& visit) {
  const std::string& token = visit.named.at("invitation");
  const std::string password = visit.request.field("password");
  const Id account = TRY(people::invited(visit.transaction, token));
  const std::string name = TRY(people::account_of(visit.transaction, account))
  .name;
  auto good = people::check_password(password, name);
  if (good && password != visit.request.field("again"))
    good = fail(problems::kWeakPassword, {{"reason", "it was not typed the same way twice"}});
  if (!good) {
    Page page = invitation_page(visit);
    page.data.set("account", name);
    page.data.set("problem", visit.words.sentence(good.error()));
    Response response = show(visit, std::move(page));
    response.status = good.error().status();
    return response;
  }
  const vault::PersonKey key = vault::make_person_key(password);  // the slow part, before the transaction
  storage::Transaction transaction = visit.workspace.write();
  TRY(people::accept_invitation(transaction, token, key));
  teller(visit.workspace, "POST /invitations/{invitation}")(transaction, account, "done", "invitation taken");
  transaction.commit();
  return see_other("/sign-in");
}

namespace {

Result<Page> own_page(const Visit& visit) {
  Page page;
  page.title = visit.say("account.mine");
  page.page = "account";
  mustache::data& data = page.data;
  data.set("title", page.title);
  data.set("form", visit.form_token());
  for (const char* label : {"name", "roles", "factor", "factor_about", "start_factor", "drop_factor", "new_codes",
                            "everywhere", "change", "change_about", "password_now", "code", "new_password",
                            "password_again", "password_hint", "change_password", "sessions", "end_session"})
    data.set(std::string(label) + "_label", visit.say(std::string("account.") + label));
  if (visit.person.at_machine) {
    data.set("at_machine", visit.say("account.at_machine"));
    return page;
  }
  const people::Account account = TRY(people::account_of(visit.transaction, visit.person.account));
  data.set("name", account.name);
  data.set("signed_in", true);
  data.set("has_factor", account.has_factor ? visit.say("account.has_factor") : visit.say("account.no_factor"));
  mustache::data roles{mustache::data::type::list};
  for (const people::Grant& grant : account.grants) {
    mustache::data entry;
    std::string where;
    if (grant.study)
      if (const auto study = study::find_study(visit.transaction, grant.study)) where = study->name;
    if (!grant.place.empty()) where += (where.empty() ? "" : ", ") + grant.place;
    entry.set("role", visit.say("role." + std::string(people::name_of(grant.role))));
    if (!where.empty()) entry.set("where", where);
    roles << entry;
  }
  data.set("roles", roles);
  data.set("can_drop", account.has_factor);
  if (visit.person.code_missing) data.set("code_missing", visit.say("account.code_missing"));
  mustache::data sessions{mustache::data::type::list};
  for (const people::OpenSession& each : people::open_sessions(visit.transaction, account.id, visit.session)) {
    mustache::data entry;
    entry.set("number", each.number);
    entry.set("text",
              visit.words.say(
                  {"account.session", {{"since", minute_text(each.created_at)}, {"seen", minute_text(each.seen_at)}}}));
    if (each.here) entry.set("here", visit.say("account.here"));
    sessions << entry;
  }
  data.set("sessions", sessions);
  return page;
}

}  // namespace

Result<Response> show_account(const Visit& visit) {
  Page page = TRY(own_page(visit));
  for (const char* what : {"password", "no_factor", "session"})
    if (visit.request.parameter("done") == what) page.data.set("done", visit.say(std::string("account.done_") + what));
  return show(visit, std::move(page));
}

namespace {

// A new second factor and new recovery codes, shown this once.
Response shown_once(const Visit& visit, const people::EntryChanged& changed) {
  Visit renewed = visit;  // forms of this page go with the session that goes on
  renewed.session = changed.entered.session;
  Page page;
  page.title = visit.say("account.factor");
  page.page = "factor";
  page.data.set("title", page.title);
  if (!changed.factor.empty()) {
    mustache::data factor;
    factor.set("about", visit.say("account.factor_shown"));
    factor.set("secret", vault::base32(changed.factor));
    factor.set("address", vault::factor_address(changed.factor, changed.name));
    page.data.set("factor", factor);
  }
  page.data.set("codes_about", visit.say("account.recovery_codes"));
  page.data.set("back", visit.say("account.mine"));
  mustache::data codes{mustache::data::type::list};
  for (const std::string& code : changed.recovery_codes) {
    mustache::data entry;
    entry.set("code", code);
    codes << entry;
  }
  page.data.set("codes", codes);
  return show(renewed, std::move(page));
}

}  // namespace

// Password, second factor, recovery codes and sessions: each asks for password and code once more.
Result<Response> change_entry(const Visit& visit) {
  const Request& request = visit.request;
  if (!visit.person.account) return fail(problems::kForbidden);  // there are no accounts yet
  const auto change = [&]() -> Result<people::EntryChanged> {
    const std::string what = request.field("do");
    const auto known = std::find(people::kEntryChanges.begin(), people::kEntryChanges.end(), what);
    if (known == people::kEntryChanges.end())
      return fail(problems::kInvalidValue, {{"where", "do"},
                                            {"value", std::string(shortened(what, 40))},
                                            {"what", "change"},
                                            {"hint", "Use the buttons of the page."}});
    if (what == "password" && request.field("new_password") != request.field("again"))
      return fail(problems::kWeakPassword, {{"reason", "it was not typed the same way twice"}});
    return people::change_entry(
        visit.workspace,
        {
          TRY(people::account_of(visit.transaction, visit.person.account))
          .name, request.field("password"), request.field("code"), "", visit.session
        },
        static_cast<people::EntryChange>(known - people::kEntryChanges.begin()),
        request.field(what == "password" ? "new_password" : "session"),
        teller(visit.workspace, "POST /account/entry", "change_entry"));
  };
  const auto changed = change();
  if (!changed) {
    Page page = TRY(own_page(visit));
    page.data.set("problem", visit.words.sentence(changed.error()));
    Response response = show(visit, std::move(page));
    response.status = changed.error().status();
    return response;
  }
  Response response =
      changed->recovery_codes.empty() ? see_other("/account?done=" + request.field("do")) : shown_once(visit, *changed);
  keep(response, visit.request, changed->entered);
  return response;
}

}  // namespace understory::server
