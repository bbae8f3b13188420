// For tests of people and what they may do: accounts with light passwords, on both engines.
#pragma once
#include "foundation/clock.h"
#include "people/account.h"
#include "people/sign_in.h"
#include "testing/workspace.h"

namespace understory::people {

using storage::Transaction;

inline constexpr vault::PasswordCost kLight{1, 8 << 20};
inline constexpr std::string_view kPassword = "three rivers meet here";
inline constexpr Milliseconds kNoon = 1'795'000'000'000;
inline constexpr Milliseconds kHour = 3600 * 1000;

inline void nobody_tells(Transaction&, Id, std::string_view, std::string_view) {}

class People : public testing_support::OnBothEngines {
 protected:
  Id add(std::string_view name, const std::vector<Grant>& grants = {}) {
    Transaction transaction = workspace().write();
    const Id id = *add_account(transaction, name, "");
    for (const Grant& grant : grants) add_grant(transaction, id, grant, {});
    const std::string token = invite(transaction, id, {});
    EXPECT_TRUE(accept_invitation(transaction, token, vault::make_person_key(kPassword, kLight)));
    EXPECT_EQ(accept_invitation(transaction, token, {}).error().code(), "invitation_over");
    transaction.commit();
    return id;
  }
  Result<SignedIn> enter(std::string_view name, std::string_view password = kPassword, std::string code = "",
                         std::string device = "") {
    return sign_in(workspace(), {std::string(name), std::string(password), std::move(code), std::move(device)},
                   nobody_tells);
  }
  std::optional<Session> session(std::string_view token) {
    Transaction transaction = workspace().read();
    return session_of(workspace(), transaction, token);
  }
};

}  // namespace understory::people
