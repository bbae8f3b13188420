#include "server/page_clock.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "foundation/time_zone.h"
#include "places/places.h"
#include "study/study.h"

namespace understory::server {

namespace mustache = kainjow::mustache;

namespace {

std::optional<int> offset_of(const std::string& text, Milliseconds at) {
  int minutes = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), minutes);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  const auto all = offsets_anywhere(at);
  if (std::find(all.begin(), all.end(), minutes) == all.end() && minutes != offset_of_machine(at)) return std::nullopt;
  return minutes;
}

// Nothing: they lie in several countries, or in one of several clocks.
std::optional<int> offset_of_places(storage::Transaction& transaction, const std::vector<std::string>& codes,
                                    Milliseconds at) {
  std::set<std::string> countries;
  for (const std::string& code : codes)
    if (const auto above = places::ancestors(transaction, code); !above.empty()) countries.insert(above.back().code);
  std::set<int> offsets;
  for (const std::string& country : countries) {
    const auto offset = offset_of_country(country, at);
    if (!offset) return std::nullopt;
    offsets.insert(*offset);
  }
  if (offsets.size() != 1) return std::nullopt;
  return *offsets.begin();
}

}  // namespace

int page_clock(const Visit& visit, const collect::KeptForm& form, const std::string& chosen, Milliseconds at) {
  for (const std::string& said : {chosen, visit.request.cookie("clock")})
    if (const auto offset = offset_of(said, at)) return *offset;
  const people::Reach reach = people::reach(visit.person, people::Right::kFillForms, form.study);
  if (!reach.everything)
    if (const auto offset = offset_of_places(visit.transaction, reach.places, at)) return *offset;
  if (form.study) {
    std::vector<std::string> codes;
    for (const study::Location& each : study::locations(visit.transaction, form.study))
      if (!each.place_code.empty()) codes.push_back(each.place_code);
    if (const auto offset = offset_of_places(visit.transaction, codes, at)) return *offset;
  }
  return offset_of_machine(at);
}

mustache::data clocks_to_choose(int chosen, Milliseconds at) {
  std::vector<int> all = offsets_anywhere(at);
  if (std::find(all.begin(), all.end(), chosen) == all.end()) all.push_back(chosen);
  std::sort(all.begin(), all.end());
  mustache::data list{mustache::data::type::list};
  for (const int minutes : all) {
    const std::string there = iso_time(at + minutes * Milliseconds{60'000});
    list << option(std::to_string(minutes), there.substr(11, 5) + " (UTC" + offset_text(minutes) + ")",
                   minutes == chosen);
  }
  return list;
}

bool asks_for_times(const collect::Form& form) {
  return std::any_of(form.nodes.begin(), form.nodes.end(), [](const collect::Node& node) {
    return node.control == collect::Control::kInput &&
           (node.type == collect::AnswerType::kTime || node.type == collect::AnswerType::kDateTime);
  });
}

}  // namespace understory::server
