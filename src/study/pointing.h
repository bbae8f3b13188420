// A mapping as somebody points at it: question by question, "this is …". The page of a form's mapping shows one, and
// what is wrong or missing in it beside the question; the form keeps the mapping it makes. Pure.
#pragma once
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "study/from_submissions.h"

namespace understory::study {

// What a question may be, in the order people choose from. Those of a row are in a repeat, all others are not.
enum class Meaning {
  kNothing,
  kConsent,
  kPseudonym,
  kAgeBand,
  kGender,
  kRole,
  kFact,
  kAnswer,
  kLanguage,
  kPlace,
  kToldOn,
  kPersonLanguage,
  kPersonPlace,
  kGroup,
  kGroupSize,
  kGroupAgeBand,
  kGroupGender,
  kGroupRole,
  kRowAnswer,
  kRowPseudonym,
  kRowAgeBand,
  kRowGender,
  kRowRole,
  kRowFact,
  kRowLanguage,
  kRowPlace,
  kMemberLabel,
  kMemberPseudonym,
  kMemberAgeBand,
  kMemberGender,
  kMemberRole,
  kMemberFact,
  kMemberLanguage,
  kMemberPlace,
  kTurnSpeaker,
  kTurnSaid,
  kTurnWho,
  kTogetherSaid
};
inline constexpr std::array<std::string_view, 38> kMeanings{
    "nothing",         "consent",       "pseudonym",    "age_band",
    "gender",          "role",          "fact",         "answer",
    "language",        "place",         "told_on",      "person_language",
    "person_place",    "group",         "group_size",   "group_age_band",
    "group_gender",    "group_role",    "row_answer",   "row_pseudonym",
    "row_age_band",    "row_gender",    "row_role",     "row_fact",
    "row_language",    "row_place",     "member_label", "member_pseudonym",
    "member_age_band", "member_gender", "member_role",  "member_fact",
    "member_language", "member_place",  "turn_speaker", "turn_said",
    "turn_who",        "together_said"};
std::string_view name_of(Meaning meaning);
std::optional<Meaning> meaning_of(std::string_view name);
// The fact a meaning tells, under which `values` says what its answers mean ("age_band"); empty: none. Of kFact and the
// like it is the fact's own name.
std::string_view fact_of(Meaning meaning);

struct Pointing {
  struct At {
    std::string question;
    Meaning meaning = Meaning::kNothing;
    // Of kConsent and kTurnWho: the answer that is a yes, or the facilitator. Of facts: what the fact is called. Of
    // open answers: the kinds of codes they ask for (as source.asked has them).
    std::string detail;
  };
  std::vector<At> at;  // a question may be several things
  bool consent_on_paper = false;
  std::string location;
  std::map<std::string, std::string> facilitator_called;
  std::map<std::string, std::map<std::string, std::string>> values;

  bool has(Meaning meaning) const;
};

Pointing pointing_of(const SubmissionMapping& mapping);
// As far as it goes: what is wrong in it stands in amiss_in(). Of two questions for one thing the first is taken.
SubmissionMapping mapping_of(const Pointing& pointing, const collect::Form& form);

// Which meanings a question of the form can have; kNothing first.
std::vector<Meaning> meanings_for(const collect::Form& form, int node);

// What is wrong or missing, as a key of the catalogue behind "mapping.amiss_" and what to put in.
struct Amiss {
  std::string question;  // empty: of the whole
  std::string key;
  std::string what;
};
std::vector<Amiss> amiss_in(const Pointing& pointing, const collect::Form& form);

// What the form looks like, by the names and types of its questions: a beginning to be looked at, never kept unseen.
Pointing guess_pointing(const collect::Form& form);

}  // namespace understory::study
