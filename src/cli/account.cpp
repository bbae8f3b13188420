// understory account new | list | deactivate | grant | invite, login, logout, rights explain
#include "people/account.h"

#include <termios.h>
#include <unistd.h>

#include <iostream>

#include "cli/command.h"
#include "cli/door.h"
#include "foundation/file.h"
#include "foundation/text.h"
#include "people/audit.h"
#include "people/password_rules.h"
#include "people/sign_in.h"
#include "people/story_key.h"
#include "places/places.h"
#include "study/source.h"

namespace understory::cli {

namespace {

struct Options {
  std::string folder, name, role, study, place, organisation, record;
  bool password_here = false, whole_organisation = false;
};

// A line typed without showing it; from a pipe, simply a line.
std::string typed_secretly(const char* prompt) {
  termios before{};
  const bool terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
  if (terminal) {
    termios silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &silent);
    std::fputs(prompt, stderr);
  }
  std::string line;
  std::getline(std::cin, line);
  if (terminal) {
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
    std::fputs("\n", stderr);
  }
  return line;
}

// Of the account that is made; UNDERSTORY_PASSWORD may be that of who makes it.
std::string new_password_given() {
  if (const char* given = std::getenv("UNDERSTORY_NEW_PASSWORD")) return given;
  if (const char* given = std::getenv("UNDERSTORY_PASSWORD")) return given;
  return typed_secretly("Password of the new account: ");
}

std::string password_given() {
  if (const char* given = std::getenv("UNDERSTORY_PASSWORD")) return given;
  return typed_secretly("Password: ");
}

Result<people::Grant> grant_of(storage::Transaction& transaction, const Options& options) {
  people::Grant grant;
  const auto role = people::role_of(options.role);
  if (!role)
    return fail(problems::kInvalidValue, {{"where", "--role"},
                                          {"value", options.role},
                                          {"what", "role"},
                                          {"hint",
                                           "There are: reporter, enumerator, researcher, coder, case_worker, "
                                           "programme_lead, publisher and steward."}});
  grant.role = *role;
  if (!options.study.empty()) grant.study = TRY(study::find_study(transaction, options.study))
  .id;
  if (!options.place.empty()) {
    TRY(places::require_place(transaction, options.place, "--place"));
    grant.place = options.place;
  }
  if (*role == people::Role::kSteward && (grant.study || !grant.place.empty()))
    return fail(problems::kInvalidValue, {{"where", "--role"},
                                          {"value", options.role},
                                          {"what", "role for one study or place"},
                                          {"hint", "A steward keeps the whole machine."}});
  return grant;
}

Result<int> add(const Options& options) {
  Door door = TRY(Door::enter(options.folder, people::Right::kManageAccounts, "account new"));
  std::optional<vault::PersonKey> key;
  if (options.password_here) {
    const std::string password = new_password_given();
    TRY(people::check_password(password, options.name));
    key = vault::make_person_key(password);
  }
  auto transaction = door.write();
  const bool first = !people::has_accounts(transaction);
  // Nobody is let in by a first account that could not make a second.
  if (first && options.role != "steward")
    return fail(problems::kInvalidValue, {{"where", "--role"},
                                          {"value", options.role},
                                          {"what", "role for the first account"},
                                          {"hint", "Make a steward first: only stewards make accounts."}});
  const Id id = TRY(people::add_account(transaction, options.name, options.organisation));
  people::add_grant(transaction, id, TRY(grant_of(transaction, options)), door.person().account);
  const std::string token = people::invite(transaction, id, door.person().account);
  if (key) TRY(people::accept_invitation(transaction, token, *key));
  if (first) {
    const auto audit = TRY(people::audit_key(door.workspace()));
    people::record(transaction, audit,
                   {{}, "manage_accounts", "understory account new", "account", id, "done", "the first account"});
  }
  transaction.commit();
  TRY(put_out(fmt::format("Made the account “{}” ({}).\n", options.name, options.role)));
  if (!key)
    TRY(
        put_out(fmt::format("Its person chooses a password within seven days at the server's address followed by\n"
                            "  /invitations/{}\nHand this over on a way nobody else reads.\n",
                            token)));
  return kDone;
}

Result<int> list(const Options& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kManageAccounts, "account list"));
  auto transaction = door.read();
  std::string lines;
  for (const people::Account& account : people::accounts(transaction)) {
    std::string grants;
    for (const people::Grant& grant : account.grants) {
      grants += (grants.empty() ? "" : "; ") + std::string(people::name_of(grant.role));
      if (grant.study)
        if (const auto study = study::find_study(transaction, grant.study)) grants += " in “" + study->name + "”";
      if (!grant.place.empty()) grants += " at " + grant.place;
    }
    lines += account.name + "\t" + account.state + "\t" + (account.has_factor ? "second factor" : "password") + "\t" +
             grants + "\n";
  }
  TRY(put_out(lines));
  return kDone;
}

