// Why it was decided so: as the log keeps it, and in parts that a page can say in its reader's language.
#pragma once
#include <optional>
#include <string>

#include "people/role.h"

namespace understory::people {

struct Reason {
  enum class Kind {
    kNoAccounts,  // the workspace asks nobody who they are
    kNobody,      // nobody is signed in, or the account is deactivated
    kNoCode,      // this account must set up its code first
    kExcluded,    // the record does not exist for this person
    kRole,        // `role`, `in_study` alone or not, in `place` or everywhere
    kNoRole,      // no role of this account has `right` here
  };
  Kind kind = Kind::kNobody;
  Role role = Role::kReporter;
  bool in_study = false;
  std::string place = {};
  Right right = Right::kSeeStudy;

  // "researcher, in this study, in place KH-20", "no role of this account may read_source here"
  std::string text() const;
  // What text() wrote; nothing for other reasons the log holds (problem codes, devices, what somebody typed).
  static std::optional<Reason> read(std::string_view text);
};

}  // namespace understory::people
