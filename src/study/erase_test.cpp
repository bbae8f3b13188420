// What is erased is gone, on both engines.
#include "study/erase.h"
#include "foundation/archive.h"
#include "foundation/file.h"
#include "places/places.h"
#include "study/default_codebook.h"
#include "study/evidence.h"
#include "study/exchange/formats.h"
#include "study/gather.h"
#include "study/import_file.h"
#include "study/merge.h"
#include "study/source.h"
#include "study/turns.h"
#include "study/vocabulary.h"
#include "testing/studies.h"

namespace understory::study {

// P20. What was told is gone with all that hung on it, and does not come back with the next copy of the file.
TEST_P(Studies, AnErasedSourceIsGone) {
  Id study, one;
  std::string sealed_text;
  {
    Transaction transaction = workspace().write();
    study = make(transaction);
    bring_all(transaction, study);
    for (const SourceLine& line : list_sources(transaction, study))
      if (line.name == "One") one = line.id;
    EXPECT_EQ(search_texts(transaction, study, "000-555-014", 10).size(), 0u);  // masked
    EXPECT_GE(search_texts(transaction, study, "បំណុល", 10).size(), 1u);
    transaction.commit();
  }
  std::int64_t codings = 0;
  {
    Transaction transaction = workspace().write();
    codings = load_evidence(transaction, study).codings.size();
    const auto erased = erase_source(transaction, study, one);
    ASSERT_TRUE(erased) << erased.error().sentence();
    EXPECT_EQ(erased->sources.size(), 2u);  // with its translation
    EXPECT_EQ(erased->codings, 2);
    EXPECT_EQ(erased->links, 1);
    EXPECT_GE(erased->files, 1);  // sources.csv named it
    EXPECT_EQ(erase_source(transaction, study, one).error().code(), "not_found");
    EXPECT_EQ(static_cast<std::int64_t>(load_evidence(transaction, study).codings.size()), codings - 2);
    EXPECT_EQ(search_texts(transaction, study, "បំណុល", 10).size(), 0u);
    EXPECT_EQ(open_source(transaction, study, one).error().code(), "not_found");
    const Material left = *gather(transaction, study, {});
    for (const MaterialSource& source : left.sources) EXPECT_EQ(source.text.find("000-555-014"), std::string::npos);
    transaction.commit();
  }
  // A copy that another program made before brings it with its GUID.
  Transaction transaction = workspace().write();
  Material copy;
  copy.report.file = "copy.qdpx";
  MaterialSource source;
  source.name = "One, again";
  source.text = "They owe money.";
  source.kind = "interview";
  copy.sources.push_back(source);
  const auto fresh = merge(transaction, study, copy, {});
  ASSERT_TRUE(fresh);
  EXPECT_EQ(fresh->of("source", Outcome::kRead), 1);
  const Material held = *gather(transaction, study, {});
  std::string guid;
  for (const MaterialSource& each : held.sources)
    if (each.name == "One, again") guid = each.guid;
  Id again;
  for (const SourceLine& line : list_sources(transaction, study))
    if (line.name == "One, again") again = line.id;
  ASSERT_TRUE(erase_source(transaction, study, again));
  copy.sources[0].guid = guid;
  copy.sources[0].name = "One, under a third name";
  const auto refused = merge(transaction, study, copy, {});
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->of("source", Outcome::kUnusable), 1) << refused->text();
}

TEST_P(Studies, AnErasedRespondentIsGoneAndSharedTalksAreNamed) {
  Transaction transaction = workspace().write();
  const Id study = make(transaction);
  bring_all(transaction, study);
  const auto id_of = [&](const std::string& name) {
    for (const Respondent& each : list_respondents(transaction, study))
      if (each.name == name) return each.id;
    return Id{};
  };
  const Id alone = id_of("SR-01"), shared = id_of("SR-02");
  const auto gone = erase_respondent(transaction, study, alone);
  ASSERT_TRUE(gone) << gone.error().sentence();
  EXPECT_EQ(gone->sources.size(), 2u);
  EXPECT_TRUE(gone->shared.empty());
  const auto half = erase_respondent(transaction, study, shared);
  ASSERT_TRUE(half);
  EXPECT_TRUE(half->sources.empty());
  EXPECT_EQ(half->shared.size(), 1u);
  EXPECT_FALSE(id_of("SR-01"));
  EXPECT_FALSE(id_of("SR-02"));
  EXPECT_EQ(load_evidence(transaction, study).respondents.size(), 2u);
}

}  // namespace understory::study
