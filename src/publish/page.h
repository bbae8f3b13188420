// One answer as a whole HTML page of its own (for `find --format html`), with the report's style.
#pragma once
#include <string>

#include "findings/answer.h"
#include "foundation/catalogue.h"

namespace understory::publish {

std::string answer_page(const findings::Answer& answer, const Catalogue& words);
// The style sheet reports and answer pages share, so that a picture looks the same in both.
std::string_view document_style();

}  // namespace understory::publish
