// What the REFI-QDA reader and writer share: variables that have a meaning here, code descriptions, the side file.
//
// A project carries a file of ours, understory.json, for what the standard has no word for (kinds of codes, names in
// other languages, masks, the sign and certainty of links …). Positions in it count code points, CR LF as one, so that
// they hold whatever line ends a preset writes. Other programs pass it over; without it a project reads just as well.
#pragma once
#include <map>
#include <string>

#include "study/material.h"

namespace understory::study {

inline constexpr std::string_view kSideFile = "understory.json";

// Variables of cases and sources by the names this program knows them under, in lower case.
inline constexpr std::string_view kRespondentVariables[] = {"age_band", "gender", "role",
                                                            "language", "place",  "location"};
inline constexpr std::string_view kSourceVariables[] = {"source_kind", "language", "told_on", "location", "question"};

// Definition, what to include and what to exclude, as one description and back.
std::string code_description(const MaterialCode& code);
void read_code_description(std::string_view description, MaterialCode& code);

// A GUID made from words, the same for the same words.
std::string guid_from(std::string_view words);

// Which line ends a preset put into texts that had none of its kind, so that they can be taken back.
struct SideOptions {
  bool newlines_made_crlf = false;
};
std::string write_side_file(const Material& material, const SideOptions& options);
// Fills in what it knows about elements already read, found by GUID. kDamagedArchive when it is no JSON of ours;
// entries about elements that are not there are passed over.
Result<void> read_side_file(std::string_view json, const std::string& file, Material& material);
// Was a text's line end changed on the way out? Asked before positions are read.
bool side_file_made_crlf(std::string_view json, const std::string& source_guid);

}  // namespace understory::study
