#include "cli/door.h"

#include <cstdlib>

#include "cli/command.h"
#include "foundation/file.h"
#include "foundation/text.h"
#include "people/account.h"
#include "people/audit.h"
#include "people/sign_in.h"
#include "people/story_key.h"
#include "people/whole.h"

namespace understory::cli {

namespace {

bool opens_or_changes(people::Right right) {
  using enum people::Right;
  return right != kSeeStudy && right != kSeeFindings;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

std::filesystem::path session_file(const storage::Workspace& workspace) {
  std::filesystem::path state = environment("XDG_STATE_HOME");
  if (state.empty()) state = std::filesystem::path(environment("HOME")) / ".local" / "state";
  return state / "understory" / (Id{workspace.id()}.text() + ".session");
}

Result<AtTerminal> who_is_there(storage::Workspace& workspace) {
  AtTerminal there;
  there.key = workspace.key();
  if (!recovery_key_file().empty()) {
    const std::string printed = TRY(read_file(recovery_key_file(), 4096));
    there.key = TRY(workspace.recover(TRY(people::read_recovery_key(printed))));
    there.by_recovery_key = there.person.active = true;
    for (const people::Role role : {people::Role::kResearcher, people::Role::kProgrammeLead, people::Role::kSteward})
      there.person.grants.push_back({{}, role, {}, ""});
    return there;
  }
  {
    auto transaction = workspace.read();
    if (!people::has_accounts(transaction)) {
      there.person.active = there.person.at_machine = true;
      return there;
    }
  }
  std::string token;
  const std::string name = environment("UNDERSTORY_ACCOUNT");
  if (!name.empty()) {
    const auto key = TRY(people::audit_key(workspace));
    token = TRY(people::sign_in(
        workspace, {name, environment("UNDERSTORY_PASSWORD"), environment("UNDERSTORY_CODE"), ""},
        [&](storage::Transaction& transaction, Id account, std::string_view outcome, std::string_view reason) {
          people::record(
              transaction, key,
              {account, "sign_in", "terminal", "account", account, std::string(outcome), std::string(reason)});
        }))
    .session;
  } else if (const auto kept = read_file(session_file(workspace), 4096)) {
    token = trim(*kept);
  }
  auto transaction = workspace.write();
  const auto session = people::session_of(workspace, transaction, token);
  if (!session) return fail(problems::kSignInNeededHere);
  there.person = people::person_of(transaction, session->account);
  if (session->key) there.key = session->key;
  if (name.empty())
    people::touch_session(transaction, token);
  else
    people::sign_out(transaction, token);  // one command, one sign-in
  transaction.commit();
  return there;
}

Result<Door> Door::enter(const std::string& folder, people::Right right, std::string_view command,
                         const std::string& study_name) {
  Door door;
  door.workspace_ = TRY(open_workspace(folder));
  door.there_ = TRY(who_is_there(*door.workspace_));
  door.right_ = right;
  door.command_ = command;
  if (!study_name.empty()) {
    auto transaction = door.workspace_->read();
    auto found = study::find_study(transaction, study_name);
    const auto absent = fail(problems::kNotFound, {{"what", "study"}, {"name", study_name}});
    if (!found) return absent;
    // An unknown study and one that must not be known look alike, but for the log.
    const people::Decision sees = people::decide(door.there_.person, people::Right::kSeeStudy, {found->id, {}, {}});
    if (!sees.allowed) {
      door.study_.id = found->id;
      auto denial = door.workspace_->write();
      door.log(denial, "denied", sees.reason);
      denial.commit();
      return absent;
    }
    door.study_ = std::move(*found);
  }
  const people::Decision decision = people::decide(door.there_.person, right, {door.study_.id, {}, {}});
  door.reason_ = decision.reason;
  if (!decision.allowed) {
    auto transaction = door.workspace_->write();
    door.log(transaction, "denied", decision.reason);
    transaction.commit();
    return fail(problems::kForbidden);
  }
  return door;
}

storage::Transaction Door::read() const {
  if (!there_.person.at_machine && opens_or_changes(right_)) {
    auto transaction = workspace_->write();
    log(transaction, "done", reason_);
    transaction.commit();
  }
  auto transaction = workspace_->read();
  transaction.unlock(there_.key);
  return transaction;
}

storage::Transaction Door::write() const {
  auto transaction = workspace_->write();
  transaction.unlock(there_.key);
  log(transaction, "done", reason_);
  return transaction;
}

study::Limits Door::limits(storage::Transaction& transaction) const {
  return study::limits_of(transaction, study_.id, people::reach(there_.person, right_, study_.id));
}

Result<void> Door::whole_study() const {
  if (!people::has_whole(there_.person, right_, study_.id)) return fail(problems::kForbidden);
  return {};
}

void Door::log(storage::Transaction& transaction, std::string_view outcome, std::string_view reason) const {
  if (there_.person.at_machine) return;
  const auto key = people::audit_key(*workspace_);
  if (!key) throw std::runtime_error(key.error().sentence());
  people::record(
      transaction, *key,
      {there_.person.account, std::string(name_of(right_)), "understory " + command_, study_.id ? "study" : "",
       study_.id, std::string(outcome), (there_.by_recovery_key ? "by the recovery key: " : "") + std::string(reason)});
}

}  // namespace understory::cli
