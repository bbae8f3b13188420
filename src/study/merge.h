// The one way into a study: Material → rows. All or nothing within the caller's transaction.
//
// What is there already is found by GUID, then by: coder, respondent, location, set by name; code by path; source by
// the keyed hash of its text (same name preferred); coding by (source, span, code, coder); link likewise with both
// codes; memo by subject and text. Found elements are not changed, except that empty facts are filled in and reported.
// A source of the same GUID whose text differs is not overwritten: it becomes a new version, the codings the material
// brings are placed on it, and the codings of the old version are carried over where their words still stand at
// exactly one place; those that cannot be are listed.
#pragma once
#include <set>
#include <vector>

#include "foundation/progress.h"
#include "storage/workspace.h"
#include "study/material.h"

namespace understory::study {

struct KnownSources;
// Files that come into one study in one transaction, which is kept or given up whole: what the study holds is asked for
// once, not for each file. Whoever has one calls touch() when all are in.
struct Together {
  std::shared_ptr<KnownSources> sources;
};

// Which rows the material's respondents and sources are, by their index there; none: could not be used.
struct MergedRows {
  std::vector<Id> respondents, sources;
  std::set<Id> new_respondents;  // of those, whom the study did not know
};

struct MergeOptions {
  std::string default_coder;     // for codings whose file names none
  std::string default_location;  // for respondents and sources without one
  Id import;                     // the receipt to come, with which the file's sources are noted
  // A source found by name and text takes the GUID the material gives it, so that the material's next version finds it
  // when its text has changed. For submissions, whose GUIDs are ours. One that another submission made is not found
  // so: two people may give one pseudonym and say the same.
  bool adopt_guids = false;
  MergedRows* rows = nullptr;  // filled in
  Progress progress;
  Together* together = nullptr;
};

// The material's report with the merge's lines added. Problems: kInvalidValue (unknown band, gender, kind …),
// kUnknownPlace; nothing is written then (the caller's transaction must be rolled back).
Result<ImportReport> merge(storage::Transaction& transaction, Id study, const Material& material,
                           const MergeOptions& options);

// Keeps the receipt (and the file itself, when given) with the study.
void keep_import(storage::Transaction& transaction, Id study, Id import, const ImportReport& report,
                 std::string_view file_bytes);

}  // namespace understory::study
