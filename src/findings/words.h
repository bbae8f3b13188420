// Labels and cells in a language, the same in every form of an answer.
#pragma once
#include <string>

#include "findings/answer.h"

namespace understory::findings {

// A label that begins with "#" is a catalogue key; any other is a name already.
std::string label_of(const std::string& label, const Catalogue& words);
// A cell as people read it: "67 %", "0.42 [0.30, 0.55]", "18 of 24".
std::string cell_text(const Cell& cell, const Catalogue& words);
// "75 % [55–88]"
std::string share_text(const Estimate& estimate, const Catalogue& words);
// "1" or "2–4"; empty where ranks make no sense.
std::string rank_text(const Estimate& estimate);

}  // namespace understory::findings
