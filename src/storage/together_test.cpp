// What is asked at once, and what is written together: on both engines.
#include <atomic>
#include <chrono>
#include <thread>

#include "testing/workspace.h"

namespace understory::storage {

using testing_support::BothEngines;
using testing_support::engine_name;

namespace {

const Query kAdd{"test.add_organisation_named",
                 "insert into organisation (workspace_id, id, guid, name) values (?, ?, ?, ?)"};
const Query kCount{"test.count_organisations_named",
                   "select count(*) from organisation where workspace_id = ? and name = ?"};
const Query kNames{"test.names_of_organisations", "select name from organisation where workspace_id = ? order by name"};

void add_later(Transaction& transaction, const std::string& name) {
  transaction.run_later(kAdd, {transaction.workspace(), Id::make(), make_guid(), name});
}

// Adds an organisation each; one called “thrown” throws.
class Adding final : public Work {
 public:
  Adding(std::string name, std::atomic<std::size_t>& most) : name_(std::move(name)), most_(most) {}
  void keep(Transaction& transaction, std::span<Work* const> all) override {
    most_ = std::max(most_.load(), all.size());
    for (Work* each : all) {
      const std::string& name = static_cast<Adding*>(each)->name_;
      if (name == "thrown") throw std::runtime_error("this one");
      add_later(transaction, name);
    }
  }

 private:
  std::string name_;
  std::atomic<std::size_t>& most_;
};

}  // namespace

class Together : public testing_support::OnBothEngines {
 protected:
  std::vector<std::string> names() {
    std::vector<std::string> all;
    Transaction transaction = workspace().read();
    transaction.each(kNames, {transaction.workspace()}, [&](const Row& row) { all.push_back(row.string(0)); });
    return all;
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Together, BothEngines(), engine_name);

TEST_P(Together, QuestionsAreAnsweredInTheirOrderAndAfterWhatWaits) {
  Transaction transaction = workspace().write();
  add_later(transaction, "B");
  add_later(transaction, "A");
  std::string answers;
  const auto count = [&](std::string_view name) {
    return Question{&kCount, {transaction.workspace(), name}, [&answers](const Row& row) {
                      answers += std::to_string(row.integer(0));
                    }};
  };
  const Question names{&kNames, {transaction.workspace()}, [&](const Row& row) { answers += row.text(0); }};
  transaction.ask(std::vector<Question>{count("A"), names, count("C"), count("B")});
  EXPECT_EQ(answers, "1AB01");
  // A reader that throws spoils nothing of what comes after it.
  const Question bad{&kNames, {transaction.workspace()}, [](const Row&) { throw std::runtime_error("no"); }};
  EXPECT_THROW(transaction.ask(std::vector<Question>{bad, count("A")}), std::runtime_error);
  answers.clear();
  transaction.ask(std::vector<Question>{count("A")});
  EXPECT_EQ(answers, "1");
  transaction.commit();
  EXPECT_EQ(this->names().size(), 2u);
}

TEST_P(Together, WhatWaitsAndFailsIsThrownByWhoeverAsksNext) {
  Transaction transaction = workspace().write();
  const Id id = Id::make();
  const auto add_twice = [&] {
    for (int i = 0; i < 2; ++i) transaction.run_later(kAdd, {transaction.workspace(), id, make_guid(), "A"});
    transaction.ask(std::vector<Question>{{&kNames, {transaction.workspace()}, {}}});
  };
  EXPECT_THROW(add_twice(), DatabaseError);
}

TEST_P(Together, AReadThatIsGivenUpLeavesAConnectionAsGoodAsBefore) {
  for (int i = 0; i < 30; ++i) {
    const Transaction nothing_is_asked = workspace().read();
    Transaction one = workspace().read();
    EXPECT_EQ(one.each(kNames, {one.workspace()}, {}), 0);
    const Transaction given_up = workspace().write();
  }
  workspace().write_together([](Transaction& transaction) { add_later(transaction, "A"); });
  EXPECT_EQ(names(), std::vector<std::string>{"A"});
}

TEST_P(Together, ThoseWhoWaitShareOneTransactionAndWhatOneThrowsIsItsOwn) {
  std::atomic<std::size_t> most = 0;
  std::atomic<int> thrown = 0, kept = 0;
  std::vector<std::thread> threads;
  {
    const Transaction busy = workspace().write();  // so that the others come to wait for each other
    for (int i = 0; i < 12; ++i)
      threads.emplace_back([&, i] {
        Adding adding(i == 7 ? "thrown" : "A" + std::to_string(i), most);
        try {
          workspace().write_together(adding);
          ++kept;
        } catch (const std::runtime_error&) {
          ++thrown;
        }
      });
    threads.emplace_back([&] {  // of another class, in the same group or not
      workspace().write_together([](Transaction& transaction) { add_later(transaction, "other"); });
      ++kept;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(kept, 12);
  EXPECT_EQ(thrown, 1);
  EXPECT_EQ(names().size(), 12u);
  EXPECT_GE(most, 5u);
}

}  // namespace understory::storage
