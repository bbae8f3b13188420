// A form's questions as one long page on which somebody points: "this is …". Pure: no database, no request.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "foundation/catalogue.h"
#include "study/pointing.h"

namespace understory::server {

struct MappingShown {
  const collect::Form& form;
  const study::Pointing& pointing;
  const std::vector<study::Amiss>& amiss;
  const Catalogue& words;
  std::string language;  // of the questions, as the form's itext calls it
  bool guessed = false;  // each that is pointed at is marked as a guess
};
// The questions, each with what it is and, beside it, what is wrong or missing.
std::string mapping_html(const MappingShown& shown);
// What is wrong or missing of the whole; of a question: with a link to it.
std::string mapping_summary(const MappingShown& shown);

// What the page sends back. What the form has not, or no question can be, is passed over.
study::Pointing pointing_sent(const std::vector<std::pair<std::string, std::string>>& sent, const collect::Form& form);

}  // namespace understory::server
