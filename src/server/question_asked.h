// The question a page or program asks, and what it can be narrowed to.
#pragma once
#include "findings/ask.h"
#include "server/visit.h"
#include "study/evidence.h"

namespace understory::server {

// /findings/causes?by=gender&gender=female&seed=7, or ?question=causes by gender… in one piece. kNotFound where {ask}
// of the address is nothing that can be asked; kBadQuestion.
Result<findings::Question> question_asked(const Visit& visit);

// What a facet's value is called: "woman or girl".
std::string facet_label(const Visit& visit, const std::string& facet, const std::string& value);

// The values respondents have of a facet, in the order people expect.
std::vector<std::string> values_of(const study::Evidence& evidence, const std::string& facet);

// The passages behind the number an address names: ?group=…&item=…, or of links ?from=…&to=…&sign=prevents.
struct Behind {
  study::Evidence evidence;  // in which `codings` are
  std::vector<int> codings;
};
Result<Behind> behind_number(const Visit& visit, study::Evidence evidence, const findings::Question& question);

// "woman or girl, 25–34, farmer, Svay Rieng"
std::string who_said(const Visit& visit, const study::Passage& passage);

}  // namespace understory::server
