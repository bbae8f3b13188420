// The workspace's key in people's hands, on both engines.
#include "people/story_key.h"
#include "foundation/file.h"
#include "people/audit.h"
#include "people/rights.h"
#include "people/token.h"
#include "testing/people.h"
#include "vault/second_factor.h"

namespace understory::people {

TEST_P(People, ARenewedKeyMakesCopiesOfTheOldOneWorthless) {
  FixedClock clock(kNoon);
  add("reader", {{{}, Role::kResearcher, {}, ""}});
  const Id leaver = add("leaver", {{{}, Role::kResearcher, {}, ""}});
  const Id owner = Id::make(), row = Id::make(), waiting = Id::make();
  const auto old_key = workspace().key();
  // As programs sealed before there were data keys, and as they do now.
  const std::string of_before = old_key->seal({"source", "text", row}, "They owe the mill.");
  std::string sealed, index;
  {
    Transaction transaction = workspace().write();
    sealed = transaction.seal(owner, "source", "name", row, "SR-01 interview");
    index = transaction.blind_index("source.name", "SR-01 interview");
    transaction.commit();
  }
  EXPECT_FALSE(renew_key(workspace(), old_key));  // it lies in the folder
  const auto first = put_key_away(workspace());
  ASSERT_TRUE(first);
  // While locked: what is new can be sealed, what was sealed cannot be opened, nor added to.
  std::string told_meanwhile;
  {
    Transaction transaction = workspace().write();
    told_meanwhile = transaction.seal(waiting, "source", "text", row, "Told at night.");
    EXPECT_THROW(transaction.open("source", "name", row, sealed), storage::DatabaseError);
    EXPECT_THROW(transaction.seal(owner, "source", "name", row, "x"), storage::DatabaseError);
    transaction.commit();
  }
  {
    Transaction transaction = workspace().write();
    EXPECT_THROW(transaction.open("source", "text", row, told_meanwhile), storage::DatabaseError);
    ASSERT_TRUE(deactivate(transaction, leaver));
    transaction.commit();
  }
  const auto held = session(enter("reader")->session);
  ASSERT_TRUE(held && held->key);
  const auto second = renew_key(workspace(), held->key);
  ASSERT_TRUE(second) << second.error().sentence();
  EXPECT_EQ(second->holders, 1);
  EXPECT_EQ(workspace().recover(*read_recovery_key(first->recovery_key)).error().code(), "wrong_key");
  EXPECT_TRUE(workspace().recover(*read_recovery_key(second->recovery_key)));
  const auto again = session(enter("reader")->session);
  ASSERT_TRUE(again && again->key);
  Transaction transaction = workspace().read();
  EXPECT_EQ(workspace().accept(transaction, old_key->key()).error().code(), "wrong_key");
  transaction.unlock(old_key);
  EXPECT_THROW(transaction.open("source", "name", row, sealed), storage::DatabaseError);
  transaction.unlock(again->key);
  EXPECT_EQ(transaction.open("source", "name", row, sealed), "SR-01 interview");
  EXPECT_EQ(transaction.open("source", "text", row, of_before), "They owe the mill.");
  EXPECT_EQ(transaction.open("source", "text", row, told_meanwhile), "Told at night.");
  EXPECT_EQ(transaction.blind_index("source.name", "SR-01 interview"), index);
}

TEST_P(People, WhatADestroyedDataKeySealedOpensNoMore) {
  const Id owner = Id::make(), other = Id::make(), row = Id::make();
  std::string gone, stays;
  {
    Transaction transaction = workspace().write();
    gone = transaction.seal(owner, "source", "text", row, "They owe the mill.");
    stays = transaction.seal(other, "source", "text", row, "The river took the field.");
    EXPECT_THROW(transaction.open("source", "name", row, gone), storage::DatabaseError);  // another column
    transaction.commit();
  }
  {
    Transaction transaction = workspace().write();
    EXPECT_EQ(transaction.open("source", "text", row, gone), "They owe the mill.");
    transaction.destroy_data_key(owner);
    transaction.commit();
  }
  Transaction transaction = workspace().read();
  EXPECT_THROW(transaction.open("source", "text", row, gone), storage::DatabaseError);
  EXPECT_EQ(transaction.open("source", "text", row, stays), "The river took the field.");
}

TEST_P(People, TheKeyLeavesTheFolderAndOpensForThoseEntitledAlone) {
  FixedClock clock(kNoon);
  const Id reader = add("reader", {{{}, Role::kResearcher, {}, ""}});
  add("keeper", {{{}, Role::kSteward, {}, ""}});
  const Id row = Id::make();
  const std::string sealed = workspace().key()->seal({"source", "text", row}, "They owe the mill.");
  const std::string before = enter("reader")->session;
  const auto away = put_key_away(workspace());
  ASSERT_TRUE(away) << away.error().sentence();
  EXPECT_EQ(away->holders, 1);
  EXPECT_FALSE(std::filesystem::exists(folder() / "workspace.key"));
  EXPECT_EQ(put_key_away(workspace()).error().code(), "locked");
  reopen();
  EXPECT_FALSE(workspace().holds_key());
  {
    Transaction transaction = workspace().read();
    EXPECT_TRUE(transaction.locked());
    try {
      transaction.open("source", "text", row, sealed);
      FAIL() << "a locked workspace opened a story";
    } catch (const storage::DatabaseError& error) {
      EXPECT_EQ(error.problem()->code(), "locked");
    }
  }
  EXPECT_FALSE(session(before));  // sessions of before carry no key
  const auto entered = enter("reader"), keeper = enter("keeper");
  {
    Transaction transaction = workspace().read();
    EXPECT_FALSE(session_of(workspace(), transaction, keeper->session)->key);
    const auto opened = session_of(workspace(), transaction, entered->session);
    ASSERT_TRUE(opened && opened->key);
    transaction.unlock(opened->key);
    EXPECT_EQ(transaction.open("source", "text", row, sealed), "They owe the mill.");
  }
  // Somebody new is handed the key by somebody who holds it; a steward is not entitled, whoever hands it over.
  add("late", {{{}, Role::kCoder, {}, ""}});
  EXPECT_FALSE([&] {
    Transaction transaction = workspace().read();
    return session_of(workspace(), transaction, enter("late")->session)->key != nullptr;
  }());
  {
    Transaction transaction = workspace().write();
    const auto key = session_of(workspace(), transaction, entered->session)->key;
    ASSERT_TRUE(hand_key_to(transaction, *find_account(transaction, "late"), *key));
    EXPECT_EQ(hand_key_to(transaction, *find_account(transaction, "keeper"), *key).error().code(), "forbidden");
    transaction.commit();
  }
  EXPECT_TRUE([&] {
    Transaction transaction = workspace().read();
    return session_of(workspace(), transaction, enter("late")->session)->key != nullptr;
  }());
  // A new password by invitation is a new key: the old hand-over is void.
  {
    Transaction transaction = workspace().write();
    const std::string token = invite(transaction, reader, {});
    ASSERT_TRUE(accept_invitation(transaction, token, vault::make_person_key("a boat under the house", kLight)));
    EXPECT_FALSE(has_key(transaction, reader));
    transaction.commit();
  }
  EXPECT_EQ(workspace().recover(*read_recovery_key("aaaaa-aaaaa-aaaaa-aaaaa-aaaaa-aaaaa-aaaaa-aaaaa")).error().code(),
            "wrong_key");
  EXPECT_FALSE(read_recovery_key("too short"));
  std::string by_hand = away->recovery_key;
  std::replace(by_hand.begin(), by_hand.end(), '-', ' ');
  std::transform(by_hand.begin(), by_hand.end(), by_hand.begin(), ::toupper);
  ASSERT_TRUE(workspace().take_key_out(*read_recovery_key(by_hand)));
  EXPECT_TRUE(std::filesystem::exists(folder() / "workspace.key"));
  reopen();
  EXPECT_TRUE(workspace().holds_key());
}

}  // namespace understory::people
