#include "people/role.h"

#include <algorithm>

namespace understory::people {

namespace {

using enum Right;

// One row a role. What does not stand here is not allowed.
constexpr bool kMay[8][12] = {
    // see_study findings passages list read code change export report accounts audit machine
    {false, false, false, false, false, false, false, false, false, false, false, false},  // reporter
    {true, false, false, false, false, false, false, false, false, false, false, false},   // enumerator
    {true, true, true, true, true, true, true, true, true, false, false, false},           // researcher
    {true, true, true, true, true, true, false, false, false, false, false, false},        // coder
    {true, true, false, false, false, false, false, false, false, false, false, false},    // case worker
    {true, true, true, false, false, false, false, false, true, false, true, false},       // programme lead
    {true, true, true, false, false, false, false, false, true, false, false, false},      // publisher
    {false, false, false, false, false, false, false, false, false, true, true, true},     // steward
};

}  // namespace

bool may(Role role, Right right) { return kMay[static_cast<int>(role)][static_cast<int>(right)]; }

std::optional<Role> role_of(std::string_view name) {
  const auto found = std::find(kRoles.begin(), kRoles.end(), name);
  if (found == kRoles.end()) return std::nullopt;
  return static_cast<Role>(found - kRoles.begin());
}

std::string_view name_of(Role role) { return kRoles[static_cast<std::size_t>(role)]; }
std::string_view name_of(Right right) { return kRights[static_cast<std::size_t>(right)]; }

bool opens_stories(Right right) {
  return right == kSeePassages || right == kListSources || right == kReadSource || right == kCode ||
         right == kChangeStudy || right == kExportStudy || right == kMakeReport;
}

bool is_general(Right right) { return right == kManageAccounts || right == kReadAudit || right == kKeepMachine; }

}  // namespace understory::people
