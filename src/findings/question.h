// A question put to a study. Its text form and its JSON form are the same thing:
//
//   causes by location among gender=female, language=km seed 7 draws 2000
//   {"ask":"causes","by":"location","among":{"gender":["female"],"language":["km"]},"seed":7,"draws":2000}
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/result.h"

namespace understory::findings {

enum class Ask { kCauses, kRisks, kStrategies, kTrend, kCooccurrence, kLinks, kAgreement, kSaturation };
inline constexpr std::string_view kAsks[] = {"causes",       "risks", "strategies", "trend",
                                             "cooccurrence", "links", "agreement",  "saturation"};

// What respondents can be split by or narrowed to.
inline constexpr std::string_view kFacets[] = {"location", "role", "gender", "age_band", "language"};

// What the agreement of coders is measured over.
inline constexpr std::string_view kUnits[] = {"character", "paragraph", "respondent"};

struct Question {
  Ask ask = Ask::kCauses;
  std::string by = "location";  // kFacets, or "none"; unsaid: what suits the question
  // facet → values that count. Empty: everybody.
  std::map<std::string, std::vector<std::string>> among;
  std::string kind;                   // of codes; empty: what the question is about ("cause" for causes)
  std::string level = "top";          // top: the kind's main codes, their parts counted in; all: every code
  std::string counted = "any";        // any: said so by any human coder; every: by every human coder of that source
  std::string within = "respondent";  // cooccurrence: respondent | paragraph | overlap
  std::string unit = "character";     // agreement: one of kUnits
  bool machine = false;               // agreement: let the machine coder take part (it never counts anywhere else)
  std::uint64_t seed = 1;
  int draws = 2000;  // of the bootstrap and of Monte Carlo tests; 0: counts and intervals alone

  std::string text() const;  // shortest form; defaults are left out
  std::string json() const;  // keys sorted, defaults left out
  auto operator<=>(const Question&) const = default;
};

// kBadQuestion says at which word, why, and what would be understood.
Result<Question> parse_question(std::string_view text);
Result<Question> parse_question_json(std::string_view json);

}  // namespace understory::findings