Result<int> change(const Options& options, const std::string& what) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kManageAccounts, "account " + what));
  auto transaction = door.write();
  const people::Account account = TRY(people::find_account(transaction, options.name));
  std::string said;
  if (what == "deactivate") {
    TRY(people::deactivate(transaction, account.id));
    said = fmt::format("“{}” can no longer sign in, and is signed out everywhere.\n", account.name);
  } else if (what == "grant") {
    people::add_grant(transaction, account.id, TRY(grant_of(transaction, options)), door.person().account);
    said = fmt::format("“{}” is {} too.\n", account.name, options.role);
  } else {
    said = fmt::format("For “{}”, within seven days: /invitations/{}\n", account.name,
                       people::invite(transaction, account.id, door.person().account));
  }
  transaction.commit();
  TRY(put_out(said));
  return kDone;
}

Result<int> log_in(const Options& options) {
  auto workspace = TRY(open_workspace(options.folder));
  const auto key = TRY(people::audit_key(*workspace));
  const std::string password = password_given();
  const char* code = std::getenv("UNDERSTORY_CODE");
  const auto before = read_file(session_file(*workspace), 4096);  // ends with the new one
  const auto entered = TRY(people::sign_in(
      *workspace, {options.name, password, code ? code : "", "", before ? std::string(trim(*before)) : ""},
      [&](storage::Transaction& transaction, Id account, std::string_view outcome, std::string_view reason) {
        people::record(
            transaction, key,
            {account, "sign_in", "understory login", "account", account, std::string(outcome), std::string(reason)});
      }));
  const std::filesystem::path file = session_file(*workspace);
  std::error_code ignored;
  std::filesystem::create_directories(file.parent_path(), ignored);
  TRY(write_file(file, entered.session, 0600));
  TRY(put_out("Signed in at this terminal. It ends after 30 minutes without a command, or with: understory logout\n"));
  return kDone;
}

Result<int> log_out(const Options& options) {
  auto workspace = TRY(open_workspace(options.folder));
  const std::filesystem::path file = session_file(*workspace);
  if (const auto token = read_file(file, 4096)) {
    auto transaction = workspace->write();
    people::sign_out(transaction, trim(*token));
    transaction.commit();
  }
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  TRY(put_out("Signed out.\n"));
  return kDone;
}

// Hands the workspace's key to somebody who is entitled and has none yet: after the key was put away, and after a
// password was chosen anew. By somebody who holds it; a steward decides who is entitled, but cannot hand it over alone.
Result<int> admit(const Options& options) {
  auto workspace = TRY(open_workspace(options.folder));
  const AtTerminal there = TRY(who_is_there(*workspace));
  if (!there.key) return fail(problems::kLocked);
  if (!there.person.at_machine && !there.by_recovery_key && !people::entitled_to_stories(there.person.grants))
    return fail(problems::kForbidden);
  auto transaction = workspace->write();
  const people::Account account = TRY(people::find_account(transaction, options.name));
  TRY(people::hand_key_to(transaction, account, *there.key));
  people::record(transaction, TRY(people::audit_key(*workspace)),
                 {there.person.account, "hand_over_key", "understory account admit", "account", account.id, "done",
                  there.by_recovery_key ? "by the recovery key" : "holds the key"});
  transaction.commit();
  TRY(put_out(fmt::format("“{}” opens stories from the next sign-in on.\n", account.name)));
  return kDone;
}

// Exclusion (P2): from now on the record does not exist for that account, or for its whole organisation.
Result<int> exclude(const Options& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kManageAccounts, "account exclude"));
  auto transaction = door.write();
  const people::Account account = TRY(people::find_account(transaction, options.name));
  const study::Study study = TRY(study::find_study(transaction, options.study));
  const auto source = Id::parse(options.record);
  if (!options.record.empty() && !source)
    return fail(problems::kNotFound, {{"what", "source"}, {"name", options.record}});
  if (options.whole_organisation && !account.organisation)
    return fail(problems::kInvalidValue, {{"where", "--whole-organisation"},
                                          {"value", account.name},
                                          {"what", "account of an organisation"},
                                          {"hint", "Leave the option out to exclude the account alone."}});
  people::exclude(transaction, options.whole_organisation ? Id{} : account.id,
                  options.whole_organisation ? account.organisation : Id{}, source ? "source" : "study",
                  source ? *source : study.id, door.person().account);
  transaction.commit();
  TRY(put_out(fmt::format("For “{}”{} it no longer exists.\n", account.name,
                          options.whole_organisation ? " and everybody of the same organisation" : "")));
  return kDone;
}

