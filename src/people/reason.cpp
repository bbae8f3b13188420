#include "people/reason.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace understory::people {

namespace {

using Kind = Reason::Kind;

constexpr std::array<std::pair<Kind, std::string_view>, 4> kFixed{
    {{Kind::kNoAccounts, "the workspace has no accounts yet"},
     {Kind::kNobody, "nobody is signed in, or the account is deactivated"},
     {Kind::kNoCode, "this account must set up its code first"},
     {Kind::kExcluded, "this person is excluded from the record"}}};
constexpr std::string_view kInStudy = ", in this study", kInPlace = ", in place ",
                           kNoRole = "no role of this account may ", kHere = " here";

}  // namespace

std::string Reason::text() const {
  for (const auto& [of, words] : kFixed)
    if (of == kind) return std::string(words);
  if (kind == Kind::kNoRole) return fmt::format("{}{}{}", kNoRole, name_of(right), kHere);
  return fmt::format("{}{}{}", name_of(role), in_study ? kInStudy : "",
                     place.empty() ? "" : std::string(kInPlace) + place);
}

std::optional<Reason> Reason::read(std::string_view text) {
  Reason reason;
  for (const auto& [of, words] : kFixed)
    if (words == text) {
      reason.kind = of;
      return reason;
    }
  if (text.starts_with(kNoRole) && text.ends_with(kHere) && text.size() > kNoRole.size() + kHere.size()) {
    const std::string_view name = text.substr(kNoRole.size(), text.size() - kNoRole.size() - kHere.size());
    for (std::size_t i = 0; i < kRights.size(); ++i)
      if (kRights[i] == name) {
        reason.kind = Kind::kNoRole;
        reason.right = static_cast<Right>(i);
        return reason;
      }
    return std::nullopt;
  }
  const auto role = role_of(text.substr(0, text.find(',')));
  if (!role) return std::nullopt;
  reason.kind = Kind::kRole;
  reason.role = *role;
  text.remove_prefix(name_of(*role).size());
  if (text.starts_with(kInStudy)) {
    reason.in_study = true;
    text.remove_prefix(kInStudy.size());
  }
  if (text.starts_with(kInPlace)) {
    reason.place = std::string(text.substr(kInPlace.size()));
    text = {};
  }
  return text.empty() ? std::optional(reason) : std::nullopt;
}

}  // namespace understory::people
