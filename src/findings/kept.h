// Findings somebody kept: a question under a name, what is said about it, who reviewed it and when, and whether it is
// in the report. The answer is never kept, so that it cannot differ from the evidence; two hashes say whether the
// evidence has changed since.
#pragma once
#include <functional>

#include "findings/question.h"
#include "foundation/clock.h"
#include "foundation/id.h"
#include "storage/workspace.h"
#include "study/limits.h"

namespace understory::findings {

// Who wrote a name or a comment, and what of the study they could know then; no `knew`: that was not written down, and
// counts as everything. No account: whoever holds the folder.
struct Author {
  Author() = default;
  Author(Id account, std::optional<study::Limits> knew = {}) : account(account), knew(std::move(knew)) {}
  Id account;
  std::optional<study::Limits> knew;
};

struct Review {
  Id account;  // none: whoever holds the folder
  Milliseconds at = 0;
  std::string data_hash;  // of the study's evidence that was reviewed
};

struct KeptFinding {
  Id id;
  std::string name;
  Question question;
  std::string data_hash;  // of all of the study's evidence (study::Evidence::data_hash) when it was kept
  Author kept_by;
  Milliseconds kept_at = 0;
  std::optional<Review> review;      // the newest
  std::int64_t report_position = 0;  // among those of the report, from 1; 0: not in it
  std::int64_t comments = 0;
};

struct FindingComment {
  Id id;
  Author by;
  std::string text;
  Milliseconds at = 0;
};

// kInvalidValue: a name of no or more than 300 bytes; kAlreadyExists: the study keeps this very question already, in
// a finding that is there for whoever keeps it (`is_there`; all are when it is empty).
Result<Id> keep_finding(storage::Transaction& transaction, Id study, std::string_view name, const Question& question,
                        const std::string& data_hash, const Author& author,
                        const std::function<bool(const Author& kept_by)>& is_there = {});
// Oldest first. All names are opened: kLocked is thrown while stories are locked.
std::vector<KeptFinding> kept_findings(storage::Transaction& transaction, Id study);
Result<KeptFinding> kept_finding(storage::Transaction& transaction, Id study, Id finding);  // kNotFound
std::vector<FindingComment> comments_on(storage::Transaction& transaction, Id finding);     // oldest first

// All kNotFound for a finding the study does not keep.
// Kept by whoever named it last; a review was of what it was called before, and is no more.
Result<void> rename_finding(storage::Transaction& transaction, Id study, Id finding, std::string_view name,
                            const Author& author);
// kInvalidValue: no words, or more than 4000 bytes.
Result<Id> comment_on(storage::Transaction& transaction, Id study, Id finding, std::string_view text,
                      const Author& author);
// kOwnFinding: whoever gave it its name does not review it.
Result<void> review_finding(storage::Transaction& transaction, Id study, Id finding, const std::string& data_hash,
                            Id account);
// Into the report, behind those that are in it; or out of it.
Result<void> set_in_report(storage::Transaction& transaction, Id study, Id finding, bool in_report);
// With what was said about it.
Result<void> drop_finding(storage::Transaction& transaction, Id study, Id finding);

}  // namespace understory::findings
