#include "server/reason_text.h"

#include "places/places.h"

namespace understory::server {

std::string reason_text(const Visit& visit, const people::Reason& reason) {
  using Kind = people::Reason::Kind;
  const auto role = [&] { return visit.say("role." + std::string(people::name_of(reason.role))); };
  switch (reason.kind) {
    case Kind::kNoAccounts: return visit.say("reason.no_accounts");
    case Kind::kNobody: return visit.say("reason.nobody");
    case Kind::kNoCode: return visit.say("reason.no_code");
    case Kind::kExcluded: return visit.say("reason.excluded");
    case Kind::kNoRole:
      return visit.words.say(
          {"reason.no_role", {{"right", visit.say("right." + std::string(people::name_of(reason.right)))}}});
    case Kind::kRole: break;
  }
  if (reason.place.empty())
    return visit.words.say({reason.in_study ? "reason.role_in_study" : "reason.role", {{"role", role()}}});
  return visit.words.say(
      {reason.in_study ? "reason.role_in_study_and_place" : "reason.role_in_place",
       {{"role", role()}, {"place", places::name_of(visit.transaction, reason.place, visit.language())}}});
}

}  // namespace understory::server
