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

}  // namespace understory::findings
