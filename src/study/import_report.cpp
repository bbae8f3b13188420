#include "study/import_report.h"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace understory::study {

namespace {

constexpr std::size_t kLinesShown = 40;

std::string plural(std::string_view element, std::int64_t many) {
  if (many == 1) return std::string(element);
  if (element == "memo" || element == "link") return std::string(element) + "s";
  if (element.ends_with("y")) return std::string(element.substr(0, element.size() - 1)) + "ies";
  return std::string(element) + "s";
}

}  // namespace

void ImportReport::count(std::string_view element, Outcome outcome, std::int64_t many) {
  if (many != 0) counts[std::string(element)][static_cast<std::size_t>(outcome)] += many;
}

void ImportReport::note(std::string_view element, Outcome outcome, std::string_view where, std::string_view what) {
  count(element, outcome);
  if (outcome != Outcome::kRead && outcome != Outcome::kMerged)
    lines.push_back({std::string(element), outcome, std::string(where), std::string(what), {}});
}

void ImportReport::note(std::string_view element, Outcome outcome, std::string_view where, Message said) {
  count(element, outcome);
  if (outcome != Outcome::kRead && outcome != Outcome::kMerged)
    lines.push_back(
        {std::string(element), outcome, std::string(where), Catalogue::of("en").say(said), std::move(said)});
}

void ImportReport::remark(std::string_view element, std::string_view where, Message said) {
  lines.push_back(
      {std::string(element), Outcome::kChanged, std::string(where), Catalogue::of("en").say(said), std::move(said)});
}

void ImportReport::remark(std::string_view element, std::string_view where, std::string_view what) {
  lines.push_back({std::string(element), Outcome::kChanged, std::string(where), std::string(what), {}});
}

std::int64_t ImportReport::of(std::string_view element, Outcome outcome) const {
  const auto found = counts.find(std::string(element));
  return found == counts.end() ? 0 : found->second[static_cast<std::size_t>(outcome)];
}

bool ImportReport::complete() const {
  for (const auto& [element, outcomes] : counts)
    if (outcomes[static_cast<std::size_t>(Outcome::kUnusable)] > 0) return false;
  return true;
}

std::string ImportReport::text() const {
  static constexpr std::array<std::string_view, 5> kSaid{"read", "there already", "changed", "kept as they are",
                                                         "not usable"};
  std::string out = fmt::format("{} ({})\n", file, format);
  for (const auto& [element, outcomes] : counts) {
    std::int64_t all = 0;
    std::string parts;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      all += outcomes[i];
      if (outcomes[i] > 0) parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", outcomes[i], kSaid[i]);
    }
    out += fmt::format("  {:>6} {:<22} {}\n", all, plural(element, all), parts);
  }
  if (!readings.empty()) {
    // Sources read alike are told of once.
    std::map<std::string, std::vector<const OffsetReading*>> alike;
    for (const OffsetReading& reading : readings)
      alike[fmt::format("{}, end {}, {}{}", reading.unit, reading.end_inclusive ? "included" : "excluded",
                        reading.newline_counts_two ? "line ends count as they stand" : "each line end counts one",
                        reading.counts_byte_order_mark ? ", byte order mark counted" : "")]
          .push_back(&reading);
    for (const auto& [how, list] : alike) {
      int selections = 0;
      double score = 1;
      for (const OffsetReading* reading : list) {
        selections += reading->selections;
        score = std::min(score, reading->score);
      }
      out += fmt::format("  Positions of {} selections in {} {} read as {} (score {:.2f}, next best {:.2f}): {}\n",
                         selections, list.size(), list.size() == 1 ? "source" : "sources", how, score,
                         list.front()->runner_up, list.front()->why);
    }
  }
  for (std::size_t i = 0; i < lines.size() && i < kLinesShown; ++i)
    out += fmt::format("  ! {} {}{}{}\n", lines[i].element, lines[i].where, lines[i].where.empty() ? "" : ": ",
                       lines[i].what);
  if (lines.size() > kLinesShown)
    out += fmt::format("  … and {} more; --json lists them all\n", lines.size() - kLinesShown);
  return out;
}

std::string ImportReport::json() const {
  boost::json::object counted;
  for (const auto& [element, outcomes] : counts) {
    boost::json::object each;
    for (std::size_t i = 0; i < outcomes.size(); ++i) each[kOutcomes[i]] = outcomes[i];
    counted[element] = std::move(each);
  }
  boost::json::array told;
  for (const ImportLine& line : lines)
    told.push_back({{"element", line.element},
                    {"outcome", kOutcomes[static_cast<std::size_t>(line.outcome)]},
                    {"where", line.where},
                    {"what", line.what}});
  boost::json::array read;
  for (const OffsetReading& reading : readings)
    read.push_back({{"source", reading.source},
                    {"unit", reading.unit},
                    {"counts_byte_order_mark", reading.counts_byte_order_mark},
                    {"newline_counts_two", reading.newline_counts_two},
                    {"end_inclusive", reading.end_inclusive},
                    {"score", reading.score},
                    {"runner_up", reading.runner_up},
                    {"selections", reading.selections},
                    {"why", reading.why}});
  return boost::json::serialize(boost::json::object{{"file", file},
                                                    {"format", format},
                                                    {"complete", complete()},
                                                    {"counts", std::move(counted)},
                                                    {"lines", std::move(told)},
                                                    {"readings", std::move(read)}});
}

}  // namespace understory::study
