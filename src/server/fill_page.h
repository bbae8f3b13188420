// A filling as one long HTML form without script, and what such a form sends back. Pure: no database, no request.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collect/filling.h"
#include "collect/form_language.h"
#include "foundation/catalogue.h"

namespace understory::server {

using collect::language_code;
using collect::nearest_language;

struct FillShown {
  const collect::Filling& filling;
  const Catalogue& words;
  std::string language;                                // of the questions, as the form's itext calls it
  const std::vector<collect::Unmet>* amiss = nullptr;  // null: nobody asked to be told yet
  std::string begin_at;                                // address of what was just added: it gets the focus
  std::vector<std::string> files_lost;                 // addresses whose files must be chosen again
  std::optional<int> clock;  // minutes from UTC of the times people write; a time told by another says so beside it
  // Where a picture or sound of the form's own is to be had, by its name; empty: it is not here.
  std::function<std::string(const std::string& name)> media = nullptr;
  std::size_t most_fields = 20'000;  // that a page can send; what is beyond is left out of it, and keeps its answers
};

struct FillHtml {
  std::string questions;
  std::string summary;       // what is amiss, each with a link to its question; empty: nothing, or nobody asked
  std::size_t left_out = 0;  // questions that would have been too many for one page
  bool plays = false;        // sounds or films stand in it
};
FillHtml fill_html(const FillShown& shown);

// What a form sent: names and values, in its order. Fields whose names begin with "/" are answers.
using FillSent = std::vector<std::pair<std::string, std::string>>;
// By which clock times are written, in minutes from UTC. A time that was told before keeps the clock it was told by,
// also when its hour is changed; those told by the page's own earlier clock (`before`) follow when another is chosen.
struct FillClock {
  int offset_minutes = 0;
  std::optional<int> before;
};
// The answers in it, as Filling::set() takes them: boxes of a date put together, choices joined, digits of other
// scripts made those of numbers. What the form does not ask, or lets nobody change, is passed over; of files only that
// one is to be dropped.
std::vector<std::pair<std::string, std::string>> answers_of(const collect::Filling& filling, const FillSent& sent,
                                                            const FillClock& clock);

}  // namespace understory::server
