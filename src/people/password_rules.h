// What a password must be: long, and not one that guessers try first. No rules about its letters.
#pragma once
#include <array>
#include <string_view>

#include "foundation/result.h"

namespace understory::people {

inline constexpr int kShortestPassword = 10;  // characters
inline constexpr int kLongestPassword = 200;  // characters: Argon2id takes more, patience does not

// What somebody guesses who knows where the password is for; the account's name goes with them.
inline constexpr std::array<std::string_view, 18> kOwnWords{
    "understory",    "reporter",  "enumerator", "researcher",   "coder",       "caseworker",
    "programmelead", "publisher", "steward",    "organisation", "trafficking", "workspace",
    "password",      "welcome",   "cambodia",   "kampuchea",    "nepal",       "village"};

// kWeakPassword with the reason: too short, too long, one of those that were breached (digits and signs at its end
// apart, in any case), the account's own name, little more than words of this place (kOwnWords), or few characters
// repeated.
Result<void> check_password(std::string_view password, std::string_view account);

}  // namespace understory::people
