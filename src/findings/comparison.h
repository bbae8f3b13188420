// Two groups of an answer side by side: how much more often the one names each thing, and how sure that is.
#pragma once
#include "findings/answer.h"
#include "study/evidence.h"

namespace understory::findings {

// A group of fewer people is not set beside another: what is said of it could be said of persons.
inline constexpr std::int64_t kLeastCompared = 11;
// Of fewer conversations on a side no difference is said: were whole conversations dealt to the two sides at random,
// three on each would fall as they did, or the other way round, twice in twenty times.
inline constexpr std::int64_t kLeastConversations = 4;

// The answer to the question cut to the two groups (keys of its groups; the first is the one differences are counted
// from), with one table, "comparison": an item, k of n in each, the difference of the shares with its 95 % interval
// (from the intervals of both, so that people who were interviewed together and few conversations are in it), Fisher's
// exact p and the same adjusted over all items (Benjamini & Hochberg). Where a group has
// fewer than kLeastConversations a warning says so, and no sentence speaks of a difference. Where a group is smaller
// than kLeastCompared it has no cells and no table, and a warning says so; as where the answer has but one group. A key
// that is empty stands for the first group that is not the other. kNotFound for a group the answer does not have;
// kInvalidValue for twice the same, and for questions that count no groups (links, agreement …).
Result<Answer> compare(const study::Evidence& evidence, const Question& question, std::string_view one,
                       std::string_view other, const std::string& language = "en");

}  // namespace understory::findings
