#include "cli/door.h"

#include <cstdlib>

#include "cli/command.h"
#include "foundation/file.h"
#include "foundation/text.h"
#include "people/account.h"
#include "people/audit.h"
#include "people/sign_in.h"

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

Result<people::Person> person_at_terminal(storage::Workspace& workspace) {
  {
    auto transaction = workspace.read();
    if (!people::has_accounts(transaction)) {
      people::Person holder;
      holder.active = holder.at_machine = true;
      return holder;
    }
  }
  if (const std::string name = environment("UNDERSTORY_ACCOUNT"); !name.empty()) {
    const auto key = TRY(people::audit_key(workspace));
    const auto entered = TRY(people::sign_in(
        workspace, {name, environment("UNDERSTORY_PASSWORD"), environment("UNDERSTORY_CODE"), ""},
        [&](storage::Transaction& transaction, Id account, std::string_view outcome, std::string_view reason) {
          people::record(
              transaction, key,
              {account, "sign_in", "terminal", "account", account, std::string(outcome), std::string(reason)});
        }));
    auto transaction = workspace.write();
    people::sign_out(transaction, entered.session);  // one command, one sign-in
    people::Person person = people::person_of(transaction, entered.account);
    transaction.commit();
    return person;
  }
  const auto token = read_file(session_file(workspace), 4096);
  if (!token) return fail(problems::kSignInNeededHere);
  auto transaction = workspace.write();
  const auto session = people::session_of(transaction, trim(*token));
  if (!session) return fail(problems::kSignInNeededHere);
  people::touch_session(transaction, trim(*token));
  people::Person person = people::person_of(transaction, session->account);
  transaction.commit();
  return person;
}

Result<Door> Door::enter(const std::string& folder, people::Right right, std::string_view command,
                         const std::string& study_name) {
  Door door;
  door.workspace_ = TRY(open_workspace(folder));
  door.person_ = TRY(person_at_terminal(*door.workspace_));
  door.right_ = right;
  door.command_ = command;
  if (!study_name.empty()) {
    auto transaction = door.workspace_->read();
    auto found = study::find_study(transaction, study_name);
    // An unknown study and one that must not be known look alike.
    if (!found || !people::decide(door.person_, people::Right::kSeeStudy, {found->id, {}, {}}).allowed)
      return fail(problems::kNotFound, {{"what", "study"}, {"name", study_name}});
    door.study_ = std::move(*found);
  }
  const people::Decision decision = people::decide(door.person_, right, {door.study_.id, {}, {}});
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
  if (!person_.at_machine && opens_or_changes(right_)) {
    auto transaction = workspace_->write();
    log(transaction, "done", reason_);
    transaction.commit();
  }
  return workspace_->read();
}

storage::Transaction Door::write() const {
  auto transaction = workspace_->write();
  log(transaction, "done", reason_);
  return transaction;
}

study::Limits Door::limits(storage::Transaction& transaction) const {
  return study::limits_of(transaction, study_.id, people::reach(person_, right_, study_.id));
}

Result<void> Door::whole_study(storage::Transaction& transaction) const {
  if (!limits(transaction).none()) return fail(problems::kForbidden);
  return {};
}

void Door::log(storage::Transaction& transaction, std::string_view outcome, std::string_view reason) const {
  if (person_.at_machine) return;
  const auto key = people::audit_key(*workspace_);
  if (!key) throw std::runtime_error(key.error().sentence());
  people::record(transaction, *key,
                 {person_.account, std::string(name_of(right_)), "understory " + command_, study_.id ? "study" : "",
                  study_.id, std::string(outcome), std::string(reason)});
}

}  // namespace understory::cli
