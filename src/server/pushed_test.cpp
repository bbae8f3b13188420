// Answers that are written while they are asked for.
#include "server/pushed.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "foundation/file.h"

namespace understory::server {

namespace {

std::string all_of(Pieces& pieces) {
  std::string all;
  for (;;) {
    const auto piece = pieces.next();
    if (!piece) return all + "!" + std::string(piece.error().code());
    if (piece->empty()) return all;
    all += *piece;
  }
}

using Going = std::function<bool()>;

}  // namespace

TEST(Pushed, ComesWholeAndNeverFarAhead) {
  std::atomic<std::size_t> written{0};
  auto made = pushed([&](const Going&, const Sink& sink) -> Result<void> {
    for (int i = 0; i < 400; ++i) {
      TRY(sink(std::string(10'000, static_cast<char>('a' + i % 26))));
      written += 10'000;
    }
    return {};
  });
  ASSERT_TRUE(made);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_LE(written, 512u * 1024 + 20'000);
  const std::string all = all_of(**made);
  ASSERT_EQ(all.size(), 4'000'000u);
  for (std::size_t i = 0; i < 400; ++i) ASSERT_EQ(all[i * 10'000], static_cast<char>('a' + i % 26));
}

TEST(Pushed, AProblemBeforeTheFirstByteIsAnAnswerAndLaterOneCutsIt) {
  const auto refused = pushed([](const Going&, const Sink&) -> Result<void> {
    return fail(problems::kNotFound, {{"what", "form"}});
  });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "not_found");
  EXPECT_THROW((void)pushed([](const Going&, const Sink&) -> Result<void> { throw std::runtime_error("gone"); }),
               std::runtime_error);
  const auto cut = pushed([](const Going&, const Sink& sink) -> Result<void> {
    TRY(sink("half"));
    return fail(problems::kDiskFull);
  });
  ASSERT_TRUE(cut);
  EXPECT_EQ(all_of(**cut), "half!disk_full");
  const auto empty = pushed([](const Going&, const Sink&) -> Result<void> { return {}; });
  ASSERT_TRUE(empty);
  EXPECT_EQ(all_of(**empty), "");
}

TEST(Pushed, EndsWhenNobodyAsksAnyMoreAndFiveAreTooMany) {
  std::atomic<int> ended{0};
  const auto endless = [&] {
    return pushed([&](const Going& going_on, const Sink& sink) -> Result<void> {
      TRY(sink("begin"));
      while (going_on()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      ++ended;
      return {};
    });
  };
  std::vector<std::shared_ptr<Pieces>> open;
  for (int i = 0; i < 4; ++i) {
    auto made = endless();
    ASSERT_TRUE(made) << i;
    open.push_back(std::move(*made));
  }
  EXPECT_EQ(endless().error().code(), "exports_taken");
  open.clear();
  EXPECT_EQ(ended, 4);
  EXPECT_TRUE(endless());
}

namespace {

// Writes more than is ever held ahead, for as long as somebody takes it.
Writer endless_writer(std::atomic<int>& ended) {
  return [&ended](const Going&, const Sink& sink) -> Result<void> {
    for (;;)
      if (auto sent = sink(std::string(50'000, 'x')); !sent) return ++ended, sent;
  };
}

}  // namespace

TEST(Pushed, NobodyTakesAllPlacesForThemselves) {
  std::atomic<int> ended{0};
  std::vector<std::shared_ptr<Pieces>> open;
  const auto ask = [&](Id account) {
    auto made = pushed(endless_writer(ended), account);
    if (made) open.push_back(*made);
    return made ? std::string("open") : std::string(made.error().code());
  };
  EXPECT_EQ(ask(Id{7}), "open");
  EXPECT_EQ(ask(Id{7}), "open");
  EXPECT_EQ(ask(Id{7}), "own_exports_taken");
  EXPECT_EQ(ask(Id{8}), "open");
  EXPECT_EQ(ask(Id{8}), "open");
  EXPECT_EQ(ask(Id{9}), "exports_taken");  // each of them still takes what comes, as far as anybody knows
  open.erase(open.begin());
  EXPECT_EQ(ask(Id{9}), "open");
  open.clear();
  EXPECT_EQ(ended, 5);
}

TEST(Pushed, WhoTakesNothingLosesTheirPlaceToTheNext) {
  std::atomic<int> ended{0};
  PushedPlaces quick;
  quick.patience = std::chrono::milliseconds(300);
  std::vector<std::shared_ptr<Pieces>> open;
  for (int i = 0; i < 4; ++i) open.push_back(*pushed(endless_writer(ended), Id{i + 1}, quick));
  EXPECT_EQ(pushed(endless_writer(ended), Id{9}, quick).error().code(), "exports_taken");
  // Three go on taking; the fourth does not.
  for (const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(700);
       std::chrono::steady_clock::now() < until;) {
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(open[static_cast<std::size_t>(i)]->next());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  const auto next = pushed(endless_writer(ended), Id{9}, quick);
  ASSERT_TRUE(next);
  EXPECT_EQ(ended, 1);
  EXPECT_NE(all_of(*open[3]).find("!stopped"), std::string::npos);  // cut: nobody takes it for whole
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(open[static_cast<std::size_t>(i)]->next());
}

// Four who take next to nothing keep nobody from theirs: what they have not taken lies sealed on the disk.
TEST(Pushed, SlowReadersKeepNoPlaces) {
  const TemporaryFolder folder;
  PushedPlaces places;
  places.spool = folder.path();
  std::atomic<int> ended{0};
  const auto four_million = [&](char letter) {
    return [&ended, letter](const Going&, const Sink& sink) -> Result<void> {
      for (int i = 0; i < 400; ++i) TRY(sink(fmt::format("{}{:04}", letter, i) + std::string(9'995, letter)));
      return ++ended, Result<void>();
    };
  };
  std::vector<std::shared_ptr<Pieces>> slow;
  for (char letter = 'a'; letter < 'a' + 12; ++letter) {
    // Each place comes free as soon as all of its answer is written, though nobody has taken a byte of it.
    auto made = pushed(four_million(letter), Id{letter}, places);
    for (int i = 0; !made && i < 500; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      made = pushed(four_million(letter), Id{letter}, places);
    }
    ASSERT_TRUE(made) << letter;
    slow.push_back(std::move(*made));
  }
  for (int i = 0; i < 500 && ended < 12; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(ended, 12);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "without a name";
  for (std::size_t n = 0; n < slow.size(); ++n) {
    const std::string all = all_of(*slow[n]);
    ASSERT_EQ(all.size(), 4'000'000u);
    for (std::size_t i = 0; i < 400; ++i)
      ASSERT_EQ(all.substr(i * 10'000, 5), fmt::format("{}{:04}", static_cast<char>('a' + n), i));
  }
}

TEST(Pushed, WhatCannotBePutAsideWaitsForItsReader) {
  const TemporaryFolder folder;
  for (const auto& [spool, most] : {std::pair(folder.path(), std::uint64_t{1'000'000}),
                                    std::pair(folder.path() / "none", std::uint64_t{100'000'000})}) {
    PushedPlaces places;
    places.spool = spool;
    places.most_aside = most;
    std::atomic<std::size_t> written{0};
    const auto made = pushed(
        [&](const Going&, const Sink& sink) -> Result<void> {
          for (int i = 0; i < 400; ++i) {
            TRY(sink(fmt::format("{:04}", i) + std::string(9'996, 'x')));
            written += 10'000;
          }
          return {};
        },
        {}, places);
    ASSERT_TRUE(made);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_LE(written, 2'000'000u);
    const std::string all = all_of(**made);
    ASSERT_EQ(all.size(), 4'000'000u);
    for (std::size_t i = 0; i < 400; ++i) ASSERT_EQ(all.substr(i * 10'000, 4), fmt::format("{:04}", i));
  }
}

}  // namespace understory::server
