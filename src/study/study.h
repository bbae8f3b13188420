// Studies and their frame: locations, partner organisations, instruments, an ethics note.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "storage/workspace.h"

namespace understory::study {

struct Study {
  Id id;
  std::string guid;
  std::string name;
  std::string language = "en";
  bool purposive = true;  // informants were chosen for what they know: shares say nothing about prevalence
  bool invented = false;  // an example: every page and report says so
  std::string ethics_note;
  std::string instruments;  // "interviews, focus groups, household survey"
  std::int64_t created_at = 0;
  std::int64_t revision = 0;
};

struct Location {
  Id id;
  std::string guid;
  std::string name;
  std::string place_code;  // empty: not tied to the gazetteer
};

// kAlreadyExists, kMissingValue. Installs the default codebook unless told not to.
struct NewStudy {
  Study study;
  std::vector<std::string> organisations;
  bool default_codebook = true;
};
Result<Id> create_study(storage::Transaction& transaction, const NewStudy& wanted);
Result<Study> find_study(storage::Transaction& transaction, std::string_view name);
Result<Study> find_study(storage::Transaction& transaction, Id id);
std::vector<Study> studies(storage::Transaction& transaction);  // by name
std::vector<std::string> study_organisations(storage::Transaction& transaction, Id study);

// Returns the location of that name, made if need be. kUnknownPlace for a code the gazetteer lacks.
Result<Id> ensure_location(storage::Transaction& transaction, Id study, std::string_view name,
                           std::string_view place_code);
std::vector<Location> locations(storage::Transaction& transaction, Id study);  // in the order they were made

// Tells that a study changed: every write to it calls this once.
void touch(storage::Transaction& transaction, Id study);

}  // namespace understory::study
