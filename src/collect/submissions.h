// What was sent: one submission a filled-in form, kept byte for byte and sealed, with every edit it ever had.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "collect/forms.h"
#include "collect/intake.h"
#include "foundation/clock.h"
#include "storage/workspace.h"

namespace understory::vault {
class SubmissionKey;
}

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
  std::string device_id;     // as the client called itself (?deviceID=); not in lists, nor while stories are locked
  Milliseconds received_at = 0, changed_at = 0;
  ReviewState state = ReviewState::kReceived;
  int edits = 0;
  int attachments_present = 0, attachments_expected = 0;
  std::string form_id;  // as the newest instance names it
  Id study;             // none: of the whole workspace, or not known
  std::string place;    // of the device that sent it
  WaitsFor waits_for = WaitsFor::kNothing;
};

struct Attachment {
  Id id;
  std::string name;  // opened
  std::string media_type;
  std::int64_t size = 0;
  bool present = false;   // false: the instance names it, it has not arrived
  bool expected = false;  // the instance names it
  Id blob;
  bool encrypted = false;    // by the phone; `name` and read_attachment() give what is inside, `size` what was sent
  std::size_t position = 0;  // of an encrypted one: which file of the submission it is
};

// Which submissions, newest last. Everything narrows.
struct Wanted {
  std::optional<ReviewState> state;
  bool lacks_files = false;                             // those alone that name a file which has not come
  Milliseconds received_from = 0, received_before = 0;  // 0: no limit
  Id after;                                             // that come after this one: for going on
  std::int64_t limit = 0;                               // 0: all
  std::optional<std::vector<std::string>> places;       // of these places or below them alone (people::Reach)
  std::set<Id> without;                                 // none of these
  // For encrypted forms whose key is not the workspace's: the private key, for this reading alone.
  std::shared_ptr<const vault::SubmissionKey> key;
};

// What of a form somebody may read, by the right given (kReadSubmissions, kExportSubmissions …).
Wanted within_reach(const people::Person& person, const KeptForm& form,
                    people::Right right = people::Right::kReadSubmissions);

// What an encrypted submission says of itself: whether its files are those its envelope was made for. It tells damage
// and mixing up, not who sent it: whoever has the form can make one.
// kUnchecked: a file it covers is not here, or was not opened.
enum class Signature { kNone, kRight, kWrong, kUnchecked };
std::string_view name_of(Signature signature);  // "none", "right", "wrong", "unchecked"

// Opened submissions, one after the other, in the order they came (by id): the XML of the newest instance. The reader
// returns false to stop. Memory does not grow with their number. An encrypted one is decrypted by the workspace's key
// of its form, or by wanted.key. What does not open – damaged, its key destroyed – or is encrypted towards a key that
// is not at hand comes with empty xml and `unreadable`; it never ends the walk. What waits in quarantine does not come.
struct Opened {
  const Submission& submission;
  std::string_view xml;
  bool unreadable = false;
  std::string_view submitter;  // the name of account or device
  bool encrypted = false;      // by the phone
  // Of an encrypted one that opened; kUnchecked where it has media: see check_signature().
  Signature signature = Signature::kNone;
};
// Throws DatabaseError kLocked while no key is at hand.
void each_submission(storage::Transaction& transaction, Id form, const Wanted& wanted,
                     const std::function<bool(const Opened&)>& reader);
std::int64_t count_submissions(storage::Transaction& transaction, Id form, const Wanted& wanted);
// Facts alone, newest first: what lists show.
std::vector<Submission> submissions(storage::Transaction& transaction, Id form, const Wanted& wanted);
// In quarantine, newest first; of one form id, or of all.
std::vector<Submission> waiting_submissions(storage::Transaction& transaction, std::string_view form_id);
Result<Submission> find_submission(storage::Transaction& transaction, Id id);
// The one an instance was sent as; none: none came under that number.
std::optional<Id> submission_of(storage::Transaction& transaction, std::string_view form_id,
                                std::string_view instance_id);

// The signature of its newest instance, over all its files; nothing: it is not encrypted, or does not open.
std::optional<Signature> check_signature(storage::Transaction& transaction, Id submission,
                                         std::shared_ptr<const vault::SubmissionKey> key = nullptr);

// The instances of a submission, oldest first; encrypted ones decrypted. kDamaged: one does not open.
struct KeptInstance {
  Id id;
  std::string instance_id, xml;
  Id account, device;
  Milliseconds received_at = 0;
  bool unreadable = false;  // encrypted towards a key that is not at hand; xml is empty
};
Result<std::vector<KeptInstance>> instances_of(storage::Transaction& transaction, Id submission,
                                               std::shared_ptr<const vault::SubmissionKey> key = nullptr);
// Of its newest instance.
std::vector<Attachment> attachments_of(storage::Transaction& transaction, Id submission);
// What is in one of them, decrypted where the phone encrypted it; piece by piece. kNotFound: it is not here, or no key
// for it is; kDamaged, perhaps after pieces were handed out.
Result<void> read_attachment(storage::Transaction& transaction, Id submission, const Attachment& attachment,
                             const std::function<void(std::string_view piece)>& reader,
                             std::shared_ptr<const vault::SubmissionKey> key = nullptr);
// Which attachments its newest instance names, once it is known which answers name some. While stories are locked it
// waits for count_waiting_files().
void expect_again(storage::Transaction& transaction, Id submission, const std::vector<std::string>& file_paths);
// Of those that waited. Nothing while stories are locked. How many submissions it was.
int count_waiting_files(storage::Transaction& transaction);

struct Comment {
  Id id, account;
  std::optional<ReviewState> state;  // what it was set to
  std::string text;
  Milliseconds made_at = 0;
};
// Sets the state, with a reason or a remark; either may be missing. kNotFound; kMissingValue: neither.
Result<void> review(storage::Transaction& transaction, Id submission, Id account, std::optional<ReviewState> state,
                    std::string_view text);
std::vector<Comment> comments_of(storage::Transaction& transaction, Id submission);

}  // namespace understory::collect
