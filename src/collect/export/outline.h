// What every way out shares: the walk over submissions, the tables of a form's versions, what rows are called.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "collect/form.h"
#include "collect/record.h"
#include "collect/submissions.h"
#include "foundation/zip_stream.h"

namespace understory::collect {

// Calls the reader with each submission, in a stable order (each_submission() has it), until it returns false.
using Walk = std::function<void(const std::function<bool(const Opened&)>& reader)>;

struct Outline {
  Form form;
  std::vector<Table> tables;
  std::vector<std::string> paths;  // of each table, from the one it lies in: "children/child"; the first has none
};
// All versions together, or, without `deleted_fields`, what the newest has. `versions`: newest first, one at least.
Outline outline_of(const std::vector<const Form*>& versions, bool deleted_fields = true);

// One submission as rows. No record where it does not open or cannot be read: it is then a row of its own all the same,
// with everything that is known without opening it.
struct Told {
  const Opened& opened;
  std::optional<Record> record;
  bool closed = false;  // sealed towards somebody else, or damaged; else what opened is no filled-in form
};
Told told(const Opened& opened, const Outline& outline);

// "" (it was read), "not decrypted" (it does not open) or "not readable" (it opens, and is no XML a form can have).
std::string_view status_of(const Told& told);

// "uuid:…" for a submission, "uuid:…/children/child[1]" for a row of a repeat: never changes while nothing is edited.
std::string key_of(const Told& told, const Outline& outline, int table, int row);
// Of the row or submission it lies in.
std::string parent_key_of(const Told& told, const Outline& outline, int table, int row);

// As ODK's programs know it: "" (just received), "hasIssues", "edited", "approved", "rejected".
std::string_view review_name(ReviewState state);
// 2026-11-24T08:16:34.120Z
std::string exact_time(Milliseconds at);
// Who sent it: the account, else the device; empty: nobody known.
std::string submitter_id(const Submission& submission);

// A name for a file: what file systems do not take is "_".
std::string file_name(std::string_view text);

// Runs the walk as long as `each` finds no problem.
Result<void> walk_through(const Walk& walk, const std::function<Result<void>(const Opened&)>& each);

}  // namespace understory::collect
