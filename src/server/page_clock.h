// By which clock times are written on a page without script, which cannot ask the browser: what somebody chose there
// (kept in a cookie), else that of the country they work in, else that of the form's study, else this machine's.
// Decision 024.
#pragma once
#include "collect/forms.h"
#include "server/visit.h"

namespace understory::server {

// Minutes from UTC. `chosen`: what the page sent; anything that is no clock is passed over.
int page_clock(const Visit& visit, const collect::KeptForm& form, const std::string& chosen, Milliseconds at);
// To choose from: each with what it shows now ("10:57 (UTC+07:00)").
kainjow::mustache::data clocks_to_choose(int chosen, Milliseconds at);
// Whether a form asks for a time of the day.
bool asks_for_times(const collect::Form& form);

}  // namespace understory::server
