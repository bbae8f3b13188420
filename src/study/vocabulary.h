// The fixed words of a study, as they stand in tables, files and URLs.
#pragma once
#include <array>
#include <string_view>

namespace understory::study {

// What a code is about. A question asks for one kind.
inline constexpr std::array<std::string_view, 10> kCodeKinds{
    "cause", "vulnerability", "means", "exploitation", "route", "actor", "strategy", "trend", "enforcement", "other"};
// What a question must know about a code beyond its kind.
//   strategy: self_protection, intervention, awareness · trend: up, same, down, unknown, period
//   vulnerability: child, youth, adult, female, male (who is said to be at risk)
inline constexpr std::array<std::string_view, 13> kCodeMeanings{
    "self_protection", "intervention", "awareness", "up",    "same",   "down", "unknown",
    "period",          "child",        "youth",     "adult", "female", "male"};
inline constexpr std::array<std::string_view, 4> kSourceKinds{"interview", "focus_group", "open_answer", "document"};
inline constexpr std::array<std::string_view, 7> kAgeBands{"under 15", "15-17", "18-24",      "25-34",
                                                           "35-49",    "50-64", "65 and over"};
inline constexpr std::array<std::string_view, 4> kGenders{"female", "male", "other", "mixed"};  // mixed: groups only
inline constexpr std::array<std::string_view, 4> kMaskKinds{"name", "place", "phone", "other"};
inline constexpr std::array<std::string_view, 3> kCertainties{"said", "likely", "possible"};
// Working languages of the house, English first.
inline constexpr std::array<std::string_view, 7> kLanguages{"en", "km", "ne", "hi", "bn", "th", "vi"};

template <std::size_t N>
constexpr bool is_one_of(const std::array<std::string_view, N>& list, std::string_view word) {
  for (std::string_view entry : list)
    if (entry == word) return true;
  return false;
}

}  // namespace understory::study
