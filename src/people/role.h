// Roles, and what each may do. The one table of it; rights.h decides with it.
#pragma once
#include <array>
#include <optional>
#include <string_view>

namespace understory::people {

enum class Role { kReporter, kEnumerator, kResearcher, kCoder, kCaseWorker, kProgrammeLead, kPublisher, kSteward };
inline constexpr std::array<std::string_view, 8> kRoles{"reporter",    "enumerator",     "researcher", "coder",
                                                        "case_worker", "programme_lead", "publisher",  "steward"};

enum class Right {
  kSeeStudy,           // that it exists, its locations, codebook and counts
  kSeeFindings,        // answers: numbers alone
  kSeePassages,        // the words behind a number, what identifies masked
  kListSources,        // which sources there are
  kReadSource,         // what was told, what identifies masked
  kCode,               // put codes on it
  kChangeStudy,        // bring in sources, places and codes; masks
  kExportStudy,        // everything that was told, out of this program
  kMakeReport,         // the report as a file
  kManageAccounts,     // accounts, grants, exclusions
  kReadAudit,          // who looked at what
  kKeepMachine,        // back up, restore, verify, unlock intake
  kFillForms,          // fetch the forms of a study, send what was filled in
  kKeepForms,          // publish, replace and close forms; how submissions become evidence
  kKeepDevices,        // enroll and revoke phones
  kReadSubmissions,    // what was sent, word for word
  kReviewSubmissions,  // approve, reject, comment, edit
  kExportSubmissions,  // all of it, out of this program
  kKeepFindings,       // keep answers under a name, comment on them, review them, put them into the report
};
inline constexpr std::array<std::string_view, 19> kRights{
    "see_study",    "see_findings", "see_passages", "list_sources",     "read_source",        "code",
    "change_study", "export_study", "make_report",  "manage_accounts",  "read_audit",         "keep_machine",
    "fill_forms",   "keep_forms",   "keep_devices", "read_submissions", "review_submissions", "export_submissions",
    "keep_findings"};

bool may(Role role, Right right);
std::optional<Role> role_of(std::string_view name);
std::string_view name_of(Role role);
std::string_view name_of(Right right);
// Rights that open what was told: whoever holds one is entitled to the workspace's key.
bool opens_stories(Right right);
// Rights that are not about one study (accounts, the log, the machine).
bool is_general(Right right);

}  // namespace understory::people
