// What clocks show where. From ICU's time zones, which come with it.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/clock.h"

namespace understory {

// Minutes east of UTC that clocks show in a country (ISO 3166 code, "KH") at a moment; nothing: the country is not
// known, or its clocks differ among each other.
std::optional<int> offset_of_country(std::string_view country, Milliseconds at);
// By the time zone of this machine.
int offset_of_machine(Milliseconds at);
// All that clocks show somewhere at a moment, each once, west to east.
std::vector<int> offsets_anywhere(Milliseconds at);

// "+07:00", "-03:30".
std::string offset_text(int minutes);
// Of a time as xsd has it ("…T10:30:00.000+07:00", "…Z"); nothing: it says none.
std::optional<int> offset_in(std::string_view time);

}  // namespace understory
