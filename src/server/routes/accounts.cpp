// A steward's pages: who has an account, what each may do and why, from what each is excluded; and the first account.
#include "foundation/text.h"
#include "people/account.h"
#include "people/audit.h"
#include "people/password_rules.h"
#include "people/sign_in.h"
#include "places/places.h"
#include "server/reason_text.h"
#include "server/routes.h"

namespace understory::server {

namespace mustache = kainjow::mustache;

namespace {

std::string where_of(const Visit& visit, Id study, const std::string& place) {
  std::string where;
  if (study)
    if (const auto found = study::find_study(visit.transaction, study)) where = found->name;
  if (!place.empty()) where += (where.empty() ? "" : ", ") + place;
  return where;
}

std::string role_text(const Visit& visit, const people::Grant& grant) {
  const std::string where = where_of(visit, grant.study, grant.place);
  return visit.say("role." + std::string(people::name_of(grant.role))) + (where.empty() ? "" : " (" + where + ")");
}

mustache::data study_options(const Visit& visit) {
  mustache::data list{mustache::data::type::list};
  for (const study::Study& each : study::studies(visit.transaction)) list << option(each.id.text(), each.name, false);
  return list;
}

std::string grant_fields(const Visit& visit) {
  mustache::data data, roles{mustache::data::type::list};
  for (std::string_view role : people::kRoles)
    roles << option(std::string(role), visit.say("role." + std::string(role)), role == "researcher");
  data.set("roles", roles);
  data.set("studies", study_options(visit));
  for (const char* label : {"role", "study", "place"})
    data.set(std::string(label) + "_label", visit.say(std::string("accounts.") + label));
  data.set("every_study", visit.say("accounts.every_study"));
  return mustache::mustache(std::string(page_template("grant.mustache"))).render(data);
}

Result<people::Grant> grant_of(const Visit& visit) {
  people::Grant grant;
  const auto role = people::role_of(visit.request.field("role"));
  if (!role)
    return fail(problems::kInvalidValue, {{"where", visit.say("accounts.role")},
                                          {"value", std::string(shortened(visit.request.field("role"), 40))},
                                          {"what", "role"},
                                          {"hint", "Choose one of the list."}});
  grant.role = *role;
  if (const std::string study = visit.request.field("study"); !study.empty())
    grant.study = TRY(study::find_study(visit.transaction, Id::parse(study).value_or(Id{1})))
  .id;
  grant.place = trim(visit.request.field("place"));
  if (!grant.place.empty()) TRY(places::require_place(visit.transaction, grant.place, visit.say("accounts.place")));
  if (*role == people::Role::kSteward && (grant.study || !grant.place.empty()))
    return fail(problems::kInvalidValue, {{"where", visit.say("accounts.role")},
                                          {"value", "steward"},
                                          {"what", "role for one study or place"},
                                          {"hint", "A steward keeps the whole machine."}});
  return grant;
}

void write_down(const Visit& visit, std::string_view action, Id account, std::string reason) {
  const auto key = people::audit_key(visit.workspace);
  if (!key) throw std::runtime_error(key.error().sentence());
  people::record(
      visit.transaction, *key,
      {visit.person.account, std::string(action), "POST /accounts", "account", account, "done", std::move(reason)});
}

mustache::data said(const std::string& text, const std::string& link = "") {
  mustache::data made;
  made.set("text", text);
  if (!link.empty()) made.set("link", link);
  return made;
}

// What was typed stands in the form again when something in it was wrong.
Page accounts_page(const Visit& visit, const std::optional<Problem>& problem = {}) {
  Page page;
  page.title = visit.say("accounts.title");
  page.page = "accounts";
  mustache::data& data = page.data;
  data.set("title", page.title);
  data.set("form", visit.form_token());
  data.set("about", visit.say("accounts.about"));
  for (const char* column : {"name", "state", "factor", "roles"})
    data.set(std::string("column_") + column, visit.say(std::string("accounts.") + column));
  for (const char* label : {"new", "name", "organisation", "make"})
    data.set(std::string(label) + "_label", visit.say(std::string("accounts.") + label));
  data.set("new_hint", visit.say("accounts.new_hint"));
  const bool needs = people::needs_code(visit.transaction);
  data.set("codes_label", visit.say("account.factor"));
  data.set("codes_state", visit.say(needs ? "accounts.codes_needed" : "accounts.codes_free"));
  data.set("codes_do", needs ? "free_codes" : "need_codes");
  data.set("codes_button", visit.say(needs ? "accounts.free_codes" : "accounts.need_codes"));
  data.set("grant", grant_fields(visit));
  data.set("typed_name", visit.request.field("name"));
  data.set("typed_organisation", visit.request.field("organisation"));
  if (problem) data.set("problem", visit.words.sentence(*problem));
  mustache::data rows{mustache::data::type::list};
  for (const people::Account& account : people::accounts(visit.transaction)) {
    mustache::data row;
    row.set("name", account.name);
    row.set("address", "/accounts/" + account.id.text());
    row.set("state", visit.say("accounts.state_" + account.state));
    row.set("factor", visit.say(account.has_factor ? "accounts.with_code" : "accounts.with_password"));
    std::vector<std::string> roles;
    for (const people::Grant& grant : account.grants) roles.push_back(role_text(visit, grant));
    row.set("roles", join(roles, "; "));
    rows << row;
  }
  data.set("accounts", rows);
  return page;
}

std::string invitation_address(const Visit& visit, const std::string& token) {
  const std::string origin = visit.request.header("origin");
  return (origin.empty() ? "" : origin) + "/invitations/" + token;
}

Result<Page> account_page(const Visit& visit, Id id) {
  const people::Account account = TRY(people::account_of(visit.transaction, id));
  Page page;
  page.title = account.name;
  page.page = "account_of";
  mustache::data& data = page.data;
  data.set("name", account.name);
  data.set("form", visit.form_token());
  data.set("back", visit.say("accounts.title"));
  data.set("state", visit.say("accounts.state_" + account.state));
  data.set("factor", visit.say(account.has_factor ? "accounts.with_code" : "accounts.with_password"));
  data.set("active", account.state != "deactivated");
  for (const char* label : {"roles", "end", "add_role", "exclusions", "study", "source", "exclude", "sees", "right",
                            "may", "reason", "more", "invite", "sign_out", "deactivate"})
    data.set(std::string(label) + "_label", visit.say(std::string("accounts.") + label));
  data.set("sees_address", "/accounts/" + id.text() + "/sees");
  data.set("sees_link", visit.say("sees.link"));
  data.set("exclusions_about", visit.say("accounts.exclusions_about"));
  data.set("grant", grant_fields(visit));
  data.set("studies", study_options(visit));
  if (account.organisation) {
    mustache::data whole;
    whole.set("label", visit.say("accounts.whole_organisation"));
    data.set("organisation", whole);
  }
  const auto row_of = [&](const std::string& text, Id row) {
    mustache::data entry;
    entry.set("text", text);
    entry.set("id", row.text());
    entry.set("form", visit.form_token());
    entry.set("end_label", visit.say("accounts.end"));
    return entry;
  };
  mustache::data grants{mustache::data::type::list}, exclusions{mustache::data::type::list},
      decisions{mustache::data::type::list};
  for (const people::Grant& grant : account.grants) grants << row_of(role_text(visit, grant), grant.id);
  for (const people::Exclusion& each : people::exclusions(visit.transaction, account.id, account.organisation)) {
    std::string text = each.kind == "study" ? where_of(visit, each.record, "") : each.record.text();
    if (!each.account) text += " (" + visit.say("accounts.whole_organisation") + ")";
    exclusions << row_of(text, each.id);
  }
  data.set("grants", grants);
  data.set("exclusions", exclusions);
  // What would this person see? The very decisions, with their reasons.
  const people::Person person = people::person_of(visit.transaction, account.id);
  std::vector<study::Study> studies = study::studies(visit.transaction);
  const auto decided = [&](const std::string& where, people::Right right, Id study) {
    const people::Decision decision = people::decide(person, right, {study, {}, {}});
    mustache::data entry;
    entry.set("study", where);
    entry.set("right", visit.say("right." + std::string(people::name_of(right))));
    entry.set("may", visit.say(decision.allowed ? "accounts.yes" : "accounts.no"));
    entry.set("reason", reason_text(visit, decision.why));
    decisions << entry;
  };
  for (std::size_t i = 0; i < people::kRights.size(); ++i) {
    const auto right = static_cast<people::Right>(i);
    if (people::is_general(right)) decided("", right, {});
    for (const study::Study& study : studies)
      if (!people::is_general(right)) decided(study.name, right, study.id);
  }
  data.set("decisions", decisions);
  return page;
}

Result<Page> changed(const Visit& visit, Id id) {
  storage::Transaction& transaction = visit.transaction;
  const people::Account account = TRY(people::account_of(transaction, id));
  const std::string what = visit.request.field("do");
  const Id row = Id::parse(visit.request.field("id")).value_or(Id{1});
  std::string link, deed = what;
  if (what == "grant") {
    const people::Grant grant = TRY(grant_of(visit));
    people::add_grant(transaction, id, grant, visit.person.account);
    deed = "given the role " + std::string(people::name_of(grant.role));
  } else if (what == "end_grant") {
    const auto grant = std::find_if(account.grants.begin(), account.grants.end(),
                                    [&](const people::Grant& each) { return each.id == row; });
    if (grant == account.grants.end()) return fail(problems::kNotFound, {{"what", "grant"}, {"name", row.text()}});
    // A workspace without a steward could never be given one again.
    if (grant->role == people::Role::kSteward && visit.person.account == id) return fail(problems::kForbidden);
    TRY(people::end_grant(transaction, row));
    deed = "a role ended";
  } else if (what == "exclude") {
    const study::Study study =
        TRY(study::find_study(transaction, Id::parse(visit.request.field("study")).value_or(Id{1})));
    const std::string typed(trim(visit.request.field("source")));
    const auto source = Id::parse(typed);
    if (!typed.empty() && !source) return fail(problems::kNotFound, {{"what", "source"}, {"name", typed}});
    const bool whole = !visit.request.field("whole_organisation").empty() && account.organisation;
    people::exclude(transaction, whole ? Id{} : id, whole ? account.organisation : Id{},
                    typed.empty() ? "study" : "source", typed.empty() ? study.id : *source, visit.person.account);
    deed = std::string("excluded from ") + (typed.empty() ? "study " + study.id.text() : "source " + typed);
  } else if (what == "end_exclusion") {
    const auto theirs = people::exclusions(transaction, id, account.organisation);
    if (std::none_of(theirs.begin(), theirs.end(), [&](const auto& each) { return each.id == row; }))
      return fail(problems::kNotFound, {{"what", "exclusion"}, {"name", row.text()}});
    TRY(people::end_exclusion(transaction, row));
    deed = "an exclusion ended";
  } else if (what == "invite") {
    link = invitation_address(visit, people::invite(transaction, id, visit.person.account));
    deed = "invited";
  } else if (what == "sign_out") {
    people::end_sessions(transaction, id);
    deed = "signed out everywhere";
  } else if (what == "deactivate") {
    if (visit.person.account == id) return fail(problems::kForbidden);
    TRY(people::deactivate(transaction, id));
    deed = "deactivated";
  } else {
    return fail(problems::kInvalidValue, {{"where", "do"},
                                          {"value", std::string(shortened(what, 40))},
                                          {"what", "deed"},
                                          {"hint", "Use the buttons of the page."}});
  }
  write_down(visit, "manage_accounts", id, deed);
  Page page = TRY(account_page(visit, id));
  page.data.set("made", said(visit.say(link.empty() ? "accounts.done" : "accounts.invited"), link));
  return page;
}

}  // namespace

Result<Response> show_accounts(const Visit& visit) { return show(visit, accounts_page(visit)); }

Result<Response> make_account(const Visit& visit) {
  if (const std::string what = visit.request.field("do"); what == "need_codes" || what == "free_codes") {
    people::set_needs_code(visit.transaction, what == "need_codes");
    write_down(visit, "manage_accounts", {},
               what == "need_codes" ? "a code asked of everybody" : "a code left to each");
    return show(visit, accounts_page(visit));
  }
  const auto make = [&]() -> Result<std::pair<std::string, std::string>> {
    const people::Grant grant = TRY(grant_of(visit));
    const Id id = TRY(
        people::add_account(visit.transaction, visit.request.field("name"), trim(visit.request.field("organisation"))));
    people::add_grant(visit.transaction, id, grant, visit.person.account);
    write_down(visit, "manage_accounts", id, "made, with the role " + std::string(people::name_of(grant.role)));
    return std::pair(TRY(people::account_of(visit.transaction, id)).name,
                     invitation_address(visit, people::invite(visit.transaction, id, visit.person.account)));
  };
  auto made = make();
  if (!made) {
    Response response = show(visit, accounts_page(visit, made.error()));
    response.status = made.error().status();
    return response;
  }
  Page page = accounts_page(visit);
  page.data.set("typed_name", "");
  page.data.set("typed_organisation", "");
  page.data.set("made", said(visit.words.say({"accounts.made", {{"name", made->first}}}), made->second));
  return show(visit, std::move(page));
}

Result<Response> show_account_of(const Visit& visit) {
  const Id id = TRY(visit.id("account"));
  return show(visit, TRY(account_page(visit, id)));
}

Result<Response> change_account(const Visit& visit) {
  const Id id = TRY(visit.id("account"));
  auto page = changed(visit, id);
  if (page) return show(visit, std::move(*page));
  if (page.error().is(problems::kForbidden)) return tl::unexpected(page.error());
  Page again = TRY(account_page(visit, id));
  again.data.set("problem", visit.words.sentence(page.error()));
  Response response = show(visit, std::move(again));
  response.status = page.error().status();
  return response;
}

namespace {

Page set_up_page(const Visit& visit) {
  Page page;
  page.title = visit.say("set_up.title");
  page.page = "set_up";
  page.data.set("title", page.title);
  for (const char* label : {"about", "about_steward", "button"})
    page.data.set(label, visit.say(std::string("set_up.") + label));
  page.data.set("name_label", visit.say("account.name"));
  page.data.set("password_label", visit.say("account.password"));
  page.data.set("again_label", visit.say("account.password_again"));
  page.data.set("password_hint", visit.say("account.password_hint"));
  page.data.set("typed_name", visit.request.field("name"));
  return page;
}

Result<void> make_first_account(const Visit& visit) {
  const std::string password = visit.request.field("password");
  const std::string name = TRY(people::account_name(visit.request.field("name")));
  TRY(people::check_password(password, name));
  if (password != visit.request.field("again"))
    return fail(problems::kWeakPassword, {{"reason", "it was not typed the same way twice"}});
  const vault::PersonKey key = vault::make_person_key(password);  // the slow part, before the transaction
  storage::Transaction transaction = visit.workspace.write();
  if (people::has_accounts(transaction)) return fail(problems::kNotFound, {{"what", "page"}, {"name", "/set-up"}});
  const Id id = TRY(people::add_account(transaction, name, ""));
  people::add_grant(transaction, id, {{}, people::Role::kSteward, {}, ""}, {});
  TRY(people::accept_invitation(transaction, people::invite(transaction, id, {}), key));
  people::record(transaction, TRY(people::audit_key(visit.workspace)),
                 {{}, "manage_accounts", "POST /set-up", "account", id, "done", "the first account"});
  transaction.commit();
  return {};
}

}  // namespace

// The first account, while there is none: whoever sits at this machine. Afterwards there is no such page.
Result<Response> show_set_up(const Visit& visit) {
  if (!visit.person.at_machine) return fail(problems::kNotFound, {{"what", "page"}, {"name", "/set-up"}});
  return show(visit, set_up_page(visit));
}

Result<Response> do_set_up(const Visit& visit) {
  if (!visit.person.at_machine) return fail(problems::kNotFound, {{"what", "page"}, {"name", "/set-up"}});
  const auto made = make_first_account(visit);
  if (made) return see_other("/sign-in");
  if (made.error().is(problems::kNotFound)) return tl::unexpected(made.error());
  Page page = set_up_page(visit);
  page.data.set("problem", visit.words.sentence(made.error()));
  Response response = show(visit, std::move(page));
  response.status = made.error().status();
  return response;
}

}  // namespace understory::server
