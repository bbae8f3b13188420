#include "people/role.h"

#include <algorithm>

namespace understory::people {

namespace {

using enum Right;

// One row a role, one column a right, in their order. What is not marked is not allowed.
constexpr std::array<std::string_view, 8> kMay{
    // +----------------- see_study, see_findings, see_passages
    // |  +-------------- list_sources, read_source, code
    // |  |  +----------- change_study, export_study, make_report
    // |  |  |  +-------- manage_accounts, read_audit, keep_machine
    // |  |  |  |  +----- fill_forms, keep_forms, keep_devices
    // |  |  |  |  |  +-- read_submissions, review_submissions, export_submissions
    // |  |  |  |  |  |  + keep_findings
    "...................",  // reporter
    "+...........+......",  // enumerator
    "+++++++++...++.++++",  // researcher
    "++++++.........+...",  // coder
    "++..........+......",  // case worker
    "+++.....+.+.......+",  // programme lead
    "+++.....+.........+",  // publisher
    ".........+++..+....",  // steward
};
static_assert(std::all_of(kMay.begin(), kMay.end(), [](std::string_view row) { return row.size() == kRights.size(); }));

}  // namespace

bool may(Role role, Right right) {
  return kMay[static_cast<std::size_t>(role)][static_cast<std::size_t>(right)] == '+';
}

std::optional<Role> role_of(std::string_view name) {
  const auto found = std::find(kRoles.begin(), kRoles.end(), name);
  if (found == kRoles.end()) return std::nullopt;
  return static_cast<Role>(found - kRoles.begin());
}

std::string_view name_of(Role role) { return kRoles[static_cast<std::size_t>(role)]; }
std::string_view name_of(Right right) { return kRights[static_cast<std::size_t>(right)]; }

bool opens_stories(Right right) {
  return right == kSeePassages || right == kListSources || right == kReadSource || right == kCode ||
         right == kChangeStudy || right == kExportStudy || right == kMakeReport || right == kReadSubmissions ||
         right == kReviewSubmissions || right == kExportSubmissions || right == kKeepFindings;
}

bool is_general(Right right) {
  return right == kManageAccounts || right == kReadAudit || right == kKeepMachine || right == kKeepDevices;
}

}  // namespace understory::people
