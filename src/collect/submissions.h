// What was sent: one submission a filled-in form, kept byte for byte and sealed, with every edit it ever had.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "foundation/clock.h"
#include "storage/workspace.h"

namespace understory::collect {

// received → has_issues | edited | approved | rejected; an edit makes any of them "edited" again.
enum class ReviewState { kReceived, kHasIssues, kEdited, kApproved, kRejected };
std::string_view name_of(ReviewState state);
std::optional<ReviewState> review_state_of(std::string_view name);

// The plain facts of a submission. Names of people and files are in none of them.
struct Submission {
  Id id;
  Id form;
  Id version;                // of the form the newest instance was filled in by; none: in no version we hold
  std::string instance_id;   // of the first instance: never changes, what KEY and __id show
  std::string current_id;    // of the newest instance
  std::string form_version;  // as the newest instance names it
  Id account;                // who sent it; none: by a device
  Id device;                 // the enrolled device it came by; none: none
  std::string device_id;     // as the client called itself (?deviceID=)
  Milliseconds received_at = 0, changed_at = 0;
  ReviewState state = ReviewState::kReceived;
  int edits = 0;
  int attachments_present = 0, attachments_expected = 0;
  bool draft = false;  // sent to a form's draft: for trying out, never in an export
};

struct Attachment {
  Id id;
  std::string name;  // opened
  std::string media_type;
  std::int64_t size = 0;
  bool present = false;   // false: the instance names it, it has not arrived
  bool expected = false;  // the instance names it
  Id blob;
};

// Which submissions, newest last. Everything narrows.
struct Wanted {
  std::optional<ReviewState> state;
  Milliseconds received_from = 0, received_before = 0;  // 0: no limit
  Id after;                                             // that come after this one: for going on
  std::int64_t limit = 0;                               // 0: all
  bool drafts = false;
};

// Opened submissions, one after the other, in the order they came (by id): the XML of the newest instance. The reader
// returns false to stop. Memory does not grow with their number. An instance that does not open, or an encrypted one
// nobody has unlocked, comes with empty xml and `unreadable` true; it never ends the walk.
struct Opened {
  const Submission& submission;
  std::string_view xml;
  bool unreadable = false;
  std::string_view submitter;  // the name of account or device
};
void each_submission(storage::Transaction& transaction, Id form, const Wanted& wanted,
                     const std::function<bool(const Opened&)>& reader);
std::int64_t count_submissions(storage::Transaction& transaction, Id form, const Wanted& wanted);
std::vector<Attachment> attachments_of(storage::Transaction& transaction, Id submission);

}  // namespace understory::collect
