// Signing in and out, invitations, and one's own account.
#include "people/account.h"

#include "people/audit.h"
#include "people/password_rules.h"
#include "people/sign_in.h"
#include "server/example.h"
#include "server/routes.h"
#include "vault/second_factor.h"

namespace understory::server {

namespace mustache = kainjow::mustache;

namespace {

// The session ends with the browser or by its own rules; the device is known for a year.
void keep(Response& response, const people::SignedIn& entered) {
  response.headers.emplace_back("Set-Cookie", "session=" + entered.session + "; Path=/; HttpOnly; SameSite=Strict");
  response.headers.emplace_back(
      "Set-Cookie", "device=" + entered.device + "; Path=/sign-in; HttpOnly; SameSite=Strict; Max-Age=31536000");
}

people::Tell teller(storage::Workspace& workspace, std::string_view route) {
  return [&workspace, route = std::string(route)](storage::Transaction& transaction, Id account,
                                                  std::string_view outcome, std::string_view reason) {
    const auto key = people::audit_key(workspace);
    if (!key) throw std::runtime_error(key.error().sentence());
    people::record(transaction, *key,
                   {account, "sign_in", route, "account", account, std::string(outcome), std::string(reason)});
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

Result<Response> do_sign_in(const Visit& visit) {
  const auto entered = people::sign_in(visit.workspace,
                                       {visit.request.field("name"), visit.request.field("password"),
                                        visit.request.field("code"), visit.request.cookie("device")},
                                       teller(visit.workspace, "POST /sign-in"));
  if (!entered) {
    Page page = sign_in_page(visit);
    page.data.set("problem", visit.words.sentence(entered.error()));
    Response response = show(visit, std::move(page));
    response.status = entered.error().status();
    return response;
  }
  Response response = see_other("/");
  keep(response, *entered);
  return response;
}

Result<Response> do_sign_out(const Visit& visit) {
  people::sign_out(visit.transaction, visit.session);
  Response response = see_other("/sign-in");
  response.headers.emplace_back("Set-Cookie", "session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
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

Result<Response> show_account(const Visit& visit) {
  Page page;
  page.title = visit.say("account.mine");
  page.page = "account";
  mustache::data& data = page.data;
  data.set("title", page.title);
  data.set("form", visit.form_token());
  for (const char* label : {"name", "roles", "factor", "factor_about", "start_factor", "everywhere"})
    data.set(std::string(label) + "_label", visit.say(std::string("account.") + label));
  if (visit.person.at_machine) {
    data.set("at_machine", visit.say("account.at_machine"));
    return show(visit, std::move(page));
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
  return show(visit, std::move(page));
}

// A new second factor and new recovery codes, shown this once.
Result<Response> start_factor(const Visit& visit) {
  const auto key = people::person_key(visit.transaction, visit.person.account);
  if (!key) return fail(problems::kForbidden);
  const std::string factor = vault::make_factor();
  people::set_factor(visit.transaction, visit.person.account, key->public_key, factor);
  Page page;
  page.title = visit.say("account.factor");
  page.page = "factor";
  page.data.set("title", page.title);
  page.data.set("about", visit.say("account.factor_shown"));
  page.data.set("secret", vault::base32(factor));
  page.data.set("address",
                vault::factor_address(factor, TRY(people::account_of(visit.transaction, visit.person.account)).name));
  page.data.set("codes_about", visit.say("account.recovery_codes"));
  page.data.set("back", visit.say("account.mine"));
  mustache::data codes{mustache::data::type::list};
  for (const std::string& code : people::make_recovery_codes(visit.transaction, visit.person.account)) {
    mustache::data entry;
    entry.set("code", code);
    codes << entry;
  }
  page.data.set("codes", codes);
  return show(visit, std::move(page));
}

}  // namespace understory::server
