// Who stands at the terminal, and what they may do: the same decisions and the same log as in the browser.
//
// While a workspace has no accounts, whoever holds its folder may do everything. Then: the person who signed in with
// `understory login`, or whose name and password are in UNDERSTORY_ACCOUNT and UNDERSTORY_PASSWORD.
#pragma once
#include "people/rights.h"
#include "study/limits.h"
#include "vault/vault.h"

namespace understory::cli {

// Where the session of `understory login` is kept: a file of this user alone.
std::filesystem::path session_file(const storage::Workspace& workspace);
// Somebody at the terminal, and the workspace's key where they hold it. kSignInNeeded.
struct AtTerminal {
  people::Person person;
  std::shared_ptr<const vault::Vault> key;
  bool by_recovery_key = false;  // --recovery-key FILE: every right, and the log says so
};
Result<AtTerminal> who_is_there(storage::Workspace& workspace);

class Door {
 public:
  // kSignInNeeded, kForbidden, or as if the study were not there; a denial is written to the log.
  static Result<Door> enter(const std::string& folder, people::Right right, std::string_view command,
                            const std::string& study_name = "");

  storage::Workspace& workspace() const { return *workspace_; }
  const study::Study& study() const { return study_; }
  const people::Person& person() const { return there_.person; }
  const std::shared_ptr<const vault::Vault>& key() const { return there_.key; }
  bool may(people::Right right, Id study) const {
    return people::decide(there_.person, right, {study, {}, {}}).allowed;
  }
  // What was opened is in the log before it is opened.
  storage::Transaction read() const;
  // What is changed is in the log in the same transaction; the caller commits.
  storage::Transaction write() const;
  study::Limits limits(storage::Transaction& transaction) const;
  // kForbidden unless nothing of the study is hidden from this person: for what moves a study as a whole.
  Result<void> whole_study() const;
  void log(storage::Transaction& transaction, std::string_view outcome, std::string_view reason) const;

 private:
  Door() = default;
  std::unique_ptr<storage::Workspace> workspace_;
  AtTerminal there_;
  people::Right right_{};
  study::Study study_;
  std::string command_, reason_;
};

}  // namespace understory::cli