// Every right, with the decision and its reason.
Result<int> explain(const Options& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kManageAccounts, "rights explain"));
  auto transaction = door.read();
  const people::Account account = TRY(people::find_account(transaction, options.name));
  const people::Person person = people::person_of(transaction, account.id);
  people::Record record;
  if (!options.study.empty()) record.study = TRY(study::find_study(transaction, options.study))
  .id;
  if (!options.record.empty()) {
    // A study or a source, by its number; by facts alone, so that it works while stories are locked.
    const auto id = Id::parse(options.record);
    const auto where = id ? study::where_is(transaction, *id) : std::nullopt;
    if (where) {
      record.study = where->study;
      record.id = *id;
      for (const study::Location& location : study::locations(transaction, record.study))
        if (location.id == where->location)
          for (const places::Place& place : places::ancestors(transaction, location.place_code))
            record.places.push_back(place.code);
    } else if (id && study::find_study(transaction, *id)) {
      record.study = *id;
    } else {
      return fail(problems::kNotFound, {{"what", "study or source"}, {"name", options.record}});
    }
  }
  std::string lines;
  for (std::size_t i = 0; i < people::kRights.size(); ++i) {
    const people::Decision decision = people::decide(person, static_cast<people::Right>(i), record);
    lines += fmt::format("{}\t{}\t{}\n", people::kRights[i], decision.allowed ? "yes" : "no", decision.reason);
  }
  TRY(put_out(lines));
  return kDone;
}

void add_name(CLI::App& command, Options& options) {
  add_workspace_option(command, options.folder);
  command.add_option("name", options.name, "The account's name")->required()->type_name("NAME");
}

void add_grant_options(CLI::App& command, Options& options) {
  command
      .add_option("--role", options.role,
                  "reporter, enumerator, researcher, coder, case_worker, programme_lead, publisher or steward")
      ->required();
  command.add_option("--study", options.study, "In this study alone")->type_name("NAME");
  command.add_option("--place", options.place, "In this place and all below it alone")->type_name("CODE");
}

}  // namespace

void add_account(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("account", "Who may sign in, and as what");
  command->require_subcommand(1);
  command->footer(
      "\nThe first account closes the workspace: from then on every command and page asks who it is.\n"
      "  understory account new -w network keeper --role steward --password\n"
      "  understory login -w network keeper\n"
      "  understory account new -w network anita --role coder --study Experiences --place KH-20");

  CLI::App* make = command->add_subcommand("new", "Make an account and print its invitation");
  add_name(*make, *options);
  add_grant_options(*make, *options);
  make->add_option("--organisation", options->organisation, "The body it belongs to");
  make->add_flag("--password", options->password_here,
                 "Set the password here (typed, or UNDERSTORY_NEW_PASSWORD) instead of by invitation");
  make->callback([options, &action] { action = [options] { return add(*options); }; });

  CLI::App* show = command->add_subcommand("list", "One account a line: name, state, how it signs in, roles");
  add_workspace_option(*show, options->folder);
  show->callback([options, &action] { action = [options] { return list(*options); }; });

  for (const auto& [name, about] : {std::pair{"deactivate", "Let an account in no more; its name stays in the log"},
                                    {"grant", "Give an account one more role"},
                                    {"invite", "Print a new invitation: for a password that was forgotten"}}) {
    CLI::App* each = command->add_subcommand(name, about);
    add_name(*each, *options);
    if (std::string_view(name) == "grant") add_grant_options(*each, *options);
    each->callback(
        [options, &action, what = std::string(name)] { action = [options, what] { return change(*options, what); }; });
  }

  CLI::App* out = command->add_subcommand("exclude", "Make a study, or one source of it, not exist for an account");
  add_name(*out, *options);
  out->add_option("--study", options->study, "The study")->required()->type_name("NAME");
  out->add_option("--record", options->record, "Only this source of it")->type_name("ID");
  out->add_flag("--whole-organisation", options->whole_organisation, "For every account of the same organisation");
  out->callback([options, &action] { action = [options] { return exclude(*options); }; });
  CLI::App* hand = command->add_subcommand("admit", "Hand the workspace's key to somebody entitled to stories");
  add_name(*hand, *options);
  hand->callback([options, &action] { action = [options] { return admit(*options); }; });
  CLI::App* login = app.add_subcommand("login", "Sign in at this terminal");
  login->footer(
      "\nThe password is typed, or stands in UNDERSTORY_PASSWORD; a code from the phone in UNDERSTORY_CODE.\nScripts "
      "need no login: UNDERSTORY_ACCOUNT and UNDERSTORY_PASSWORD serve every command.");
  add_name(*login, *options);
  login->callback([options, &action] { action = [options] { return log_in(*options); }; });
  CLI::App* logout = app.add_subcommand("logout", "Sign out at this terminal");
  add_workspace_option(*logout, options->folder);
  logout->callback([options, &action] { action = [options] { return log_out(*options); }; });

  CLI::App* rights = app.add_subcommand("rights", "What an account may do, and why");
  rights->require_subcommand(1);
  CLI::App* why = rights->add_subcommand("explain", "Each right: yes or no, and the reason");
  add_workspace_option(*why, options->folder);
  why->add_option("--account", options->name, "The account's name")->required();
  why->add_option("--study", options->study, "In this study")->type_name("NAME");
  why->add_option("--record", options->record, "For this study or source, by its number")->type_name("ID");
  why->callback([options, &action] { action = [options] { return explain(*options); }; });
}

}  // namespace understory::cli
