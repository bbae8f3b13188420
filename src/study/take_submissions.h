// A form's submissions into a study, by the mapping kept with the form.
#pragma once
#include "collect/submissions.h"
#include "foundation/progress.h"
#include "storage/workspace.h"
#include "study/import_report.h"
#include "study/material.h"

namespace understory::study {

struct TakeOptions {
  bool approved_only = false;  // else all but the rejected ones
  collect::Wanted among;       // what the person who asks may read of the form (collect::within_reach)
  Progress progress;
};

// Within the caller's transaction, all or nothing; its receipt is kept with the study. Again with the same submissions:
// nothing changes. An edited answer is a new version of its source; an edited fact, a code that changed, a consent that
// was taken back and a rejection after the fact are named in the report, and nothing is thrown away: that is for a
// person, with erase. What was erased stays out. What waits in quarantine does not come.
//
// kMissingValue, kInvalidValue: the form has no mapping or one that does not fit it; kForbidden: the form belongs to
// another study.
Result<ImportReport> take_submissions(storage::Transaction& transaction, Id study, Id form, const TakeOptions& options);

// What the newest of them that was not rejected would become by a mapping, kept or not; nothing is changed. Nothing:
// there is none. A study may be none: then no place lies in a location. Throws DatabaseError kLocked.
struct SubmissionMapping;
struct Preview {
  Id submission;
  Material material;
};
std::optional<Preview> preview_newest(storage::Transaction& transaction, Id study, Id form, const collect::Form& fields,
                                      const SubmissionMapping& mapping, collect::Wanted among);

}  // namespace understory::study
