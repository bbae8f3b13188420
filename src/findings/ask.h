// Question + evidence → answer. Pure: the same two always give the same answer.
#pragma once
#include "findings/answer.h"
#include "foundation/progress.h"
#include "study/evidence.h"

namespace understory::findings {

// kInvalidValue when the question names a location, role or language the study does not have (the hint lists them).
// `language`: in which language code names appear as labels.
Result<Answer> ask(const study::Evidence& evidence, const Question& question, const std::string& language = "en");

// The passages behind one number, in reading order, one coding for each (the same words under the same code by two
// coders are one passage). `group`: a group's key, or "(all)". kNotFound for a group or item the answer does not have.
Result<std::vector<int>> codings_behind(const study::Evidence& evidence, const Question& question,
                                        std::string_view group, std::string_view item);

// What speaks against a number: those of the group who were asked and did not say it, and what they said instead – one
// passage for each of them and each other item, in reading order. Keys and problems as codings_behind().
struct Against {
  std::int64_t asked = 0;   // in the group
  std::int64_t people = 0;  // of them, did not say it
  std::int64_t silent = 0;  // of those, said none of the other items either
  std::vector<int> codings;
};
Result<Against> codings_against(const study::Evidence& evidence, const Question& question, std::string_view group,
                                std::string_view item);

// The passages behind one arrow of links: evidence in which the links stand as the codings, and which of them these
// are. `from`, `to`: keys of items; `prevents`: links of the sign "prevents". kNotFound for an item the answer does not
// have.
struct ToldLinks {
  study::Evidence evidence;
  std::vector<int> codings;
};
Result<ToldLinks> links_behind(const study::Evidence& evidence, const Question& question, std::string_view from,
                               std::string_view to, bool prevents);

}  // namespace understory::findings
